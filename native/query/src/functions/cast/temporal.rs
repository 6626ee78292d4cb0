//! Between dates, timestamps and numbers.
use super::map;
use super::numeric::rescale;
use crate::functions::arithmetic::operands::OnError;
use crate::functions::arithmetic::wide::power;
use crate::functions::datetime::calendar::{MICROS_PER_SECOND, join, split};
use crate::functions::datetime::format::write_timestamp;
use crate::functions::datetime::zone::Zone;
use crate::functions::error::SparkError;
use crate::functions::types::arrow_type;
use arrow::array::{ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
};
use datafusion::common::{Result, exec_err};
use kiln_sql::tree::DataType;
use std::sync::Arc;

type Timestamps = PrimitiveArray<TimestampMicrosecondType>;

pub fn cast(array: &ArrayRef, from: &DataType, to: &DataType, zone: Zone, on_error: OnError) -> Result<ArrayRef> {
    use DataType::{Date, Timestamp, TimestampNtz};
    let zone_of = |t: &DataType| if *t == Timestamp { zone } else { Zone::UTC };
    match (from, to) {
        (Date, Timestamp | TimestampNtz) => {
            let zone = zone_of(to);
            stamps(
                map::<Date32Type, TimestampMicrosecondType>(array, on_error, |days| {
                    let local = join(days, 0).ok_or_else(|| SparkError::overflow("long overflow", None))?;
                    Ok(zone.to_utc(local))
                })?,
                to,
            )
        }
        (Timestamp | TimestampNtz, Date) => {
            let zone = zone_of(from);
            Ok(Arc::new(map::<TimestampMicrosecondType, Date32Type>(array, on_error, |v| Ok(split(zone.to_local(v)).0))?))
        }
        (Timestamp, TimestampNtz) => stamps(map::<TimestampMicrosecondType, _>(array, on_error, |v| Ok(zone.to_local(v)))?, to),
        (TimestampNtz, Timestamp) => stamps(map::<TimestampMicrosecondType, _>(array, on_error, |v| Ok(zone.to_utc(v)))?, to),
        (Timestamp, _) => to_number(array, to, zone, on_error),
        (_, Timestamp) => from_number(array, from, to, on_error),
        _ => exec_err!("cannot cast {from} to {to}"),
    }
}

fn stamps(array: Timestamps, to: &DataType) -> Result<ArrayRef> {
    Ok(Arc::new(array.with_data_type(arrow_type(to))))
}

/// Seconds since the epoch.
fn to_number(array: &ArrayRef, to: &DataType, zone: Zone, on_error: OnError) -> Result<ArrayRef> {
    type Micros = TimestampMicrosecondType;
    let seconds = |v: i64| v.div_euclid(MICROS_PER_SECOND);
    let overflow = |v: i64| {
        let mut text = String::from("TIMESTAMP '");
        write_timestamp(&mut text, zone.to_local(v));
        text.push('\'');
        SparkError::cast_overflow(text, "TIMESTAMP", to)
    };
    macro_rules! integer {
        ($type:ty) => {
            Arc::new(map::<Micros, $type>(array, on_error, |v| seconds(v).try_into().map_err(|_| overflow(v)))?)
        };
    }
    Ok(match to {
        DataType::Byte => integer!(Int8Type),
        DataType::Short => integer!(Int16Type),
        DataType::Integer => integer!(Int32Type),
        DataType::Long => integer!(Int64Type),
        DataType::Float => Arc::new(map::<Micros, Float32Type>(array, on_error, |v| Ok((v as f64 / 1e6) as f32))?),
        DataType::Double => Arc::new(map::<Micros, Float64Type>(array, on_error, |v| Ok(v as f64 / 1e6))?),
        DataType::Decimal { precision, scale } => {
            let array = map::<Micros, Decimal128Type>(array, on_error, |v| rescale(i128::from(v), 6, *precision, *scale))?;
            Arc::new(array.with_precision_and_scale(*precision, *scale)?)
        }
        _ => return exec_err!("cannot cast timestamp to {to}"),
    })
}

fn from_number(array: &ArrayRef, from: &DataType, to: &DataType, on_error: OnError) -> Result<ArrayRef> {
    type Micros = TimestampMicrosecondType;
    let whole = |v: i64| Ok(v.saturating_mul(MICROS_PER_SECOND));
    let real = |v: f64| match v.is_finite() {
        true => Ok((v * 1e6) as i64),
        false => Err(SparkError::cast_invalid(if v.is_nan() { "NaN" } else { "Infinity" }, from, to)),
    };
    let stamps_of = match from {
        DataType::Boolean => {
            let values = array.as_boolean().iter().map(|v| v.map(i64::from));
            values.collect::<Timestamps>()
        }
        DataType::Byte => map::<Int8Type, Micros>(array, on_error, |v| whole(i64::from(v)))?,
        DataType::Short => map::<Int16Type, Micros>(array, on_error, |v| whole(i64::from(v)))?,
        DataType::Integer => map::<Int32Type, Micros>(array, on_error, |v| whole(i64::from(v)))?,
        DataType::Long => map::<Int64Type, Micros>(array, on_error, whole)?,
        DataType::Float => map::<Float32Type, Micros>(array, on_error, |v| real(f64::from(v)))?,
        DataType::Double => map::<Float64Type, Micros>(array, on_error, real)?,
        DataType::Decimal { scale, .. } => map::<Decimal128Type, Micros>(array, on_error, |v| {
            let unit = power(u32::from(scale.unsigned_abs()));
            let micros = (v / unit).checked_mul(1_000_000).map(|w| w + v % unit * 1_000_000 / unit);
            Ok(micros.and_then(|m| m.try_into().ok()).unwrap_or(if v < 0 { i64::MIN } else { i64::MAX }))
        })?,
        _ => return exec_err!("cannot cast {from} to timestamp"),
    };
    stamps(stamps_of, to)
}
