//! The process's accounting: one budget, two kinds of memory.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use crate::error::{ConfigError, Exhaustion, Holder, MemoryExhausted, Refusal, StorageRefused};
use crate::storage::StorageMemory;
use crate::task::{TaskKey, TaskMemory};

/// At most so many consumers are named in an error.
const TOP_HOLDERS: usize = 5;

/// An acquisition evicts at most so often: other threads may take what it freed.
const MAX_ROUNDS: usize = 64;

/// How the budget is divided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MemoryConfig {
    /// Bytes that execution and storage share.
    pub budget_bytes: usize,
    /// Share of the budget (0 to 1) that execution cannot evict from storage:
    /// `spark.memory.storageFraction`.
    pub storage_fraction: f64,
}

impl MemoryConfig {
    /// A budget with Spark's default of one half protected for storage.
    pub fn new(budget_bytes: usize) -> Self {
        Self { budget_bytes, storage_fraction: 0.5 }
    }
}

/// Gives storage memory back when execution needs it.
pub trait Evictor: Send + Sync {
    /// Frees about `bytes` of storage memory (more when blocks are large, less when
    /// there is no more) by dropping [`crate::StorageHold`]s, and returns how many
    /// bytes it freed. 0 ends the search in this evictor.
    ///
    /// Called on the thread of the consumer that asks, without any lock of the manager;
    /// it may write files. It must not acquire execution memory by `try_grow`.
    fn evict(&self, bytes: usize) -> usize;
}

/// The numbers of [`MemoryManager`] at one instant, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemoryUsage {
    /// Held by tasks.
    pub execution_bytes: usize,
    /// Held by blocks.
    pub storage_bytes: usize,
    /// The whole budget.
    pub budget_bytes: usize,
    /// The part of the budget that storage cannot be made to give up.
    pub protected_storage_bytes: usize,
    /// Tasks alive.
    pub active_tasks: usize,
    /// Largest `execution_bytes` ever.
    pub peak_execution_bytes: usize,
    /// Largest `storage_bytes` ever.
    pub peak_storage_bytes: usize,
}

/// What a living task holds, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskUsage {
    /// The task.
    pub key: TaskKey,
    /// Held now.
    pub bytes: usize,
    /// The most that it ever held.
    pub peak_bytes: usize,
}

pub(crate) struct ConsumerState {
    pub name: Arc<str>,
    pub spillable: bool,
    pub bytes: usize,
}

#[derive(Default)]
pub(crate) struct TaskState {
    pub key: u64,
    pub bytes: usize,
    pub unspillable_bytes: usize,
    pub spillable_consumers: usize,
    pub peak: usize,
    pub consumers: HashMap<u64, ConsumerState>,
}

#[derive(Default)]
pub(crate) struct State {
    pub execution: usize,
    pub storage: usize,
    pub peak_execution: usize,
    pub peak_storage: usize,
    next_id: u64,
    /// By serial number: a key may be reused while its former task is being dropped.
    pub tasks: HashMap<u64, TaskState>,
    pub by_key: HashMap<u64, (u64, Weak<TaskMemory>)>,
}

impl State {
    pub fn next_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// Adds bytes to a consumer, its task and the process.
    pub fn add(&mut self, task: u64, consumer: u64, bytes: usize) {
        self.execution += bytes;
        self.peak_execution = self.peak_execution.max(self.execution);
        if let Some(task) = self.tasks.get_mut(&task) {
            task.bytes += bytes;
            task.peak = task.peak.max(task.bytes);
            if let Some(consumer) = task.consumers.get_mut(&consumer) {
                consumer.bytes += bytes;
                if !consumer.spillable {
                    task.unspillable_bytes += bytes;
                }
            }
        }
    }

    /// Takes at most `bytes` from a consumer, and returns how many it took.
    pub fn sub(&mut self, task: u64, consumer: u64, bytes: usize) -> usize {
        let Some(task) = self.tasks.get_mut(&task) else {
            return 0;
        };
        let Some(consumer) = task.consumers.get_mut(&consumer) else {
            return 0;
        };
        let taken = bytes.min(consumer.bytes);
        consumer.bytes -= taken;
        task.bytes -= taken;
        if !consumer.spillable {
            task.unspillable_bytes -= taken;
        }
        self.execution -= taken;
        taken
    }

    pub fn add_storage(&mut self, bytes: usize) {
        self.storage += bytes;
        self.peak_storage = self.peak_storage.max(self.storage);
    }
}

/// The accounting of one executor process. All methods are safe to call from any
/// thread; none waits, except that an acquisition may run [`Evictor`]s.
pub struct MemoryManager {
    budget: usize,
    protected: usize,
    pub(crate) state: Mutex<State>,
    evictors: Mutex<Vec<Weak<dyn Evictor>>>,
}

