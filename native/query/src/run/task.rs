//! One task attempt, from its tree to what it gives back.

use super::map_output::{MapOutputWriter, OutputOf, OutputTarget, shuffle_error};
use super::program::Program;
use super::results::{ResultWriter, result_schema};
use super::write::write_files;
use crate::boundary::{TaskMetrics, TaskOutput, TaskSpec};
use crate::nodes::{
    BLOCK_ROWS, Counters, FileWriteExec, KeyEncoder, MAX_BLOCKS, ShufflePartitioning, ShuffleWriteExec, block_of, sample_row,
};
use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::ExecutionPlan;
use futures::StreamExt;
use kiln_memory::TaskMemory;
use kiln_shuffle::writer::ShuffleWriter;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

/// How an attempt ends: what comes first decides, so that a cancelled attempt leaves no map output
/// that nobody is told of.
#[derive(Debug, Default)]
pub struct Ending(OnceLock<bool>);

impl Ending {
    /// False: the attempt was cancelled before.
    pub fn commit(&self) -> bool {
        *self.0.get_or_init(|| true)
    }

    /// False: the attempt has begun to commit its output, and will succeed or fail by itself.
    pub fn cancel(&self) -> bool {
        !*self.0.get_or_init(|| false)
    }
}

/// Everything that one attempt works with; dropping it leaves nothing behind.
pub struct RunningTask {
    pub tree: Arc<dyn ExecutionPlan>,
    pub program: Arc<Program>,
    pub context: Arc<TaskContext>,
    pub memory: Arc<TaskMemory>,
    pub target: OutputTarget,
    pub counters: Arc<Counters>,
    pub ending: Arc<Ending>,
    pub spec: TaskSpec,
}

/// What an attempt that succeeded gives back.
pub struct TaskEnd {
    pub output: TaskOutput,
    pub metrics: TaskMetrics,
    pub bytes: Option<Vec<u8>>,
}

pub async fn run_task_body(task: RunningTask) -> Result<TaskEnd> {
    let mut metrics = TaskMetrics::default();
    let (output, bytes) = if let Some(write) = task.tree.downcast_ref::<ShuffleWriteExec>() {
        (map_output(&task, write, &mut metrics).await?, None)
    } else if let Some(write) = task.tree.downcast_ref::<FileWriteExec>() {
        let dir = task.spec.write_dir.as_deref().ok_or_else(|| exec_datafusion_err!("a write task without a directory"))?;
        let stream = write.input().execute(task.spec.partition as usize, Arc::clone(&task.context))?;
        let files = write_files(stream, write.options(), &task.program.header.fields, dir, &task.spec, &task.program.time_zone).await?;
        metrics.output_rows = files.iter().map(|f| f.rows).sum();
        metrics.output_bytes = files.iter().map(|f| f.bytes).sum();
        (TaskOutput::Write { files }, None)
    } else {
        let (rows, bytes) = result(&task).await?;
        metrics.output_rows = rows;
        metrics.result_bytes = bytes.len() as u64;
        (TaskOutput::Result { rows, bytes: bytes.len() as u64 }, Some(bytes))
    };
    count_inputs(&task.counters, &mut metrics);
    if !task.spec.shares_build {
        let spilled = spilled_bytes(task.tree.as_ref());
        metrics.memory_bytes_spilled += spilled;
        metrics.disk_bytes_spilled += spilled;
    }
    Ok(TaskEnd { output, metrics, bytes })
}

/// What the leaves of a task have read.
pub fn count_inputs(counters: &Counters, metrics: &mut TaskMetrics) {
    let load = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    metrics.input_bytes = load(&counters.input_bytes);
    metrics.input_rows = load(&counters.input_rows);
    metrics.shuffle_read_bytes = load(&counters.shuffle_read_bytes);
    metrics.shuffle_read_rows = load(&counters.shuffle_read_rows);
    metrics.local_blocks_fetched = load(&counters.local_blocks);
    metrics.local_bytes_read = load(&counters.local_bytes);
    let fetch = &counters.fetch;
    metrics.remote_blocks_fetched = load(&fetch.remote_blocks);
    metrics.remote_bytes_read = load(&fetch.remote_bytes);
    metrics.remote_bytes_read_to_disk = load(&fetch.remote_bytes_to_disk);
    metrics.fetch_wait_nanos = fetch.wait_nanos();
}

async fn result(task: &RunningTask) -> Result<(u64, Vec<u8>)> {
    let max_bytes = task.program.max_result_bytes;
    let mut writer = ResultWriter::try_new(result_schema(&task.program.header.fields), max_bytes)?;
    let mut stream = task.tree.execute(task.spec.partition as usize, Arc::clone(&task.context))?;
    while let Some(batch) = stream.next().await {
        writer.write(&batch?)?;
    }
    writer.finish()
}

