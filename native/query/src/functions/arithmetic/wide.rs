//! Decimal results that need more than 128 bits on the way, rounded HALF_UP as Spark's BigDecimal does.
use crate::functions::error::SparkError;
use arrow::datatypes::i256;

/// 10^n for n in 0..=38.
pub const POWERS: [i128; 39] = {
    let mut powers = [1i128; 39];
    let mut i = 1;
    while i < 39 {
        powers[i] = powers[i - 1] * 10;
        i += 1;
    }
    powers
};

pub const LIMIT: i128 = POWERS[38];

pub fn power(n: u32) -> i128 {
    POWERS.get(n as usize).copied().unwrap_or(i128::MAX)
}

fn wide_power(n: u32) -> i256 {
    i256::from_i128(10).wrapping_pow(n)
}

/// `value / 10^digits`, HALF_UP.
pub fn round_down(value: i128, digits: u32) -> i128 {
    if digits == 0 {
        return value;
    }
    if digits > 38 {
        return 0;
    }
    divide_half_up(value, POWERS[digits as usize])
}

/// `numerator / denominator`, HALF_UP (away from zero); `denominator` is not 0.
#[inline]
pub fn divide_half_up(numerator: i128, denominator: i128) -> i128 {
    let quotient = numerator.wrapping_div(denominator);
    let remainder = numerator.wrapping_rem(denominator).unsigned_abs();
    if remainder >= denominator.unsigned_abs() - remainder {
        quotient + if (numerator < 0) == (denominator < 0) { 1 } else { -1 }
    } else {
        quotient
    }
}

fn divide_half_up_wide(numerator: i256, denominator: i256) -> i256 {
    let quotient = numerator.wrapping_div(denominator);
    let remainder = numerator.wrapping_rem(denominator).wrapping_abs();
    if remainder >= denominator.wrapping_abs().wrapping_sub(remainder) {
        let one = if numerator.is_negative() == denominator.is_negative() { i256::ONE } else { i256::MINUS_ONE };
        quotient.wrapping_add(one)
    } else {
        quotient
    }
}

fn digits(value: i256) -> u32 {
    let mut value = value.wrapping_abs();
    let chunk = i256::from_i128(POWERS[18]);
    let mut count = 0;
    while value >= chunk {
        value = value.wrapping_div(chunk);
        count += 18;
    }
    let mut rest = value.to_i128().unwrap_or_default();
    while rest > 0 {
        rest /= 10;
        count += 1;
    }
    count
}

/// Changes the scale of a product or remainder as [`rescaled`] does.
/// Like Spark, one of more than 38 digits is rounded to 38 before it gets its scale.
pub fn fit(value: i256, from: i8, precision: u8, scale: i8) -> Result<i128, SparkError> {
    let excess = digits(value).saturating_sub(38);
    if excess == 0 {
        return rescaled(value, i32::from(from), precision, scale);
    }
    rescaled(divide_half_up_wide(value, wide_power(excess)), i32::from(from) - excess as i32, precision, scale)
}

/// Changes the scale of an exact result to `scale` and checks that it has `precision` digits.
fn rescaled(rounded: i256, at: i32, precision: u8, scale: i8) -> Result<i128, SparkError> {
    let change = i32::from(scale) - at;
    let exact = match change {
        0 => Some(rounded),
        1.. => rounded.checked_mul(wide_power(change as u32)),
        _ if change < -76 => Some(i256::ZERO),
        _ => Some(divide_half_up_wide(rounded, wide_power(change.unsigned_abs()))),
    };
    let limit = power(u32::from(precision));
    match exact.and_then(|v| v.to_i128()) {
        Some(v) if v < limit && v > -limit => Ok(v),
        _ => Err(SparkError::decimal_range(plain(rounded, at), precision, scale)),
    }
}

