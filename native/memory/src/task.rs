//! Execution memory: a task and its consumers.

use std::fmt;
use std::sync::Arc;

use crate::error::{MemoryExhausted, StorageRefused};
use crate::manager::{ConsumerState, MemoryManager};
use crate::storage::{StorageHold, StorageMemory};

/// Identity of a task attempt in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskKey(pub u64);

/// The execution memory of one task attempt. While it (or one of its consumers) is
/// alive the task counts as active: with N active tasks each may hold 1/N of the
/// execution memory.
pub struct TaskMemory {
    manager: Arc<MemoryManager>,
    key: TaskKey,
    id: u64,
}

impl fmt::Debug for TaskMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskMemory").field("key", &self.key).field("bytes", &self.reserved_bytes()).finish()
    }
}

impl TaskMemory {
    pub(crate) fn new(manager: Arc<MemoryManager>, key: TaskKey, id: u64) -> Self {
        Self { manager, key, id }
    }

    /// Registers a consumer under a name that errors show. A spillable consumer counts
    /// among those that share what non-spillable ones leave, even while it holds
    /// nothing (as in DataFusion's `FairSpillPool`); a lone one may take the whole cap.
    pub fn consumer(self: &Arc<Self>, name: &str, spillable: bool) -> Consumer {
        let mut state = self.manager.state.lock();
        let id = state.next_id();
        if let Some(task) = state.tasks.get_mut(&self.id) {
            task.spillable_consumers += usize::from(spillable);
            task.consumers.insert(id, ConsumerState { name: Arc::from(name), spillable, bytes: 0 });
        }
        drop(state);
        Consumer { task: Arc::clone(self), id }
    }

    /// The task's key.
    pub fn key(&self) -> TaskKey {
        self.key
    }

    /// The accounting that the task belongs to.
    pub fn manager(&self) -> &Arc<MemoryManager> {
        &self.manager
    }

    /// Bytes held by the task now.
    pub fn reserved_bytes(&self) -> usize {
        let state = self.manager.state.lock();
        state.tasks.get(&self.id).map_or(0, |t| t.bytes)
    }

    /// Largest number of bytes that the task ever held.
    pub fn peak_bytes(&self) -> usize {
        let state = self.manager.state.lock();
        state.tasks.get(&self.id).map_or(0, |t| t.peak)
    }

    /// Bytes that the task may hold with the tasks that are active now.
    pub fn limit_bytes(&self) -> usize {
        self.manager.task_limit(&self.manager.state.lock())
    }
}

impl Drop for TaskMemory {
    fn drop(&mut self) {
        let mut state = self.manager.state.lock();
        state.tasks.remove(&self.id);
        let key = self.key.0;
        if state.by_key.get(&key).is_some_and(|(id, _)| *id == self.id) {
            state.by_key.remove(&key);
        }
    }
}

/// One operator's (or buffer's) share of its task's memory. Everything that it holds is
/// given back on drop.
pub struct Consumer {
    task: Arc<TaskMemory>,
    id: u64,
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer").field("task", &self.task.key).field("bytes", &self.size()).finish()
    }
}

impl Consumer {
    /// Acquires `bytes` more, evicting storage if need be (which may write files on
    /// this thread).
    ///
    /// # Errors
    /// [`MemoryExhausted`] when the task's cap, the consumer's fair share or the budget
    /// refuses; nothing has changed then.
    pub fn try_grow(&self, bytes: usize) -> Result<(), MemoryExhausted> {
        if bytes == 0 {
            return Ok(());
        }
        self.task.manager.acquire(self.task.id, self.id, bytes)
    }

    /// Acquires `bytes` more whatever the limits: counted though over budget.
    pub fn grow(&self, bytes: usize) {
        let mut state = self.task.manager.state.lock();
        state.add(self.task.id, self.id, bytes);
    }

    /// Gives back `bytes`, or all that it holds when that is less.
    pub fn shrink(&self, bytes: usize) {
        let mut state = self.task.manager.state.lock();
        state.sub(self.task.id, self.id, bytes);
    }

    /// Grows or shrinks to exactly `bytes`.
    ///
    /// # Errors
    /// As [`Consumer::try_grow`].
    pub fn try_resize(&self, bytes: usize) -> Result<(), MemoryExhausted> {
        let size = self.size();
        if bytes > size {
            self.try_grow(bytes - size)
        } else {
            self.shrink(size - bytes);
            Ok(())
        }
    }

    /// Gives back everything, and returns how much that was.
    pub fn free(&self) -> usize {
        let mut state = self.task.manager.state.lock();
        state.sub(self.task.id, self.id, usize::MAX)
    }

    /// Bytes held.
    pub fn size(&self) -> usize {
        let state = self.task.manager.state.lock();
        state.tasks.get(&self.task.id).and_then(|t| t.consumers.get(&self.id)).map_or(0, |c| c.bytes)
    }

    /// Turns `bytes` of this consumer into storage memory without counting them twice
    /// in between. Bytes that the consumer does not hold are acquired anew.
    ///
    /// # Errors
    /// [`StorageRefused`] when the result would exceed the budget; nothing has changed.
    pub fn transfer_to_storage(&self, bytes: usize, storage: &StorageMemory) -> Result<StorageHold, StorageRefused> {
        if !Arc::ptr_eq(storage.manager(), &self.task.manager) {
            // Two accountings: nothing can be moved in one step.
            let hold = storage.try_acquire(bytes)?;
            self.shrink(bytes);
            return Ok(hold);
        }
        self.task.manager.transfer(self.task.id, self.id, bytes, storage.name())?;
        Ok(StorageHold::new(Arc::clone(&self.task.manager), bytes))
    }

    /// The task of this consumer.
    pub fn task(&self) -> &Arc<TaskMemory> {
        &self.task
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        let mut state = self.task.manager.state.lock();
        state.sub(self.task.id, self.id, usize::MAX);
        if let Some(task) = state.tasks.get_mut(&self.task.id)
            && let Some(consumer) = task.consumers.remove(&self.id)
        {
            task.spillable_consumers -= usize::from(consumer.spillable);
        }
    }
}
