//! The one mapping between Spark's types and Arrow's.
//!
//! Strings are `Utf8View`: Parquet pages are read without copying values, filters and joins move
//! 16 bytes a row, and DataFusion groups by views fastest.
use arrow::array::{AsArray, MapArray, new_empty_array};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType as Arrow, Field, FieldRef, Fields, IntervalUnit, Schema, TimeUnit};
use arrow::error::ArrowError;
use datafusion::common::ScalarValue;
use kiln_sql::error::{QueryError, Result};
use kiln_sql::tree::{DataType, StructField};
use std::sync::Arc;

pub const MAX_PRECISION: u8 = 38;

/// The Arrow type that a column of this Spark type has everywhere inside Kiln.
pub fn arrow_type(data_type: &DataType) -> Arrow {
    match data_type {
        DataType::Null => Arrow::Null,
        DataType::Boolean => Arrow::Boolean,
        DataType::Byte => Arrow::Int8,
        DataType::Short => Arrow::Int16,
        DataType::Integer => Arrow::Int32,
        DataType::Long => Arrow::Int64,
        DataType::Float => Arrow::Float32,
        DataType::Double => Arrow::Float64,
        DataType::Decimal { precision, scale } => Arrow::Decimal128(*precision, *scale),
        DataType::String => Arrow::Utf8View,
        DataType::Binary => Arrow::Binary,
        DataType::Date => Arrow::Date32,
        DataType::Timestamp => timestamp(),
        DataType::TimestampNtz => Arrow::Timestamp(TimeUnit::Microsecond, None),
        DataType::YearMonthInterval { .. } => Arrow::Interval(IntervalUnit::YearMonth),
        DataType::DayTimeInterval { .. } => Arrow::Duration(TimeUnit::Microsecond),
        DataType::CalendarInterval => Arrow::Interval(IntervalUnit::MonthDayNano),
        DataType::Array { element, contains_null } => Arrow::List(Arc::new(Field::new("element", arrow_type(element), *contains_null))),
        DataType::Map { key, value, value_contains_null } => {
            let entries =
                Fields::from(vec![Field::new("key", arrow_type(key), false), Field::new("value", arrow_type(value), *value_contains_null)]);
            Arrow::Map(Arc::new(Field::new("entries", Arrow::Struct(entries), false)), false)
        }
        DataType::Struct { fields } => Arrow::Struct(fields.iter().map(arrow_field).collect()),
    }
}

