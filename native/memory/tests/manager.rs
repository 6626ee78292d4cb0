//! The rules of the unified memory model, one by one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use kiln_memory::*;

const MIB: usize = 1 << 20;

fn manager(budget: usize, storage_fraction: f64) -> Arc<MemoryManager> {
    MemoryManager::new(MemoryConfig { budget_bytes: budget, storage_fraction }).unwrap()
}

/// Blocks of one MiB; drops as many as it is asked for.
struct Blocks {
    holds: Mutex<Vec<StorageHold>>,
    calls: AtomicUsize,
}

impl Blocks {
    fn fill(manager: &Arc<MemoryManager>, count: usize) -> Arc<Self> {
        let storage = manager.storage("cache");
        let holds = (0..count).map(|_| storage.try_acquire(MIB).unwrap()).collect();
        let blocks = Arc::new(Self { holds: Mutex::new(holds), calls: AtomicUsize::new(0) });
        let weak = Arc::downgrade(&blocks);
        manager.register_evictor(weak);
        blocks
    }
}

impl Evictor for Blocks {
    fn evict(&self, bytes: usize) -> usize {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let mut holds = self.holds.lock().unwrap();
        let count = bytes.div_ceil(MIB).min(holds.len());
        let at = holds.len() - count;
        // Proves that the manager holds no lock: this takes it.
        holds.drain(at..).map(|h| h.bytes()).sum()
    }
}

#[test]
fn execution_takes_what_storage_leaves() {
    let manager = manager(10 * MIB, 0.5);
    let consumer = manager.task(TaskKey(1)).consumer("sort", true);
    consumer.try_grow(10 * MIB).unwrap();
    assert_eq!(manager.reserved_bytes(), 10 * MIB);
    let refused = manager.storage("cache").try_acquire(1).unwrap_err();
    assert_eq!((refused.requested, refused.free), (1, 0));
    consumer.shrink(4 * MIB);
    let hold = manager.storage("cache").try_acquire(4 * MIB).unwrap();
    assert_eq!(manager.storage_bytes(), 4 * MIB);
    drop(hold);
    drop(consumer);
    assert_eq!((manager.reserved_bytes(), manager.storage_bytes()), (0, 0));
    assert_eq!(manager.active_tasks(), 0);
}

#[test]
fn execution_evicts_down_to_the_protected_share() {
    let manager = manager(10 * MIB, 0.3);
    let blocks = Blocks::fill(&manager, 10);
    let consumer = manager.task(TaskKey(1)).consumer("sort", true);
    consumer.try_grow(MIB / 2).unwrap();
    assert_eq!(manager.storage_bytes(), 9 * MIB);
    consumer.try_grow(6 * MIB + MIB / 2).unwrap();
    assert_eq!(manager.storage_bytes(), 3 * MIB);
    let error = consumer.try_grow(1).unwrap_err();
    assert_eq!(error.refusal, Refusal::Task { limit: 7 * MIB });
    assert_eq!(blocks.holds.lock().unwrap().len(), 3);
    assert_eq!(blocks.calls.load(Ordering::Relaxed), 2);
    // The watchdog's eviction keeps the protected share too.
    assert_eq!(manager.evict_storage(usize::MAX), 0);
}

#[test]
fn nothing_is_evicted_in_vain() {
    let manager = manager(10 * MIB, 0.0);
    let blocks = Blocks::fill(&manager, 4);
    let other = manager.task(TaskKey(1)).consumer("join", false);
    other.grow(9 * MIB);
    let task = manager.task(TaskKey(2));
    let error = task.consumer("sort", true).try_grow(5 * MIB).unwrap_err();
    assert_eq!(error.refusal, Refusal::Process { free: 0 });
    assert_eq!(blocks.calls.load(Ordering::Relaxed), 0);
}

#[test]
fn an_evictor_that_is_gone_is_forgotten() {
    let manager = manager(4 * MIB, 0.0);
    let blocks = Blocks::fill(&manager, 3);
    let held = manager.storage("pinned").try_acquire(MIB).unwrap();
    drop(blocks);
    assert_eq!(manager.storage_bytes(), MIB);
    let consumer = manager.task(TaskKey(1)).consumer("sort", true);
    let error = consumer.try_grow(4 * MIB).unwrap_err();
    assert_eq!(error.refusal, Refusal::Process { free: 3 * MIB });
    drop(held);
    consumer.try_grow(4 * MIB).unwrap();
}

#[test]
fn tasks_share_equally() {
    let manager = manager(12 * MIB, 0.0);
    let first = manager.task(TaskKey(1));
    let consumer = first.consumer("sort", true);
    consumer.try_grow(8 * MIB).unwrap();
    let second = manager.task(TaskKey(2));
    let error = consumer.try_grow(1).unwrap_err();
    assert_eq!(error.refusal, Refusal::Task { limit: 6 * MIB });
    assert_eq!((error.active_tasks, error.task_bytes), (2, 8 * MIB));
    // What the first holds in excess is missing until it gives it back.
    let late = second.consumer("sort", true);
    assert_eq!(late.try_grow(6 * MIB).unwrap_err().refusal, Refusal::Process { free: 4 * MIB });
    assert_eq!(consumer.free(), 8 * MIB);
    late.try_grow(6 * MIB).unwrap();
    drop(late);
    drop(second);
    assert_eq!(manager.active_tasks(), 1);
    consumer.try_grow(12 * MIB).unwrap();
    assert_eq!(first.peak_bytes(), 12 * MIB);
    assert_eq!(first.limit_bytes(), 12 * MIB);
}

