//! Writing files: map outputs and, without an index at the end, spills.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::index::{FileIndex, PartitionEntry};
use super::reader::ShuffleFile;
use crate::charge::slice_bytes;
use crate::codec::BlockEncoder;
use crate::dirs::{LocalDirs, TempFile};
use crate::error::{Result, ShuffleError};
use crate::store::{Determinism, MapOutputId, OutputStats};

/// Blocks are collected until there are so many bytes of them.
const BUFFER: usize = 1 << 20;

/// Ranges up to this length are read and written; longer ones are left to the kernel.
const SMALL_COPY: u64 = 64 << 10;

/// Writes blocks, partition after partition.
pub(crate) struct FileWriter<'a> {
    file: &'a mut File,
    path: &'a Path,
    encoder: &'a mut BlockEncoder,
    buffer: Vec<u8>,
    written: u64,
    partitions: Vec<PartitionEntry>,
}

impl<'a> FileWriter<'a> {
    /// A writer at the start of an empty file.
    pub fn new(file: &'a mut File, path: &'a Path, encoder: &'a mut BlockEncoder) -> Self {
        Self { file, path, encoder, buffer: Vec::with_capacity(BUFFER), written: 0, partitions: Vec::new() }
    }

    /// What follows belongs to the next partition.
    pub fn start_partition(&mut self) {
        let offset = self.position();
        self.partitions.push(PartitionEntry { offset, ..PartitionEntry::default() });
    }

    /// Encodes a batch; one without rows is left out.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        self.encoder.encode(batch, &mut self.buffer)?;
        if let Some(entry) = self.partitions.last_mut() {
            entry.rows += batch.num_rows() as u64;
            entry.raw_bytes += slice_bytes(batch);
        }
        if self.buffer.len() >= BUFFER {
            self.flush()?;
        }
        Ok(())
    }

    /// Copies the blocks of a partition of another file.
    pub fn copy(&mut self, from: &mut File, path: &Path, entry: &PartitionEntry) -> Result<()> {
        if let Some(to) = self.partitions.last_mut() {
            to.rows += entry.rows;
            to.raw_bytes += entry.raw_bytes;
        }
        let read = || ShuffleError::io("read", path);
        from.seek(SeekFrom::Start(entry.offset)).map_err(read())?;
        if entry.length <= SMALL_COPY {
            let start = self.buffer.len();
            self.buffer.resize(start + entry.length as usize, 0);
            from.read_exact(&mut self.buffer[start..]).map_err(read())?;
            if self.buffer.len() >= BUFFER {
                self.flush()?;
            }
            return Ok(());
        }
        self.flush()?;
        // File to file: std uses copy_file_range or sendfile where the system has it.
        let copied = io::copy(&mut from.take(entry.length), self.file).map_err(ShuffleError::io("write", self.path))?;
        self.written += copied;
        if copied != entry.length {
            return Err(ShuffleError::corrupt(path, None, "a spill file is cut off"));
        }
        Ok(())
    }

    /// Ends a spill file: its entries stay in memory.
    pub fn finish_spill(mut self) -> Result<(Vec<PartitionEntry>, u64)> {
        self.flush()?;
        self.close_partitions();
        Ok((self.partitions, self.written))
    }

    /// Writes index and footer; returns the index and the file's length.
    pub fn finish(mut self, checksum: u64, determinism: Determinism) -> Result<(FileIndex, u64)> {
        self.close_partitions();
        let index = FileIndex { partitions: std::mem::take(&mut self.partitions), checksum, determinism };
        self.buffer.extend_from_slice(&index.to_bytes());
        self.flush()?;
        Ok((index, self.written))
    }

    fn close_partitions(&mut self) {
        let mut end = self.position();
        for entry in self.partitions.iter_mut().rev() {
            entry.length = end - entry.offset;
            end = entry.offset;
        }
    }

    fn position(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    fn flush(&mut self) -> Result<()> {
        self.file.write_all(&self.buffer).map_err(ShuffleError::io("write", self.path))?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// A complete file under its temporary name; removed on drop.
#[derive(Debug)]
pub struct StagedFile {
    pub(crate) temp: TempFile,
    pub(crate) schema: SchemaRef,
    pub(crate) index: FileIndex,
    pub(crate) len: u64,
}

/// How the name of a map output's file begins.
fn name_of(id: MapOutputId) -> String {
    let MapOutputId { shuffle, map, stage_attempt, attempt } = id;
    format!("shuffle_{shuffle}_{map}_{stage_attempt}_{attempt}")
}

/// Whose file it is, by its name: `shuffle_<shuffle>_<map>_<stage attempt>_<attempt>.<random>.kshf`.
pub fn id_of_name(name: &str) -> Option<MapOutputId> {
    let (name, random) = name.strip_suffix(".kshf")?.split_once('.')?;
    let mut numbers = name.strip_prefix("shuffle_")?.split('_');
    let mut small = || numbers.next()?.parse::<u64>().ok();
    let (shuffle, map, stage_attempt, attempt) = (small()?, small()?, small()?, small()?);
    let id = MapOutputId {
        shuffle,
        map: map.try_into().ok()?,
        stage_attempt: stage_attempt.try_into().ok()?,
        attempt: attempt.try_into().ok()?,
    };
    // Nothing else looks like one.
    (name == name_of(id) && !random.contains('.')).then_some(id)
}

impl StagedFile {
    /// Gives the file its final name.
    pub(crate) fn commit(self, id: MapOutputId) -> Result<ShuffleFile> {
        let temp = self.temp.rename(&name_of(id))?;
        Ok(ShuffleFile::owned(temp, self.schema, self.index, self.len))
    }
}

/// Writes a whole map output, in another directory if one fails.
pub(crate) fn write_map_output(
    dirs: &LocalDirs,
    encoder: &mut BlockEncoder,
    partitions: &[Vec<RecordBatch>],
    stats: &OutputStats,
) -> Result<StagedFile> {
    let schema = SchemaRef::clone(encoder.schema());
    let (temp, (index, len)) = dirs.write_file("output", |file, path| {
        let mut writer = FileWriter::new(file, path, encoder);
        for batches in partitions {
            writer.start_partition();
            for batch in batches {
                writer.write(batch)?;
            }
        }
        writer.finish(stats.checksum, stats.determinism)
    })?;
    Ok(StagedFile { temp, schema, index, len })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_whose_file_it_is() {
        let id = MapOutputId { shuffle: u64::MAX, map: 7, stage_attempt: 1, attempt: 2 };
        assert_eq!(id_of_name(&format!("{}.0123456789abcdef.kshf", name_of(id))), Some(id));
        for other in
            ["shuffle_1_2_3_4.kshf", "shuffle_1_2_3.ab.kshf", "shuffle_01_2_3_4.ab.kshf", "shuffle_1_2_3_4_5.ab.kshf", "output.ab.tmp"]
        {
            assert_eq!(id_of_name(other), None, "{other}");
        }
    }
}
