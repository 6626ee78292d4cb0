//! The lines of a split of a CSV file, decoded as text and then cast.

use super::csv_scan::CsvFormat;
use crate::boundary::Split;
use crate::functions::arithmetic::operands::OnError;
use crate::functions::cast::cast;
use crate::functions::datetime::zone::Zone;
use crate::functions::datetime::{pattern, pattern_parse};
use crate::functions::types::spark_type;
use arrow::array::{Array, ArrayRef, Date32Array, RecordBatch, RecordBatchOptions, StringArray, TimestampMicrosecondArray};
use arrow::csv::ReaderBuilder;
use arrow::csv::reader::Decoder;
use arrow::datatypes::{DataType as Arrow, Field, Schema, SchemaRef};
use datafusion::common::{DataFusionError, Result, exec_datafusion_err};
use kiln_sql::tree::DataType;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Take};
use std::sync::Arc;

const BUFFER: usize = 1 << 20;

/// The batches of the lines of a split: a line belongs to the split that has its first byte.
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
    let opening = |e: std::io::Error| DataFusionError::IoError(e).context(format!("reading {path}"));
    let mut file = BufReader::with_capacity(BUFFER, File::open(path).map_err(opening)?);
    let end = split.start + split.length;
    let end = if end >= split.size { u64::MAX } else { line_start(&mut file, end).map_err(opening)? };
    let start = line_start(&mut file, split.start).map_err(opening)?;
    file.seek(SeekFrom::Start(start)).map_err(opening)?;

    let text = |field: &Arc<Field>| Field::new(field.name(), Arrow::Utf8, true);
    let schema = Arc::new(Schema::new(file_schema.fields().iter().map(text).collect::<Vec<_>>()));
    let mut builder = ReaderBuilder::new(schema)
        .with_header(format.header && split.start == 0)
        .with_delimiter(format.delimiter)
        .with_batch_size(batch_size)
        .with_truncated_rows(true)
        .with_projection(projection.to_vec());
    if let Some(quote) = format.quote {
        builder = builder.with_quote(quote);
    }
    if let Some(escape) = format.escape {
        builder = builder.with_escape(escape);
    }
    if let Some(comment) = format.comment {
        builder = builder.with_comment(comment);
    }
    Ok(SplitReader {
        lines: file.take(end.saturating_sub(start)),
        path: path.to_owned(),
        decoder: builder.build_decoder(),
        columns: Columns::try_new(format, Arc::new(file_schema.project(projection)?))?,
        ended: false,
    })
}

/// The first byte at or after `offset` that begins a line.
fn line_start(file: &mut BufReader<File>, offset: u64) -> std::io::Result<u64> {
    if offset == 0 {
        return Ok(0);
    }
    file.seek(SeekFrom::Start(offset - 1))?;
    let mut at = offset - 1;
    loop {
        let buffer = file.fill_buf()?;
        if buffer.is_empty() {
            return Ok(at);
        }
        match buffer.iter().position(|b| *b == b'\n') {
            Some(found) => return Ok(at + found as u64 + 1),
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
    lines: Take<BufReader<File>>,
    path: String,
    decoder: Decoder,
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
        batch.map_err(|e| e.context(format!("reading {}", self.path))).transpose()
    }
}

impl SplitReader {
    fn batch(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            let used = self.decoder.decode(self.lines.fill_buf()?)?;
            self.lines.consume(used);
            // At the end (the decoder was told by no bytes), or when a batch is full. After a header it stops early.
            if used == 0 || self.decoder.capacity() == 0 {
                return match self.decoder.flush()? {
                    Some(batch) => self.columns.convert(&batch).map(Some),
                    None => Ok(None),
                };
            }
        }
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

    fn convert(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let columns = batch.columns().iter().zip(&self.types).map(|(column, to)| self.column(column, to)).collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?)
    }

    fn column(&self, column: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
        let text = column.as_any().downcast_ref::<StringArray>().ok_or_else(|| exec_datafusion_err!("CSV columns are read as text"))?;
        let nulled;
        let text = if self.null_value.is_empty() {
            // The decoder gives NULL for nothing between delimiters.
            text
        } else {
            nulled = text.iter().map(|v| v.filter(|v| *v != self.null_value)).collect::<StringArray>();
            &nulled
        };
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
                let views = arrow::compute::cast(text, &Arrow::Utf8View)?;
                cast(&views, &DataType::String, to, self.zone, OnError::Null)
            }
        }
    }

    /// Microseconds of UTC, or of local time for a type without a zone.
    fn instant(&self, (days, micros, zone): (i32, i64, Option<Zone>), to: &DataType) -> i64 {
        let local = i64::from(days) * 86_400_000_000 + micros;
        if *to == DataType::TimestampNtz { local } else { zone.unwrap_or(self.zone).to_utc(local) }
    }
}
