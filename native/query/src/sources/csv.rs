use super::files::list_files;
use crate::boundary::{ScanFormat, TableFile};
use crate::functions::cast::number::{parse_boolean, parse_double};
use arrow::array::{Array, StringArray};
use arrow::csv::ReaderBuilder;
use arrow::datatypes::{DataType as Arrow, Field, Schema};
use datafusion::common::{DataFusionError, Result, exec_datafusion_err, exec_err, plan_err};
use kiln_sql::tree::{DataType, StructField};
use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;

/// The columns of CSV files: names from the first header (or `_c0`, `_c1`, ..), types from all values as
/// Spark's `inferSchema` finds them, or all strings.
///
/// # Errors
/// For files that cannot be read.
pub fn infer_csv_schema(paths: &[String], scan: &ScanFormat, infer_types: bool) -> Result<Vec<StructField>> {
    let ScanFormat::Csv { header, null_value, .. } = scan else {
        return plan_err!("CSV options are needed");
    };
    let files = list_files(paths)?;
    let Some(first) = files.iter().find(|f| f.size > 0) else {
        return exec_err!("[UNABLE_TO_INFER_SCHEMA] Unable to infer schema for CSV. It must be specified manually.");
    };
    let names = column_names(first, scan, *header)?;
    let mut types = vec![Inferred::Null; names.len()];
    if infer_types {
        for file in &files {
            infer(file, scan, null_value, &mut types)?;
        }
    }
    let field = |(name, inferred): (String, Inferred)| StructField {
        name,
        data_type: if infer_types { inferred.data_type() } else { DataType::String },
        nullable: true,
    };
    Ok(names.into_iter().zip(types).map(field).collect())
}

fn format(scan: &ScanFormat) -> Result<arrow::csv::reader::Format> {
    let ScanFormat::Csv { delimiter, quote, escape, comment, .. } = scan else {
        return plan_err!("CSV options are needed");
    };
    let byte = |option: &str, text: &str| match text.as_bytes() {
        [byte] => Ok(*byte),
        _ => plan_err!("CSV option '{option}' is '{text}', but must be one ASCII character"),
    };
    let mut format = arrow::csv::reader::Format::default().with_delimiter(byte("sep", delimiter)?).with_truncated_rows(true);
    if !quote.is_empty() {
        format = format.with_quote(byte("quote", quote)?);
    }
    if let Some(escape) = escape {
        format = format.with_escape(byte("escape", escape)?);
    }
    if let Some(comment) = comment {
        format = format.with_comment(byte("comment", comment)?);
    }
    Ok(format)
}

fn open(file: &TableFile) -> Result<BufReader<File>> {
    let opened = File::open(&file.path).map_err(|e| DataFusionError::IoError(e).context(format!("opening {}", file.path)))?;
    Ok(BufReader::with_capacity(1 << 20, opened))
}

/// Names as Spark makes them unique: a name that is there twice (in any case) gets its position.
fn column_names(file: &TableFile, scan: &ScanFormat, header: bool) -> Result<Vec<String>> {
    let (schema, _) =
        format(scan)?.with_header(true).infer_schema(open(file)?, Some(0)).map_err(|e| exec_datafusion_err!("{}: {e}", file.path))?;
    let names: Vec<String> = schema.fields().iter().map(|f| f.name().clone()).collect();
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

fn infer(file: &TableFile, scan: &ScanFormat, null_value: &str, types: &mut [Inferred]) -> Result<()> {
    let ScanFormat::Csv { header, .. } = scan else {
        return Ok(());
    };
    let text = |i: usize| Field::new(format!("_c{i}"), Arrow::Utf8, true);
    let schema = Arc::new(Schema::new((0..types.len()).map(text).collect::<Vec<_>>()));
    let reader =
        ReaderBuilder::new(schema).with_format(format(scan)?.with_header(*header)).with_batch_size(4096).build_buffered(open(file)?)?;
    for batch in reader {
        let batch = batch.map_err(|e| exec_datafusion_err!("{}: {e}", file.path))?;
        for (column, inferred) in batch.columns().iter().zip(types.iter_mut()) {
            let Some(values) = column.as_any().downcast_ref::<StringArray>() else { continue };
            if *inferred == Inferred::String {
                continue;
            }
            for value in values.iter().flatten().filter(|v| !v.is_empty() && *v != null_value) {
                *inferred = inferred.with(value);
            }
        }
    }
    Ok(())
}

/// What the values of a column have in common so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inferred {
    Null,
    Integer,
    Long,
    /// Whole numbers of so many digits.
    Decimal(u8),
    Double,
    Date,
    Timestamp,
    Boolean,
    String,
}

