//! Splits of files, packed into partitions as Spark packs them.

use super::settings::Settings;
use crate::boundary::{Split, Table, TableFile};

/// The splits of each partition of a scan.
///
/// Spark's rule: a partition holds at most `min(maxPartitionBytes, max(openCost, total / parallelism))`
/// where each file adds `openCost`; large splits are placed first. Files with known blocks (Parquet's
/// row groups) are cut between blocks, others anywhere.
pub fn pack(table: &Table, settings: &Settings, parallelism: usize, splittable: bool) -> Vec<Vec<Split>> {
    let parallelism = settings.min_partition_num.unwrap_or(parallelism).max(1) as u64;
    let open_cost = settings.open_cost_bytes;
    let total: u64 = table.files.iter().map(|f| f.size + open_cost).sum();
    let limit = settings.max_partition_bytes.min(open_cost.max(total / parallelism)).max(1);

    let mut splits: Vec<Split> = table
        .files
        .iter()
        .filter(|f| f.size > 0 && f.rows != Some(0))
        .flat_map(|f| if splittable { cut(f, limit) } else { vec![whole(f)] })
        .collect();
    splits.sort_by_key(|s| std::cmp::Reverse(s.length));

    let mut partitions: Vec<Vec<Split>> = Vec::new();
    let mut current: Vec<Split> = Vec::new();
    let mut bytes = 0;
    for split in splits {
        if !current.is_empty() && bytes + split.length > limit {
            partitions.push(std::mem::take(&mut current));
            bytes = 0;
        }
        bytes += split.length + open_cost;
        current.push(split);
    }
    if !current.is_empty() {
        partitions.push(current);
    }
    partitions
}

fn split(file: &TableFile, start: u64, length: u64) -> Split {
    Split { path: file.path.clone(), start, length, size: file.size, modified_millis: file.modified_millis, hosts: file.hosts.clone() }
}

pub(super) fn whole(file: &TableFile) -> Split {
    split(file, 0, file.size)
}

fn cut(file: &TableFile, limit: u64) -> Vec<Split> {
    if file.size <= limit {
        return vec![whole(file)];
    }
    if file.blocks.is_empty() {
        let starts = (0..file.size).step_by(usize::try_from(limit).unwrap_or(usize::MAX));
        return starts.map(|start| split(file, start, limit.min(file.size - start))).collect();
    }
    // Whole blocks, as many as fit; a reader takes the blocks that start in its range.
    let mut splits: Vec<Split> = Vec::new();
    let mut start = 0;
    for (i, _) in file.blocks.iter().enumerate() {
        let next = file.blocks.get(i + 1).map_or(file.size, |b| b.start);
        let after = file.blocks.get(i + 2).map_or(file.size, |b| b.start);
        if i + 1 == file.blocks.len() || after - start > limit {
            splits.push(split(file, start, next - start));
            start = next;
        }
    }
    splits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boundary::{FileBlock, ScanFormat};
    use std::collections::BTreeMap;

    const MB: u64 = 1 << 20;

    fn file(path: &str, size: u64, blocks: &[u64]) -> TableFile {
        let blocks = blocks.iter().map(|start| FileBlock { start: *start, rows: 1 }).collect();
        TableFile { path: path.into(), size, modified_millis: 0, rows: None, hosts: Vec::new(), blocks }
    }

    fn table(files: Vec<TableFile>) -> Table {
        Table { fields: Vec::new(), scan: ScanFormat::Parquet, files, rows: None, columns: Vec::new() }
    }

    fn settings() -> Settings {
        Settings::from_conf(&BTreeMap::new()).unwrap()
    }

    #[test]
    fn small_files_share_a_partition() {
        let files = (0..10).map(|i| file(&format!("/f{i}"), MB, &[])).collect();
        let packed = pack(&table(files), &settings(), 2, true);
        // 10 files of 1 MB + 4 MB open cost over 2 slots: 25 MB a partition.
        assert_eq!(packed.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5]);
    }

    #[test]
    fn a_large_file_is_cut_everywhere_without_blocks() {
        let packed = pack(&table(vec![file("/f", 1000 * MB, &[])]), &settings(), 2, true);
        assert_eq!(packed.len(), 8);
        assert_eq!(packed.iter().flatten().map(|s| s.length).sum::<u64>(), 1000 * MB);
        assert_eq!(pack(&table(vec![file("/f", 1000 * MB, &[])]), &settings(), 2, false).len(), 1);
    }

    #[test]
    fn a_large_file_is_cut_between_its_blocks() {
        let blocks: Vec<u64> = (0..6).map(|b| 4 + b * 30 * MB).collect();
        let packed = pack(&table(vec![file("/f", 180 * MB, &blocks)]), &settings(), 2, true);
        let mut splits: Vec<_> = packed.into_iter().flatten().collect();
        splits.sort_by_key(|s| s.start);
        assert_eq!(splits.len(), 2);
        assert_eq!(splits[0].start, 0);
        assert_eq!(splits[0].length, splits[1].start);
        assert_eq!(splits[1].start + splits[1].length, 180 * MB);
        assert!(blocks.contains(&splits[1].start));
    }
}
