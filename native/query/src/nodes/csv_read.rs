//! The records of a split of a CSV file, read as text and then cast.

use super::csv_scan::CsvFormat;
use crate::boundary::Split;
use crate::csv::{Records, open_text};
use crate::functions::arithmetic::operands::OnError;
use crate::functions::cast::cast;
use crate::functions::datetime::zone::Zone;
use crate::functions::datetime::{pattern, pattern_parse};
use crate::functions::types::spark_type;
use crate::sources::csv_text;
use arrow::array::{ArrayRef, Date32Array, RecordBatch, RecordBatchOptions, StringViewArray, StringViewBuilder, TimestampMicrosecondArray};
use arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, Result, exec_datafusion_err};
use kiln_sql::tree::DataType;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

/// The batches of the records of a split: a line belongs to the split that has its first byte.
///
/// # Errors
/// When the file cannot be opened, or a pattern of dates is wrong.
pub fn read_split(
    split: &Split,
    format: &CsvFormat,
    file_schema: &SchemaRef,
    projection: &[usize],
    batch_size: usize,
) -> Result<SplitReader> {
    let path = split.path.strip_prefix("file://").unwrap_or(&split.path);
    let reading = |e: std::io::Error| failed(path, e);
    let mut file = File::open(path).map_err(reading)?;
    let end = split.start + split.length;
    let end = if end >= split.size { u64::MAX } else { line_start(&mut file, end).map_err(reading)? };
    let start = line_start(&mut file, split.start).map_err(reading)?;
    file.seek(SeekFrom::Start(start)).map_err(reading)?;
    let text = open_text(path, file.take(end.saturating_sub(start)))?;
    let mut records = Records::new(text, format.dialect, start == 0).map_err(reading)?;
    if format.header && split.start == 0 {
        records.next().map_err(reading)?;
    }
    Ok(SplitReader {
        records,
        path: path.to_owned(),
        projection: projection.to_vec(),
        batch_size,
        columns: Columns::try_new(format, Arc::new(file_schema.project(projection)?))?,
        ended: false,
    })
}

fn failed(path: &str, error: std::io::Error) -> DataFusionError {
    DataFusionError::IoError(error).context(format!("reading {path}"))
}

/// The first byte at or after `offset` that begins a line.
fn line_start(file: &mut File, offset: u64) -> std::io::Result<u64> {
    if offset == 0 {
        return Ok(0);
    }
    let mut at = offset - 1;
    file.seek(SeekFrom::Start(at))?;
    let mut file = BufReader::with_capacity(1 << 16, file);
    let mut after_return = false;
    loop {
        let buffer = file.fill_buf()?;
        if buffer.is_empty() || (after_return && buffer.first() != Some(&b'\n')) {
            return Ok(at);
        }
        if after_return {
            return Ok(at + 1);
        }
        match memchr::memchr2(b'\n', b'\r', buffer) {
            Some(found) => {
                after_return = buffer.get(found) == Some(&b'\r');
                at += found as u64 + 1;
                file.consume(found + 1);
                if !after_return {
                    return Ok(at);
                }
            }
            None => {
                let used = buffer.len();
                at += used as u64;
                file.consume(used);
            }
        }
    }
}

/// Reads one split.
pub struct SplitReader {
    records: Records<Box<dyn Read + Send>>,
    path: String,
    /// Columns of the file that are wanted, in order.
    projection: Vec<usize>,
    batch_size: usize,
    columns: Columns,
    ended: bool,
}

impl Iterator for SplitReader {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let batch = self.batch();
        self.ended = !matches!(batch, Ok(Some(_)));
        batch.transpose()
    }
}

impl SplitReader {
    fn batch(&mut self) -> Result<Option<RecordBatch>> {
        let mut builders: Vec<StringViewBuilder> =
            self.projection.iter().map(|_| StringViewBuilder::with_capacity(self.batch_size)).collect();
        let mut rows = 0;
        while rows < self.batch_size {
            let Some(fields) = self.records.next().map_err(|e| failed(&self.path, e))? else { break };
            for (builder, column) in builders.iter_mut().zip(&self.projection) {
                builder.append_option(fields.get(*column).filter(|text| *text != self.columns.null_value));
            }
            rows += 1;
        }
        if rows == 0 {
            return Ok(None);
        }
        let texts = builders.into_iter().map(|mut builder| builder.finish()).collect::<Vec<_>>();
        self.columns.convert(&texts, rows).map(Some).map_err(|e| e.context(format!("reading {}", self.path)))
    }
}

