//! Map outputs that an executor knows of, and how its tasks read them.

use super::error::TaskError;
use super::external_blocks::{ExternalBlocks, fetch};
use crate::boundary::{FetchFailure, MapOutputLocation, MapOutputs};
use crate::nodes::{BatchStream, ShuffleSource};
use datafusion::common::{DataFusionError, Result, internal_err};
use futures::{StreamExt, stream};
use kiln_shuffle::store::BlockStore;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Map outputs by shuffle, as the tracker told them last.
#[derive(Debug, Default)]
pub struct KnownOutputs {
    shuffles: RwLock<HashMap<u64, Arc<MapOutputs>>>,
}

impl KnownOutputs {
    /// Older news than what is known are dropped.
    pub fn set(&self, outputs: MapOutputs) {
        let mut shuffles = self.shuffles.write();
        let known = shuffles.get(&outputs.shuffle_id).map(|o| o.epoch);
        if known.is_none_or(|epoch| epoch <= outputs.epoch) {
            shuffles.insert(outputs.shuffle_id, Arc::new(outputs));
        }
    }

    pub fn remove(&self, shuffle_id: u64) {
        self.shuffles.write().remove(&shuffle_id);
    }

    pub fn clear(&self) {
        self.shuffles.write().clear();
    }
}

/// What one task reads from: outputs at its epoch or later.
#[derive(Debug)]
pub struct TaskShuffle {
    pub known: Arc<KnownOutputs>,
    pub store: Arc<dyn BlockStore>,
    /// For outputs that are not in `store`.
    pub external: Option<Arc<dyn ExternalBlocks>>,
    pub epoch: u64,
}

impl ShuffleSource for TaskShuffle {
    fn outputs(&self, shuffle_id: u64) -> Result<Arc<MapOutputs>> {
        let known = self.known.shuffles.read().get(&shuffle_id).cloned();
        match known {
            Some(outputs) if outputs.epoch >= self.epoch => Ok(outputs),
            Some(outputs) => {
                internal_err!("the outputs of shuffle {shuffle_id} are of epoch {}, but the task needs {}", outputs.epoch, self.epoch)
            }
            None => internal_err!("the outputs of shuffle {shuffle_id} were not announced to this executor"),
        }
    }

    fn read(&self, shuffle_id: u64, output: &MapOutputLocation, partitions: Range<u32>) -> Result<BatchStream> {
        if let (false, Some(external)) = (is_local(&output.uri), &self.external) {
            return fetch(external, shuffle_id, output, partitions);
        }
        let location = output.clone();
        let start = partitions.start;
        let failure = move |error: kiln_shuffle::ShuffleError| fetch_failure(shuffle_id, &location, start, &error.to_string());
        let blocks = self.store.read_stream(shuffle_id, output.map, partitions).map_err(&failure)?;
        Ok(stream::iter(blocks.map(move |block| block.map_err(&failure))).boxed())
    }
}

/// Whether a URI (or a scheme with its colon) is one of the stores in Rust.
pub fn is_local(uri: &str) -> bool {
    matches!(uri.split_once(':').map_or(uri, |(scheme, _)| scheme), "memory" | "file")
}

pub fn fetch_failure(shuffle_id: u64, output: &MapOutputLocation, reduce: u32, message: &str) -> DataFusionError {
    let fetch = FetchFailure { shuffle_id, map: output.map, reduce, executor_id: output.executor_id.clone() };
    TaskError::Fetch { fetch, message: message.to_owned() }.into_datafusion()
}
