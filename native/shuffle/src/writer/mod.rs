//! The output of one map task attempt: rows are sorted by partition as they come, kept in
//! memory that is accounted for, spilled when it is short, and committed to a store.

mod buffer;
mod spill;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use kiln_memory::Consumer;

use crate::charge::slice_bytes;
use crate::codec::{BlockEncoder, Codec};
use crate::error::{Result, ShuffleError};
use crate::hash::{RowChecksum, check_partitions, hash_columns, partition_ids};
use crate::partition::{Piece, Sorter, assemble};
use crate::store::{BlockStore, CommitOutcome, Determinism, MapData, MapOutput, MapOutputId, OutputStats};
use buffer::{Buffered, Stage, conform};
use spill::Spill;

/// Rows are sorted in runs of this many at least (smaller batches wait for others) and
/// twice as many at most; of more when there are many partitions.
const MIN_RUN_ROWS: usize = 16_384;
const MAX_RUN_ROWS: usize = 131_072;

/// A run should have so many rows of a partition: what is copied at once when runs are cut.
const PARTITION_ROWS: usize = 64;

/// Runs have about this many bytes at most, where rows are wide.
const RUN_BYTES: usize = 16 << 20;

/// So many spill files are merged into one: each is open while the output is written.
const MAX_SPILL_FILES: usize = 64;

/// How a writer cuts, spills and encodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterOptions {
    /// Codec of blocks that go to a file.
    pub codec: Codec,
    /// Rows of a full batch of the output: batches have this many to twice as many.
    pub target_rows: usize,
    /// Bytes of sorted input after which they are cut into batches of the output; cutting
    /// takes the same memory again for a moment.
    pub flush_bytes: usize,
    /// When memory is refused, less than this is not worth a spill file: it is held
    /// over the budget.
    pub min_spill_bytes: usize,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self { codec: Codec::Lz4, target_rows: 8192, flush_bytes: 64 << 20, min_spill_bytes: 4 << 20 }
    }
}

/// What a map task reports: the statistics of its output.
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
    /// Number of spills.
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
    schema: SchemaRef,
    partitions: u32,
    id: MapOutputId,
    determinism: Determinism,
    store: Arc<dyn BlockStore>,
    memory: Consumer,
    options: WriterOptions,
    run_rows: usize,
    sorter: Sorter,
    hashes: Vec<i32>,
    ids: Vec<u32>,
    checksum: RowChecksum,
    stage: Stage,
    /// Small batches for one partition, from [`ShuffleWriter::write_single`].
    small: Option<(u32, Stage)>,
    buffered: Buffered,
    encoder: Option<BlockEncoder>,
    spills: Vec<Spill>,
    /// Bytes and number of all spills, merged ones too.
    spilled: (u64, u32),
    nanos: u64,
}

impl fmt::Debug for ShuffleWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShuffleWriter")
            .field("id", &self.id)
            .field("partitions", &self.partitions)
            .field("memory", &self.memory)
            .field("spills", &self.spills.len())
            .finish_non_exhaustive()
    }
}

impl ShuffleWriter {
    /// A writer of `partitions` partitions that commits to `store` as `id`.
    ///
    /// `memory` is a spillable consumer of the task: the writer owns it.
    ///
    /// # Errors
    /// [`ShuffleError::Invalid`] when `partitions` is 0 or over `i32::MAX`, or an option
    /// is 0.
    pub fn new(
        schema: SchemaRef,
        partitions: u32,
        id: MapOutputId,
        determinism: Determinism,
        store: Arc<dyn BlockStore>,
        memory: Consumer,
        options: WriterOptions,
    ) -> Result<Self> {
        check_partitions(partitions)?;
        if options.target_rows == 0 || options.flush_bytes == 0 {
            return Err(ShuffleError::Invalid("target_rows and flush_bytes of a shuffle writer must not be 0".to_owned()));
        }
        Ok(Self {
            sorter: Sorter::new(SchemaRef::clone(&schema), partitions),
            buffered: Buffered::new(SchemaRef::clone(&schema), partitions, options.target_rows),
            schema,
            partitions,
            id,
            determinism,
            store,
            memory,
            options,
            run_rows: (partitions as usize * PARTITION_ROWS).clamp(MIN_RUN_ROWS, MAX_RUN_ROWS),
            hashes: Vec::new(),
            ids: Vec::new(),
            checksum: RowChecksum::default(),
            stage: Stage::default(),
            small: None,
            encoder: None,
            spills: Vec::new(),
            spilled: (0, 0),
            nanos: 0,
        })
    }

