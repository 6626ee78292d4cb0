use crate::functions::cast::number::{DecimalText, parse_decimal, parse_double, parse_float};
use crate::functions::datetime::parse::{parse_date, parse_timestamp, parse_timestamp_ntz};
use crate::functions::datetime::zone::Zone;
use crate::functions::types::arrow_type;
use arrow::datatypes::IntervalMonthDayNano;
use datafusion::common::ScalarValue;
use kiln_sql::error::{QueryError, Result};
use kiln_sql::tree::DataType;

/// A literal's canonical text as a value of Kiln's Arrow type.
/// A timestamp without a zone is in the session's.
pub fn scalar(value: Option<&str>, data_type: &DataType, zone: Zone) -> Result<ScalarValue> {
    let Some(text) = value else {
        return ScalarValue::try_from(&arrow_type(data_type)).map_err(super::query_error);
    };
    let bad = || QueryError::new("INTERNAL_ERROR", format!("{text} is no literal of the type {data_type}"));
    Ok(match data_type {
        DataType::Null => ScalarValue::Null,
        DataType::Boolean => ScalarValue::Boolean(Some(text.parse().map_err(|_| bad())?)),
        DataType::Byte => ScalarValue::Int8(Some(text.parse().map_err(|_| bad())?)),
        DataType::Short => ScalarValue::Int16(Some(text.parse().map_err(|_| bad())?)),
        DataType::Integer => ScalarValue::Int32(Some(text.parse().map_err(|_| bad())?)),
        DataType::Long => ScalarValue::Int64(Some(text.parse().map_err(|_| bad())?)),
        DataType::Float => ScalarValue::Float32(Some(parse_float(text).ok_or_else(bad)?)),
        DataType::Double => ScalarValue::Float64(Some(parse_double(text).ok_or_else(bad)?)),
        DataType::Decimal { precision, scale } => match parse_decimal(text, *precision, *scale) {
            DecimalText::Value(value) => ScalarValue::Decimal128(Some(value), *precision, *scale),
            _ => return Err(bad()),
        },
        DataType::String => ScalarValue::Utf8View(Some(text.to_owned())),
        DataType::Binary => ScalarValue::Binary(Some(hex(text).ok_or_else(bad)?)),
        DataType::Date => ScalarValue::Date32(Some(parse_date(text).ok_or_else(bad)?)),
        DataType::Timestamp => {
            // A region stands in brackets.
            let micros = parse_timestamp(&text.replace(['[', ']'], ""), zone).ok_or_else(bad)?;
            ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into()))
        }
        DataType::TimestampNtz => ScalarValue::TimestampMicrosecond(Some(parse_timestamp_ntz(text).ok_or_else(bad)?), None),
        DataType::YearMonthInterval { .. } => ScalarValue::IntervalYearMonth(Some(text.parse().map_err(|_| bad())?)),
        DataType::DayTimeInterval { .. } => ScalarValue::DurationMicrosecond(Some(text.parse().map_err(|_| bad())?)),
        DataType::CalendarInterval => ScalarValue::IntervalMonthDayNano(Some(calendar_interval(text).ok_or_else(bad)?)),
        _ => return Err(QueryError::unsupported(format!("a literal of the type {data_type}"))),
    })
}

/// `months,days,microseconds`.
fn calendar_interval(text: &str) -> Option<IntervalMonthDayNano> {
    let mut parts = text.split(',');
    let months = parts.next()?.parse().ok()?;
    let days = parts.next()?.parse().ok()?;
    let micros: i64 = parts.next()?.parse().ok()?;
    Some(IntervalMonthDayNano::new(months, days, micros.checked_mul(1000)?))
}

fn hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(text.get(i..i + 2)?, 16).ok()).collect()
}

/// A constant whole number.
pub fn as_i64(value: &ScalarValue) -> Option<i64> {
    crate::functions::udf::integer_value(value).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_texts() {
        let of = |text, data_type| scalar(Some(text), &data_type, Zone::UTC).unwrap();
        assert_eq!(of("1.50", DataType::Decimal { precision: 3, scale: 2 }), ScalarValue::Decimal128(Some(150), 3, 2));
        assert_eq!(of("1970-01-02", DataType::Date), ScalarValue::Date32(Some(1)));
        assert_eq!(of("0aff", DataType::Binary), ScalarValue::Binary(Some(vec![10, 255])));
        assert_eq!(of("-14", DataType::YEAR_MONTH), ScalarValue::IntervalYearMonth(Some(-14)));
        assert_eq!(of("1970-01-01T00:00:01Z", DataType::Timestamp), ScalarValue::TimestampMicrosecond(Some(1_000_000), Some("UTC".into())));
        assert_eq!(
            of("1970-01-01T01:00:00[Europe/Paris]", DataType::Timestamp),
            ScalarValue::TimestampMicrosecond(Some(0), Some("UTC".into()))
        );
        assert!(scalar(Some("x"), &DataType::Integer, Zone::UTC).is_err());
        assert!(scalar(None, &DataType::String, Zone::UTC).unwrap().is_null());
    }
}
