//! One executor: its memory, stores, programs and running tasks.

use super::error::{TaskError, failure_of};
use super::external_blocks::{BlocksElsewhere, ExternalBlocks};
use super::map_output::OutputTarget;
use super::memory::TaskPool;
use super::pauses::watching;
use super::program::Program;
use super::remote::RemoteBlocks;
use super::runtime::{CpuRuntime, CpuTimed};
use super::shared::{SharedTrees, TreeLease};
use super::shuffle::{KnownOutputs, LocalBlocks, TaskShuffle, is_local};
use super::spill::{SpillFactory, TaskSpill};
use super::task::{Ending, RunningTask, TaskEnd, run_task_body};
use crate::boundary::{
    CopiedOutput, ExecutorConfig, ExecutorUsage, FailureKind, MapOutputLocation, MapOutputs, TaskFailure, TaskMetrics, TaskOutcome,
    TaskSpec, TaskStatus,
};
use crate::nodes::{Counters, ExternalReader, TaskInputs};
use datafusion::common::{DataFusionError, Result, exec_datafusion_err, exec_err};
use datafusion::execution::TaskContext;
use datafusion::execution::cache::cache_manager::CacheManagerConfig;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::SessionConfig;
use futures::{StreamExt, TryStreamExt, stream};
use kiln_memory::{MemoryConfig, MemoryManager, TaskKey, TaskMemory};
use kiln_shuffle::codec::Codec;
use kiln_shuffle::dirs::LocalDirs;
use kiln_shuffle::store::{BlockStore, StoreConfig, open_store};
use kiln_transport::{Secret, Transport, TransportError};
use parking_lot::{Mutex, RwLock};
use std::collections::HashMap;
use std::fs::DirEntry;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

/// Of a task's memory there is this much for each spill file of a merge. DataFusion merges as many files as it
/// finds memory for, about 2 MB a file, and leaves nothing to the operator that takes the rows.
const MERGED_FILE_BYTES: usize = 8 << 20;

/// Map outputs that are copied at the same time.
const COPIES: usize = 4;

/// What a task gives back: the outcome, and the bytes of a result.
pub type TaskResult = (TaskOutcome, Option<Vec<u8>>);

/// Runs the tasks of one executor.
#[derive(Debug, Clone)]
pub struct Executor {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    config: ExecutorConfig,
    cpu: Arc<CpuRuntime>,
    memory: Arc<MemoryManager>,
    store: Arc<dyn BlockStore>,
    /// To other processes, if there are any.
    transport: Option<Transport>,
    codec: Codec,
    outputs: Arc<KnownOutputs>,
    /// Caches and object stores, shared by all tasks.
    runtime: Arc<RuntimeEnv>,
    spill_roots: Vec<PathBuf>,
    programs: RwLock<HashMap<String, Arc<Program>>>,
    tasks: Mutex<HashMap<u64, Live>>,
    shared: SharedTrees,
    external: RwLock<Option<Arc<dyn ExternalReader>>>,
    blocks: RwLock<Option<Arc<dyn ExternalBlocks>>>,
    next_memory_key: AtomicU64,
    closed: AtomicBool,
}

#[derive(Debug)]
struct Live {
    token: CancellationToken,
    reason: Arc<Mutex<Option<String>>>,
    spill: Arc<TaskSpill>,
}

impl Executor {
    /// An executor that is alone.
    ///
    /// # Errors
    /// When directories, memory settings or threads are refused.
    pub fn new(config: ExecutorConfig) -> Result<Self> {
        Self::with_transport(config, None)
    }

