//! Whole map outputs of another process, which leaves.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use kiln_shuffle::ShuffleError;
use kiln_shuffle::file::IncomingOutput;
use kiln_shuffle::store::{BlockStore, MapOutputId};
use tokio::time::sleep;

use crate::client::{Client, Event};
use crate::credit::FRAME_COST;
use crate::error::{FetchCause, Result, TransportError};
use crate::frame::{Kind, LAST};
use crate::message::Copy;

/// Bytes on their way.
const WINDOW: u64 = 4 << 20;

/// Copies a map output into a store, under the id that it has.
///
/// # Errors
/// `Network`, `Remote`, `Corrupt`; `Local` when the store cannot take it.
pub(crate) async fn copy_output(client: &Arc<Client>, address: &str, shuffle: u64, map: u32, store: &Arc<dyn BlockStore>) -> Result<()> {
    let mut failures = 0;
    loop {
        match receive(client, address, shuffle, map, store).await {
            Err(error) if error.is_transient() && failures < client.limits.retries && !client.is_gone(address) => failures += 1,
            ended => return ended,
        }
        sleep(client.limits.retry_wait).await;
    }
}

async fn receive(client: &Arc<Client>, address: &str, shuffle: u64, map: u32, store: &Arc<dyn BlockStore>) -> Result<()> {
    let dirs = Arc::clone(store.dirs());
    let mut incoming = blocking(client, address, move || IncomingOutput::create(&dirs)).await?;
    let peer = client.peer(address).await?;
    client.traffic.requests.fetch_add(1, Ordering::Relaxed);
    let mut lanes = peer.call(Kind::Copy, &Copy { shuffle, map, window: WINDOW }, 1, WINDOW)?;
    let Some(lane) = lanes.first_mut() else {
        return Err(TransportError::Closed);
    };
    let mut id = None;
    loop {
        let Event::Data { flags, info, body } = lane.next().await? else {
            return Err(TransportError::network(address, "an answer of another kind"));
        };
        id = info.map(|i| MapOutputId { shuffle, map, stage_attempt: i.stage_attempt, attempt: i.attempt }).or(id);
        let length = body.len();
        incoming = blocking(client, address, move || {
            incoming.append(&body)?;
            Ok(incoming)
        })
        .await?;
        lane.release(FRAME_COST + length as u64);
        if flags & LAST != 0 {
            break;
        }
    }
    let id = id.ok_or_else(|| TransportError::network(address, "a map output that is not described"))?;
    let store = Arc::clone(store);
    // Another attempt that is here already is as good.
    blocking(client, address, move || store.put(id, incoming.finish()?).map(drop)).await
}

async fn blocking<T: Send + 'static>(
    client: &Client,
    address: &str,
    work: impl FnOnce() -> Result<T, ShuffleError> + Send + 'static,
) -> Result<T> {
    let ended = client.runtime.spawn_blocking(work).await;
    ended.map_err(|e| TransportError::Invalid(e.to_string()))?.map_err(|error| match error {
        ShuffleError::Corrupt { .. } => {
            TransportError::Corrupt { address: address.to_owned(), what: error.to_string(), cause: FetchCause::Corrupt }
        }
        other => TransportError::local("keep a map output of another executor")(std::io::Error::other(other)),
    })
}
