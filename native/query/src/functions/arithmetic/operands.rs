//! Loops over two primitive operands, each a column or a constant.
use crate::functions::error::SparkError;
use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::buffer::NullBuffer;
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};
use std::sync::Arc;

/// What becomes of a row that cannot be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnError {
    Fail,
    /// The `try_` functions.
    Null,
}

pub enum Operand<'a, T: ArrowPrimitiveType> {
    Column(&'a PrimitiveArray<T>),
    Constant(Option<T::Native>),
}

impl<'a, T: ArrowPrimitiveType> Operand<'a, T> {
    pub fn new(value: &'a ColumnarValue) -> Result<Self> {
        match value {
            ColumnarValue::Array(array) => match array.as_primitive_opt::<T>() {
                Some(array) => Ok(Self::Column(array)),
                None => exec_err!("expected {}, got {}", T::DATA_TYPE, array.data_type()),
            },
            ColumnarValue::Scalar(value) => {
                let array = value.to_array()?;
                match array.as_primitive_opt::<T>() {
                    Some(array) => Ok(Self::Constant(array.iter().next().flatten())),
                    None => exec_err!("expected {}, got {}", T::DATA_TYPE, array.data_type()),
                }
            }
        }
    }

    fn nulls(&self) -> Option<&NullBuffer> {
        match self {
            Self::Column(array) => array.nulls(),
            Self::Constant(_) => None,
        }
    }

    /// Whether every value (NULL slots aside when they are zero) satisfies `test`; may say no too often.
    pub fn all(&self, test: impl Fn(T::Native) -> bool) -> bool {
        match self {
            Self::Column(array) => array.values().iter().fold(true, |ok, v| ok & test(*v)),
            Self::Constant(value) => value.is_none_or(test),
        }
    }
}

/// Both operands of a call.
pub fn operands<'a, T: ArrowPrimitiveType, U: ArrowPrimitiveType>(
    args: &'a ScalarFunctionArgs,
) -> Result<(Operand<'a, T>, Operand<'a, U>)> {
    match args.args.as_slice() {
        [left, right, ..] => Ok((Operand::new(left)?, Operand::new(right)?)),
        _ => exec_err!("two arguments are needed"),
    }
}

/// `f` over all rows, NULL slots included: it must not fail.
pub fn binary<T, U, O>(
    left: &Operand<T>,
    right: &Operand<U>,
    rows: usize,
    mut f: impl FnMut(T::Native, U::Native) -> O::Native,
) -> PrimitiveArray<O>
where
    T: ArrowPrimitiveType,
    U: ArrowPrimitiveType,
    O: ArrowPrimitiveType,
{
    let nulls = NullBuffer::union(left.nulls(), right.nulls());
    let values: Vec<O::Native> = match (left, right) {
        (Operand::Column(l), Operand::Column(r)) => l.values().iter().zip(r.values()).map(|(l, r)| f(*l, *r)).collect(),
        (Operand::Column(l), Operand::Constant(Some(r))) => l.values().iter().map(|l| f(*l, *r)).collect(),
        (Operand::Constant(Some(l)), Operand::Column(r)) => r.values().iter().map(|r| f(*l, *r)).collect(),
        (Operand::Constant(Some(l)), Operand::Constant(Some(r))) => vec![f(*l, *r); rows],
        _ => return PrimitiveArray::new_null(rows),
    };
    PrimitiveArray::new(values.into(), nulls)
}

/// `f` over the rows without NULL.
pub fn try_binary<T, U, O>(
    left: &Operand<T>,
    right: &Operand<U>,
    rows: usize,
    on_error: OnError,
    mut f: impl FnMut(T::Native, U::Native) -> std::result::Result<O::Native, SparkError>,
) -> Result<PrimitiveArray<O>>
where
    T: ArrowPrimitiveType,
    U: ArrowPrimitiveType,
    O: ArrowPrimitiveType,
{
    let value = |side: &Option<NullBuffer>, i: usize| side.as_ref().is_none_or(|n| n.is_valid(i));
    let nulls = NullBuffer::union(left.nulls(), right.nulls());
    if matches!(left, Operand::Constant(None)) || matches!(right, Operand::Constant(None)) {
        return Ok(PrimitiveArray::new_null(rows));
    }
    let mut builder = PrimitiveArray::<O>::builder(rows);
    for i in 0..rows {
        if !value(&nulls, i) {
            builder.append_null();
            continue;
        }
        match (f(at(left, i), at(right, i)), on_error) {
            (Ok(value), _) => builder.append_value(value),
            (Err(_), OnError::Null) => builder.append_null(),
            (Err(error), OnError::Fail) => return Err(error.into()),
        }
    }
    Ok(builder.finish())
}

fn at<T: ArrowPrimitiveType>(operand: &Operand<T>, row: usize) -> T::Native {
    match operand {
        Operand::Column(array) => array.value(row),
        Operand::Constant(value) => value.unwrap_or_default(),
    }
}

/// Rows to compute: one when all arguments are constant.
pub fn rows(args: &ScalarFunctionArgs) -> usize {
    if constant(args) { 1 } else { args.number_rows }
}

fn constant(args: &ScalarFunctionArgs) -> bool {
    args.args.iter().all(|a| matches!(a, ColumnarValue::Scalar(_)))
}

/// An array of [`rows`] rows as the call's result.
pub fn finish(args: &ScalarFunctionArgs, array: impl Array + 'static) -> Result<ColumnarValue> {
    finish_ref(args, Arc::new(array))
}

pub fn finish_ref(args: &ScalarFunctionArgs, array: ArrayRef) -> Result<ColumnarValue> {
    if constant(args) {
        return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?));
    }
    Ok(ColumnarValue::Array(array))
}
