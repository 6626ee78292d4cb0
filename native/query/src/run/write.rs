//! Files of a write task, into a directory of its attempt.

use super::results::{conform, result_schema};
use crate::boundary::{TaskSpec, WrittenFile};
use crate::nodes::WriteOptions;
use arrow::array::RecordBatch;
use arrow::csv::{Writer as CsvWriter, WriterBuilder};
use datafusion::common::{DataFusionError, Result, exec_datafusion_err, exec_err};
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;
use kiln_sql::tree::StructField;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// Writes the rows of one task. A task without rows writes a file without rows for partition 0
/// only, so that the schema is kept.
pub async fn write_files(mut stream: SendableRecordBatchStream, options: &WriteOptions, fields: &[StructField], dir: &str, spec: &TaskSpec) -> Result<Vec<WrittenFile>> {
    if !options.partition_by.is_empty() {
        return exec_err!("partitioned writes are not supported yet");
    }
    let schema = result_schema(fields);
    let name = format!("part-{:05}-{}.{}", spec.partition, spec.attempt, extension(options)?);
    let path = Path::new(dir).join(name);
    let mut file: Option<FormatWriter> = None;
    let mut rows = 0;
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        if batch.num_rows() == 0 {
            continue;
        }
        let batch = conform(&batch, &schema)?;
        let writer = match &mut file {
            Some(writer) => writer,
            None => file.insert(FormatWriter::create(&path, options, &batch)?),
        };
        writer.write(&batch)?;
        rows += batch.num_rows() as u64;
    }
    if file.is_none() && spec.partition == 0 {
        file = Some(FormatWriter::create(&path, options, &RecordBatch::new_empty(schema))?);
    }
    match file {
        Some(writer) => Ok(vec![writer.finish(rows)?]),
        None => Ok(Vec::new()),
    }
}

fn extension(options: &WriteOptions) -> Result<&'static str> {
    match options.format.as_str() {
        "parquet" => Ok("parquet"),
        "csv" => Ok("csv"),
        other => exec_err!("files of format {other} cannot be written"),
    }
}

enum FormatWriter {
    Parquet(PathBuf, Box<ArrowWriter<BufWriter<File>>>),
    Csv(PathBuf, Box<CsvWriter<BufWriter<File>>>),
}

impl FormatWriter {
    fn create(path: &Path, options: &WriteOptions, first: &RecordBatch) -> Result<Self> {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        if options.format == "parquet" {
            let properties = WriterProperties::builder().set_compression(compression(options)?).build();
            let writer = ArrowWriter::try_new(file, first.schema(), Some(properties))?;
            return Ok(Self::Parquet(path.to_owned(), Box::new(writer)));
        }
        let mut builder = WriterBuilder::new().with_header(flag(options, "header"));
        if let Some(separator) = options.options.get("sep").or_else(|| options.options.get("delimiter")) {
            let [byte] = separator.as_bytes() else {
                return exec_err!("CSV option 'sep' is '{separator}', but must be one ASCII character");
            };
            builder = builder.with_delimiter(*byte);
        }
        if let Some(null) = options.options.get("nullvalue") {
            builder = builder.with_null(null.clone());
        }
        let mut writer = builder.build(file);
        if first.num_rows() == 0 {
            writer.write(first)?;
        }
        Ok(Self::Csv(path.to_owned(), Box::new(writer)))
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        match self {
            Self::Parquet(_, writer) => Ok(writer.write(batch)?),
            Self::Csv(_, writer) => Ok(writer.write(batch)?),
        }
    }

    fn finish(self, rows: u64) -> Result<WrittenFile> {
        use std::io::Write;
        let path = match self {
            Self::Parquet(path, writer) => {
                writer.into_inner()?.flush()?;
                path
            }
            Self::Csv(path, writer) => {
                writer.into_inner().flush()?;
                path
            }
        };
        let bytes = std::fs::metadata(&path).map_err(DataFusionError::IoError)?.len();
        let path = path.to_str().ok_or_else(|| exec_datafusion_err!("{} is no text", path.display()))?.to_owned();
        Ok(WrittenFile { path, bytes, rows })
    }
}

fn flag(options: &WriteOptions, key: &str) -> bool {
    options.options.get(key).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

fn compression(options: &WriteOptions) -> Result<Compression> {
    match options.options.get("compression").map(|c| c.to_ascii_lowercase()).as_deref() {
        None | Some("snappy") => Ok(Compression::SNAPPY),
        Some("none" | "uncompressed") => Ok(Compression::UNCOMPRESSED),
        Some("zstd") => Ok(Compression::ZSTD(ZstdLevel::try_new(3)?)),
        Some("gzip") => Ok(Compression::GZIP(parquet::basic::GzipLevel::default())),
        Some("lz4" | "lz4_raw") => Ok(Compression::LZ4_RAW),
        Some(other) => exec_err!("compression '{other}' is none of snappy, zstd, gzip, lz4, none"),
    }
}
