//! What is written comes back: the same rows, where Spark's hash puts them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch, StringViewArray};
use arrow::datatypes::SchemaRef;
use common::*;
use kiln_shuffle::ShuffleError;
use kiln_shuffle::codec::Codec;
use kiln_shuffle::hash::{hash_columns, partition_of};
use kiln_shuffle::store::CommitOutcome;
use kiln_shuffle::writer::{MapStatus, WriterOptions};
use proptest::prelude::*;

/// The rows that each partition must have.
fn expected(batches: &[RecordBatch], partitions: u32) -> Vec<BTreeMap<String, usize>> {
    let mut expected = vec![Vec::new(); partitions as usize];
    for batch in batches {
        let mut hashes = Vec::new();
        hash_columns(&keys(batch), batch.num_rows(), &mut hashes).unwrap();
        for (row, hash) in rows(batch).into_iter().zip(hashes) {
            expected[partition_of(hash, partitions) as usize].push(row);
        }
    }
    expected.into_iter().map(multiset).collect()
}

fn keys(batch: &RecordBatch) -> Vec<ArrayRef> {
    batch.columns().iter().take(2).cloned().collect()
}

fn check(process: &Process, status: &MapStatus, schema: &SchemaRef, batches: &[RecordBatch]) {
    let partitions = status.rows.len() as u32;
    let expected = expected(batches, partitions);
    for (partition, expected) in (0..partitions).zip(expected) {
        let stream = process.store.read_stream(status.id.shuffle, status.id.map, partition..partition + 1).unwrap();
        let read: Vec<RecordBatch> = stream.map(Result::unwrap).collect();
        for batch in &read {
            assert_eq!(batch.schema_ref(), schema);
            assert!(batch.num_rows() > 0);
        }
        let found = read.iter().flat_map(rows);
        assert_eq!(multiset(found), expected, "partition {partition}");
        let count: usize = read.iter().map(RecordBatch::num_rows).sum();
        assert_eq!(status.rows[partition as usize], count as u64);
        assert!(count > 0 || status.bytes[partition as usize] == 0);
    }
    let info = process.store.info(status.id.shuffle, status.id.map).unwrap();
    assert_eq!(info.stats.rows, status.rows);
    assert_eq!(info.stats.bytes, status.bytes);
    assert_eq!(info.stats.checksum, status.checksum);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Any types, any batches, any number of partitions, any spills.
    #[test]
    fn writer_and_reader_agree(
        kinds in proptest::collection::vec(0usize..22, 1..6),
        sizes in proptest::collection::vec(prop_oneof![0usize..50, 0usize..3000], 0..8),
        partitions in prop_oneof![1u32..4, 1u32..300],
        // From no memory at all to plenty.
        budget in prop_oneof![Just(0usize), 1_000usize..400_000, Just(1usize << 30)],
        flush in prop_oneof![1usize..200_000, Just(64usize << 20)],
        target_rows in 1usize..4000,
        min_spill in prop_oneof![Just(0usize), Just(100_000usize)],
        force_file in any::<bool>(),
        codec in prop_oneof![Just(Codec::None), Just(Codec::Lz4), Just(Codec::Zstd)],
        seed in any::<u64>(),
    ) {
        let types: Vec<_> = kinds.iter().map(|k| types()[*k].clone()).collect();
        let schema = schema(&types);
        let process = process(budget, if force_file { "file:" } else { "memory:" });
        let batches: Vec<_> = sizes.iter().enumerate()
            .map(|(i, rows)| batch(&schema, *rows, seed.wrapping_add(i as u64)))
            .collect();
        let options = WriterOptions { codec, target_rows, flush_bytes: flush, min_spill_bytes: min_spill };
        let mut writer = process.writer_with(&schema, partitions, id(7, 3, 0), options);
        for batch in &batches {
            writer.write(batch, &keys(batch)).unwrap();
        }
        let status = writer.finish().unwrap();
        prop_assert_eq!(status.outcome, CommitOutcome::Committed);
        prop_assert_eq!(status.rows.iter().sum::<u64>(), sizes.iter().sum::<usize>() as u64);
        prop_assert_eq!(process.memory.reserved_bytes(), 0);
        prop_assert_eq!(process.memory.active_tasks(), 0);
        check(&process, &status, &schema, &batches);

        // A retry, in other batches, puts every row where it was.
        let all = arrow::compute::concat_batches(&schema, &batches);
        if let Ok(all) = all {
            let again = common::process(1 << 30, "memory:");
            let mut writer = again.writer(&schema, partitions, id(7, 3, 1));
            writer.write(&all, &keys(&all)).unwrap();
            let retried = writer.finish().unwrap();
            prop_assert_eq!(&retried.rows, &status.rows);
            prop_assert_eq!(retried.checksum, status.checksum);
            prop_assert_eq!(retried.spills, 0);
        }

        prop_assert_eq!(process.store.remove_shuffle(7), 1);
        prop_assert_eq!(process.memory.storage_bytes(), 0);
        prop_assert!(process.files().is_empty());
    }

    /// A writer that is dropped amid its work leaves nothing.
    #[test]
    fn dropped_writers_leave_nothing(
        sizes in proptest::collection::vec(1usize..3000, 1..6),
        budget in 0usize..100_000,
        seed in any::<u64>(),
    ) {
        let schema = schema(&types()[..12]);
        let process = process(budget, "memory:");
        let mut writer = process.writer(&schema, 11, id(1, 0, 0));
        for (i, rows) in sizes.iter().enumerate() {
            let batch = batch(&schema, *rows, seed.wrapping_add(i as u64));
            writer.write(&batch, &keys(&batch)).unwrap();
        }
        writer.abort();
        prop_assert_eq!(process.memory.reserved_bytes(), 0);
        prop_assert!(process.files().is_empty());
        prop_assert!(process.store.info(1, 0).is_none());
    }
}