    /// An executor that serves its map outputs through a transport, and reads those of others.
    ///
    /// # Errors
    /// As [`Executor::new`].
    pub fn with_transport(config: ExecutorConfig, transport: Option<Transport>) -> Result<Self> {
        let memory = MemoryManager::new(MemoryConfig {
            budget_bytes: usize::try_from(config.memory_bytes).unwrap_or(usize::MAX),
            storage_fraction: config.storage_fraction,
        })
        .map_err(|e| DataFusionError::Configuration(e.to_string()))?;
        let roots: Vec<PathBuf> = config.local_dirs.iter().map(PathBuf::from).collect();
        let dirs = LocalDirs::new(&roots).map_err(external)?;
        let codec = match config.compression.as_str() {
            "lz4" => Codec::Lz4,
            "zstd" => Codec::Zstd,
            "none" => Codec::None,
            other => return Err(DataFusionError::Configuration(format!("compression '{other}' is none of lz4, zstd, none"))),
        };
        let store_config = StoreConfig { memory: Arc::clone(&memory), dirs: Arc::clone(&dirs), codec, force_file: false };
        // What goes elsewhere is written here first.
        let uri = if is_local(&config.block_store) { config.block_store.as_str() } else { "memory:" };
        let store = open_store(uri, store_config).map_err(external)?;
        // Listings are the data source's; footers are worth keeping, by path, size and time.
        let caches = CacheManagerConfig::default().with_list_files_cache_limit(0).with_metadata_cache_limit(64 << 20);
        let runtime = RuntimeEnvBuilder::new()
            .with_cache_manager(caches)
            .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
            .build_arc()?;
        let cpu = CpuRuntime::new(config.slots as usize)?;
        if let Some(transport) = &transport {
            transport.serve_blocks(Some(Arc::clone(&store)));
        }
        let spill_roots = dirs.paths().iter().map(|dir| dir.join("spill")).collect();
        Ok(Self {
            inner: Arc::new(Inner {
                config,
                cpu,
                memory,
                store,
                transport,
                codec,
                outputs: Arc::default(),
                runtime,
                spill_roots,
                programs: RwLock::default(),
                tasks: Mutex::default(),
                shared: SharedTrees::default(),
                external: RwLock::default(),
                blocks: RwLock::default(),
                next_memory_key: AtomicU64::new(0),
                closed: AtomicBool::new(false),
            }),
        })
    }

    /// Reads data sources that are not in Rust.
    pub fn set_external_reader(&self, reader: Arc<dyn ExternalReader>) {
        *self.inner.external.write() = Some(reader);
    }

    /// Keeps the blocks of map outputs when the configuration's `block_store` is not in Rust.
    pub fn set_external_blocks(&self, blocks: Arc<dyn ExternalBlocks>) {
        *self.inner.blocks.write() = Some(blocks);
    }

    /// Keeps a program, decoded, under its hash.
    ///
    /// # Errors
    /// When it cannot be decoded.
    pub fn load_program(&self, hash: &str, bytes: &[u8]) -> Result<()> {
        if self.inner.programs.read().contains_key(hash) {
            return Ok(());
        }
        let program = Program::decode(bytes, Arc::clone(&self.inner.runtime), self.inner.task_bytes())?;
        self.inner.programs.write().insert(hash.to_owned(), Arc::new(program));
        Ok(())
    }

    pub fn has_program(&self, hash: &str) -> bool {
        self.inner.programs.read().contains_key(hash)
    }

    /// Forgets programs that no more tasks will ask for, with the builds that their tasks shared.
    pub fn unload_program(&self, hash: &str) {
        self.inner.programs.write().remove(hash);
        self.inner.shared.retire(hash);
    }

    /// Where the map outputs of a shuffle are.
    pub fn set_map_outputs(&self, outputs: MapOutputs) {
        self.inner.outputs.set(outputs);
    }

    /// Drops the map outputs of a shuffle that this executor holds or knows of.
    pub fn remove_shuffle(&self, shuffle_id: u64) {
        self.inner.outputs.remove(shuffle_id);
        self.inner.store.remove_shuffle(shuffle_id);
    }

    /// Copies map outputs of an executor that leaves into this one; returns where they are, which is in all of them or an error.
    ///
    /// # Errors
    /// When one cannot be copied.
    pub async fn copy_map_outputs(&self, shuffle_id: u64, outputs: Vec<MapOutputLocation>) -> Result<Vec<CopiedOutput>> {
        let inner = &self.inner;
        let Some(transport) = &inner.transport else {
            return exec_err!("executor {} has no way to other processes", inner.config.executor_id);
        };
        let copies = stream::iter(outputs).map(async |output| {
            let copied = transport.copy_output(&output.address, shuffle_id, output.map, &inner.store).await;
            copied.map(|()| CopiedOutput { map: output.map, uri: "memory:".to_owned() })
        });
        copies.buffered(COPIES).try_collect().await.map_err(|error| TaskError::Transport(error).into_datafusion())
    }

    /// Hands this executor's files to a shuffle service: they outlive it. Its map outputs must be written as files.
    ///
    /// # Errors
    /// When it cannot be reached, or refuses.
    pub async fn register_with_service(&self, address: &str, secret: &str) -> Result<()> {
        let inner = &self.inner;
        let Some(transport) = &inner.transport else {
            return exec_err!("executor {} has no way to other processes", inner.config.executor_id);
        };
        let dirs = inner.store.dirs();
        let refused = |error: TransportError| TaskError::Transport(error).into_datafusion();
        let secret = Secret::from_base64(secret).map_err(refused)?;
        let directories = dirs.paths().iter().map(|path| path.to_string_lossy().into_owned()).collect();
        // Before it is known: nobody may sweep them from then on.
        dirs.set_served().map_err(external)?;
        transport.register_with_service(address, &secret, &inner.config.executor_id, directories).await.map_err(refused)
    }

