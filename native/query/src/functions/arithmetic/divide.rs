//! `/`, `div`, `%` and `pmod`: a zero divisor is an error, or NULL for the `try_` functions.
use super::decimal::{Decimals, parameters};
use super::operands::{OnError, operands, rows, try_binary};
use super::wide::{self, power};
use crate::functions::error::SparkError;
use crate::functions::types::adjusted_decimal;
use arrow::array::{ArrayRef, ArrowPrimitiveType};
use arrow::datatypes::{
    ArrowNativeTypeOp, DataType, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, IntervalUnit, IntervalYearMonthType, TimeUnit,
};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::ScalarFunctionArgs;
use std::sync::Arc;

pub fn quotient_type(left: &DataType, right: &DataType) -> Result<DataType> {
    if !matches!(left, DataType::Decimal128(..)) {
        return Ok(left.clone());
    }
    let ((p1, s1), (p2, s2)) = (wide_parameters(left)?, wide_parameters(right)?);
    let scale = (s1 + p2 + 1).max(6);
    let (precision, scale) = adjusted_decimal(p1 - s1 + s2 + scale, scale);
    Ok(DataType::Decimal128(precision, scale))
}

pub fn remainder_type(left: &DataType, right: &DataType) -> Result<DataType> {
    if !matches!(left, DataType::Decimal128(..)) {
        return Ok(left.clone());
    }
    let ((p1, s1), (p2, s2)) = (wide_parameters(left)?, wide_parameters(right)?);
    let scale = s1.max(s2);
    let (precision, scale) = adjusted_decimal((p1 - s1).min(p2 - s2) + scale, scale);
    Ok(DataType::Decimal128(precision, scale))
}

fn wide_parameters(data_type: &DataType) -> Result<(i32, i32)> {
    let (precision, scale) = parameters(data_type)?;
    Ok((i32::from(precision), i32::from(scale)))
}

/// `/` of doubles and decimals.
pub fn divide(on_error: OnError, args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    match (args.arg_fields[0].data_type(), args.arg_fields[1].data_type()) {
        (DataType::Float64, DataType::Float64) => float::<Float64Type>(on_error, args, SparkError::divide_by_zero, |l, r| l / r),
        (DataType::Float32, DataType::Float32) => float::<Float32Type>(on_error, args, SparkError::divide_by_zero, |l, r| l / r),
        (left @ DataType::Decimal128(..), right @ DataType::Decimal128(..)) => {
            let (precision, scale) = parameters(&quotient_type(left, right)?)?;
            let ((_, s1), (_, s2)) = (parameters(left)?, parameters(right)?);
            let raise = i32::from(scale) - i32::from(s1) + i32::from(s2);
            let (l, r) = operands::<Decimal128Type, Decimal128Type>(args)?;
            let array: Decimals = try_binary(&l, &r, rows(args), on_error, |l, r| match r {
                0 => Err(SparkError::divide_by_zero()),
                _ => wide::divide(l, r, raise, precision, scale),
            })?;
            Ok(Arc::new(array.with_precision_and_scale(precision, scale)?))
        }
        (left, right) => exec_err!("{left} / {right}"),
    }
}

fn float<T: ArrowPrimitiveType>(
    on_error: OnError,
    args: &ScalarFunctionArgs,
    zero: fn() -> SparkError,
    f: impl Fn(T::Native, T::Native) -> T::Native,
) -> Result<ArrayRef>
where
    T::Native: PartialEq + ArrowNativeTypeOp,
{
    let (l, r) = operands::<T, T>(args)?;
    let negative_zero = T::Native::ZERO.neg_wrapping();
    let array = try_binary::<T, T, T>(&l, &r, rows(args), on_error, |l, r| {
        if r == T::Native::ZERO || r == negative_zero { Err(zero()) } else { Ok(f(l, r)) }
    })?;
    Ok(Arc::new(array))
}

/// `div`: the quotient of integers, decimals or intervals without its fraction, a BIGINT.
pub fn integral_divide(on_error: OnError, args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let (left, right) = (args.arg_fields[0].data_type(), args.arg_fields[1].data_type());
    match (left, right) {
        (DataType::Int64, DataType::Int64) => whole::<Int64Type>(on_error, args, SparkError::divide_by_zero),
        (DataType::Duration(TimeUnit::Microsecond), _) => {
            whole::<DurationMicrosecondType>(on_error, args, SparkError::interval_divided_by_zero)
        }
        (DataType::Interval(IntervalUnit::YearMonth), _) => {
            whole::<IntervalYearMonthType>(on_error, args, SparkError::interval_divided_by_zero)
        }
        (DataType::Decimal128(_, s1), DataType::Decimal128(_, s2)) => {
            let (l, r) = operands::<Decimal128Type, Decimal128Type>(args)?;
            let (s1, s2) = (i32::from(*s1), i32::from(*s2));
            let array = try_binary::<_, _, Int64Type>(&l, &r, rows(args), on_error, |l, r| {
                if r == 0 {
                    return Err(SparkError::divide_by_zero());
                }
                truncated_quotient(l, s1, r, s2).and_then(|v| i64::try_from(v).ok()).ok_or_else(division_overflow)
            })?;
            Ok(Arc::new(array))
        }
        (left, right) => exec_err!("{left} div {right}"),
    }
}

