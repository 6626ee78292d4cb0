//! Constants: what is foldable, small integer constants, casts of literals.
use super::casts::invalid_literal;
use super::{is_integral, same_type};
use crate::error::Result;
use crate::tree::{DataType, Expression};

/// Constant: no column, no subquery, nothing random.
pub(in crate::resolve) fn is_foldable(expression: &Expression) -> bool {
    !super::super::visit::any(expression, &|part| match part {
        Expression::Column { .. } | Expression::OuterColumn { .. } | Expression::Subquery { .. } | Expression::Window { .. } => true,
        Expression::Call { name, .. } => crate::resolve::registry::is_indeterminate(name) || crate::resolve::registry::is_aggregate(name),
        _ => false,
    })
}

/// The value of a small constant integer expression.
pub(in crate::resolve) fn long_value(expression: &Expression) -> Option<i64> {
    match expression {
        Expression::Literal { value: Some(value), data_type } if is_integral(data_type) => value.parse().ok(),
        Expression::Literal { value: Some(value), data_type: DataType::String } => value.trim().parse().ok(),
        Expression::Cast { expression, data_type, .. } if is_integral(data_type) => long_value(expression),
        Expression::Call { name, arguments, .. } => match (name.as_str(), arguments.as_slice()) {
            ("negative", [only]) => long_value(only)?.checked_neg(),
            ("+", [left, right]) => long_value(left)?.checked_add(long_value(right)?),
            ("-", [left, right]) => long_value(left)?.checked_sub(long_value(right)?),
            ("*", [left, right]) => long_value(left)?.checked_mul(long_value(right)?),
            _ => None,
        },
        _ => None,
    }
}

/// The negated literal of a number or interval.
pub(in crate::resolve) fn negate_literal(expression: &Expression) -> Option<Expression> {
    let Expression::Literal { value: Some(value), data_type } = expression else { return None };
    let negated = value.strip_prefix('-').map_or_else(|| format!("-{value}"), str::to_owned);
    Some(Expression::Literal { value: Some(negated), data_type: data_type.clone() })
}

/// A cast of a literal as a literal, where the new text is plain to see; `None`: leave it to the engine.
pub(in crate::resolve) fn fold_cast(expression: &Expression, target: &DataType) -> Result<Option<Expression>> {
    let Expression::Literal { value, data_type } = expression else { return Ok(None) };
    let with = |value: Option<String>| Some(Expression::Literal { value, data_type: target.clone() });
    let Some(value) = value else { return Ok(with(None)) };
    if same_type(data_type, target) {
        return Ok(with(Some(value.clone())));
    }
    Ok(match (data_type, target) {
        (from, DataType::Decimal { precision, scale }) if is_integral(from) || super::is_decimal(from) => {
            rescaled(value, usize::from(*precision), *scale).and_then(|text| with(Some(text)))
        }
        (from, to) if is_integral(from) && is_integral(to) => {
            let fits = value.parse::<i128>().is_ok_and(|number| in_range(number, to));
            if fits { with(Some(value.clone())) } else { None }
        }
        (from, DataType::Double) if is_integral(from) || super::is_decimal(from) => with(Some(value.clone())),
        (DataType::Float, DataType::Double) => None,
        (DataType::String, to) if is_integral(to) => match value.trim().parse::<i128>() {
            Ok(number) if in_range(number, to) => with(Some(number.to_string())),
            Ok(_) => None,
            Err(_) if value.trim().is_empty() || !value.contains(|c: char| c.is_ascii_digit()) => {
                return Err(invalid_literal(value, to));
            }
            Err(_) => None,
        },
        (from, DataType::String) if is_integral(from) || matches!(from, DataType::Boolean | DataType::Date) => with(Some(value.clone())),
        (DataType::String, DataType::Date) if is_iso_date(value) => with(Some(value.clone())),
        _ => None,
    })
}

const fn in_range(number: i128, to: &DataType) -> bool {
    let limit: i128 = match to {
        DataType::Byte => 1 << 7,
        DataType::Short => 1 << 15,
        DataType::Integer => 1 << 31,
        _ => 1 << 63,
    };
    -limit <= number && number < limit
}

/// Decimal text with exactly `scale` digits behind the point; `None` if digits would be lost.
fn rescaled(value: &str, precision: usize, scale: i8) -> Option<String> {
    let scale = usize::try_from(scale).ok()?;
    let (sign, digits) = value.strip_prefix('-').map_or(("", value), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if !digits.chars().all(|c| c.is_ascii_digit() || c == '.') || fraction.len() > scale {
        return None;
    }
    if whole.trim_start_matches('0').len() + scale > precision {
        return None;
    }
    let point = if scale == 0 { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}{}", "0".repeat(scale - fraction.len())))
}

fn is_iso_date(value: &str) -> bool {
    let bytes = value.as_bytes();
    bytes.len() == 10
        && bytes.iter().enumerate().all(|(index, byte)| if index == 4 || index == 7 { *byte == b'-' } else { byte.is_ascii_digit() })
        && value.get(5..7).is_some_and(|month| ("01"..="12").contains(&month))
        && value.get(8..10).is_some_and(|day| ("01"..="28").contains(&day))
}
