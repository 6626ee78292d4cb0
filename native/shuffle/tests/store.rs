//! Outputs in memory and on disk: who wins, who is evicted, what is left.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use arrow::array::RecordBatch;
use common::*;
use kiln_memory::TaskKey;
use kiln_shuffle::ShuffleError;
use kiln_shuffle::codec::BlockDecoder;
use kiln_shuffle::store::{CommitOutcome, MapOutputId, open_store};
use kiln_shuffle::writer::{MapStatus, WriterOptions};

const PARTITIONS: u32 = 5;

fn write(process: &Process, id: MapOutputId, rows: usize, seed: u64) -> MapStatus {
    let schema = schema(&types()[..14]);
    let options = WriterOptions { min_spill_bytes: 0, ..WriterOptions::default() };
    let mut writer = process.writer_with(&schema, PARTITIONS, id, options);
    for part in 0..3 {
        let batch = batch(&schema, rows, seed + part);
        writer.write(&batch, &batch.columns()[..1]).unwrap();
    }
    writer.finish().unwrap()
}

fn read(process: &Process, shuffle: u64, map: u32) -> Vec<String> {
    let batches = process.store.read(shuffle, map, 0..PARTITIONS).unwrap();
    batches.iter().flat_map(rows).collect()
}

#[test]
fn the_first_committed_attempt_wins() {
    for uri in ["memory:", "file:"] {
        let process = process(1 << 30, uri);
        assert_eq!(write(&process, id(1, 0, 4), 900, 1).outcome, CommitOutcome::Committed);
        let first = read(&process, 1, 0);
        let late = write(&process, id(1, 0, 2), 900, 77);
        assert_eq!(late.outcome, CommitOutcome::Discarded { winner: id(1, 0, 4) });
        assert_eq!(read(&process, 1, 0), first);
        assert_eq!(process.store.info(1, 0).unwrap().id.attempt, 4);
        assert_eq!(process.store.usage().outputs, 1);
        assert_eq!(process.files().len(), usize::from(uri == "file:"));
        assert_eq!(process.memory.reserved_bytes(), 0);
        // After a removal another attempt may win.
        assert!(process.store.remove_map(1, 0) && !process.store.remove_map(1, 0));
        assert_eq!(write(&process, id(1, 0, 2), 900, 77).outcome, CommitOutcome::Committed);
    }
}

#[test]
fn an_output_that_is_made_again_replaces_the_old_one() {
    for uri in ["memory:", "file:"] {
        let process = process(1 << 30, uri);
        write(&process, id(1, 0, 0), 900, 1);
        let first = read(&process, 1, 0);
        let again = MapOutputId { stage_attempt: 1, ..id(1, 0, 0) };
        let outcome = write(&process, again, 900, 77).outcome;
        assert_eq!(outcome, CommitOutcome::Committed);
        let second = read(&process, 1, 0);
        assert_ne!(second, first);
        // An attempt of the old stage that still ran comes too late, and so does a copy.
        for late in [id(1, 0, 5), MapOutputId { attempt: 1, ..again }] {
            let outcome = write(&process, late, 900, 5).outcome;
            assert_eq!(outcome, CommitOutcome::Discarded { winner: again });
        }
        assert_eq!(read(&process, 1, 0), second);
        assert_eq!(process.store.usage().outputs, 1);
        assert_eq!(process.files().len(), usize::from(uri == "file:"));
        assert_eq!(process.memory.reserved_bytes(), 0);
    }
}

