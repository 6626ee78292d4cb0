//! What fetching cost a task.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use parking_lot::Mutex;

/// Spark's remote shuffle-read metrics of a task, and the requests behind them.
#[derive(Debug, Default)]
pub struct FetchCounters {
    /// Blocks that came whole.
    pub remote_blocks: AtomicU64,
    /// Bytes that came, as they were sent.
    pub remote_bytes: AtomicU64,
    /// Of these, bytes that went to a file before they were read.
    pub remote_bytes_to_disk: AtomicU64,
    /// Requests sent.
    pub requests: AtomicU64,
    /// Blocks that came damaged and were asked for again.
    pub corrupt_blocks: AtomicU64,
    waiting: Mutex<Waiting>,
}

/// Lanes that wait at the same time are one wait.
#[derive(Debug, Default)]
struct Waiting {
    lanes: usize,
    since: Option<Instant>,
    nanos: u64,
}

impl FetchCounters {
    /// Nanoseconds in which a reader waited for a peer.
    pub fn wait_nanos(&self) -> u64 {
        self.waiting.lock().nanos
    }

    pub(crate) fn add(counter: &AtomicU64, amount: u64) {
        counter.fetch_add(amount, Ordering::Relaxed);
    }

    /// A lane waits until this is dropped.
    pub(crate) fn wait(&self) -> Wait<'_> {
        let mut waiting = self.waiting.lock();
        waiting.lanes += 1;
        waiting.since.get_or_insert_with(Instant::now);
        Wait(self)
    }
}

pub(crate) struct Wait<'a>(&'a FetchCounters);

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let mut waiting = self.0.waiting.lock();
        waiting.lanes -= 1;
        if waiting.lanes == 0
            && let Some(since) = waiting.since.take()
        {
            waiting.nanos += u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX);
        }
    }
}
