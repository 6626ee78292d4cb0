//! Sums and differences of dates, timestamps and intervals.
use super::calendar::{self, MICROS_PER_DAY, add_months, date_of, days_in_month, join, split};
use super::fields::{typed, zone, zone_for};
use super::format::{write_date, write_timestamp};
use super::zone::Zone;
use crate::functions::arithmetic::operands::{OnError, binary, finish, operands, rows, try_binary};
use crate::functions::arithmetic::wide::{divide_half_up, power};
use crate::functions::error::SparkError;
use crate::functions::udf::{argument, over_arrays};
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, PrimitiveArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    IntervalYearMonthType, TimestampMicrosecondType,
};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};
use std::sync::Arc;

pub fn date_add(sign: i32, args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (dates, days) = operands::<Date32Type, Int32Type>(args)?;
    finish(args, binary::<_, _, Date32Type>(&dates, &days, rows(args), |d, n| d.wrapping_add(n.wrapping_mul(sign))))
}

fn month_overflow(days: i32, months: i32) -> SparkError {
    let mut date = String::new();
    write_date(&mut date, days);
    SparkError::datetime_overflow(format_args!("add INTERVAL '{}' MONTH to DATE '{date}'", months))
}

/// `add_months` and `date + interval year to month`.
pub fn add_months_to_date(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let add = |d: i32, m: i32| add_months(d, m).ok_or_else(|| month_overflow(d, m));
    let array = match args.arg_fields.get(1).map(|f| f.data_type()) {
        Some(DataType::Int32) => {
            let (dates, months) = operands::<Date32Type, Int32Type>(args)?;
            try_binary::<_, _, Date32Type>(&dates, &months, rows(args), OnError::Fail, add)?
        }
        _ => {
            let (dates, months) = operands::<Date32Type, IntervalYearMonthType>(args)?;
            try_binary::<_, _, Date32Type>(&dates, &months, rows(args), OnError::Fail, add)?
        }
    };
    finish(args, array)
}

fn stamps(args: &ScalarFunctionArgs, array: PrimitiveArray<TimestampMicrosecondType>) -> Result<ColumnarValue> {
    finish(args, array.with_data_type(args.return_type().clone()))
}

fn zone_of_first(args: &ScalarFunctionArgs) -> Result<Zone> {
    match args.return_type() {
        DataType::Timestamp(_, None) => Ok(Zone::UTC),
        _ => zone(args),
    }
}

fn stamp_overflow(micros: i64, zone: Zone, what: &str) -> SparkError {
    let mut text = String::new();
    write_timestamp(&mut text, zone.to_local(micros));
    SparkError::datetime_overflow(format_args!("add {what} to TIMESTAMP '{text}'"))
}

/// Months are added to the local date.
pub fn add_months_to_timestamp(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let zone = zone_of_first(args)?;
    let (times, months) = operands::<TimestampMicrosecondType, IntervalYearMonthType>(args)?;
    let array = try_binary(&times, &months, rows(args), OnError::Fail, |v, m| {
        let (days, micros) = split(zone.to_local(v));
        let moved = add_months(days, m).and_then(|days| join(days, micros));
        moved.map(|local| zone.to_utc(local)).ok_or_else(|| stamp_overflow(v, zone, &format!("INTERVAL '{m}' MONTH")))
    })?;
    stamps(args, array)
}

/// Whole days are added to the local date, the rest to the instant.
pub fn add_interval_to_timestamp(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let zone = zone_of_first(args)?;
    let (times, intervals) = operands::<TimestampMicrosecondType, DurationMicrosecondType>(args)?;
    let array = try_binary(&times, &intervals, rows(args), OnError::Fail, |v, interval| {
        let (days, rest) = (interval / MICROS_PER_DAY, interval % MICROS_PER_DAY);
        let moved = match zone {
            Zone::Fixed(_) => v.checked_add(interval),
            Zone::Region(_) => {
                let local = zone.to_local(v).checked_add(days * MICROS_PER_DAY);
                local.and_then(|local| zone.to_utc(local).checked_add(rest))
            }
        };
        moved.ok_or_else(|| stamp_overflow(v, zone, &format!("INTERVAL '{interval}' MICROSECOND")))
    })?;
    stamps(args, array)
}

