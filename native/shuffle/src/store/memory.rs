//! Outputs in accounted storage memory, moved to files when memory is short.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::Weak;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::datatypes::SchemaRef;
use kiln_memory::{Consumer, Evictor, StorageHold, StorageMemory, StorageRefused};
use parking_lot::{Condvar, Mutex, RwLock};

use super::entry::{Data, Entry, Place};
use super::stream::{BlockStream, EncodedStream};
use super::{BlockStore, CommitOutcome, MapData, MapOutput, MapOutputId, OutputInfo, OutputStats, StoreConfig, StoreUsage};
use crate::codec::{BlockEncoder, Codec};
use crate::dirs::LocalDirs;
use crate::error::{Result, ShuffleError};
use crate::file::{ShuffleFile, WholeOutput, write_map_output};

/// The store of an executor process. An output stays in storage memory until execution
/// needs the memory (it is an [`Evictor`]) or a newer shuffle does: then the least
/// recently used output goes to a file, whole. With `force_file` every output goes to a
/// file at once.
pub struct MemoryBlockStore {
    storage: StorageMemory,
    dirs: Arc<LocalDirs>,
    codec: Codec,
    force_file: bool,
    entries: RwLock<HashMap<(u64, u32), Arc<Entry>>>,
    clock: AtomicU64,
    evictions: AtomicU64,
    /// Evictions that run now, in any thread.
    running: Mutex<Running>,
    finished: Condvar,
}

#[derive(Debug, Default)]
struct Running {
    count: usize,
    /// Bytes freed by all evictions ever.
    freed: usize,
}

impl fmt::Debug for MemoryBlockStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryBlockStore").field("force_file", &self.force_file).field("usage", &self.usage()).finish()
    }
}

impl MemoryBlockStore {
    /// A store that gives its memory back to `config.memory` on demand.
    pub fn new(config: StoreConfig) -> Arc<Self> {
        let memory = Arc::clone(&config.memory);
        let store = Arc::new(Self {
            storage: memory.storage("shuffle blocks"),
            dirs: config.dirs,
            codec: config.codec,
            force_file: config.force_file,
            entries: RwLock::default(),
            clock: AtomicU64::new(0),
            evictions: AtomicU64::new(0),
            running: Mutex::default(),
            finished: Condvar::new(),
        });
        let weak: Weak<Self> = Arc::downgrade(&store);
        memory.register_evictor(weak);
        store
    }

    fn entry(&self, shuffle: u64, map: u32) -> Result<Arc<Entry>> {
        let entry = self.entries.read().get(&(shuffle, map)).cloned();
        let entry = entry.ok_or(ShuffleError::NotFound { shuffle, map })?;
        entry.touch(self.now());
        Ok(entry)
    }

    fn now(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::Relaxed)
    }

    /// What is committed already and stays so.
    fn winner(&self, id: MapOutputId) -> Option<MapOutputId> {
        let entries = self.entries.read();
        let committed = entries.get(&(id.shuffle, id.map))?.id;
        (committed.stage_attempt >= id.stage_attempt).then_some(committed)
    }

    /// Finds a place for an output's data: memory if it may, else a file.
    fn place(&self, id: MapOutputId, schema: &SchemaRef, stats: &OutputStats, data: MapData) -> Result<Place> {
        let (partitions, bytes, charged) = match data {
            MapData::File(staged) => return Ok(Place::File(Arc::new(staged.commit(id)?))),
            MapData::Batches { partitions, bytes, charged } => (partitions, bytes, charged),
        };
        if !self.force_file
            && let Ok(hold) = self.hold(bytes, charged.as_ref(), id.shuffle)
        {
            return Ok(Place::Memory { batches: Arc::new(partitions), hold, evicting: false });
        }
        let file = self.write_file(id, schema, stats, &partitions)?;
        Ok(Place::File(Arc::new(file)))
    }

    /// Acquires storage memory, in exchange for execution memory if there is some.
    /// Outputs of older shuffles make room; those of the same shuffle do not: they will
    /// be read as soon as this one.
    fn hold(&self, bytes: usize, charged: Option<&Consumer>, shuffle: u64) -> Result<StorageHold, StorageRefused> {
        loop {
            let held = match charged {
                Some(consumer) => consumer.transfer_to_storage(bytes, &self.storage),
                None => self.storage.try_acquire(bytes),
            };
            let refused = match held {
                Ok(hold) => return Ok(hold),
                Err(refused) => refused,
            };
            if self.evict_one(|entry| entry.id.shuffle != shuffle).is_none() {
                return Err(refused);
            }
        }
    }

    fn write_file(
        &self,
        id: MapOutputId,
        schema: &SchemaRef,
        stats: &OutputStats,
        partitions: &[Vec<arrow::array::RecordBatch>],
    ) -> Result<ShuffleFile> {
        let mut encoder = BlockEncoder::new(SchemaRef::clone(schema), self.codec)?;
        write_map_output(&self.dirs, &mut encoder, partitions, stats)?.commit(id)
    }

    /// Moves the least recently used output that `may` go to a file; returns the bytes
    /// that it freed, or `None` when there is none that can be moved.
    fn evict_one(&self, may: impl Fn(&Entry) -> bool) -> Option<usize> {
        loop {
            let candidate = {
                let entries = self.entries.read();
                entries.values().filter(|e| may(e) && e.is_evictable()).min_by_key(|e| e.last_used()).cloned()
            }?;
            self.running.lock().count += 1;
            let freed = self.evict_entry(&candidate);
            let mut running = self.running.lock();
            running.count -= 1;
            running.freed += freed.unwrap_or(0);
            drop(running);
            self.finished.notify_all();
            // One that could not be moved stays marked, so that this ends.
            if let Some(freed) = freed {
                return Some(freed);
            }
        }
    }

    fn evict_entry(&self, entry: &Entry) -> Option<usize> {
        let batches = entry.start_eviction()?;
        let file = self.write_file(entry.id, &entry.schema, &entry.stats, &batches);
        drop(batches);
        let freed = entry.finish_eviction(file.ok()?);
        self.evictions.fetch_add(1, Ordering::Relaxed);
        Some(freed)
    }

    fn remove(&self, keys: impl Fn(&(u64, u32)) -> bool) -> usize {
        let mut removed = Vec::new();
        self.entries.write().retain(|key, entry| {
            let gone = keys(key);
            if gone {
                removed.push(Arc::clone(entry));
            }
            !gone
        });
        // Files are removed without the lock.
        removed.iter().for_each(|entry| entry.remove());
        removed.len()
    }
}

