//! Programs run as tasks.

mod error;
mod executor;
mod external_blocks;
mod map_output;
mod memory;
mod partitions;
mod pauses;
mod program;
mod records;
mod remote;
mod results;
mod runtime;
mod shared;
mod shuffle;
mod sort_memory;
mod spill;
mod task;
mod write;

pub use error::{TaskError, failure_of};
pub use executor::{Executor, TaskResult};
pub use external_blocks::{BlockKey, ExternalBlocks};
pub use records::RecordsTask;
pub use runtime::io_runtime;
