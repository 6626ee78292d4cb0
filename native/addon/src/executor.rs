use crate::blocks::JsBlocks;
use crate::cross;
use crate::error::{datafusion_error, from_json, guarded, to_json};
use crate::external::JsReader;
use crate::promise::promise;
use crate::records::NativeRecordsTask;
use crate::transport::NativeTransport;
use kiln_query::boundary::{ExecutorConfig, MapOutputLocation, MapOutputs, TaskSpec};
use kiln_query::run::Executor;
use napi::bindgen_prelude::{Buffer, Env, FnArgs, Function, Object, Result, Uint8Array};
use napi_derive::napi;
use parking_lot::Mutex;
use std::sync::Arc;

/// JSON of `TaskOutcome`, and the bytes of a result.
#[napi(object)]
pub struct TaskRunResult {
    pub json: String,
    pub data: Option<Buffer>,
}

/// Runs the tasks of one executor.
#[napi]
pub struct NativeExecutor {
    executor: Executor,
    reader: Mutex<Option<Arc<JsReader>>>,
    blocks: Mutex<Option<Arc<JsBlocks>>>,
}

#[napi]
impl NativeExecutor {
    /// JSON of `ExecutorConfig`. With a transport it serves its map outputs, and reads those of others.
    #[napi(constructor)]
    pub fn new(config: String, transport: Option<&NativeTransport>) -> Result<Self> {
        cross();
        guarded(|| {
            let config: ExecutorConfig = from_json("ExecutorConfig", &config)?;
            let executor = Executor::with_transport(config, transport.map(|t| t.transport.clone())).map_err(|e| datafusion_error(&e))?;
            Ok(Self { executor, reader: Mutex::new(None), blocks: Mutex::new(None) })
        })
    }

    #[napi]
    pub fn load_program(&self, hash: String, bytes: Uint8Array) -> Result<()> {
        cross();
        guarded(|| self.executor.load_program(&hash, &bytes).map_err(|e| datafusion_error(&e)))
    }

    /// Whether a program is loaded.
    #[napi]
    pub fn has_program(&self, hash: String) -> bool {
        cross();
        self.executor.has_program(&hash)
    }

    /// Forgets a program, and what its tasks shared.
    #[napi]
    pub fn drop_program(&self, hash: String) {
        cross();
        self.executor.unload_program(&hash);
    }

