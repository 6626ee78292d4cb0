//! What a server gives: blocks of map outputs and blobs, lane by lane.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use kiln_shuffle::codec::check_blocks;
use kiln_shuffle::file::WholeOutput;
use kiln_shuffle::store::{BlockStore, EncodedStream};
use kiln_shuffle::{Result as ShuffleResult, ShuffleError};
use tokio::sync::Semaphore;

use crate::auth::Secret;
use crate::credit::{Credit, FRAME_COST};
use crate::error::FetchCause;
use crate::frame::{BlockInfo, FIRST, Frame, HEADER_LEN, INFO_LEN, Kind, LAST};
use crate::link::Link;
use crate::message::{self, Block, Failure, Fetch, Verified};

/// Data of one frame.
const FRAME_BYTES: u64 = 256 << 10;

/// Data that one lane reads in one go.
const TURN_BYTES: u64 = 1 << 20;

/// Where the blocks of map outputs are read from. Called on threads that may block.
pub trait Blocks: Send + Sync + fmt::Debug {
    /// Opens some partitions of a map output of an executor.
    ///
    /// # Errors
    /// As [`BlockStore::read_encoded`].
    fn open(&self, executor: &str, shuffle: u64, map: u32, partitions: Range<u32>) -> ShuffleResult<EncodedStream>;

    /// A whole map output, to be copied. A shuffle service gives none: its files stay.
    ///
    /// # Errors
    /// As [`BlockStore::read_whole`].
    fn whole(&self, shuffle: u64, map: u32) -> ShuffleResult<WholeOutput> {
        Err(ShuffleError::NotFound { shuffle, map })
    }
}

/// The blocks of an executor's own store.
#[derive(Debug)]
pub struct StoreBlocks(pub Arc<dyn BlockStore>);

impl Blocks for StoreBlocks {
    fn open(&self, _executor: &str, shuffle: u64, map: u32, partitions: Range<u32>) -> ShuffleResult<EncodedStream> {
        self.0.read_encoded(shuffle, map, partitions)
    }

    fn whole(&self, shuffle: u64, map: u32) -> ShuffleResult<WholeOutput> {
        self.0.read_whole(shuffle, map)
    }
}

/// What a process gives to its peers, by the application that they belong to.
pub trait Host: Send + Sync + fmt::Debug {
    /// The secret that an application's peers must have; `None`: it is not served.
    fn secret(&self, application: &str) -> Option<Secret>;

    /// The blocks of an application.
    fn blocks(&self, application: &str) -> Option<Arc<dyn Blocks>>;

    /// A blob of an application.
    fn blob(&self, application: &str, id: &str) -> Option<Bytes>;

    /// An executor's map outputs will be served for it.
    ///
    /// # Errors
    /// Says why not.
    fn register(&self, caller: &str, registration: Registration) -> Result<(), String>;

    /// An application has ended: its files go.
    ///
    /// # Errors
    /// Says why not.
    fn end_application(&self, caller: &str) -> Result<(), String>;

    /// Nobody reads a shuffle any more: the files of executors that are gone go.
    ///
    /// # Errors
    /// Says why not.
    fn remove_shuffle(&self, caller: &str, shuffle: u64) -> Result<(), String>;

    /// Whom it turned away, and why.
    fn log(&self, message: &str);
}

/// An executor whose map outputs a shuffle service serves.
#[derive(Debug, Clone)]
pub struct Registration {
    /// Its application.
    pub application: String,
    /// The application's secret.
    pub secret: Secret,
    /// Its id.
    pub executor: String,
    /// Where its files are.
    pub directories: Vec<PathBuf>,
}

/// Answers a fetch: all lanes side by side, each as far as its credit goes.
pub(crate) async fn serve_fetch(
    link: Arc<Link>,
    request: u32,
    fetch: Arc<Fetch>,
    blocks: Arc<dyn Blocks>,
    credits: Arc<[Credit]>,
    slots: Arc<Semaphore>,
    max_frame: usize,
) {
    let least = (fetch.window / 4).clamp(FRAME_COST + 1, 32 << 10);
    let mut lanes: FuturesUnordered<_> = (0..fetch.lanes.len())
        .map(|lane| {
            let state =
                LaneServer { request, lane, fetch: Arc::clone(&fetch), blocks: Arc::clone(&blocks), next: 0, open: None, max_frame };
            serve_lane(&link, state, &credits[lane], least, &slots)
        })
        .collect();
    while lanes.next().await.is_some() {}
    link.send_data(Frame::new(Kind::Done, request, Bytes::new()), None).await;
}

