//! The index and footer of a file.

use crate::store::{Determinism, OutputStats};

const ENTRY_LEN: usize = 32;
const MAGIC: [u8; 8] = *b"KILNSHUF";
const VERSION: u32 = 1;

/// Length of the footer in bytes.
pub(super) const FOOTER_LEN: usize = 40;

/// Where a partition is, and what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PartitionEntry {
    /// Offset of its first block.
    pub offset: u64,
    /// Bytes of its blocks.
    pub length: u64,
    /// Rows in its blocks.
    pub rows: u64,
    /// Arrow bytes that its batches had in memory.
    pub raw_bytes: u64,
}

/// What the end of a file says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileIndex {
    /// One entry per partition.
    pub partitions: Vec<PartitionEntry>,
    /// Sum of the row hashes.
    pub checksum: u64,
    /// Determinism level.
    pub determinism: Determinism,
}

/// The footer before the index is read.
pub(super) struct Footer {
    pub index_offset: u64,
    pub partitions: u32,
    bytes: [u8; FOOTER_LEN],
}

impl FileIndex {
    /// Offset behind the last block.
    pub(super) fn data_len(&self) -> u64 {
        self.partitions.last().map_or(0, |p| p.offset + p.length)
    }

    /// The statistics of the output.
    pub fn stats(&self) -> OutputStats {
        OutputStats {
            bytes: self.partitions.iter().map(|p| p.raw_bytes).collect(),
            rows: self.partitions.iter().map(|p| p.rows).collect(),
            checksum: self.checksum,
            determinism: self.determinism,
        }
    }

    /// Index and footer as bytes.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.partitions.len() * ENTRY_LEN + FOOTER_LEN);
        for entry in &self.partitions {
            for number in [entry.offset, entry.length, entry.rows, entry.raw_bytes] {
                bytes.extend_from_slice(&number.to_le_bytes());
            }
        }
        bytes.extend_from_slice(&self.data_len().to_le_bytes());
        bytes.extend_from_slice(&self.checksum.to_le_bytes());
        bytes.extend_from_slice(&(self.partitions.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&[self.determinism as u8, 0, 0, 0]);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        bytes.extend_from_slice(&MAGIC);
        bytes
    }

    /// Checks `index`, the bytes between `footer.index_offset` and the footer.
    pub(super) fn parse(index: &[u8], footer: &Footer) -> Result<Self, String> {
        let crc = crc32c::crc32c_append(crc32c::crc32c(index), &footer.bytes[..28]);
        let stored = word(&footer.bytes, 28);
        if crc != stored {
            return Err(format!("CRC32C of the index is {crc:08x}, but the footer says {stored:08x}"));
        }
        let determinism =
            Determinism::from_byte(footer.bytes[20]).ok_or_else(|| format!("unknown determinism level {}", footer.bytes[20]))?;
        let mut next = 0u64;
        let mut partitions = Vec::with_capacity(index.len() / ENTRY_LEN);
        for entry in index.chunks_exact(ENTRY_LEN) {
            let entry =
                PartitionEntry { offset: long(entry, 0), length: long(entry, 8), rows: long(entry, 16), raw_bytes: long(entry, 24) };
            let end = entry.offset.checked_add(entry.length);
            if entry.offset != next || end.is_none() {
                return Err("the partitions of the index do not follow each other".to_owned());
            }
            next = end.unwrap_or(next);
            partitions.push(entry);
        }
        if next != footer.index_offset {
            return Err("the index does not end where the blocks end".to_owned());
        }
        Ok(Self { partitions, checksum: long(&footer.bytes, 8), determinism })
    }
}

impl Footer {
    /// Checks the last bytes of a file of `file_len` bytes.
    pub fn parse(bytes: [u8; FOOTER_LEN], file_len: u64) -> Result<Self, String> {
        if bytes[32..] != MAGIC {
            return Err("the file has no footer: it is cut off or not a shuffle file".to_owned());
        }
        let version = word(&bytes, 24);
        if version != VERSION {
            return Err(format!("file version {version}, this program reads {VERSION}"));
        }
        let footer = Self { index_offset: long(&bytes, 0), partitions: word(&bytes, 16), bytes };
        let expected = footer
            .index_offset
            .checked_add(u64::from(footer.partitions) * ENTRY_LEN as u64)
            .and_then(|end| end.checked_add(FOOTER_LEN as u64));
        if expected != Some(file_len) {
            return Err(format!("the footer does not fit a file of {file_len} bytes"));
        }
        Ok(footer)
    }

    /// Bytes of the index; the file has them.
    pub fn index_len(&self) -> usize {
        self.partitions as usize * ENTRY_LEN
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

fn long(bytes: &[u8], at: usize) -> u64 {
    let mut long = [0; 8];
    long.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(long)
}
