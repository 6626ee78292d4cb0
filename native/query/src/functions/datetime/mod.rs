//! Dates, timestamps and intervals.
mod arithmetic;
pub mod calendar;
mod epoch;
mod fields;
pub mod format;
mod intervals;
pub mod parse;
pub mod pattern;
mod pattern_format;
pub mod pattern_parse;
mod text;
mod truncate;
mod units;
pub mod zone;

use super::arithmetic::operands::OnError;
use super::udf::{Arguments, Definition, Nulls, type_at};
use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::Result;

fn date(_: &Arguments) -> Result<DataType> {
    Ok(DataType::Date32)
}

fn int(_: &Arguments) -> Result<DataType> {
    Ok(DataType::Int32)
}

fn long(_: &Arguments) -> Result<DataType> {
    Ok(DataType::Int64)
}

fn double(_: &Arguments) -> Result<DataType> {
    Ok(DataType::Float64)
}

fn string(_: &Arguments) -> Result<DataType> {
    Ok(DataType::Utf8View)
}

fn seconds(_: &Arguments) -> Result<DataType> {
    Ok(DataType::Decimal128(8, 6))
}

fn interval(_: &Arguments) -> Result<DataType> {
    Ok(DataType::Duration(TimeUnit::Microsecond))
}

fn timestamp(_: &Arguments) -> Result<DataType> {
    Ok(DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())))
}

fn first(args: &Arguments) -> Result<DataType> {
    type_at(args, 0).cloned()
}

fn byte(_: &Arguments) -> Result<DataType> {
    Ok(DataType::Int8)
}

fn third(args: &Arguments) -> Result<DataType> {
    type_at(args, 2).cloned()
}

fn second(args: &Arguments) -> Result<DataType> {
    type_at(args, 1).cloned()
}

macro_rules! define {
    ($name:literal, $nulls:ident, $returns:expr, $invoke:expr) => {
        Definition { name: $name, nulls: Nulls::$nulls, returns: $returns, invoke: $invoke }
    };
}

pub const FUNCTIONS: &[Definition] = &[
    define!("kiln_year", Strict, int, |a| fields::date_part(a, calendar::year)),
    define!("kiln_month", Strict, int, |a| fields::date_part(a, calendar::month)),
    define!("kiln_day", Strict, int, |a| fields::date_part(a, calendar::day)),
    define!("kiln_quarter", Strict, int, |a| fields::date_part(a, calendar::quarter)),
    define!("kiln_dayofweek", Strict, int, |a| fields::date_part(a, fields::day_of_week)),
    define!("kiln_dayofyear", Strict, int, |a| fields::date_part(a, calendar::day_of_year)),
    define!("kiln_weekofyear", Strict, int, |a| fields::date_part(a, fields::week)),
    define!("kiln_weekday", Strict, int, |a| fields::date_part(a, calendar::weekday)),
    define!("kiln_yearofweek", Strict, int, |a| fields::date_part(a, fields::week_year)),
    define!("kiln_hour", Strict, int, |a| fields::time_part(a, fields::hour)),
    define!("kiln_minute", Strict, int, |a| fields::time_part(a, fields::minute)),
    define!("kiln_second", Strict, int, |a| fields::time_part(a, fields::second)),
    define!("kiln_second_with_fraction", Strict, seconds, fields::second_with_fraction),
    define!("kiln_extract_interval_years", Strict, int, intervals::years),
    define!("kiln_extract_interval_months", Strict, byte, intervals::months),
    define!("kiln_extract_interval_days", Strict, int, intervals::days),
    define!("kiln_extract_interval_hours", Strict, byte, intervals::hours),
    define!("kiln_extract_interval_minutes", Strict, byte, intervals::minutes),
    define!("kiln_extract_interval_seconds", Strict, seconds, intervals::seconds),
    // (interval, months or microseconds)
    define!("kiln_interval_floor", Strict, first, intervals::without_smaller),
    // (interval, first field, last field)
    define!("kiln_interval_text", Strict, string, intervals::text),
    define!("kiln_date_add", Strict, date, |a| arithmetic::date_add(1, a)),
    define!("kiln_date_sub", Strict, date, |a| arithmetic::date_add(-1, a)),
    define!("kiln_add_months", Strict, date, arithmetic::add_months_to_date),
    define!("kiln_date_add_ym_interval", Strict, date, arithmetic::add_months_to_date),
    define!("kiln_timestamp_add_ym_interval", Strict, first, arithmetic::add_months_to_timestamp),
    define!("kiln_timestamp_add_interval", Strict, first, arithmetic::add_interval_to_timestamp),
    define!("kiln_subtract_dates", Strict, interval, arithmetic::subtract_dates),
    define!("kiln_subtract_timestamps", Strict, interval, arithmetic::subtract_timestamps),
    define!("kiln_multiply_interval", Strict, first, |a| arithmetic::scale_interval(true, a)),
    define!("kiln_divide_interval", Strict, first, |a| arithmetic::scale_interval(false, a)),
    define!("kiln_datediff", Strict, int, arithmetic::date_diff),
    define!("kiln_months_between", Strict, double, arithmetic::months_between),
    define!("kiln_last_day", Maybe, date, truncate::last_day),
    define!("kiln_next_day", Strict, date, truncate::next_day),
    define!("kiln_trunc", Maybe, date, truncate::trunc),
    define!("kiln_date_trunc", Maybe, second, truncate::date_trunc),
    define!("kiln_make_date", Strict, date, truncate::make_date),
    define!("kiln_to_date", Strict, date, |a| text::to_date(OnError::Fail, a)),
    define!("kiln_to_timestamp", Strict, timestamp, |a| text::to_timestamp(OnError::Fail, a)),
    define!("kiln_try_to_date", Maybe, date, |a| text::to_date(OnError::Null, a)),
    define!("kiln_try_to_timestamp", Maybe, timestamp, |a| text::to_timestamp(OnError::Null, a)),
    define!("kiln_timestampadd", Strict, third, units::add),
    define!("kiln_timestampdiff", Strict, long, units::difference),
    define!("kiln_date_format", Strict, string, text::date_format),
    define!("kiln_unix_timestamp", Maybe, long, text::unix_timestamp),
    define!("kiln_from_unixtime", Strict, string, text::from_unixtime),
    define!("kiln_unix_date", Strict, int, epoch::unix_date),
    define!("kiln_date_from_unix_date", Strict, date, epoch::date_from_unix_date),
    define!("kiln_timestamp_seconds", Maybe, timestamp, epoch::timestamp_seconds),
    define!("kiln_timestamp_millis", Strict, timestamp, |a| epoch::timestamp_units(1000, a)),
    define!("kiln_timestamp_micros", Strict, timestamp, |a| epoch::timestamp_units(1, a)),
    define!("kiln_unix_seconds", Strict, long, |a| epoch::unix_units(1_000_000, a)),
    define!("kiln_unix_millis", Strict, long, |a| epoch::unix_units(1000, a)),
    define!("kiln_unix_micros", Strict, long, |a| epoch::unix_units(1, a)),
];
