//! Tasks whose records are made and read outside of Rust (functions of users in JavaScript): only their shuffle
//! is done here, so that it spills, is fetched and is recovered like that of queries.
//!
//! A record is opaque bytes: one row of one binary column. Its partition was chosen outside.

use super::executor::{Executor, RunningGuard};
use super::map_output::{MapOutputWriter, OutputOf, shuffle_error};
use super::memory::TaskPool;
use super::runtime::CpuTimed;
use super::task::{Ending, count_inputs};
use crate::boundary::{Determinism, PartitionRead, TaskMetrics, TaskOutput, TaskSpec, TaskStatus};
use crate::nodes::{Counters, ReadMode, ShuffleReadExec};
use arrow::array::{AsArray, LargeBinaryArray, RecordBatch};
use arrow::buffer::{Buffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{Result, exec_datafusion_err, exec_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::Partitioning;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionConfig;
use futures::StreamExt;
use kiln_memory::TaskMemory;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

/// Rows of a batch of records.
const BATCH_ROWS: usize = 8192;

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| Arc::new(Schema::new(vec![Field::new("record", DataType::LargeBinary, false)])));

/// One task attempt, from [`Executor::open_records`] until it is dropped: then nothing of it is left.
#[derive(Clone)]
pub struct RecordsTask {
    shared: Arc<Shared>,
}

struct Shared {
    executor: Executor,
    spec: TaskSpec,
    guard: RunningGuard,
    memory: Arc<TaskMemory>,
    pool: Arc<TaskPool>,
    context: Arc<TaskContext>,
    counters: Arc<Counters>,
    ending: Arc<Ending>,
    cpu_nanos: AtomicU64,
    readers: Mutex<HashMap<u32, Option<SendableRecordBatchStream>>>,
    writer: Mutex<Option<MapOutputWriter>>,
}

impl Executor {
    /// Begins a task attempt: it counts as a live one and can be cancelled.
    ///
    /// # Errors
    /// When the executor is closed, or runs that task already.
    pub fn open_records(&self, spec: TaskSpec) -> Result<RecordsTask> {
        let guard = self.guard(&spec)?;
        let memory = self.task_memory();
        let pool = Arc::new(TaskPool::new(Arc::clone(&memory), None, 1.0));
        let counters = Arc::new(Counters::default());
        let config = SessionConfig::new().with_batch_size(BATCH_ROWS);
        let context = self.context(&spec, &guard, &memory, &pool, &counters, &config)?;
        let shared = Shared {
            executor: self.clone(),
            spec,
            guard,
            memory,
            pool,
            context,
            counters,
            ending: Arc::default(),
            cpu_nanos: AtomicU64::new(0),
            readers: Mutex::default(),
            writer: Mutex::default(),
        };
        Ok(RecordsTask { shared: Arc::new(shared) })
    }
}

impl RecordsTask {
    /// Opens some reduce partitions of a shuffle under a number of the caller's.
    ///
    /// # Errors
    /// When the executor was not told of the shuffle's outputs.
    pub fn open_reader(&self, reader: u32, shuffle_id: u64, start: u32, end: u32) -> Result<()> {
        let read = PartitionRead { start, end, map_start: 0, map_end: None };
        let partitioning = Partitioning::UnknownPartitioning(1);
        let node = ShuffleReadExec::new(reader, shuffle_id, ReadMode::Partitions, Arc::clone(&SCHEMA), partitioning, None, None)
            .with_reads(vec![read]);
        let stream = node.execute(0, Arc::clone(&self.shared.context))?;
        self.shared.readers.lock().insert(reader, Some(stream));
        Ok(())
    }

    /// The next records, one after the other, at least `min_bytes` of them unless they end; `None` at the end.
    ///
    /// # Errors
    /// A fetch failure that names the map output; when the task is cancelled.
    pub async fn read(&self, reader: u32, min_bytes: usize) -> Result<Option<Vec<u8>>> {
        let stream = self.shared.readers.lock().get_mut(&reader).and_then(Option::take);
        let Some(mut stream) = stream else {
            return exec_err!("reader {reader} was not opened, or is being read");
        };
        let (result, stream) = self
            .on_cpu(async move {
                let mut records = Vec::new();
                let mut failure = None;
                while records.len() < min_bytes.max(1) && failure.is_none() {
                    match stream.next().await {
                        Some(Ok(batch)) => append(&batch, &mut records),
                        Some(Err(error)) => failure = Some(error),
                        None => break,
                    }
                }
                (failure.map_or(Ok(records), Err), stream)
            })
            .await?;
        self.shared.readers.lock().insert(reader, Some(stream));
        let records = result?;
        Ok((!records.is_empty()).then_some(records))
    }

    /// Nobody reads on.
    pub fn close_reader(&self, reader: u32) {
        self.shared.readers.lock().remove(&reader);
    }

    /// Begins the task's map output.
    ///
    /// # Errors
    /// When there is one already, or `partitions` is 0.
    pub fn open_writer(&self, shuffle_id: u64, partitions: u32, determinism: Determinism) -> Result<()> {
        let Shared { executor, spec, memory, writer, .. } = &*self.shared;
        let schema = Arc::clone(&SCHEMA);
        let output = OutputOf { schema, shuffle_id, partitions, determinism, target_rows: BATCH_ROWS };
        let opened = MapOutputWriter::open(&executor.target()?, output, spec, memory)?;
        if writer.lock().replace(opened).is_some() {
            return exec_err!("task {} writes two map outputs", spec.task_id);
        }
        Ok(())
    }

    /// Writes records: `data` has them one after the other, record i has `lengths[i]` bytes and goes to `partitions[i]`.
    ///
    /// # Errors
    /// Lengths that do not fit, a partition that is none, `Io` when a spill failed. The task can only end then.
    pub async fn write(&self, data: Vec<u8>, lengths: &[u32], partitions: Vec<u32>) -> Result<()> {
        let batch = batch_of(data, lengths)?;
        let shared = Arc::clone(&self.shared);
        self.on_cpu(async move {
            if shared.guard.token.is_cancelled() {
                return exec_err!("task {} was cancelled", shared.spec.task_id);
            }
            let mut writer = shared.writer.lock();
            let open = writer.as_mut().ok_or_else(|| exec_datafusion_err!("task {} has no map output", shared.spec.task_id))?;
            open.writer.write_to(&batch, &partitions).map_err(shuffle_error)
        })
        .await?
    }

    /// Commits the map output, if there is one. `None`: there is none; `Killed`: the task was cancelled before.
    ///
    /// # Errors
    /// `Io` when the output could not be written.
    pub async fn finish(&self) -> Result<(Option<TaskStatus>, TaskMetrics)> {
        self.shared.readers.lock().clear();
        let mut metrics = TaskMetrics::default();
        let writer = self.shared.writer.lock().take();
        let Some(writer) = writer else {
            let status = (!self.shared.ending.commit()).then(|| self.killed());
            return Ok((status, self.metrics(metrics)));
        };
        if self.shared.guard.token.is_cancelled() && self.shared.ending.cancel() {
            return Ok((Some(self.killed()), self.metrics(metrics)));
        }
        let ending = Arc::clone(&self.shared.ending);
        let committing = self.shared.executor.cpu().spawn(async move {
            let committed = writer.commit(&ending, &mut metrics).await;
            (committed, metrics)
        });
        // To its end, even if the task is cancelled meanwhile: nobody may be left with half an output.
        let (committed, metrics) = committing.await.map_err(|e| exec_datafusion_err!("the native engine panicked: {e}"))?;
        let status = match committed {
            Err(_) if !self.shared.ending.commit() => self.killed(),
            committed => TaskStatus::Success { output: TaskOutput::MapOutput { status: committed? } },
        };
        Ok((Some(status), self.metrics(metrics)))
    }

    /// What the task has read and held so far.
    pub fn metrics(&self, metrics: TaskMetrics) -> TaskMetrics {
        let Shared { counters, memory, cpu_nanos, .. } = &*self.shared;
        let mut metrics = metrics;
        count_inputs(counters, &mut metrics);
        metrics.executor_cpu_nanos = cpu_nanos.load(Ordering::Relaxed);
        metrics.peak_execution_memory = memory.peak_bytes() as u64;
        metrics
    }

    fn killed(&self) -> TaskStatus {
        TaskStatus::Killed { reason: self.shared.guard.reason() }
    }

    async fn on_cpu<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Result<T> {
        let token = self.shared.guard.token.clone();
        let handle = self.shared.executor.cpu().spawn(CpuTimed::new(work));
        let abort = handle.abort_handle();
        tokio::select! {
            // A step that has begun to write ends first.
            joined = handle => {
                let (value, nanos) = joined.map_err(|e| exec_datafusion_err!("the native engine panicked: {e}"))?;
                self.shared.cpu_nanos.fetch_add(nanos, Ordering::Relaxed);
                Ok(value)
            }
            () = token.cancelled() => {
                abort.abort();
                exec_err!("task {} was cancelled", self.shared.spec.task_id)
            }
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.readers.lock().clear();
        self.writer.lock().take();
        self.pool.end();
    }
}

fn append(batch: &RecordBatch, records: &mut Vec<u8>) {
    let column: &LargeBinaryArray = batch.column(0).as_binary::<i64>();
    let offsets = column.value_offsets();
    if let (Some(first), Some(last)) = (offsets.first(), offsets.last()) {
        records.extend_from_slice(&column.value_data()[*first as usize..*last as usize]);
    }
}

fn batch_of(data: Vec<u8>, lengths: &[u32]) -> Result<RecordBatch> {
    let total: u64 = lengths.iter().map(|length| u64::from(*length)).sum();
    if total != data.len() as u64 {
        return exec_err!("records of {total} bytes in {} bytes", data.len());
    }
    let offsets = OffsetBuffer::from_lengths(lengths.iter().map(|length| *length as usize));
    let column = LargeBinaryArray::try_new(offsets, Buffer::from_vec(data), None)?;
    Ok(RecordBatch::try_new(Arc::clone(&SCHEMA), vec![Arc::new(column)])?)
}
