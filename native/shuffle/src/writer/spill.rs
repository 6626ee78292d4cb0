//! Spill files: one per event, sorted by partition, merged by copying bytes.

use std::fs::File;

use super::buffer::Buffered;
use crate::codec::BlockEncoder;
use crate::dirs::{LocalDirs, TempFile};
use crate::error::{Result, ShuffleError};
use crate::file::{FileWriter, PartitionEntry, StagedFile};
use crate::store::OutputStats;

/// A spill file and where its partitions are; removed on drop.
#[derive(Debug)]
pub(super) struct Spill {
    temp: TempFile,
    partitions: Vec<PartitionEntry>,
    pub len: u64,
}

/// Writes all that is buffered to one file.
pub(super) fn spill(dirs: &LocalDirs, encoder: &mut BlockEncoder, buffered: &Buffered, partitions: u32) -> Result<Spill> {
    let (temp, (partitions, len)) = dirs.write_file("spill", |file, path| {
        let mut writer = FileWriter::new(file, path, encoder);
        write_partitions(&mut writer, partitions, buffered, |_, _| Ok(()))?;
        writer.finish_spill()
    })?;
    Ok(Spill { temp, partitions, len })
}

/// Writes the output: the spills' blocks, and what is still buffered.
pub(super) fn merge(
    dirs: &LocalDirs,
    encoder: &mut BlockEncoder,
    spills: &[Spill],
    buffered: &Buffered,
    stats: &OutputStats,
) -> Result<StagedFile> {
    let schema = encoder.schema().clone();
    let (temp, (index, len)) = dirs.write_file("output", |file, path| {
        let mut sources = open_all(spills)?;
        let mut writer = FileWriter::new(file, path, encoder);
        let partitions = stats.rows.len() as u32;
        write_partitions(&mut writer, partitions, buffered, |writer, partition| copy_spilled(writer, &mut sources, partition))?;
        writer.finish(stats.checksum, stats.determinism)
    })?;
    Ok(StagedFile { temp, schema, index, len })
}

/// Puts many spill files into one.
pub(super) fn merge_spills(dirs: &LocalDirs, encoder: &mut BlockEncoder, spills: &[Spill], partitions: u32) -> Result<Spill> {
    let (temp, (partitions, len)) = dirs.write_file("spill", |file, path| {
        let mut sources = open_all(spills)?;
        let mut writer = FileWriter::new(file, path, encoder);
        for partition in 0..partitions {
            writer.start_partition();
            copy_spilled(&mut writer, &mut sources, partition)?;
        }
        writer.finish_spill()
    })?;
    Ok(Spill { temp, partitions, len })
}

fn copy_spilled(writer: &mut FileWriter<'_>, sources: &mut [(&Spill, File)], partition: u32) -> Result<()> {
    for (spill, file) in sources {
        let entry = &spill.partitions[partition as usize];
        if entry.length > 0 {
            writer.copy(file, spill.temp.path(), entry)?;
        }
    }
    Ok(())
}

fn write_partitions(
    writer: &mut FileWriter<'_>,
    partitions: u32,
    buffered: &Buffered,
    mut before: impl FnMut(&mut FileWriter<'_>, u32) -> Result<()>,
) -> Result<()> {
    for partition in 0..partitions {
        writer.start_partition();
        before(writer, partition)?;
        buffered.for_each(partition, &mut |batch| writer.write(&batch))?;
    }
    Ok(())
}

fn open_all(spills: &[Spill]) -> Result<Vec<(&Spill, File)>> {
    spills
        .iter()
        .map(|spill| {
            let path = spill.temp.path();
            let file = File::open(path).map_err(ShuffleError::io("open", path))?;
            Ok((spill, file))
        })
        .collect()
}
