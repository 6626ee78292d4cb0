//! `~`, shifts and `bit_count`. Java masks the shift by the width of the value.
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Int8Type, Int16Type, Int32Type, Int64Type};
use datafusion::common::{Result, exec_err};
use std::sync::Arc;

pub fn not(array: &ArrayRef) -> Result<ArrayRef> {
    macro_rules! apply {
        ($type:ty) => {
            Arc::new(array.as_primitive::<$type>().unary::<_, $type>(|v| !v))
        };
    }
    Ok(match array.data_type() {
        DataType::Int8 => apply!(Int8Type),
        DataType::Int16 => apply!(Int16Type),
        DataType::Int32 => apply!(Int32Type),
        DataType::Int64 => apply!(Int64Type),
        other => return exec_err!("~ of {other}"),
    })
}

pub fn count(array: &ArrayRef) -> Result<ArrayRef> {
    macro_rules! apply {
        ($type:ty) => {
            Arc::new(array.as_primitive::<$type>().unary::<_, Int32Type>(|v| i64::from(v).count_ones() as i32))
        };
    }
    Ok(match array.data_type() {
        DataType::Boolean => Arc::new(arrow::compute::cast(array, &DataType::Int32)?),
        DataType::Int8 => apply!(Int8Type),
        DataType::Int16 => apply!(Int16Type),
        DataType::Int32 => apply!(Int32Type),
        DataType::Int64 => apply!(Int64Type),
        other => return exec_err!("bit_count of {other}"),
    })
}

#[derive(Debug, Clone, Copy)]
pub enum Shift {
    Left,
    Right,
    RightUnsigned,
}

pub fn shift(kind: Shift, array: &ArrayRef, by: &ArrayRef) -> Result<ArrayRef> {
    let Some(by) = by.as_primitive_opt::<Int32Type>() else {
        return exec_err!("shift by {}", by.data_type());
    };
    Ok(match array.data_type() {
        DataType::Int32 => {
            Arc::new(arrow::compute::binary::<_, _, _, Int32Type>(array.as_primitive::<Int32Type>(), by, |v, n| match kind {
                Shift::Left => v.wrapping_shl(n as u32),
                Shift::Right => v.wrapping_shr(n as u32),
                Shift::RightUnsigned => (v as u32).wrapping_shr(n as u32) as i32,
            })?)
        }
        DataType::Int64 => {
            Arc::new(arrow::compute::binary::<_, _, _, Int64Type>(array.as_primitive::<Int64Type>(), by, |v, n| match kind {
                Shift::Left => v.wrapping_shl(n as u32),
                Shift::Right => v.wrapping_shr(n as u32),
                Shift::RightUnsigned => (v as u64).wrapping_shr(n as u32) as i64,
            })?)
        }
        other => return exec_err!("shift of {other}"),
    })
}
