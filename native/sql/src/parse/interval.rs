//! `INTERVAL` literals: year-month ones in months, day-time ones in microseconds.
use super::prefix::Parsed;
use crate::error::{QueryError, Result};
use crate::tree::{DataType, Expression, IntervalField, Position};
use sqlparser::ast::{DateTimeField, Expr, Ident, Interval, Value};
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

const MICROS_PER_SECOND: i64 = IntervalField::Second.size();
const MICROS_PER_HOUR: i64 = IntervalField::Hour.size();
const MICROS_PER_MINUTE: i64 = IntervalField::Minute.size();
const MICROS_PER_DAY: i64 = IntervalField::Day.size();

/// `INTERVAL 3 MONTHS`, `INTERVAL 1 DAY 2 HOURS`, `INTERVAL '1-2' YEAR TO MONTH`, `INTERVAL '3 months'`;
/// none if what follows the word is no interval (`interval` may be a column).
///
/// The result holds one text, and the fields of the `TO` form.
pub(super) fn parse(parser: &mut Parser) -> Parsed<Option<Expr>> {
    let span = parser.peek_token_ref().span;
    let Some((value, length)) = value_at(parser, 1) else { return Ok(None) };
    let is_text = matches!(parser.peek_nth_token_ref(length).token, Token::SingleQuotedString(_));
    let literal = |text: String, from: Option<String>, to: Option<String>| {
        let field = |name: String| DateTimeField::Custom(Ident::new(name));
        Expr::Interval(Interval {
            value: Box::new(Expr::Value(Value::SingleQuotedString(text).with_span(span))),
            leading_field: from.map(field),
            leading_precision: None,
            last_field: to.map(field),
            fractional_seconds_precision: None,
        })
    };
    let Some(unit) = unit_at(parser, length + 1) else {
        if !is_text {
            return Ok(None);
        }
        for _ in 0..=length {
            parser.next_token();
        }
        return Ok(Some(literal(value, None, None)));
    };
    for _ in 0..length + 2 {
        parser.next_token();
    }
    if is_text
        && parser.peek_keyword(Keyword::TO)
        && let Some(to) = unit_at(parser, 1)
    {
        parser.next_token();
        parser.next_token();
        return Ok(Some(literal(value, Some(unit), Some(to))));
    }
    let mut text = format!("{} {unit}", value.trim());
    while let Some((value, length)) = value_at(parser, 0) {
        let Some(unit) = unit_at(parser, length) else { break };
        for _ in 0..=length {
            parser.next_token();
        }
        text.push_str(&format!(" {} {unit}", value.trim()));
    }
    Ok(Some(literal(text, None, None)))
}

/// A number or string, maybe signed, `n` tokens ahead: its text and how many tokens it has.
fn value_at(parser: &Parser, n: usize) -> Option<(String, usize)> {
    let (sign, length) = match parser.peek_nth_token_ref(n).token {
        Token::Minus => ("-", 2),
        Token::Plus => ("", 2),
        _ => ("", 1),
    };
    match &parser.peek_nth_token_ref(n + length - 1).token {
        Token::Number(text, _) | Token::SingleQuotedString(text) => {
            let text = match text.strip_prefix('-') {
                Some(positive) if sign == "-" => positive.to_owned(),
                _ => format!("{sign}{text}"),
            };
            Some((text, length))
        }
        _ => None,
    }
}