pub fn subtract_dates(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (end, start) = operands::<Date32Type, Date32Type>(args)?;
    let array = try_binary::<_, _, DurationMicrosecondType>(&end, &start, rows(args), OnError::Fail, |e, s| {
        (i64::from(e) - i64::from(s)).checked_mul(MICROS_PER_DAY).ok_or_else(|| SparkError::overflow("long overflow", None))
    })?;
    finish(args, array)
}

pub fn date_diff(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (end, start) = operands::<Date32Type, Date32Type>(args)?;
    finish(args, binary::<_, _, Int32Type>(&end, &start, rows(args), i32::wrapping_sub))
}

/// The difference of the local times.
pub fn subtract_timestamps(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let zone = zone(args)?;
    let zone = match args.arg_fields.first().map(|f| f.data_type()) {
        Some(DataType::Timestamp(_, None)) => Zone::UTC,
        _ => zone,
    };
    let (end, start) = operands::<TimestampMicrosecondType, TimestampMicrosecondType>(args)?;
    let array = try_binary::<_, _, DurationMicrosecondType>(&end, &start, rows(args), OnError::Fail, |e, s| {
        zone.to_local(e).checked_sub(zone.to_local(s)).ok_or_else(|| SparkError::overflow("long overflow", None))
    })?;
    finish(args, array)
}

/// An interval times or over a number, HALF_UP.
pub fn scale_interval(multiply: bool, args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    argument(args, 1)?;
    over_arrays(args, |arrays| {
        let numbers = Numbers::new(&arrays[1])?;
        let scale = |row: usize, value: i64| numbers.apply(row, value, multiply);
        Ok(match arrays[0].data_type() {
            DataType::Duration(_) => {
                let values = typed::<DurationMicrosecondType>(&arrays[0])?.iter().enumerate();
                let values = values.map(|(row, v)| v.map_or(Ok(None), |v| scale(row, v)));
                Arc::new(values.collect::<std::result::Result<PrimitiveArray<DurationMicrosecondType>, SparkError>>()?)
            }
            _ => {
                let months = |v: i64| i32::try_from(v).map_err(|_| SparkError::interval_overflow());
                let values = typed::<IntervalYearMonthType>(&arrays[0])?.iter().enumerate();
                let values = values.map(|(row, v)| match v {
                    Some(v) => scale(row, i64::from(v))?.map(months).transpose(),
                    None => Ok(None),
                });
                Arc::new(values.collect::<std::result::Result<PrimitiveArray<IntervalYearMonthType>, SparkError>>()?)
            }
        })
    })
}

/// A column of any numeric type.
enum Numbers {
    Whole(Vec<Option<i64>>),
    Real(Vec<Option<f64>>),
    Decimal(Vec<Option<i128>>, i8),
}

impl Numbers {
    fn new(array: &ArrayRef) -> Result<Self> {
        macro_rules! collect {
            ($variant:ident, $type:ty, $native:ty) => {
                Self::$variant(array.as_primitive::<$type>().iter().map(|v| v.map(<$native>::from)).collect())
            };
        }
        Ok(match array.data_type() {
            DataType::Int8 => collect!(Whole, Int8Type, i64),
            DataType::Int16 => collect!(Whole, Int16Type, i64),
            DataType::Int32 => collect!(Whole, Int32Type, i64),
            DataType::Int64 => collect!(Whole, Int64Type, i64),
            DataType::Float32 => collect!(Real, Float32Type, f64),
            DataType::Float64 => collect!(Real, Float64Type, f64),
            DataType::Decimal128(_, scale) => Self::Decimal(array.as_primitive::<Decimal128Type>().iter().collect(), *scale),
            other => return exec_err!("an interval times {other}"),
        })
    }

