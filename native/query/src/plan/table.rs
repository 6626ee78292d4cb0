use super::packing::pack;
use super::settings::Settings;
use crate::boundary::{ScanFormat, Split, Table};
use crate::csv::{Dialect, is_compressed};
use crate::functions::types::arrow_schema;
use crate::nodes::{CsvFormat, CsvScanExec, ExternalScanExec, split_file, split_location};
use arrow::datatypes::{DataType, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::config::TableParquetOptions;
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, Result, ScalarValue, Statistics, plan_err};
use datafusion::datasource::TableType;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use std::sync::Arc;

/// Kept on each file of a scan, for the pass that takes the splits out again.
#[derive(Debug, Clone)]
pub(super) struct SplitOf {
    pub table: String,
    pub split: Split,
}

/// A table as its data source described it: exact statistics, and files packed into partitions.
///
/// Its scan is DataFusion's own, so that every optimization applies; the split pass takes the
/// files out again.
#[derive(Debug)]
pub struct KilnTable {
    key: String,
    schema: SchemaRef,
    scan: ScanFormat,
    partitions: Vec<Vec<Split>>,
    statistics: Statistics,
    file_bytes: u64,
    time_zone: String,
}

impl KilnTable {
    pub fn new(key: &str, table: &Table, settings: &Settings, parallelism: usize) -> Self {
        let schema = Arc::new(arrow_schema(&table.fields));
        let partitions = match &table.scan {
            ScanFormat::External { .. } => table.files.iter().map(|f| vec![super::packing::whole(f)]).collect(),
            _ => pack(table, settings, parallelism, is_splittable(table)),
        };
        Self {
            key: key.to_owned(),
            statistics: statistics(table, &schema),
            schema,
            scan: table.scan.clone(),
            time_zone: settings.time_zone.clone(),
            partitions,
            file_bytes: table.files.iter().map(|f| f.size).sum(),
        }
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    /// Bytes of its files.
    pub fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    pub fn partitions(&self) -> &[Vec<Split>] {
        &self.partitions
    }
}

fn csv_format(scan: &ScanFormat, time_zone: &str) -> Result<CsvFormat> {
    let ScanFormat::Csv { header, null_value, date_format, timestamp_format, .. } = scan else {
        return plan_err!("not a CSV");
    };
    Ok(CsvFormat {
        header: *header,
        dialect: Dialect::of(scan)?,
        null_value: null_value.clone(),
        date_format: date_format.clone(),
        timestamp_format: timestamp_format.clone(),
        time_zone: time_zone.to_owned(),
    })
}

/// Files that are compressed as a whole cannot be cut.
fn is_splittable(table: &Table) -> bool {
    match table.scan {
        ScanFormat::Csv { multi_line, .. } => !multi_line && !table.files.iter().any(|f| is_compressed(&f.path)),
        _ => true,
    }
}

#[async_trait]
impl TableProvider for KilnTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if let ScanFormat::External { source, payload } = &self.scan {
            let schema = match projection {
                Some(columns) => Arc::new(self.schema.project(columns)?),
                None => Arc::clone(&self.schema),
            };
            let partitions = self.partitions.len().max(1);
            return Ok(Arc::new(ExternalScanExec::new(0, source.clone(), payload.clone(), schema, self.partitions.clone(), partitions)));
        }
        if let ScanFormat::Csv { .. } = &self.scan {
            let columns = projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
            let (schema, splits) = (Arc::clone(&self.schema), self.partitions.clone());
            let format = csv_format(&self.scan, &self.time_zone)?;
            return Ok(Arc::new(CsvScanExec::try_new(self.key.clone(), format, schema, columns, limit, splits, self.statistics.clone())?));
        }
        let options = TableParquetOptions { global: state.config_options().execution.parquet.clone(), ..TableParquetOptions::default() };
        let source = Arc::new(ParquetSource::new(Arc::clone(&self.schema)).with_table_parquet_options(options));
        let mut groups = Vec::with_capacity(self.partitions.len());
        for partition in &self.partitions {
            let files = partition
                .iter()
                .map(
                    |s| Ok(split_file(s, split_location(&s.path)?.1).with_extension(SplitOf { table: self.key.clone(), split: s.clone() })),
                )
                .collect::<Result<Vec<_>>>()?;
            groups.push(FileGroup::new(files));
        }
        if groups.is_empty() {
            groups.push(FileGroup::new(Vec::new()));
        }
        let url = match self.partitions.first().and_then(|p| p.first()) {
            Some(split) => split_location(&split.path)?.0,
            None => ObjectStoreUrl::local_filesystem(),
        };
        let config = FileScanConfigBuilder::new(url, source)
            .with_file_groups(groups)
            .with_statistics(self.statistics.clone())
            .with_limit(limit)
            .with_projection_indices(projection.cloned())?
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(self.statistics.clone())
    }
}

