//! Literals: numbers with Spark's types, dates and timestamps.
use crate::error::{QueryError, Result};
use crate::tree::{DataType, Expression, Position};

pub(super) fn literal(value: impl Into<String>, data_type: DataType) -> Expression {
    Expression::Literal { value: Some(value.into()), data_type }
}

pub(super) fn null() -> Expression {
    Expression::Literal { value: None, data_type: DataType::Null }
}

pub(super) fn boolean(value: bool) -> Expression {
    literal(if value { "true" } else { "false" }, DataType::Boolean)
}

pub(super) fn string(value: impl Into<String>) -> Expression {
    literal(value, DataType::String)
}

/// `text` as the lexer cut it, with an optional sign: `-3000000000`, `1.5BD`, `10L`.
pub(super) fn number(text: &str, at: Option<Position>) -> Result<Expression> {
    let upper = text.to_ascii_uppercase();
    let integer = |digits: &str, data_type: DataType, low: i64, high: i64| match digits.parse::<i64>() {
        Ok(value) if (low..=high).contains(&value) => Ok(literal(value.to_string(), data_type)),
        _ => Err(out_of_range(digits, &data_type, low, high, at)),
    };
    if let Some(digits) = upper.strip_suffix("BD") {
        return decimal(digits, at);
    }
    if let Some(digits) = upper.strip_suffix('Y') {
        return integer(digits, DataType::Byte, i8::MIN.into(), i8::MAX.into());
    }
    if let Some(digits) = upper.strip_suffix('S') {
        return integer(digits, DataType::Short, i16::MIN.into(), i16::MAX.into());
    }
    if let Some(digits) = upper.strip_suffix('L') {
        return integer(digits, DataType::Long, i64::MIN, i64::MAX);
    }
    if let Some(digits) = upper.strip_suffix('D') {
        return double(digits, at);
    }
    if let Some(digits) = upper.strip_suffix('F') {
        return match digits.parse::<f32>() {
            Ok(value) if value.is_finite() => Ok(literal(format!("{value:?}"), DataType::Float)),
            _ => Err(out_of_range(digits, &DataType::Float, f32::MIN, f32::MAX, at)),
        };
    }
    if upper.contains('E') {
        return double(&upper, at);
    }
    if upper.contains('.') {
        return decimal(&upper, at);
    }
    if let Ok(value) = upper.parse::<i32>() {
        return Ok(literal(value.to_string(), DataType::Integer));
    }
    if let Ok(value) = upper.parse::<i64>() {
        return Ok(literal(value.to_string(), DataType::Long));
    }
    decimal(&upper, at)
}

fn double(digits: &str, at: Option<Position>) -> Result<Expression> {
    match digits.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(literal(format!("{value:?}"), DataType::Double)),
        _ => Err(out_of_range(digits, &DataType::Double, f64::MIN, f64::MAX, at)),
    }
}

fn out_of_range(
    digits: &str,
    data_type: &DataType,
    low: impl std::fmt::Display,
    high: impl std::fmt::Display,
    at: Option<Position>,
) -> QueryError {
    QueryError::new(
        "INVALID_NUMERIC_LITERAL_RANGE",
        format!("Numeric literal {digits} is outside the valid range for {data_type} (from {low} to {high})"),
    )
    .at(at)
}

/// Precision and scale as the digits are written: `1.50` is decimal(3,2), `0.05` decimal(2,2), `1E3` decimal(4,0).
fn decimal(text: &str, at: Option<Position>) -> Result<Expression> {
    let too_long =
        || QueryError::new("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", format!("The number {text} has more than 38 digits")).at(at);
    let (mantissa, exponent) = text.split_once('E').unwrap_or((text, "0"));
    let exponent: i64 = exponent.parse().map_err(|_| too_long())?;
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits = format!("{whole}{fraction}").trim_start_matches('0').to_owned();
    let mut scale = i64::try_from(fraction.len()).map_err(|_| too_long())?.saturating_sub(exponent);
    if scale.abs() > 76 || digits.len() > 76 {
        return Err(too_long());
    }
    while scale < 0 {
        digits.push('0');
        scale += 1;
    }
    let scale = usize::try_from(scale).map_err(|_| too_long())?;
    while digits.len() <= scale {
        digits.insert(0, '0');
    }
    // A lone zero before the point is no digit of precision.
    let significant = digits.trim_start_matches('0').len().max(1);
    let precision = significant.max(scale);
    match (u8::try_from(precision), i8::try_from(scale)) {
        (Ok(precision @ ..=38), Ok(small)) => {
            let (whole, fraction) = digits.split_at(digits.len() - scale);
            let value = if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") };
            Ok(literal(value, DataType::Decimal { precision, scale: small }))
        }
        _ => Err(too_long()),
    }
}

