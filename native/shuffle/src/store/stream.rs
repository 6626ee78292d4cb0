//! Reading an output in pieces, wherever it is.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use bytes::Bytes;

use super::MapOutputId;
use crate::codec::BlockEncoder;
use crate::error::Result;
use crate::file::{EncodedBlock, FileBlocks, ShuffleFile};

/// Batches of some partitions of an output, in order of partition. They are shared with
/// the store when it has them in memory, else decoded one at a time. What is left of it is
/// kept readable: eviction or removal of the output does not disturb it.
#[derive(Debug)]
pub struct BlockStream(Source);

/// Blocks of some partitions as bytes, in order of partition; otherwise as [`BlockStream`].
/// An iterator of whole blocks, or pieces of any length by [`EncodedStream::next_bytes`].
pub struct EncodedStream {
    id: MapOutputId,
    rows: u64,
    source: Source,
    /// For batches in memory.
    encoder: Option<BlockEncoder>,
    /// Encoded, and not yet taken.
    pending: Bytes,
}

/// Small blocks are collected up to this length.
const COLLECTED: usize = 64 << 10;

#[derive(Debug)]
enum Source {
    Memory(std::vec::IntoIter<(u32, RecordBatch)>),
    File(Box<FileBlocks>),
}

impl BlockStream {
    pub(super) fn memory(batches: Vec<(u32, RecordBatch)>) -> Self {
        Self(Source::Memory(batches.into_iter()))
    }

    pub(super) fn file(blocks: FileBlocks) -> Self {
        Self(Source::File(Box::new(blocks)))
    }

    /// Whether the batches are in memory already: no call does I/O.
    pub fn in_memory(&self) -> bool {
        matches!(self.0, Source::Memory(_))
    }
}

impl Iterator for BlockStream {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Source::Memory(batches) => batches.next().map(|(_, batch)| Ok(batch)),
            Source::File(blocks) => blocks.next(),
        }
    }
}

impl EncodedStream {
    pub(super) fn new(id: MapOutputId, rows: u64, stream: BlockStream, encoder: BlockEncoder) -> Self {
        Self { id, rows, encoder: stream.in_memory().then_some(encoder), source: stream.0, pending: Bytes::new() }
    }

    /// Some partitions of a file that is in no store.
    ///
    /// # Errors
    /// As [`ShuffleFile::blocks`].
    pub fn of_file(id: MapOutputId, file: &ShuffleFile, partitions: Range<u32>) -> Result<Self> {
        let blocks = file.blocks(partitions.clone())?;
        let range = partitions.start as usize..partitions.end as usize;
        let rows = file.index().partitions[range].iter().map(|p| p.rows).sum();
        Ok(Self { id, rows, source: Source::File(Box::new(blocks)), encoder: None, pending: Bytes::new() })
    }

    /// The attempt whose output it is.
    pub fn id(&self) -> MapOutputId {
        self.id
    }

    /// Rows in all its blocks.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes that are left, when they are known: those of batches in memory are not.
    pub fn remaining(&self) -> Option<u64> {
        match &self.source {
            Source::File(blocks) => Some(blocks.remaining()),
            Source::Memory(_) => None,
        }
    }

    /// Whether nothing is left.
    pub fn at_end(&self) -> bool {
        self.pending.is_empty()
            && match &self.source {
                Source::File(blocks) => blocks.remaining() == 0,
                Source::Memory(batches) => batches.len() == 0,
            }
    }

    /// The next bytes, at most `most` of them, wherever a block ends; none at the end.
    /// Files are passed on as they are, unchecked.
    ///
    /// # Errors
    /// `Io`; `Corrupt` for a file that is cut off.
    pub fn next_bytes(&mut self, most: usize) -> Result<Bytes> {
        if let (true, Source::File(blocks)) = (self.pending.is_empty(), &mut self.source) {
            return blocks.next_bytes(most);
        }
        if self.pending.is_empty()
            && let (Source::Memory(batches), Some(encoder)) = (&mut self.source, &mut self.encoder)
        {
            let mut bytes = Vec::new();
            while bytes.len() < COLLECTED.min(most)
                && let Some((_, batch)) = batches.next()
            {
                encoder.encode(&batch, &mut bytes)?;
            }
            self.pending = Bytes::from(bytes);
        }
        Ok(self.pending.split_to(most.min(self.pending.len())))
    }
}

impl fmt::Debug for EncodedStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncodedStream").field("source", &self.source).finish()
    }
}

impl Iterator for EncodedStream {
    type Item = Result<EncodedBlock>;

    fn next(&mut self) -> Option<Self::Item> {
        match (&mut self.source, &mut self.encoder) {
            (Source::File(blocks), _) => blocks.next_encoded(),
            (Source::Memory(batches), Some(encoder)) => {
                let (partition, batch) = batches.next()?;
                let mut bytes = Vec::new();
                Some(encoder.encode(&batch, &mut bytes).map(|()| EncodedBlock {
                    partition,
                    rows: batch.num_rows() as u64,
                    bytes: Bytes::from(bytes),
                }))
            }
            (Source::Memory(_), None) => None,
        }
    }
}

pub(super) type Batches = Arc<Vec<Vec<RecordBatch>>>;
