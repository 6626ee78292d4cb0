//! From the bytes of a lane to its batches. Runs where it is polled: on a CPU worker.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bytes::{Buf, Bytes, BytesMut};
use kiln_shuffle::codec::{BlockDecoder, BlockHeader, HEADER_LEN};
use prost::Message;

use super::HostPlan;
use super::counters::FetchCounters;
use super::drain::{Drained, SpooledBlock, spool_block};
use super::group::{Group, Raw, RawLane, Wanted};
use super::spool::Spool;
use crate::error::{FetchCause, Result, TransportError};
use crate::frame::{BlockInfo, Kind};
use crate::message::{Block, Verified, Verify};

/// A buffer is not made larger than this for a length that nobody has checked yet.
const TRUSTED: usize = 4 << 20;

/// A block that cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct FetchError {
    /// Which one.
    pub wanted: Wanted,
    /// Why.
    #[source]
    pub error: TransportError,
}

/// Batches of one lane, block by block.
pub struct LaneReader {
    host: Arc<HostPlan>,
    lane: usize,
    blocks: Arc<[Wanted]>,
    /// The block that is read now.
    block: usize,
    /// What the server says of it.
    info: Option<BlockInfo>,
    /// Its last bytes have come.
    last: bool,
    /// Rows of it that were returned.
    rows: u64,
    /// Of these, rows that come a second time.
    skip: u64,
    /// It was damaged once.
    refetched: bool,
    source: Source,
    assembler: Assembler,
    decoder: BlockDecoder,
}

enum Source {
    Unopened,
    Stream(RawLane),
    /// Blocks in a file, the first of them at an index; then whatever comes after them.
    File {
        file: Arc<Drained>,
        first: usize,
        at: u64,
        then: Option<RawLane>,
    },
}

impl std::fmt::Debug for LaneReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LaneReader").field("address", &self.host.address).field("lane", &self.lane).field("block", &self.block).finish()
    }
}

impl LaneReader {
    pub(super) fn new(host: &Arc<HostPlan>, lane: usize, schema: &SchemaRef) -> Result<Self> {
        let decoder = BlockDecoder::new(Arc::clone(schema)).map_err(|e| TransportError::Invalid(e.to_string()))?;
        Ok(Self {
            host: Arc::clone(host),
            lane,
            blocks: Arc::clone(&host.lanes[lane]),
            block: 0,
            info: None,
            last: false,
            rows: 0,
            skip: 0,
            refetched: false,
            source: Source::Unopened,
            assembler: Assembler::default(),
            decoder,
        })
    }

    /// The next batch of the current block; `None` at its end, and the next call reads the next block.
    ///
    /// # Errors
    /// When the block cannot be had.
    pub async fn next_batch(&mut self) -> Result<Option<RecordBatch>, FetchError> {
        match self.advance().await {
            Ok(batch) => Ok(batch),
            Err(error) => {
                let wanted = self.blocks.get(self.block).cloned();
                let wanted = wanted.unwrap_or(Wanted { executor: String::new(), map: 0, partitions: 0..0 });
                Err(FetchError { wanted, error })
            }
        }
    }

    async fn advance(&mut self) -> Result<Option<RecordBatch>> {
        if self.block >= self.blocks.len() {
            return Ok(None);
        }
        loop {
            match self.decode() {
                Ok(Some(batch)) => return Ok(Some(batch)),
                Ok(None) => {}
                Err(what) => {
                    self.damaged(what).await?;
                    continue;
                }
            }
            if self.last {
                match self.check_end() {
                    Ok(()) => {
                        self.end_block();
                        return Ok(None);
                    }
                    Err(what) => self.damaged(what).await?,
                }
                continue;
            }
            self.read().await?;
        }
    }

    /// The next batch that has all its bytes here.
    fn decode(&mut self) -> Result<Option<RecordBatch>, String> {
        while let Some(block) = self.assembler.next_block(&self.host.plan.env.memory)? {
            let (batch, _) = self.decoder.decode(&block)?;
            let rows = batch.num_rows() as u64;
            if rows <= self.skip {
                self.skip -= rows;
                continue;
            }
            let batch = if self.skip > 0 { batch.slice(self.skip as usize, (rows - self.skip) as usize) } else { batch };
            self.skip = 0;
            self.rows += batch.num_rows() as u64;
            return Ok(Some(batch));
        }
        Ok(None)
    }