    /// JSON of `TaskSpec`. The Promise is settled when nothing of the attempt is left.
    #[napi(ts_return_type = "Promise<TaskRunResult>")]
    pub fn run_task<'env>(&self, env: &'env Env, spec: String) -> Result<Object<'env>> {
        cross();
        // Here, not in the Promise: a `cancelTask` may be the thread's next call.
        let running = guarded(|| Ok(self.executor.run_task(from_json::<TaskSpec>("TaskSpec", &spec)?)));
        promise(env, async move {
            let (outcome, data) = running?.await;
            cross();
            Ok(TaskRunResult { json: to_json("a task's outcome", &outcome)?, data: data.map(Buffer::from) })
        })
    }

    /// JSON of `TaskSpec`: begins a task that runs in JavaScript. `cancelTask` ends its reads and writes.
    #[napi]
    pub fn open_records(&self, spec: String) -> Result<NativeRecordsTask> {
        cross();
        guarded(|| {
            let task = self.executor.open_records(from_json::<TaskSpec>("TaskSpec", &spec)?);
            Ok(NativeRecordsTask::new(task.map_err(|e| datafusion_error(&e))?))
        })
    }

    /// The task's `runTask` is settled as killed, when nothing of it is left.
    #[napi]
    pub fn cancel_task(&self, task_id: f64, reason: String) {
        cross();
        self.executor.cancel_task(task_id as u64, &reason);
    }

    /// JSON of `MapOutputs`.
    #[napi]
    pub fn set_map_outputs(&self, outputs: String) -> Result<()> {
        cross();
        guarded(|| {
            let outputs: MapOutputs = from_json("MapOutputs", &outputs)?;
            self.executor.set_map_outputs(outputs);
            Ok(())
        })
    }

    /// JSON of `MapOutputLocation[]` of one shuffle, of an executor that leaves: copies them into this one. JSON of `CopiedOutput[]`.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn copy_map_outputs<'env>(&self, env: &'env Env, shuffle_id: f64, outputs: String) -> Result<Object<'env>> {
        cross();
        let outputs: Vec<MapOutputLocation> = from_json("MapOutputLocation[]", &outputs)?;
        let executor = self.executor.clone();
        promise(env, async move {
            let copied = executor.copy_map_outputs(shuffle_id as u64, outputs).await.map_err(|e| datafusion_error(&e))?;
            to_json("copied map outputs", &copied)
        })
    }

    /// Hands this executor's files to a shuffle service, whose secret is given in base64: they outlive this process.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn register_with_shuffle_service<'env>(&self, env: &'env Env, address: String, secret: String) -> Result<Object<'env>> {
        cross();
        let executor = self.executor.clone();
        promise(env, async move { executor.register_with_service(&address, &secret).await.map_err(|e| datafusion_error(&e)) })
    }

    #[napi]
    pub fn remove_shuffle(&self, shuffle_id: f64) {
        cross();
        self.executor.remove_shuffle(shuffle_id as u64);
    }

    /// Reads data sources that are written in JavaScript. `read` gets JSON `{ call, stream, type, .. }`, of type
    /// `open` (with `source`, `payload`, `split`, `columns`), `next` or `close`; it answers `open` and `next` by
    /// `externalBatch(call, ..)`.
    #[napi(ts_args_type = "read: (request: string) => void")]
    pub fn set_external_reader(&self, read: Function<'_, String, ()>) -> Result<()> {
        cross();
        let reader = Arc::new(JsReader::new(&read)?);
        self.executor.set_external_reader(Arc::clone(&reader) as _);
        *self.reader.lock() = Some(reader);
        Ok(())
    }

    /// The answer to a call of the external reader: an Arrow IPC stream, or null at the end, or an error's message.
    #[napi]
    pub fn external_batch(&self, call: f64, data: Option<Uint8Array>, error: Option<String>) {
        cross();
        if let Some(reader) = &*self.reader.lock() {
            reader.answer(call as u64, data.map(|d| d.to_vec()), error);
        }
    }

    /// A block store that is written in JavaScript. `ask` gets JSON `{ call, type, key }` with `type` `put` and the block,
    /// or `get`; it answers by `blockAnswer(call, ..)`.
    #[napi(ts_args_type = "ask: (request: string, block: Buffer | null) => void")]
    pub fn set_block_store(&self, ask: Function<'_, FnArgs<(String, Option<Buffer>)>, ()>) -> Result<()> {
        cross();
        let blocks = Arc::new(JsBlocks::new(&ask)?);
        self.executor.set_external_blocks(Arc::clone(&blocks) as _);
        *self.blocks.lock() = Some(blocks);
        Ok(())
    }

    /// The answer to a call of the block store: the block (null: it is lost; also after a `put`), or an error's message.
    #[napi]
    pub fn block_answer(&self, call: f64, block: Option<Uint8Array>, error: Option<String>) {
        cross();
        if let Some(blocks) = &*self.blocks.lock() {
            blocks.answer(call as u64, block.map(|b| b.to_vec()), error);
        }
    }

    /// JSON of `ExecutorUsage`.
    #[napi]
    pub fn usage(&self) -> Result<String> {
        cross();
        guarded(|| to_json("usage", &self.executor.usage()))
    }

    /// Cancels what runs, waits for it, and forgets everything.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn close<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        cross();
        self.reader.lock().take();
        self.blocks.lock().take();
        let executor = self.executor.clone();
        promise(env, async move {
            executor.close().await;
            Ok(())
        })
    }
}