    fn apply(&self, row: usize, value: i64, multiply: bool) -> std::result::Result<Option<i64>, SparkError> {
        let wide = i128::from(value);
        let result = match self {
            Self::Whole(numbers) => match numbers[row] {
                None => return Ok(None),
                Some(n) if multiply => value.checked_mul(n).map(i128::from),
                Some(0) => return Err(SparkError::interval_divided_by_zero()),
                Some(n) => Some(divide_half_up(wide, i128::from(n))),
            },
            Self::Real(numbers) => match numbers[row] {
                None => return Ok(None),
                Some(0.0) if !multiply => return Err(SparkError::interval_divided_by_zero()),
                Some(n) => {
                    let exact = if multiply { value as f64 * n } else { value as f64 / n };
                    // Java's rounding to the nearest, ties away from zero.
                    let rounded = exact.abs().round().copysign(exact);
                    (rounded.abs() < 9.3e18).then_some(rounded as i128)
                }
            },
            Self::Decimal(numbers, scale) => match numbers[row] {
                None => return Ok(None),
                Some(n) if multiply => wide.checked_mul(n).map(|v| divide_half_up(v, power(u32::from(scale.unsigned_abs())))),
                Some(0) => return Err(SparkError::interval_divided_by_zero()),
                Some(n) => wide.checked_mul(power(u32::from(scale.unsigned_abs()))).map(|v| divide_half_up(v, n)),
            },
        };
        result.and_then(|v| i64::try_from(v).ok()).map(Some).ok_or_else(SparkError::interval_overflow)
    }
}

/// `months_between(end, start, round off, zone)`.
pub fn months_between(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let zone = zone(args)?;
    argument(args, 2)?;
    over_arrays(args, |arrays| {
        let (end, start) = (typed::<TimestampMicrosecondType>(&arrays[0])?, typed::<TimestampMicrosecondType>(&arrays[1])?);
        let Some(round) = arrays[2].as_boolean_opt() else { return exec_err!("months_between rounds by a boolean") };
        let zone = zone_for(&arrays[0], zone);
        let round: &BooleanArray = round;
        let values =
            end.iter().zip(start).zip(round).map(|((e, s), round)| Some(months_apart(zone.to_local(e?), zone.to_local(s?), round?)));
        Ok(Arc::new(values.collect::<Float64Array>()))
    })
}

fn months_apart(end: i64, start: i64, round: bool) -> f64 {
    let ((end_days, end_micros), (start_days, start_micros)) = (split(end), split(start));
    let (e, s) = (date_of(end_days), date_of(start_days));
    let months = ((e.year - s.year) * 12 + i64::from(e.month) - i64::from(s.month)) as f64;
    let last = |d: calendar::Date| d.day == days_in_month(d.year, d.month);
    if e.day == s.day || (last(e) && last(s)) {
        return months;
    }
    // 31 days a month, by whole seconds of the day.
    let seconds = (i64::from(e.day) - i64::from(s.day)) * 86_400 + (end_micros - start_micros) / 1_000_000;
    let difference = months + seconds as f64 / (31.0 * 86_400.0);
    if round { (difference * 1e8).round() / 1e8 } else { difference }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::datetime::parse::parse_timestamp;

    #[test]
    fn months_between_of_spark() {
        let at = |text| parse_timestamp(text, Zone::UTC).unwrap();
        assert_eq!(months_apart(at("1997-02-28 10:30:00"), at("1996-10-30"), true), 3.94959677);
        assert_eq!(months_apart(at("1997-02-28 10:30:00"), at("1996-10-30"), false), 3.9495967741935485);
        assert_eq!(months_apart(at("2020-02-29"), at("2020-01-31"), true), 1.0);
    }
}
