//! Trees that the tasks of one attempt of a stage share, so that they share the build sides of joins.

use super::program::Program;
use crate::boundary::TaskSpec;
use datafusion::common::Result;
use datafusion::physical_plan::ExecutionPlan;
use kiln_memory::{MemoryManager, TaskKey, TaskMemory};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A tree that no task has used for so long is dropped.
const IDLE: Duration = Duration::from_secs(3);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    program: String,
    stage_id: u64,
    stage_attempt: u32,
}

#[derive(Debug)]
struct SharedTree {
    tree: Arc<dyn ExecutionPlan>,
    memory: Arc<TaskMemory>,
    running: usize,
    idle_since: Instant,
    /// The program was unloaded: the last task drops the tree.
    retired: bool,
}

#[derive(Debug, Default)]
pub struct SharedTrees {
    trees: Mutex<HashMap<Key, SharedTree>>,
}

impl SharedTrees {
    pub fn len(&self) -> usize {
        self.trees.lock().len()
    }

    pub fn clear(&self) {
        self.trees.lock().clear();
    }

    /// Drops the trees of a program, at once or when their last task has ended.
    pub fn retire(&self, program: &str) {
        self.trees.lock().retain(|key, shared| {
            shared.retired |= key.program == program;
            shared.running > 0 || !shared.retired
        });
    }

    /// Drops what has been idle for long.
    pub fn sweep(&self) {
        self.trees.lock().retain(|_, shared| shared.running > 0 || shared.idle_since.elapsed() < IDLE);
    }
}

/// The tree of one attempt: its own, or one shared with the stage's other tasks here.
pub struct TreeLease<'a> {
    trees: &'a SharedTrees,
    /// `None`: the attempt had it to itself, and has ended.
    tree: Option<Arc<dyn ExecutionPlan>>,
    shared: Option<(Key, Arc<TaskMemory>)>,
}

impl<'a> TreeLease<'a> {
    pub fn take(
        trees: &'a SharedTrees,
        program: &Program,
        spec: &TaskSpec,
        manager: &Arc<MemoryManager>,
        key: impl FnOnce() -> TaskKey,
    ) -> Result<Self> {
        if !spec.shares_build {
            return Ok(Self { trees, tree: Some(program.tree()?), shared: None });
        }
        trees.sweep();
        let id = Key { program: spec.program.clone(), stage_id: spec.stage_id, stage_attempt: spec.stage_attempt };
        let mut locked = trees.trees.lock();
        let shared = match locked.entry(id.clone()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(SharedTree {
                tree: program.tree()?,
                memory: manager.task(key()),
                running: 0,
                idle_since: Instant::now(),
                retired: false,
            }),
        };
        shared.running += 1;
        Ok(Self { trees, tree: Some(Arc::clone(&shared.tree)), shared: Some((id, Arc::clone(&shared.memory))) })
    }

    pub fn tree(&self) -> Option<Arc<dyn ExecutionPlan>> {
        self.tree.clone()
    }

    /// The attempt has ended: a tree of its own goes, with the build sides in it.
    pub fn end(&mut self) {
        if self.shared.is_none() {
            self.tree = None;
        }
    }

    fn is_mine(&self, shared: &SharedTree) -> bool {
        self.tree.as_ref().is_some_and(|tree| Arc::ptr_eq(&shared.tree, tree))
    }

    pub fn is_shared(&self) -> bool {
        self.shared.is_some()
    }

    /// Memory of build sides: the stage's, which outlives the task that builds.
    pub fn stage_memory(&self) -> Option<Arc<TaskMemory>> {
        self.shared.as_ref().map(|(_, memory)| Arc::clone(memory))
    }

    /// After a failure later tasks build anew: the tree may hold the error.
    pub fn spoil(&self) {
        if let Some((key, _)) = &self.shared {
            let mut trees = self.trees.trees.lock();
            if trees.get(key).is_some_and(|shared| self.is_mine(shared)) {
                trees.remove(key);
            }
        }
    }
}

impl Drop for TreeLease<'_> {
    fn drop(&mut self) {
        let Some((key, _)) = &self.shared else { return };
        let mut trees = self.trees.trees.lock();
        let Some(shared) = trees.get_mut(key).filter(|shared| self.is_mine(shared)) else { return };
        shared.running -= 1;
        shared.idle_since = Instant::now();
        if shared.running == 0 && shared.retired {
            trees.remove(key);
        }
    }
}
