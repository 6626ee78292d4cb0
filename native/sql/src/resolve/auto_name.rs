//! How Spark prints types and literals in the names it gives to columns.
use crate::tree::{DataType, Expression, interval_text};

/// A type in upper case, as in `CAST(a AS DECIMAL(10,2))` and in messages.
pub(super) fn sql_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Struct { fields } => {
            let fields: Vec<String> = fields.iter().map(|field| format!("{}: {}", field.name, sql_type(&field.data_type))).collect();
            format!("STRUCT<{}>", fields.join(", "))
        }
        DataType::Array { element, .. } => format!("ARRAY<{}>", sql_type(element)),
        DataType::Map { key, value, .. } => format!("MAP<{}, {}>", sql_type(key), sql_type(value)),
        other => other.to_string().to_uppercase(),
    }
}

/// A literal as it stands in a column's name: strings without quotes, dates and intervals with their keyword.
pub(super) fn literal(value: Option<&str>, data_type: &DataType) -> String {
    let Some(value) = value else { return "NULL".to_owned() };
    match data_type {
        DataType::Date => format!("DATE '{value}'"),
        DataType::Timestamp => format!("TIMESTAMP '{}'", timestamp(value)),
        DataType::TimestampNtz => format!("TIMESTAMP_NTZ '{}'", timestamp(value)),
        DataType::Binary => format!("X'{}'", value.to_uppercase()),
        DataType::YearMonthInterval { start, end } | DataType::DayTimeInterval { start, end } => {
            value.parse().map_or_else(|_| value.to_owned(), |amount| interval_text(amount, *start, *end))
        }
        DataType::Double => value.parse::<f64>().map_or_else(|_| value.to_owned(), double),
        DataType::Float => value.parse::<f32>().map_or_else(|_| value.to_owned(), |f| java_float(&format!("{f:e}"), f64::from(f))),
        DataType::Decimal { .. } => decimal(value),
        _ => value.to_owned(),
    }
}

/// `2020-01-01T12:34:56.700Z` as Spark shows it. An explicit offset stays: the name is for people.
fn timestamp(value: &str) -> String {
    let text = value.trim_end_matches(['Z', 'z']).replace('T', " ");
    let text = if text.len() == 10 { format!("{text} 00:00:00") } else { text };
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Java's `BigDecimal.toString`: scientific when the first digit is more than six places behind the point.
fn decimal(value: &str) -> String {
    let (sign, digits) = value.strip_prefix('-').map_or(("", value), |rest| ("-", rest));
    let Some((whole, fraction)) = digits.split_once('.') else { return value.to_owned() };
    let significant = fraction.trim_start_matches('0');
    let zeros = fraction.len() - significant.len();
    if !whole.trim_matches('0').is_empty() || zeros < 6 || significant.is_empty() {
        return value.to_owned();
    }
    let (first, rest) = significant.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    format!("{sign}{first}{point}{rest}E-{}", zeros + 1)
}

/// Java's `Double.toString`.
fn double(value: f64) -> String {
    java_float(&format!("{value:e}"), value)
}

/// `scientific` holds the shortest digits that give the value back.
fn java_float(scientific: &str, value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let magnitude = value.abs();
    if magnitude == 0.0 {
        return if value.is_sign_negative() { "-0.0" } else { "0.0" }.to_owned();
    }
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    if (1e-3..1e7).contains(&magnitude) {
        return plain(mantissa, exponent.parse().unwrap_or(0));
    }
    let point = if mantissa.contains('.') { "" } else { ".0" };
    format!("{mantissa}{point}E{exponent}")
}

/// `1.5`, 2 -> `150.0`.
fn plain(mantissa: &str, exponent: i32) -> String {
    let (sign, digits) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let digits = format!("{whole}{fraction}");
    let point = 1 + exponent;
    let text = match usize::try_from(point) {
        Ok(0) | Err(_) => format!("0.{}{digits}", "0".repeat(usize::try_from(-point).unwrap_or(0))),
        Ok(point) if point >= digits.len() => format!("{digits}{}.0", "0".repeat(point - digits.len())),
        Ok(point) => {
            format!("{}.{}", digits.get(..point).unwrap_or_default(), digits.get(point..).unwrap_or_default())
        }
    };
    format!("{sign}{text}")
}

/// The literal of an expression, printed; nothing for other expressions.
pub(super) fn of_literal(expression: &Expression) -> Option<String> {
    match expression {
        Expression::Literal { value, data_type } => Some(literal(value.as_deref(), data_type)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_print_as_java_does() {
        let double = |text: &str| literal(Some(text), &DataType::Double);
        assert_eq!(double("1000"), "1000.0");
        assert_eq!(double("1.5e-3"), "0.0015");
        assert_eq!(double("1e10"), "1.0E10");
        assert_eq!(double("1E7"), "1.0E7");
        assert_eq!(double("123456789.123"), "1.23456789123E8");
        assert_eq!(double("0.00001"), "1.0E-5");
        assert_eq!(double("-12.25"), "-12.25");
        assert_eq!(literal(Some("0.1"), &DataType::Float), "0.1");
        let small = DataType::Decimal { precision: 10, scale: 10 };
        assert_eq!(literal(Some("0.0000000001"), &small), "1E-10");
        assert_eq!(literal(Some("0.00001"), &small), "0.00001");
    }
}
