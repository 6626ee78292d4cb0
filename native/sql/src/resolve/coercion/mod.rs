//! Spark's implicit type coercion under ANSI: common types, implicit casts, which casts exist at all.

mod casts;
pub(super) mod decimal;
mod implicit;
mod literal;
mod wider;

pub(super) use casts::{cast_makes_null, check_cast};
pub(super) use implicit::{Slot, implicit_type};
pub(super) use literal::{fold_cast, is_foldable, long_value, negate_literal};
pub(super) use wider::{promoted_string, same_type, tightest, wider_common, wider_of_two, wider_without_strings};

use super::output::data_type_of;
use crate::tree::{DataType, Expression};

/// The expression as `target`: itself if it has the type already, a typed NULL for NULL, else a cast.
pub(super) fn cast_to(expression: Expression, target: &DataType) -> Expression {
    let own = data_type_of(&expression);
    if same_type(&own, target) {
        return expression;
    }
    if let Expression::Literal { value: None, .. } = expression {
        return Expression::Literal { value: None, data_type: target.clone() };
    }
    Expression::Cast { expression: Box::new(expression), data_type: target.clone(), is_try: false, position: None }
}

pub(super) const fn is_integral(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Byte | DataType::Short | DataType::Integer | DataType::Long)
}

pub(super) const fn is_float(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Float | DataType::Double)
}

pub(super) const fn is_decimal(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Decimal { .. })
}

pub(super) const fn is_numeric(data_type: &DataType) -> bool {
    is_integral(data_type) || is_float(data_type) || is_decimal(data_type)
}

pub(super) const fn is_interval(data_type: &DataType) -> bool {
    matches!(data_type, DataType::YearMonthInterval { .. } | DataType::DayTimeInterval { .. })
}

pub(super) const fn is_timestamp(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Timestamp | DataType::TimestampNtz)
}

pub(super) const fn is_datetime(data_type: &DataType) -> bool {
    is_timestamp(data_type) || matches!(data_type, DataType::Date)
}

/// One value, not made of others.
pub(super) const fn is_atomic(data_type: &DataType) -> bool {
    !matches!(
        data_type,
        DataType::Null | DataType::CalendarInterval | DataType::Array { .. } | DataType::Map { .. } | DataType::Struct { .. }
    )
}

/// Can be compared and sorted: all but maps and what holds one.
pub(super) fn is_orderable(data_type: &DataType) -> bool {
    match data_type {
        DataType::Map { .. } | DataType::CalendarInterval => false,
        DataType::Array { element, .. } => is_orderable(element),
        DataType::Struct { fields } => fields.iter().all(|field| is_orderable(&field.data_type)),
        _ => true,
    }
}
