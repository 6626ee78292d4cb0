//! `round` (HALF_UP), `bround` (HALF_EVEN), `ceil` and `floor`.
use super::decimal::parameters;
use super::wide::{POWERS, fit, power};
use crate::functions::error::SparkError;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, i256};
use arrow::error::ArrowError;
use datafusion::common::{Result, exec_err};
use std::cmp::Ordering;
use std::sync::Arc;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    HalfUp,
    HalfEven,
    Ceiling,
    Floor,
}

/// `array` rounded to `digits` after the point (before it, when negative), as `result` type.
pub fn round(array: &ArrayRef, digits: i32, mode: Mode, result: &DataType) -> Result<ArrayRef> {
    macro_rules! integer {
        ($type:ty) => {{
            let f = |v| round_integer(i64::from(v), digits, mode).and_then(|v| v.try_into().ok()).ok_or_else(overflow);
            Ok(Arc::new(array.as_primitive::<$type>().try_unary::<_, $type, _>(f)?))
        }};
    }
    match array.data_type() {
        DataType::Int8 => integer!(Int8Type),
        DataType::Int16 => integer!(Int16Type),
        DataType::Int32 => integer!(Int32Type),
        DataType::Int64 => integer!(Int64Type),
        DataType::Float64 => Ok(Arc::new(array.as_primitive::<Float64Type>().unary::<_, Float64Type>(|v| round_double(v, digits, mode)))),
        DataType::Float32 => Ok(Arc::new(array.as_primitive::<Float32Type>().unary::<_, Float32Type>(|v| round_float(v, digits, mode)))),
        DataType::Decimal128(_, from) => {
            let (precision, scale) = parameters(result)?;
            let from = *from;
            let array = array.as_primitive::<Decimal128Type>();
            let rounded = array.try_unary::<_, Decimal128Type, ArrowError>(|v| {
                let dropped = i32::from(from) - digits;
                let kept = if dropped > 0 { round_digits(v, dropped as u32, mode) } else { v };
                let at = if dropped > 0 { digits } else { i32::from(from) };
                rescale(kept, at, precision, scale)
            })?;
            Ok(Arc::new(rounded.with_precision_and_scale(precision, scale)?))
        }
        other => exec_err!("round of {other}"),
    }
}

fn rescale(value: i128, from: i32, precision: u8, scale: i8) -> std::result::Result<i128, ArrowError> {
    let limit = power(u32::from(precision));
    let raise = i32::from(scale) - from;
    if (0..=38).contains(&raise)
        && let Some(v) = value.checked_mul(POWERS[raise as usize])
        && v < limit
        && v > -limit
    {
        return Ok(v);
    }
    Ok(fit(i256::from_i128(value), from.clamp(-128, 127) as i8, precision, scale)?)
}

fn overflow() -> ArrowError {
    SparkError::overflow("Overflow", None).into()
}

/// `value / 10^dropped`, rounded.
pub fn round_digits(value: i128, dropped: u32, mode: Mode) -> i128 {
    if dropped > 38 {
        return match mode {
            Mode::Ceiling => i128::from(value > 0),
            Mode::Floor => -i128::from(value < 0),
            _ => 0,
        };
    }
    let unit = POWERS[dropped as usize];
    let (quotient, remainder) = (value / unit, value % unit);
    let away = if value < 0 { -1 } else { 1 };
    let half = (remainder.unsigned_abs()).cmp(&(unit.unsigned_abs() - remainder.unsigned_abs()));
    let up = match mode {
        Mode::HalfUp => half != Ordering::Less && remainder != 0,
        Mode::HalfEven => half == Ordering::Greater || (half == Ordering::Equal && remainder != 0 && quotient % 2 != 0),
        Mode::Ceiling => remainder > 0,
        Mode::Floor => remainder < 0,
    };
    if up { quotient + away } else { quotient }
}

fn round_integer(value: i64, digits: i32, mode: Mode) -> Option<i64> {
    if digits >= 0 {
        return Some(value);
    }
    let dropped = digits.unsigned_abs();
    if dropped > 38 {
        return Some(0);
    }
    i64::try_from(round_digits(i128::from(value), dropped, mode).checked_mul(POWERS[dropped as usize])?).ok()
}

/// Spark rounds the decimal digits that `Double.toString` shows.
pub fn round_double(value: f64, digits: i32, mode: Mode) -> f64 {
    if value == 0.0 {
        // Decimals have one zero.
        return 0.0;
    }
    if !value.is_finite() {
        return value;
    }
    if (0..=15).contains(&digits) {
        let unit = POWERS[digits as usize] as f64;
        let scaled = value * unit;
        let distance = (scaled - scaled.floor() - 0.5).abs();
        // Away from a tie, the nearest double of the rounded digits is this quotient.
        if scaled.abs() < 4e15 && distance > 1e-5 * scaled.abs().clamp(1.0, 4e4) && matches!(mode, Mode::HalfUp | Mode::HalfEven) {
            return (scaled + 0.5).floor() / unit;
        }
    }
    round_text(&format!("{value:e}"), digits, mode).parse().unwrap_or(value)
}

fn round_float(value: f32, digits: i32, mode: Mode) -> f32 {
    if value == 0.0 {
        // Decimals have one zero.
        return 0.0;
    }
    if !value.is_finite() {
        return value;
    }
    round_text(&format!("{:e}", f64::from(value)), digits, mode).parse().unwrap_or(value)
}

/// Rounds `d.ddde±n`.
fn round_text(text: &str, digits: i32, mode: Mode) -> String {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let fraction = mantissa.split_once('.').map_or(0, |(_, f)| f.len() as i32);
    let unscaled: i128 = mantissa.replace('.', "").parse().unwrap_or(0);
    let scale = fraction - exponent;
    let dropped = scale - digits;
    if dropped <= 0 {
        return text.to_owned();
    }
    format!("{}e{}", round_digits(unscaled, dropped as u32, mode), -digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_round_by_their_digits() {
        assert_eq!(round_double(2.675, 2, Mode::HalfUp), 2.68);
        assert_eq!(round_double(-2.5, 0, Mode::HalfUp), -3.0);
        assert_eq!(round_double(2.5, 0, Mode::HalfEven), 2.0);
        assert_eq!(round_double(1234.5678, -2, Mode::HalfUp), 1200.0);
        assert_eq!(round_double(1e300, 2, Mode::HalfUp), 1e300);
        assert_eq!(round_double(0.1 + 0.2, 5, Mode::HalfUp), 0.3);
        assert_eq!(round_double(-1.25, 1, Mode::HalfEven), -1.2);
        assert_eq!(round_double(-1.4, 0, Mode::HalfUp), -1.0);
        assert!([-0.0, -0.4].iter().all(|v| round_double(*v, 0, Mode::HalfUp).is_sign_positive()));
    }

    #[test]
    fn integers_round_before_the_point() {
        assert_eq!(round_integer(15, -1, Mode::HalfUp), Some(20));
        assert_eq!(round_integer(25, -1, Mode::HalfEven), Some(20));
        assert_eq!(round_integer(-15, -1, Mode::HalfUp), Some(-20));
        assert_eq!(round_integer(i64::MAX, -1, Mode::HalfUp), None);
    }
}