async fn serve_lane(link: &Link, mut state: LaneServer, credit: &Credit, least: u64, slots: &Semaphore) {
    let (request, lane) = (state.request, state.lane as u32);
    while !state.is_finished() {
        let taken = credit.take(least, TURN_BYTES).await;
        let Ok(permit) = slots.acquire().await else {
            return;
        };
        let produced = tokio::task::spawn_blocking(move || {
            let produced = state.produce(taken);
            (state, produced)
        });
        let Ok((returned, produced)) = produced.await else {
            let failure = Failure { cause: FetchCause::Unknown.code(), message: "reading a block panicked".to_owned(), block: 0 };
            link.send_data(Frame { lane, ..Frame::message(Kind::Failure, request, &failure) }, None).await;
            return;
        };
        drop(permit);
        state = returned;
        credit.add(produced.unused);
        for (frame, info) in produced.frames {
            if !link.send_data(frame, info).await {
                return;
            }
        }
    }
}

/// One lane of a fetch, as far as it was sent.
struct LaneServer {
    request: u32,
    lane: usize,
    fetch: Arc<Fetch>,
    blocks: Arc<dyn Blocks>,
    next: usize,
    open: Option<EncodedStream>,
    max_frame: usize,
}

struct Produced {
    frames: Vec<(Frame, Option<BlockInfo>)>,
    unused: u64,
}

impl LaneServer {
    fn is_finished(&self) -> bool {
        self.next >= self.fetch.lanes[self.lane].blocks.len()
    }

    /// Frames for at most so much credit. After a failure, which is the last frame, the lane is finished.
    fn produce(&mut self, mut credit: u64) -> Produced {
        let mut frames = Vec::new();
        while credit > FRAME_COST && !self.is_finished() {
            let most = FRAME_BYTES.min(credit - FRAME_COST).min((self.max_frame - HEADER_LEN - INFO_LEN) as u64);
            match self.next_frame(most as usize) {
                Ok((frame, info)) => {
                    credit -= FRAME_COST + frame.body.len() as u64;
                    frames.push((frame, info));
                }
                Err(error) => {
                    let failure = Failure { cause: FetchCause::from(&error).code(), message: error.to_string(), block: self.next as u32 };
                    let failure = Frame { lane: self.lane as u32, ..Frame::message(Kind::Failure, self.request, &failure) };
                    frames.push((failure, None));
                    self.next = usize::MAX;
                }
            }
        }
        Produced { frames, unused: credit }
    }

    fn next_frame(&mut self, most: usize) -> ShuffleResult<(Frame, Option<BlockInfo>)> {
        let mut info = None;
        let stream = match &mut self.open {
            Some(stream) => stream,
            none => {
                let Block { map, start, end, executor } = self.fetch.lanes[self.lane].blocks[self.next];
                let executor = self.fetch.executors.get(executor as usize).map_or("", String::as_str);
                let stream = self.blocks.open(executor, self.fetch.shuffle, map, start..end)?;
                let id = stream.id();
                info = Some(BlockInfo {
                    rows: stream.rows(),
                    length: stream.remaining(),
                    stage_attempt: id.stage_attempt,
                    attempt: id.attempt,
                });
                none.insert(stream)
            }
        };
        let body = stream.next_bytes(most)?;
        let mut flags = if info.is_some() { FIRST } else { 0 };
        if stream.at_end() {
            flags |= LAST;
            self.open = None;
            self.next += 1;
        }
        Ok((Frame { kind: Kind::Data, flags, request: self.request, lane: self.lane as u32, body }, info))
    }
}

