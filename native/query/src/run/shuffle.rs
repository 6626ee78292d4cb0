//! Map outputs that an executor knows of, and how its tasks read them.

use super::error::{Cause, TaskError};
use super::external_blocks::{ExternalBlocks, fetch};
use super::remote::RemoteBlocks;
use crate::boundary::{FetchCause, FetchFailure, MapOutputLocation, MapOutputs};
use crate::nodes::{BatchStream, Counters, OutputRead, ReadLayout, ShuffleSource, ShuffleStreams};
use arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, Result, internal_err};
use futures::{StreamExt, stream};
use kiln_shuffle::ShuffleError;
use kiln_shuffle::store::BlockStore;
use parking_lot::RwLock;
use std::collections::HashMap;
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
    pub local: LocalBlocks,
    /// For outputs of other processes.
    pub remote: Option<RemoteBlocks>,
    pub counters: Arc<Counters>,
    pub epoch: u64,
}

/// Outputs that need no other process: in the executor's store, or in one that is shared.
#[derive(Debug, Clone)]
pub struct LocalBlocks {
    pub store: Arc<dyn BlockStore>,
    /// For outputs that are not in `store`.
    pub external: Option<Arc<dyn ExternalBlocks>>,
}

impl LocalBlocks {
    /// The batches of one read, in order.
    ///
    /// # Errors
    /// A fetch failure that names the map output.
    pub fn read(&self, outputs: &MapOutputs, read: &OutputRead) -> Result<BatchStream> {
        let output = &outputs.outputs[read.output];
        let shuffle_id = outputs.shuffle_id;
        if let (false, Some(external)) = (is_local(&output.uri), &self.external) {
            return fetch(external, shuffle_id, output, read.partitions.clone());
        }
        let location = output.clone();
        let start = read.partitions.start;
        let failure = move |error: ShuffleError| {
            let cause = kiln_transport::FetchCause::from(&error).into();
            fetch_failure(shuffle_id, &location, start, cause, error.to_string(), None)
        };
        let blocks = self.store.read_stream(shuffle_id, output.map, read.partitions.clone()).map_err(&failure)?;
        Ok(stream::iter(blocks.map(move |block| block.map_err(&failure))).boxed())
    }

    /// Reads one after the other, each opened when its turn comes.
    fn joined(&self, outputs: &Arc<MapOutputs>, reads: Vec<OutputRead>) -> BatchStream {
        let (local, outputs) = (self.clone(), Arc::clone(outputs));
        stream::iter(reads)
            .flat_map(move |read| local.read(&outputs, &read).unwrap_or_else(|error| stream::once(async { Err(error) }).boxed()))
            .boxed()
    }
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

    fn read(&self, outputs: &Arc<MapOutputs>, reads: Vec<OutputRead>, schema: &SchemaRef, layout: ReadLayout) -> Result<ShuffleStreams> {
        if let Some(remote) = &self.remote
            && reads.iter().any(|read| remote.is_elsewhere(&outputs.outputs[read.output]))
        {
            let streams = remote.read(&self.local, &self.counters, outputs, reads, schema, layout)?;
            return Ok(ShuffleStreams { streams, all_local: false });
        }
        Counters::add(&self.counters.local_blocks, reads.len() as u64);
        let streams = match layout {
            ReadLayout::Joined | ReadLayout::Shared => vec![self.local.joined(outputs, reads)],
            ReadLayout::Apart => reads.into_iter().map(|read| self.local.joined(outputs, vec![read])).collect(),
        };
        Ok(ShuffleStreams { streams, all_local: true })
    }
}

/// Whether a URI (or a scheme with its colon) is one of the stores in Rust.
pub fn is_local(uri: &str) -> bool {
    matches!(uri.split_once(':').map_or(uri, |(scheme, _)| scheme), "memory" | "file")
}

pub fn fetch_failure(
    shuffle_id: u64,
    output: &MapOutputLocation,
    reduce: u32,
    cause: FetchCause,
    message: String,
    source: Option<Cause>,
) -> DataFusionError {
    let fetch = FetchFailure { shuffle_id, map: output.map, reduce, executor_id: output.executor_id.clone(), cause };
    TaskError::Fetch { fetch, message, source }.into_datafusion()
}

impl From<kiln_transport::FetchCause> for FetchCause {
    fn from(cause: kiln_transport::FetchCause) -> Self {
        use kiln_transport::FetchCause::*;
        match cause {
            Missing => Self::Missing,
            Disk => Self::Disk,
            Network => Self::Network,
            Corrupt => Self::Corrupt,
            Unknown => Self::Unknown,
        }
    }
}
