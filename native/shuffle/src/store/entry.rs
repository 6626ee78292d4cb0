//! One committed output and where it is.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use kiln_memory::StorageHold;
use parking_lot::Mutex;

use super::stream::{Batches, BlockStream};
use super::{MapOutputId, OutputStats};
use crate::error::{Result, ShuffleError};
use crate::file::{ShuffleFile, check_range};

#[derive(Debug)]
pub(super) struct Entry {
    pub id: MapOutputId,
    pub schema: SchemaRef,
    pub stats: OutputStats,
    place: Mutex<Place>,
    last_used: AtomicU64,
}

#[derive(Debug)]
pub(super) enum Place {
    Memory {
        batches: Batches,
        hold: StorageHold,
        /// Somebody writes it to a file now, or has failed to.
        evicting: bool,
    },
    File(Arc<ShuffleFile>),
    Removed,
}

/// Where an output is now.
pub(super) enum Data {
    Memory(Batches),
    File(Arc<ShuffleFile>),
}

impl Entry {
    pub fn new(id: MapOutputId, schema: SchemaRef, stats: OutputStats, place: Place) -> Self {
        Self { id, schema, stats, place: Mutex::new(place), last_used: AtomicU64::new(0) }
    }

    pub fn touch(&self, now: u64) {
        self.last_used.store(now, Ordering::Relaxed);
    }

    pub fn last_used(&self) -> u64 {
        self.last_used.load(Ordering::Relaxed)
    }

    /// All of it.
    pub fn data(&self) -> Result<Data> {
        match &*self.place.lock() {
            Place::Memory { batches, .. } => Ok(Data::Memory(Arc::clone(batches))),
            Place::File(file) => Ok(Data::File(Arc::clone(file))),
            Place::Removed => Err(self.not_found()),
        }
    }

    /// Opens some partitions for reading.
    pub fn stream(&self, partitions: Range<u32>) -> Result<BlockStream> {
        check_range(&partitions, self.stats.rows.len())?;
        let file = match &*self.place.lock() {
            Place::Memory { batches, .. } => {
                return Ok(BlockStream::memory(select(batches, partitions)));
            }
            Place::File(file) => Arc::clone(file),
            Place::Removed => return Err(self.not_found()),
        };
        match file.blocks(partitions) {
            Ok(blocks) => Ok(BlockStream::file(blocks)),
            // It was removed after we looked.
            Err(_) if matches!(*self.place.lock(), Place::Removed) => Err(self.not_found()),
            Err(e) => Err(e),
        }
    }

    /// Storage bytes and file bytes.
    pub fn sizes(&self) -> (u64, u64) {
        match &*self.place.lock() {
            Place::Memory { hold, .. } => (hold.bytes() as u64, 0),
            Place::File(file) => (0, file.len()),
            Place::Removed => (0, 0),
        }
    }

    pub fn in_memory(&self) -> bool {
        matches!(*self.place.lock(), Place::Memory { .. })
    }

    /// Whether it is in memory and nobody evicts it.
    pub fn is_evictable(&self) -> bool {
        matches!(*self.place.lock(), Place::Memory { evicting: false, .. })
    }

    /// Claims the output for eviction: at most one caller gets its batches.
    pub fn start_eviction(&self) -> Option<Batches> {
        match &mut *self.place.lock() {
            Place::Memory { batches, evicting, .. } if !*evicting => {
                *evicting = true;
                Some(Arc::clone(batches))
            }
            _ => None,
        }
    }

    /// Puts the file in place of the batches; returns the storage bytes that are free
    /// now. A file that comes too late, after a removal, is removed too.
    pub fn finish_eviction(&self, file: ShuffleFile) -> usize {
        let mut place = self.place.lock();
        if !matches!(*place, Place::Memory { .. }) {
            drop(place);
            drop(file);
            return 0;
        }
        let former = std::mem::replace(&mut *place, Place::File(Arc::new(file)));
        drop(place);
        match former {
            Place::Memory { hold, .. } => hold.bytes(),
            _ => 0,
        }
    }

    /// Frees memory or file.
    pub fn remove(&self) {
        let former = std::mem::replace(&mut *self.place.lock(), Place::Removed);
        drop(former);
    }

    fn not_found(&self) -> ShuffleError {
        ShuffleError::NotFound { shuffle: self.id.shuffle, map: self.id.map }
    }
}

fn select(batches: &Batches, partitions: Range<u32>) -> Vec<(u32, RecordBatch)> {
    let range = partitions.start as usize..partitions.end as usize;
    partitions.zip(&batches[range]).flat_map(|(partition, batches)| batches.iter().map(move |b| (partition, b.clone()))).collect()
}