#[test]
fn order_in_a_partition_is_the_order_of_writing() {
    let schema = schema(&types()[..1]);
    for budget in [0, 20_000, 1 << 30] {
        let process = process(budget, "memory:");
        let options = WriterOptions { min_spill_bytes: 0, ..WriterOptions::default() };
        let mut writer = process.writer_with(&schema, 3, id(1, 0, 0), options);
        for start in 0..400i64 {
            let values: Vec<i64> = (start * 500..start * 500 + 500).collect();
            let ids: Vec<u32> = values.iter().map(|v| (v % 3) as u32).collect();
            let column: ArrayRef = Arc::new(Int64Array::from(values));
            let batch = RecordBatch::try_new(Arc::clone(&schema), vec![column]).unwrap();
            writer.write_to(&batch, &ids).unwrap();
        }
        let status = writer.finish().unwrap();
        // With no memory at all there are more spills than files may be open.
        assert!(status.spills > 64 || budget > 0, "{status:?}");
        assert_eq!(status.spills > 0, budget < 1 << 30);
        assert_eq!(status.spilled_bytes > 0, status.spills > 0);
        for partition in 0..3u32 {
            let batches = process.store.read(1, 0, partition..partition + 1).unwrap();
            let read: Vec<i64> = batches
                .iter()
                .flat_map(|b| {
                    let column = b.column(0).as_any().downcast_ref::<Int64Array>().unwrap();
                    column.values().to_vec()
                })
                .collect();
            let written: Vec<i64> = (0..200_000).filter(|v| v % 3 == i64::from(partition)).collect();
            assert_eq!(read, written);
        }
    }
}

#[test]
fn one_partition_is_passed_on_without_a_copy() {
    let schema = schema(&types()[..12]);
    let process = process(1 << 30, "memory:");
    let mut writer = process.writer(&schema, 2, id(1, 0, 0));
    let large = batch(&schema, 5000, 2);
    writer.write_single(&large, 1).unwrap();
    let status = writer.finish().unwrap();
    assert_eq!(status.rows, [0, 5000]);
    let read = process.store.read(1, 0, 0..2).unwrap();
    assert_eq!(read.len(), 1);
    let address = |b: &RecordBatch| b.column(0).to_data().buffers()[0].as_ptr();
    assert_eq!(address(&read[0]), address(&large));
    drop(read);
    assert!(process.memory.storage_bytes() > 5000 * 8);
    drop(process.store);
    assert_eq!(process.memory.storage_bytes(), 0);
}

