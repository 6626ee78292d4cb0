use super::inputs::{BatchStream, Counters, OutputRead, ReadLayout, ShuffleStreams, TaskInputs};
use super::range_merge::{KeyRange, slice_runs};
use super::{batch_bytes, comma_separated, leaf_children};
use crate::boundary::{MapOutputs, PartitionRead};
use arrow::array::RecordBatch;
use arrow::compute::BatchCoalescer;
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_datafusion_err};
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, LexOrdering, Partitioning, PhysicalExpr};
use datafusion::physical_plan::coop::cooperative;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, ReplaceChildrenOptions, SchedulingType};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet};
use datafusion::physical_plan::sorts::streaming_merge::StreamingMergeBuilder;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::{StreamExt, stream};
use std::fmt;
use std::sync::Arc;

/// Which rows of a shuffle a reader's partition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadMode {
    /// Reduce partitions, one or a range of them.
    Partitions,
    /// Everything, in every task.
    Broadcast,
    /// A range of keys of sorted runs.
    Range,
}

/// The input of a stage from another stage's map outputs.
#[derive(Debug, Clone)]
pub struct ShuffleReadExec {
    reader: u32,
    shuffle_id: u64,
    mode: ReadMode,
    /// Map outputs are sorted by it, and merged here.
    merge: Option<LexOrdering>,
    fetch: Option<usize>,
    /// Partition p reads `reads[p]`; `None`: reduce partition p.
    reads: Option<Vec<PartitionRead>>,
    /// For `Range`: partition p has the keys in `[bounds[p - 1], bounds[p])`.
    bounds: Vec<Vec<u8>>,
    properties: Arc<PlanProperties>,
}

impl ShuffleReadExec {
    pub fn new(
        reader: u32,
        shuffle_id: u64,
        mode: ReadMode,
        schema: SchemaRef,
        partitioning: Partitioning,
        merge: Option<LexOrdering>,
        fetch: Option<usize>,
    ) -> Self {
        let properties = properties(schema, partitioning, merge.as_ref());
        Self { reader, shuffle_id, mode, merge, fetch, reads: None, bounds: Vec::new(), properties: Arc::new(properties) }
    }

    pub fn reader(&self) -> u32 {
        self.reader
    }

    pub fn shuffle_id(&self) -> u64 {
        self.shuffle_id
    }

    pub fn mode(&self) -> ReadMode {
        self.mode
    }

    pub fn merge(&self) -> Option<&LexOrdering> {
        self.merge.as_ref()
    }

    pub fn fetch_rows(&self) -> Option<usize> {
        self.fetch
    }

    pub fn reads(&self) -> Option<&[PartitionRead]> {
        self.reads.as_deref()
    }

    pub fn bounds(&self) -> &[Vec<u8>] {
        &self.bounds
    }

    /// The same reader of other partitions.
    #[must_use]
    pub fn with_reads(&self, reads: Vec<PartitionRead>) -> Self {
        let partitioning = match &self.properties.partitioning {
            Partitioning::Hash(expressions, _) => Partitioning::Hash(expressions.clone(), reads.len()),
            _ => Partitioning::UnknownPartitioning(reads.len()),
        };
        Self { reads: Some(reads), properties: Arc::new(self.properties.as_ref().clone().with_partitioning(partitioning)), ..self.clone() }
    }

    /// The same reader of key ranges between these bounds.
    #[must_use]
    pub fn with_bounds(&self, bounds: Vec<Vec<u8>>) -> Self {
        let partitioning = Partitioning::UnknownPartitioning(bounds.len() + 1);
        Self { bounds, properties: Arc::new(self.properties.as_ref().clone().with_partitioning(partitioning)), ..self.clone() }
    }

    /// One stream, or one for each sorted run.
    fn streams(&self, partition: usize, inputs: &Arc<TaskInputs>, outputs: &Arc<MapOutputs>) -> Result<ShuffleStreams> {
        let joined = |read: &PartitionRead, layout| {
            let end = read.map_end.map_or(outputs.outputs.len(), |end| (end as usize).min(outputs.outputs.len()));
            let reads = (read.map_start as usize..end).map(|output| OutputRead { output, partitions: read.start..read.end });
            inputs.shuffle.read(outputs, reads.collect(), &self.schema(), layout)
        };
        match self.mode {
            ReadMode::Broadcast => joined(&PartitionRead { start: 0, end: 1, map_start: 0, map_end: None }, ReadLayout::Shared),
            ReadMode::Range => {
                let range = KeyRange {
                    low: partition.checked_sub(1).and_then(|p| self.bounds.get(p)).cloned(),
                    high: self.bounds.get(partition).cloned(),
                };
                let ordering = self.merge.as_ref().ok_or_else(|| internal_datafusion_err!("a range read without an order"))?;
                slice_runs(&self.schema(), ordering, inputs, outputs, &range)
            }
            ReadMode::Partitions => {
                let read = match &self.reads {
                    None => PartitionRead { start: partition as u32, end: partition as u32 + 1, map_start: 0, map_end: None },
                    Some(reads) => reads
                        .get(partition)
                        .cloned()
                        .ok_or_else(|| internal_datafusion_err!("reader {} has no partition {partition}", self.reader))?,
                };
                if self.merge.is_none() {
                    return joined(&read, ReadLayout::Joined);
                }
                // Each reduce partition of each map output is a sorted run of its own.
                let end = read.map_end.map_or(outputs.outputs.len(), |end| (end as usize).min(outputs.outputs.len()));
                let runs = (read.map_start as usize..end)
                    .flat_map(|output| (read.start..read.end).map(move |p| OutputRead { output, partitions: p..p + 1 }));
                inputs.shuffle.read(outputs, runs.collect(), &self.schema(), ReadLayout::Apart)
            }
        }
    }
}

