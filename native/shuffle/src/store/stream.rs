//! Reading an output in pieces, wherever it is.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use bytes::Bytes;

use crate::codec::BlockEncoder;
use crate::error::Result;
use crate::file::{EncodedBlock, FileBlocks};

/// Batches of some partitions of an output, in order of partition. They are shared with
/// the store when it has them in memory, else decoded one at a time. What is left of it is
/// kept readable: eviction or removal of the output does not disturb it.
#[derive(Debug)]
pub struct BlockStream(Source);

/// Blocks of some partitions as bytes, in order of partition; otherwise as [`BlockStream`].
pub struct EncodedStream {
    source: Source,
    /// For batches in memory.
    encoder: Option<BlockEncoder>,
}

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
    pub(super) fn new(stream: BlockStream, encoder: BlockEncoder) -> Self {
        Self { encoder: stream.in_memory().then_some(encoder), source: stream.0 }
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
