//! Errors, worded for the person who reads a failed task's message.

use std::fmt;
use std::ops::Deref;

use crate::task::TaskKey;

/// A configuration that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// The share protected for storage must be a number from 0 to 1.
    #[error("storage_fraction is {0}, but must be a number from 0.0 to 1.0")]
    StorageFraction(f64),
}

/// One consumer and what it held when an acquisition was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Task that owns the consumer.
    pub task: TaskKey,
    /// Name given to [`crate::TaskMemory::consumer`].
    pub consumer: String,
    /// Bytes held.
    pub bytes: usize,
    /// Whether the consumer can spill.
    pub spillable: bool,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.spillable { "can spill" } else { "cannot spill" };
        write!(f, "{} of task {} {} ({kind})", self.consumer, self.task.0, Bytes(self.bytes))
    }
}

/// Which limit refused an acquisition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The task would hold more than `limit` = execution memory / active tasks.
    Task { limit: usize },
    /// The spillable consumer would hold more than `limit`, its fair share of what the
    /// task's non-spillable consumers leave.
    FairShare { limit: usize, spillable: usize },
    /// The process has only `free` bytes left, after evicting what may be evicted.
    Process { free: usize },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Task { limit } => write!(f, "its task may hold at most {}", Bytes(*limit)),
            Self::FairShare { limit, spillable } => {
                write!(f, "its share among the task's {spillable} spillable consumers is {}", Bytes(*limit))
            }
            Self::Process { free } => write!(f, "the process has {} free", Bytes(*free)),
        }
    }
}

/// Execution memory could not be acquired. The consumer holds what it held before: it
/// may spill and ask again, or fail the attempt as a retryable out-of-memory error.
/// Its fields are those of [`Exhaustion`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryExhausted(Box<Exhaustion>);

impl MemoryExhausted {
    pub(crate) fn new(exhaustion: Exhaustion) -> Self {
        Self(Box::new(exhaustion))
    }
}

impl Deref for MemoryExhausted {
    type Target = Exhaustion;

    fn deref(&self) -> &Exhaustion {
        &self.0
    }
}

/// Who asked for how much, what refused it, and who held what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exhaustion {
    /// Consumer that asked.
    pub consumer: String,
    /// Bytes that it asked for.
    pub requested: usize,
    /// Bytes that it held.
    pub consumer_bytes: usize,
    /// Task of the consumer.
    pub task: TaskKey,
    /// Bytes held by the task, this consumer included.
    pub task_bytes: usize,
    /// Tasks active in the process.
    pub active_tasks: usize,
    /// Execution bytes held in the process.
    pub execution_bytes: usize,
    /// Storage bytes held in the process.
    pub storage_bytes: usize,
    /// Budget of the process.
    pub budget_bytes: usize,
    /// The limit that refused.
    pub refusal: Refusal,
    /// The largest consumers of the process, largest first (at most 5).
    pub top_holders: Vec<Holder>,
}

impl fmt::Display for MemoryExhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} asked for {} but {}; it holds {}, its task {} holds {}, {} active task(s) hold \
             {} and storage holds {} of {}. Largest: ",
            self.consumer,
            Bytes(self.requested),
            self.refusal,
            Bytes(self.consumer_bytes),
            self.task.0,
            Bytes(self.task_bytes),
            self.active_tasks,
            Bytes(self.execution_bytes),
            Bytes(self.storage_bytes),
            Bytes(self.budget_bytes),
        )?;
        if self.top_holders.is_empty() {
            return f.write_str("nobody");
        }
        for (i, holder) in self.top_holders.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{holder}")?;
        }
        Ok(())
    }
}

impl std::error::Error for MemoryExhausted {}

/// Storage memory could not be acquired: the caller writes to disk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{store} asked for {} of storage memory, but {} is free",
    Bytes(*.requested),
    Bytes(*.free)
)]
pub struct StorageRefused {
    /// Name given to [`crate::MemoryManager::storage`].
    pub store: String,
    /// Bytes asked for.
    pub requested: usize,
    /// Bytes that neither execution nor storage held.
    pub free: usize,
}

/// Formats a number of bytes for people: `1.5 MiB`.
pub(crate) struct Bytes(pub usize);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
        if self.0 < 1024 {
            return write!(f, "{} B", self.0);
        }
        let mut value = self.0 as f64 / 1024.0;
        let mut unit = 0;
        while value >= 1024.0 && unit + 1 < UNITS.len() {
            value /= 1024.0;
            unit += 1;
        }
        write!(f, "{value:.1} {}", UNITS[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_readable() {
        assert_eq!(Bytes(0).to_string(), "0 B");
        assert_eq!(Bytes(1023).to_string(), "1023 B");
        assert_eq!(Bytes(1536).to_string(), "1.5 KiB");
        assert_eq!(Bytes(3 << 30).to_string(), "3.0 GiB");
    }
}
