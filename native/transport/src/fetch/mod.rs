//! Fetching blocks: what a shuffle reader of a task does with what is in other processes.
//!
//! A reader names all blocks that it wants of each host, in lanes: a lane's blocks come
//! in its order. Each host gets one request. A reader of one lane per host takes the
//! blocks in the order of the maps, whatever host they are on; one that merges sorted
//! runs has a lane for each.
//!
//! What is on its way is limited by credit, which is reserved in the task's memory
//! beforehand. Where there is too little of it, or more hosts than requests are allowed,
//! or more lanes than make sense, a host's blocks go to a file first, and are read from
//! there: so does any block beyond `spark.network.maxRemoteBlockSizeFetchToMem`.

mod counters;
mod drain;
mod group;
mod reader;
mod spool;

use std::sync::{Arc, OnceLock};

use arrow::datatypes::SchemaRef;
use kiln_memory::Consumer;
use tokio::sync::Semaphore;

pub use counters::FetchCounters;
use drain::Drain;
use group::Group;
pub use group::Wanted;
pub use reader::{FetchError, LaneReader};
pub use spool::SpoolFiles;

use crate::client::Client;
use crate::credit::InFlight;
use crate::error::Result;

/// Less credit is not worth a lane.
const MIN_WINDOW: u64 = 32 << 10;

/// A reader reserves at most this part of what its task may hold.
const MEMORY_PART: u64 = 8;

/// What a task gives to its readers.
#[derive(Debug, Clone)]
pub struct FetchEnv {
    /// Execution memory of the task.
    pub memory: Arc<Consumer>,
    /// Files in the task's spill directory.
    pub spool: Arc<dyn SpoolFiles>,
    /// Its metrics.
    pub counters: Arc<FetchCounters>,
}

/// What a reader wants of one host.
#[derive(Debug, Clone)]
pub struct HostRequest {
    /// The host's transport.
    pub address: String,
    /// Its lanes, none of them empty.
    pub lanes: Vec<Vec<Wanted>>,
}

/// What the lanes of one reader share.
struct Plan {
    client: Arc<Client>,
    in_flight: Arc<InFlight>,
    env: FetchEnv,
    shuffle: u64,
    hosts: usize,
    lanes: usize,
    budget: OnceLock<Budget>,
    /// For hosts whose blocks go to files: requests at the same time.
    requests: Semaphore,
}

/// Credit that was reserved for a reader.
struct Budget {
    in_flight: Arc<InFlight>,
    memory: Arc<Consumer>,
    bytes: u64,
    reserved: usize,
    /// Credit of each lane; `None`: files first.
    window: Option<u64>,
}

impl Drop for Budget {
    fn drop(&mut self) {
        self.in_flight.give_back(self.bytes);
        self.memory.shrink(self.reserved);
    }
}

impl Plan {
    /// Reserved when the first lane is read, not before.
    fn budget(&self) -> &Budget {
        self.budget.get_or_init(|| {
            let limits = self.client.limits;
            let (hosts, lanes) = (self.hosts as u64, self.lanes as u64);
            let least = hosts * MIN_WINDOW;
            let part = self.env.memory.task().limit_bytes() as u64 / MEMORY_PART;
            let mut bytes = self.in_flight.take(least, limits.size_in_flight.min(part));
            let mut refused = false;
            while self.env.memory.try_grow(bytes as usize).is_err() {
                let smaller = (bytes / 2).max(least);
                self.in_flight.give_back(bytes - smaller);
                if bytes == smaller {
                    // It is held all the same, as the shuffle's writers do.
                    self.env.memory.grow(bytes as usize);
                    refused = true;
                    break;
                }
                bytes = smaller;
            }
            let files_first = refused || self.hosts > limits.reqs_in_flight as usize || bytes / lanes.max(1) < MIN_WINDOW;
            Budget {
                in_flight: Arc::clone(&self.in_flight),
                memory: Arc::clone(&self.env.memory),
                bytes,
                reserved: bytes as usize,
                window: (!files_first).then_some(bytes / lanes.max(1)),
            }
        })
    }

    /// Credit of a host whose blocks go to a file.
    fn host_window(&self) -> u64 {
        (self.budget().bytes / self.hosts.max(1) as u64).max(MIN_WINDOW)
    }
}

/// One host of a plan: its lanes begin when the first of them is read.
struct HostPlan {
    plan: Arc<Plan>,
    address: String,
    lanes: Vec<Arc<[Wanted]>>,
    group: OnceLock<Arc<Group>>,
    drain: Drain,
}

impl HostPlan {
    /// Its lanes as they come.
    fn group(&self, window: u64) -> &Arc<Group> {
        self.group.get_or_init(|| self.new_group(window, self.lanes.clone()))
    }

    fn new_group(&self, window: u64, lanes: Vec<Arc<[Wanted]>>) -> Arc<Group> {
        let plan = &self.plan;
        Group::new(Arc::clone(&plan.client), plan.env.clone(), self.address.clone(), plan.shuffle, window, lanes)
    }
}

/// Readers of all lanes, host by host. Nothing is asked before one of them is read.
///
/// # Errors
/// `Invalid` for types that blocks cannot have.
pub(crate) fn fetch(
    client: &Arc<Client>,
    in_flight: &Arc<InFlight>,
    shuffle: u64,
    schema: &SchemaRef,
    hosts: Vec<HostRequest>,
    env: FetchEnv,
) -> Result<Vec<Vec<LaneReader>>> {
    let plan = Arc::new(Plan {
        client: Arc::clone(client),
        in_flight: Arc::clone(in_flight),
        env,
        shuffle,
        hosts: hosts.len(),
        lanes: hosts.iter().map(|host| host.lanes.len()).sum(),
        budget: OnceLock::new(),
        requests: Semaphore::new(client.limits.reqs_in_flight.min(1 << 20) as usize),
    });
    let hosts = hosts.into_iter().map(|HostRequest { address, lanes }| {
        let lanes: Vec<Arc<[Wanted]>> = lanes.into_iter().map(Arc::from).collect();
        let count = lanes.len();
        let host = HostPlan { plan: Arc::clone(&plan), address, lanes, group: OnceLock::new(), drain: Drain::default() };
        let host = Arc::new(host);
        (0..count).map(|lane| LaneReader::new(&host, lane, schema)).collect()
    });
    hosts.collect()
}
