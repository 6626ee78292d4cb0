//! Numbers in text, as Spark's casts read them.
use crate::functions::arithmetic::wide::{POWERS, power};

/// Spark's `trimAll`: blanks and control characters.
pub fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c <= ' ' || c == '\u{7f}')
}

/// Digits with an optional sign: no fraction, no exponent.
pub fn parse_integer(text: &str) -> Option<i64> {
    let text = trim(text);
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

pub fn parse_boolean(text: &str) -> Option<bool> {
    let text = trim(text);
    let is = |names: &[&str]| names.iter().any(|n| n.eq_ignore_ascii_case(text));
    if is(&["t", "true", "y", "yes", "1"]) {
        Some(true)
    } else if is(&["f", "false", "n", "no", "0"]) {
        Some(false)
    } else {
        None
    }
}

/// Java's `parseDouble` and Spark's names of infinity and NaN.
pub fn parse_double(text: &str) -> Option<f64> {
    let text = trim(text);
    if let Some(value) = special(text) {
        return Some(value);
    }
    // Java allows a type suffix.
    let digits = text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text);
    let plain = |b: u8| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E');
    if digits.is_empty() || !digits.bytes().all(plain) {
        return None;
    }
    digits.parse().ok()
}

pub fn parse_float(text: &str) -> Option<f32> {
    let text = trim(text);
    if let Some(value) = special(text) {
        return Some(value as f32);
    }
    let digits = text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text);
    parse_double(digits)?;
    digits.parse().ok()
}

fn special(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    Some(match lower.as_str() {
        "inf" | "+inf" | "infinity" | "+infinity" => f64::INFINITY,
        "-inf" | "-infinity" => f64::NEG_INFINITY,
        "nan" => f64::NAN,
        _ => return None,
    })
}

#[derive(Debug, PartialEq, Eq)]
pub enum DecimalText {
    Value(i128),
    Malformed,
    TooLarge,
}

/// A `BigDecimal` in text (exponents allowed), rounded HALF_UP to `scale`.
pub fn parse_decimal(text: &str, precision: u8, scale: i8) -> DecimalText {
    let text = trim(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => match text[at + 1..].parse::<i32>() {
            Ok(exponent) => (&text[..at], exponent),
            Err(_) => return DecimalText::Malformed,
        },
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.as_bytes().first() {
        Some(b'-') => (true, &mantissa[1..]),
        Some(b'+') => (false, &mantissa[1..]),
        _ => (false, mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = whole.bytes().chain(fraction.bytes());
    if whole.len() + fraction.len() == 0 || !all.clone().all(|b| b.is_ascii_digit()) {
        return DecimalText::Malformed;
    }
    // Digits kept: those before the wanted scale. The next one rounds.
    let keep = (whole.len() as i64) + i64::from(exponent) + i64::from(scale);
    let mut value: i128 = 0;
    let mut round = false;
    for (at, digit) in all.map(|b| i128::from(b - b'0')).enumerate() {
        let at = at as i64;
        if at < keep {
            match value.checked_mul(10).and_then(|v| v.checked_add(digit)) {
                Some(next) => value = next,
                None => return DecimalText::TooLarge,
            }
        } else {
            round = at == keep && digit >= 5;
            break;
        }
    }
    let missing = keep - (whole.len() + fraction.len()) as i64;
    if missing > 0 && value != 0 {
        let raised = if missing > 38 { None } else { value.checked_mul(POWERS[missing as usize]) };
        match raised {
            Some(next) => value = next,
            None => return DecimalText::TooLarge,
        }
    }
    value += i128::from(round);
    if value >= power(u32::from(precision)) {
        return DecimalText::TooLarge;
    }
    DecimalText::Value(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers() {
        assert_eq!(parse_integer(" +12\t"), Some(12));
        assert_eq!(parse_integer("-9223372036854775808"), Some(i64::MIN));
        for bad in ["", "+", "1.0", "1e3", "0x1", "9223372036854775808", "1 2"] {
            assert_eq!(parse_integer(bad), None, "{bad}");
        }
    }

    #[test]
    fn doubles() {
        assert_eq!(parse_double(" 1.5d "), Some(1.5));
        assert_eq!(parse_double("1."), Some(1.0));
        assert_eq!(parse_double(".5e1"), Some(5.0));
        assert_eq!(parse_double("-Infinity"), Some(f64::NEG_INFINITY));
        assert_eq!(parse_double("1e999"), Some(f64::INFINITY));
        assert_eq!(parse_double("d"), None);
        assert_eq!(parse_double("1 2"), None);
    }

    #[test]
    fn decimals() {
        use DecimalText::{Malformed, TooLarge, Value};
        assert_eq!(parse_decimal("1.005", 5, 2), Value(101));
        assert_eq!(parse_decimal("-1.005", 5, 2), Value(-101));
        assert_eq!(parse_decimal("1e2", 5, 2), Value(10_000));
        assert_eq!(parse_decimal("12.5e-1", 5, 2), Value(125));
        assert_eq!(parse_decimal("0.004", 5, 2), Value(0));
        assert_eq!(parse_decimal("1e-50", 5, 2), Value(0));
        assert_eq!(parse_decimal("1000", 5, 2), TooLarge);
        assert_eq!(parse_decimal("1e60", 38, 0), TooLarge);
        assert_eq!(parse_decimal("0e60", 38, 0), Value(0));
        assert_eq!(parse_decimal("x", 5, 2), Malformed);
        assert_eq!(parse_decimal(".", 5, 2), Malformed);
    }
}
