//! Rows as Spark's `show()` prints them.

use crate::functions::cast::text::spark_string;
use crate::functions::types::spark_type;
use arrow::array::{Array, RecordBatch};
use arrow::ipc::reader::StreamReader;
use datafusion::common::{Result, exec_datafusion_err};
use std::fmt::Write;
use std::io::Cursor;

/// The first `rows` rows of results (Arrow IPC streams, in order). There are more when the results have more.
/// `truncate` characters a cell, 0: all. Timestamps are shown in `time_zone`.
///
/// # Errors
/// When the results cannot be read.
pub fn show_string(results: &[&[u8]], rows: usize, truncate: usize, vertical: bool, time_zone: &str) -> Result<String> {
    let mut names: Vec<String> = Vec::new();
    let mut cells: Vec<Vec<String>> = Vec::new();
    let mut total = 0;
    for result in results {
        let reader = StreamReader::try_new(Cursor::new(*result), None)?;
        names = reader.schema().fields().iter().map(|f| f.name().clone()).collect();
        for batch in reader {
            let batch = batch?;
            let wanted = rows.saturating_sub(cells.len()).min(batch.num_rows());
            cells.extend(texts(&batch.slice(0, wanted), time_zone)?);
            total += batch.num_rows();
        }
    }
    let shorten = |text: String| if truncate == 0 { text } else { truncated(&text, truncate) };
    let header: Vec<String> = names.into_iter().map(|name| shorten(escape(&name))).collect();
    let cells: Vec<Vec<String>> = cells.into_iter().map(|row| row.into_iter().map(|cell| shorten(escape(&cell))).collect()).collect();
    let mut out = if vertical { records(&header, &cells) } else { grid(&header, &cells, truncate > 0) };
    if vertical && cells.is_empty() {
        out.push_str("(0 rows)\n");
    } else if total > cells.len() {
        let plural = if cells.len() == 1 { "row" } else { "rows" };
        writeln!(out, "only showing top {} {plural}", cells.len()).map_err(|e| exec_datafusion_err!("{e}"))?;
    }
    Ok(out)
}

/// Each row's values as text; NULL is `NULL`.
fn texts(batch: &RecordBatch, time_zone: &str) -> Result<Vec<Vec<String>>> {
    let mut rows = vec![Vec::with_capacity(batch.num_columns()); batch.num_rows()];
    for column in batch.columns() {
        let data_type = spark_type(column.data_type()).map_err(|e| exec_datafusion_err!("{e}"))?;
        let text = spark_string(column, &data_type, time_zone)?;
        for (i, row) in rows.iter_mut().enumerate() {
            row.push(if text.is_null(i) { "NULL".to_owned() } else { text.value(i).to_owned() });
        }
    }
    Ok(rows)
}

/// Control characters as Spark's `escapeMetaCharacters` writes them.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{c}' => out.push_str("\\f"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{7}' => out.push_str("\\a"),
            c => out.push(c),
        }
    }
    out
}

fn truncated(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    // Too short for an ellipsis: Spark cuts.
    if limit < 4 {
        return text.chars().take(limit).collect();
    }
    text.chars().take(limit - 3).chain("...".chars()).collect()
}

/// Columns that a terminal uses: East Asian wide characters take two.
fn width(text: &str) -> usize {
    let wide = |c: char| matches!(c as u32, 0x1100..=0x115F | 0x2E80..=0x303E | 0x3041..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE4F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6);
    text.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}

fn padded(text: &str, to: usize, right: bool) -> String {
    let padding = " ".repeat(to.saturating_sub(width(text)));
    if right { padding + text } else { text.to_owned() + &padding }
}

/// Spark's least width of a column.
const MINIMUM_WIDTH: usize = 3;

fn grid(header: &[String], rows: &[Vec<String>], right: bool) -> String {
    let widths: Vec<usize> = header
        .iter()
        .enumerate()
        .map(|(i, name)| rows.iter().filter_map(|row| row.get(i)).chain([name]).map(|t| width(t)).max().unwrap_or(0).max(MINIMUM_WIDTH))
        .collect();
    let line = |out: &mut String, cells: &[String]| {
        out.push('|');
        for (cell, w) in cells.iter().zip(&widths) {
            out.push_str(&padded(cell, *w, right));
            out.push('|');
        }
        out.push('\n');
    };
    let rule: String = widths.iter().map(|w| "-".repeat(*w) + "+").collect();
    let rule = format!("+{rule}\n");
    let mut out = rule.clone();
    line(&mut out, header);
    out.push_str(&rule);
    for row in rows {
        line(&mut out, row);
    }
    out.push_str(&rule);
    out
}

fn records(header: &[String], rows: &[Vec<String>]) -> String {
    let names = header.iter().map(|n| width(n)).max().unwrap_or(0).max(MINIMUM_WIDTH);
    let values = rows.iter().flatten().map(|v| width(v)).max().unwrap_or(0).max(MINIMUM_WIDTH);
    let mut out = String::new();
    for (i, row) in rows.iter().enumerate() {
        let title = format!("-RECORD {i}");
        out.push_str(&title);
        out.push_str(&"-".repeat((names + values + 5).saturating_sub(title.len())));
        out.push('\n');
        for (name, value) in header.iter().zip(row) {
            out.push_str(&format!(" {} | {} \n", padded(name, names, false), padded(value, values, false)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Float64Array, Int64Array, StringArray};
    use arrow::datatypes::{DataType, Field, Schema};
    use arrow::ipc::writer::StreamWriter;
    use std::sync::Arc;

    fn result() -> Vec<u8> {
        let schema = Arc::new(Schema::new(vec![
            Field::new("id", DataType::Int64, true),
            Field::new("name", DataType::Utf8, true),
            Field::new("x", DataType::Float64, true),
        ]));
        let batch = RecordBatch::try_new(
            Arc::clone(&schema),
            vec![
                Arc::new(Int64Array::from(vec![Some(1), None])),
                Arc::new(StringArray::from(vec!["a longer text than twenty", "b\n"])),
                Arc::new(Float64Array::from(vec![1.0, 1e10])),
            ],
        )
        .unwrap();
        let mut writer = StreamWriter::try_new(Vec::new(), &schema).unwrap();
        writer.write(&batch).unwrap();
        writer.into_inner().unwrap()
    }

    #[test]
    fn prints_what_spark_prints() {
        let result = result();
        assert_eq!(
            show_string(&[&result], 20, 20, false, "UTC").unwrap(),
            "+----+--------------------+------+\n\
             |  id|                name|     x|\n\
             +----+--------------------+------+\n\
             |   1|a longer text tha...|   1.0|\n\
             |NULL|                 b\\n|1.0E10|\n\
             +----+--------------------+------+\n"
        );
        assert!(show_string(&[&result], 1, 20, false, "UTC").unwrap().ends_with("+\nonly showing top 1 row\n"));
        let whole = show_string(&[&result], 20, 0, false, "UTC").unwrap();
        assert!(whole.contains("|1   |a longer text than twenty|1.0   |\n"), "{whole}");
    }

    #[test]
    fn prints_records_vertically() {
        let result = result();
        let text = show_string(&[&result], 1, 20, true, "UTC").unwrap();
        assert_eq!(
            text,
            "-RECORD 0--------------------\n id   | 1                    \n name | a longer text tha... \n x    | 1.0                  \nonly showing top 1 row\n"
        );
    }
}
