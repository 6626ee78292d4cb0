//! Physical operators of the lowering's logical nodes. [`encode`] and [`decode`] are their part of a plan's codec.
use super::logical::{PartitionValue, PartitionValueKind};
use super::random::XorShift;
use super::range_table::RangeExec;
use arrow::array::{ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch};
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{Distribution, EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties};
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

/// What a node is, without its inputs.
#[derive(Debug, Serialize, Deserialize)]
enum Payload {
    Range { start: i64, end: i64, step: i64, partitions: u32, projected: bool, name: String },
    Tail { limit: usize },
    PartitionValues { values: Vec<PartitionValue> },
}

/// The bytes of one of the lowering's executable nodes; `None` for any other node.
pub fn encode(node: &dyn ExecutionPlan) -> Option<Vec<u8>> {
    let payload = if let Some(range) = node.downcast_ref::<RangeExec>() {
        let name = range.schema().fields().first().map(|f| f.name().clone()).unwrap_or_default();
        Payload::Range {
            start: range.start,
            end: range.end,
            step: range.step,
            partitions: range.partitions,
            projected: range.projected,
            name,
        }
    } else if let Some(tail) = node.downcast_ref::<TailExec>() {
        Payload::Tail { limit: tail.limit }
    } else {
        Payload::PartitionValues { values: node.downcast_ref::<PartitionValuesExec>()?.values.clone() }
    };
    serde_json::to_vec(&payload).ok()
}

pub fn decode(payload: &[u8], inputs: &[Arc<dyn ExecutionPlan>]) -> Result<Arc<dyn ExecutionPlan>> {
    let payload = serde_json::from_slice(payload).map_err(|e| DataFusionError::External(Box::new(e)))?;
    match (payload, inputs) {
        (Payload::Range { start, end, step, partitions, projected, name }, []) => {
            Ok(Arc::new(RangeExec::new(start, end, step, partitions, projected, &name)))
        }
        (Payload::Tail { limit }, [input]) => Ok(Arc::new(TailExec::new(Arc::clone(input), limit))),
        (Payload::PartitionValues { values }, [input]) => Ok(Arc::new(PartitionValuesExec::new(Arc::clone(input), values))),
        (payload, inputs) => internal_err!("{payload:?} with {} inputs", inputs.len()),
    }
}

macro_rules! unary_node {
    ($type:ident, $node:ident, $input:ident => $make:expr) => {
        fn name(&self) -> &'static str {
            stringify!($type)
        }

        fn properties(&self) -> &Arc<PlanProperties> {
            &self.properties
        }

        fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
            vec![&self.input]
        }

        fn apply_expressions(&self, _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>) -> Result<TreeNodeRecursion> {
            Ok(TreeNodeRecursion::Continue)
        }

        fn replace_children(
            self: Arc<Self>,
            children: Vec<Arc<dyn ExecutionPlan>>,
            _options: ReplaceChildrenOptions,
        ) -> Result<Arc<dyn ExecutionPlan>> {
            let $node = self;
            match <[_; 1]>::try_from(children) {
                Ok([$input]) => Ok(Arc::new($make)),
                Err(children) => internal_err!("one child is needed, not {}", children.len()),
            }
        }

        fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
            self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
        }
    };
}

/// The last `limit` rows of one partition.
#[derive(Debug)]
pub struct TailExec {
    pub input: Arc<dyn ExecutionPlan>,
    pub limit: usize,
    properties: Arc<PlanProperties>,
}

impl TailExec {
    pub fn new(input: Arc<dyn ExecutionPlan>, limit: usize) -> Self {
        let properties = Arc::clone(input.properties());
        Self { input, limit, properties }
    }
}

impl DisplayAs for TailExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TailExec: {}", self.limit)
    }
}

impl ExecutionPlan for TailExec {
    unary_node!(TailExec, node, input => Self::new(input, node.limit));

    fn required_input_distribution(&self) -> Vec<Distribution> {
        vec![Distribution::SinglePartition]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, context)?;
        let (schema, limit) = (self.schema(), self.limit);
        let last = async move { last_rows(input, limit).await };
        let batches = stream::once(last).map_ok(|batches| stream::iter(batches.into_iter().map(Ok))).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }
}

