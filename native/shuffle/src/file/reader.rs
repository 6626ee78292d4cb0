//! Reading files, block by block.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bytes::Bytes;

use super::index::{FOOTER_LEN, FileIndex, Footer};
use crate::codec::{BlockDecoder, BlockHeader, HEADER_LEN};
use crate::dirs::TempFile;
use crate::error::{Result, ShuffleError};

/// Bytes that are read at once, when blocks are smaller.
const READ_AHEAD: usize = 512 << 10;

/// Blocks of one partition, as they travel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedBlock {
    /// Reduce partition.
    pub partition: u32,
    /// Rows in it.
    pub rows: u64,
    /// One or more whole blocks for [`BlockDecoder::decode`].
    pub bytes: Bytes,
}

/// A complete file of one map output.
#[derive(Debug)]
pub struct ShuffleFile {
    path: PathBuf,
    schema: SchemaRef,
    index: Arc<FileIndex>,
    len: u64,
    /// Removes the file on drop, when it is ours.
    _owned: Option<TempFile>,
}

impl ShuffleFile {
    pub(super) fn owned(temp: TempFile, schema: SchemaRef, index: FileIndex, len: u64) -> Self {
        Self { path: temp.path().to_path_buf(), schema, index: Arc::new(index), len, _owned: Some(temp) }
    }

    /// Opens a file by its footer; it is not removed on drop.
    ///
    /// # Errors
    /// `Io`; `Corrupt` when footer or index are not what was written.
    pub fn open(path: &Path, schema: SchemaRef) -> Result<Self> {
        let file = File::open(path).map_err(ShuffleError::io("open", path))?;
        let metadata = file.metadata().map_err(ShuffleError::io("read", path))?;
        let len = metadata.len();
        let corrupt = |what| ShuffleError::corrupt(path, None, what);
        let mut footer = [0; FOOTER_LEN];
        let Some(footer_at) = len.checked_sub(FOOTER_LEN as u64) else {
            return Err(corrupt(format!("a file of {len} bytes has no footer")));
        };
        read_at(&file, &mut footer, footer_at).map_err(ShuffleError::io("read", path))?;
        let footer = Footer::parse(footer, len).map_err(corrupt)?;
        let mut index = vec![0; footer.index_len()];
        read_at(&file, &mut index, footer.index_offset).map_err(ShuffleError::io("read", path))?;
        let index = FileIndex::parse(&index, &footer).map_err(corrupt)?;
        Ok(Self { path: path.to_path_buf(), schema, index: Arc::new(index), len, _owned: None })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its index.
    pub fn index(&self) -> &FileIndex {
        &self.index
    }

    /// Bytes of the file.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether it holds no rows.
    pub fn is_empty(&self) -> bool {
        self.index.partitions.iter().all(|p| p.rows == 0)
    }

    /// Reads some partitions block by block. What is returned keeps the file open, and
    /// is not disturbed by its removal.
    ///
    /// # Errors
    /// `Io` when it cannot be opened; `Invalid` for partitions that it does not have.
    pub fn blocks(&self, partitions: Range<u32>) -> Result<FileBlocks> {
        check_range(&partitions, self.index.partitions.len())?;
        let file = File::open(&self.path).map_err(ShuffleError::io("open", &self.path))?;
        let entry = self.index.partitions.get(partitions.start as usize);
        let last = self.index.partitions[..partitions.end as usize].last();
        Ok(FileBlocks {
            file,
            path: self.path.clone(),
            index: Arc::clone(&self.index),
            decoder: BlockDecoder::new(SchemaRef::clone(&self.schema))?,
            position: entry.map_or(0, |e| e.offset),
            end: last.map_or(0, |e| e.offset + e.length),
            partitions,
            rows: 0,
            buffer: Vec::new(),
            consumed: 0,
            failed: false,
        })
    }
}

/// Refuses partitions that an output does not have.
pub(crate) fn check_range(partitions: &Range<u32>, of: usize) -> Result<()> {
    if partitions.start > partitions.end || partitions.end as usize > of {
        return Err(ShuffleError::Invalid(format!("partitions {} to {} of an output of {of}", partitions.start, partitions.end)));
    }
    Ok(())
}

/// The blocks of some partitions of a file, in order: batches as an iterator, or bytes by
/// [`FileBlocks::next_encoded`]. It ends after the first error.
#[derive(Debug)]
pub struct FileBlocks {
    file: File,
    path: PathBuf,
    index: Arc<FileIndex>,
    decoder: BlockDecoder,
    /// The current partition and those after it.
    partitions: Range<u32>,
    /// Rows of the current partition that were returned.
    rows: u64,
    /// Offset in the file of the first byte in `buffer[consumed..]`.
    position: u64,
    end: u64,
    buffer: Vec<u8>,
    consumed: usize,
    failed: bool,
}

impl FileBlocks {
    /// The next block as it is in the file; only its header has been looked at.
    ///
    /// # Errors
    /// `Corrupt`, `Io`.
    pub fn next_encoded(&mut self) -> Option<Result<EncodedBlock>> {
        self.next_with(|blocks, header, partition| {
            let block = &blocks.buffer[blocks.consumed..blocks.consumed + header.block_len()];
            Ok(EncodedBlock { partition, rows: u64::from(header.rows), bytes: Bytes::copy_from_slice(block) })
        })
    }

