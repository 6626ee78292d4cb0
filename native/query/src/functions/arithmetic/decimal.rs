//! `+ - *` of decimals with Spark's result types.
//!
//! Values that fit 64 bits (prices, quantities, rates) are multiplied by one machine instruction without
//! checks: their product has fewer than 38 digits. Everything else goes through 128 and 256 bits.
use super::integer::Op;
use super::operands::{OnError, Operand, binary, operands, rows, try_binary};
use super::wide::{self, POWERS};
use crate::functions::types::adjusted_decimal;
use arrow::array::PrimitiveArray;
use arrow::datatypes::{DataType, Decimal128Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::ScalarFunctionArgs;

pub type Decimals = PrimitiveArray<Decimal128Type>;

pub fn parameters(data_type: &DataType) -> Result<(u8, i8)> {
    match data_type {
        DataType::Decimal128(precision, scale) => Ok((*precision, *scale)),
        other => exec_err!("expected a decimal, got {other}"),
    }
}

/// Precision and scale of the exact result, before Spark limits it to 38 digits.
fn exact(op: Op, (p1, s1): (u8, i8), (p2, s2): (u8, i8)) -> (i32, i32) {
    let (p1, s1, p2, s2) = (i32::from(p1), i32::from(s1), i32::from(p2), i32::from(s2));
    match op {
        Op::Add | Op::Subtract => {
            let scale = s1.max(s2);
            ((p1 - s1).max(p2 - s2) + scale + 1, scale)
        }
        Op::Multiply => (p1 + p2 + 1, s1 + s2),
    }
}

pub fn result_type(op: Op, left: &DataType, right: &DataType) -> Result<DataType> {
    let (precision, scale) = exact(op, parameters(left)?, parameters(right)?);
    let (precision, scale) = adjusted_decimal(precision, scale);
    Ok(DataType::Decimal128(precision, scale))
}

pub fn arithmetic(op: Op, on_error: OnError, args: &ScalarFunctionArgs) -> Result<Decimals> {
    let (left_type, right_type) = (argument_type(args, 0)?, argument_type(args, 1)?);
    let (left, right) = operands::<Decimal128Type, Decimal128Type>(args)?;
    let (exact_precision, exact_scale) = exact(op, left_type, right_type);
    let (precision, scale) = adjusted_decimal(exact_precision, exact_scale);
    let rows = rows(args);
    let fits = |v: i128| i128::from(v as i64) == v;
    let exact_fits = exact_precision <= 38;
    let array: Decimals = match op {
        Op::Multiply if i32::from(scale) == exact_scale && left.all(fits) && right.all(fits) => {
            binary(&left, &right, rows, |l, r| i128::from(l as i64) * i128::from(r as i64))
        }
        Op::Multiply if exact_fits => binary(&left, &right, rows, i128::wrapping_mul),
        Op::Multiply => multiply_checked(&left, &right, rows, on_error, exact_scale as i8, (precision, scale))?,
        Op::Add | Op::Subtract if exact_fits => {
            let (l, r) =
                (POWERS[(exact_scale - i32::from(left_type.1)) as usize], POWERS[(exact_scale - i32::from(right_type.1)) as usize]);
            let negative = op == Op::Subtract;
            add_exact(&left, l, &right, if negative { -r } else { r }, rows)
        }
        Op::Add | Op::Subtract => try_binary(&left, &right, rows, on_error, |l, r| {
            let r = if op == Op::Subtract { -r } else { r };
            wide::add(l, left_type.1, r, right_type.1, precision, scale)
        })?,
    };
    Ok(array.with_precision_and_scale(precision, scale)?)
}

fn argument_type(args: &ScalarFunctionArgs, index: usize) -> Result<(u8, i8)> {
    match args.arg_fields.get(index) {
        Some(field) => parameters(field.data_type()),
        None => exec_err!("argument {index} is missing"),
    }
}

/// The result has at most 38 digits by its type, so nothing overflows but the unused value of a NULL.
fn add_exact(left: &Operand<Decimal128Type>, l_factor: i128, right: &Operand<Decimal128Type>, r_factor: i128, rows: usize) -> Decimals {
    match (l_factor, r_factor) {
        (1, 1) => binary(left, right, rows, i128::wrapping_add),
        (1, -1) => binary(left, right, rows, i128::wrapping_sub),
        _ => binary(left, right, rows, |l, r| l.wrapping_mul(l_factor).wrapping_add(r.wrapping_mul(r_factor))),
    }
}

fn multiply_checked(
    left: &Operand<Decimal128Type>,
    right: &Operand<Decimal128Type>,
    rows: usize,
    on_error: OnError,
    exact_scale: i8,
    (precision, scale): (u8, i8),
) -> Result<Decimals> {
    let limit = wide::power(u32::from(precision));
    let drop = (exact_scale - scale).unsigned_abs();
    try_binary(left, right, rows, on_error, |l, r| {
        // A product of at most 38 digits is rounded once; a longer one as BigDecimal does.
        match l.checked_mul(r) {
            Some(product) if product < limit && product > -limit => Ok(wide::round_down(product, u32::from(drop))),
            _ => wide::multiply(l, r, exact_scale, precision, scale),
        }
    })
}
