//! The lanes of one request, and the request that takes its place when it breaks off.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::time::sleep;

use super::FetchEnv;
use super::counters::FetchCounters;
use crate::client::{Client, Event, LaneReceiver};
use crate::credit::FRAME_COST;
use crate::error::{Result, TransportError};
use crate::frame::{BlockInfo, Kind, LAST};
use crate::message::{Block, Fetch, Lane};

/// Some reduce partitions of a map output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The executor that wrote it.
    pub executor: String,
    /// The map.
    pub map: u32,
    /// The partitions.
    pub partitions: Range<u32>,
}

/// One host's lanes.
pub(super) struct Group {
    pub client: Arc<Client>,
    pub env: FetchEnv,
    pub address: String,
    pub shuffle: u64,
    window: u64,
    lanes: Mutex<Vec<LaneState>>,
    generation: AtomicU64,
    /// Failures since something came last.
    failures: AtomicU32,
    /// Held by the one who starts a request.
    starting: tokio::sync::Mutex<()>,
}

struct LaneState {
    blocks: Arc<[Wanted]>,
    /// Blocks that are used up.
    done: usize,
    receiver: Option<LaneReceiver>,
}

impl Group {
    pub fn new(client: Arc<Client>, env: FetchEnv, address: String, shuffle: u64, window: u64, lanes: Vec<Arc<[Wanted]>>) -> Arc<Self> {
        let lanes = lanes.into_iter().map(|blocks| LaneState { blocks, done: 0, receiver: None }).collect();
        Arc::new(Self {
            client,
            env,
            address,
            shuffle,
            window,
            lanes: Mutex::new(lanes),
            generation: AtomicU64::new(0),
            failures: AtomicU32::new(0),
            starting: tokio::sync::Mutex::new(()),
        })
    }

    /// The receiver of a lane in a request that is newer than `seen`: starts one when there is none.
    async fn receiver(&self, lane: usize, seen: u64, broken: Option<TransportError>) -> Result<(u64, LaneReceiver)> {
        let starting = self.starting.lock().await;
        let mut generation = self.generation.load(Ordering::Acquire);
        if generation == seen {
            let mut error = broken;
            loop {
                if let Some(error) = error.take() {
                    self.pause(error).await?;
                }
                match self.start().await {
                    Ok(()) => break,
                    Err(e) => error = Some(e),
                }
            }
            generation = self.generation.fetch_add(1, Ordering::AcqRel) + 1;
        }
        drop(starting);
        let receiver = self.lanes.lock().get_mut(lane).and_then(|state| state.receiver.take());
        receiver.map(|receiver| (generation, receiver)).ok_or_else(|| TransportError::Invalid(format!("lane {lane} is read twice")))
    }

    /// Waits before the next try, if there is one.
    async fn pause(&self, error: TransportError) -> Result<()> {
        let limits = self.client.limits;
        let gone = self.client.is_gone(&self.address);
        if !error.is_transient() || gone || self.failures.fetch_add(1, Ordering::AcqRel) >= limits.retries {
            return Err(error);
        }
        sleep(limits.retry_wait).await;
        Ok(())
    }

    /// Asks for all that is not used up.
    async fn start(&self) -> Result<()> {
        let peer = self.client.peer(&self.address).await?;
        let mut executors: HashMap<String, u32> = HashMap::new();
        let mut fetch = Fetch { shuffle: self.shuffle, window: self.window, ..Fetch::default() };
        let mut lanes = self.lanes.lock();
        let mut indices = Vec::new();
        for (index, state) in lanes.iter().enumerate().filter(|(_, state)| state.done < state.blocks.len()) {
            let blocks = state.blocks[state.done..].iter().map(|wanted| {
                let next = executors.len() as u32;
                let executor = *executors.entry(wanted.executor.clone()).or_insert_with(|| {
                    fetch.executors.push(wanted.executor.clone());
                    next
                });
                Block { map: wanted.map, start: wanted.partitions.start, end: wanted.partitions.end, executor }
            });
            fetch.lanes.push(Lane { blocks: blocks.collect() });
            indices.push(index);
        }
        let receivers = peer.call(Kind::Fetch, &fetch, fetch.lanes.len(), self.window)?;
        FetchCounters::add(&self.env.counters.requests, 1);
        self.client.traffic.requests.fetch_add(1, Ordering::Relaxed);
        for (index, receiver) in indices.into_iter().zip(receivers) {
            lanes[index].receiver = Some(receiver);
        }
        Ok(())
    }
}