    /// Asks a task to stop; its `run_task` answers when nothing of it is left.
    pub fn cancel_task(&self, task_id: u64, reason: &str) -> bool {
        let tasks = self.inner.tasks.lock();
        let Some(live) = tasks.get(&task_id) else {
            return false;
        };
        live.reason.lock().get_or_insert_with(|| reason.to_owned());
        live.token.cancel();
        true
    }

    /// Runs one task attempt to its end. It never panics and never leaves anything behind.
    /// The task can be cancelled from now on, before the future is first polled.
    pub fn run_task(&self, spec: TaskSpec) -> impl Future<Output = TaskResult> + Send + use<> {
        let executor = self.clone();
        let started = Instant::now();
        let task = RunningGuard::start(&self.inner, &spec);
        async move {
            let task_id = spec.task_id;
            let ended = match task {
                Ok(task) => executor.attempt(spec, task).await,
                Err(error) => Err(error),
            };
            let (status, mut metrics, bytes) =
                ended.unwrap_or_else(|error| (TaskStatus::Failed { failure: failure_of(&error) }, TaskMetrics::default(), None));
            metrics.executor_run_nanos = started.elapsed().as_nanos() as u64;
            (TaskOutcome { task_id, status, metrics }, bytes)
        }
    }

    pub(super) fn guard(&self, spec: &TaskSpec) -> Result<RunningGuard> {
        RunningGuard::start(&self.inner, spec)
    }

    pub(super) fn task_memory(&self) -> Arc<TaskMemory> {
        self.inner.memory.task(TaskKey(self.inner.memory_key()))
    }

    pub(super) fn context(
        &self,
        spec: &TaskSpec,
        task: &RunningGuard,
        memory: &Arc<TaskMemory>,
        pool: &Arc<TaskPool>,
        counters: &Arc<Counters>,
        config: &SessionConfig,
    ) -> Result<Arc<TaskContext>> {
        let shuffle = self.inner.shuffle(spec, task, memory, None, counters);
        self.inner.context(spec, task, pool, shuffle, counters, config)
    }

    pub(super) fn target(&self) -> Result<OutputTarget> {
        self.inner.target()
    }

    pub(super) fn cpu(&self) -> &Handle {
        self.inner.cpu.handle()
    }

    async fn attempt(&self, spec: TaskSpec, task: RunningGuard) -> Result<(TaskStatus, TaskMetrics, Option<Vec<u8>>)> {
        let inner = &self.inner;
        let program =
            inner.programs.read().get(&spec.program).cloned().ok_or_else(|| {
                exec_datafusion_err!("program {} was not loaded into executor {}", spec.program, inner.config.executor_id)
            })?;
        let setup = Instant::now();
        let mut lease = TreeLease::take(&inner.shared, &program, &spec, &inner.memory, || TaskKey(inner.memory_key()))?;
        let memory = inner.memory.task(TaskKey(inner.memory_key()));
        let pool = Arc::new(TaskPool::new(Arc::clone(&memory), lease.stage_memory(), program.sort_share));
        let counters = Arc::new(Counters::default());
        let ending = Arc::new(Ending::default());
        let running = RunningTask {
            tree: lease.tree().ok_or_else(|| exec_datafusion_err!("an attempt without a tree"))?,
            context: inner.context(
                &spec,
                &task,
                &pool,
                inner.shuffle(&spec, &task, &memory, lease.stage_memory(), &counters),
                &counters,
                &program.config,
            )?,
            program,
            memory: Arc::clone(&memory),
            target: inner.target()?,
            counters,
            ending: Arc::clone(&ending),
            spec,
        };
        let deserialize_nanos = setup.elapsed().as_nanos() as u64;

        let mut set = JoinSet::new();
        let context = Arc::downgrade(&running.context);
        set.spawn_on(CpuTimed::new(watching(task.token.clone(), run_task_body(running))), inner.cpu.handle());
        let joined = tokio::select! {
            biased;
            joined = set.join_next() => joined,
            () = task.token.cancelled() => {
                if ending.cancel() {
                    set.shutdown().await;
                    None
                } else {
                    set.join_next().await
                }
            }
        };
        // Operators abort what they spawned when they are dropped; a poll that is under way ends first.
        lease.end();
        let deadline = Instant::now() + Duration::from_secs(10);
        while (context.strong_count() > 0 && !lease.is_shared() || pool.is_used_by_task()) && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        pool.end();
        let (status, metrics, bytes) = match joined {
            Some(Ok((Ok(end), cpu_nanos))) => {
                let TaskEnd { output, mut metrics, bytes } = end;
                metrics.executor_cpu_nanos = cpu_nanos;
                (TaskStatus::Success { output }, metrics, bytes)
            }
            // What noticed the cancel from inside may end before the wait for it above.
            Some(Ok((Err(error), cpu_nanos))) if !task.token.is_cancelled() => {
                lease.spoil();
                let metrics = TaskMetrics { executor_cpu_nanos: cpu_nanos, ..TaskMetrics::default() };
                (TaskStatus::Failed { failure: failure_of(&error) }, metrics, None)
            }
            Some(Err(error)) if error.is_panic() => {
                lease.spoil();
                (TaskStatus::Failed { failure: panic_failure(error) }, TaskMetrics::default(), None)
            }
            Some(Ok((Err(_), _)) | Err(_)) | None => {
                lease.spoil();
                let reason = task.reason();
                (TaskStatus::Killed { reason }, TaskMetrics::default(), None)
            }
        };
        let peak_execution_memory = memory.peak_bytes() as u64;
        Ok((status, TaskMetrics { deserialize_nanos, peak_execution_memory, ..metrics }, bytes))
    }

