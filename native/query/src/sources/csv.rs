use super::csv_text::Inferred;
use super::files::list_files;
use crate::boundary::{ScanFormat, TableFile};
use crate::csv::{Dialect, Records, open_text};
use datafusion::common::{DataFusionError, Result, exec_err, plan_err};
use kiln_sql::tree::{DataType, StructField};
use std::fs::File;
use std::io::Read;

/// The columns of CSV files: names from the first header (or `_c0`, `_c1`, ..), types from all values as
/// Spark's `inferSchema` finds them, or all strings.
///
/// # Errors
/// For files that cannot be read.
pub fn infer_csv_schema(paths: &[String], scan: &ScanFormat, infer_types: bool) -> Result<Vec<StructField>> {
    let ScanFormat::Csv { header, null_value, .. } = scan else {
        return plan_err!("CSV options are needed");
    };
    let dialect = Dialect::of(scan)?;
    let files = list_files(paths)?;
    let Some(first) = files.iter().find(|f| f.size > 0) else {
        return exec_err!("[UNABLE_TO_INFER_SCHEMA] Unable to infer schema for CSV. It must be specified manually.");
    };
    let names = column_names(first, dialect, *header)?;
    let mut types = vec![Inferred::Null; names.len()];
    if infer_types {
        for file in &files {
            infer(file, dialect, *header, null_value, &mut types)?;
        }
    }
    let field = |(name, inferred): (String, Inferred)| StructField {
        name,
        data_type: if infer_types { inferred.data_type() } else { DataType::String },
        nullable: true,
    };
    Ok(names.into_iter().zip(types).map(field).collect())
}

fn failed(file: &TableFile, error: std::io::Error) -> DataFusionError {
    DataFusionError::IoError(error).context(format!("reading {}", file.path))
}

fn open(file: &TableFile, dialect: Dialect) -> Result<Records<Box<dyn Read + Send>>> {
    let opened = File::open(&file.path).map_err(|e| failed(file, e))?;
    Records::new(open_text(&file.path, opened.take(u64::MAX))?, dialect, true).map_err(|e| failed(file, e))
}

/// Names as Spark makes them unique: a name that is there twice (in any case) gets its position.
fn column_names(file: &TableFile, dialect: Dialect, header: bool) -> Result<Vec<String>> {
    let mut records = open(file, dialect)?;
    let Some(fields) = records.next().map_err(|e| failed(file, e))? else { return Ok(Vec::new()) };
    let names: Vec<String> = (0..fields.len()).map(|i| fields.get(i).unwrap_or_default().into_owned()).collect();
    let lower: Vec<String> = names.iter().map(|n| n.to_lowercase()).collect();
    let unique = |(i, name): (usize, String)| {
        if !header || name.is_empty() {
            format!("_c{i}")
        } else if lower.iter().filter(|n| **n == lower[i]).count() > 1 {
            format!("{name}{i}")
        } else {
            name
        }
    };
    Ok(names.into_iter().enumerate().map(unique).collect())
}

fn infer(file: &TableFile, dialect: Dialect, header: bool, null_value: &str, types: &mut [Inferred]) -> Result<()> {
    let mut records = open(file, dialect)?;
    if header {
        records.next().map_err(|e| failed(file, e))?;
    }
    while let Some(fields) = records.next().map_err(|e| failed(file, e))? {
        for (column, inferred) in types.iter_mut().enumerate() {
            if *inferred != Inferred::String
                && let Some(value) = fields.get(column)
                && !value.is_empty()
                && value != null_value
            {
                *inferred = inferred.with(&value);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_the_header_or_are_made() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        std::fs::write(&path, "id,Name,name,\n1,x,y,2\n2,,z,3.5\n").unwrap();
        let scan = |header| ScanFormat::Csv {
            header,
            delimiter: ",".into(),
            quote: "\"".into(),
            escape: None,
            null_value: String::new(),
            comment: None,
            multi_line: false,
            date_format: None,
            timestamp_format: None,
        };
        let paths = [path.to_str().unwrap().to_owned()];
        let fields = infer_csv_schema(&paths, &scan(true), true).unwrap();
        let found: Vec<_> = fields.iter().map(|f| (f.name.as_str(), f.data_type.to_string())).collect();
        assert_eq!(found, [("id", "int".into()), ("Name1", "string".into()), ("name2", "string".into()), ("_c3", "double".to_string())]);
        let fields = infer_csv_schema(&paths, &scan(false), false).unwrap();
        assert_eq!(fields.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["_c0", "_c1", "_c2", "_c3"]);
    }
}
