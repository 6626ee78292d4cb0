//! All blocks of a host, in a file.

use std::ops::Range;
use std::sync::Arc;

use tokio::sync::OnceCell;

use super::counters::FetchCounters;
use super::group::{Raw, RawLane};
use super::spool::Spool;
use super::{HostPlan, Wanted};
use crate::error::Result;
use crate::frame::BlockInfo;

/// Filled by the lane that is read first.
#[derive(Default)]
pub(super) struct Drain(OnceCell<Arc<Drained>>);

/// Blocks of a host, lane after lane.
pub(super) struct Drained {
    pub spool: Arc<Spool>,
    pub blocks: Vec<SpooledBlock>,
}

/// One of them.
#[derive(Debug, Clone)]
pub(super) struct SpooledBlock {
    pub info: BlockInfo,
    pub bytes: Range<u64>,
}

impl Drain {
    /// # Errors
    /// As any fetch; the next one who asks tries again.
    pub async fn get(&self, host: &HostPlan) -> Result<Arc<Drained>> {
        self.0.get_or_try_init(|| fill(host)).await.map(Arc::clone)
    }
}

async fn fill(host: &HostPlan) -> Result<Arc<Drained>> {
    let plan = &host.plan;
    let permit = plan.requests.acquire().await;
    let all: Arc<[Wanted]> = host.lanes.iter().flat_map(|lane| lane.iter().cloned()).collect();
    let group = host.new_group(plan.host_window(), vec![all]);
    let mut raw = RawLane::new(&group, 0);
    let mut spool = Spool::create(Arc::clone(&plan.env.spool), &plan.client.runtime).await?;
    let mut blocks = Vec::with_capacity(raw.blocks().len());
    while raw.block < raw.blocks().len() {
        blocks.push(spool_block(&mut raw, &mut spool, None).await?);
        raw.advance();
    }
    drop(permit);
    Ok(Arc::new(Drained { spool: Arc::new(spool), blocks }))
}

/// Writes the lane's current block; `begun`: its first piece, which came already, and whether it is the last.
pub(super) async fn spool_block(
    raw: &mut RawLane,
    spool: &mut Spool,
    begun: Option<(BlockInfo, bytes::Bytes, bool)>,
) -> Result<SpooledBlock> {
    let start = spool.written;
    let mut info = None;
    let mut next = begun.map(|(first, body, last)| Raw::Piece { info: Some(first), body, last });
    loop {
        let piece = match next.take() {
            Some(piece) => piece,
            None => raw.next().await?,
        };
        match piece {
            Raw::Restarted => spool.written = start,
            Raw::Piece { info: described, body, last } => {
                info = described.or(info);
                let length = body.len();
                spool.append(body).await?;
                FetchCounters::add(&raw.group.env.counters.remote_bytes_to_disk, length as u64);
                raw.release(length);
                if let (true, Some(info)) = (last, info) {
                    return Ok(SpooledBlock { info, bytes: start..spool.written });
                }
            }
        }
    }
}
