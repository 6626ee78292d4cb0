//! Rows sorted by partition, and cut into batches.
//!
//! Two steps, both sequential in memory: a few thousand rows, which fit a core's cache,
//! are sorted by partition ([`Sorter`]: a counting sort of row ids, then one `take` per
//! column); later the stretches of a partition in many such runs are put together
//! ([`assemble`], [`blocks`]). Gathering single rows from many buffered batches instead
//! costs a cache miss per value.

mod assemble;
mod sort;
mod stretches;
mod views;

pub(crate) use assemble::{Piece, assemble, blocks};
pub(crate) use sort::{Run, Sorter};
