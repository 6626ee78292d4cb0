//! `+ - *`, negation and `abs` of integers: checked, as ANSI SQL has them.
use super::operands::{OnError, Operand, binary, operands, rows, try_binary};
use crate::functions::error::SparkError;
use arrow::array::{ArrowPrimitiveType, PrimitiveArray};
use arrow::datatypes::{ArrowNativeTypeOp, DurationMicrosecondType, Int8Type, Int16Type, Int32Type, Int64Type, IntervalYearMonthType};
use datafusion::common::Result;
use datafusion::logical_expr::ScalarFunctionArgs;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    Add,
    Subtract,
    Multiply,
}

impl Op {
    fn symbol(self) -> char {
        match self {
            Self::Add => '+',
            Self::Subtract => '-',
            Self::Multiply => '*',
        }
    }

    fn alternative(self) -> &'static str {
        match self {
            Self::Add => "try_add",
            Self::Subtract => "try_subtract",
            Self::Multiply => "try_multiply",
        }
    }
}

pub trait Integer: ArrowPrimitiveType
where
    Self::Native: ArrowNativeTypeOp + Into<i64>,
{
    /// TINYINT and SMALLINT, whose overflow Spark words in its own way.
    const SMALL: bool;
    fn overflowing(op: Op, left: Self::Native, right: Self::Native) -> (Self::Native, bool);
}

macro_rules! integer {
    ($($type:ty, $small:expr;)*) => {$(
        impl Integer for $type {
            const SMALL: bool = $small;
            #[inline(always)]
            fn overflowing(op: Op, left: Self::Native, right: Self::Native) -> (Self::Native, bool) {
                match op {
                    Op::Add => left.overflowing_add(right),
                    Op::Subtract => left.overflowing_sub(right),
                    Op::Multiply => left.overflowing_mul(right),
                }
            }
        }
    )*};
}

integer! {
    Int8Type, true;
    Int16Type, true;
    Int32Type, false;
    Int64Type, false;
    IntervalYearMonthType, false;
    DurationMicrosecondType, false;
}

/// One pass without branches; only a batch that overflows is looked at again, row by row.
pub fn arithmetic<T: Integer>(op: Op, on_error: OnError, args: &ScalarFunctionArgs) -> Result<PrimitiveArray<T>>
where
    T::Native: Into<i64>,
{
    let (left, right) = operands::<T, T>(args)?;
    let rows = rows(args);
    let (result, overflow) = match op {
        Op::Add => run(&left, &right, rows, |l, r| T::overflowing(Op::Add, l, r)),
        Op::Subtract => run(&left, &right, rows, |l, r| T::overflowing(Op::Subtract, l, r)),
        Op::Multiply => run(&left, &right, rows, |l, r| T::overflowing(Op::Multiply, l, r)),
    };
    if !overflow {
        return Ok(result);
    }
    try_binary(&left, &right, rows, on_error, |l, r| match T::overflowing(op, l, r) {
        (value, false) => Ok(value),
        _ if T::SMALL => Err(SparkError::binary_overflow(l.into(), op.symbol(), r.into(), op.alternative())),
        _ => Err(SparkError::overflow(" overflow", Some(op.alternative()))),
    })
}

fn run<T: ArrowPrimitiveType>(
    left: &Operand<T>,
    right: &Operand<T>,
    rows: usize,
    f: impl Fn(T::Native, T::Native) -> (T::Native, bool),
) -> (PrimitiveArray<T>, bool) {
    let mut any = false;
    let result = binary(left, right, rows, |l, r| {
        let (value, overflow) = f(l, r);
        any |= overflow;
        value
    });
    (result, any)
}

/// `-x` or `abs(x)`.
pub fn negate<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>, only_negative: bool) -> Result<PrimitiveArray<T>>
where
    T::Native: ArrowNativeTypeOp,
{
    let zero = T::Native::ZERO;
    array.try_unary(|v| {
        if only_negative && v.is_ge(zero) {
            return Ok(v);
        }
        v.neg_checked().map_err(|_| SparkError::overflow(" overflow", None).into())
    })
}
