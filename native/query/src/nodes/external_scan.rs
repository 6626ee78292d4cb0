use super::inputs::{BatchStream, Counters, TaskInputs};
use super::leaf_children;
use crate::boundary::Split;
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::coop::cooperative;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, ReplaceChildrenOptions, SchedulingType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::{StreamExt, stream};
use std::fmt;
use std::sync::Arc;

/// A scan of a data source whose reader is not in Rust. Its splits come with the task.
#[derive(Debug, Clone)]
pub struct ExternalScanExec {
    scan: u32,
    source: String,
    payload: String,
    /// Splits at planning; empty in a program.
    splits: Vec<Vec<Split>>,
    properties: Arc<PlanProperties>,
}

impl ExternalScanExec {
    pub fn new(scan: u32, source: String, payload: String, schema: SchemaRef, splits: Vec<Vec<Split>>, num_partitions: usize) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(num_partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        )
        .with_scheduling_type(SchedulingType::Cooperative);
        Self { scan, source, payload, splits, properties: Arc::new(properties) }
    }

    pub fn scan(&self) -> u32 {
        self.scan
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    pub fn payload(&self) -> &str {
        &self.payload
    }

    pub fn splits(&self) -> &[Vec<Split>] {
        &self.splits
    }
}

impl DisplayAs for ExternalScanExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExternalScanExec: scan={}, source={}", self.scan, self.source)
    }
}

impl ExecutionPlan for ExternalScanExec {
    fn name(&self) -> &'static str {
        "ExternalScanExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    leaf_children!();

    fn execute(&self, _partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let inputs = TaskInputs::of(&context)?;
        let reader =
            inputs.external.clone().ok_or_else(|| exec_datafusion_err!("this executor has no reader of data source {}", self.source))?;
        let schema = self.schema();
        let columns: Vec<String> = schema.fields().iter().map(|f| f.name().clone()).collect();
        let splits = inputs.splits.get(&self.scan).cloned().unwrap_or_default();
        let (source, payload) = (self.source.clone(), self.payload.clone());
        let target = Arc::clone(&schema);
        let batches: BatchStream = stream::iter(splits)
            .flat_map(move |split| reader.read(&source, &payload, &split, Arc::clone(&target), Some(columns.clone())))
            .boxed();
        let counters = Arc::clone(&inputs.counters);
        let counted = inputs.until_cancelled(batches).inspect(move |batch| {
            if let Ok(batch) = batch {
                Counters::add(&counters.input_rows, batch.num_rows() as u64);
                Counters::add(&counters.input_bytes, super::batch_bytes(batch));
            }
        });
        Ok(Box::pin(cooperative(RecordBatchStreamAdapter::new(schema, counted))))
    }
}
