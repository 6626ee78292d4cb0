//! `CAST` and `TRY_CAST` with ANSI semantics.
//!
//! `kiln_cast(value, a value of the target type, time zone)`: casts that cannot fail and mean the same in Arrow
//! never come here, they are DataFusion's own `Cast` (see [`is_plain`]).
pub mod number;
pub mod numeric;
pub mod parse;
pub mod temporal;
pub mod text;

pub use text::spark_string;

use super::arithmetic::operands::OnError;
use super::datetime::zone::Zone;
use super::types::{arrow_type, spark_type};
use super::udf::{Definition, Nulls, over_first, text as constant_text, type_at};
use crate::functions::error::SparkError;
use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray, StringViewBuilder};
use datafusion::common::{DataFusionError, Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};
use kiln_sql::tree::DataType;
use std::sync::Arc;

pub const FUNCTIONS: &[Definition] = &[
    Definition { name: "kiln_cast", nulls: Nulls::Maybe, returns: |a| type_at(a, 1).cloned(), invoke: |a| invoke(a, OnError::Fail) },
    // Casts that fail for no value: the optimizer may move and fold them freely.
    Definition { name: "kiln_convert", nulls: Nulls::Strict, returns: |a| type_at(a, 1).cloned(), invoke: |a| invoke(a, OnError::Fail) },
    Definition { name: "kiln_try_cast", nulls: Nulls::Maybe, returns: |a| type_at(a, 1).cloned(), invoke: |a| invoke(a, OnError::Null) },
];

fn invoke(args: &ScalarFunctionArgs, on_error: OnError) -> Result<ColumnarValue> {
    let internal = |e: kiln_sql::error::QueryError| DataFusionError::Internal(e.to_string());
    let to = spark_type(args.return_type()).map_err(internal)?;
    let zone = constant_text(args, 2)?.and_then(Zone::parse).unwrap_or(Zone::UTC);
    over_first(args, |array| {
        let from = spark_type(array.data_type()).map_err(internal)?;
        cast(array, &from, &to, zone, on_error)
    })
}

/// Whether Arrow's cast gives Spark's result for every value.
pub fn is_plain(from: &DataType, to: &DataType, utc: bool) -> bool {
    use DataType::{Boolean, Byte, Date, Decimal, Double, Float, Integer, Long, Null, Short, Timestamp, TimestampNtz};
    let rank = |t: &DataType| match t {
        Byte => Some((1, 3)),
        Short => Some((2, 5)),
        Integer => Some((3, 10)),
        Long => Some((4, 19)),
        _ => None,
    };
    match (from, to) {
        _ if from == to => true,
        (Null, _) => true,
        (_, Long | Integer | Short | Byte) if rank(from).is_some() => rank(from) <= rank(to),
        (_, Float | Double) if rank(from).is_some() => true,
        (Float, Double) => true,
        (_, Decimal { precision, scale }) if rank(from).is_some() => {
            rank(from).is_some_and(|(_, digits)| digits <= i32::from(*precision) - i32::from(*scale))
        }
        (Decimal { precision: p1, scale: s1 }, Decimal { precision: p2, scale: s2 }) => {
            s1 <= s2 && i32::from(*p1) - i32::from(*s1) <= i32::from(*p2) - i32::from(*s2)
        }
        (Boolean, Byte | Short | Integer | Long | Float | Double) => true,
        (Timestamp, TimestampNtz) | (TimestampNtz, Timestamp) => utc,
        (DataType::Array { element: f, .. }, DataType::Array { element: t, .. }) => is_plain(f, t, utc),
        (DataType::Struct { fields: f }, DataType::Struct { fields: t }) => {
            f.len() == t.len() && f.iter().zip(t).all(|(f, t)| f.name == t.name && is_plain(&f.data_type, &t.data_type, utc))
        }
        (Date, _) => false,
        _ => false,
    }
}

pub fn cast(array: &ArrayRef, from: &DataType, to: &DataType, zone: Zone, on_error: OnError) -> Result<ArrayRef> {
    if from == to {
        return Ok(Arc::clone(array));
    }
    match (from, to) {
        (DataType::Binary, DataType::String) => {
            let values = array.as_binary::<i32>();
            let mut builder = StringViewBuilder::with_capacity(array.len());
            for value in values {
                builder.append_option(value.map(String::from_utf8_lossy));
            }
            Ok(Arc::new(builder.finish()))
        }
        (_, DataType::String) => {
            let mut builder = StringViewBuilder::with_capacity(array.len());
            let mut out = String::new();
            for row in 0..array.len() {
                if array.is_null(row) {
                    builder.append_null();
                    continue;
                }
                out.clear();
                text::write_value(&mut out, array, row, from, zone)?;
                builder.append_value(&out);
            }
            Ok(Arc::new(builder.finish()))
        }
        (DataType::String, _) => parse::from_string(array, to, zone, on_error),
        _ if is_plain(from, to, zone.is_utc()) => Ok(arrow::compute::cast(array, &arrow_type(to))?),
        (DataType::Timestamp | DataType::TimestampNtz | DataType::Date, _) | (_, DataType::Timestamp | DataType::TimestampNtz) => {
            temporal::cast(array, from, to, zone, on_error)
        }
        _ => numeric::cast(array, from, to, on_error),
    }
}

/// `f` over the rows that are not NULL; a row that fails is an error or NULL.
pub(super) fn map<T: ArrowPrimitiveType, O: ArrowPrimitiveType>(
    array: &ArrayRef,
    on_error: OnError,
    f: impl Fn(T::Native) -> std::result::Result<O::Native, SparkError>,
) -> Result<PrimitiveArray<O>> {
    let Some(array) = array.as_primitive_opt::<T>() else {
        return exec_err!("cannot cast {}", array.data_type());
    };
    match on_error {
        OnError::Fail => Ok(array.try_unary::<_, O, DataFusionError>(|v| Ok(f(v)?))?),
        OnError::Null => Ok(array.unary_opt::<_, O>(|v| f(v).ok())),
    }
}