impl fmt::Debug for MemoryManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryManager").field("usage", &self.usage()).finish()
    }
}

impl MemoryManager {
    /// Creates the accounting.
    ///
    /// # Errors
    /// [`ConfigError`] when `storage_fraction` is not a number from 0 to 1.
    pub fn new(config: MemoryConfig) -> Result<Arc<Self>, ConfigError> {
        if !(0.0..=1.0).contains(&config.storage_fraction) {
            return Err(ConfigError::StorageFraction(config.storage_fraction));
        }
        Ok(Arc::new(Self {
            budget: config.budget_bytes,
            protected: (config.budget_bytes as f64 * config.storage_fraction) as usize,
            state: Mutex::new(State::default()),
            evictors: Mutex::new(Vec::new()),
        }))
    }

    /// The task of this key: the live one, or a new one. It counts as active until the
    /// last clone of the `Arc` and its last consumer are dropped.
    pub fn task(self: &Arc<Self>, key: TaskKey) -> Arc<TaskMemory> {
        let mut state = self.state.lock();
        if let Some(task) = state.by_key.get(&key.0).and_then(|(_, t)| t.upgrade()) {
            return task;
        }
        let id = state.next_id();
        let task = Arc::new(TaskMemory::new(Arc::clone(self), key, id));
        state.tasks.insert(id, TaskState { key: key.0, ..TaskState::default() });
        state.by_key.insert(key.0, (id, Arc::downgrade(&task)));
        task
    }

    /// Storage memory under a name that errors show.
    pub fn storage(self: &Arc<Self>, name: &str) -> StorageMemory {
        StorageMemory::new(Arc::clone(self), name)
    }

    /// Registers one who can give storage memory back. It is asked in the order of
    /// registration and forgotten when dropped.
    pub fn register_evictor(&self, evictor: Weak<dyn Evictor>) {
        let mut evictors = self.evictors.lock();
        evictors.retain(|e| e.strong_count() > 0);
        evictors.push(evictor);
    }

    /// Execution bytes held by all tasks.
    pub fn reserved_bytes(&self) -> usize {
        self.state.lock().execution
    }

    /// Storage bytes held by all blocks.
    pub fn storage_bytes(&self) -> usize {
        self.state.lock().storage
    }

    /// Tasks alive.
    pub fn active_tasks(&self) -> usize {
        self.state.lock().tasks.len()
    }

    /// Bytes of the budget.
    pub fn budget_bytes(&self) -> usize {
        self.budget
    }

    /// All numbers at one instant.
    pub fn usage(&self) -> MemoryUsage {
        let state = self.state.lock();
        MemoryUsage {
            execution_bytes: state.execution,
            storage_bytes: state.storage,
            budget_bytes: self.budget,
            protected_storage_bytes: self.protected,
            active_tasks: state.tasks.len(),
            peak_execution_bytes: state.peak_execution,
            peak_storage_bytes: state.peak_storage,
        }
    }

    /// The `n` largest consumers, largest first; those that hold nothing are left out.
    pub fn top_holders(&self, n: usize) -> Vec<Holder> {
        top_holders(&self.state.lock(), n)
    }

    /// The living tasks, the largest first: for a watchdog that must end one of them.
    pub fn tasks(&self) -> Vec<TaskUsage> {
        let state = self.state.lock();
        let mut tasks: Vec<_> =
            state.tasks.values().map(|task| TaskUsage { key: TaskKey(task.key), bytes: task.bytes, peak_bytes: task.peak }).collect();
        tasks.sort_by(|a, b| b.bytes.cmp(&a.bytes).then(a.key.cmp(&b.key)));
        tasks
    }

    /// Asks the evictors for storage bytes above the protected share, at most `bytes`,
    /// and returns how many they freed: for a watchdog of the process's real memory.
    pub fn evict_storage(&self, bytes: usize) -> usize {
        let evictable = self.storage_bytes().saturating_sub(self.protected);
        self.run_evictors(bytes.min(evictable))
    }

    /// Execution memory is what the budget leaves beside storage that cannot be evicted.
    fn execution_max(&self, state: &State) -> usize {
        self.budget - state.storage.min(self.protected).min(self.budget)
    }

    /// Bytes that a task may hold now.
    pub(crate) fn task_limit(&self, state: &State) -> usize {
        self.execution_max(state) / state.tasks.len().max(1)
    }

