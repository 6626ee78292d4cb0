//! `hash` (Spark's Murmur3, the one that partitions) and `xxhash64`, both with seed 42.
use super::arithmetic::operands::finish;
use super::strings::rows::Rows;
use super::udf::{Definition, Nulls};
use arrow::array::{Array, ArrayRef, AsArray, Int32Array, Int64Array};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    IntervalYearMonthType, TimestampMicrosecondType,
};
use datafusion::common::{DataFusionError, Result, not_impl_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};
use kiln_shuffle::hash::hash_columns;
use kiln_shuffle::hash::scalar::{double_bits, float_bits};
use twox_hash::XxHash64;

pub const FUNCTIONS: &[Definition] = &[
    Definition { name: "kiln_hash", nulls: Nulls::Never, returns: |_| Ok(DataType::Int32), invoke: murmur3 },
    Definition { name: "kiln_xxhash64", nulls: Nulls::Never, returns: |_| Ok(DataType::Int64), invoke: xxhash64 },
];

fn columns(args: &ScalarFunctionArgs, rows: &Rows) -> Result<Vec<ArrayRef>> {
    args.args.iter().map(|a| a.to_array(rows.count())).collect()
}

fn murmur3(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let mut hashes = Vec::new();
    hash_columns(&columns(args, &rows)?, rows.count(), &mut hashes).map_err(|e| DataFusionError::External(Box::new(e)))?;
    finish(args, Int32Array::from(hashes))
}

fn xxhash64(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let mut hashes = vec![42i64; rows.count()];
    for column in columns(args, &rows)? {
        chain(&column, &mut hashes)?;
    }
    finish(args, Int64Array::from(hashes))
}

fn of_int(value: i32, seed: i64) -> i64 {
    of_bytes(&value.to_le_bytes(), seed)
}

fn of_long(value: i64, seed: i64) -> i64 {
    of_bytes(&value.to_le_bytes(), seed)
}

fn of_bytes(bytes: &[u8], seed: i64) -> i64 {
    XxHash64::oneshot(seed as u64, bytes) as i64
}

/// A large decimal is hashed as the bytes of Java's `BigInteger`: the fewest, most significant first.
fn of_decimal(value: i128, precision: u8, seed: i64) -> i64 {
    if precision <= 18 {
        return of_long(value as i64, seed);
    }
    let bytes = value.to_be_bytes();
    let filler = if value < 0 { 0xff } else { 0 };
    let surplus = bytes.windows(2).take_while(|w| w[0] == filler && (w[1] ^ filler) & 0x80 == 0).count();
    of_bytes(&bytes[surplus..], seed)
}

/// Each column's hash is the seed of the next; NULL leaves it.
fn chain(array: &ArrayRef, hashes: &mut [i64]) -> Result<()> {
    macro_rules! primitive {
        ($type:ty, $f:expr) => {{
            let f = $f;
            array.as_primitive::<$type>().iter().zip(hashes).for_each(|(v, h)| v.into_iter().for_each(|v| *h = f(v, *h)));
        }};
    }
    match array.data_type() {
        DataType::Null => {}
        DataType::Boolean => {
            array.as_boolean().iter().zip(hashes).for_each(|(v, h)| v.into_iter().for_each(|v| *h = of_int(i32::from(v), *h)));
        }
        DataType::Int8 => primitive!(Int8Type, |v, h| of_int(i32::from(v), h)),
        DataType::Int16 => primitive!(Int16Type, |v, h| of_int(i32::from(v), h)),
        DataType::Int32 => primitive!(Int32Type, of_int),
        DataType::Date32 => primitive!(Date32Type, of_int),
        DataType::Interval(_) => primitive!(IntervalYearMonthType, of_int),
        DataType::Int64 => primitive!(Int64Type, of_long),
        DataType::Timestamp(..) => primitive!(TimestampMicrosecondType, of_long),
        DataType::Duration(_) => primitive!(DurationMicrosecondType, of_long),
        DataType::Float32 => primitive!(Float32Type, |v, h| of_int(float_bits(v), h)),
        DataType::Float64 => primitive!(Float64Type, |v, h| of_long(double_bits(v), h)),
        DataType::Decimal128(precision, _) => primitive!(Decimal128Type, |v, h| of_decimal(v, *precision, h)),
        DataType::Utf8View => {
            array.as_string_view().iter().zip(hashes).for_each(|(v, h)| v.into_iter().for_each(|v| *h = of_bytes(v.as_bytes(), *h)));
        }
        DataType::Binary => {
            array.as_binary::<i32>().iter().zip(hashes).for_each(|(v, h)| v.into_iter().for_each(|v| *h = of_bytes(v, *h)));
        }
        other => return not_impl_err!("xxhash64 of {other}"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spark_documents_these() {
        // SELECT xxhash64('Spark', array(123), 2) hashes 'Spark' first.
        assert_eq!(of_bytes(b"Spark", 42), -4_294_468_057_691_064_905);
    }
}