/// One lane's bytes, over as many requests as it takes.
pub(super) struct RawLane {
    pub group: Arc<Group>,
    lane: usize,
    blocks: Arc<[Wanted]>,
    generation: u64,
    receiver: Option<LaneReceiver>,
    /// The block that comes now.
    pub block: usize,
    /// Whose output the current block is.
    attempt: Option<(u32, u32)>,
    started: bool,
}

/// What comes for a lane.
pub(super) enum Raw {
    /// `info`: a block starts.
    Piece { info: Option<BlockInfo>, body: bytes::Bytes, last: bool },
    /// The current block comes again, from its start.
    Restarted,
}

impl RawLane {
    pub fn new(group: &Arc<Group>, lane: usize) -> Self {
        let blocks = group.lanes.lock().get(lane).map_or_else(|| Arc::from([]), |state| Arc::clone(&state.blocks));
        Self { group: Arc::clone(group), lane, blocks, generation: 0, receiver: None, block: 0, attempt: None, started: false }
    }

    pub fn blocks(&self) -> &Arc<[Wanted]> {
        &self.blocks
    }

    /// The current block's next bytes.
    ///
    /// # Errors
    /// What ends the lane: all tries have failed, or the server's words.
    pub async fn next(&mut self) -> Result<Raw> {
        let counters = Arc::clone(&self.group.env.counters);
        let _wait = counters.wait();
        let newer = self.group.generation.load(Ordering::Acquire) != self.generation;
        if self.receiver.is_none() || newer {
            return self.restart(None).await;
        }
        let Some(receiver) = &mut self.receiver else { return Ok(Raw::Restarted) };
        let (flags, info, body) = match receiver.next().await {
            Ok(Event::Data { flags, info, body }) => (flags, info, body),
            Ok(Event::Answer(_) | Event::Failure(_)) => {
                return Err(TransportError::network(&self.group.address, "an answer of another kind"));
            }
            Err(error) if error.is_transient() => return self.restart(Some(error)).await,
            Err(error) => return Err(error),
        };
        if info.is_none() != self.started {
            return Err(TransportError::network(&self.group.address, "blocks that do not follow each other"));
        }
        if let Some(info) = info {
            let attempt = (info.stage_attempt, info.attempt);
            if self.attempt.is_some_and(|first| first != attempt) {
                let what = "the map output was replaced while it was read".to_owned();
                return Err(TransportError::Remote { address: self.group.address.clone(), what, cause: crate::FetchCause::Missing });
            }
            self.attempt = Some(attempt);
            self.started = true;
        }
        FetchCounters::add(&self.group.env.counters.remote_bytes, body.len() as u64);
        Ok(Raw::Piece { info, body, last: flags & LAST != 0 })
    }

    async fn restart(&mut self, broken: Option<TransportError>) -> Result<Raw> {
        self.receiver = None;
        let (generation, receiver) = self.group.receiver(self.lane, self.generation, broken).await?;
        self.generation = generation;
        self.receiver = Some(receiver);
        self.started = false;
        Ok(Raw::Restarted)
    }

    /// A piece of so many bytes was used up.
    pub fn release(&mut self, bytes: usize) {
        self.group.failures.store(0, Ordering::Release);
        if let Some(receiver) = &mut self.receiver {
            receiver.release(FRAME_COST + bytes as u64);
        }
    }

    /// The current block is used up.
    pub fn advance(&mut self) {
        self.block += 1;
        self.attempt = None;
        self.started = false;
        if let Some(state) = self.group.lanes.lock().get_mut(self.lane) {
            state.done = self.block;
        }
    }
}

impl Drop for RawLane {
    fn drop(&mut self) {
        // Not asked for again when the request is.
        if let Some(state) = self.group.lanes.lock().get_mut(self.lane) {
            state.done = state.blocks.len();
            state.receiver = None;
        }
    }
}