    pub fn usage(&self) -> ExecutorUsage {
        let inner = &self.inner;
        inner.shared.sweep();
        let memory = inner.memory.usage();
        let store = inner.store.usage();
        let tasks = inner.tasks.lock();
        ExecutorUsage {
            live_tasks: tasks.len() as u64,
            reserved_bytes: memory.execution_bytes as u64,
            storage_bytes: memory.storage_bytes as u64,
            disk_bytes: store.disk_bytes + tasks.values().map(|t| t.spill.used_bytes()).sum::<u64>(),
            temporary_files: inner.temporary_files(),
            map_outputs: store.outputs,
            programs: inner.programs.read().len() as u64,
            shared_builds: inner.shared.len() as u64,
        }
    }

    /// The largest consumers of execution memory, for messages and the watchdog.
    pub fn memory(&self) -> &Arc<MemoryManager> {
        &self.inner.memory
    }

    /// Cancels what runs, waits for it, and forgets everything.
    pub async fn close(&self) {
        let inner = &self.inner;
        inner.closed.store(true, Ordering::Release);
        for live in inner.tasks.lock().values() {
            live.reason.lock().get_or_insert_with(|| "the executor closes".to_owned());
            live.token.cancel();
        }
        let deadline = Instant::now() + Duration::from_secs(10);
        while !inner.tasks.lock().is_empty() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        if let Some(transport) = &inner.transport {
            transport.serve_blocks(None);
        }
        inner.store.dirs().leave();
        inner.shared.clear();
        inner.programs.write().clear();
        inner.outputs.clear();
        *inner.external.write() = None;
        *inner.blocks.write() = None;
    }
}

impl Inner {
    /// Memory that a task may count on.
    fn task_bytes(&self) -> usize {
        self.memory.budget_bytes() / (2 * self.config.slots.max(1) as usize)
    }

    fn memory_key(&self) -> u64 {
        self.next_memory_key.fetch_add(1, Ordering::Relaxed)
    }

    fn target(&self) -> Result<OutputTarget> {
        Ok(OutputTarget { store: Arc::clone(&self.store), elsewhere: self.elsewhere()?, codec: self.codec })
    }

    fn elsewhere(&self) -> Result<Option<BlocksElsewhere>> {
        let uri = &self.config.block_store;
        if is_local(uri) {
            return Ok(None);
        }
        let store = self
            .blocks
            .read()
            .clone()
            .ok_or_else(|| exec_datafusion_err!("executor {} has no block store {uri}", self.config.executor_id))?;
        Ok(Some(BlocksElsewhere { scheme: uri.trim_end_matches(':').to_owned(), store }))
    }

    fn shuffle(
        &self,
        spec: &TaskSpec,
        task: &RunningGuard,
        memory: &Arc<TaskMemory>,
        stage_memory: Option<Arc<TaskMemory>>,
        counters: &Arc<Counters>,
    ) -> TaskShuffle {
        TaskShuffle {
            known: Arc::clone(&self.outputs),
            local: LocalBlocks { store: Arc::clone(&self.store), external: self.blocks.read().clone() },
            remote: self.transport.clone().map(|transport| RemoteBlocks {
                transport,
                executor_id: self.config.executor_id.clone(),
                memory: Arc::clone(memory),
                stage_memory,
                spill: Arc::clone(&task.spill),
            }),
            counters: Arc::clone(counters),
            epoch: spec.epoch,
        }
    }

