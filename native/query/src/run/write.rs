//! Files of a write task, into a directory of its attempt.

use super::partitions::by_directory;
use super::results::{conform, result_schema};
use crate::boundary::{TaskSpec, WrittenFile};
use crate::csv::Writer as CsvWriter;
use crate::nodes::WriteOptions;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, Result, exec_datafusion_err, exec_err};
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;
use kiln_sql::tree::StructField;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// So many files of a task are open at once; when there are more, the fullest is completed.
const MAX_OPEN: usize = 100;

/// Writes the rows of one task. A task without rows writes a file for partition 0 only, so that the
/// schema is kept.
pub async fn write_files(
    mut stream: SendableRecordBatchStream,
    options: &WriteOptions,
    fields: &[StructField],
    dir: &str,
    spec: &TaskSpec,
    time_zone: &str,
) -> Result<Vec<WrittenFile>> {
    let schema = result_schema(fields);
    let mut files = TaskFiles { options, dir: Path::new(dir), spec, open: BTreeMap::new(), written: Vec::new() };
    while let Some(batch) = stream.next().await {
        let batch = conform(&batch?, &schema)?;
        if batch.num_rows() == 0 {
            continue;
        }
        if options.partition_by.is_empty() {
            files.write("", &batch)?;
            continue;
        }
        for (directory, rows) in by_directory(&batch, &options.partition_by, &options.columns, time_zone)? {
            files.write(&directory, &rows)?;
        }
    }
    if spec.partition == 0 && options.partition_by.is_empty() && files.open.is_empty() {
        files.write("", &RecordBatch::new_empty(schema))?;
    }
    files.finish()
}

struct TaskFiles<'a> {
    options: &'a WriteOptions,
    dir: &'a Path,
    spec: &'a TaskSpec,
    open: BTreeMap<String, FormatWriter>,
    written: Vec<WrittenFile>,
}

impl TaskFiles<'_> {
    fn write(&mut self, directory: &str, batch: &RecordBatch) -> Result<()> {
        if !self.open.contains_key(directory) {
            if self.open.len() >= MAX_OPEN {
                let fullest = self.open.iter().max_by_key(|(_, file)| file.rows).map(|(directory, _)| directory.clone());
                if let Some(file) = fullest.and_then(|directory| self.open.remove(&directory)) {
                    self.written.push(file.finish()?);
                }
            }
            let name =
                format!("part-{:05}-{}.c{:03}.{}", self.spec.partition, self.spec.attempt, self.written.len(), extension(self.options)?);
            let file = FormatWriter::create(&self.dir.join(directory).join(name), self.options, batch.schema())?;
            self.open.insert(directory.to_owned(), file);
        }
        match self.open.get_mut(directory) {
            Some(file) => file.write(batch),
            None => Ok(()),
        }
    }

    fn finish(mut self) -> Result<Vec<WrittenFile>> {
        for (_, file) in std::mem::take(&mut self.open) {
            self.written.push(file.finish()?);
        }
        Ok(self.written)
    }
}

fn extension(options: &WriteOptions) -> Result<&'static str> {
    match options.format.as_str() {
        "parquet" => Ok("parquet"),
        "csv" => Ok("csv"),
        other => exec_err!("files of format {other} cannot be written"),
    }
}

struct FormatWriter {
    path: PathBuf,
    rows: u64,
    format: Format,
}

enum Format {
    Parquet(Box<ArrowWriter<BufWriter<File>>>),
    Csv(Box<CsvWriter<BufWriter<File>>>),
}

impl FormatWriter {
    fn create(path: &Path, options: &WriteOptions, schema: SchemaRef) -> Result<Self> {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        let format = if options.format == "parquet" {
            let properties = WriterProperties::builder().set_compression(compression(options)?).build();
            Format::Parquet(Box::new(ArrowWriter::try_new(file, schema, Some(properties))?))
        } else {
            Format::Csv(Box::new(csv_writer(file, options)?))
        };
        Ok(Self { path: path.to_owned(), rows: 0, format })
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        match &mut self.format {
            Format::Parquet(writer) => Ok(writer.write(batch)?),
            Format::Csv(writer) => writer.write(batch),
        }
    }

    fn finish(self) -> Result<WrittenFile> {
        match self.format {
            Format::Parquet(writer) => writer.into_inner()?.flush()?,
            Format::Csv(writer) => writer.into_inner().flush()?,
        }
        let bytes = std::fs::metadata(&self.path).map_err(DataFusionError::IoError)?.len();
        let path = self.path.to_str().ok_or_else(|| exec_datafusion_err!("{} is no text", self.path.display()))?.to_owned();
        Ok(WrittenFile { path, bytes, rows: self.rows })
    }
}

fn csv_writer(file: BufWriter<File>, options: &WriteOptions) -> Result<CsvWriter<BufWriter<File>>> {
    let header = options.options.get("header").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let delimiter = match options.options.get("sep").or_else(|| options.options.get("delimiter")).map(String::as_bytes) {
        None => b',',
        Some([byte]) => *byte,
        Some(other) => {
            return exec_err!("CSV option 'sep' is '{}', but must be one ASCII character", String::from_utf8_lossy(other));
        }
    };
    let null = options.options.get("nullvalue").cloned().unwrap_or_default();
    Ok(CsvWriter::new(file, delimiter, null, header))
}

fn compression(options: &WriteOptions) -> Result<Compression> {
    match options.options.get("compression").map(|c| c.to_ascii_lowercase()).as_deref() {
        None | Some("snappy") => Ok(Compression::SNAPPY),
        Some("none" | "uncompressed") => Ok(Compression::UNCOMPRESSED),
        Some("zstd") => Ok(Compression::ZSTD(ZstdLevel::try_new(3)?)),
        Some("gzip") => Ok(Compression::GZIP(GzipLevel::default())),
        Some("lz4" | "lz4_raw") => Ok(Compression::LZ4_RAW),
        Some(other) => exec_err!("compression '{other}' is none of snappy, zstd, gzip, lz4, none"),
    }
}
