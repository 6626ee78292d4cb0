//! Parts of text: results share the argument's buffers.
use super::rows::{Rows, char_count, char_offset};
use crate::functions::arithmetic::operands::finish_ref;
use arrow::array::{Array, AsArray, BinaryBuilder, StringViewArray, make_view};
use arrow::buffer::NullBuffer;
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};
use std::ops::Range;
use std::sync::Arc;

/// `f` gives the bytes of a row that the result is; `None` is NULL.
fn slices(args: &ScalarFunctionArgs, rows: &Rows, f: impl Fn(usize, &str) -> Option<Range<usize>>) -> Result<ColumnarValue> {
    let Some(source) = rows.arrays().first().and_then(|a| a.as_string_view_opt()) else {
        return exec_err!("expected text");
    };
    let constant = source.len() == 1 && rows.count() != 1;
    let mut views = Vec::with_capacity(rows.count());
    let mut valid = Vec::with_capacity(rows.count());
    for row in 0..rows.count() {
        let at = if constant { 0 } else { row };
        let range = if source.is_valid(at) { f(row, source.value(at)) } else { None };
        valid.push(range.is_some());
        views.push(match range {
            Some(range) => part(source, at, range),
            None => 0,
        });
    }
    let nulls = Some(NullBuffer::from(valid)).filter(|n| n.null_count() > 0);
    // SAFETY: each view is a range on character boundaries of a valid view of `source`, whose buffers are kept.
    let array = unsafe { StringViewArray::new_unchecked(views.into(), source.data_buffers().to_vec(), nulls) };
    finish_ref(args, Arc::new(array))
}

fn part(source: &StringViewArray, row: usize, range: Range<usize>) -> u128 {
    let text = &source.value(row).as_bytes()[range.clone()];
    let view = source.views()[row];
    if text.len() <= 12 || (view as u32) <= 12 {
        return make_view(text, 0, 0);
    }
    let (block, offset) = ((view >> 64) as u32, (view >> 96) as u32);
    make_view(text, block, offset + range.start as u32)
}

/// Characters `[start, end)` of Spark's 1-based position and length.
fn bounds(count: usize, position: i64, length: i64) -> (usize, usize) {
    let start = match position {
        1.. => position - 1,
        0 => 0,
        _ => count as i64 + position,
    };
    let end = start.saturating_add(length).clamp(0, count as i64);
    (start.clamp(0, count as i64) as usize, end as usize)
}

fn characters(text: &str, start: usize, end: usize) -> Range<usize> {
    if end <= start {
        return 0..0;
    }
    let from = char_offset(text, start);
    from..from + char_offset(&text[from..], end - start)
}

pub fn substring(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let (position, length) = (rows.integer(1)?, rows.integer(2)?);
    if args.return_type() == &DataType::Binary {
        return binary_substring(args, &rows);
    }
    slices(args, &rows, |row, text| {
        let (position, length) = (position.get(row)?, length.get(row)?);
        // Only a negative position needs the number of characters.
        let count = if position < 0 { char_count(text) } else { text.len() };
        let (start, end) = bounds(count, position, length);
        Some(characters(text, start, end))
    })
}

fn binary_substring(args: &ScalarFunctionArgs, rows: &Rows) -> Result<ColumnarValue> {
    let (position, length) = (rows.integer(1)?, rows.integer(2)?);
    let Some(source) = rows.arrays().first().and_then(|a| a.as_binary_opt::<i32>()) else {
        return exec_err!("expected binary");
    };
    let constant = source.len() == 1 && rows.count() != 1;
    let mut builder = BinaryBuilder::new();
    for row in 0..rows.count() {
        let at = if constant { 0 } else { row };
        match (source.is_valid(at), position.get(row), length.get(row)) {
            (true, Some(position), Some(length)) => {
                let value = source.value(at);
                let (start, end) = bounds(value.len(), position, length);
                builder.append_value(value.get(start..end).unwrap_or_default());
            }
            _ => builder.append_null(),
        }
    }
    finish_ref(args, Arc::new(builder.finish()))
}

pub fn left(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let length = rows.integer(1)?;
    slices(args, &rows, |row, text| Some(characters(text, 0, length.get(row)?.max(0) as usize)))
}

pub fn right(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let length = rows.integer(1)?;
    slices(args, &rows, |row, text| {
        let (count, length) = (char_count(text), length.get(row)?.max(0) as usize);
        Some(char_offset(text, count.saturating_sub(length))..text.len())
    })
}

#[derive(Clone, Copy)]
pub enum Side {
    Both,
    Left,
    Right,
}

/// `trim`, `ltrim`, `rtrim`: blanks, or any of the characters given.
pub fn trim(side: Side, args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let characters = (args.args.len() > 1).then(|| rows.text(1)).transpose()?;
    slices(args, &rows, |row, text| {
        let set = match &characters {
            Some(characters) => characters.get(row)?,
            None => " ",
        };
        let inside = |c: char| set.contains(c);
        let start = match side {
            Side::Right => 0,
            _ => text.len() - text.trim_start_matches(inside).len(),
        };
        let end = match side {
            Side::Left => text.len(),
            _ => start + text[start..].trim_end_matches(inside).len(),
        };
        Some(start..end)
    })
}

/// Everything before the n-th delimiter, or after it from the end.
pub fn substring_index(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let (delimiter, count) = (rows.text(1)?, rows.integer(2)?);
    slices(args, &rows, |row, text| {
        let (delimiter, count) = (delimiter.get(row)?, count.get(row)?);
        if delimiter.is_empty() || count == 0 {
            return Some(0..0);
        }
        Some(match count {
            1.. => 0..overlapping(text, delimiter).nth(count as usize - 1).unwrap_or(text.len()),
            _ => {
                let places: Vec<usize> = overlapping_back(text, delimiter).take(count.unsigned_abs() as usize).collect();
                match places.get(count.unsigned_abs() as usize - 1) {
                    Some(at) => at + delimiter.len()..text.len(),
                    None => 0..text.len(),
                }
            }
        })
    })
}

fn overlapping<'a>(text: &'a str, pattern: &'a str) -> impl Iterator<Item = usize> + 'a {
    let mut from = 0;
    std::iter::from_fn(move || {
        let at = text.get(from..)?.find(pattern)? + from;
        from = at + text[at..].chars().next().map_or(1, char::len_utf8);
        Some(at)
    })
}

fn overlapping_back<'a>(text: &'a str, pattern: &'a str) -> impl Iterator<Item = usize> + 'a {
    let mut to = text.len();
    std::iter::from_fn(move || {
        let at = text.get(..to)?.rfind(pattern)?;
        // The next match may share all but the last character of this one.
        to = at + pattern.len() - pattern.chars().next_back().map_or(1, char::len_utf8);
        Some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_sparks() {
        let of = |text: &str, position, length| {
            let count = char_count(text);
            let (start, end) = bounds(count, position, length);
            text[characters(text, start, end)].to_owned()
        };
        assert_eq!(of("Spark SQL", 5, 3), "k S");
        assert_eq!(of("Spark SQL", -3, 2), "SQ");
        assert_eq!(of("Spark", 0, 2), "Sp");
        assert_eq!(of("abc", -5, 3), "a");
        assert_eq!(of("abc", 2, -1), "");
        assert_eq!(of("äöü", 2, 9), "öü");
    }
}