    fn context(
        &self,
        spec: &TaskSpec,
        task: &RunningGuard,
        pool: &Arc<TaskPool>,
        shuffle: TaskShuffle,
        counters: &Arc<Counters>,
        config: &SessionConfig,
    ) -> Result<Arc<TaskContext>> {
        let inputs = TaskInputs {
            splits: spec.splits.clone(),
            shuffle: Arc::new(shuffle),
            external: self.external.read().clone(),
            counters: Arc::clone(counters),
            cancelled: task.token.clone(),
        };
        let disk = DiskManagerBuilder::default()
            .with_temp_file_factory(Arc::new(SpillFactory(Arc::clone(&task.spill))))
            .with_max_temp_directory_size(u64::MAX)
            .with_max_spill_merge_fan_in((self.task_bytes() / MERGED_FILE_BYTES).clamp(2, 64))
            .build()?;
        let runtime = RuntimeEnv {
            memory_pool: Arc::clone(pool) as _,
            disk_manager: Arc::new(disk),
            cache_manager: Arc::clone(&self.runtime.cache_manager),
            object_store_registry: Arc::clone(&self.runtime.object_store_registry),
        };
        let config = config.clone().with_extension(Arc::new(inputs));
        let id = Some(spec.task_id.to_string());
        Ok(Arc::new(TaskContext::new(
            id,
            String::new(),
            config,
            HashMap::new(),
            HashMap::new(),
            HashMap::new(),
            HashMap::new(),
            Arc::new(runtime),
        )))
    }

    /// Spill directories of tasks, and files of shuffle writers, that exist.
    fn temporary_files(&self) -> u64 {
        let entries = |dir: &Path| std::fs::read_dir(dir).into_iter().flatten().flatten().collect::<Vec<_>>();
        let is_temporary = |entry: &DirEntry| entry.path().extension().is_some_and(|e| e == "tmp");
        let dirs = self.store.dirs().paths();
        let writers = dirs.iter().flat_map(|dir| entries(dir)).filter(is_temporary).count();
        let tasks: usize = self.spill_roots.iter().map(|root| entries(root).len()).sum();
        (writers + tasks) as u64
    }
}

fn external(error: kiln_shuffle::ShuffleError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

fn panic_failure(error: JoinError) -> TaskFailure {
    let text = match error.try_into_panic() {
        Ok(payload) => match payload.downcast::<String>() {
            Ok(text) => *text,
            Err(payload) => payload.downcast::<&'static str>().map_or_else(|_| "no message".to_owned(), |text| (*text).to_owned()),
        },
        Err(error) => error.to_string(),
    };
    TaskFailure {
        kind: FailureKind::Panic,
        class: "NATIVE_PANIC".to_owned(),
        message: format!("the native engine panicked: {text}"),
        causes: Vec::new(),
        fetch: None,
    }
}

/// A task is among the running ones until this is dropped.
pub(super) struct RunningGuard {
    inner: Arc<Inner>,
    task_id: u64,
    pub(super) token: CancellationToken,
    reason: Arc<Mutex<Option<String>>>,
    spill: Arc<TaskSpill>,
}

impl RunningGuard {
    fn start(inner: &Arc<Inner>, spec: &TaskSpec) -> Result<Self> {
        let token = CancellationToken::new();
        let reason = Arc::new(Mutex::new(None));
        let spill = Arc::new(TaskSpill::new(inner.spill_roots.clone(), format!("task-{}", spec.task_id)));
        let live = Live { token: token.clone(), reason: Arc::clone(&reason), spill: Arc::clone(&spill) };
        let mut tasks = inner.tasks.lock();
        // Under the lock: `close` cancels those that are in here.
        if inner.closed.load(Ordering::Acquire) {
            return exec_err!("executor {} is closed", inner.config.executor_id);
        }
        if tasks.contains_key(&spec.task_id) {
            return exec_err!("task {} runs already", spec.task_id);
        }
        tasks.insert(spec.task_id, live);
        Ok(Self { inner: Arc::clone(inner), task_id: spec.task_id, token, reason, spill })
    }
}

impl RunningGuard {
    /// Why it was cancelled.
    pub(super) fn reason(&self) -> String {
        self.reason.lock().clone().unwrap_or_else(|| "cancelled".to_owned())
    }
}

impl Drop for RunningGuard {
    fn drop(&mut self) {
        self.spill.end();
        self.inner.tasks.lock().remove(&self.task_id);
    }
}
