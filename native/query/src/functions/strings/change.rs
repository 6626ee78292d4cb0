//! New text from text.
use super::rows::{Rows, borrow_rows, char_count, char_offset, write_rows};
use crate::functions::arithmetic::operands::finish_ref;
use crate::functions::error::SparkError;
use arrow::array::{Array, AsArray, BinaryBuilder, new_null_array};
use arrow::compute::interleave;
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};
use std::sync::Arc;

/// `lpad` and `rpad`.
pub fn pad(left: bool, args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let (text, length, padding) = (rows.text(0)?, rows.integer(1)?, rows.text(2)?);
    write_rows(args, rows.count(), |row, out| {
        let (Some(text), Some(length), Some(padding)) = (text.get(row), length.get(row), padding.get(row)) else { return Ok(None) };
        let (length, count) = (length.max(0) as usize, char_count(text));
        if length <= count || padding.is_empty() {
            out.push_str(&text[..char_offset(text, length)]);
            return Ok(Some(()));
        }
        let fill = padding.chars().cycle().take(length - count);
        if left {
            out.extend(fill);
            out.push_str(text);
        } else {
            out.push_str(text);
            out.extend(fill);
        }
        Ok(Some(()))
    })
}

/// NULL when any argument is.
pub fn concat(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    if args.return_type() == &DataType::Binary {
        let mut builder = BinaryBuilder::new();
        for row in 0..rows.count() {
            let mut value = Some(Vec::new());
            for array in rows.arrays() {
                let at = if array.len() == 1 { 0 } else { row };
                match (array.as_binary_opt::<i32>(), &mut value) {
                    (Some(array), Some(bytes)) if array.is_valid(at) => bytes.extend_from_slice(array.value(at)),
                    (Some(_), _) => value = None,
                    (None, _) => return exec_err!("expected binary"),
                }
            }
            builder.append_option(value);
        }
        return finish_ref(args, Arc::new(builder.finish()));
    }
    let texts = (0..rows.arrays().len()).map(|i| rows.text(i)).collect::<Result<Vec<_>>>()?;
    write_rows(args, rows.count(), |row, out| {
        for text in &texts {
            match text.get(row) {
                Some(text) => out.push_str(text),
                None => return Ok(None),
            }
        }
        Ok(Some(()))
    })
}

/// `elt(n, a, b, ...)`: the n-th value, counted from 1.
pub fn elt(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let (numbers, len) = (rows.integer(0)?, rows.count());
    let values = rows.arrays().get(1..).unwrap_or_default();
    let null = new_null_array(args.return_type(), 1);
    let arrays: Vec<&dyn Array> = values.iter().map(AsRef::as_ref).chain([null.as_ref()]).collect();
    let place = |row| match numbers.get(row) {
        None => Ok((values.len(), 0)),
        Some(n) => match usize::try_from(n).ok().filter(|n| (1..=values.len()).contains(n)) {
            Some(n) => Ok((n - 1, if values[n - 1].len() == 1 { 0 } else { row })),
            None => Err(SparkError::array_index(n, values.len())),
        },
    };
    let places = (0..len).map(place).collect::<std::result::Result<Vec<_>, SparkError>>()?;
    finish_ref(args, interleave(&arrays, &places)?)
}

/// NULLs are left out; lists give their items.
pub fn concat_ws(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let separator = rows.text(0)?;
    let parts = rows.arrays().get(1..).unwrap_or_default();
    let len = rows.count();
    write_rows(args, len, |row, out| {
        let Some(separator) = separator.get(row) else { return Ok(None) };
        let mut first = true;
        let mut push = |item: &str| {
            if !std::mem::take(&mut first) {
                out.push_str(separator);
            }
            out.push_str(item);
        };
        for part in parts {
            let at = if part.len() == 1 && len != 1 { 0 } else { row };
            if part.is_null(at) {
                continue;
            }
            if let Some(text) = part.as_string_view_opt() {
                push(text.value(at));
            } else if let Some(list) = part.as_list_opt::<i32>() {
                let items = list.value(at);
                if let Some(items) = items.as_string_view_opt() {
                    items.iter().flatten().for_each(&mut push);
                }
            }
        }
        Ok(Some(()))
    })
}

pub fn replace(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let (text, from, to) = (rows.text(0)?, rows.text(1)?, rows.text(2)?);
    write_rows(args, rows.count(), |row, out| {
        let (Some(text), Some(from), Some(to)) = (text.get(row), from.get(row), to.get(row)) else { return Ok(None) };
        out.push_str(&if from.is_empty() { text.into() } else { text.replace(from, to) });
        Ok(Some(()))
    })
}

/// Each character of the second by the one at its place in the third; those without one are dropped.
pub fn translate(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let (text, from, to) = (rows.text(0)?, rows.text(1)?, rows.text(2)?);
    write_rows(args, rows.count(), |row, out| {
        let (Some(text), Some(from), Some(to)) = (text.get(row), from.get(row), to.get(row)) else { return Ok(None) };
        out.extend(text.chars().filter_map(|c| match from.chars().position(|f| f == c) {
            Some(at) => to.chars().nth(at),
            None => Some(c),
        }));
        Ok(Some(()))
    })
}

