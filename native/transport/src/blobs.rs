//! Blobs of other processes: programs, results, tables, tarballs.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use tokio::time::sleep;

use crate::client::{Client, Event};
use crate::credit::FRAME_COST;
use crate::error::{FetchCause, Result, TransportError};
use crate::frame::{Kind, LAST};
use crate::message::BlobRequest;

/// Bytes on their way.
const WINDOW: u64 = 8 << 20;

/// What a length that nobody has checked yet may reserve.
const TRUSTED: u64 = 64 << 20;

/// Fetches a blob in pieces. A connection that breaks is made anew and goes on where the
/// former one stopped; a blob that comes damaged is fetched a second time.
///
/// # Errors
/// `Remote` when its server does not have it; `Network`, `Refused`, `Corrupt`.
pub(crate) async fn fetch_blob(client: &Arc<Client>, address: &str, id: &str) -> Result<Vec<u8>> {
    let mut damaged = false;
    loop {
        match fetch_whole(client, address, id).await {
            Err(TransportError::Corrupt { .. }) if !damaged => damaged = true,
            ended => return ended,
        }
    }
}

async fn fetch_whole(client: &Arc<Client>, address: &str, id: &str) -> Result<Vec<u8>> {
    let mut blob = Vec::new();
    let mut failures = 0;
    let crc = loop {
        let before = blob.len();
        match receive(client, address, id, &mut blob).await {
            Ok(crc) => break crc,
            Err(error) => {
                failures = if blob.len() > before { 1 } else { failures + 1 };
                if !error.is_transient() || client.is_gone(address) || failures > client.limits.retries {
                    return Err(error);
                }
                sleep(client.limits.retry_wait).await;
            }
        }
    };
    if crc != u64::from(crc32c::crc32c(&blob)) {
        let what = format!("blob {id:?} came damaged");
        return Err(TransportError::Corrupt { address: address.to_owned(), what, cause: FetchCause::Corrupt });
    }
    Ok(blob)
}

/// Appends what is missing; returns the CRC32C of the whole.
async fn receive(client: &Arc<Client>, address: &str, id: &str, blob: &mut Vec<u8>) -> Result<u64> {
    let peer = client.peer(address).await?;
    let request = BlobRequest { id: id.to_owned(), offset: blob.len() as u64, window: WINDOW };
    client.traffic.requests.fetch_add(1, Ordering::Relaxed);
    let mut lanes = peer.call(Kind::Blob, &request, 1, WINDOW)?;
    let Some(lane) = lanes.first_mut() else {
        return Err(TransportError::Closed);
    };
    let mut described = None;
    loop {
        let (flags, info, body): (u8, _, Bytes) = match lane.next().await? {
            Event::Data { flags, info, body } => (flags, info, body),
            _ => return Err(TransportError::network(address, "an answer of another kind")),
        };
        if let Some(info) = info {
            described = Some(info);
            let rest = info.length.unwrap_or(0).saturating_sub(blob.len() as u64);
            blob.reserve_exact(rest.min(TRUSTED) as usize);
        }
        blob.extend_from_slice(&body);
        lane.release(FRAME_COST + body.len() as u64);
        if flags & LAST != 0 {
            return described.map(|info| info.rows).ok_or_else(|| TransportError::network(address, "a blob that is not described"));
        }
    }
}