async fn map_output(task: &RunningTask, write: &ShuffleWriteExec, metrics: &mut TaskMetrics) -> Result<TaskOutput> {
    let mut stream = write.input().execute(task.spec.partition as usize, Arc::clone(&task.context))?;
    let partitions = match write.partitioning() {
        ShufflePartitioning::Hash { num_partitions, .. } | ShufflePartitioning::RoundRobin { num_partitions } => *num_partitions,
        ShufflePartitioning::Range { .. } => MAX_BLOCKS,
        ShufflePartitioning::Single { .. } | ShufflePartitioning::Broadcast => 1,
    };
    let output = OutputOf {
        schema: write.input().schema(),
        shuffle_id: write.shuffle_id(),
        partitions,
        determinism: task.program.header.determinism,
        target_rows: task.context.session_config().batch_size(),
    };
    let mut output = MapOutputWriter::open(&task.target, output, &task.spec, &task.memory)?;
    let writer = &mut output.writer;
    let mut keys = Vec::new();
    match write.partitioning() {
        ShufflePartitioning::Hash { expressions, .. } => {
            while let Some(batch) = stream.next().await {
                let batch = batch?;
                let keys = expressions.iter().map(|e| e.evaluate(&batch)?.into_array(batch.num_rows())).collect::<Result<Vec<_>>>()?;
                writer.write(&batch, &keys).map_err(shuffle_error)?;
            }
        }
        ShufflePartitioning::RoundRobin { num_partitions } => deal(stream, writer, *num_partitions, task.spec.partition).await?,
        ShufflePartitioning::Range { ordering, .. } => {
            let encoder = KeyEncoder::try_new(ordering, &write.input().schema())?;
            keys = cut_run(stream, writer, &encoder).await?;
        }
        ShufflePartitioning::Single { .. } | ShufflePartitioning::Broadcast => {
            while let Some(batch) = stream.next().await {
                writer.write_single(&batch?, 0).map_err(shuffle_error)?;
            }
        }
    }
    let mut status = output.commit(&task.ending, metrics).await?;
    status.keys = keys.iter().map(hex::encode).collect();
    if matches!(write.partitioning(), ShufflePartitioning::Range { .. }) {
        let used = status.rows.iter().rposition(|r| *r > 0).map_or(0, |last| last + 1);
        status.bytes.truncate(used);
        status.rows.truncate(used);
    }
    Ok(TaskOutput::MapOutput { status })
}

/// Row i of map task m goes to partition (m + i) mod n: a batch at a time would be uneven.
async fn deal(mut stream: SendableRecordBatchStream, writer: &mut ShuffleWriter, partitions: u32, map: u32) -> Result<()> {
    let mut next = map % partitions;
    let mut ids = Vec::new();
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        ids.clear();
        for _ in 0..batch.num_rows() {
            ids.push(next);
            next = (next + 1) % partitions;
        }
        writer.write_to(&batch, &ids).map_err(shuffle_error)?;
    }
    Ok(())
}

/// Writes a sorted run in blocks, and samples its keys.
async fn cut_run(mut stream: SendableRecordBatchStream, writer: &mut ShuffleWriter, encoder: &KeyEncoder) -> Result<Vec<Vec<u8>>> {
    let mut keys = Vec::new();
    let mut row = 0_usize;
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        let samples = (keys.len()..).map(sample_row).take_while(|sample| *sample < row + batch.num_rows());
        let samples = UInt32Array::from_iter_values(samples.map(|sample| (sample - row) as u32));
        let sampled = encoder.keys(&take_record_batch(&batch, &samples)?)?;
        keys.extend(sampled.iter().map(|key| key.as_ref().to_vec()));
        let mut start = 0;
        while start < batch.num_rows() {
            let block = block_of(row + start);
            let end =
                if block + 1 == MAX_BLOCKS { batch.num_rows() } else { ((block as usize + 1) * BLOCK_ROWS - row).min(batch.num_rows()) };
            let piece: RecordBatch = batch.slice(start, end - start);
            writer.write_single(&piece, block).map_err(shuffle_error)?;
            start = end;
        }
        row += batch.num_rows();
    }
    Ok(keys)
}

/// Bytes that the operators of a tree wrote to spill files.
fn spilled_bytes(plan: &dyn ExecutionPlan) -> u64 {
    let own = plan.metrics().and_then(|m| m.spilled_bytes()).unwrap_or(0) as u64;
    own + plan.children().into_iter().map(|child| spilled_bytes(child.as_ref())).sum::<u64>()
}
