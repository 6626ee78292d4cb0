//! Precision and scale of decimal results, with `spark.sql.decimalOperations.allowPrecisionLoss` on.
use crate::tree::{DataType, Expression};

const MAX_PRECISION: i32 = 38;
/// Digits behind the point that a result keeps at least when its precision has to be cut.
const MIN_ADJUSTED_SCALE: i32 = 6;

/// Precision and scale.
pub(in crate::resolve) type Digits = (i32, i32);

/// The digits of a decimal, or those that hold every value of an integral (or, roughly, a float) type.
pub(in crate::resolve) fn digits_of(data_type: &DataType) -> Option<Digits> {
    match data_type {
        DataType::Decimal { precision, scale } => Some((i32::from(*precision), i32::from(*scale))),
        DataType::Byte => Some((3, 0)),
        DataType::Short => Some((5, 0)),
        DataType::Integer => Some((10, 0)),
        DataType::Long => Some((20, 0)),
        DataType::Float => Some((14, 7)),
        DataType::Double => Some((30, 15)),
        _ => None,
    }
}

/// Cuts both at 38.
pub(in crate::resolve) fn bounded(precision: i32, scale: i32) -> DataType {
    decimal(precision.min(MAX_PRECISION), scale.min(MAX_PRECISION))
}

fn decimal(precision: i32, scale: i32) -> DataType {
    let (precision, scale) = (precision.clamp(1, MAX_PRECISION), scale.clamp(-MAX_PRECISION, MAX_PRECISION));
    DataType::Decimal { precision: u8::try_from(precision).unwrap_or(38), scale: i8::try_from(scale).unwrap_or(0) }
}

/// Gives up digits behind the point, down to six, to keep those before it.
fn adjusted(precision: i32, scale: i32) -> DataType {
    if precision <= MAX_PRECISION {
        return decimal(precision, scale);
    }
    let integral = precision - scale;
    decimal(MAX_PRECISION, (MAX_PRECISION - integral).max(scale.min(MIN_ADJUSTED_SCALE)))
}

/// The type of `+ - * / % div` over two decimals (`pmod` as `%`).
pub(in crate::resolve) fn arithmetic(operator: &str, (p1, s1): Digits, (p2, s2): Digits) -> DataType {
    match operator {
        "*" => adjusted(p1 + p2 + 1, s1 + s2),
        "/" => {
            let scale = MIN_ADJUSTED_SCALE.max(s1 + p2 + 1);
            adjusted(p1 - s1 + s2 + scale, scale)
        }
        "%" => {
            let scale = s1.max(s2);
            adjusted((p1 - s1).min(p2 - s2) + scale, scale)
        }
        _ => {
            let scale = s1.max(s2);
            adjusted((p1 - s1).max(p2 - s2) + scale + 1, scale)
        }
    }
}

/// The decimal that holds both; digits before the point win when 38 are not enough.
pub(in crate::resolve) fn wider((p1, s1): Digits, (p2, s2): Digits) -> DataType {
    let scale = s1.max(s2);
    let precision = (p1 - s1).max(p2 - s2) + scale;
    if precision <= MAX_PRECISION {
        return decimal(precision, scale);
    }
    decimal(MAX_PRECISION, (scale - (precision - MAX_PRECISION)).max(0))
}

/// Every value of the other fits in this one.
pub(in crate::resolve) fn is_wider((p1, s1): Digits, (p2, s2): Digits) -> bool {
    p1 - s1 >= p2 - s2 && s1 >= s2
}

/// The result of `round` and its kin at `scale` places.
pub(in crate::resolve) fn rounded((precision, own): Digits, scale: i32) -> DataType {
    let integral = precision - own + 1;
    if scale < 0 {
        return decimal(integral.max(1 - scale), 0);
    }
    let scale = own.min(scale);
    decimal(integral + scale, scale)
}

/// The digits that an integer literal needs, and no more.
pub(in crate::resolve) fn literal_digits(expression: &Expression) -> Option<Digits> {
    match expression {
        Expression::Literal { value: Some(value), data_type } if super::is_integral(data_type) => {
            let digits = value.trim_start_matches(['-', '+']).trim_start_matches('0').len();
            Some((i32::try_from(digits.max(1)).ok()?, 0))
        }
        _ => None,
    }
}

pub(in crate::resolve) fn of_digits((precision, scale): Digits) -> DataType {
    decimal(precision, scale)
}