fn timestamp() -> Arrow {
    Arrow::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

pub fn arrow_field(field: &StructField) -> FieldRef {
    Arc::new(Field::new(&field.name, arrow_type(&field.data_type), field.nullable))
}

/// The schema that a table's provider reports for `fields` (names are the file's).
pub fn arrow_schema(fields: &[StructField]) -> Schema {
    Schema::new(fields.iter().map(arrow_field).collect::<Vec<_>>())
}

/// The Spark type of an Arrow type as found in a file.
pub fn spark_type(data_type: &Arrow) -> Result<DataType> {
    Ok(match data_type {
        Arrow::Null => DataType::Null,
        Arrow::Boolean => DataType::Boolean,
        Arrow::Int8 => DataType::Byte,
        Arrow::Int16 | Arrow::UInt8 => DataType::Short,
        Arrow::Int32 | Arrow::UInt16 => DataType::Integer,
        Arrow::Int64 | Arrow::UInt32 => DataType::Long,
        Arrow::UInt64 => DataType::Decimal { precision: 20, scale: 0 },
        Arrow::Float16 | Arrow::Float32 => DataType::Float,
        Arrow::Float64 => DataType::Double,
        Arrow::Decimal32(precision, scale) | Arrow::Decimal64(precision, scale) | Arrow::Decimal128(precision, scale) => {
            DataType::Decimal { precision: *precision, scale: *scale }
        }
        Arrow::Utf8 | Arrow::LargeUtf8 | Arrow::Utf8View => DataType::String,
        Arrow::Binary | Arrow::LargeBinary | Arrow::BinaryView | Arrow::FixedSizeBinary(_) => DataType::Binary,
        Arrow::Date32 | Arrow::Date64 => DataType::Date,
        Arrow::Timestamp(_, Some(_)) => DataType::Timestamp,
        Arrow::Timestamp(_, None) => DataType::TimestampNtz,
        Arrow::Interval(IntervalUnit::YearMonth) => DataType::YEAR_MONTH,
        Arrow::Interval(_) => DataType::CalendarInterval,
        Arrow::Duration(_) => DataType::DAY_TIME,
        Arrow::Dictionary(_, value) => spark_type(value)?,
        Arrow::List(field)
        | Arrow::LargeList(field)
        | Arrow::ListView(field)
        | Arrow::LargeListView(field)
        | Arrow::FixedSizeList(field, _) => {
            DataType::Array { element: Box::new(spark_type(field.data_type())?), contains_null: field.is_nullable() }
        }
        Arrow::Map(entries, _) => match entries.data_type() {
            Arrow::Struct(fields) if fields.len() == 2 => DataType::Map {
                key: Box::new(spark_type(fields[0].data_type())?),
                value: Box::new(spark_type(fields[1].data_type())?),
                value_contains_null: fields[1].is_nullable(),
            },
            _ => return Err(QueryError::unsupported(format!("the Arrow type {data_type}"))),
        },
        Arrow::Struct(fields) => DataType::Struct { fields: fields.iter().map(|f| spark_field(f)).collect::<Result<_>>()? },
        other => return Err(QueryError::unsupported(format!("the Arrow type {other}"))),
    })
}

pub fn spark_field(field: &Field) -> Result<StructField> {
    Ok(StructField { name: field.name().clone(), data_type: spark_type(field.data_type())?, nullable: field.is_nullable() })
}

/// A value that only carries a type: how a function is told its result type through the plan's codec.
pub fn type_literal(data_type: &DataType) -> Result<ScalarValue> {
    if data_type == &DataType::TimestampNtz {
        // DataFusion compares timestamps without their zone: another value keeps the two types apart.
        return Ok(ScalarValue::TimestampMicrosecond(Some(1), None));
    }
    if let Arrow::Map(entries, sorted) = arrow_type(data_type) {
        // An empty map. DataFusion's default has entries of another type.
        let empty = new_empty_array(entries.data_type()).as_struct().clone();
        let map = MapArray::try_new(entries, OffsetBuffer::from_lengths([0]), empty, None, sorted);
        let failed = |e: ArrowError| QueryError::new("INTERNAL_ERROR", e.to_string());
        return map.map(|map| ScalarValue::Map(Arc::new(map))).map_err(failed);
    }
    ScalarValue::new_default(&arrow_type(data_type)).map_err(|_| QueryError::unsupported(format!("a function that returns {data_type}")))
}

/// Spark's `DecimalType.bounded`.
pub fn bounded_decimal(precision: i32, scale: i32) -> (u8, i8) {
    (precision.min(38) as u8, scale.min(38) as i8)
}

/// Spark's `DecimalType.adjustPrecisionScale`: at 38 digits, fractional digits give way, down to 6.
pub fn adjusted_decimal(precision: i32, scale: i32) -> (u8, i8) {
    if precision <= 38 {
        return (precision as u8, scale as i8);
    }
    if scale < 0 {
        return (38, scale as i8);
    }
    let integral = precision - scale;
    (38, (38 - integral).max(scale.min(6)) as i8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_comes_back() {
        let types = [
            DataType::Null,
            DataType::Boolean,
            DataType::Byte,
            DataType::Short,
            DataType::Integer,
            DataType::Long,
            DataType::Float,
            DataType::Double,
            DataType::Decimal { precision: 15, scale: 2 },
            DataType::String,
            DataType::Binary,
            DataType::Date,
            DataType::Timestamp,
            DataType::TimestampNtz,
            DataType::YEAR_MONTH,
            DataType::DAY_TIME,
            DataType::CalendarInterval,
            DataType::Array { element: Box::new(DataType::String), contains_null: true },
            DataType::Map { key: Box::new(DataType::String), value: Box::new(DataType::Long), value_contains_null: false },
            DataType::Struct { fields: vec![StructField { name: "a".into(), data_type: DataType::Date, nullable: true }] },
        ];
        for data_type in types {
            assert_eq!(spark_type(&arrow_type(&data_type)).unwrap(), data_type);
            type_literal(&data_type).unwrap();
        }
    }

    #[test]
    fn adjusts_like_spark() {
        assert_eq!(adjusted_decimal(49, 6), (38, 6));
        assert_eq!(adjusted_decimal(77, 38), (38, 6));
        assert_eq!(adjusted_decimal(40, 20), (38, 18));
        assert_eq!(adjusted_decimal(32, 4), (32, 4));
    }
}
