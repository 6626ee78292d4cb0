//! Which casts exist under ANSI, and which may turn a value into NULL in Spark's eyes.
use super::decimal::{digits_of, is_wider};
use super::{is_decimal, is_float, is_integral, is_interval, is_numeric, same_type};
use crate::error::{QueryError, Result};
use crate::resolve::auto_name::sql_type;
use crate::resolve::errors;
use crate::tree::{DataType, Position};

/// An error if `from` cannot be cast to `to`. `label` is the whole cast as Spark prints it.
pub(in crate::resolve) fn check_cast(from: &DataType, to: &DataType, is_try: bool, label: &str, position: Option<Position>) -> Result<()> {
    if can_cast(from, to) {
        return Ok(());
    }
    let reason = format!("cannot cast \"{}\" to \"{}\".", sql_type(from), sql_type(to));
    Err(match suggestion(from, to) {
        Suggestion::Function(hint) if !is_try => errors::mismatch("CAST_WITH_FUNC_SUGGESTION", label, reason, position).hint(hint),
        Suggestion::Setting if !is_try => errors::mismatch("CAST_WITH_CONF_SUGGESTION", label, reason, position),
        _ => errors::mismatch("CAST_WITHOUT_SUGGESTION", label, reason, position),
    })
}

fn can_cast(from: &DataType, to: &DataType) -> bool {
    use DataType::{Array, Binary, Boolean, Date, Map, Null, String, Struct, Timestamp, TimestampNtz};
    match (from, to) {
        (a, b) if same_type(a, b) => true,
        (_, Null) => false,
        (Null, _) | (_, String) => true,
        (String, Binary | Boolean | Date | Timestamp | TimestampNtz) => true,
        (String, t) => is_numeric(t) || is_interval(t) || *t == DataType::CalendarInterval,
        (Boolean, t) => is_numeric(t),
        (t, Boolean) => is_numeric(t),
        (Date, Timestamp | TimestampNtz) | (Timestamp, Date | TimestampNtz) | (TimestampNtz, Date | Timestamp) => true,
        (a, b) if is_numeric(a) && is_numeric(b) => true,
        (t, Timestamp) | (Timestamp, t) if is_numeric(t) => true,
        (DataType::YearMonthInterval { .. }, DataType::YearMonthInterval { .. })
        | (DataType::DayTimeInterval { .. }, DataType::DayTimeInterval { .. }) => true,
        (a, b) if (is_integral(a) || is_decimal(a)) && is_interval(b) => true,
        (a, b) if is_interval(a) && (is_integral(b) || is_decimal(b)) => true,
        (Array { element: a, .. }, Array { element: b, .. }) => can_cast(a, b),
        (Map { key: k1, value: v1, .. }, Map { key: k2, value: v2, .. }) => can_cast(k1, k2) && can_cast(v1, v2),
        (Struct { fields: a }, Struct { fields: b }) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| can_cast(&a.data_type, &b.data_type))
        }
        _ => false,
    }
}

enum Suggestion {
    None,
    /// Spark has a function that does it.
    Function(&'static str),
    /// Allowed with ANSI off.
    Setting,
}

fn suggestion(from: &DataType, to: &DataType) -> Suggestion {
    match (from, to) {
        (t, DataType::Date) if is_numeric(t) => {
            Suggestion::Function("To convert values from numbers to \"DATE\", use the function `DATE_FROM_UNIX_DATE`")
        }
        (DataType::Date, t) if is_numeric(t) => {
            Suggestion::Function("To convert values from \"DATE\" to numbers, use the function `UNIX_DATE`")
        }
        (DataType::Boolean, DataType::Timestamp) | (DataType::Date | DataType::Timestamp, DataType::Boolean) => Suggestion::Setting,
        (t, DataType::Binary) if is_integral(t) => Suggestion::Setting,
        _ => Suggestion::None,
    }
}

/// Spark's `Cast.forceNullable`: the result counts as nullable whatever the input says.
pub(in crate::resolve) fn cast_makes_null(from: &DataType, to: &DataType) -> bool {
    use DataType::{Binary, Byte, CalendarInterval, Date, Integer, Null, Short, String, Timestamp};
    match (from, to) {
        (Null, _) => false,
        (a, b) if a == b => false,
        (String, Binary) => false,
        (String, _) => true,
        (_, String) => false,
        (Timestamp, Byte | Short | Integer) => true,
        (t, Timestamp) if is_float(t) => true,
        (Timestamp, Date) => false,
        (_, Date) => true,
        (Date, Timestamp) => false,
        (Date, _) => true,
        (_, CalendarInterval) => true,
        (a, b) if is_decimal(b) => match (digits_of(a), digits_of(b)) {
            _ if is_float(a) => true,
            _ if *a == DataType::Boolean => !digits_of(b).is_some_and(|digits| is_wider(digits, (1, 0))),
            (Some(own), Some(target)) => !is_wider(target, own),
            _ => true,
        },
        (a, b) if (is_float(a) || is_decimal(a)) && is_integral(b) => true,
        _ => false,
    }
}

/// For `Relation::LocalRelation` and the like: the text of a literal that cannot be read as its type.
pub(super) fn invalid_literal(value: &str, to: &DataType) -> QueryError {
    QueryError::new(
        "CAST_INVALID_INPUT",
        format!("The value '{value}' of the type \"STRING\" cannot be cast to \"{}\" because it is malformed.", sql_type(to)),
    )
}
