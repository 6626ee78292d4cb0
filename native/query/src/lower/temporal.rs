//! Functions that need the session's time zone, and intervals.
use super::query_error;
use arrow::datatypes::{DataType as ArrowType, IntervalMonthDayNano};
use datafusion::common::ScalarValue;
use kiln_sql::error::{QueryError, Result};

/// Functions whose last argument is the time zone.
pub const ZONED: &[&str] = &[
    "hour",
    "minute",
    "second",
    "second_with_fraction",
    "date_trunc",
    "date_format",
    "unix_timestamp",
    "from_unixtime",
    "to_timestamp",
    "timestamp_add_ym_interval",
    "timestamp_add_interval",
    "subtract_timestamps",
    "months_between",
    "try_to_timestamp",
    "timestampadd",
    "timestampdiff",
];

/// The distance of a RANGE frame's bound, as DataFusion adds it to the order key.
pub fn range_bound(value: ScalarValue, key: &ArrowType) -> Result<ScalarValue> {
    let interval = |months: i32, days: i32, nanoseconds: i64| {
        ScalarValue::IntervalMonthDayNano(Some(IntervalMonthDayNano::new(months, days, nanoseconds)))
    };
    let overflow = || QueryError::unsupported("a frame bound of this size");
    match (key, &value) {
        (ArrowType::Date32 | ArrowType::Timestamp(..), ScalarValue::IntervalYearMonth(Some(months))) => Ok(interval(*months, 0, 0)),
        (ArrowType::Date32 | ArrowType::Timestamp(..), ScalarValue::DurationMicrosecond(Some(micros))) => {
            let (days, rest) = (micros / 86_400_000_000, micros % 86_400_000_000);
            Ok(interval(0, i32::try_from(days).map_err(|_| overflow())?, rest * 1000))
        }
        (ArrowType::Date32, ScalarValue::Int32(Some(days))) => Ok(interval(0, *days, 0)),
        _ => value.cast_to(key).map_err(query_error),
    }
}