    fn check_end(&self) -> Result<(), String> {
        if self.assembler.len() > 0 {
            return Err("it ends amid a block".to_owned());
        }
        let expected = self.info.map_or(0, |info| info.rows);
        if self.rows != expected || self.skip > 0 {
            return Err(format!("{} rows instead of {expected}", self.rows));
        }
        Ok(())
    }

    fn end_block(&mut self) {
        FetchCounters::add(&self.host.plan.env.counters.remote_blocks, 1);
        self.block += 1;
        (self.info, self.last, self.rows, self.skip, self.refetched) = (None, false, 0, 0, false);
        self.source = match std::mem::replace(&mut self.source, Source::Unopened) {
            Source::Stream(mut raw) => {
                raw.advance();
                Source::Stream(raw)
            }
            Source::File { file, first, then, .. } => match then {
                // One block of a lane that streams was in a file.
                Some(mut raw) => {
                    raw.advance();
                    Source::Stream(raw)
                }
                None => Source::File { at: file.blocks.get(first + 1).map_or(0, |b| b.bytes.start), file, first: first + 1, then: None },
            },
            Source::Unopened => Source::Unopened,
        };
    }

    /// The current block comes again from its start.
    fn restarted(&mut self) {
        self.assembler.clear(&self.host.plan.env.memory);
        self.skip = self.rows;
        (self.info, self.last) = (None, false);
    }

    /// Takes more bytes of the current block.
    async fn read(&mut self) -> Result<()> {
        match &mut self.source {
            Source::Unopened => {
                self.source = self.open().await?;
                Ok(())
            }
            Source::Stream(raw) => match raw.next().await? {
                Raw::Restarted => {
                    self.restarted();
                    Ok(())
                }
                Raw::Piece { info, body, last } => {
                    let limit = self.host.plan.client.limits.block_to_memory;
                    if let Some(info) = info.filter(|info| info.length.is_some_and(|length| length > limit)) {
                        return self.spool_current(info, body, last).await;
                    }
                    self.info = info.or(self.info);
                    self.last = last;
                    let length = body.len();
                    self.assembler.push(body, &self.host.plan.env.memory);
                    raw.release(length);
                    Ok(())
                }
            },
            Source::File { file, first, at, .. } => {
                let Some(SpooledBlock { info, bytes }) = file.blocks.get(*first) else {
                    return Err(TransportError::Invalid("a block that was not asked for".to_owned()));
                };
                self.info = Some(*info);
                let body = file.spool.read(*at, bytes.end).await?;
                *at += body.len() as u64;
                self.last = *at >= bytes.end;
                self.assembler.push(body, &self.host.plan.env.memory);
                Ok(())
            }
        }
    }

    async fn open(&self) -> Result<Source> {
        let host = &self.host;
        if let Some(window) = host.plan.budget().window {
            return Ok(Source::Stream(RawLane::new(host.group(window), self.lane)));
        }
        let file = host.drain.get(host).await?;
        let first = host.lanes[..self.lane].iter().map(|lane| lane.len()).sum::<usize>() + self.block;
        let at = file.blocks.get(first).map_or(0, |b| b.bytes.start);
        Ok(Source::File { file, first, at, then: None })
    }

    /// Writes a large block to a file, from where it is read.
    async fn spool_current(&mut self, info: BlockInfo, body: Bytes, last: bool) -> Result<()> {
        let plan = Arc::clone(&self.host.plan);
        let mut spool = Spool::create(Arc::clone(&plan.env.spool), &plan.client.runtime).await?;
        let Source::Stream(mut raw) = std::mem::replace(&mut self.source, Source::Unopened) else {
            return Err(TransportError::Invalid("a block that does not come".to_owned()));
        };
        let block = spool_block(&mut raw, &mut spool, Some((info, body, last))).await?;
        // What was returned of it comes again.
        self.restarted();
        let file = Arc::new(Drained { spool: Arc::new(spool), blocks: vec![block] });
        self.source = Source::File { file, first: 0, at: 0, then: Some(raw) };
        Ok(())
    }