fn truncated_quotient(left: i128, s1: i32, right: i128, s2: i32) -> Option<i128> {
    use arrow::datatypes::i256;
    let common = s1.max(s2);
    let raise = |v: i128, s: i32| i256::from_i128(v).checked_mul(i256::from_i128(power((common - s) as u32)));
    raise(left, s1)?.checked_div(raise(right, s2)?)?.to_i128()
}

fn whole<T: ArrowPrimitiveType>(on_error: OnError, args: &ScalarFunctionArgs, zero: fn() -> SparkError) -> Result<ArrayRef>
where
    T::Native: Into<i64>,
{
    let (l, r) = operands::<T, T>(args)?;
    let array = try_binary::<T, T, Int64Type>(&l, &r, rows(args), on_error, |l, r| {
        let (l, r): (i64, i64) = (l.into(), r.into());
        if r == 0 {
            return Err(zero());
        }
        l.checked_div(r).ok_or_else(division_overflow)
    })?;
    Ok(Arc::new(array))
}

fn division_overflow() -> SparkError {
    SparkError::overflow("Overflow in integral divide", Some("try_divide"))
}

/// `%` (sign of the dividend) or `pmod` (never negative for a positive divisor).
pub fn remainder(positive: bool, on_error: OnError, args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let (left, right) = (args.arg_fields[0].data_type(), args.arg_fields[1].data_type());
    match (left, right) {
        (DataType::Int8, _) => modulo::<Int8Type>(positive, on_error, args),
        (DataType::Int16, _) => modulo::<Int16Type>(positive, on_error, args),
        (DataType::Int32, _) => modulo::<Int32Type>(positive, on_error, args),
        (DataType::Int64, _) => modulo::<Int64Type>(positive, on_error, args),
        (DataType::Float32, _) => modulo::<Float32Type>(positive, on_error, args),
        (DataType::Float64, _) => modulo::<Float64Type>(positive, on_error, args),
        (DataType::Decimal128(_, s1), DataType::Decimal128(_, s2)) => {
            use arrow::datatypes::i256;
            let (precision, scale) = parameters(&remainder_type(left, right)?)?;
            let common = *s1.max(s2);
            let (l_factor, r_factor) = (power((common - s1) as u32), power((common - s2) as u32));
            let (l, r) = operands::<Decimal128Type, Decimal128Type>(args)?;
            let wide = |v: i128, factor: i128| i256::from_i128(v).wrapping_mul(i256::from_i128(factor));
            let array: Decimals = try_binary(&l, &r, rows(args), on_error, |l, r| {
                if r == 0 {
                    return Err(SparkError::remainder_by_zero());
                }
                let divisor = wide(r, r_factor);
                let mut rest = wide(l, l_factor).wrapping_rem(divisor);
                if positive && rest.is_negative() {
                    rest = rest.wrapping_add(divisor).wrapping_rem(divisor);
                }
                wide::fit(rest, common, precision, scale)
            })?;
            Ok(Arc::new(array.with_precision_and_scale(precision, scale)?))
        }
        (left, right) => exec_err!("{left} % {right}"),
    }
}

fn modulo<T: ArrowPrimitiveType>(positive: bool, on_error: OnError, args: &ScalarFunctionArgs) -> Result<ArrayRef>
where
    T::Native: ArrowNativeTypeOp,
{
    let (l, r) = operands::<T, T>(args)?;
    let (zero, negative_zero) = (T::Native::ZERO, T::Native::ZERO.neg_wrapping());
    let array = try_binary::<T, T, T>(&l, &r, rows(args), on_error, |l, r| {
        if r.is_eq(zero) || r.is_eq(negative_zero) {
            return Err(SparkError::remainder_by_zero());
        }
        let rest = l.mod_wrapping(r);
        if positive && rest.is_lt(zero) {
            return Ok(rest.add_wrapping(r).mod_wrapping(r));
        }
        Ok(rest)
    })?;
    Ok(Arc::new(array))
}

/// `avg` of decimals: the sum (scale `from`) over the count, HALF_UP.
pub fn average(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let (_, from) = parameters(args.arg_fields[0].data_type())?;
    let (precision, scale) = parameters(args.return_type())?;
    let (sum, count) = operands::<Decimal128Type, Int64Type>(args)?;
    let array: Decimals = try_binary(&sum, &count, rows(args), OnError::Null, |sum, count| match count {
        0 => Err(SparkError::divide_by_zero()),
        _ => wide::divide(sum, i128::from(count), i32::from(scale - from), precision, scale),
    })?;
    Ok(Arc::new(array.with_precision_and_scale(precision, scale)?))
}