/// How the text of each column becomes its values.
struct Columns {
    schema: SchemaRef,
    types: Vec<DataType>,
    null_value: String,
    zone: Zone,
    date_format: Option<Vec<pattern::Item>>,
    timestamp_format: Option<Vec<pattern::Item>>,
}

impl Columns {
    fn try_new(format: &CsvFormat, schema: SchemaRef) -> Result<Self> {
        let types = schema
            .fields()
            .iter()
            .map(|f| spark_type(f.data_type()).map_err(|e| exec_datafusion_err!("column {}: {e}", f.name())))
            .collect::<Result<Vec<_>>>()?;
        let compile =
            |text: &Option<String>| text.as_deref().map(pattern::compile).transpose().map_err(|e| DataFusionError::External(Box::new(e)));
        Ok(Self {
            schema,
            types,
            null_value: format.null_value.clone(),
            zone: Zone::parse(&format.time_zone).unwrap_or(Zone::UTC),
            date_format: compile(&format.date_format)?,
            timestamp_format: compile(&format.timestamp_format)?,
        })
    }

    fn convert(&self, texts: &[StringViewArray], rows: usize) -> Result<RecordBatch> {
        let columns = texts.iter().zip(&self.types).map(|(text, to)| self.column(text, to)).collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?)
    }

    fn column(&self, text: &StringViewArray, to: &DataType) -> Result<ArrayRef> {
        match (to, &self.date_format, &self.timestamp_format) {
            (DataType::Date, Some(format), _) => {
                let days = text.iter().map(|v| v.and_then(|v| pattern_parse::parse(format, v).ok()).map(|(days, ..)| days));
                Ok(Arc::new(days.collect::<Date32Array>()))
            }
            (DataType::Timestamp | DataType::TimestampNtz, _, Some(format)) => {
                let micros =
                    text.iter().map(|v| v.and_then(|v| pattern_parse::parse(format, v).ok()).map(|parsed| self.instant(parsed, to)));
                let micros = micros.collect::<TimestampMicrosecondArray>();
                Ok(Arc::new(if *to == DataType::Timestamp { micros.with_timezone("UTC") } else { micros }))
            }
            _ => {
                let readable = |v: &&str| csv_text::is_readable(v, to);
                let text: ArrayRef = if text.iter().flatten().all(|v| readable(&v)) {
                    Arc::new(text.clone())
                } else {
                    Arc::new(text.iter().map(|v| v.filter(readable)).collect::<StringViewArray>())
                };
                cast(&text, &DataType::String, to, self.zone, OnError::Null)
            }
        }
    }

    /// Microseconds of UTC, or of local time for a type without a zone.
    fn instant(&self, (days, micros, zone): (i32, i64, Option<Zone>), to: &DataType) -> i64 {
        let local = i64::from(days) * 86_400_000_000 + micros;
        if *to == DataType::TimestampNtz { local } else { zone.unwrap_or(self.zone).to_utc(local) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_begins_in_one_split() {
        let dir = tempfile::tempdir().unwrap();
        for (text, starts) in [("ab\ncd\r\n\rx", vec![0, 3, 7, 8]), ("\r\n\r\n", vec![0, 2, 4]), ("abc", vec![0])] {
            let path = dir.path().join("a.csv");
            std::fs::write(&path, text).unwrap();
            let mut file = File::open(&path).unwrap();
            for offset in 0..=text.len() as u64 {
                let wanted = starts.iter().copied().find(|start| *start >= offset).unwrap_or(text.len() as u64);
                assert_eq!(line_start(&mut file, offset).unwrap(), wanted, "{text:?} from {offset}");
            }
        }
    }
}
