//! Rows of a partitioned write, by the directory that they belong to (`state=CA/year=2024`).

use crate::functions::cast::text::spark_string;
use crate::functions::types::spark_type;
use arrow::array::{Array, RecordBatch, StringArray, UInt32Array};
use arrow::compute::take_record_batch;
use datafusion::common::{Result, exec_datafusion_err};
use std::collections::BTreeMap;

/// What Hive and Spark call the directory of NULL and of an empty text.
const DEFAULT_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

/// The rows of a batch by directory, without the columns that the directories tell.
pub fn by_directory(batch: &RecordBatch, columns: &[usize], names: &[String], time_zone: &str) -> Result<Vec<(String, RecordBatch)>> {
    let values = columns
        .iter()
        .map(|i| {
            let column = batch.column(*i);
            let data_type = spark_type(column.data_type()).map_err(|e| exec_datafusion_err!("{e}"))?;
            spark_string(column, &data_type, time_zone)
        })
        .collect::<Result<Vec<StringArray>>>()?;
    let mut rows: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    let mut directory = String::new();
    for row in 0..batch.num_rows() {
        directory.clear();
        for (value, i) in values.iter().zip(columns) {
            if !directory.is_empty() {
                directory.push('/');
            }
            escape(names.get(*i).map_or("", String::as_str), &mut directory);
            directory.push('=');
            match value.is_valid(row).then(|| value.value(row)) {
                Some(text) if !text.is_empty() => escape(text, &mut directory),
                _ => directory.push_str(DEFAULT_PARTITION),
            }
        }
        match rows.get_mut(&directory) {
            Some(indices) => indices.push(row as u32),
            None => {
                rows.insert(directory.clone(), vec![row as u32]);
            }
        }
    }
    let kept: Vec<usize> = (0..batch.num_columns()).filter(|i| !columns.contains(i)).collect();
    let data = batch.project(&kept)?;
    rows.into_iter().map(|(directory, indices)| Ok((directory, take_record_batch(&data, &UInt32Array::from(indices))?))).collect()
}

/// Spark's `escapePathName`: what a file system or a reader of the path may take for something else.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        let special = c.is_ascii_control()
            || matches!(c, '"' | '#' | '%' | '\'' | '*' | '/' | ':' | '=' | '?' | '\\' | '\u{7f}' | '{' | '[' | ']' | '^');
        if special {
            out.push_str(&format!("%{:02X}", c as u32));
        } else {
            out.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int64Array, StringViewArray};
    use arrow::datatypes::{DataType, Field, Schema};
    use std::sync::Arc;

    #[test]
    fn rows_go_to_the_directories_of_their_values() {
        let schema = Schema::new(vec![Field::new("s", DataType::Utf8View, true), Field::new("x", DataType::Int64, true)]);
        let batch = RecordBatch::try_new(
            Arc::new(schema),
            vec![
                Arc::new(StringViewArray::from(vec![Some("a/b"), None, Some("a/b"), Some("")])),
                Arc::new(Int64Array::from(vec![1, 2, 3, 4])),
            ],
        )
        .unwrap();
        let parts = by_directory(&batch, &[0], &["s".into(), "x".into()], "UTC").unwrap();
        let found: Vec<_> = parts.iter().map(|(dir, rows)| (dir.as_str(), rows.num_rows(), rows.num_columns())).collect();
        assert_eq!(found, [("s=__HIVE_DEFAULT_PARTITION__", 2, 1), ("s=a%2Fb", 2, 1)]);
    }
}
