//! Between numbers and booleans.
use super::map;
use super::number::{DecimalText, parse_decimal};
use super::text::{write_decimal, write_double, write_float};
use crate::functions::arithmetic::operands::OnError;
use crate::functions::arithmetic::wide::{POWERS, power, round_down};
use crate::functions::error::SparkError;
use arrow::array::{ArrayRef, AsArray, BooleanArray};
use arrow::datatypes::{Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use datafusion::common::{Result, exec_err};
use kiln_sql::tree::DataType;
use std::sync::Arc;

type Fallible<T> = std::result::Result<T, SparkError>;

pub fn cast(array: &ArrayRef, from: &DataType, to: &DataType, on_error: OnError) -> Result<ArrayRef> {
    match to {
        DataType::Boolean => to_boolean(array, from),
        DataType::Decimal { precision, scale } => to_decimal(array, from, *precision, *scale, on_error),
        DataType::Byte => to_integer::<Int8Type>(array, from, to, on_error),
        DataType::Short => to_integer::<Int16Type>(array, from, to, on_error),
        DataType::Integer => to_integer::<Int32Type>(array, from, to, on_error),
        DataType::Long => to_integer::<Int64Type>(array, from, to, on_error),
        DataType::Float => match from {
            DataType::Double => Ok(Arc::new(map::<Float64Type, Float32Type>(array, on_error, |v| Ok(v as f32))?)),
            DataType::Decimal { scale, .. } => {
                Ok(Arc::new(map::<Decimal128Type, Float32Type>(array, on_error, |v| Ok(decimal_to_float(v, *scale)))?))
            }
            _ => exec_err!("cannot cast {from} to {to}"),
        },
        DataType::Double => match from {
            DataType::Decimal { scale, .. } => {
                Ok(Arc::new(map::<Decimal128Type, Float64Type>(array, on_error, |v| Ok(decimal_to_double(v, *scale)))?))
            }
            _ => exec_err!("cannot cast {from} to {to}"),
        },
        _ => exec_err!("cannot cast {from} to {to}"),
    }
}

/// The nearest double, as `BigDecimal.doubleValue`.
pub fn decimal_to_double(value: i128, scale: i8) -> f64 {
    if value.unsigned_abs() < 1 << 53 && (0..=22).contains(&scale) {
        return value as f64 / POWERS[scale as usize] as f64;
    }
    format!("{value}e{}", -i32::from(scale)).parse().unwrap_or(f64::NAN)
}

fn decimal_to_float(value: i128, scale: i8) -> f32 {
    format!("{value}e{}", -i32::from(scale)).parse().unwrap_or(f32::NAN)
}

fn to_boolean(array: &ArrayRef, from: &DataType) -> Result<ArrayRef> {
    macro_rules! not_zero {
        ($type:ty, $zero:expr) => {
            array.as_primitive::<$type>().iter().map(|v| v.map(|v| v != $zero)).collect::<BooleanArray>()
        };
    }
    Ok(Arc::new(match from {
        DataType::Byte => not_zero!(Int8Type, 0),
        DataType::Short => not_zero!(Int16Type, 0),
        DataType::Integer => not_zero!(Int32Type, 0),
        DataType::Long => not_zero!(Int64Type, 0),
        DataType::Float => not_zero!(Float32Type, 0.0),
        DataType::Double => not_zero!(Float64Type, 0.0),
        DataType::Decimal { .. } => not_zero!(Decimal128Type, 0),
        _ => return exec_err!("cannot cast {from} to boolean"),
    }))
}

pub trait Target: arrow::datatypes::ArrowPrimitiveType {
    const MIN: i64;
    const MAX: i64;
    fn from_long(value: i64) -> Self::Native;
}

macro_rules! target {
    ($($type:ty, $native:ty;)*) => {$(
        impl Target for $type {
            const MIN: i64 = <$native>::MIN as i64;
            const MAX: i64 = <$native>::MAX as i64;
            fn from_long(value: i64) -> $native {
                value as $native
            }
        }
    )*};
}

target! { Int8Type, i8; Int16Type, i16; Int32Type, i32; Int64Type, i64; }

fn to_integer<T: Target>(array: &ArrayRef, from: &DataType, to: &DataType, on_error: OnError) -> Result<ArrayRef> {
    let fit = |value: i64, suffix: &str| -> Fallible<T::Native> {
        if (T::MIN..=T::MAX).contains(&value) {
            Ok(T::from_long(value))
        } else {
            Err(SparkError::cast_overflow(format_args!("{value}{suffix}"), from, to))
        }
    };
    let real = |value: f64, shown: &dyn Fn() -> String| -> Fallible<T::Native> {
        if value.floor() <= T::MAX as f64 && value.ceil() >= T::MIN as f64 {
            Ok(T::from_long(value as i64))
        } else {
            Err(SparkError::cast_overflow(shown(), from, to))
        }
    };
    Ok(match from {
        DataType::Short => Arc::new(map::<Int16Type, T>(array, on_error, |v| fit(i64::from(v), "S"))?),
        DataType::Integer => Arc::new(map::<Int32Type, T>(array, on_error, |v| fit(i64::from(v), ""))?),
        DataType::Long => Arc::new(map::<Int64Type, T>(array, on_error, |v| fit(v, "L"))?),
        DataType::Float => Arc::new(map::<Float32Type, T>(array, on_error, |v| real(f64::from(v), &|| shown_float(v)))?),
        DataType::Double => Arc::new(map::<Float64Type, T>(array, on_error, |v| real(v, &|| shown_double(v)))?),
        DataType::Decimal { scale, .. } => Arc::new(map::<Decimal128Type, T>(array, on_error, |v| {
            let whole = v / power(u32::from(scale.unsigned_abs()));
            match i64::try_from(whole) {
                Ok(whole) if (T::MIN..=T::MAX).contains(&whole) => Ok(T::from_long(whole)),
                _ => Err(SparkError::cast_overflow(format_args!("{}BD", decimal_text(v, *scale)), from, to)),
            }
        })?),
        _ => return exec_err!("cannot cast {from} to {to}"),
    })
}

fn shown_double(value: f64) -> String {
    let mut out = String::new();
    write_double(&mut out, value);
    if value.is_finite() {
        out.push('D');
    }
    out
}

fn shown_float(value: f32) -> String {
    let mut out = String::new();
    write_float(&mut out, value);
    out
}

pub fn decimal_text(value: i128, scale: i8) -> String {
    let mut out = String::new();
    write_decimal(&mut out, value, scale);
    out
}

fn to_decimal(array: &ArrayRef, from: &DataType, precision: u8, scale: i8, on_error: OnError) -> Result<ArrayRef> {
    let integer = |value: i64| rescale(i128::from(value), 0, precision, scale);
    let decimals = match from {
        DataType::Boolean => {
            let one = rescale(1, 0, precision, scale);
            let values = array.as_boolean().iter().map(|v| match v {
                Some(true) => one.clone().map(Some),
                Some(false) => Ok(Some(0)),
                None => Ok(None),
            });
            values.collect::<Fallible<_>>()?
        }
        DataType::Byte => map::<Int8Type, Decimal128Type>(array, on_error, |v| integer(i64::from(v)))?,
        DataType::Short => map::<Int16Type, Decimal128Type>(array, on_error, |v| integer(i64::from(v)))?,
        DataType::Integer => map::<Int32Type, Decimal128Type>(array, on_error, |v| integer(i64::from(v)))?,
        DataType::Long => map::<Int64Type, Decimal128Type>(array, on_error, integer)?,
        DataType::Decimal { scale: from_scale, .. } => {
            map::<Decimal128Type, Decimal128Type>(array, on_error, |v| rescale(v, *from_scale, precision, scale))?
        }
        DataType::Double => {
            let array = finite(array, array.as_primitive::<Float64Type>().iter().map(|v| v.is_none_or(f64::is_finite)).collect())?;
            map::<Float64Type, Decimal128Type>(&array, on_error, |v| from_text(&format!("{v:e}"), || shown(v), precision, scale))?
        }
        DataType::Float => {
            let array = finite(array, array.as_primitive::<Float32Type>().iter().map(|v| v.is_none_or(f32::is_finite)).collect())?;
            map::<Float32Type, Decimal128Type>(&array, on_error, |v| {
                from_text(&format!("{:e}", f64::from(v)), || shown(f64::from(v)), precision, scale)
            })?
        }
        _ => return exec_err!("cannot cast {from} to a decimal"),
    };
    Ok(Arc::new(decimals.with_precision_and_scale(precision, scale)?))
}

fn shown(value: f64) -> String {
    let mut out = String::new();
    write_double(&mut out, value);
    out
}

/// NaN and infinity become NULL.
fn finite(array: &ArrayRef, mask: BooleanArray) -> Result<ArrayRef> {
    Ok(arrow::compute::nullif(array, &arrow::compute::not(&mask)?)?)
}

fn from_text(text: &str, shown: impl Fn() -> String, precision: u8, scale: i8) -> Fallible<i128> {
    match parse_decimal(text, precision, scale) {
        DecimalText::Value(value) => Ok(value),
        _ => Err(SparkError::decimal_range(shown(), precision, scale)),
    }
}

/// HALF_UP.
pub fn rescale(value: i128, from: i8, precision: u8, scale: i8) -> Fallible<i128> {
    let change = i32::from(scale) - i32::from(from);
    let result = if change >= 0 {
        value.checked_mul(power(change.unsigned_abs())).filter(|_| change <= 38 || value == 0)
    } else {
        Some(round_down(value, change.unsigned_abs()))
    };
    let limit = power(u32::from(precision));
    match result {
        Some(v) if v < limit && v > -limit => Ok(v),
        _ => Err(SparkError::decimal_range(decimal_text(value, from), precision, scale)),
    }
}