fn unit_at(parser: &Parser, n: usize) -> Option<String> {
    match &parser.peek_nth_token_ref(n).token {
        Token::Word(word) if word.quote_style.is_none() => {
            let unit = word.value.to_ascii_lowercase();
            Unit::of(&unit).map(|_| unit)
        }
        _ => None,
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Unit {
    Year,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
    Millisecond,
    Microsecond,
}

impl Unit {
    fn of(name: &str) -> Option<Self> {
        Some(match name.strip_suffix('s').unwrap_or(name) {
            "year" => Self::Year,
            "month" => Self::Month,
            "week" => Self::Week,
            "day" => Self::Day,
            "hour" => Self::Hour,
            "minute" => Self::Minute,
            "second" => Self::Second,
            "millisecond" => Self::Millisecond,
            "microsecond" => Self::Microsecond,
            _ => return None,
        })
    }

    /// The field of the type that a literal with this unit has.
    fn field(self) -> IntervalField {
        match self {
            Self::Year => IntervalField::Year,
            Self::Month => IntervalField::Month,
            Self::Week | Self::Day => IntervalField::Day,
            Self::Hour => IntervalField::Hour,
            Self::Minute => IntervalField::Minute,
            Self::Second | Self::Millisecond | Self::Microsecond => IntervalField::Second,
        }
    }

    /// Months or microseconds in one.
    fn size(self) -> i64 {
        match self {
            Self::Week => 7 * MICROS_PER_DAY,
            Self::Millisecond => 1_000,
            Self::Microsecond => 1,
            other => other.field().size(),
        }
    }
}

/// The literal for what [`parse`] found.
pub(super) fn literal(text: &str, from: Option<&str>, to: Option<&str>, at: Option<Position>) -> Result<Expression> {
    let invalid = |why: &str| QueryError::new("INVALID_INTERVAL_FORMAT", format!("The interval '{text}' is invalid: {why}")).at(at);
    let (amount, data_type) = match (from.and_then(Unit::of), to.and_then(Unit::of)) {
        (Some(from), Some(to)) => (between(text, from, to).map_err(invalid)?, DataType::interval(from.field(), to.field())),
        _ => units(text).map_err(invalid)?,
    };
    if matches!(data_type, DataType::YearMonthInterval { .. }) && i32::try_from(amount).is_err() {
        return Err(invalid("it is out of range"));
    }
    Ok(Expression::Literal { value: Some(amount.to_string()), data_type })
}

type Parts<T> = std::result::Result<T, &'static str>;

const OUT_OF_RANGE: &str = "it is out of range";

/// `1 year 2 months`, `-3 days 1.5 seconds`; the word `interval` may come first.
fn units(text: &str) -> Parts<(i64, DataType)> {
    let lower = text.trim().to_ascii_lowercase();
    let mut words = lower.split_whitespace().peekable();
    if words.peek() == Some(&"interval") {
        words.next();
    }
    let mut total = 0i64;
    let mut fields: Option<(IntervalField, IntervalField)> = None;
    while let Some(number) = words.next() {
        // `- 1 day` has its sign apart.
        let joined;
        let number = if matches!(number, "-" | "+") {
            joined = format!("{number}{}", words.next().unwrap_or_default());
            joined.as_str()
        } else {
            number
        };
        let unit = words.next().ok_or("a number has no unit")?;
        let unit = Unit::of(unit).ok_or("it has an unknown unit")?;
        let field = unit.field();
        fields = Some(match fields {
            None => (field, field),
            Some((_, end)) if (end <= IntervalField::Month) != (field <= IntervalField::Month) => {
                return Err("year-month and day-time fields cannot be mixed");
            }
            Some((start, end)) => (start.min(field), end.max(field)),
        });
        let amount = if unit == Unit::Second { seconds(number) } else { whole(number)?.checked_mul(unit.size()) };
        total = amount.and_then(|amount| total.checked_add(amount)).ok_or(OUT_OF_RANGE)?;
    }
    let (start, end) = fields.ok_or("it has no unit")?;
    Ok((total, DataType::interval(start, end)))
}

fn whole(number: &str) -> Parts<i64> {
    number.parse().map_err(|_| "a whole number is expected before its unit")
}

/// Seconds with up to nine decimals, in microseconds (the rest is cut off).
fn seconds(number: &str) -> Option<i64> {
    let (negative, digits) = match number.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.len() > 9 || !whole.chars().chain(fraction.chars()).all(|c| c.is_ascii_digit())
    {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let micros: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    let total = whole.checked_mul(MICROS_PER_SECOND)?.checked_add(micros)?;
    Some(if negative { -total } else { total })
}

/// `'1-2' YEAR TO MONTH`, `'1 02:03:04.5' DAY TO SECOND` and the ranges between.
fn between(text: &str, from: Unit, to: Unit) -> Parts<i64> {
    const FORMAT: &str = "it does not have the format of its fields";
    let trimmed = text.trim();
    let (negative, rest) = match trimmed.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let unsigned = |part: &str| -> Parts<i64> {
        if part.is_empty() || !part.chars().all(|c| c.is_ascii_digit()) {
            return Err(FORMAT);
        }
        part.parse().map_err(|_| OUT_OF_RANGE)
    };
    let signed = |total: i64| if negative { -total } else { total };
    if (from, to) == (Unit::Year, Unit::Month) {
        let (years, months) = rest.split_once('-').ok_or(FORMAT)?;
        let months = unsigned(months)?;
        if months > 11 {
            return Err("months must be between 0 and 11");
        }
        let total = unsigned(years)?.checked_mul(12).and_then(|m| m.checked_add(months)).ok_or(OUT_OF_RANGE)?;
        return Ok(signed(total));
    }
    if from < Unit::Day || to > Unit::Second || from >= to {
        return Err("no such range of fields");
    }
    let (mut unit, mut total, time) = match (from, rest.split_once(' ')) {
        (Unit::Day, Some((days, time))) => (Unit::Hour, unsigned(days)?.checked_mul(MICROS_PER_DAY), time),
        (Unit::Day, None) => return Err(FORMAT),
        _ => (from, Some(0), rest),
    };
    let mut parts = time.split(':');
    loop {
        let part = parts.next().ok_or(FORMAT)?;
        let amount = if unit == Unit::Second {
            if part.starts_with(['-', '+']) {
                return Err(FORMAT);
            }
            Some(seconds(part).ok_or(FORMAT)?)
        } else {
            unsigned(part)?.checked_mul(unit.size())
        };
        // Only the first field may exceed its natural range.
        let limit = match unit {
            Unit::Hour => 24 * MICROS_PER_HOUR,
            Unit::Minute => MICROS_PER_HOUR,
            _ => MICROS_PER_MINUTE,
        };
        if unit != from && amount.is_none_or(|amount| amount >= limit) {
            return Err("a field is outside its range");
        }
        total = total.zip(amount).and_then(|(total, amount)| total.checked_add(amount));
        if unit == to {
            break;
        }
        unit = if unit == Unit::Hour { Unit::Minute } else { Unit::Second };
    }
    if parts.next().is_some() {
        return Err(FORMAT);
    }
    Ok(signed(total.ok_or(OUT_OF_RANGE)?))
}
