//! Bytes that a lane may send: its receiver gives them as it makes room, so that one who
//! reads slowly holds up nobody else on the connection.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// What a frame counts besides its data.
pub(crate) const FRAME_COST: u64 = 64;

/// Credit of one lane at its sender.
#[derive(Debug)]
pub(crate) struct Credit {
    bytes: AtomicU64,
    more: Notify,
}

impl Credit {
    pub fn new(bytes: u64) -> Self {
        Self { bytes: AtomicU64::new(bytes), more: Notify::new() }
    }

    /// What the receiver gives. More than a `u64` is garbage, but harms nobody else.
    pub fn add(&self, bytes: u64) {
        let _ = self.bytes.fetch_update(Ordering::AcqRel, Ordering::Acquire, |held| Some(held.saturating_add(bytes)));
        self.more.notify_one();
    }

    /// Takes at most `most` when there is at least `least`.
    pub async fn take(&self, least: u64, most: u64) -> u64 {
        loop {
            let held = self.bytes.load(Ordering::Acquire);
            if held >= least {
                let taken = held.min(most);
                if self.bytes.compare_exchange(held, held - taken, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                    return taken;
                }
                continue;
            }
            self.more.notified().await;
        }
    }
}

/// Bytes that may be on their way to one process (`maxBytesInFlight`), divided among
/// those that fetch. It never makes anybody wait: a reader that waited for the room that
/// another one of its own task holds would wait for ever.
#[derive(Debug)]
pub(crate) struct InFlight {
    limit: u64,
    used: AtomicU64,
}

impl InFlight {
    pub fn new(limit: u64) -> Self {
        Self { limit, used: AtomicU64::new(0) }
    }

    /// Half of what is left, at most `most`; `least` in any case.
    pub fn take(&self, least: u64, most: u64) -> u64 {
        let mut taken = 0;
        let _ = self.used.fetch_update(Ordering::AcqRel, Ordering::Acquire, |used| {
            taken = (self.limit.saturating_sub(used) / 2).clamp(least, most.max(least));
            Some(used + taken)
        });
        taken
    }

    pub fn give_back(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::AcqRel);
    }

    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_waits_and_only_the_least_goes_over_the_limit() {
        let flight = InFlight::new(1000);
        assert_eq!(flight.take(10, 400), 400);
        assert_eq!(flight.take(10, 400), 300);
        assert_eq!(flight.take(10, 400), 150);
        assert_eq!(flight.used(), 850);
        for _ in 0..4 {
            flight.take(10, 400);
        }
        assert!(flight.used() <= 1000);
        for _ in 0..3 {
            assert_eq!(flight.take(10, 400), 10);
        }
        flight.give_back(400);
        assert!(flight.take(10, 400) > 150);
    }

    #[tokio::test]
    async fn credit_comes_when_it_is_given() {
        let credit = Credit::new(100);
        assert_eq!(credit.take(10, 60).await, 60);
        assert_eq!(credit.take(10, 60).await, 40);
        let (taken, ()) = tokio::join!(credit.take(50, 60), async {
            credit.add(20);
            tokio::task::yield_now().await;
            credit.add(40);
        });
        assert_eq!(taken, 60);
        credit.add(u64::MAX);
        credit.add(u64::MAX);
        assert_eq!(credit.take(1, 7).await, 7);
    }
}