    /// Adds `bytes` to a consumer if every limit allows, evicting storage if need be.
    pub(crate) fn acquire(&self, task: u64, consumer: u64, bytes: usize) -> Result<(), MemoryExhausted> {
        let mut evicted = true;
        for _ in 0..MAX_ROUNDS {
            let wanted = {
                let mut state = self.state.lock();
                if let Some(refusal) = self.limits(&state, task, consumer, bytes) {
                    return Err(self.exhausted(&state, task, consumer, bytes, refusal));
                }
                let used = state.execution.saturating_add(state.storage);
                let over = used.saturating_add(bytes).saturating_sub(self.budget);
                if over == 0 {
                    state.add(task, consumer, bytes);
                    return Ok(());
                }
                if !evicted || over > state.storage.saturating_sub(self.protected) {
                    break;
                }
                over
            };
            // When nothing was freed here, another thread may have freed some: the next
            // round looks once more.
            evicted = self.run_evictors(wanted) > 0;
        }
        let state = self.state.lock();
        let used = state.execution.saturating_add(state.storage);
        let free = self.budget.saturating_sub(used);
        Err(self.exhausted(&state, task, consumer, bytes, Refusal::Process { free }))
    }

    /// The task's and the consumer's limit: whichever refuses.
    fn limits(&self, state: &State, task: u64, consumer: u64, bytes: usize) -> Option<Refusal> {
        let limit = self.task_limit(state);
        let task = state.tasks.get(&task)?;
        let consumer = task.consumers.get(&consumer)?;
        if consumer.spillable && task.spillable_consumers > 1 {
            let spillable = task.spillable_consumers;
            let limit = limit.saturating_sub(task.unspillable_bytes) / spillable;
            if consumer.bytes.saturating_add(bytes) > limit {
                return Some(Refusal::FairShare { limit, spillable });
            }
        }
        (task.bytes.saturating_add(bytes) > limit).then_some(Refusal::Task { limit })
    }

    fn exhausted(&self, state: &State, task: u64, consumer: u64, requested: usize, refusal: Refusal) -> MemoryExhausted {
        let task = state.tasks.get(&task);
        let consumer = task.and_then(|t| t.consumers.get(&consumer));
        MemoryExhausted::new(Exhaustion {
            consumer: consumer.map_or_else(String::new, |c| c.name.to_string()),
            requested,
            consumer_bytes: consumer.map_or(0, |c| c.bytes),
            task: TaskKey(task.map_or(0, |t| t.key)),
            task_bytes: task.map_or(0, |t| t.bytes),
            active_tasks: state.tasks.len(),
            execution_bytes: state.execution,
            storage_bytes: state.storage,
            budget_bytes: self.budget,
            refusal,
            top_holders: top_holders(state, TOP_HOLDERS),
        })
    }

    /// Asks the evictors in turn, without any lock, until `bytes` are freed.
    fn run_evictors(&self, bytes: usize) -> usize {
        if bytes == 0 {
            return 0;
        }
        let evictors: Vec<_> = self.evictors.lock().iter().filter_map(Weak::upgrade).collect();
        let mut freed = 0;
        for evictor in evictors {
            freed += evictor.evict(bytes - freed);
            if freed >= bytes {
                break;
            }
        }
        freed
    }

    pub(crate) fn acquire_storage(&self, name: &str, bytes: usize) -> Result<(), StorageRefused> {
        let mut state = self.state.lock();
        let free = self.budget.saturating_sub(state.execution.saturating_add(state.storage));
        if bytes > free {
            return Err(StorageRefused { store: name.to_owned(), requested: bytes, free });
        }
        state.add_storage(bytes);
        Ok(())
    }

    /// Turns execution bytes into storage bytes in one step, so that the sum never
    /// counts them twice. Refused when the process is over its budget, or when the
    /// consumer holds less and the difference does not fit.
    pub(crate) fn transfer(&self, task: u64, consumer: u64, bytes: usize, name: &str) -> Result<(), StorageRefused> {
        let mut state = self.state.lock();
        let held = state.tasks.get(&task).and_then(|t| t.consumers.get(&consumer)).map_or(0, |c| c.bytes);
        let used = state.execution.saturating_add(state.storage);
        let after = used - bytes.min(held) + bytes;
        if after > self.budget {
            return Err(StorageRefused { store: name.to_owned(), requested: bytes, free: self.budget.saturating_sub(used) });
        }
        state.sub(task, consumer, bytes);
        state.add_storage(bytes);
        Ok(())
    }
}

fn top_holders(state: &State, n: usize) -> Vec<Holder> {
    let mut holders: Vec<_> =
        state.tasks.values().flat_map(|task| task.consumers.values().map(move |c| (task.key, c))).filter(|(_, c)| c.bytes > 0).collect();
    holders.sort_by(|(_, a), (_, b)| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
    holders.truncate(n);
    holders
        .into_iter()
        .map(|(key, c)| Holder { task: TaskKey(key), consumer: c.name.to_string(), bytes: c.bytes, spillable: c.spillable })
        .collect()
}
