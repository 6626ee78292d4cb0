//! Numbers about text.
use super::rows::{Rows, char_count, int_rows};
use crate::functions::arithmetic::operands::finish_ref;
use arrow::array::{Array, AsArray, Int32Array};
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};
use std::sync::Arc;

/// Bytes (or bits) of text or binary.
pub fn byte_length(unit: i32, args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let Some(array) = rows.arrays().first() else { return exec_err!("an argument is missing") };
    let lengths: Int32Array = match array.data_type() {
        DataType::Utf8View => array.as_string_view().iter().map(|v| v.map(|v| v.len() as i32 * unit)).collect(),
        DataType::Binary => array.as_binary::<i32>().iter().map(|v| v.map(|v| v.len() as i32 * unit)).collect(),
        other => return exec_err!("the length of {other}"),
    };
    finish_ref(args, Arc::new(lengths))
}

/// The code of the first character.
pub fn ascii(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let text = rows.text(0)?;
    int_rows(args, rows.count(), |row| text.get(row).map(|t| t.chars().next().map_or(0, |c| c as i32)))
}

/// 1-based; 0 when it is not there.
fn position(text: &str, part: &str, from: usize) -> i32 {
    if part.is_empty() {
        // Spark finds nothing at the very begin, wherever it was told to look.
        return 1;
    }
    let start = super::rows::char_offset(text, from);
    if from > char_count(text) {
        return 0;
    }
    text[start..].find(part).map_or(0, |at| (char_count(&text[..start + at]) + 1) as i32)
}

pub fn instr(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let (text, part) = (rows.text(0)?, rows.text(1)?);
    int_rows(args, rows.count(), |row| Some(position(text.get(row)?, part.get(row)?, 0)))
}

pub fn locate(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let (part, text, start) = (rows.text(0)?, rows.text(1)?, rows.integer(2)?);
    int_rows(args, rows.count(), |row| {
        // A NULL start counts as 0 in Spark.
        let Some(start) = start.get(row) else { return Some(0) };
        let (part, text) = (part.get(row)?, text.get(row)?);
        Some(if start < 1 { 0 } else { position(text, part, start as usize - 1) })
    })
}

pub fn levenshtein(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let (left, right) = (rows.text(0)?, rows.text(1)?);
    int_rows(args, rows.count(), |row| Some(distance(left.get(row)?, right.get(row)?)))
}

fn distance(left: &str, right: &str) -> i32 {
    let right: Vec<char> = right.chars().collect();
    let mut costs: Vec<i32> = (0..=right.len() as i32).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = i as i32;
        costs[0] = diagonal + 1;
        for (j, r) in right.iter().enumerate() {
            let change = diagonal + i32::from(l != *r);
            diagonal = costs[j + 1];
            costs[j + 1] = change.min(costs[j] + 1).min(diagonal + 1);
        }
    }
    costs[right.len()]
}

pub fn find_in_set(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let (item, set) = (rows.text(0)?, rows.text(1)?);
    int_rows(args, rows.count(), |row| {
        let (item, set) = (item.get(row)?, set.get(row)?);
        if item.contains(',') {
            return Some(0);
        }
        Some(set.split(',').position(|i| i == item).map_or(0, |at| at as i32 + 1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_distances() {
        assert_eq!(position("Spärk", "k", 0), 5);
        assert_eq!(position("foobarbar", "bar", 4), 7);
        assert_eq!(position("abc", "", 0), 1);
        assert_eq!(position("abc", "a", 9), 0);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
