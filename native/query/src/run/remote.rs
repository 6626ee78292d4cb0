//! Shuffle blocks of other processes: one request to each host, and the order of the maps as if
//! all were here.

use super::error::TaskError;
use super::shuffle::{LocalBlocks, fetch_failure};
use super::spill::TaskSpill;
use crate::boundary::{MapOutputLocation, MapOutputs};
use crate::nodes::{BatchStream, Counters, OutputRead, ReadLayout, batch_bytes};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, Result};
use futures::{StreamExt, stream};
use kiln_memory::TaskMemory;
use kiln_transport::fetch::{FetchEnv, FetchError, HostRequest, LaneReader, Wanted};
use kiln_transport::{Transport, TransportError};
use std::collections::HashMap;
use std::sync::Arc;

/// Reads of one task from other processes.
#[derive(Debug)]
pub struct RemoteBlocks {
    pub transport: Transport,
    pub executor_id: String,
    pub memory: Arc<TaskMemory>,
    /// What is read for other tasks of the stage too is charged to it.
    pub stage_memory: Option<Arc<TaskMemory>>,
    pub spill: Arc<TaskSpill>,
}

/// Where one read comes from.
enum Step {
    Local(OutputRead),
    /// From a host: the next block of its lane, or its next lane.
    Remote(usize),
}

impl RemoteBlocks {
    /// Whether an output is in another process.
    pub fn is_elsewhere(&self, output: &MapOutputLocation) -> bool {
        !output.address.is_empty() && output.executor_id != self.executor_id && output.address != self.transport.address()
    }

    /// # Errors
    /// For types that blocks cannot have.
    pub fn read(
        &self,
        local: &LocalBlocks,
        counters: &Arc<Counters>,
        outputs: &Arc<MapOutputs>,
        reads: Vec<OutputRead>,
        schema: &SchemaRef,
        layout: ReadLayout,
    ) -> Result<Vec<BatchStream>> {
        let mut hosts: Vec<HostRequest> = Vec::new();
        let mut by_address = HashMap::new();
        let mut steps = Vec::with_capacity(reads.len());
        for read in reads {
            let output = &outputs.outputs[read.output];
            if !self.is_elsewhere(output) {
                steps.push(Step::Local(read));
                continue;
            }
            let host = *by_address.entry(output.address.as_str()).or_insert_with(|| {
                hosts.push(HostRequest { address: output.address.clone(), lanes: Vec::new() });
                hosts.len() - 1
            });
            let wanted = Wanted { executor: output.executor_id.clone(), map: output.map, partitions: read.partitions };
            let host_lanes = &mut hosts[host].lanes;
            match host_lanes.last_mut() {
                Some(lane) if layout != ReadLayout::Apart => lane.push(wanted),
                _ => host_lanes.push(vec![wanted]),
            }
            steps.push(Step::Remote(host));
        }
        let local_blocks = steps.iter().filter(|step| matches!(step, Step::Local(_))).count();
        Counters::add(&counters.local_blocks, local_blocks as u64);
        let memory = match (&self.stage_memory, layout) {
            (Some(stage), ReadLayout::Shared) => stage,
            _ => &self.memory,
        };
        let env = FetchEnv {
            memory: Arc::new(memory.consumer("ShuffleFetch", false)),
            spool: Arc::clone(&self.spill) as _,
            counters: Arc::clone(&counters.fetch),
        };
        let readers = self.transport.fetch(outputs.shuffle_id, schema, hosts, env).map_err(|e| DataFusionError::External(Box::new(e)))?;
        let source = Source { local: local.clone(), outputs: Arc::clone(outputs), counters: Arc::clone(counters) };
        if layout == ReadLayout::Apart {
            let mut readers: Vec<_> = readers.into_iter().map(Vec::into_iter).collect();
            let streams = steps.into_iter().map(|step| match step {
                Step::Local(read) => source.joined(vec![Step::Local(read)], Vec::new()),
                Step::Remote(host) => source.joined(vec![Step::Remote(0)], readers[host].next().into_iter().collect()),
            });
            return Ok(streams.collect());
        }
        let readers: Vec<LaneReader> = readers.into_iter().flatten().collect();
        Ok(vec![source.joined(steps, readers)])
    }
}

/// What the streams of a reader work with.
#[derive(Clone)]
struct Source {
    local: LocalBlocks,
    outputs: Arc<MapOutputs>,
    counters: Arc<Counters>,
}

struct InOrder {
    source: Source,
    steps: std::vec::IntoIter<Step>,
    lanes: Vec<LaneReader>,
    now: Option<Now>,
}

enum Now {
    Local(BatchStream),
    Remote(usize),
}

impl Source {
    /// Reads one after the other.
    fn joined(&self, steps: Vec<Step>, lanes: Vec<LaneReader>) -> BatchStream {
        let reads = InOrder { source: self.clone(), steps: steps.into_iter(), lanes, now: None };
        // It ends after an error.
        stream::unfold(Some(reads), |reads| async move {
            let mut reads = reads?;
            match reads.next().await {
                Ok(Some(batch)) => Some((Ok(batch), Some(reads))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed()
    }
}

impl InOrder {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            let batch = match &mut self.now {
                None => {
                    self.now = match self.steps.next() {
                        None => return Ok(None),
                        Some(Step::Local(read)) => Some(Now::Local(self.source.local.read(&self.source.outputs, &read)?)),
                        Some(Step::Remote(lane)) => Some(Now::Remote(lane)),
                    };
                    continue;
                }
                Some(Now::Local(batches)) => {
                    let batch = batches.next().await.transpose()?;
                    if let Some(batch) = &batch {
                        Counters::add(&self.source.counters.local_bytes, batch_bytes(batch));
                    }
                    batch
                }
                Some(Now::Remote(lane)) => {
                    let outputs = &self.source.outputs;
                    self.lanes[*lane].next_batch().await.map_err(|error| failure(outputs, error))?
                }
            };
            match batch {
                Some(batch) => return Ok(Some(batch)),
                None => self.now = None,
            }
        }
    }
}

/// A block that could not be had is a fetch failure, unless this process is to blame.
fn failure(outputs: &MapOutputs, error: FetchError) -> DataFusionError {
    let FetchError { wanted, error } = error;
    if matches!(error, TransportError::Local { .. } | TransportError::Invalid(_) | TransportError::Closed) {
        return TaskError::Transport(error).into_datafusion();
    }
    let of_map = |output: &&MapOutputLocation| output.map == wanted.map && output.executor_id == wanted.executor;
    let Some(output) = outputs.outputs.iter().find(of_map) else {
        return TaskError::Transport(error).into_datafusion();
    };
    let (cause, message) = (error.cause().into(), error.to_string());
    fetch_failure(outputs.shuffle_id, output, wanted.partitions.start, cause, message, Some(Box::new(error)))
}
