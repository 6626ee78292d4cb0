//! Where committed map outputs live: in accounted memory or in a local file.

mod entry;
mod memory;
mod stream;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use kiln_memory::{Consumer, MemoryManager};

use crate::codec::Codec;
use crate::dirs::LocalDirs;
use crate::error::{Result, ShuffleError};
use crate::file::{StagedFile, WholeOutput};

pub use memory::MemoryBlockStore;
pub use stream::{BlockStream, EncodedStream};

/// Identity of one attempt at one map output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MapOutputId {
    /// Shuffle.
    pub shuffle: u64,
    /// Map index in the shuffle.
    pub map: u32,
    /// Attempt number of the stage: it counts up whenever outputs that were lost are made again.
    pub stage_attempt: u32,
    /// Attempt number of the map task in it.
    pub attempt: u32,
}

/// Whether a re-run of the map yields the same rows (Spark's `DeterministicLevel`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum Determinism {
    /// The same rows in the same order.
    #[default]
    Determinate = 0,
    /// The same rows in any order.
    Unordered = 1,
    /// Other rows.
    Indeterminate = 2,
}

impl Determinism {
    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Determinate),
            1 => Some(Self::Unordered),
            2 => Some(Self::Indeterminate),
            _ => None,
        }
    }
}

/// What became of a [`BlockStore::put`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitOutcome {
    /// This attempt is the map's output.
    Committed,
    /// Another attempt was committed before; this one's data is gone.
    Discarded {
        /// The attempt that won.
        winner: MapOutputId,
    },
}

/// The statistics of an output.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutputStats {
    /// In-memory Arrow bytes per partition.
    pub bytes: Vec<u64>,
    /// Rows per partition.
    pub rows: Vec<u64>,
    /// Sum of the row hashes.
    pub checksum: u64,
    /// Determinism level.
    pub determinism: Determinism,
}

/// The data of an output that is being put.
pub enum MapData {
    /// Batches of each partition.
    Batches {
        /// One list per partition.
        partitions: Vec<Vec<RecordBatch>>,
        /// Bytes that they hold, each backing buffer once.
        bytes: usize,
        /// Execution memory that already counts them: it becomes storage memory.
        charged: Option<Consumer>,
    },
    /// A complete file that has its temporary name yet.
    File(StagedFile),
}

/// One map task attempt's output.
pub struct MapOutput {
    /// Schema of all batches.
    pub schema: SchemaRef,
    /// Statistics; `rows.len()` is the number of partitions.
    pub stats: OutputStats,
    /// The rows.
    pub data: MapData,
}

/// What a store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreUsage {
    /// Storage memory of outputs in memory.
    pub memory_bytes: u64,
    /// Sizes of the files.
    pub disk_bytes: u64,
    /// Outputs, in memory or on disk.
    pub outputs: u64,
    /// Outputs that are on disk.
    pub outputs_on_disk: u64,
    /// Outputs moved from memory to disk since the start.
    pub evictions: u64,
}

/// A committed output, as the store knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputInfo {
    /// The attempt that was committed.
    pub id: MapOutputId,
    /// Its statistics.
    pub stats: OutputStats,
    /// Whether it is in memory now.
    pub in_memory: bool,
}

/// Holds committed map outputs. Methods may be called from any thread; files are read
/// and written on the caller's.
pub trait BlockStore: Send + Sync + fmt::Debug {
    /// Commits an output: within an attempt of the stage the first attempt of a map wins, and a
    /// later attempt of the stage replaces what an earlier one left (it ran because that was lost
    /// or void).
    ///
    /// # Errors
    /// When it had to be written to a file and no directory would take it.
    fn put(&self, id: MapOutputId, output: MapOutput) -> Result<CommitOutcome>;

    /// All batches of the partitions: shared with the store if it is in memory.
    ///
    /// # Errors
    /// `NotFound`, `Invalid` for a range beyond the partitions, `Corrupt`, `Io`.
    fn read(&self, shuffle: u64, map: u32, partitions: Range<u32>) -> Result<Vec<RecordBatch>> {
        self.read_stream(shuffle, map, partitions)?.collect()
    }

    /// The same in pieces: an output on disk is read block by block.
    ///
    /// # Errors
    /// As [`BlockStore::read`]; each item may be `Corrupt` or `Io`.
    fn read_stream(&self, shuffle: u64, map: u32, partitions: Range<u32>) -> Result<BlockStream>;

    /// The same as bytes, to be sent: blocks of a file are passed on as they are, those
    /// in memory are encoded as they are asked for.
    ///
    /// # Errors
    /// As [`BlockStore::read_stream`].
    fn read_encoded(&self, shuffle: u64, map: u32, partitions: Range<u32>) -> Result<EncodedStream>;

    /// A whole output as a file, to be copied to another process; one in memory is written for it.
    ///
    /// # Errors
    /// As [`BlockStore::read_stream`], `NoLocalDir`.
    fn read_whole(&self, shuffle: u64, map: u32) -> Result<WholeOutput>;

    /// The committed output of a map, if there is one.
    fn info(&self, shuffle: u64, map: u32) -> Option<OutputInfo>;

    /// Drops all outputs of a shuffle, files included; returns how many there were.
    fn remove_shuffle(&self, shuffle: u64) -> usize;

    /// Drops one map's output; false when there was none.
    fn remove_map(&self, shuffle: u64, map: u32) -> bool;

    /// What it holds now.
    fn usage(&self) -> StoreUsage;

    /// Directories for its files and for the writers' spills.
    fn dirs(&self) -> &Arc<LocalDirs>;
}

/// What [`open_store`] needs.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// The process's memory.
    pub memory: Arc<MemoryManager>,
    /// Directories for files.
    pub dirs: Arc<LocalDirs>,
    /// Codec of evicted blocks.
    pub codec: Codec,
    /// Write every output to a file (`file:` implies it).
    pub force_file: bool,
}

/// Opens the store of a URI: `memory:` (evicted to files) or `file:` (always files).
///
/// # Errors
/// `Invalid` for another scheme.
pub fn open_store(uri: &str, config: StoreConfig) -> Result<Arc<dyn BlockStore>> {
    let scheme = uri.split_once(':').map_or(uri, |(scheme, _)| scheme);
    let force_file = match scheme {
        "memory" => config.force_file,
        "file" => true,
        other => {
            return Err(ShuffleError::Invalid(format!("no shuffle store has the scheme {other:?} (of {uri:?}): use memory: or file:")));
        }
    };
    Ok(MemoryBlockStore::new(StoreConfig { force_file, ..config }))
}