#[test]
fn spillable_consumers_share_what_others_leave() {
    let manager = manager(12 * MIB, 0.0);
    let task = manager.task(TaskKey(1));
    let build = task.consumer("hash join", false);
    build.try_grow(4 * MIB).unwrap();
    let sort = task.consumer("sort", true);
    // Alone it may have the rest of the cap.
    sort.try_grow(8 * MIB).unwrap();
    sort.shrink(4 * MIB);
    let aggregate = task.consumer("aggregate", true);
    let error = sort.try_grow(1).unwrap_err();
    assert_eq!(error.refusal, Refusal::FairShare { limit: 4 * MIB, spillable: 2 });
    aggregate.try_grow(4 * MIB).unwrap();
    drop(aggregate);
    sort.try_grow(4 * MIB).unwrap();
    assert_eq!(build.try_grow(1).unwrap_err().refusal, Refusal::Task { limit: 12 * MIB });
}

#[test]
fn grow_never_fails_and_counts() {
    let manager = manager(MIB, 0.5);
    let task = manager.task(TaskKey(1));
    let consumer = task.consumer("merge", false);
    consumer.grow(3 * MIB);
    assert_eq!(manager.reserved_bytes(), 3 * MIB);
    let usage = manager.usage();
    assert_eq!(usage.peak_execution_bytes, 3 * MIB);
    assert!(consumer.try_grow(1).is_err());
    assert!(consumer.try_grow(0).is_ok());
    consumer.shrink(usize::MAX);
    assert_eq!((consumer.size(), manager.reserved_bytes()), (0, 0));
    consumer.try_resize(MIB / 2).unwrap();
    consumer.try_resize(MIB / 4).unwrap();
    assert_eq!(task.reserved_bytes(), MIB / 4);
}

#[test]
fn a_key_names_one_living_task() {
    let manager = manager(MIB, 0.5);
    let one = manager.task(TaskKey(1));
    let same = manager.task(TaskKey(1));
    assert!(Arc::ptr_eq(&one, &same));
    assert_eq!(manager.active_tasks(), 1);
    let consumer = one.consumer("x", true);
    consumer.grow(5);
    drop(one);
    drop(same);
    assert_eq!(manager.active_tasks(), 1, "the consumer keeps its task");
    assert_eq!(manager.task(TaskKey(1)).reserved_bytes(), 5);
    drop(consumer);
    assert_eq!(manager.active_tasks(), 0);
    assert_eq!(manager.task(TaskKey(1)).peak_bytes(), 0, "a new task");
}

#[test]
fn execution_becomes_storage_in_one_step() {
    let manager = manager(10 * MIB, 0.5);
    let task = manager.task(TaskKey(1));
    let consumer = task.consumer("writer", true);
    consumer.try_grow(9 * MIB).unwrap();
    let storage = manager.storage("shuffle");
    assert!(storage.try_acquire(9 * MIB).is_err());
    let hold = consumer.transfer_to_storage(8 * MIB, &storage).unwrap();
    assert_eq!((consumer.size(), hold.bytes()), (MIB, 8 * MIB));
    assert_eq!(manager.usage().peak_storage_bytes, 8 * MIB);
    // More than it holds is acquired, if it fits.
    let more = consumer.transfer_to_storage(2 * MIB, &storage).unwrap();
    assert_eq!(manager.storage_bytes(), 10 * MIB);
    assert!(consumer.transfer_to_storage(1, &storage).is_err());
    drop((hold, more));
    let foreign = self::manager(MIB, 0.5).storage("elsewhere");
    consumer.try_grow(MIB).unwrap();
    let hold = consumer.transfer_to_storage(MIB, &foreign).unwrap();
    assert_eq!((consumer.size(), hold.bytes()), (0, MIB));
}

#[test]
fn the_message_says_who_held_what() {
    let manager = manager(8 * MIB, 0.0);
    let join = manager.task(TaskKey(7)).consumer("HashJoinInput", false);
    join.grow(5 * MIB);
    let idle = manager.task(TaskKey(7)).consumer("idle", true);
    let sort = manager.task(TaskKey(8)).consumer("ExternalSorter[3]", true);
    sort.try_grow(2 * MIB).unwrap();
    let error = sort.try_grow(2 * MIB).unwrap_err();
    assert_eq!(error.top_holders.len(), 2);
    assert_eq!(
        error.to_string(),
        "ExternalSorter[3] asked for 2.0 MiB but the process has 1.0 MiB free; it holds 2.0 MiB, \
         its task 8 holds 2.0 MiB, 2 active task(s) hold 7.0 MiB and storage holds 0 B of 8.0 MiB. \
         Largest: HashJoinInput of task 7 5.0 MiB (cannot spill), ExternalSorter[3] of task 8 \
         2.0 MiB (can spill)"
    );
    drop(idle);
    let tasks: Vec<_> = manager.tasks().iter().map(|t| (t.key.0, t.bytes)).collect();
    assert_eq!(tasks, [(7, 5 * MIB), (8, 2 * MIB)]);
    assert_eq!(manager.top_holders(1)[0].consumer, "HashJoinInput");
}

#[test]
fn nonsense_is_refused() {
    for fraction in [-0.1, 1.1, f64::NAN] {
        let config = MemoryConfig { budget_bytes: 1, storage_fraction: fraction };
        assert!(MemoryManager::new(config).is_err());
    }
    assert_eq!(MemoryConfig::new(5).storage_fraction, 0.5);
    let none = manager(0, 1.0);
    let consumer = none.task(TaskKey(1)).consumer("x", true);
    assert!(consumer.try_grow(1).is_err());
    assert!(consumer.try_grow(usize::MAX).is_err());
}