/// Digits as `BigDecimal.toPlainString` gives them.
fn plain(value: i256, scale: i32) -> String {
    let text = value.wrapping_abs().to_string();
    let sign = if value.is_negative() { "-" } else { "" };
    if scale <= 0 {
        return format!("{sign}{text}{}", "0".repeat(scale.unsigned_abs() as usize));
    }
    let scale = scale as usize;
    let text = format!("{text:0>width$}", width = scale + 1);
    let (whole, fraction) = text.split_at(text.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

/// `left + right` (or minus, when `right` is negated) of any scales.
pub fn add(left: i128, left_scale: i8, right: i128, right_scale: i8, precision: u8, scale: i8) -> Result<i128, SparkError> {
    let common = left_scale.max(right_scale);
    let raise = |v: i128, from: i8| i256::from_i128(v).wrapping_mul(wide_power((common - from) as u32));
    rescaled(raise(left, left_scale).wrapping_add(raise(right, right_scale)), i32::from(common), precision, scale)
}

pub fn multiply(left: i128, right: i128, exact_scale: i8, precision: u8, scale: i8) -> Result<i128, SparkError> {
    fit(i256::from_i128(left).wrapping_mul(i256::from_i128(right)), exact_scale, precision, scale)
}

/// `left * 10^raise / right`, HALF_UP; a negative `raise` scales the divisor.
pub fn divide(left: i128, right: i128, raise: i32, precision: u8, scale: i8) -> Result<i128, SparkError> {
    let limit = power(u32::from(precision));
    let in_range = |v: i128| v < limit && v > -limit;
    // Where not even 256 bits hold the quotient, the operands are shown.
    let too_large = || SparkError::decimal_range(format_args!("{left} / {right}"), precision, scale);
    let out_of_range = |quotient: i256| SparkError::decimal_range(plain(quotient, i32::from(scale)), precision, scale);
    if (0..=38).contains(&raise)
        && let Some(numerator) = left.checked_mul(POWERS[raise as usize])
    {
        let value = divide_half_up(numerator, right);
        return if in_range(value) { Ok(value) } else { Err(out_of_range(i256::from_i128(value))) };
    }
    let (mut numerator, mut denominator) = (i256::from_i128(left), i256::from_i128(right));
    if raise < 0 {
        denominator = denominator.checked_mul(wide_power(raise.unsigned_abs())).ok_or_else(too_large)?;
        return divide_half_up_wide(numerator, denominator).to_i128().filter(|v| in_range(*v)).ok_or_else(too_large);
    }
    // Long division, so that no product of 10^raise is needed.
    let negative = numerator.is_negative() != denominator.is_negative();
    numerator = numerator.wrapping_abs();
    denominator = denominator.wrapping_abs();
    let ten = i256::from_i128(10);
    let (mut quotient, mut remainder) = (numerator.wrapping_div(denominator), numerator.wrapping_rem(denominator));
    for _ in 0..raise {
        let next = remainder.wrapping_mul(ten);
        quotient = quotient.checked_mul(ten).ok_or_else(too_large)?.wrapping_add(next.wrapping_div(denominator));
        remainder = next.wrapping_rem(denominator);
    }
    if remainder >= denominator.wrapping_sub(remainder) {
        quotient = quotient.wrapping_add(i256::ONE);
    }
    match quotient.to_i128() {
        Some(v) if in_range(v) => Ok(if negative { -v } else { v }),
        _ => Err(out_of_range(if negative { quotient.wrapping_neg() } else { quotient })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_half_up() {
        assert_eq!(divide_half_up(5, 10), 1);
        assert_eq!(divide_half_up(-5, 10), -1);
        assert_eq!(divide_half_up(4, 10), 0);
        assert_eq!(divide_half_up(14, -10), -1);
        assert_eq!(round_down(12345, 2), 123);
        assert_eq!(round_down(12350, 2), 124);
    }

    #[test]
    fn products_beyond_38_digits_name_their_value() {
        let nines = LIMIT - 1;
        let error = multiply(nines, nines, 0, 38, 0).unwrap_err();
        assert!(error.message.starts_with("9999999999999999999999999999999999999800000000000000000000000000000000000000 cannot"));
        let error = add(nines, 0, nines, 0, 38, 0).unwrap_err();
        assert!(error.message.starts_with("199999999999999999999999999999999999998 cannot"), "{}", error.message);
    }

    #[test]
    fn divides_what_does_not_fit_i256() {
        // 1E-38 (scale 38) divides 1 (scale 0) at scale 6: 10^38 does not fit; 10^-38/1 is 0.
        assert!(divide(1, 1, 44, 38, 6).is_err());
        assert_eq!(divide(1, power(38), 44, 38, 6).unwrap(), 1_000_000);
        assert_eq!(divide(1, 3, 10, 38, 10).unwrap(), 3_333_333_333);
    }
}
