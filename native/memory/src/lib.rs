//! One accounting of memory for an executor process (design.md section 6, after
//! Spark's `UnifiedMemoryManager`).
//!
//! Two kinds of memory share one budget:
//!
//! * **execution**: operators and shuffle buffers of running tasks, through
//!   [`TaskMemory`] and [`Consumer`];
//! * **storage**: cached and shuffle blocks, through [`StorageMemory`] and
//!   [`StorageHold`].
//!
//! Execution takes whatever storage leaves, and evicts storage above a protected
//! share through the registered [`Evictor`]s. Storage never evicts execution: when it
//! does not fit it is refused, and its caller writes to disk.
//!
//! All amounts are bytes. Nothing here allocates the memory that it counts.

mod error;
mod manager;
mod storage;
mod task;

pub use error::{ConfigError, Exhaustion, Holder, MemoryExhausted, Refusal, StorageRefused};
pub use manager::{Evictor, MemoryConfig, MemoryManager, MemoryUsage, TaskUsage};
pub use storage::{StorageHold, StorageMemory};
pub use task::{Consumer, TaskKey, TaskMemory};
