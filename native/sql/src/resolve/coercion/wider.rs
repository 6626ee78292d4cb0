//! The type that two or more types have in common.
use super::decimal::{self, digits_of};
use super::{is_atomic, is_decimal, is_float, is_integral, is_interval, is_numeric};
use crate::tree::{DataType, IntervalField, StructField};

type Widen = fn(&DataType, &DataType) -> Option<DataType>;

/// Equal but for the nullability of what is inside.
pub(in crate::resolve) fn same_type(left: &DataType, right: &DataType) -> bool {
    match (left, right) {
        (DataType::Array { element: a, .. }, DataType::Array { element: b, .. }) => same_type(a, b),
        (DataType::Map { key: k1, value: v1, .. }, DataType::Map { key: k2, value: v2, .. }) => same_type(k1, k2) && same_type(v1, v2),
        (DataType::Struct { fields: a }, DataType::Struct { fields: b }) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.name == b.name && same_type(&a.data_type, &b.data_type))
        }
        _ => left == right,
    }
}

/// The one of both that holds the other without loss, if there is one.
pub(in crate::resolve) fn tightest(left: &DataType, right: &DataType) -> Option<DataType> {
    use DataType::{Date, Null, Timestamp, TimestampNtz};
    match (left, right) {
        (a, b) if a == b => Some(a.clone()),
        (Null, other) | (other, Null) => Some(other.clone()),
        (a, b) if is_integral(a) && is_decimal(b) => holds(b, a).then(|| b.clone()),
        (a, b) if is_decimal(a) && is_integral(b) => holds(a, b).then(|| a.clone()),
        (a, b) if is_numeric(a) && is_numeric(b) && !is_decimal(a) && !is_decimal(b) => {
            let wide = if rank(a) >= rank(b) { a } else { b };
            Some(if *wide == DataType::Float { DataType::Double } else { wide.clone() })
        }
        (Timestamp, Date | TimestampNtz) | (Date | TimestampNtz, Timestamp) => Some(Timestamp),
        (TimestampNtz, Date) | (Date, TimestampNtz) => Some(TimestampNtz),
        _ => intervals(left, right).or_else(|| complex(left, right, tightest)),
    }
}

/// The fields of both.
fn intervals(left: &DataType, right: &DataType) -> Option<DataType> {
    let kinds = (is_interval(left) && is_interval(right)).then(|| (left.interval_fields(), right.interval_fields()));
    let Some((Some((start, end)), Some((from, to)))) = kinds else { return None };
    let same_kind = (end <= IntervalField::Month) == (to <= IntervalField::Month);
    same_kind.then(|| DataType::interval(start.min(from), end.max(to)))
}

fn holds(wide: &DataType, narrow: &DataType) -> bool {
    matches!((digits_of(wide), digits_of(narrow)), (Some(wide), Some(narrow)) if decimal::is_wider(wide, narrow))
}

const fn rank(data_type: &DataType) -> u8 {
    match data_type {
        DataType::Byte => 0,
        DataType::Short => 1,
        DataType::Integer => 2,
        DataType::Long => 3,
        DataType::Float => 4,
        _ => 5,
    }
}

/// Decimals and other numbers, with loss if 38 digits are not enough.
fn wider_decimal(left: &DataType, right: &DataType) -> Option<DataType> {
    if (is_decimal(left) && is_float(right)) || (is_float(left) && is_decimal(right)) {
        return Some(DataType::Double);
    }
    let exact = |t: &DataType| is_decimal(t) || is_integral(t);
    if !(exact(left) && exact(right) && (is_decimal(left) || is_decimal(right))) {
        return None;
    }
    Some(decimal::wider(digits_of(left)?, digits_of(right)?))
}

/// The type a string takes beside another type: ANSI never makes a string of a number.
pub(in crate::resolve) fn promoted_string(left: &DataType, right: &DataType) -> Option<DataType> {
    let other = match (left, right) {
        (DataType::String, DataType::String) => return None,
        (DataType::String, other) | (other, DataType::String) => other,
        _ => return None,
    };
    match other {
        DataType::Null => Some(DataType::String),
        t if is_integral(t) => Some(DataType::Long),
        t if is_float(t) || is_decimal(t) => Some(DataType::Double),
        t if is_interval(t) => None,
        t if is_atomic(t) => Some(t.clone()),
        _ => None,
    }
}

/// The common type of two, strings promoted.
pub(in crate::resolve) fn wider_of_two(left: &DataType, right: &DataType) -> Option<DataType> {
    tightest(left, right)
        .or_else(|| wider_decimal(left, right))
        .or_else(|| promoted_string(left, right))
        .or_else(|| complex(left, right, wider_of_two))
}

fn wider_of_two_without_strings(left: &DataType, right: &DataType) -> Option<DataType> {
    tightest(left, right).or_else(|| wider_decimal(left, right)).or_else(|| complex(left, right, wider_of_two_without_strings))
}

/// The common type of all, strings promoted (`coalesce`, CASE, IN).
pub(in crate::resolve) fn wider_common(types: &[DataType]) -> Option<DataType> {
    wider(types, wider_of_two)
}

/// The common type of all; strings only beside strings (`greatest`, VALUES).
pub(in crate::resolve) fn wider_without_strings(types: &[DataType]) -> Option<DataType> {
    wider(types, wider_of_two_without_strings)
}

fn wider(types: &[DataType], widen: Widen) -> Option<DataType> {
    types.iter().try_fold(DataType::Null, |wide, next| widen(&wide, next))
}

fn complex(left: &DataType, right: &DataType, widen: Widen) -> Option<DataType> {
    match (left, right) {
        (DataType::Array { element: a, contains_null: n1 }, DataType::Array { element: b, contains_null: n2 }) => {
            let element = Box::new(widen(a, b)?);
            Some(DataType::Array { element, contains_null: *n1 || *n2 })
        }
        (DataType::Map { key: k1, value: v1, value_contains_null: n1 }, DataType::Map { key: k2, value: v2, value_contains_null: n2 }) => {
            Some(DataType::Map { key: Box::new(widen(k1, k2)?), value: Box::new(widen(v1, v2)?), value_contains_null: *n1 || *n2 })
        }
        (DataType::Struct { fields: a }, DataType::Struct { fields: b }) if a.len() == b.len() => {
            let fields = a.iter().zip(b).map(|(a, b)| {
                (a.name.to_lowercase() == b.name.to_lowercase()).then_some(())?;
                let data_type = widen(&a.data_type, &b.data_type)?;
                Some(StructField { name: a.name.clone(), data_type, nullable: a.nullable || b.nullable })
            });
            Some(DataType::Struct { fields: fields.collect::<Option<Vec<_>>>()? })
        }
        _ => None,
    }
}
