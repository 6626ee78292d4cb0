//! Loops over rows of text.
use crate::functions::arithmetic::operands::finish_ref;
use crate::functions::error::SparkError;
use arrow::array::{Array, ArrayRef, AsArray, Int32Array, Int64Array, StringViewArray, StringViewBuilder};
use arrow::datatypes::{DataType, Int32Type, Int64Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};
use std::sync::Arc;

/// The arguments of a call as arrays of one length, a constant of length 1.
pub struct Rows {
    arrays: Vec<ArrayRef>,
    len: usize,
}

impl Rows {
    pub fn new(args: &ScalarFunctionArgs) -> Result<Self> {
        let scalar = args.args.iter().all(|a| matches!(a, ColumnarValue::Scalar(_)));
        let len = if scalar { 1 } else { args.number_rows };
        let arrays = args.args.iter().map(|a| match a {
            ColumnarValue::Array(array) => Ok(Arc::clone(array)),
            ColumnarValue::Scalar(value) => value.to_array(),
        });
        Ok(Self { arrays: arrays.collect::<Result<_>>()?, len })
    }

    fn array(&self, index: usize) -> Result<&ArrayRef> {
        match self.arrays.get(index) {
            Some(array) => Ok(array),
            None => exec_err!("argument {index} is missing"),
        }
    }

    pub fn text(&self, index: usize) -> Result<Text<'_>> {
        let array = self.array(index)?;
        match array.as_string_view_opt() {
            Some(array) => Ok(Text { array, constant: self.constant(array) }),
            None => exec_err!("argument {index} is {}, not text", array.data_type()),
        }
    }

    /// An integer column of either width.
    pub fn integer(&self, index: usize) -> Result<Integers> {
        let array = self.array(index)?;
        let wide = match array.data_type() {
            DataType::Int32 => array.as_primitive::<Int32Type>().unary::<_, Int64Type>(i64::from),
            DataType::Int64 => array.as_primitive::<Int64Type>().clone(),
            other => return exec_err!("argument {index} is {other}, not an integer"),
        };
        let constant = self.constant(&wide);
        Ok(Integers { array: wide, constant })
    }

    fn constant(&self, array: &dyn Array) -> bool {
        array.len() == 1 && self.len != 1
    }

    pub fn count(&self) -> usize {
        self.len
    }

    pub fn arrays(&self) -> &[ArrayRef] {
        &self.arrays
    }
}

pub struct Text<'a> {
    array: &'a StringViewArray,
    constant: bool,
}

impl<'a> Text<'a> {
    #[inline]
    pub fn get(&self, row: usize) -> Option<&'a str> {
        let row = if self.constant { 0 } else { row };
        self.array.is_valid(row).then(|| self.array.value(row))
    }
}

pub struct Integers {
    array: Int64Array,
    constant: bool,
}

impl Integers {
    #[inline]
    pub fn get(&self, row: usize) -> Option<i64> {
        let row = if self.constant { 0 } else { row };
        self.array.is_valid(row).then(|| self.array.value(row))
    }
}

type Fallible<T> = std::result::Result<T, SparkError>;

/// Text of every row; `f` writes into the buffer and says whether there is a value.
pub fn write_rows(
    args: &ScalarFunctionArgs,
    len: usize,
    mut f: impl FnMut(usize, &mut String) -> Fallible<Option<()>>,
) -> Result<ColumnarValue> {
    let mut builder = StringViewBuilder::with_capacity(len);
    let mut out = String::new();
    for row in 0..len {
        out.clear();
        match f(row, &mut out)? {
            Some(()) => builder.append_value(&out),
            None => builder.append_null(),
        }
    }
    finish_ref(args, Arc::new(builder.finish()))
}

/// Text of every row, borrowed from the arguments.
pub fn borrow_rows<'a>(args: &ScalarFunctionArgs, len: usize, f: impl Fn(usize) -> Fallible<Option<&'a str>>) -> Result<ColumnarValue> {
    let mut builder = StringViewBuilder::with_capacity(len);
    for row in 0..len {
        builder.append_option(f(row)?);
    }
    finish_ref(args, Arc::new(builder.finish()))
}

pub fn int_rows(args: &ScalarFunctionArgs, len: usize, f: impl Fn(usize) -> Option<i32>) -> Result<ColumnarValue> {
    finish_ref(args, Arc::new((0..len).map(f).collect::<Int32Array>()))
}

/// The byte place of the n-th character, or the end.
#[inline]
pub fn char_offset(text: &str, n: usize) -> usize {
    if text.is_ascii() {
        return n.min(text.len());
    }
    text.char_indices().nth(n).map_or(text.len(), |(at, _)| at)
}

#[inline]
pub fn char_count(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}