    /// Writes rows to the partitions of Spark's hash of `keys` (arrays of the batch's
    /// length, columns of it or not).
    ///
    /// # Errors
    /// `Invalid` for key types that have no hash, lengths that differ, a batch of other
    /// types; `Io`, `NoLocalDir` when a spill failed. After an error the writer can only
    /// be dropped.
    pub fn write(&mut self, batch: &RecordBatch, keys: &[ArrayRef]) -> Result<()> {
        self.timed(|writer| {
            hash_columns(keys, batch.num_rows(), &mut writer.hashes)?;
            let mut ids = std::mem::take(&mut writer.ids);
            partition_ids(&writer.hashes, writer.partitions, &mut ids)?;
            let result = writer.write_rows(batch, &ids);
            writer.ids = ids;
            result
        })
    }

    /// Writes row i to partition `partition_ids[i]`.
    ///
    /// # Errors
    /// As [`ShuffleWriter::write`]; `Invalid` for an id that is no partition.
    pub fn write_to(&mut self, batch: &RecordBatch, partition_ids: &[u32]) -> Result<()> {
        if partition_ids.len() != batch.num_rows() {
            return Err(ShuffleError::Invalid(format!("{} partition ids for {} rows", partition_ids.len(), batch.num_rows())));
        }
        // Here, not when they are sorted: small batches wait, and the error would hit another call.
        if let Some(id) = partition_ids.iter().find(|id| **id >= self.partitions) {
            return Err(ShuffleError::Invalid(format!("partition {id} of a shuffle of {}", self.partitions)));
        }
        self.timed(|writer| writer.write_rows(batch, partition_ids))
    }

    /// Writes a whole batch to one partition: passed on without a copy, unless it is
    /// small or takes less than half of the buffers that it is in.
    ///
    /// # Errors
    /// As [`ShuffleWriter::write_to`].
    pub fn write_single(&mut self, batch: &RecordBatch, partition: u32) -> Result<()> {
        if partition >= self.partitions {
            return Err(ShuffleError::Invalid(format!("partition {partition} of a shuffle of {}", self.partitions)));
        }
        self.timed(|writer| {
            let batch = conform(batch, &writer.schema)?;
            if batch.num_rows() == 0 {
                return Ok(());
            }
            writer.flush_stage()?;
            writer.checksum.add_to(&batch, partition);
            if batch.num_rows() < writer.options.target_rows / 8 {
                return writer.write_small(batch, partition);
            }
            writer.flush_small()?;
            writer.keep(batch, partition)
        })
    }

    /// Completes the output and commits it. Without a spill it is handed over as
    /// batches, never encoded by the writer.
    ///
    /// # Errors
    /// `Io`, `NoLocalDir` when the final file could not be written.
    pub fn finish(mut self) -> Result<MapStatus> {
        let started = Instant::now();
        self.flush_stage()?;
        self.flush_small()?;
        if self.spills.is_empty() {
            self.cut()?;
        }
        let partitions = self.partitions as usize;
        let mut stats = OutputStats {
            bytes: vec![0; partitions],
            rows: vec![0; partitions],
            checksum: self.checksum.value(),
            determinism: self.determinism,
        };
        let data = if self.spills.is_empty() {
            let before = self.buffered.bytes();
            let (partitions, bytes) = self.buffered.take_batches()?;
            self.settle(before, bytes);
            for (partition, batches) in partitions.iter().enumerate() {
                stats.bytes[partition] = batches.iter().map(slice_bytes).sum();
                stats.rows[partition] = batches.iter().map(|b| b.num_rows() as u64).sum();
            }
            MapData::Batches { partitions, bytes, charged: None }
        } else {
            let encoder = encoder(&mut self.encoder, &self.schema, self.options.codec)?;
            let dirs = Arc::clone(self.store.dirs());
            let file = spill::merge(&dirs, encoder, &self.spills, &self.buffered, &stats)?;
            self.buffered.clear();
            self.memory.free();
            stats = file.index.stats();
            MapData::File(file)
        };
        self.spills.clear();
        let mut output = MapOutput { schema: self.schema, stats: stats.clone(), data };
        if let MapData::Batches { charged, .. } = &mut output.data {
            *charged = Some(self.memory);
        }
        let outcome = self.store.put(self.id, output)?;
        Ok(MapStatus {
            id: self.id,
            bytes: stats.bytes,
            rows: stats.rows,
            checksum: stats.checksum,
            spilled_bytes: self.spilled.0,
            spills: self.spilled.1,
            write_nanos: self.nanos + nanos(started),
            outcome,
        })
    }

