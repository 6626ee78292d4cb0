//! One map output as a file: blocks, partition after partition, and an index at the end.
//!
//! ```text
//! blocks of partition 0, blocks of partition 1, ...
//! index: per partition offset, length, rows, in-memory bytes   (4 x u64)
//! footer, 40 bytes:
//!   0  8  offset of the index
//!   8  8  sum of the row hashes, whatever the order of the rows
//!  16  4  number of partitions
//!  20  1  determinism level
//!  21  3  0
//!  24  4  version, 1
//!  28  4  CRC32C of the index and of bytes 0 to 27 of the footer
//!  32  8  magic "KILNSHUF"
//! ```
//!
//! Numbers are little endian. Partitions follow each other without gaps, the first
//! starts at 0 and the last ends where the index starts.

mod index;
mod reader;
mod whole;
mod writer;

pub use index::{FileIndex, PartitionEntry};
pub(crate) use reader::check_range;
pub use reader::{EncodedBlock, FileBlocks, ShuffleFile};
pub use whole::{IncomingOutput, WholeOutput};
pub(crate) use writer::{FileWriter, write_map_output};
pub use writer::{StagedFile, id_of_name};