/// Reads a block as if to send it, and checks every CRC.
pub(crate) fn verify(blocks: &dyn Blocks, executor: &str, shuffle: u64, block: Block) -> Verified {
    let read = || -> Result<(), String> {
        let stream = blocks.open(executor, shuffle, block.map, block.start..block.end).map_err(|e| e.to_string())?;
        let expected = stream.rows();
        let mut rows = 0;
        for encoded in stream {
            rows += check_blocks(&encoded.map_err(|e| e.to_string())?.bytes)?;
        }
        if rows == expected { Ok(()) } else { Err(format!("{rows} rows instead of {expected}")) }
    };
    match read() {
        Ok(()) => Verified { whole: true, what: String::new() },
        Err(what) => Verified { whole: false, what },
    }
}

/// Answers a request for a blob.
pub(crate) async fn serve_blob(link: Arc<Link>, request: u32, blob: Bytes, offset: u64, credit: Arc<[Credit]>, max_frame: usize) {
    let info = BlockInfo { rows: u64::from(crc32c::crc32c(&blob)), length: Some(blob.len() as u64), stage_attempt: 0, attempt: 0 };
    let mut rest = blob.slice(usize::try_from(offset).unwrap_or(usize::MAX).min(blob.len())..);
    let mut info = Some(info);
    loop {
        let taken = credit[0].take(FRAME_COST + 1, FRAME_BYTES.min((max_frame - HEADER_LEN - INFO_LEN) as u64)).await;
        let body = rest.split_to(rest.len().min((taken - FRAME_COST) as usize));
        credit[0].add(taken - FRAME_COST - body.len() as u64);
        let flags = if info.is_some() { FIRST } else { 0 } | if rest.is_empty() { LAST } else { 0 };
        let frame = Frame { kind: Kind::Data, flags, request, lane: 0, body };
        if !link.send_data(frame, info.take()).await {
            return;
        }
        if rest.is_empty() {
            break;
        }
    }
    link.send_data(Frame::new(Kind::Done, request, Bytes::new()), None).await;
}

/// Answers a request for a whole map output.
pub(crate) async fn serve_copy(
    link: Arc<Link>,
    request: u32,
    copy: message::Copy,
    blocks: Arc<dyn Blocks>,
    credit: Arc<[Credit]>,
    max_frame: usize,
) {
    let (shuffle, map) = (copy.shuffle, copy.map);
    let failed = async |error: &ShuffleError| {
        let failure = Failure { cause: FetchCause::from(error).code(), message: error.to_string(), block: 0 };
        link.send_data(Frame::message(Kind::Failure, request, &failure), None).await;
    };
    let mut whole = match tokio::task::spawn_blocking(move || blocks.whole(shuffle, map)).await {
        Ok(Ok(whole)) => whole,
        Ok(Err(error)) => return failed(&error).await,
        Err(error) => return failed(&ShuffleError::Invalid(error.to_string())).await,
    };
    let id = whole.id();
    let mut info = Some(BlockInfo { rows: 0, length: Some(whole.remaining()), stage_attempt: id.stage_attempt, attempt: id.attempt });
    loop {
        let taken = credit[0].take(FRAME_COST + 1, FRAME_BYTES.min((max_frame - HEADER_LEN - INFO_LEN) as u64)).await;
        let read = tokio::task::spawn_blocking(move || {
            let body = whole.next_bytes((taken - FRAME_COST) as usize);
            (whole, body)
        });
        let body = match read.await {
            Ok((returned, Ok(body))) => {
                whole = returned;
                body
            }
            Ok((_, Err(error))) => return failed(&error).await,
            Err(error) => return failed(&ShuffleError::Invalid(error.to_string())).await,
        };
        credit[0].add(taken - FRAME_COST - body.len() as u64);
        let last = whole.remaining() == 0;
        let flags = if info.is_some() { FIRST } else { 0 } | if last { LAST } else { 0 };
        if !link.send_data(Frame { kind: Kind::Data, flags, request, lane: 0, body }, info.take()).await {
            return;
        }
        if last {
            break;
        }
    }
    link.send_data(Frame::new(Kind::Done, request, Bytes::new()), None).await;
}