async fn last_rows(mut input: SendableRecordBatchStream, limit: usize) -> Result<VecDeque<RecordBatch>> {
    let mut kept: VecDeque<RecordBatch> = VecDeque::new();
    let mut rows = 0;
    while let Some(batch) = input.try_next().await? {
        rows += batch.num_rows();
        kept.push_back(batch);
        while let Some(first) = kept.front() {
            let surplus = rows.saturating_sub(limit);
            if first.num_rows() > surplus {
                break;
            }
            rows -= first.num_rows();
            kept.pop_front();
        }
    }
    if let Some(first) = kept.front_mut()
        && rows > limit
    {
        *first = first.slice(rows - limit, first.num_rows() - (rows - limit));
    }
    Ok(kept)
}

/// Adds columns that depend on the partition's number and the row's place in it. The number is that of `execute`.
#[derive(Debug)]
pub struct PartitionValuesExec {
    pub input: Arc<dyn ExecutionPlan>,
    pub values: Vec<PartitionValue>,
    properties: Arc<PlanProperties>,
}

impl PartitionValuesExec {
    pub fn new(input: Arc<dyn ExecutionPlan>, values: Vec<PartitionValue>) -> Self {
        let mut fields: Vec<_> = input.schema().fields().iter().cloned().collect();
        fields.extend(values.iter().map(|v| Arc::new(Field::new(&v.name, v.kind.data_type(), false))));
        let schema = Arc::new(Schema::new_with_metadata(fields, input.schema().metadata().clone()));
        let partitioning = input.output_partitioning().clone();
        let properties =
            PlanProperties::new(EquivalenceProperties::new(schema), partitioning, input.pipeline_behavior(), input.boundedness());
        Self { input, values, properties: Arc::new(properties) }
    }
}

impl DisplayAs for PartitionValuesExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PartitionValuesExec: {:?}", self.values.iter().map(|v| &v.kind).collect::<Vec<_>>())
    }
}

impl ExecutionPlan for PartitionValuesExec {
    unary_node!(PartitionValuesExec, node, input => Self::new(input, node.values.clone()));

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, context)?;
        let schema = self.schema();
        let mut generators: Vec<Generator> = self.values.iter().map(|v| Generator::new(&v.kind, partition)).collect();
        let batches = input.map(move |batch| add_columns(&batch?, &mut generators, &schema));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }
}

fn add_columns(batch: &RecordBatch, generators: &mut [Generator], schema: &SchemaRef) -> Result<RecordBatch> {
    let mut columns = batch.columns().to_vec();
    columns.extend(generators.iter_mut().map(|g| g.column(batch.num_rows())));
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

enum Generator {
    Uniform(XorShift),
    Normal(XorShift),
    Increasing(i64),
    Constant(i32),
}

impl Generator {
    fn new(kind: &PartitionValueKind, partition: usize) -> Self {
        let random = |seed: i64| XorShift::new(seed.wrapping_add(partition as i64));
        match kind {
            PartitionValueKind::Rand { seed } => Self::Uniform(random(*seed)),
            PartitionValueKind::Randn { seed } => Self::Normal(random(*seed)),
            PartitionValueKind::MonotonicallyIncreasingId => Self::Increasing((partition as i64) << 33),
            PartitionValueKind::PartitionId => Self::Constant(partition as i32),
        }
    }

    fn column(&mut self, rows: usize) -> ArrayRef {
        match self {
            Self::Uniform(random) => Arc::new(Float64Array::from_iter_values((0..rows).map(|_| random.next_double()))),
            Self::Normal(random) => Arc::new(Float64Array::from_iter_values((0..rows).map(|_| random.next_normal()))),
            Self::Increasing(next) => {
                let first = *next;
                *next += rows as i64;
                Arc::new(Int64Array::from_iter_values(first..*next))
            }
            Self::Constant(value) => Arc::new(Int32Array::from_value(*value, rows)),
        }
    }
}