#[test]
fn tiny_batches_are_put_together() {
    let schema = schema(&types()[..12]);
    for budget in [0, 1 << 30] {
        let process = process(budget, "memory:");
        let mut writer = process.writer(&schema, 2, id(1, 0, 0));
        let mut expected = Vec::new();
        for seed in 0..2000 {
            let batch = batch(&schema, 10, seed);
            expected.extend(rows(&batch));
            writer.write_single(&batch, 1).unwrap();
        }
        writer.finish().unwrap();
        let read = process.store.read(1, 0, 1..2).unwrap();
        assert!(read.len() <= 5, "{}", read.len());
        assert_eq!(read.iter().flat_map(rows).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn tiny_batches_to_many_partitions_too() {
    let schema = schema(&types()[..4]);
    let process = process(1 << 30, "memory:");
    let options = WriterOptions { flush_bytes: 1000, ..WriterOptions::default() };
    let mut writer = process.writer_with(&schema, 50, id(1, 0, 0), options);
    for seed in 0..100 {
        let batch = batch(&schema, 9000, seed);
        writer.write(&batch, &keys(&batch)).unwrap();
    }
    let status = writer.finish().unwrap();
    for partition in 0..50 {
        let batches = process.store.read(1, 0, partition..partition + 1).unwrap();
        let rows = status.rows[partition as usize] as usize;
        assert!(batches.len() <= 1 + rows / 1024, "{} of {rows}", batches.len());
    }
}

/// A slice of a large batch, or few values of large view buffers, must not keep them.
#[test]
fn slices_do_not_pin_or_charge_whole_buffers() {
    let text = "a long string that is not inline ".repeat(4);
    let view = StringViewArray::from_iter_values((0..100_000).map(|i| format!("{text}{i}")));
    let column: ArrayRef = Arc::new(view);
    let whole = RecordBatch::try_from_iter([("c", column)]).unwrap();
    let process = process(1 << 30, "memory:");
    for (map, rows) in [(0, 2000), (1, 20)] {
        let mut writer = process.writer(&whole.schema(), 1, id(1, map, 0));
        writer.write_single(&whole.slice(500, rows), 0).unwrap();
        writer.finish().unwrap();
    }
    let mut writer = process.writer(&whole.schema(), 10, id(1, 2, 0));
    let part = whole.slice(500, 2000);
    writer.write(&part, part.columns()).unwrap();
    writer.finish().unwrap();
    let held = process.memory.storage_bytes();
    assert!(held < 2_000_000, "{held}");
    let usage = process.memory.usage();
    assert!(usage.peak_execution_bytes < 3_000_000, "{usage:?}");
}

#[test]
fn shared_buffers_are_charged_once() {
    let column: ArrayRef = Arc::new(Int64Array::from_iter_values(0..100_000));
    let whole = RecordBatch::try_from_iter([("c", column)]).unwrap();
    let process = process(1 << 30, "memory:");
    let mut writer = process.writer(&whole.schema(), 1, id(1, 0, 0));
    // The second half first: it needs half of the buffer, so it keeps it.
    for slice in [whole.slice(20_000, 80_000), whole.slice(0, 10_000), whole.slice(10_000, 10_000)] {
        writer.write_single(&slice, 0).unwrap();
    }
    writer.finish().unwrap();
    let held = process.memory.storage_bytes();
    assert!((800_000..801_000).contains(&held), "{held}");
}

#[test]
fn dictionaries_that_overflow_stay_apart() {
    use arrow::array::DictionaryArray;
    use arrow::datatypes::Int8Type;
    let dictionary = |prefix: &str| -> RecordBatch {
        let values: Vec<String> = (0..100).map(|i| format!("{prefix}{i}")).collect();
        let array: DictionaryArray<Int8Type> = values.iter().map(|v| Some(v.as_str())).collect();
        RecordBatch::try_from_iter([("c", Arc::new(array) as ArrayRef)]).unwrap()
    };
    for (budget, single) in [(0, false), (1 << 30, false), (1 << 30, true)] {
        let process = process(budget, "memory:");
        let batches: Vec<_> = ["a", "b", "c"].iter().map(|p| dictionary(p)).collect();
        let mut writer = process.writer(&batches[0].schema(), 2, id(1, 0, 0));
        for batch in &batches {
            if single {
                writer.write_single(batch, 0).unwrap();
            } else {
                writer.write(batch, batch.columns()).unwrap();
            }
        }
        writer.finish().unwrap();
        let read = process.store.read(1, 0, 0..2).unwrap();
        let found = multiset(read.iter().flat_map(rows));
        assert_eq!(found, multiset(batches.iter().flat_map(rows)));
    }
}

#[test]
fn batches_without_columns_have_rows() {
    let schema = schema(&[]);
    for uri in ["memory:", "file:"] {
        let process = process(1 << 30, uri);
        let mut writer = process.writer(&schema, 4, id(1, 0, 0));
        writer.write(&batch(&schema, 10, 1), &[]).unwrap();
        let status = writer.finish().unwrap();
        assert_eq!(status.rows, [0, 0, 10, 0], "everything hashes to 42");
        let read = process.store.read(1, 0, 0..4).unwrap();
        assert_eq!(read.iter().map(RecordBatch::num_rows).sum::<usize>(), 10);
    }
}

#[test]
fn misuse_is_an_error() {
    let schema = schema(&types()[..2]);
    let process = process(1 << 30, "memory:");
    let good = batch(&schema, 10, 1);
    let other = batch(&common::schema(&types()[2..4]), 10, 1);
    let mut writer = process.writer(&schema, 4, id(1, 0, 0));
    let invalid = |result: Result<(), ShuffleError>| {
        assert!(matches!(result, Err(ShuffleError::Invalid(_))), "{result:?}");
    };
    invalid(writer.write_to(&good, &[0; 9]));
    invalid(writer.write_single(&good, 4));
    invalid(writer.write(&good, &[good.column(0).slice(0, 5)]));
    invalid(writer.write_single(&other, 0));
    invalid(writer.write_to(&good, &[4; 10]));
    drop(writer);
    assert_eq!(process.memory.reserved_bytes(), 0);
    let memory = process.memory.task(kiln_memory::TaskKey(9)).consumer("w", true);
    let writer = kiln_shuffle::writer::ShuffleWriter::new(
        schema,
        0,
        id(1, 1, 0),
        Default::default(),
        Arc::clone(&process.store),
        memory,
        WriterOptions::default(),
    );
    assert!(writer.is_err());
}
