//! Intervals: their parts, their text, and what is left without the smaller fields.
use super::calendar::{MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE};
use super::fields::typed;
use crate::functions::udf::{integer, over_first};
use arrow::array::{Array, ArrayRef, StringViewBuilder};
use arrow::datatypes::{DataType, Decimal128Type, DurationMicrosecondType, Int8Type, Int32Type, IntervalYearMonthType};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};
use kiln_sql::tree::{IntervalField, interval_text};
use std::sync::Arc;

pub fn years(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    over_first(args, |array| Ok(Arc::new(typed::<IntervalYearMonthType>(array)?.unary::<_, Int32Type>(|v| v / 12))))
}

pub fn months(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    over_first(args, |array| Ok(Arc::new(typed::<IntervalYearMonthType>(array)?.unary::<_, Int8Type>(|v| (v % 12) as i8))))
}

pub fn days(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    over_first(args, |array| Ok(Arc::new(typed::<DurationMicrosecondType>(array)?.unary::<_, Int32Type>(|v| (v / MICROS_PER_DAY) as i32))))
}

pub fn hours(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    part(args, |v| (v % MICROS_PER_DAY / MICROS_PER_HOUR) as i8)
}

pub fn minutes(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    part(args, |v| (v % MICROS_PER_HOUR / MICROS_PER_MINUTE) as i8)
}

fn part(args: &ScalarFunctionArgs, f: fn(i64) -> i8) -> Result<ColumnarValue> {
    over_first(args, |array| Ok(Arc::new(typed::<DurationMicrosecondType>(array)?.unary::<_, Int8Type>(f))))
}

/// DECIMAL(8, 6).
pub fn seconds(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    over_first(args, |array| {
        let seconds = typed::<DurationMicrosecondType>(array)?.unary::<_, Decimal128Type>(|v| i128::from(v % MICROS_PER_MINUTE));
        Ok(Arc::new(seconds.with_precision_and_scale(8, 6)?))
    })
}

/// The interval in whole units, cut off towards zero.
pub fn without_smaller(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let Some(unit) = integer(args, 1)?.filter(|unit| *unit > 0) else { return exec_err!("a unit is needed") };
    over_first(args, |array| {
        Ok(match array.data_type() {
            DataType::Duration(_) => {
                Arc::new(typed::<DurationMicrosecondType>(array)?.unary::<_, DurationMicrosecondType>(|v| v - v % unit)) as ArrayRef
            }
            _ => {
                let floor = |v: i32| (i64::from(v) - i64::from(v) % unit) as i32;
                Arc::new(typed::<IntervalYearMonthType>(array)?.unary::<_, IntervalYearMonthType>(floor))
            }
        })
    })
}

pub fn text(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let field = |index| -> Result<IntervalField> {
        let place = integer(args, index)?.and_then(|place| usize::try_from(place).ok());
        match place.and_then(|place| IntervalField::ALL.get(place)) {
            Some(field) => Ok(*field),
            None => exec_err!("a field of an interval is needed"),
        }
    };
    let (start, end) = (field(1)?, field(2)?);
    over_first(args, |array| {
        let values: Vec<Option<i64>> = match array.data_type() {
            DataType::Duration(_) => typed::<DurationMicrosecondType>(array)?.iter().collect(),
            _ => typed::<IntervalYearMonthType>(array)?.iter().map(|v| v.map(i64::from)).collect(),
        };
        let mut builder = StringViewBuilder::with_capacity(array.len());
        for value in values {
            builder.append_option(value.map(|value| interval_text(value, start, end)));
        }
        Ok(Arc::new(builder.finish()))
    })
}