pub fn split_part(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let (text, delimiter, part) = (rows.text(0)?, rows.text(1)?, rows.integer(2)?);
    borrow_rows(args, rows.count(), |row| {
        let (Some(text), Some(delimiter), Some(part)) = (text.get(row), delimiter.get(row), part.get(row)) else { return Ok(None) };
        if part == 0 {
            return Err(SparkError::new(
                "INVALID_INDEX_OF_ZERO",
                "The index 0 is invalid. An index shall be either < 0 or > 0 (the first element has index 1).",
            ));
        }
        let nth = part.unsigned_abs() as usize - 1;
        let found = match (delimiter.is_empty(), part > 0) {
            (true, _) => (nth == 0).then_some(text),
            (false, true) => text.split(delimiter).nth(nth),
            (false, false) => {
                let parts: Vec<&str> = text.split(delimiter).collect();
                parts.len().checked_sub(nth + 1).and_then(|at| parts.get(at).copied())
            }
        };
        Ok(Some(found.unwrap_or("")))
    })
}

pub fn repeat(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let (text, times) = (rows.text(0)?, rows.integer(1)?);
    write_rows(args, rows.count(), |row, out| {
        let (Some(text), Some(times)) = (text.get(row), times.get(row)) else { return Ok(None) };
        (0..times.max(0)).for_each(|_| out.push_str(text));
        Ok(Some(()))
    })
}

pub fn space(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let times = rows.integer(0)?;
    write_rows(args, rows.count(), |row, out| {
        let Some(times) = times.get(row) else { return Ok(None) };
        out.extend(std::iter::repeat_n(' ', times.max(0) as usize));
        Ok(Some(()))
    })
}

/// Replaces `length` characters (as many as are put there when negative) from a 1-based position.
pub fn overlay(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let (text, put, position, length) = (rows.text(0)?, rows.text(1)?, rows.integer(2)?, rows.integer(3)?);
    write_rows(args, rows.count(), |row, out| {
        let (Some(text), Some(put), Some(position), Some(length)) = (text.get(row), put.get(row), position.get(row), length.get(row))
        else {
            return Ok(None);
        };
        let length = if length >= 0 { length } else { char_count(put) as i64 };
        out.push_str(&text[..char_offset(text, (position - 1).max(0) as usize)]);
        out.push_str(put);
        out.push_str(&text[char_offset(text, (position + length - 1).max(0) as usize)..]);
        Ok(Some(()))
    })
}

/// Words are what blanks separate.
pub fn initcap(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let text = rows.text(0)?;
    write_rows(args, rows.count(), |row, out| {
        let Some(text) = text.get(row) else { return Ok(None) };
        let mut start = true;
        for c in text.chars() {
            if start {
                out.extend(c.to_uppercase());
            } else {
                out.extend(c.to_lowercase());
            }
            start = c == ' ';
        }
        Ok(Some(()))
    })
}

pub fn soundex(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let text = rows.text(0)?;
    write_rows(args, rows.count(), |row, out| {
        let Some(text) = text.get(row) else { return Ok(None) };
        out.push_str(&soundex_of(text));
        Ok(Some(()))
    })
}

fn soundex_of(text: &str) -> String {
    // 0: vowels separate equal codes; 7: h and w do not.
    const CODES: &[u8; 26] = b"01230127022455012623017202";
    let code = |b: u8| b.is_ascii_alphabetic().then(|| CODES[(b.to_ascii_uppercase() - b'A') as usize]);
    let bytes = text.as_bytes();
    let Some(first) = bytes.first().filter(|b| b.is_ascii_alphabetic()) else { return text.to_owned() };
    let mut out = String::from(first.to_ascii_uppercase() as char);
    let mut last = code(*first);
    for byte in &bytes[1..] {
        let Some(next) = code(*byte) else {
            last = Some(b'0');
            continue;
        };
        if next == b'7' {
            continue;
        }
        if next != b'0' && Some(next) != last {
            out.push(next as char);
            if out.len() == 4 {
                return out;
            }
        }
        last = Some(next);
    }
    while out.len() < 4 {
        out.push('0');
    }
    out
}

pub fn chr(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let code = rows.integer(0)?;
    write_rows(args, rows.count(), |row, out| {
        let Some(code) = code.get(row) else { return Ok(None) };
        if code >= 0 {
            out.push(char::from((code & 0xff) as u8));
        }
        Ok(Some(()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn soundex_is_sparks() {
        for (name, code) in
            [("Miller", "M460"), ("Robert", "R163"), ("Ashcraft", "A261"), ("Tymczak", "T522"), ("Pfister", "P236"), ("1a", "1a")]
        {
            assert_eq!(soundex_of(name), code);
        }
    }
}
