//! What a field's text says, as Spark's CSV reader takes it: not all that a cast can read, and other things beside.

use crate::functions::cast::number::{parse_double, parse_integer};
use crate::functions::datetime::parse::parse_timestamp;
use crate::functions::datetime::zone::Zone;
use kiln_sql::tree::DataType;

/// Whether a value of the type may be read from the text; a cast says the rest. Other types are read as casts do.
pub fn is_readable(text: &str, to: &DataType) -> bool {
    match to {
        // Java's parsers, which know no blanks.
        DataType::Byte | DataType::Short | DataType::Integer | DataType::Long | DataType::Decimal { .. } => {
            !text.starts_with(is_blank) && !text.ends_with(is_blank)
        }
        DataType::Float | DataType::Double => is_number(text),
        DataType::Boolean => is_boolean(text),
        _ => true,
    }
}

/// Digits of a whole number, which may end in a point.
fn whole_digits(text: &str) -> Option<usize> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = digits.strip_suffix('.').unwrap_or(digits);
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.trim_start_matches('0').len().max(1))
}

fn is_blank(c: char) -> bool {
    c <= ' '
}

fn is_boolean(text: &str) -> bool {
    text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
}

/// Java's names of infinity and NaN as they are, and Spark's defaults for `positiveInf`, `negativeInf` and `nanValue`; else digits.
fn is_number(text: &str) -> bool {
    let trimmed = text.trim_matches(is_blank);
    let unsigned = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
    match unsigned.chars().next() {
        Some(c) if c.is_alphabetic() => matches!(unsigned, "NaN" | "Infinity") || matches!(text, "Inf" | "-Inf"),
        _ => true,
    }
}

/// What the values of a column have in common so far, as `inferSchema` finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inferred {
    Null,
    Integer,
    Long,
    /// Whole numbers of so many digits.
    Decimal(u8),
    Double,
    Date,
    Timestamp,
    Boolean,
    String,
}

impl Inferred {
    fn of(text: &str) -> Self {
        if !text.starts_with(is_blank) && !text.ends_with(is_blank) {
            if let Some(number) = parse_integer(text) {
                return if i32::try_from(number).is_ok() { Self::Integer } else { Self::Long };
            }
            if let Some(digits @ ..=38) = whole_digits(text) {
                return Self::Decimal(digits as u8);
            }
        }
        if is_number(text) && parse_double(text).is_some() {
            return Self::Double;
        }
        if is_date(text) {
            return Self::Date;
        }
        if parse_timestamp(text, Zone::UTC).is_some() {
            return Self::Timestamp;
        }
        if is_boolean(text) {
            return Self::Boolean;
        }
        Self::String
    }

    #[must_use]
    pub fn with(self, text: &str) -> Self {
        let other = Self::of(text);
        match (self, other) {
            (a, b) if a == b => a,
            (Self::Null, other) | (other, Self::Null) => other,
            (Self::Integer, Self::Long) | (Self::Long, Self::Integer) => Self::Long,
            (Self::Decimal(a), Self::Decimal(b)) => Self::Decimal(a.max(b)),
            // After a decimal a value is one too, of the digits that it has.
            (Self::Decimal(a), Self::Integer | Self::Long) => Self::Decimal(whole_digits(text).map_or(a, |digits| a.max(digits as u8))),
            (Self::Integer, Self::Decimal(a)) => Self::Decimal(a.max(10)),
            (Self::Long, Self::Decimal(a)) => Self::Decimal(a.max(20)),
            (Self::Double, Self::Integer | Self::Long | Self::Decimal(_))
            | (Self::Integer | Self::Long | Self::Decimal(_), Self::Double) => Self::Double,
            (Self::Date, Self::Timestamp) | (Self::Timestamp, Self::Date) => Self::Timestamp,
            _ => Self::String,
        }
    }

    pub fn data_type(self) -> DataType {
        match self {
            Self::Null | Self::String => DataType::String,
            Self::Integer => DataType::Integer,
            Self::Long => DataType::Long,
            Self::Decimal(precision) => DataType::Decimal { precision, scale: 0 },
            Self::Double => DataType::Double,
            Self::Date => DataType::Date,
            Self::Timestamp => DataType::Timestamp,
            Self::Boolean => DataType::Boolean,
        }
    }
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inferred(values: &[&str]) -> DataType {
        values.iter().fold(Inferred::Null, |so_far, v| so_far.with(v)).data_type()
    }

    #[test]
    fn types_are_those_that_spark_infers() {
        assert_eq!(inferred(&["1", "-2"]), DataType::Integer);
        assert_eq!(inferred(&["1", "3000000000"]), DataType::Long);
        assert_eq!(inferred(&["1", "2.5"]), DataType::Double);
        assert_eq!(inferred(&["12345678901234567890"]), DataType::Decimal { precision: 20, scale: 0 });
        assert_eq!(inferred(&["2024-02-29"]), DataType::Date);
        assert_eq!(inferred(&["2024-02-29", "2024-02-29T10:00:00"]), DataType::Timestamp);
        assert_eq!(inferred(&["2024-02-29 10:00:00.5Z"]), DataType::Timestamp);
        assert_eq!(inferred(&["true", "FALSE"]), DataType::Boolean);
        assert_eq!(inferred(&["true", "1"]), DataType::String);
        assert_eq!(inferred(&["2024-02-30"]), DataType::String);
        assert_eq!(inferred(&[]), DataType::String);
        // Asked of Spark 4.3.
        assert_eq!(inferred(&["NaN", "-Inf", "1.5"]), DataType::Double);
        assert_eq!(inferred(&["NaN", "inf"]), DataType::String);
        assert_eq!(inferred(&[" 1 ", "2"]), DataType::Double);
        assert_eq!(inferred(&["2024-1-2", "2024-12-31"]), DataType::Timestamp);
        assert_eq!(inferred(&["2024-12"]), DataType::Timestamp);
        assert_eq!(inferred(&["yes"]), DataType::String);
        assert_eq!(inferred(&["+5", "1."]), DataType::Decimal { precision: 10, scale: 0 });
        assert_eq!(inferred(&["1e10"]), DataType::Double);
    }

    #[test]
    fn what_a_cast_reads_a_file_may_not_say() {
        for (text, to) in [(" 5", DataType::Integer), ("5 ", DataType::Long), ("t", DataType::Boolean), (" true", DataType::Boolean)] {
            assert!(!is_readable(text, &to), "{text:?} as {to}");
        }
        for text in ["inf", "nan", "INF", "-inf", "+Inf", " Inf"] {
            assert!(!is_readable(text, &DataType::Double), "{text:?}");
        }
        for text in ["NaN", "Inf", "-Inf", " Infinity", "+Infinity", "1.5 ", "1d"] {
            assert!(is_readable(text, &DataType::Double), "{text:?}");
        }
        assert!(is_readable("FALSE", &DataType::Boolean) && is_readable("+5", &DataType::Byte));
    }
}
