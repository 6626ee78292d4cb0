//! `trunc`, `date_trunc`, `last_day`, `next_day`, `make_date`.
use super::calendar::{self, MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND, date_of, days_of, join, split};
use super::fields::{typed, zone, zone_for};
use super::zone::Zone;
use crate::functions::arithmetic::operands::finish;
use crate::functions::error::SparkError;
use crate::functions::strings::rows::Rows;
use crate::functions::udf::over_first;
use arrow::array::{Array, PrimitiveArray};
use arrow::datatypes::{Date32Type, TimestampMicrosecondType};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};
use std::sync::Arc;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Year,
    Quarter,
    Month,
    Week,
    /// Microseconds of a unit of at most a day.
    Time(i64),
}

fn unit(name: &str) -> Option<Unit> {
    Some(match name.to_ascii_uppercase().as_str() {
        "YEAR" | "YYYY" | "YY" => Unit::Year,
        "QUARTER" => Unit::Quarter,
        "MONTH" | "MON" | "MM" => Unit::Month,
        "WEEK" => Unit::Week,
        "DAY" | "DD" => Unit::Time(MICROS_PER_DAY),
        "HOUR" => Unit::Time(MICROS_PER_HOUR),
        "MINUTE" => Unit::Time(MICROS_PER_MINUTE),
        "SECOND" => Unit::Time(MICROS_PER_SECOND),
        "MILLISECOND" => Unit::Time(1000),
        "MICROSECOND" => Unit::Time(1),
        _ => return None,
    })
}

fn first_day(unit: Unit, days: i32) -> Option<i32> {
    let date = date_of(days);
    match unit {
        Unit::Year => days_of(date.year, 1, 1),
        Unit::Quarter => days_of(date.year, (date.month - 1) / 3 * 3 + 1, 1),
        Unit::Month => days_of(date.year, date.month, 1),
        Unit::Week => days.checked_sub(calendar::weekday(days)),
        Unit::Time(_) => Some(days),
    }
}

/// `trunc(date, unit)`: NULL for a unit below the week.
pub fn trunc(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let Some(dates) = rows.arrays().first() else { return exec_err!("a date is missing") };
    let (dates, units) = (typed::<Date32Type>(dates)?, rows.text(1)?);
    let constant = dates.len() == 1;
    let value = |row: usize| {
        let at = if constant { 0 } else { row };
        let unit = unit(units.get(row)?).filter(|u| !matches!(u, Unit::Time(_)))?;
        dates.is_valid(at).then(|| first_day(unit, dates.value(at)))?
    };
    finish(args, (0..rows.count()).map(value).collect::<PrimitiveArray<Date32Type>>())
}

/// `date_trunc(unit, timestamp, zone)`.
pub fn date_trunc(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let zone = zone(args)?;
    let rows = Rows::new(args)?;
    let Some(times) = rows.arrays().get(1) else { return exec_err!("a timestamp is missing") };
    let (zone, units) = (zone_for(times, zone), rows.text(0)?);
    let times = typed::<TimestampMicrosecondType>(times)?;
    let constant = times.len() == 1;
    let value = |row: usize| {
        let at = if constant { 0 } else { row };
        let unit = unit(units.get(row)?)?;
        times.is_valid(at).then(|| truncated(unit, times.value(at), zone))?
    };
    let array = (0..rows.count()).map(value).collect::<PrimitiveArray<TimestampMicrosecondType>>();
    finish(args, array.with_data_type(args.return_type().clone()))
}

fn truncated(unit: Unit, micros: i64, zone: Zone) -> Option<i64> {
    match unit {
        // Below the minute all zones agree.
        Unit::Time(size) if size <= MICROS_PER_SECOND => Some(micros - micros.rem_euclid(size)),
        Unit::Time(size) => {
            let local = zone.to_local(micros);
            Some(zone.to_utc(local - local.rem_euclid(size)))
        }
        _ => Some(zone.to_utc(join(first_day(unit, split(zone.to_local(micros)).0)?, 0)?)),
    }
}

pub fn last_day(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    over_first(args, |array| Ok(Arc::new(typed::<Date32Type>(array)?.unary_opt::<_, Date32Type>(calendar::last_day))))
}

/// The next day of this name after a date.
pub fn next_day(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let Some(dates) = rows.arrays().first() else { return exec_err!("a date is missing") };
    let (dates, names) = (typed::<Date32Type>(dates)?, rows.text(1)?);
    let constant = dates.len() == 1;
    let value = |row: usize| -> Result<Option<i32>> {
        let at = if constant { 0 } else { row };
        let (true, Some(name)) = (dates.is_valid(at), names.get(row)) else { return Ok(None) };
        let illegal = || SparkError::new("ILLEGAL_DAY_OF_WEEK", format!("Illegal input for day of week: {name}."));
        let wanted = weekday(name).ok_or_else(illegal)?;
        let days = dates.value(at);
        let ahead = (wanted - calendar::weekday(days) + 6).rem_euclid(7) + 1;
        Ok(Some(days.wrapping_add(ahead)))
    };
    finish(args, (0..rows.count()).map(value).collect::<Result<PrimitiveArray<Date32Type>>>()?)
}

/// 0 is Monday.
fn weekday(name: &str) -> Option<i32> {
    const DAYS: [&str; 7] = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];
    let name = name.trim().to_ascii_uppercase();
    DAYS.iter().position(|day| name == *day || name == day[..2] || name == day[..3]).map(|at| at as i32)
}

pub fn make_date(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let (years, months, days) = (rows.integer(0)?, rows.integer(1)?, rows.integer(2)?);
    let value = |row: usize| -> Result<Option<i32>> {
        let (Some(year), Some(month), Some(day)) = (years.get(row), months.get(row), days.get(row)) else { return Ok(None) };
        Ok(Some(date_from(year, month, day)?))
    };
    finish(args, (0..rows.count()).map(value).collect::<Result<PrimitiveArray<Date32Type>>>()?)
}

fn date_from(year: i64, month: i64, day: i64) -> std::result::Result<i32, SparkError> {
    let bad = |message: String| SparkError::new("DATETIME_FIELD_OUT_OF_BOUNDS.WITHOUT_SUGGESTION", format!("{message}. "));
    if !(1..=12).contains(&month) {
        return Err(bad(format!("Invalid value for MonthOfYear (valid values 1 - 12): {month}")));
    }
    if !(1..=31).contains(&day) {
        return Err(bad(format!("Invalid value for DayOfMonth (valid values 1 - 28/31): {day}")));
    }
    days_of(year, month as u32, day as u32).ok_or_else(|| {
        const MONTHS: [&str; 12] =
            ["JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE", "JULY", "AUGUST", "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER"];
        match (month, day) {
            (2, 29) => bad(format!("Invalid date 'February 29' as '{year}' is not a leap year")),
            _ => bad(format!("Invalid date '{} {day}'", MONTHS[month as usize - 1])),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        let days = days_of(2019, 11, 14).unwrap();
        assert_eq!(first_day(Unit::Quarter, days), days_of(2019, 10, 1));
        assert_eq!(first_day(Unit::Week, days), days_of(2019, 11, 11));
        assert_eq!(unit("yy"), Some(Unit::Year));
        assert_eq!(unit("nonsense"), None);
        assert_eq!(weekday("tu"), Some(1));
        assert_eq!(weekday("xx"), None);
    }
}
