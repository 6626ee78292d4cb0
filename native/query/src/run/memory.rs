//! DataFusion's memory pool over the executor's one accounting.

use datafusion::common::{DataFusionError, Result, resources_datafusion_err};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation};
use kiln_memory::{Consumer, TaskMemory};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// Memory of one task attempt: each of DataFusion's consumers becomes one of the task's.
///
/// Build sides that tasks share belong to the stage: they outlive the task that built them.
pub struct TaskPool {
    task: Mutex<Option<Arc<TaskMemory>>>,
    stage: Option<Arc<TaskMemory>>,
    sort_share: f64,
    consumers: Mutex<HashMap<usize, Arc<Consumer>>>,
}

/// Name of the consumers that hold the rows of a sort.
const SORT_CONSUMER: &str = "ExternalSorter[";

/// Names of the consumers that hold the collected side of a join.
const BUILD_CONSUMERS: [&str; 3] = ["HashJoinInput", "NestedLoopJoin", "CrossJoinExec"];

impl TaskPool {
    /// `sort_share`: the part of the task's memory that a sort may fill with rows.
    pub fn new(task: Arc<TaskMemory>, stage: Option<Arc<TaskMemory>>, sort_share: f64) -> Self {
        Self { task: Mutex::new(Some(task)), stage, sort_share, consumers: Mutex::new(HashMap::new()) }
    }

    /// The task has ended: what is left in this pool belongs to the stage.
    pub fn end(&self) {
        self.task.lock().take();
    }

    /// Whether an operator of the task still holds memory: what it spawned may be in the middle of a batch when it is aborted.
    pub fn is_used_by_task(&self) -> bool {
        let Some(task) = self.task.lock().clone() else { return false };
        self.consumers.lock().values().any(|consumer| Arc::ptr_eq(consumer.task(), &task))
    }

    /// A sort with rows in memory that had better spill them.
    fn is_full_sort(&self, name: &str, consumer: &Consumer, additional: usize) -> bool {
        let held = consumer.size();
        name.starts_with(SORT_CONSUMER) && held > 0 && (held + additional) as f64 > self.sort_share * consumer.task().limit_bytes() as f64
    }

    fn consumer(&self, reservation: &MemoryReservation) -> Option<Arc<Consumer>> {
        self.consumers.lock().get(&reservation.consumer().id()).cloned()
    }
}

impl fmt::Debug for TaskPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskPool").finish_non_exhaustive()
    }
}

impl fmt::Display for TaskPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("kiln")
    }
}

impl MemoryPool for TaskPool {
    fn name(&self) -> &'static str {
        "kiln"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        let is_build = BUILD_CONSUMERS.iter().any(|name| consumer.name().starts_with(name));
        let owner = match &self.stage {
            Some(stage) if is_build => Some(Arc::clone(stage)),
            _ => self.task.lock().clone(),
        };
        if let Some(owner) = owner {
            let registered = Arc::new(owner.consumer(consumer.name(), consumer.can_spill()));
            self.consumers.lock().insert(consumer.id(), registered);
        }
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.consumers.lock().remove(&consumer.id());
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        if let Some(consumer) = self.consumer(reservation) {
            consumer.grow(additional);
        }
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        if let Some(consumer) = self.consumer(reservation) {
            consumer.shrink(shrink);
        }
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let name = reservation.consumer().name();
        match self.consumer(reservation) {
            Some(consumer) if self.is_full_sort(name, &consumer, additional) => Err(resources_datafusion_err!(
                "{name} asked for {additional} bytes, which it needs for the keys of its rows when it spills them"
            )),
            Some(consumer) => consumer.try_grow(additional).map_err(|e| DataFusionError::ResourcesExhausted(e.to_string())),
            None => Err(resources_datafusion_err!("{name} asked for {additional} bytes after its task had ended")),
        }
    }

    fn reserved(&self) -> usize {
        self.consumers.lock().values().map(|c| c.size()).sum()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.task.lock().as_ref().map_or(MemoryLimit::Unknown, |task| MemoryLimit::Finite(task.limit_bytes()))
    }
}