#[test]
fn attempts_that_race_have_one_winner() {
    let process = process(1 << 30, "file:");
    let committed = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for attempt in 0..8 {
            let (process, committed) = (&process, &committed);
            scope.spawn(move || {
                let status = write(process, id(1, 0, attempt), 500, 5);
                if status.outcome == CommitOutcome::Committed {
                    committed.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(committed.into_inner(), 1);
    assert_eq!(process.files().len(), 1);
}

#[test]
fn memory_and_file_hold_the_same() {
    let memory = process(1 << 30, "memory:");
    let file = process(1 << 30, "file:/ignored");
    let spilled = process(100_000, "memory:");
    let status = write(&memory, id(1, 0, 0), 3000, 9);
    let on_disk = write(&file, id(1, 0, 0), 3000, 9);
    let merged = write(&spilled, id(1, 0, 0), 3000, 9);
    assert!(merged.spills > 1, "{merged:?}");
    assert_eq!(status.checksum, on_disk.checksum);
    assert_eq!((&status.rows, &status.bytes), (&on_disk.rows, &on_disk.bytes));
    assert_eq!((status.checksum, &status.rows), (merged.checksum, &merged.rows));
    assert_eq!(read(&memory, 1, 0), read(&file, 1, 0));
    assert_eq!(read(&memory, 1, 0), read(&spilled, 1, 0));
    let usage = memory.store.usage();
    assert!(usage.memory_bytes > 0 && usage.disk_bytes == 0 && usage.outputs_on_disk == 0);
    let usage = file.store.usage();
    assert!(usage.memory_bytes == 0 && usage.disk_bytes > 0 && usage.outputs_on_disk == 1);
    assert_eq!(usage.disk_bytes, fs::metadata(&file.files()[0]).unwrap().len());
    assert!(memory.store.read_stream(1, 0, 0..2).unwrap().in_memory());
    assert!(!file.store.read_stream(1, 0, 0..2).unwrap().in_memory());
    // In memory a read shares the batches.
    let twice = [(); 2].map(|()| memory.store.read(1, 0, 0..1).unwrap());
    let address = |b: &RecordBatch| b.column(0).to_data().buffers()[0].as_ptr();
    assert_eq!(address(&twice[0][0]), address(&twice[1][0]));
}

#[test]
fn encoded_blocks_are_the_same_rows() {
    for uri in ["memory:", "file:"] {
        let process = process(1 << 30, uri);
        write(&process, id(1, 0, 0), 3000, 9);
        let schema = schema(&types()[..14]);
        let mut decoder = BlockDecoder::new(schema).unwrap();
        let mut found = Vec::new();
        let mut last = 0;
        for block in process.store.read_encoded(1, 0, 1..4).unwrap() {
            let block = block.unwrap();
            assert!((1..4).contains(&block.partition) && block.partition >= last);
            last = block.partition;
            let (batch, len) = decoder.decode(&block.bytes).unwrap();
            assert_eq!((len, batch.num_rows() as u64), (block.bytes.len(), block.rows));
            found.extend(rows(&batch));
        }
        let batches = process.store.read(1, 0, 1..4).unwrap();
        assert_eq!(found, batches.iter().flat_map(rows).collect::<Vec<_>>());
    }
}

#[test]
fn execution_evicts_the_least_recently_used() {
    let process = process(8 << 20, "memory:");
    let mut sizes = Vec::new();
    for map in 0..4 {
        let before = process.memory.storage_bytes();
        write(&process, id(1, map, 0), 1000, u64::from(map));
        sizes.push(process.memory.storage_bytes() - before);
    }
    let contents: Vec<_> = (0..4).map(|map| read(&process, 1, map)).collect();
    read(&process, 1, 0);
    let task = process.memory.task(TaskKey(99));
    let consumer = task.consumer("sort", true);
    let free = (8 << 20) - process.memory.storage_bytes();
    consumer.try_grow(free + sizes[1]).unwrap();
    let in_memory = |map| process.store.info(1, map).unwrap().in_memory;
    assert_eq!((0..4).map(in_memory).collect::<Vec<_>>(), [true, false, true, true]);
    consumer.try_grow(1).unwrap();
    assert_eq!((0..4).map(in_memory).collect::<Vec<_>>(), [true, false, false, true]);
    assert_eq!(process.store.usage().evictions, 2);
    for map in 0..4 {
        assert_eq!(read(&process, 1, map), contents[map as usize]);
    }
    assert_eq!(process.files().len(), 2);
    assert_eq!(process.store.remove_shuffle(1), 4);
    assert_eq!(process.memory.storage_bytes(), 0);
    assert!(process.files().is_empty());
    assert!(matches!(process.store.read(1, 0, 0..1), Err(ShuffleError::NotFound { shuffle: 1, map: 0 })));
}

#[test]
fn a_newer_shuffle_moves_an_older_one_out() {
    let process = process(1 << 30, "memory:");
    write(&process, id(1, 0, 0), 1000, 1);
    write(&process, id(2, 0, 0), 1000, 2);
    let held = process.memory.storage_bytes();
    // Leave so much that one more output fits only if another goes.
    let task = process.memory.task(TaskKey(99));
    let consumer = task.consumer("join", false);
    consumer.grow((1 << 30) - held - held / 4);
    let schema = schema(&types()[..14]);
    let batches = vec![vec![batch(&schema, 3000, 3)]];
    let output = |attempt_batches: &Vec<Vec<RecordBatch>>| kiln_shuffle::store::MapOutput {
        schema: Arc::clone(&schema),
        stats: kiln_shuffle::store::OutputStats { bytes: vec![1], rows: vec![3000], ..Default::default() },
        data: kiln_shuffle::store::MapData::Batches { partitions: attempt_batches.clone(), bytes: held / 2, charged: None },
    };
    process.store.put(id(2, 1, 0), output(&batches)).unwrap();
    let place = |s, m| process.store.info(s, m).unwrap().in_memory;
    assert_eq!((place(1, 0), place(2, 0), place(2, 1)), (false, true, true));
    // The next one finds only outputs of its own shuffle: it goes to a file itself.
    process.store.put(id(2, 2, 0), output(&batches)).unwrap();
    assert_eq!((place(2, 0), place(2, 1), place(2, 2)), (true, true, false));
    assert_eq!(multiset(process.store.read(2, 2, 0..1).unwrap().iter().flat_map(rows)), multiset(rows(&batches[0][0])));
}

/// Streams that were opened before go on, whatever becomes of the output.
#[test]
fn eviction_and_removal_during_a_read() {
    for uri in ["memory:", "file:"] {
        let process = process(64 << 20, uri);
        let schema = schema(&types()[..14]);
        let options = WriterOptions { target_rows: 200, ..WriterOptions::default() };
        let mut writer = process.writer_with(&schema, PARTITIONS, id(1, 0, 0), options);
        let all = batch(&schema, 9000, 1);
        writer.write(&all, &all.columns()[..1]).unwrap();
        writer.finish().unwrap();
        let whole = read(&process, 1, 0);
        let mut stream = process.store.read_stream(1, 0, 0..PARTITIONS).unwrap();
        let mut found = Vec::new();
        for _ in 0..3 {
            found.extend(rows(&stream.next().unwrap().unwrap()));
        }
        process.memory.evict_storage(usize::MAX);
        assert_eq!(process.memory.storage_bytes(), 0);
        let mut second = process.store.read_stream(1, 0, 0..PARTITIONS).unwrap();
        let mut found_second = rows(&second.next().unwrap().unwrap());
        assert_eq!(process.store.remove_shuffle(1), 1);
        assert!(process.files().is_empty());
        found.extend(stream.flat_map(|b| rows(&b.unwrap())));
        found_second.extend(second.flat_map(|b| rows(&b.unwrap())));
        assert_eq!(found, whole);
        assert_eq!(found_second, whole);
    }
}

#[test]
fn many_threads_write_read_evict_and_remove() {
    let process = process(3 << 20, "memory:");
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let evictor = scope.spawn(|| {
            let mut rounds = 0;
            while !stop.load(Ordering::Relaxed) {
                let task = process.memory.task(TaskKey(1 << 60));
                let consumer = task.consumer("hungry", true);
                let _ = consumer.try_grow(500_000 + 100_000 * (rounds % 10));
                rounds += 1;
            }
        });
        let workers: Vec<_> = (0..4u32)
            .map(|worker| {
                let process = &process;
                scope.spawn(move || {
                    for round in 0..12u32 {
                        let shuffle = u64::from(worker * 100 + round / 4);
                        let seed = u64::from(worker * 1000 + round);
                        write(process, id(shuffle, round, 0), 400, seed);
                        let schema = schema(&types()[..14]);
                        let mut expected = Vec::new();
                        for part in 0..3 {
                            expected.extend(rows(&batch(&schema, 400, seed + part)));
                        }
                        assert_eq!(multiset(read(process, shuffle, round)), multiset(expected));
                        if round % 4 == 3 {
                            assert_eq!(process.store.remove_shuffle(shuffle), 4);
                        }
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.join().unwrap();
        }
        stop.store(true, Ordering::Relaxed);
        evictor.join().unwrap();
    });
    assert_eq!(process.store.usage().outputs, 0);
    assert_eq!(process.memory.storage_bytes(), 0);
    assert_eq!(process.memory.reserved_bytes(), 0);
    assert_eq!(process.memory.active_tasks(), 0);
    assert!(process.files().is_empty());
}

#[test]
fn another_directory_takes_over() {
    let process = process(0, "memory:");
    let broken = process.dirs.paths()[0].clone();
    fs::remove_dir_all(&broken).unwrap();
    let status = write(&process, id(1, 0, 0), 2000, 1);
    assert!(status.spills > 0);
    let fine = super_process();
    write(&fine, id(1, 0, 0), 2000, 1);
    assert_eq!(read(&process, 1, 0), read(&fine, 1, 0));
    assert_eq!(process.dirs.excluded().len(), 1);
    // Without any the error says so, and nothing is left.
    fs::remove_dir_all(&process.dirs.paths()[1]).unwrap();
    let schema = schema(&types()[..14]);
    let mut writer = process.writer(&schema, 3, id(1, 1, 0));
    let rows = batch(&schema, 9000, 1);
    let result = writer.write(&rows, &rows.columns()[..1]).and_then(|()| writer.finish());
    assert!(matches!(result, Err(ShuffleError::NoLocalDir { .. })), "{result:?}");
    assert_eq!(process.memory.reserved_bytes(), 0);
}

fn super_process() -> Process {
    process(1 << 30, "memory:")
}

/// An eviction that cannot write leaves the output where it is.
#[test]
fn eviction_without_a_disk_loses_nothing() {
    let process = process(1 << 20, "memory:");
    write(&process, id(1, 0, 0), 500, 1);
    let content = read(&process, 1, 0);
    for dir in process.dirs.paths() {
        fs::remove_dir_all(dir).unwrap();
    }
    let task = process.memory.task(TaskKey(5));
    let error = task.consumer("hash join", false).try_grow(1 << 20).unwrap_err();
    assert!(error.to_string().contains("hash join asked for 1.0 MiB"), "{error}");
    assert_eq!(read(&process, 1, 0), content);
    assert!(process.store.info(1, 0).unwrap().in_memory);
}

#[test]
fn a_dropped_store_leaves_nothing() {
    let process = process(1 << 30, "memory:");
    write(&process, id(1, 0, 0), 500, 1);
    process.memory.evict_storage(1);
    write(&process, id(1, 1, 0), 500, 1);
    let (root, memory) = (process.root, process.memory);
    drop(process.store);
    drop(process.dirs);
    assert_eq!(memory.storage_bytes(), 0);
    for dir in ["a", "b"] {
        assert_eq!(fs::read_dir(root.path().join(dir)).unwrap().count(), 0);
    }
}

#[test]
fn unknown_schemes_and_ranges_are_errors() {
    let process = process(1 << 30, "memory:");
    let config = kiln_shuffle::store::StoreConfig {
        memory: Arc::clone(&process.memory),
        dirs: Arc::clone(&process.dirs),
        codec: Default::default(),
        force_file: false,
    };
    assert!(open_store("s3://bucket", config).is_err());
    write(&process, id(1, 0, 0), 10, 1);
    for range in [4..6, 6..6] {
        let result = process.store.read(1, 0, range);
        assert!(matches!(result, Err(ShuffleError::Invalid(_))));
    }
    assert!(process.store.read(1, 0, 5..5).unwrap().is_empty());
}
