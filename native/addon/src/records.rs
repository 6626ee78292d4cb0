//! The shuffle of tasks whose records are JavaScript's.

use crate::cross;
use crate::error::{datafusion_error, from_json, guarded, internal_error, to_json};
use crate::promise::promise;
use kiln_query::boundary::{Determinism, TaskFailure, TaskMetrics, TaskStatus};
use kiln_query::run::{RecordsTask, failure_of};
use napi::bindgen_prelude::{Buffer, Env, Object, Result, Uint8Array, Uint32Array};
use napi_derive::napi;
use parking_lot::Mutex;
use serde::Serialize;

/// Records one after the other, or JSON of the `TaskFailure`; neither at the end.
#[napi(object)]
pub struct RecordsBlock {
    pub data: Option<Buffer>,
    pub failure: Option<String>,
}

/// What became of a map output: JSON of `TaskStatus` in the end of the task, with its `TaskMetrics`.
#[derive(Serialize)]
struct RecordsEnd {
    status: Option<TaskStatus>,
    metrics: TaskMetrics,
}

/// One task attempt that runs in JavaScript, with a native shuffle. It counts as live until `close`.
#[napi]
pub struct NativeRecordsTask {
    task: Mutex<Option<RecordsTask>>,
}

impl NativeRecordsTask {
    pub fn new(task: RecordsTask) -> Self {
        Self { task: Mutex::new(Some(task)) }
    }

    fn open(&self) -> Result<RecordsTask> {
        self.task.lock().clone().ok_or_else(|| internal_error("the task was closed"))
    }
}

#[napi]
impl NativeRecordsTask {
    /// Opens reduce partitions `start` to before `end` of a shuffle, under a number of the caller's.
    #[napi]
    pub fn open_reader(&self, reader: u32, shuffle_id: f64, start: u32, end: u32) -> Result<()> {
        cross();
        guarded(|| self.open()?.open_reader(reader, shuffle_id as u64, start, end).map_err(|e| datafusion_error(&e)))
    }

    /// The next records: at least `minBytes`, unless they end.
    #[napi(ts_return_type = "Promise<RecordsBlock>")]
    pub fn read<'env>(&self, env: &'env Env, reader: u32, min_bytes: u32) -> Result<Object<'env>> {
        cross();
        let task = self.open()?;
        promise(env, async move {
            let read = task.read(reader, min_bytes as usize).await;
            cross();
            Ok(match read {
                Ok(data) => RecordsBlock { data: data.map(Buffer::from), failure: None },
                Err(error) => RecordsBlock { data: None, failure: Some(to_json("a failure", &failure_of(&error))?) },
            })
        })
    }

    /// Nobody reads on.
    #[napi]
    pub fn close_reader(&self, reader: u32) -> Result<()> {
        cross();
        self.open()?.close_reader(reader);
        Ok(())
    }

    /// Begins the map output; `determinism`: `determinate`, `unordered` or `indeterminate`.
    #[napi]
    pub fn open_writer(&self, shuffle_id: f64, partitions: u32, determinism: String) -> Result<()> {
        cross();
        guarded(|| {
            let level: Determinism = from_json("Determinism", &format!("{determinism:?}"))?;
            self.open()?.open_writer(shuffle_id as u64, partitions, level).map_err(|e| datafusion_error(&e))
        })
    }

    /// `data` has the records one after the other: record i has `lengths[i]` bytes and goes to `partitions[i]`. JSON of the `TaskFailure`, or null.
    #[napi(ts_return_type = "Promise<string | null>")]
    pub fn write<'env>(&self, env: &'env Env, data: Uint8Array, lengths: Uint32Array, partitions: Uint32Array) -> Result<Object<'env>> {
        cross();
        let task = self.open()?;
        let (data, lengths, partitions) = (data.to_vec(), lengths.to_vec(), partitions.to_vec());
        promise(env, async move {
            let written = task.write(data, &lengths, partitions).await;
            cross();
            written.err().map(|error| to_json::<TaskFailure>("a failure", &failure_of(&error))).transpose()
        })
    }

    /// Commits the map output, if there is one: JSON `{ status, metrics }` with `TaskStatus` (null: there is no output) and `TaskMetrics`.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn finish<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        cross();
        let task = self.open()?;
        promise(env, async move {
            let end = match task.finish().await {
                Ok((status, metrics)) => RecordsEnd { status, metrics },
                Err(error) => {
                    let status = Some(TaskStatus::Failed { failure: failure_of(&error) });
                    RecordsEnd { status, metrics: task.metrics(TaskMetrics::default()) }
                }
            };
            cross();
            to_json("a task's end", &end)
        })
    }

    /// JSON of `TaskMetrics`: what the task has read and held so far.
    #[napi]
    pub fn metrics(&self) -> Result<String> {
        cross();
        guarded(|| to_json("metrics", &self.open()?.metrics(TaskMetrics::default())))
    }

    /// Nothing of the task is left, once calls that are under way have ended.
    #[napi]
    pub fn close(&self) {
        cross();
        self.task.lock().take();
    }
}