fn statistics(table: &Table, schema: &SchemaRef) -> Statistics {
    let rows = match table.rows {
        Some(rows) => Precision::Exact(rows as usize),
        None => estimated_rows(table, schema).map_or(Precision::Absent, Precision::Inexact),
    };
    let columns: Vec<ColumnStatistics> = schema
        .fields()
        .iter()
        .enumerate()
        .map(|(i, field)| {
            let mut statistics = ColumnStatistics::new_unknown();
            if let Some(known) = table.columns.get(i) {
                let value = |text: &Option<String>| {
                    text.as_deref().and_then(|t| parse_value(t, field.data_type())).map_or(Precision::Absent, exactness(field.data_type()))
                };
                statistics.min_value = value(&known.min);
                statistics.max_value = value(&known.max);
                statistics.null_count = known.nulls.map_or(Precision::Absent, |n| Precision::Exact(n as usize));
            }
            statistics.byte_size = rows.to_inexact().map(|r| r * width(field.data_type()));
            statistics
        })
        .collect();
    let row_width: usize = schema.fields().iter().map(|f| width(f.data_type())).sum();
    Statistics { num_rows: rows, total_byte_size: rows.to_inexact().map(|r| r * row_width), column_statistics: columns }
}

/// Rows of a CSV: a row is taken to be as wide as its values.
fn estimated_rows(table: &Table, schema: &SchemaRef) -> Option<usize> {
    if matches!(table.scan, ScanFormat::External { .. }) {
        return None;
    }
    let known: Option<u64> = table.files.iter().map(|f| f.rows).sum();
    let row = schema.fields().iter().map(|f| width(f.data_type())).sum::<usize>().max(8) as u64;
    known.map(|r| r as usize).or_else(|| Some((table.files.iter().map(|f| f.size).sum::<u64>() / row) as usize))
}

/// Bytes of a row in memory, as its types tell.
pub(crate) fn row_width(schema: &SchemaRef) -> u64 {
    schema.fields().iter().map(|f| width(f.data_type()) as u64).sum()
}

/// Bytes of a value in memory.
pub(super) fn width(data_type: &DataType) -> usize {
    match data_type {
        DataType::Null => 0,
        DataType::Boolean => 1,
        DataType::Utf8View | DataType::Utf8 | DataType::Binary | DataType::BinaryView | DataType::LargeUtf8 => 32,
        DataType::Struct(fields) => fields.iter().map(|f| width(f.data_type())).sum(),
        other => other.primitive_width().unwrap_or(64),
    }
}

/// Footers may hold a shortened bound of text, and know no NaN: those only guide.
fn exactness(data_type: &DataType) -> fn(ScalarValue) -> Precision<ScalarValue> {
    match data_type {
        DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Decimal128(..)
        | DataType::Date32
        | DataType::Timestamp(..) => Precision::Exact,
        _ => Precision::Inexact,
    }
}

/// Canonical text, as literals have it.
fn parse_value(text: &str, data_type: &DataType) -> Option<ScalarValue> {
    ScalarValue::try_from_string(text.to_owned(), data_type).ok()
}