fn properties(schema: SchemaRef, partitioning: Partitioning, merge: Option<&LexOrdering>) -> PlanProperties {
    let equivalence = match merge {
        Some(ordering) => EquivalenceProperties::new_with_orderings(schema, [ordering.clone()]),
        None => EquivalenceProperties::new(schema),
    };
    PlanProperties::new(equivalence, partitioning, EmissionType::Incremental, Boundedness::Bounded)
        .with_scheduling_type(SchedulingType::Cooperative)
}

impl DisplayAs for ShuffleReadExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShuffleReadExec: reader={}, shuffle={}", self.reader, self.shuffle_id)?;
        match (self.mode, &self.properties.partitioning) {
            (ReadMode::Broadcast, _) => f.write_str(", broadcast")?,
            (ReadMode::Range, p) => write!(f, ", range({})", p.partition_count())?,
            (ReadMode::Partitions, Partitioning::Hash(keys, n)) => write!(f, ", hash([{}], {n})", comma_separated(keys))?,
            (ReadMode::Partitions, p) => write!(f, ", partitions={}", p.partition_count())?,
        }
        if let Some(order) = &self.merge {
            write!(f, ", merge=[{order}]")?;
        }
        if let Some(fetch) = self.fetch {
            write!(f, ", fetch={fetch}")?;
        }
        Ok(())
    }
}

impl ExecutionPlan for ShuffleReadExec {
    fn name(&self) -> &'static str {
        "ShuffleReadExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    leaf_children!();

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let inputs = TaskInputs::of(&context)?;
        let outputs = inputs.shuffle.outputs(self.shuffle_id)?;
        let schema = self.schema();
        let batch_size = context.session_config().batch_size();
        let ShuffleStreams { mut streams, all_local } = self.streams(partition, &inputs, &outputs)?;
        // What is broadcast may be read for other tasks too.
        if self.mode != ReadMode::Broadcast {
            streams = streams.into_iter().map(|run| inputs.until_cancelled(run).boxed()).collect();
        }
        let counters = Arc::clone(&inputs.counters);
        let counted = move |batch: &Result<RecordBatch>| {
            if let Ok(batch) = batch {
                Counters::add(&counters.shuffle_read_rows, batch.num_rows() as u64);
                let bytes = batch_bytes(batch);
                Counters::add(&counters.shuffle_read_bytes, bytes);
                if all_local {
                    Counters::add(&counters.local_bytes, bytes);
                }
            }
        };
        let merged: SendableRecordBatchStream = match &self.merge {
            Some(ordering) if streams.len() > 1 => {
                let runs = streams.into_iter().map(|run| {
                    let counted = counted.clone();
                    let run = cooperative(RecordBatchStreamAdapter::new(Arc::clone(&schema), run.inspect(counted)));
                    Box::pin(run) as SendableRecordBatchStream
                });
                let metrics = ExecutionPlanMetricsSet::new();
                StreamingMergeBuilder::new()
                    .with_streams(runs.collect())
                    .with_schema(Arc::clone(&schema))
                    .with_expressions(ordering)
                    .with_metrics(BaselineMetrics::new(&metrics, partition))
                    .with_batch_size(batch_size)
                    .with_fetch(self.fetch)
                    .with_reservation(MemoryConsumer::new(format!("ShuffleMerge[{partition}]")).register(context.memory_pool()))
                    .build()?
            }
            _ => {
                let run = streams.pop().unwrap_or_else(|| stream::empty().boxed());
                let batches = coalesce(run.inspect(counted).boxed(), Arc::clone(&schema), batch_size);
                let batches = match self.fetch {
                    Some(fetch) => take_rows(batches, fetch),
                    None => batches,
                };
                Box::pin(cooperative(RecordBatchStreamAdapter::new(schema, batches)))
            }
        };
        Ok(merged)
    }
}

/// Joins small batches: a reduce partition has one piece per map output.
fn coalesce(input: BatchStream, schema: SchemaRef, batch_size: usize) -> BatchStream {
    let coalescer = BatchCoalescer::new(schema, batch_size).with_biggest_coalesce_batch_size(Some(batch_size / 2));
    stream::unfold((input, coalescer, false), |(mut input, mut coalescer, mut ended)| async move {
        loop {
            if let Some(batch) = coalescer.next_completed_batch() {
                return Some((Ok(batch), (input, coalescer, ended)));
            }
            if ended {
                return None;
            }
            let pushed = match input.next().await {
                Some(Ok(batch)) => coalescer.push_batch(batch),
                Some(Err(error)) => return Some((Err(error), (input, coalescer, true))),
                None => {
                    ended = true;
                    coalescer.finish_buffered_batch()
                }
            };
            if let Err(error) = pushed {
                return Some((Err(error.into()), (input, coalescer, true)));
            }
        }
    })
    .boxed()
}

/// The first `rows` rows.
pub(super) fn take_rows(input: BatchStream, rows: usize) -> BatchStream {
    stream::unfold((input, rows), |(mut input, left)| async move {
        if left == 0 {
            return None;
        }
        match input.next().await? {
            Ok(batch) => {
                let taken = batch.num_rows().min(left);
                Some((Ok(batch.slice(0, taken)), (input, left - taken)))
            }
            Err(error) => Some((Err(error), (input, 0))),
        }
    })
    .boxed()
}
