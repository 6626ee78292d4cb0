//! Numbers since the epoch.
use super::fields::typed;
use crate::functions::arithmetic::operands::OnError;
use crate::functions::cast;
use crate::functions::datetime::zone::Zone;
use crate::functions::error::SparkError;
use crate::functions::types::spark_type;
use crate::functions::udf::over_first;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType as ArrowType, Date32Type, Int32Type, Int64Type, TimestampMicrosecondType};
use datafusion::common::{DataFusionError, Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};
use kiln_sql::tree::DataType;
use std::sync::Arc;

pub fn unix_date(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    over_first(args, |array| Ok(Arc::new(typed::<Date32Type>(array)?.unary::<_, Int32Type>(|d| d))))
}

pub fn date_from_unix_date(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    over_first(args, |array| Ok(Arc::new(typed::<Int32Type>(array)?.unary::<_, Date32Type>(|d| d))))
}

/// Units of `micros` microseconds, rounded down.
pub fn unix_units(micros: i64, args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    over_first(args, |array| Ok(Arc::new(typed::<TimestampMicrosecondType>(array)?.unary::<_, Int64Type>(|v| v.div_euclid(micros)))))
}

/// A timestamp of whole units of `micros` microseconds.
pub fn timestamp_units(micros: i64, args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    over_first(args, |array| {
        let wide = match array.data_type() {
            ArrowType::Int64 => Arc::clone(array),
            ArrowType::Int8 | ArrowType::Int16 | ArrowType::Int32 => arrow::compute::cast(array, &ArrowType::Int64)?,
            other => return exec_err!("a timestamp of {other}"),
        };
        let stamp = |v: i64| -> Result<i64> { Ok(v.checked_mul(micros).ok_or_else(|| SparkError::overflow("long overflow", None))?) };
        let array = typed::<Int64Type>(&wide)?.try_unary::<_, TimestampMicrosecondType, DataFusionError>(stamp)?;
        Ok(Arc::new(array.with_data_type(args.return_type().clone())))
    })
}

/// Seconds of any numeric type, with their fraction. NaN and infinity give NULL.
pub fn timestamp_seconds(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    if let Some(ArrowType::Int8 | ArrowType::Int16 | ArrowType::Int32 | ArrowType::Int64) = args.arg_fields.first().map(|f| f.data_type()) {
        return timestamp_units(1_000_000, args);
    }
    over_first(args, |array| {
        let from = spark_type(array.data_type()).map_err(|e| DataFusionError::Internal(e.to_string()))?;
        cast::cast(&finite(array)?, &from, &DataType::Timestamp, Zone::UTC, OnError::Null)
    })
}

fn finite(array: &ArrayRef) -> Result<ArrayRef> {
    use arrow::datatypes::{Float32Type, Float64Type};
    Ok(match array.data_type() {
        ArrowType::Float32 => Arc::new(array.as_primitive::<Float32Type>().unary_opt::<_, Float32Type>(|v| v.is_finite().then_some(v))),
        ArrowType::Float64 => Arc::new(array.as_primitive::<Float64Type>().unary_opt::<_, Float64Type>(|v| v.is_finite().then_some(v))),
        _ => Arc::clone(array),
    })
}