    /// Gives everything up: the same as dropping it.
    pub fn abort(self) {}

    /// Bytes written to spill files so far.
    pub fn spilled_bytes(&self) -> u64 {
        self.spilled.0
    }

    fn timed<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let started = Instant::now();
        let result = work(self);
        self.nanos += nanos(started);
        result
    }

    fn write_rows(&mut self, batch: &RecordBatch, ids: &[u32]) -> Result<()> {
        let rows = batch.num_rows();
        if rows == 0 {
            return Ok(());
        }
        let batch = conform(batch, &self.schema)?;
        self.flush_small()?;
        self.checksum.add(&batch, ids);
        if rows < self.run_rows / 2 || self.stage.rows() > 0 {
            let batch = compact_if_wasteful(&self.schema, batch, |b| self.stage.new_bytes(b))?;
            let bytes = self.stage.push(batch, ids);
            let full = self.stage.rows() >= self.run_rows || self.stage.bytes() >= RUN_BYTES;
            let refused = self.hold(bytes);
            if refused || full {
                self.flush_stage()?;
            }
            return if refused { self.spill() } else { Ok(()) };
        }
        self.sort(&batch, ids)
    }

    /// Sorts the batches that wait.
    fn flush_stage(&mut self) -> Result<()> {
        if self.stage.rows() == 0 {
            return Ok(());
        }
        let bytes = self.stage.bytes();
        let (batches, ids) = self.stage.take(&self.schema)?;
        let mut start = 0;
        for batch in batches {
            let end = start + batch.num_rows();
            self.sort(&batch, &ids[start..end])?;
            start = end;
        }
        self.memory.shrink(bytes);
        Ok(())
    }

    /// Sorts a batch in runs of a size that caches like.
    fn sort(&mut self, batch: &RecordBatch, ids: &[u32]) -> Result<()> {
        let rows = batch.num_rows();
        let bytes = slice_bytes(batch) as usize;
        let by_bytes = (rows * RUN_BYTES).checked_div(bytes).unwrap_or(rows);
        let run_rows = by_bytes.clamp(1, 2 * self.run_rows);
        let runs = rows.div_ceil(run_rows);
        for run in 0..runs {
            let (start, end) = (run * rows / runs, (run + 1) * rows / runs);
            let slice = batch.slice(start, end - start);
            let estimate = bytes / runs;
            self.reserve(estimate)?;
            let before = self.buffered.bytes();
            let sorted = self.sorter.sort(&slice, &ids[start..end])?;
            self.buffered.add_run(sorted);
            self.settle(estimate, self.buffered.bytes() - before);
            if self.buffered.run_bytes() >= self.flush_bytes() {
                self.cut()?;
            }
        }
        Ok(())
    }

    /// Runs are cut when there are so many bytes: fewer when there is not the memory for
    /// them and their batches at once.
    fn flush_bytes(&self) -> usize {
        let limit = self.memory.task().limit_bytes() / 8;
        self.options.flush_bytes.min(limit.max(RUN_BYTES))
    }

    /// Collects small batches of one partition.
    fn write_small(&mut self, batch: RecordBatch, partition: u32) -> Result<()> {
        if self.small.as_ref().is_some_and(|(p, _)| *p != partition) {
            self.flush_small()?;
        }
        let (_, small) = self.small.get_or_insert_with(|| (partition, Stage::default()));
        let batch = compact_if_wasteful(&self.schema, batch, |b| small.new_bytes(b))?;
        let bytes = small.push(batch, &[]);
        let full = small.rows() >= self.options.target_rows || small.bytes() >= RUN_BYTES;
        let refused = self.hold(bytes);
        if refused || full {
            self.flush_small()?;
        }
        if refused { self.spill() } else { Ok(()) }
    }

    fn flush_small(&mut self) -> Result<()> {
        let Some((partition, mut small)) = self.small.take() else {
            return Ok(());
        };
        let bytes = small.bytes();
        let (batches, _) = small.take(&self.schema)?;
        for batch in batches {
            self.keep(batch, partition)?;
        }
        self.memory.shrink(bytes);
        Ok(())
    }

    /// Keeps a batch of one partition: as it is, or a copy when it pins much more.
    fn keep(&mut self, batch: RecordBatch, partition: u32) -> Result<()> {
        let needed = slice_bytes(&batch) as usize;
        self.reserve(needed)?;
        let before = self.buffered.bytes();
        let batch = compact_if_wasteful(&self.schema, batch, |b| self.buffered.new_bytes(b))?;
        self.buffered.add_batch(partition, batch);
        self.settle(needed, self.buffered.bytes() - before);
        Ok(())
    }

    /// Cuts the runs into batches, or spills when there is no memory for it.
    fn cut(&mut self) -> Result<()> {
        if !self.buffered.has_runs() {
            return Ok(());
        }
        let runs = self.buffered.run_bytes();
        if self.memory.try_grow(runs).is_err() {
            return self.spill();
        }
        let before = self.buffered.bytes();
        self.buffered.cut()?;
        self.settle(before + runs, self.buffered.bytes());
        Ok(())
    }

    /// Reserves memory for rows that come, spilling what there is when it is refused.
    /// Without enough to spill they are held all the same.
    fn reserve(&mut self, bytes: usize) -> Result<()> {
        if self.memory.try_grow(bytes).is_ok() {
            return Ok(());
        }
        if self.buffered.bytes() >= self.options.min_spill_bytes {
            self.spill()?;
        }
        if self.memory.try_grow(bytes).is_err() {
            self.memory.grow(bytes);
        }
        Ok(())
    }

    /// Reserves memory for rows that wait, in any case; true when they had better be
    /// spilled than wait.
    fn hold(&mut self, bytes: usize) -> bool {
        let refused = self.memory.try_grow(bytes).is_err();
        if refused {
            self.memory.grow(bytes);
        }
        refused && self.memory.size() >= self.options.min_spill_bytes
    }

    /// Corrects a reservation to what it turned out to be.
    fn settle(&mut self, reserved: usize, actual: usize) {
        if actual > reserved {
            self.memory.grow(actual - reserved);
        } else {
            self.memory.shrink(reserved - actual);
        }
    }

    fn spill(&mut self) -> Result<()> {
        if self.buffered.is_empty() {
            return Ok(());
        }
        let bytes = self.buffered.bytes();
        let encoder = encoder(&mut self.encoder, &self.schema, self.options.codec)?;
        let dirs = self.store.dirs();
        let spill = spill::spill(dirs, encoder, &self.buffered, self.partitions)?;
        self.spilled.0 += spill.len;
        self.spilled.1 += 1;
        self.spills.push(spill);
        if self.spills.len() == MAX_SPILL_FILES {
            let merged = spill::merge_spills(dirs, encoder, &self.spills, self.partitions)?;
            self.spills = vec![merged];
        }
        self.buffered.clear();
        self.memory.shrink(bytes);
        Ok(())
    }
}

fn encoder<'a>(encoder: &'a mut Option<BlockEncoder>, schema: &SchemaRef, codec: Codec) -> Result<&'a mut BlockEncoder> {
    match encoder {
        Some(encoder) => Ok(encoder),
        none => Ok(none.insert(BlockEncoder::new(SchemaRef::clone(schema), codec)?)),
    }
}

/// Copies a batch that would pin more than twice the bytes that it needs.
fn compact_if_wasteful(schema: &SchemaRef, batch: RecordBatch, pinned: impl FnOnce(&RecordBatch) -> usize) -> Result<RecordBatch> {
    if pinned(&batch) > 2 * slice_bytes(&batch) as usize + (64 << 10) { assemble(schema, &[Piece::whole(&batch)]) } else { Ok(batch) }
}

fn nanos(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
