//! What a writer holds in memory, before it is spilled or handed to the store.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use crate::charge::{BufferSet, buffer_bytes};
use crate::codec::has_dictionary;
use crate::error::{Result, ShuffleError};
use crate::partition::{Piece, Run, blocks};

/// Small input batches that wait to be sorted together.
#[derive(Debug, Default)]
pub(super) struct Stage {
    batches: Vec<RecordBatch>,
    ids: Vec<u32>,
    rows: usize,
    buffers: BufferSet,
}

impl Stage {
    /// Adds a batch and the partitions of its rows (none where all have the same);
    /// returns the bytes of buffers that were not there yet.
    pub fn push(&mut self, batch: RecordBatch, ids: &[u32]) -> usize {
        let bytes = self.buffers.add(&batch);
        self.ids.extend_from_slice(ids);
        self.rows += batch.num_rows();
        self.batches.push(batch);
        bytes
    }

    /// Bytes that [`Stage::push`] would return.
    pub fn new_bytes(&self, batch: &RecordBatch) -> usize {
        self.buffers.new_bytes(batch)
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn bytes(&self) -> usize {
        self.buffers.bytes()
    }

    /// Takes the rows as few batches: one, unless their dictionaries overflow together.
    pub fn take(&mut self, schema: &SchemaRef) -> Result<(Vec<RecordBatch>, Vec<u32>)> {
        let stage = std::mem::take(self);
        let batches = match concat_batches(schema, &stage.batches) {
            Ok(batch) => vec![batch],
            Err(ArrowError::DictionaryKeyOverflowError) => stage.batches,
            Err(e) => return Err(e.into()),
        };
        Ok((batches, stage.ids))
    }
}

/// Rows in memory by partition: finished batches, and runs not cut yet.
#[derive(Debug)]
pub(super) struct Buffered {
    schema: SchemaRef,
    target_rows: usize,
    /// Batches that were cut may have dictionaries in common, but nothing else.
    shares_dictionaries: bool,
    runs: Vec<Run>,
    run_bytes: usize,
    chunks: Vec<Vec<RecordBatch>>,
    chunk_buffers: BufferSet,
}

impl Buffered {
    pub fn new(schema: SchemaRef, partitions: u32, target_rows: usize) -> Self {
        let shares_dictionaries = schema.fields().iter().any(|f| has_dictionary(f.data_type()));
        Self {
            schema,
            target_rows,
            shares_dictionaries,
            runs: Vec::new(),
            run_bytes: 0,
            chunks: vec![Vec::new(); partitions as usize],
            chunk_buffers: BufferSet::default(),
        }
    }

    /// Bytes of all buffers, each once.
    pub fn bytes(&self) -> usize {
        self.run_bytes + self.chunk_buffers.bytes()
    }

    pub fn run_bytes(&self) -> usize {
        self.run_bytes
    }

    pub fn has_runs(&self) -> bool {
        !self.runs.is_empty()
    }

    pub fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.chunks.iter().all(Vec::is_empty)
    }

    pub fn add_run(&mut self, run: Run) {
        self.run_bytes += buffer_bytes(&run.batch);
        self.runs.push(run);
    }

    /// Bytes of buffers that adding a batch would add.
    pub fn new_bytes(&self, batch: &RecordBatch) -> usize {
        self.chunk_buffers.new_bytes(batch)
    }

    pub fn add_batch(&mut self, partition: u32, batch: RecordBatch) {
        self.chunk_buffers.add(&batch);
        self.chunks[partition as usize].push(batch);
    }

    /// Cuts the runs into batches of their partitions, and drops the runs.
    pub fn cut(&mut self) -> Result<()> {
        for partition in 0..self.chunks.len() {
            let mut cut = Vec::new();
            let pieces = run_pieces(&self.runs, partition as u32);
            blocks(&self.schema, &pieces, self.target_rows, self.keep_rows(), &mut |batch| {
                cut.push(batch);
                Ok(())
            })?;
            for batch in &cut {
                if self.shares_dictionaries {
                    self.chunk_buffers.add(batch);
                } else {
                    self.chunk_buffers.add_owned(batch);
                }
            }
            self.chunks[partition].append(&mut cut);
        }
        self.runs.clear();
        self.run_bytes = 0;
        Ok(())
    }

    /// Takes everything as batches, tiny ones put together; the second value counts the
    /// bytes of their buffers.
    pub fn take_batches(&mut self) -> Result<(Vec<Vec<RecordBatch>>, usize)> {
        let keep = self.keep_rows();
        let mut coalesced = false;
        for batches in &mut self.chunks {
            let tiny = |batch: &RecordBatch| batch.num_rows() < keep;
            if batches.len() < 2 || !batches.iter().any(tiny) {
                continue;
            }
            let mut merged = Vec::new();
            let pieces: Vec<_> = batches.iter().map(Piece::whole).collect();
            blocks(&self.schema, &pieces, self.target_rows, keep, &mut |batch| {
                merged.push(batch);
                Ok(())
            })?;
            *batches = merged;
            coalesced = true;
        }
        if coalesced {
            self.chunk_buffers = BufferSet::default();
            for batch in self.chunks.iter().flatten() {
                self.chunk_buffers.add(batch);
            }
        }
        let bytes = self.chunk_buffers.bytes();
        let empty = vec![Vec::new(); self.chunks.len()];
        self.chunk_buffers = BufferSet::default();
        Ok((std::mem::replace(&mut self.chunks, empty), bytes))
    }

    /// Passes the rows of a partition on, in order, in batches for a file.
    pub fn for_each(&self, partition: u32, emit: &mut dyn FnMut(RecordBatch) -> Result<()>) -> Result<()> {
        let chunks = self.chunks[partition as usize].iter().map(Piece::whole);
        let mut pieces: Vec<_> = chunks.collect();
        pieces.extend(run_pieces(&self.runs, partition));
        blocks(&self.schema, &pieces, self.target_rows, self.keep_rows(), emit)
    }

    /// Drops everything.
    pub fn clear(&mut self) {
        self.runs.clear();
        self.run_bytes = 0;
        self.chunks.iter_mut().for_each(|c| *c = Vec::new());
        self.chunk_buffers = BufferSet::default();
    }

    /// Batches of so many rows are not put together with others.
    fn keep_rows(&self) -> usize {
        (self.target_rows / 8).max(1)
    }
}

fn run_pieces(runs: &[Run], partition: u32) -> Vec<Piece<'_>> {
    runs.iter()
        .map(|run| {
            let rows = run.rows(partition);
            Piece { batch: &run.batch, start: rows.start, len: rows.len(), row_bytes: run.row_bytes }
        })
        .filter(|piece| piece.len > 0)
        .collect()
}

/// Gives a batch the shuffle's schema: names and metadata may differ, types may not.
pub(super) fn conform(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    if std::sync::Arc::ptr_eq(batch.schema_ref(), schema) {
        return Ok(batch.clone());
    }
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(SchemaRef::clone(schema), batch.columns().to_vec(), &options)
        .map_err(|e| ShuffleError::Invalid(format!("a batch does not fit the shuffle's schema: {e}")))
}
