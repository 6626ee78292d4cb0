//! Shuffle: rows partitioned by Spark's hash, blocks that are born as Arrow batches in
//! accounted memory, and the files that they move to when memory is short
//! (design.md section 5).
//!
//! * [`hash`]: Spark's Murmur3, vectorised and scalar.
//! * [`writer`]: one map task's output, from batches to a committed [`store::MapOutput`].
//! * [`store`]: where committed outputs live and are read from.
//! * [`codec`]: one block as bytes. [`mod@file`]: one map output as a file.
//! * [`dirs`]: local directories, and what a crashed process left in them.
//!
//! Nothing here is async: writers and readers run on a CPU worker.

mod charge;
pub mod codec;
pub mod dirs;
mod error;
pub mod file;
pub mod hash;
mod partition;
pub mod store;
pub mod writer;

pub use error::{Result, ShuffleError};
