//! Whatever tasks, consumers and stores do, the sums are right, and 0 in the end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::{Arc, Mutex};

use kiln_memory::*;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Task(u64),
    Consumer(usize, bool),
    TryGrow(usize, usize),
    Grow(usize, usize),
    Shrink(usize, usize),
    Transfer(usize, usize),
    Acquire(usize),
    DropConsumer(usize),
    DropTask(usize),
    DropHold(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let bytes = 0usize..60_000;
    prop_oneof![
        1 => (0u64..4).prop_map(Step::Task),
        1 => (any::<usize>(), any::<bool>()).prop_map(|(t, s)| Step::Consumer(t, s)),
        4 => (any::<usize>(), bytes.clone()).prop_map(|(c, b)| Step::TryGrow(c, b)),
        1 => (any::<usize>(), 0usize..3000).prop_map(|(c, b)| Step::Grow(c, b)),
        2 => (any::<usize>(), bytes.clone()).prop_map(|(c, b)| Step::Shrink(c, b)),
        1 => (any::<usize>(), bytes.clone()).prop_map(|(c, b)| Step::Transfer(c, b)),
        2 => bytes.prop_map(Step::Acquire),
        1 => any::<usize>().prop_map(Step::DropConsumer),
        1 => any::<usize>().prop_map(Step::DropTask),
        1 => any::<usize>().prop_map(Step::DropHold),
    ]
}

#[derive(Default)]
struct Holds(Mutex<Vec<StorageHold>>);

impl Evictor for Holds {
    fn evict(&self, bytes: usize) -> usize {
        let mut freed = 0;
        while freed < bytes {
            let Some(hold) = self.0.lock().unwrap().pop() else {
                break;
            };
            freed += hold.bytes();
        }
        freed
    }
}

/// Runs the steps; with `exact` nobody else uses the manager, and sums are compared.
fn run(manager: &Arc<MemoryManager>, holds: &Arc<Holds>, steps: &[Step], exact: bool) {
    let mut tasks: Vec<Arc<TaskMemory>> = Vec::new();
    let mut consumers: Vec<Consumer> = Vec::new();
    let storage = manager.storage("store");
    for step in steps {
        let pick = |i: &usize, len: usize| (len > 0).then(|| i % len);
        match step {
            Step::Task(key) => tasks.push(manager.task(TaskKey(*key))),
            Step::Consumer(task, spillable) => {
                if let Some(i) = pick(task, tasks.len()) {
                    consumers.push(tasks[i].consumer("c", *spillable));
                }
            }
            Step::TryGrow(c, bytes) => {
                if let Some(i) = pick(c, consumers.len()) {
                    let before = consumers[i].size();
                    let result = consumers[i].try_grow(*bytes);
                    let grown = if result.is_ok() { *bytes } else { 0 };
                    assert_eq!(consumers[i].size(), before + grown);
                    if exact && result.is_ok() && *bytes > 0 {
                        let usage = manager.usage();
                        assert!(usage.execution_bytes + usage.storage_bytes <= usage.budget_bytes);
                        let task = consumers[i].task();
                        assert!(task.reserved_bytes() <= task.limit_bytes());
                    }
                }
            }
            Step::Grow(c, bytes) => {
                if let Some(i) = pick(c, consumers.len()) {
                    consumers[i].grow(*bytes);
                }
            }
            Step::Shrink(c, bytes) => {
                if let Some(i) = pick(c, consumers.len()) {
                    consumers[i].shrink(*bytes);
                }
            }
            Step::Transfer(c, bytes) => {
                if let Some(i) = pick(c, consumers.len())
                    && let Ok(hold) = consumers[i].transfer_to_storage(*bytes, &storage)
                {
                    holds.0.lock().unwrap().push(hold);
                }
            }
            Step::Acquire(bytes) => {
                if let Ok(hold) = storage.try_acquire(*bytes) {
                    holds.0.lock().unwrap().push(hold);
                }
            }
            Step::DropConsumer(c) => {
                if let Some(i) = pick(c, consumers.len()) {
                    consumers.swap_remove(i);
                }
            }
            Step::DropTask(t) => {
                if let Some(i) = pick(t, tasks.len()) {
                    tasks.swap_remove(i);
                }
            }
            Step::DropHold(h) => {
                let mut holds = holds.0.lock().unwrap();
                if let Some(i) = pick(h, holds.len()) {
                    holds.swap_remove(i);
                }
            }
        }
        if exact {
            let held: usize = consumers.iter().map(Consumer::size).sum();
            assert_eq!(manager.reserved_bytes(), held);
            let stored: usize = holds.0.lock().unwrap().iter().map(StorageHold::bytes).sum();
            assert_eq!(manager.storage_bytes(), stored);
        }
    }
}

fn check_empty(manager: &Arc<MemoryManager>, holds: &Arc<Holds>) {
    holds.0.lock().unwrap().clear();
    let usage = manager.usage();
    assert_eq!((usage.execution_bytes, usage.storage_bytes, usage.active_tasks), (0, 0, 0));
}

proptest! {
    #[test]
    fn sums_are_right(steps in proptest::collection::vec(step(), 0..200),
                      budget in 0usize..200_000, fraction in 0.0f64..=1.0) {
        let config = MemoryConfig { budget_bytes: budget, storage_fraction: fraction };
        let manager = MemoryManager::new(config).unwrap();
        let holds = Arc::new(Holds::default());
        let weak = Arc::downgrade(&holds);
        manager.register_evictor(weak);
        run(&manager, &holds, &steps, true);
        check_empty(&manager, &holds);
    }

    #[test]
    fn threads_leave_nothing(scripts in proptest::collection::vec(
                                 proptest::collection::vec(step(), 0..100), 2..5),
                             budget in 0usize..200_000) {
        let config = MemoryConfig { budget_bytes: budget, storage_fraction: 0.3 };
        let manager = MemoryManager::new(config).unwrap();
        let holds = Arc::new(Holds::default());
        let weak = Arc::downgrade(&holds);
        manager.register_evictor(weak);
        std::thread::scope(|scope| {
            for steps in &scripts {
                let (manager, holds) = (&manager, &holds);
                scope.spawn(move || run(manager, holds, steps, false));
            }
        });
        check_empty(&manager, &holds);
    }
}
