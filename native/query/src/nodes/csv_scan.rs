use super::csv_read::read_split;
use super::inputs::{BatchStream, Counters, TaskInputs};
use super::leaf_children;
use crate::boundary::Split;
use crate::csv::Dialect;
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::coop::cooperative;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, ReplaceChildrenOptions, SchedulingType};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// How a CSV's text is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CsvFormat {
    pub header: bool,
    pub dialect: Dialect,
    pub null_value: String,
    pub date_format: Option<String>,
    pub timestamp_format: Option<String>,
    pub time_zone: String,
}

/// A scan of CSV splits as Spark's permissive mode reads them: what does not fit its column is NULL.
#[derive(Debug, Clone)]
pub struct CsvScanExec {
    scan: u32,
    table: String,
    format: Arc<CsvFormat>,
    /// Columns of the files.
    file_schema: SchemaRef,
    /// Columns that are wanted, in order.
    projection: Vec<usize>,
    fetch: Option<usize>,
    /// Splits at planning; empty in a program.
    splits: Vec<Vec<Split>>,
    statistics: Arc<Statistics>,
    properties: Arc<PlanProperties>,
}

impl CsvScanExec {
    /// # Errors
    /// When the projection does not fit the schema.
    pub fn try_new(
        table: String,
        format: CsvFormat,
        file_schema: SchemaRef,
        projection: Vec<usize>,
        fetch: Option<usize>,
        splits: Vec<Vec<Split>>,
        statistics: Statistics,
    ) -> Result<Self> {
        let schema = Arc::new(file_schema.project(&projection)?);
        let properties = properties(schema, splits.len().max(1));
        let statistics = Arc::new(statistics.project(Some(&projection)));
        Ok(Self { scan: 0, table, format: Arc::new(format), file_schema, projection, fetch, splits, statistics, properties })
    }

    /// The scan as tasks run it, without splits.
    #[must_use]
    pub fn in_stage(&self, scan: u32, partitions: usize) -> Self {
        Self { scan, splits: Vec::new(), properties: properties(self.schema(), partitions), ..self.clone() }
    }

    /// The same scan of other splits.
    #[must_use]
    pub fn with_splits(&self, splits: Vec<Vec<Split>>) -> Self {
        Self { properties: properties(self.schema(), splits.len().max(1)), splits, ..self.clone() }
    }

    pub fn scan(&self) -> u32 {
        self.scan
    }

    pub fn table(&self) -> &str {
        &self.table
    }

    pub fn format(&self) -> &CsvFormat {
        &self.format
    }

    pub fn file_schema(&self) -> &SchemaRef {
        &self.file_schema
    }

    pub fn projection(&self) -> &[usize] {
        &self.projection
    }

    pub fn fetch_rows(&self) -> Option<usize> {
        self.fetch
    }

    pub fn splits(&self) -> &[Vec<Split>] {
        &self.splits
    }
}

fn properties(schema: SchemaRef, partitions: usize) -> Arc<PlanProperties> {
    let equivalence = EquivalenceProperties::new(schema);
    let properties =
        PlanProperties::new(equivalence, Partitioning::UnknownPartitioning(partitions), EmissionType::Incremental, Boundedness::Bounded);
    Arc::new(properties.with_scheduling_type(SchedulingType::Cooperative))
}

impl DisplayAs for CsvScanExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.projection.iter().map(|i| self.file_schema.field(*i).name().as_str()).collect();
        write!(f, "CsvScanExec: scan={}, columns=[{}]", self.scan, names.join(", "))
    }
}

impl ExecutionPlan for CsvScanExec {
    fn name(&self) -> &'static str {
        "CsvScanExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    leaf_children!();

    fn execute(&self, _partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let inputs = TaskInputs::of(&context)?;
        let schema = self.schema();
        let splits = inputs.splits.get(&self.scan).cloned().unwrap_or_default();
        let (format, file_schema, projection) = (Arc::clone(&self.format), Arc::clone(&self.file_schema), self.projection.clone());
        let counters = Arc::clone(&inputs.counters);
        let batch_size = context.session_config().batch_size();
        let read = move |split: Split| -> BatchStream {
            Counters::add(&counters.input_bytes, split.length);
            let counters = Arc::clone(&counters);
            match read_split(&split, &format, &file_schema, &projection, batch_size) {
                Ok(batches) => {
                    let counted = batches.inspect(move |batch| {
                        if let Ok(batch) = batch {
                            Counters::add(&counters.input_rows, batch.num_rows() as u64);
                        }
                    });
                    stream::iter(counted).boxed()
                }
                Err(error) => stream::once(async { Err(error) }).boxed(),
            }
        };
        let batches: BatchStream = inputs.until_cancelled(stream::iter(splits).flat_map(read)).boxed();
        let batches = match self.fetch {
            Some(fetch) => super::shuffle_read::take_rows(batches, fetch),
            None => batches,
        };
        Ok(Box::pin(cooperative(RecordBatchStreamAdapter::new(schema, batches))))
    }

    fn statistics_from_inputs(&self, _inputs: &[Arc<Statistics>], _args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        Ok(Arc::clone(&self.statistics))
    }
}