impl Inferred {
    fn of(text: &str) -> Self {
        let trimmed = text.trim();
        if let Ok(number) = trimmed.parse::<i64>() {
            return if i32::try_from(number).is_ok() { Self::Integer } else { Self::Long };
        }
        let digits = trimmed.trim_start_matches(['-', '+']);
        if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) && digits.len() <= 38 {
            return Self::Decimal(digits.len() as u8);
        }
        if parse_double(trimmed).is_some() {
            return Self::Double;
        }
        if is_date(trimmed) {
            return Self::Date;
        }
        if is_timestamp(trimmed) {
            return Self::Timestamp;
        }
        if parse_boolean(trimmed).is_some() && trimmed.len() > 1 {
            return Self::Boolean;
        }
        Self::String
    }

    fn with(self, text: &str) -> Self {
        let other = Self::of(text);
        match (self, other) {
            (a, b) if a == b => a,
            (Self::Null, other) | (other, Self::Null) => other,
            (Self::Integer, Self::Long) | (Self::Long, Self::Integer) => Self::Long,
            (Self::Decimal(a), Self::Decimal(b)) => Self::Decimal(a.max(b)),
            (Self::Decimal(a), Self::Integer | Self::Long) | (Self::Integer | Self::Long, Self::Decimal(a)) => Self::Decimal(a.max(20)),
            (Self::Double, Self::Integer | Self::Long | Self::Decimal(_))
            | (Self::Integer | Self::Long | Self::Decimal(_), Self::Double) => Self::Double,
            (Self::Date, Self::Timestamp) | (Self::Timestamp, Self::Date) => Self::Timestamp,
            _ => Self::String,
        }
    }

    fn data_type(self) -> DataType {
        match self {
            Self::Null | Self::String => DataType::String,
            Self::Integer => DataType::Integer,
            Self::Long => DataType::Long,
            Self::Decimal(precision) => DataType::Decimal { precision, scale: 0 },
            Self::Double => DataType::Double,
            Self::Date => DataType::Date,
            Self::Timestamp => DataType::Timestamp,
            Self::Boolean => DataType::Boolean,
        }
    }
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

/// `2024-01-31 10:20:30.123456` with `T` or a space, with or without fraction and zone.
fn is_timestamp(text: &str) -> bool {
    let Some((date, time)) = text.split_once(['T', ' ']) else {
        return false;
    };
    let zone = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(zone);
    let offset = zone.trim_start_matches(['+', '-']);
    let is_zone = zone.is_empty() || zone == "Z" || (offset.len() == 5 && offset.as_bytes()[2] == b':');
    is_date(date) && is_zone && chrono::NaiveTime::parse_from_str(clock, "%H:%M:%S%.f").is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inferred(values: &[&str]) -> DataType {
        values.iter().fold(Inferred::Null, |so_far, v| so_far.with(v)).data_type()
    }

    #[test]
    fn types_are_those_that_spark_infers() {
        assert_eq!(inferred(&["1", "-2"]), DataType::Integer);
        assert_eq!(inferred(&["1", "3000000000"]), DataType::Long);
        assert_eq!(inferred(&["1", "2.5"]), DataType::Double);
        assert_eq!(inferred(&["12345678901234567890"]), DataType::Decimal { precision: 20, scale: 0 });
        assert_eq!(inferred(&["2024-02-29"]), DataType::Date);
        assert_eq!(inferred(&["2024-02-29", "2024-02-29T10:00:00"]), DataType::Timestamp);
        assert_eq!(inferred(&["2024-02-29 10:00:00.5Z"]), DataType::Timestamp);
        assert_eq!(inferred(&["true", "FALSE"]), DataType::Boolean);
        assert_eq!(inferred(&["true", "1"]), DataType::String);
        assert_eq!(inferred(&["2024-02-30"]), DataType::String);
        assert_eq!(inferred(&[]), DataType::String);
    }

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
