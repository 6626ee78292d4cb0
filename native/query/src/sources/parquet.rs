use super::files::list_files;
use crate::boundary::{ColumnStatistics, FileBlock, ScanFormat, Table, TableFile};
use crate::functions::types::{arrow_type, spark_type};
use arrow::array::{Array, ArrayRef};
use arrow::compute::cast;
use arrow::datatypes::{DataType as Arrow, Schema};
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_datafusion_err, exec_err};
use kiln_sql::tree::{DataType, StructField};
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::arrow::parquet_to_arrow_schema;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use std::fs::File;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Parquet files as a table: the first file's columns, every file's row groups, merged statistics.
///
/// # Errors
/// For files that are no Parquet, or that lack a column of the first.
pub fn parquet_table(paths: &[String]) -> Result<Table> {
    let mut files = list_files(paths)?;
    if files.is_empty() {
        return exec_err!("[UNABLE_TO_INFER_SCHEMA] Unable to infer schema for Parquet. It must be specified manually.");
    }
    let footers = read_footers(&files)?;
    let schema = arrow_schema(&files[0], &footers[0])?;
    let fields = fields(&files[0], &schema)?;
    let mut statistics: Vec<Merged> = fields.iter().map(|_| Merged::default()).collect();
    let mut rows = 0;
    for (file, footer) in files.iter_mut().zip(&footers) {
        file.blocks = blocks(footer);
        let file_rows: u64 = file.blocks.iter().map(|b| b.rows).sum();
        file.rows = Some(file_rows);
        rows += file_rows;
        let own = arrow_schema(file, footer)?;
        for (field, merged) in fields.iter().zip(&mut statistics) {
            merged.add(&own, field, footer);
        }
    }
    let columns = statistics.into_iter().map(Merged::finish).collect();
    Ok(Table { fields, scan: ScanFormat::Parquet, files, rows: Some(rows), columns })
}

/// Footers, read by a few threads.
fn read_footers(files: &[TableFile]) -> Result<Vec<ParquetMetaData>> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut read = Vec::new();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(i) else {
                return Ok(read);
            };
            let footer = File::open(&file.path)
                .map_err(DataFusionError::IoError)
                .and_then(|f| Ok(ParquetMetaDataReader::new().parse_and_finish(&f)?))
                .map_err(|e| DataFusionError::Context(format!("reading the footer of {}", file.path), Box::new(e)))?;
            read.push((i, footer));
        }
    };
    let threads = files.len().min(16).min(thread::available_parallelism().map_or(4, usize::from) * 4);
    let mut footers: Vec<Option<ParquetMetaData>> = files.iter().map(|_| None).collect();
    let mut keep = |read: Result<Vec<(usize, ParquetMetaData)>>| -> Result<()> {
        for (i, footer) in read? {
            footers[i] = Some(footer);
        }
        Ok(())
    };
    if threads == 1 {
        keep(worker())?;
    } else {
        thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
            workers.into_iter().try_for_each(|w| keep(w.join().map_err(|_| exec_datafusion_err!("a footer reader panicked"))?))
        })?;
    }
    footers.into_iter().map(|f| f.ok_or_else(|| exec_datafusion_err!("a footer was not read"))).collect()
}

fn arrow_schema(file: &TableFile, footer: &ParquetMetaData) -> Result<Schema> {
    parquet_to_arrow_schema(footer.file_metadata().schema_descr(), footer.file_metadata().key_value_metadata())
        .map_err(|e| DataFusionError::Context(format!("the schema of {}", file.path), Box::new(e.into())))
}

fn fields(file: &TableFile, schema: &Schema) -> Result<Vec<StructField>> {
    schema
        .fields()
        .iter()
        .map(|f| {
            let data_type = spark_type(f.data_type()).map_err(|e| exec_datafusion_err!("column {} of {}: {e}", f.name(), file.path))?;
            // Spark's reader takes every column of a file as nullable.
            Ok(StructField { name: f.name().clone(), data_type, nullable: true })
        })
        .collect()
}

fn blocks(footer: &ParquetMetaData) -> Vec<FileBlock> {
    let block = |group: &parquet::file::metadata::RowGroupMetaData| {
        let start = match group.columns().first() {
            // As DataFusion decides whether a row group is in a range.
            Some(column) => column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset()),
            None => 0,
        };
        FileBlock { start: start as u64, rows: group.num_rows() as u64 }
    };
    footer.row_groups().iter().map(block).collect()
}

/// Minimum, maximum and NULLs of one column over all row groups; lost when one of them lacks it.
#[derive(Default)]
struct Merged {
    bounds: Option<(ScalarValue, ScalarValue)>,
    nulls: u64,
    lost_bounds: bool,
    lost_nulls: bool,
}

impl Merged {
    fn add(&mut self, schema: &Schema, field: &StructField, footer: &ParquetMetaData) {
        let groups = footer.row_groups();
        let parquet_schema = footer.file_metadata().schema_descr();
        let Ok(converter) = StatisticsConverter::try_new(&field.name, schema, parquet_schema) else {
            (self.lost_bounds, self.lost_nulls) = (true, true);
            return;
        };
        match converter.row_group_null_counts(groups.iter()) {
            Ok(counts) if counts.null_count() == 0 => self.nulls += counts.values().iter().sum::<u64>(),
            _ => self.lost_nulls = true,
        }
        if self.lost_bounds || !has_order(&field.data_type) {
            self.lost_bounds = true;
            return;
        }
        let target = arrow_type(&field.data_type);
        let mins = converter.row_group_mins(groups.iter()).ok().and_then(|a| cast(&a, &target).ok());
        let maxes = converter.row_group_maxes(groups.iter()).ok().and_then(|a| cast(&a, &target).ok());
        match (mins.and_then(|a| extreme(&a, true)), maxes.and_then(|a| extreme(&a, false))) {
            (Some(low), Some(high)) => {
                self.bounds = Some(match self.bounds.take() {
                    None => (low, high),
                    Some((l, h)) => (if low < l { low } else { l }, if high > h { high } else { h }),
                });
            }
            _ => self.lost_bounds = true,
        }
    }

    fn finish(self) -> ColumnStatistics {
        let bounds = if self.lost_bounds { None } else { self.bounds };
        let (min, max) = bounds.map_or((None, None), |(low, high)| (text(&low), text(&high)));
        ColumnStatistics { min, max, nulls: (!self.lost_nulls).then_some(self.nulls) }
    }
}

/// Types whose footer statistics are kept: text may be shortened, floats know no NaN.
fn has_order(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Byte
            | DataType::Short
            | DataType::Integer
            | DataType::Long
            | DataType::Decimal { .. }
            | DataType::Date
            | DataType::Timestamp
            | DataType::TimestampNtz
    )
}

/// The least or greatest of the row groups' values; `None` when one is missing.
fn extreme(values: &ArrayRef, least: bool) -> Option<ScalarValue> {
    if values.is_empty() || values.null_count() > 0 {
        return None;
    }
    let scalars = (0..values.len()).map(|i| ScalarValue::try_from_array(values, i).ok()).collect::<Option<Vec<_>>>()?;
    scalars.into_iter().reduce(|a, b| if (a < b) == least { a } else { b })
}

/// As in literals.
fn text(value: &ScalarValue) -> Option<String> {
    value.cast_to(&Arrow::Utf8).ok().and_then(|v| match v {
        ScalarValue::Utf8(text) => text,
        _ => None,
    })
}