impl Evictor for MemoryBlockStore {
    fn evict(&self, bytes: usize) -> usize {
        let mut freed = 0;
        while freed < bytes {
            if let Some(evicted) = self.evict_one(|_| true) {
                freed += evicted;
                continue;
            }
            // What is left is being moved by other threads: it is free in a moment.
            let mut running = self.running.lock();
            if running.count == 0 {
                break;
            }
            let before = running.freed;
            self.finished.wait(&mut running);
            freed += running.freed - before;
        }
        freed
    }
}

impl BlockStore for MemoryBlockStore {
    fn put(&self, id: MapOutputId, output: MapOutput) -> Result<CommitOutcome> {
        if let Some(winner) = self.winner(id) {
            return Ok(CommitOutcome::Discarded { winner });
        }
        let MapOutput { schema, stats, data } = output;
        let place = self.place(id, &schema, &stats, data)?;
        let entry = Arc::new(Entry::new(id, schema, stats, place));
        entry.touch(self.now());
        let (winner, loser) = {
            let mut entries = self.entries.write();
            match entries.get(&(id.shuffle, id.map)).map(|committed| committed.id) {
                Some(winner) if winner.stage_attempt >= id.stage_attempt => (Some(winner), Some(entry)),
                _ => (None, entries.insert((id.shuffle, id.map), entry)),
            }
        };
        if let Some(loser) = loser {
            loser.remove();
        }
        Ok(winner.map_or(CommitOutcome::Committed, |winner| CommitOutcome::Discarded { winner }))
    }

    fn read_stream(&self, shuffle: u64, map: u32, partitions: Range<u32>) -> Result<BlockStream> {
        self.entry(shuffle, map)?.stream(partitions)
    }

    fn read_encoded(&self, shuffle: u64, map: u32, partitions: Range<u32>) -> Result<EncodedStream> {
        let entry = self.entry(shuffle, map)?;
        let encoder = BlockEncoder::new(SchemaRef::clone(&entry.schema), self.codec)?;
        let stream = entry.stream(partitions.clone())?;
        let rows = entry.stats.rows[partitions.start as usize..partitions.end as usize].iter().sum();
        Ok(EncodedStream::new(entry.id, rows, stream, encoder))
    }

    fn read_whole(&self, shuffle: u64, map: u32) -> Result<WholeOutput> {
        let entry = self.entry(shuffle, map)?;
        match entry.data()? {
            Data::File(file) => WholeOutput::stored(entry.id, &entry.schema, file),
            Data::Memory(batches) => {
                let mut encoder = BlockEncoder::new(SchemaRef::clone(&entry.schema), self.codec)?;
                let staged = write_map_output(&self.dirs, &mut encoder, &batches, &entry.stats)?;
                WholeOutput::staged(entry.id, &entry.schema, staged)
            }
        }
    }

    fn info(&self, shuffle: u64, map: u32) -> Option<OutputInfo> {
        let entry = self.entries.read().get(&(shuffle, map)).cloned()?;
        Some(OutputInfo { id: entry.id, stats: entry.stats.clone(), in_memory: entry.in_memory() })
    }

    fn remove_shuffle(&self, shuffle: u64) -> usize {
        self.remove(|key| key.0 == shuffle)
    }

    fn remove_map(&self, shuffle: u64, map: u32) -> bool {
        self.remove(|key| *key == (shuffle, map)) > 0
    }

    fn usage(&self) -> StoreUsage {
        let entries: Vec<_> = self.entries.read().values().cloned().collect();
        let mut usage =
            StoreUsage { outputs: entries.len() as u64, evictions: self.evictions.load(Ordering::Relaxed), ..StoreUsage::default() };
        for entry in entries {
            let (memory, disk) = entry.sizes();
            usage.memory_bytes += memory;
            usage.disk_bytes += disk;
            usage.outputs_on_disk += u64::from(disk > 0);
        }
        usage
    }

    fn dirs(&self) -> &Arc<LocalDirs> {
        &self.dirs
    }
}