    /// The current block's bytes are not what was written: they are asked for once more, and then
    /// their server is asked whether they are damaged there.
    async fn damaged(&mut self, what: String) -> Result<()> {
        let (plan, address) = (Arc::clone(&self.host.plan), self.host.address.clone());
        FetchCounters::add(&plan.env.counters.corrupt_blocks, 1);
        if !self.refetched {
            self.refetched = true;
            self.restarted();
            let rest: Arc<[Wanted]> = self.blocks[self.block..].iter().cloned().collect();
            let group: Arc<Group> = self.host.new_group(plan.host_window(), vec![rest]);
            self.source = Source::Stream(RawLane::new(&group, 0));
            return Ok(());
        }
        let wanted = &self.blocks[self.block];
        let (cause, judged) = match self.verify(wanted).await {
            Ok(Verified { whole: true, .. }) => (FetchCause::Network, "its server has it whole: the network is to blame".to_owned()),
            Ok(Verified { what, .. }) => (FetchCause::Disk, format!("its server's own bytes are damaged: {what}")),
            Err(error) => (FetchCause::Corrupt, format!("its server cannot say where: {error}")),
        };
        Err(TransportError::Corrupt { address, what: format!("damaged twice ({what}); {judged}"), cause })
    }

    async fn verify(&self, wanted: &Wanted) -> Result<Verified> {
        let plan = &self.host.plan;
        let peer = plan.client.peer(&self.host.address).await?;
        let block = Block { map: wanted.map, start: wanted.partitions.start, end: wanted.partitions.end, executor: 0 };
        let question = Verify { shuffle: plan.shuffle, block: Some(block), executor: wanted.executor.clone() };
        let answer = peer.ask(Kind::Verify, &question).await?;
        Verified::decode(answer).map_err(|e| TransportError::network(&self.host.address, e.to_string()))
    }
}

impl Drop for LaneReader {
    fn drop(&mut self) {
        self.assembler.clear(&self.host.plan.env.memory);
    }
}

/// Puts pieces together to whole blocks; a block that is in one piece is not copied.
#[derive(Debug, Default)]
struct Assembler {
    piece: Bytes,
    buffer: BytesMut,
    /// Counted in the task's memory.
    held: usize,
}

impl Assembler {
    fn len(&self) -> usize {
        self.piece.len() + self.buffer.len()
    }

    fn clear(&mut self, memory: &kiln_memory::Consumer) {
        (self.piece, self.buffer) = (Bytes::new(), BytesMut::new());
        memory.shrink(std::mem::take(&mut self.held));
    }

    /// What was pushed before has been taken, but for the start of a block.
    fn push(&mut self, piece: Bytes, memory: &kiln_memory::Consumer) {
        self.buffer.extend_from_slice(&self.piece);
        self.piece = piece;
        self.count(memory);
    }

    fn count(&mut self, memory: &kiln_memory::Consumer) {
        let now = self.piece.len() + self.buffer.capacity();
        if now > self.held {
            memory.grow(now - self.held);
        } else {
            memory.shrink(self.held - now);
        }
        self.held = now;
    }

    /// The next whole block; `None` when more bytes are needed.
    fn next_block(&mut self, memory: &kiln_memory::Consumer) -> Result<Option<Bytes>, String> {
        if self.buffer.is_empty() {
            if self.piece.len() < HEADER_LEN {
                return Ok(None);
            }
            let length = BlockHeader::parse(&self.piece)?.block_len();
            if length <= self.piece.len() {
                return Ok(Some(self.piece.split_to(length)));
            }
            self.buffer = BytesMut::with_capacity(length.min(TRUSTED));
            self.buffer.extend_from_slice(&std::mem::take(&mut self.piece));
            self.count(memory);
            return Ok(None);
        }
        self.fill(HEADER_LEN);
        if self.buffer.len() < HEADER_LEN {
            return Ok(None);
        }
        let length = BlockHeader::parse(&self.buffer)?.block_len();
        self.fill(length);
        if self.buffer.len() < length {
            self.count(memory);
            return Ok(None);
        }
        let block = std::mem::take(&mut self.buffer).freeze();
        self.count(memory);
        Ok(Some(block))
    }

    fn fill(&mut self, wanted: usize) {
        let missing = wanted.saturating_sub(self.buffer.len()).min(self.piece.len());
        self.buffer.extend_from_slice(&self.piece[..missing]);
        self.piece.advance(missing);
    }
}
