//! Parts of dates and timestamps.
use super::calendar::{self, split};
use super::zone::Zone;
use crate::functions::udf::{over_first, text};
use arrow::array::PrimitiveArray;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{ArrowPrimitiveType, Date32Type, Decimal128Type, Int32Type, TimestampMicrosecondType};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};
use std::sync::Arc;

pub fn typed<T: ArrowPrimitiveType>(array: &ArrayRef) -> Result<&PrimitiveArray<T>> {
    match array.as_primitive_opt::<T>() {
        Some(array) => Ok(array),
        None => exec_err!("expected {}, got {}", T::DATA_TYPE, array.data_type()),
    }
}

/// The time zone at the end of a call's arguments.
pub fn zone(args: &ScalarFunctionArgs) -> Result<Zone> {
    let last = args.args.len().saturating_sub(1);
    Ok(text(args, last)?.and_then(Zone::parse).unwrap_or(Zone::UTC))
}

/// The zone that a timestamp is shown in: none for one without time zone.
pub fn zone_for(array: &ArrayRef, zone: Zone) -> Zone {
    match array.data_type() {
        arrow::datatypes::DataType::Timestamp(_, None) => Zone::UTC,
        _ => zone,
    }
}

pub fn date_part(args: &ScalarFunctionArgs, f: fn(i32) -> i32) -> Result<ColumnarValue> {
    over_first(args, |array| Ok(Arc::new(typed::<Date32Type>(array)?.unary::<_, Int32Type>(f))))
}

pub fn day_of_week(days: i32) -> i32 {
    (calendar::weekday(days) + 1) % 7 + 1
}

pub fn week(days: i32) -> i32 {
    calendar::iso_week(days).1
}

pub fn week_year(days: i32) -> i32 {
    calendar::iso_week(days).0
}

/// `f` of the microsecond of the local day.
pub fn time_part(args: &ScalarFunctionArgs, f: fn(i64) -> i32) -> Result<ColumnarValue> {
    let zone = zone(args)?;
    over_first(args, |array| {
        let zone = zone_for(array, zone);
        let stamps = typed::<TimestampMicrosecondType>(array)?;
        Ok(Arc::new(stamps.unary::<_, Int32Type>(|v| f(split(zone.to_local(v)).1))))
    })
}

pub fn hour(micros: i64) -> i32 {
    (micros / calendar::MICROS_PER_HOUR) as i32
}

pub fn minute(micros: i64) -> i32 {
    (micros / calendar::MICROS_PER_MINUTE % 60) as i32
}

pub fn second(micros: i64) -> i32 {
    (micros / calendar::MICROS_PER_SECOND % 60) as i32
}

/// DECIMAL(8, 6).
pub fn second_with_fraction(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let zone = zone(args)?;
    over_first(args, |array| {
        let zone = zone_for(array, zone);
        let stamps = typed::<TimestampMicrosecondType>(array)?;
        let seconds = stamps.unary::<_, Decimal128Type>(|v| i128::from(zone.to_local(v).rem_euclid(calendar::MICROS_PER_MINUTE)));
        Ok(Arc::new(seconds.with_precision_and_scale(8, 6)?))
    })
}