    /// Bytes behind those that were returned.
    pub fn remaining(&self) -> u64 {
        self.end - self.position
    }

    /// The next bytes, at most `most` of them, as they are in the file. Not to be mixed with the other ways to read.
    ///
    /// # Errors
    /// `Io`; `Corrupt` when the file is cut off.
    pub fn next_bytes(&mut self, most: usize) -> Result<Bytes> {
        let mut bytes = vec![0; usize::try_from(self.remaining()).unwrap_or(usize::MAX).min(most)];
        let read = read_at(&self.file, &mut bytes, self.position);
        read.map_err(|e| self.read_error(e))?;
        self.position += bytes.len() as u64;
        Ok(Bytes::from(bytes))
    }

    fn read_error(&self, error: io::Error) -> ShuffleError {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            self.corrupt(self.partitions.start, "the file is cut off".to_owned())
        } else {
            ShuffleError::io("read", &self.path)(error)
        }
    }

    fn next_with<T>(&mut self, take: impl FnOnce(&mut Self, &BlockHeader, u32) -> Result<T>) -> Option<Result<T>> {
        if self.failed {
            return None;
        }
        let result = self.advance().and_then(|found| {
            let Some((header, partition)) = found else {
                return Ok(None);
            };
            let taken = take(self, &header, partition)?;
            self.consumed += header.block_len();
            self.position += header.block_len() as u64;
            self.rows += u64::from(header.rows);
            Ok(Some(taken))
        });
        self.failed = result.is_err();
        result.transpose()
    }

    /// Buffers the next block and returns its header and partition.
    fn advance(&mut self) -> Result<Option<(BlockHeader, u32)>> {
        loop {
            if self.partitions.is_empty() {
                return Ok(None);
            }
            let partition = self.partitions.start;
            let entry = self.index.partitions[partition as usize];
            let left = entry.offset + entry.length - self.position;
            if left == 0 {
                if self.rows != entry.rows {
                    let what = format!("{} rows instead of {}", self.rows, entry.rows);
                    return Err(self.corrupt(partition, what));
                }
                self.rows = 0;
                self.partitions.start += 1;
                continue;
            }
            if left < HEADER_LEN as u64 {
                return Err(self.corrupt(partition, "it ends amid a block header".to_owned()));
            }
            self.fill(HEADER_LEN)?;
            let header = BlockHeader::parse(&self.buffer[self.consumed..]).map_err(|what| self.corrupt(partition, what))?;
            if header.block_len() as u64 > left {
                let what = format!("a block of {} bytes where {left} are left", header.block_len());
                return Err(self.corrupt(partition, what));
            }
            self.fill(header.block_len())?;
            return Ok(Some((header, partition)));
        }
    }

    /// Makes at least `wanted` bytes available behind `consumed`; the file has them.
    fn fill(&mut self, wanted: usize) -> Result<()> {
        let buffered = self.buffer.len() - self.consumed;
        if buffered >= wanted {
            return Ok(());
        }
        self.buffer.drain(..self.consumed);
        self.consumed = 0;
        let offset = self.position + buffered as u64;
        let left = usize::try_from(self.end - offset).unwrap_or(usize::MAX);
        let len = (wanted - buffered).max(READ_AHEAD).min(left);
        self.buffer.resize(buffered + len, 0);
        let read = read_at(&self.file, &mut self.buffer[buffered..], offset);
        read.map_err(|e| self.read_error(e))
    }

    fn corrupt(&self, partition: u32, what: String) -> ShuffleError {
        ShuffleError::corrupt(&self.path, Some(partition), what)
    }
}

impl Iterator for FileBlocks {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_with(|blocks, header, partition| {
            let block = &blocks.buffer[blocks.consumed..blocks.consumed + header.block_len()];
            match blocks.decoder.decode(block) {
                Ok((batch, _)) => Ok(batch),
                Err(what) => Err(blocks.corrupt(partition, what)),
            }
        })
    }
}

#[cfg(unix)]
pub(super) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(not(unix))]
pub(super) fn read_at(mut file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    use std::io::{Read, Seek, SeekFrom};
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(buffer)
}
