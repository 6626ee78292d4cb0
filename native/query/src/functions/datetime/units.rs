//! `timestampadd` and `timestampdiff`: a unit, as Spark names it, and local times.
use super::calendar::{MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND, add_months, date_of, join, split};
use super::fields::{typed, zone, zone_for};
use super::zone::Zone;
use crate::functions::error::SparkError;
use crate::functions::udf::{over_arrays, text};
use arrow::array::{Array, Int64Array, PrimitiveArray};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};
use std::sync::Arc;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Months(i64),
    Days(i64),
    Micros(i64),
}

fn unit(args: &ScalarFunctionArgs, function: &str) -> Result<Unit> {
    let name = text(args, 0)?.unwrap_or_default();
    Ok(match name.to_ascii_uppercase().as_str() {
        "YEAR" => Unit::Months(12),
        "QUARTER" => Unit::Months(3),
        "MONTH" => Unit::Months(1),
        "WEEK" => Unit::Days(7),
        "DAY" | "DAYOFYEAR" => Unit::Days(1),
        "HOUR" => Unit::Micros(MICROS_PER_HOUR),
        "MINUTE" => Unit::Micros(MICROS_PER_MINUTE),
        "SECOND" => Unit::Micros(MICROS_PER_SECOND),
        "MILLISECOND" => Unit::Micros(1000),
        "MICROSECOND" => Unit::Micros(1),
        _ => {
            let detail = format!(
                "expects one of the units without quotes YEAR, QUARTER, MONTH, WEEK, DAY, DAYOFYEAR, HOUR, MINUTE, SECOND, \
                 MILLISECOND, MICROSECOND, but got '{name}'."
            );
            return Err(SparkError::invalid_parameter("`unit`", &format!("`{function}`"), detail, "DATETIME_UNIT").into());
        }
    })
}

/// `timestampadd(unit, n, timestamp, zone)`. Months and days are added to the local time, the rest to the instant.
pub fn add(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (unit, zone) = (unit(args, "TIMESTAMPADD")?, zone(args)?);
    over_arrays(args, |arrays| {
        let (numbers, times) = (typed::<Int64Type>(&arrays[1])?, typed::<TimestampMicrosecondType>(&arrays[2])?);
        let zone = zone_for(&arrays[2], zone);
        let moved = numbers.iter().zip(times).map(|(n, time)| match (n, time) {
            (Some(n), Some(time)) => match moved(time, n, unit, zone) {
                Some(moved) => Ok(Some(moved)),
                None => Err(SparkError::datetime_overflow(format_args!("add {n} units to a timestamp"))),
            },
            _ => Ok(None),
        });
        let moved: PrimitiveArray<TimestampMicrosecondType> = moved.collect::<std::result::Result<_, SparkError>>()?;
        Ok(Arc::new(moved.with_data_type(arrays[2].data_type().clone())))
    })
}

fn moved(time: i64, n: i64, unit: Unit, zone: Zone) -> Option<i64> {
    match unit {
        Unit::Micros(micros) => time.checked_add(n.checked_mul(micros)?),
        Unit::Days(days) => {
            let distance = n.checked_mul(days)?.checked_mul(MICROS_PER_DAY)?;
            Some(zone.to_utc(zone.to_local(time).checked_add(distance)?))
        }
        Unit::Months(months) => {
            let (days, micros) = split(zone.to_local(time));
            let days = add_months(days, i32::try_from(n.checked_mul(months)?).ok()?)?;
            Some(zone.to_utc(join(days, micros)?))
        }
    }
}

/// `timestampdiff(unit, start, end, zone)`: whole units between local times.
pub fn difference(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (unit, zone) = (unit(args, "TIMESTAMPDIFF")?, zone(args)?);
    over_arrays(args, |arrays| {
        let (starts, ends) = (typed::<TimestampMicrosecondType>(&arrays[1])?, typed::<TimestampMicrosecondType>(&arrays[2])?);
        let zone = zone_for(&arrays[1], zone);
        let values = starts.iter().zip(ends).map(|(start, end)| Some(between(zone.to_local(start?), zone.to_local(end?), unit)));
        Ok(Arc::new(values.collect::<Int64Array>()))
    })
}

fn between(start: i64, end: i64, unit: Unit) -> i64 {
    match unit {
        Unit::Micros(micros) => (end - start) / micros,
        Unit::Days(days) => (end - start) / (days * MICROS_PER_DAY),
        Unit::Months(months) => {
            let place = |local: i64| {
                let (days, micros) = split(local);
                let date = date_of(days);
                (date.year * 12 + i64::from(date.month), (date.day, micros))
            };
            let ((first, from), (last, to)) = (place(start), place(end));
            let whole = last - first;
            // The last month counts when its day and time are reached.
            let whole = match whole {
                1.. if to < from => whole - 1,
                ..=-1 if to > from => whole + 1,
                _ => whole,
            };
            whole / months
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::datetime::parse::parse_timestamp;

    #[test]
    fn months_count_when_their_day_is_reached() {
        let at = |text| parse_timestamp(text, Zone::UTC).unwrap();
        let months = |start, end| between(at(start), at(end), Unit::Months(1));
        assert_eq!(months("2020-01-31", "2020-02-29"), 0);
        assert_eq!(months("2020-01-15", "2020-03-15"), 2);
        assert_eq!(months("2020-01-15 10:00:00", "2020-03-15 09:00:00"), 1);
        assert_eq!(months("2020-03-15", "2020-01-16"), -1);
        assert_eq!(between(at("2020-02-29"), at("2021-02-28"), Unit::Months(12)), 0);
        assert_eq!(between(at("2020-01-31 12:00:00"), at("2020-02-29"), Unit::Days(1)), 28);
    }
}
