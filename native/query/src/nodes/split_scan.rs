use super::inputs::{Counters, TaskInputs, split_location};
use super::leaf_children;
use crate::boundary::Split;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use chrono::DateTime;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_datafusion_err, internal_err};
use datafusion::datasource::listing::{FileRange, PartitionedFile};
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig, FileScanConfigBuilder, FileSource, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, ReplaceChildrenOptions, SchedulingType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, EmptyRecordBatchStream, ExecutionPlan, PlanProperties};
use futures::{StreamExt, TryStreamExt};
use object_store::ObjectMeta;
use object_store::path::Path;
use std::fmt;
use std::sync::Arc;

/// A file scan without files: they come with the task as splits.
#[derive(Debug, Clone)]
pub struct SplitScanExec {
    scan: u32,
    /// A `DataSourceExec` over a `FileScanConfig` without file groups.
    template: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
}

impl SplitScanExec {
    /// `template` is a `DataSourceExec` whose file groups are left out.
    ///
    /// # Errors
    /// When it is not a file scan.
    pub fn try_new(scan: u32, template: Arc<dyn ExecutionPlan>, num_partitions: usize) -> Result<Self> {
        let config = file_config(&template)?;
        let mut bare = config.clone();
        bare.file_groups = Vec::new();
        bare.output_partitioning = None;
        let template: Arc<dyn ExecutionPlan> = DataSourceExec::from_data_source(bare);
        let properties = PlanProperties::new(
            EquivalenceProperties::new(template.schema()),
            Partitioning::UnknownPartitioning(num_partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        )
        .with_scheduling_type(SchedulingType::Cooperative);
        Ok(Self { scan, template, properties: Arc::new(properties) })
    }

    pub fn scan(&self) -> u32 {
        self.scan
    }

    pub fn template(&self) -> &Arc<dyn ExecutionPlan> {
        &self.template
    }

    fn config(&self) -> Result<&FileScanConfig> {
        file_config(&self.template)
    }

    /// The template over these splits, with a metrics set of its own.
    fn source(&self, splits: &[Split], context: &TaskContext) -> Result<Arc<DataSourceExec>> {
        let config = self.config()?;
        let mut files = Vec::with_capacity(splits.len());
        let mut url = config.object_store_url.clone();
        for split in splits {
            let (store, path) = split_location(&split.path)?;
            url = store;
            files.push(split_file(split, path));
        }
        let source = if let Some(parquet) = config.file_source().downcast_ref::<ParquetSource>() {
            let store = context.runtime_env().object_store(&url)?;
            let cache = context.runtime_env().cache_manager.get_file_metadata_cache();
            let factory = CachedParquetFileReaderFactory::new(store, cache);
            let mut fresh = fresh_parquet(parquet).with_parquet_file_reader_factory(Arc::new(factory));
            if let Some(predicate) = parquet.filter() {
                fresh = fresh.with_predicate(predicate);
            }
            with_projection(Arc::new(fresh), config)?
        } else {
            return internal_err!("no split scan of {}", config.file_source().file_type());
        };
        let config = FileScanConfigBuilder::from(config.clone()).with_source(source).with_file_groups(vec![FileGroup::new(files)]);
        let mut config = config.build();
        config.object_store_url = url;
        Ok(DataSourceExec::from_data_source(config))
    }
}

/// The same source with metrics of its own.
fn fresh_parquet(source: &ParquetSource) -> ParquetSource {
    ParquetSource::new(source.table_schema().clone()).with_table_parquet_options(source.table_parquet_options().clone())
}

fn with_projection(source: Arc<dyn FileSource>, config: &FileScanConfig) -> Result<Arc<dyn FileSource>> {
    match config.file_source().projection() {
        Some(projection) if source.projection() != Some(projection) => Ok(source.try_pushdown_projection(projection)?.unwrap_or(source)),
        _ => Ok(source),
    }
}

pub(crate) fn file_config(plan: &Arc<dyn ExecutionPlan>) -> Result<&FileScanConfig> {
    plan.downcast_ref::<DataSourceExec>()
        .and_then(|exec| exec.data_source().downcast_ref::<FileScanConfig>())
        .ok_or_else(|| internal_datafusion_err!("{} is not a file scan", plan.name()))
}

pub(crate) fn split_file(split: &Split, location: Path) -> PartitionedFile {
    let meta = ObjectMeta {
        location,
        last_modified: DateTime::from_timestamp_millis(split.modified_millis).unwrap_or_default(),
        size: split.size,
        e_tag: None,
        version: None,
    };
    let mut file = PartitionedFile::new_from_meta(meta);
    if split.start > 0 || split.length < split.size {
        file.range = Some(FileRange { start: split.start as i64, end: (split.start + split.length) as i64 });
    }
    file
}

impl DisplayAs for SplitScanExec {
    fn fmt_as(&self, t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SplitScanExec: scan={}, ", self.scan)?;
        match self.template.downcast_ref::<DataSourceExec>() {
            Some(template) => template.fmt_as(t, f),
            None => Ok(()),
        }
    }
}

impl ExecutionPlan for SplitScanExec {
    fn name(&self) -> &'static str {
        "SplitScanExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    leaf_children!();

    fn execute(&self, _partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let inputs = TaskInputs::of(&context)?;
        let schema: SchemaRef = self.schema();
        let splits = inputs.splits.get(&self.scan).map_or(&[][..], Vec::as_slice);
        if splits.is_empty() {
            return Ok(Box::pin(EmptyRecordBatchStream::new(schema)));
        }
        let source = self.source(splits, &context)?;
        let counters = Arc::clone(&inputs.counters);
        let reading = reading(splits);
        let stream = source.execute(0, context)?.map_err(move |e| e.context(reading.clone()));
        let counted = Counted { source, counters };
        let rows = inputs.until_cancelled(stream).inspect(move |batch| {
            if let Ok(batch) = batch {
                counted.count(batch);
            }
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
    }
}

/// What a scan's errors are about. DataFusion does not say which of its files it reads.
fn reading(splits: &[Split]) -> String {
    match splits {
        [split] => format!("reading {}", split.path),
        [first, second] => format!("reading {} or {}", first.path, second.path),
        [first, rest @ ..] => format!("reading {} or one of {} other files", first.path, rest.len()),
        [] => String::new(),
    }
}

/// Adds what a scan read to the task's counters: rows as they come, bytes when it ends.
struct Counted {
    source: Arc<DataSourceExec>,
    counters: Arc<Counters>,
}

impl Counted {
    fn count(&self, batch: &RecordBatch) {
        Counters::add(&self.counters.input_rows, batch.num_rows() as u64);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let bytes = self.source.metrics().and_then(|m| m.sum_by_name("bytes_scanned")).map_or(0, |v| v.as_usize());
        Counters::add(&self.counters.input_bytes, bytes as u64);
    }
}
