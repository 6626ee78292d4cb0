//! The output of one map task attempt.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use kiln_memory::Consumer;

use crate::codec::Codec;
use crate::error::Result;
use crate::store::{BlockStore, CommitOutcome, Determinism, MapOutputId};

/// How a writer cuts, spills and encodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterOptions {
    /// Codec of blocks that go to a file.
    pub codec: Codec,
    /// Rows of a full batch of the output.
    pub target_rows: usize,
    /// Bytes of partition-sorted input after which they are cut into batches.
    pub flush_bytes: usize,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self {
            codec: Codec::Lz4,
            target_rows: 8192,
            flush_bytes: 64 << 20,
        }
    }
}

/// What a map task reports: the statistics of its committed output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapStatus {
    /// Which output.
    pub id: MapOutputId,
    /// In-memory Arrow bytes per partition (never encoded bytes).
    pub bytes: Vec<u64>,
    /// Rows per partition.
    pub rows: Vec<u64>,
    /// Sum of the row hashes, whatever the order of the rows.
    pub checksum: u64,
    /// Bytes written to spill files.
    pub spilled_bytes: u64,
    /// Number of spill files.
    pub spills: u32,
    /// Nanoseconds in this writer.
    pub write_nanos: u64,
    /// Whether this attempt's output was committed, or another's before it.
    pub outcome: CommitOutcome,
}

/// Writes one map task attempt's rows into the partitions of a shuffle.
///
/// Not async: run it on a CPU worker. Dropping it without [`ShuffleWriter::finish`]
/// leaves no file and no reserved byte.
pub struct ShuffleWriter {
    _private: (),
}

impl fmt::Debug for ShuffleWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShuffleWriter").finish()
    }
}

impl ShuffleWriter {
    /// A writer of `partitions` partitions that commits to `store` as `id`.
    ///
    /// `memory` is a spillable consumer of the task: the writer owns it.
    ///
    /// # Errors
    /// [`crate::ShuffleError::Invalid`] when `partitions` is 0 or over `i32::MAX`, or an option is 0.
    pub fn new(
        schema: SchemaRef,
        partitions: u32,
        id: MapOutputId,
        determinism: Determinism,
        store: Arc<dyn BlockStore>,
        memory: Consumer,
        options: WriterOptions,
    ) -> Result<Self> {
        let _ = (schema, partitions, id, determinism, store, memory, options);
        todo!()
    }

    /// Writes rows to the partitions of Spark's hash of `keys` (arrays of the batch's
    /// length, columns of it or not).
    ///
    /// # Errors
    /// `Invalid` for key types that have no hash or lengths that differ; `Io`,
    /// `NoLocalDir` when a spill failed. The writer cannot be used after an error.
    pub fn write(&mut self, batch: &RecordBatch, keys: &[ArrayRef]) -> Result<()> {
        let _ = (batch, keys);
        todo!()
    }

    /// Writes row i to partition `partition_ids[i]`.
    ///
    /// # Errors
    /// As [`ShuffleWriter::write`]; `Invalid` for an id that is no partition.
    pub fn write_to(&mut self, batch: &RecordBatch, partition_ids: &[u32]) -> Result<()> {
        let _ = (batch, partition_ids);
        todo!()
    }

    /// Writes a whole batch to one partition: passed on without a copy unless it is
    /// tiny (the reader may get slices of it).
    ///
    /// # Errors
    /// As [`ShuffleWriter::write_to`].
    pub fn write_single(&mut self, batch: &RecordBatch, partition: u32) -> Result<()> {
        let _ = (batch, partition);
        todo!()
    }

    /// Completes the output and commits it. Without a spill it is handed over as
    /// batches, never encoded.
    ///
    /// # Errors
    /// `Io`, `NoLocalDir` when the final file could not be written.
    pub fn finish(self) -> Result<MapStatus> {
        todo!()
    }

    /// Gives everything up: the same as dropping it.
    pub fn abort(self) {}
}