/// `X'1F'`.
pub(super) fn binary(text: &str, at: Option<Position>) -> Result<Expression> {
    if !text.chars().all(|c| c.is_ascii_hexdigit()) {
        return Err(invalid("X", text, at));
    }
    let pad = if text.len() % 2 == 1 { "0" } else { "" };
    Ok(literal(format!("{pad}{}", text.to_ascii_uppercase()), DataType::Binary))
}

fn invalid(kind: &str, text: &str, at: Option<Position>) -> QueryError {
    QueryError::new("INVALID_TYPED_LITERAL", format!("The value of the typed literal \"{kind}\" is invalid: '{text}'")).at(at)
}

/// `DATE '2020-1-2'` to `2020-01-02`; month and day may be missing, and anything may follow the day after a `T`.
pub(super) fn date(text: &str, at: Option<Position>) -> Result<Expression> {
    special("DATE", text, at)?;
    let trimmed = text.trim();
    let head = trimmed.split(['T', ' ']).next().unwrap_or_default();
    calendar(head).map(|date| literal(date, DataType::Date)).ok_or_else(|| invalid("DATE", text, at))
}

pub(super) fn timestamp(text: &str, kind: &str, data_type: DataType, at: Option<Position>) -> Result<Expression> {
    special(kind, text, at)?;
    let trimmed = text.trim();
    let (head, tail) = match trimmed.find(['T', ' ']) {
        Some(split) => (trimmed.get(..split), trimmed.get(split + 1..)),
        None => (Some(trimmed), None),
    };
    let parsed = head.and_then(calendar).and_then(|date| match tail {
        None => Some(format!("{date}T00:00:00")),
        Some(tail) => {
            let (time, zone) = clock(tail.trim_start())?;
            let zone = self::zone(zone)?;
            // Without time zone only the local part counts.
            let zone = if data_type == DataType::TimestampNtz { "" } else { zone.as_str() };
            Some(format!("{date}T{time}{zone}"))
        }
    });
    let value = parsed.ok_or_else(|| invalid(kind, text, at))?;
    Ok(literal(value, data_type))
}

/// Spark folds these when it parses; Kiln's parser must not depend on the clock.
fn special(kind: &str, text: &str, at: Option<Position>) -> Result<()> {
    let word = text.trim().to_ascii_lowercase();
    if matches!(word.as_str(), "now" | "today" | "tomorrow" | "yesterday" | "epoch") {
        return Err(QueryError::unsupported(format!("{kind} '{word}'")).at(at).hint("Use current_date() or now()"));
    }
    Ok(())
}

fn calendar(text: &str) -> Option<String> {
    let mut parts = text.split('-');
    let year_text = parts.next()?;
    if !(4..=7).contains(&year_text.len()) {
        return None;
    }
    let year = digits(year_text, 7)?;
    let month = parts.next().map_or(Some(1), |part| digits(part, 2))?;
    let day = parts.next().map_or(Some(1), |part| digits(part, 2))?;
    if parts.next().is_some() {
        return None;
    }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (1..=length).contains(&day).then(|| format!("{year:04}-{month:02}-{day:02}"))
}

fn digits(text: &str, most: usize) -> Option<u32> {
    if text.is_empty() || text.len() > most || !text.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// `h:m:s.f`, seconds and fraction optional, and the rest.
fn clock(text: &str) -> Option<(String, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == ':' || c == '.')).unwrap_or(text.len());
    let (time, zone) = (text.get(..end)?, text.get(end..)?);
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut parts = time.split(':');
    let hour = digits(parts.next()?, 2).filter(|hour| *hour < 24)?;
    let minute = parts.next().map_or(Some(0), |part| digits(part, 2)).filter(|minute| *minute < 60)?;
    let second = parts.next().map_or(Some(0), |part| digits(part, 2)).filter(|second| *second < 60)?;
    if parts.next().is_some() || !fraction.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let micros = fraction.get(..6).unwrap_or(fraction).trim_end_matches('0');
    let point = if micros.is_empty() { "" } else { "." };
    Some((format!("{hour:02}:{minute:02}:{second:02}{point}{micros}"), zone))
}

/// `Z`, `+hh:mm`, or a region in brackets as ISO's extension has it.
fn zone(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() {
        return Some(String::new());
    }
    if matches!(text, "Z" | "UTC" | "GMT") {
        return Some("Z".to_owned());
    }
    let offset = text.strip_prefix("UTC").or_else(|| text.strip_prefix("GMT")).unwrap_or(text);
    if let Some(sign) = offset.chars().next().filter(|c| matches!(c, '+' | '-')) {
        let (hours, minutes) = offset.get(1..)?.split_once(':').unwrap_or((offset.get(1..)?, "0"));
        let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
        return (hours * 60 + minutes <= 18 * 60 && minutes < 60).then(|| format!("{sign}{hours:02}:{minutes:02}"));
    }
    let is_region = text.contains('/') && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+'));
    is_region.then(|| format!("[{text}]"))
}
