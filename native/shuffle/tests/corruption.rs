//! Bytes that are not what was written: always a typed error, never a panic, never an
//! allocation beyond what the bytes can stand for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use common::*;
use kiln_shuffle::ShuffleError;
use kiln_shuffle::codec::{BlockDecoder, BlockEncoder, Codec, HEADER_LEN};
use kiln_shuffle::file::ShuffleFile;
use proptest::prelude::*;

/// The largest allocation since the last reset.
static LARGEST: AtomicUsize = AtomicUsize::new(0);

struct Watch;

// SAFETY: hands everything to the system's allocator.
unsafe impl GlobalAlloc for Watch {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watch = Watch;

const LIMIT: usize = 64 << 20;

fn encode(schema: &SchemaRef, codec: Codec, batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = BlockEncoder::new(Arc::clone(schema), codec).unwrap();
    encoder.encode(batch, &mut bytes).unwrap();
    bytes
}

fn codecs() -> impl Strategy<Value = Codec> {
    prop_oneof![Just(Codec::None), Just(Codec::Lz4), Just(Codec::Zstd)]
}

/// Makes the CRC fit, as somebody would who means harm.
fn seal(block: &mut [u8]) {
    let crc = crc32c::crc32c_append(crc32c::crc32c(&block[..20]), &block[HEADER_LEN..]);
    block[20..24].copy_from_slice(&crc.to_le_bytes());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn blocks_round_trip(
        kinds in proptest::collection::vec(0usize..22, 0..8),
        sizes in proptest::collection::vec(0usize..2000, 1..4),
        codec in codecs(),
        seed in any::<u64>(),
    ) {
        let types: Vec<_> = kinds.iter().map(|k| types()[*k].clone()).collect();
        let schema = schema(&types);
        let mut encoder = BlockEncoder::new(Arc::clone(&schema), codec).unwrap();
        let mut decoder = BlockDecoder::new(Arc::clone(&schema)).unwrap();
        let mut bytes = Vec::new();
        let batches: Vec<_> = sizes.iter().enumerate()
            .map(|(i, rows)| batch(&schema, *rows, seed.wrapping_add(i as u64)))
            .collect();
        for batch in &batches {
            encoder.encode(batch, &mut bytes).unwrap();
        }
        let mut rest = bytes.as_slice();
        for batch in &batches {
            let (decoded, len) = decoder.decode(rest).unwrap();
            prop_assert_eq!(decoded.schema_ref(), &schema);
            prop_assert_eq!(rows(&decoded), rows(batch));
            rest = &rest[len..];
        }
        prop_assert!(rest.is_empty());
    }

    /// A flipped byte or a cut is always found.
    #[test]
    fn damaged_blocks_are_errors(
        kinds in proptest::collection::vec(0usize..22, 1..6),
        rows in 0usize..300,
        codec in codecs(),
        seed in any::<u64>(),
        at in any::<prop::sample::Index>(),
        flip in 1u8..=255,
        cut in any::<bool>(),
    ) {
        let types: Vec<_> = kinds.iter().map(|k| types()[*k].clone()).collect();
        let schema = schema(&types);
        let mut bytes = encode(&schema, codec, &batch(&schema, rows, seed));
        let at = at.index(bytes.len());
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] ^= flip;
        }
        LARGEST.store(0, Ordering::Relaxed);
        let mut decoder = BlockDecoder::new(schema).unwrap();
        prop_assert!(decoder.decode(&bytes).is_err());
        prop_assert!(LARGEST.load(Ordering::Relaxed) < LIMIT);
    }

    /// Damage with a CRC that fits may decode to something, but it does not panic.
    #[test]
    fn forged_blocks_do_not_panic(
        kinds in proptest::collection::vec(0usize..22, 1..6),
        rows in 0usize..100,
        codec in codecs(),
        seed in any::<u64>(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let types: Vec<_> = kinds.iter().map(|k| types()[*k].clone()).collect();
        let schema = schema(&types);
        let mut bytes = encode(&schema, codec, &batch(&schema, rows, seed));
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        seal(&mut bytes);
        LARGEST.store(0, Ordering::Relaxed);
        let mut decoder = BlockDecoder::new(schema).unwrap();
        if let Ok((batch, len)) = decoder.decode(&bytes) {
            prop_assert!(len <= bytes.len());
            // What passed is valid: looking at it is safe.
            common::rows(&batch);
        }
        prop_assert!(LARGEST.load(Ordering::Relaxed) < LIMIT);
    }

    #[test]
    fn garbage_is_an_error(mut bytes in proptest::collection::vec(any::<u8>(), 0..200),
                           header in any::<bool>()) {
        if header && bytes.len() >= HEADER_LEN {
            bytes[..4].copy_from_slice(b"KBL1");
            bytes[4] %= 3;
            let stored = (bytes.len() - HEADER_LEN) as u32;
            bytes[12..16].copy_from_slice(&stored.to_le_bytes());
            seal(&mut bytes);
        }
        LARGEST.store(0, Ordering::Relaxed);
        let mut decoder = BlockDecoder::new(schema(&types())).unwrap();
        prop_assert!(decoder.decode(&bytes).is_err());
        prop_assert!(LARGEST.load(Ordering::Relaxed) < LIMIT);
    }
}

/// Writes one output to a file; returns its bytes and rows by partition.
fn file(process: &Process) -> (Vec<u8>, Vec<Vec<String>>) {
    let schema = schema(&types()[..10]);
    let all = batch(&schema, 60, 4);
    let mut writer = process.writer(&schema, 4, id(1, 0, 0));
    writer.write(&all, &all.columns()[..1]).unwrap();
    writer.finish().unwrap();
    let rows = (0..4)
        .map(|p| {
            let batches = process.store.read(1, 0, p..p + 1).unwrap();
            batches.iter().flat_map(common::rows).collect()
        })
        .collect();
    (fs::read(&process.files()[0]).unwrap(), rows)
}

fn read_all(path: &Path) -> Result<Vec<Vec<String>>, ShuffleError> {
    let file = ShuffleFile::open(path, schema(&types()[..10]))?;
    (0..file.index().partitions.len() as u32)
        .map(|p| {
            let mut found = Vec::new();
            for batch in file.blocks(p..p + 1)? {
                found.extend(rows(&batch?));
            }
            Ok(found)
        })
        .collect()
}

#[test]
fn every_flipped_byte_of_a_file_is_found() {
    let process = process(1 << 30, "file:");
    let (good, expected) = file(&process);
    let path = process.root.path().join("copy.kshf");
    fs::write(&path, &good).unwrap();
    assert_eq!(read_all(&path).unwrap(), expected);
    let mut harmless = 0;
    // In place: to truncate and write a file anew is slow.
    let handle = fs::OpenOptions::new().write(true).open(&path).unwrap();
    for at in 0..good.len() {
        let byte = [good[at] ^ (1 << (at % 8))];
        handle.write_all_at(&byte, at as u64).unwrap();
        match read_all(&path) {
            Err(ShuffleError::Corrupt { file, .. }) => assert_eq!(file, path),
            Err(other) => panic!("byte {at}: {other}"),
            Ok(_) => harmless += 1,
        }
        handle.write_all_at(&good[at..=at], at as u64).unwrap();
    }
    assert_eq!(harmless, 0);
}

#[test]
fn every_truncation_of_a_file_is_found() {
    let process = process(1 << 30, "file:");
    let (good, _) = file(&process);
    let path = process.root.path().join("copy.kshf");
    fs::write(&path, &good).unwrap();
    let handle = fs::OpenOptions::new().write(true).open(&path).unwrap();
    for len in (0..good.len()).rev() {
        handle.set_len(len as u64).unwrap();
        let error = read_all(&path).unwrap_err();
        assert!(error.is_corrupt(), "{len} bytes: {error}");
    }
    let mut longer = good.clone();
    longer.push(0);
    fs::write(&path, &longer).unwrap();
    assert!(read_all(&path).unwrap_err().is_corrupt());
    fs::remove_file(&path).unwrap();
    assert!(matches!(read_all(&path), Err(ShuffleError::Io { .. })));
}

/// A file that is damaged while the store has its index in memory.
#[test]
fn the_store_tells_which_partition_is_corrupt() {
    let process = process(1 << 30, "file:");
    let (good, expected) = file(&process);
    let path = process.files()[0].clone();
    let open = ShuffleFile::open(&path, schema(&types()[..10])).unwrap();
    let entry = open.index().partitions[2];
    let mut bad = good.clone();
    bad[(entry.offset + entry.length / 2) as usize] ^= 0x40;
    fs::write(&path, &bad).unwrap();
    for p in [0, 1, 3] {
        let batches = process.store.read(1, 0, p..p + 1).unwrap();
        let found: Vec<_> = batches.iter().flat_map(rows).collect();
        assert_eq!(found, expected[p as usize]);
    }
    let mut stream = process.store.read_stream(1, 0, 0..4).unwrap();
    let error = stream.find_map(Result::err).unwrap();
    assert!(stream.next().is_none(), "it ends after an error");
    match &error {
        ShuffleError::Corrupt { file, partition, .. } => assert_eq!((file, partition), (&path, &Some(2))),
        other => panic!("{other}"),
    }
    assert!(error.to_string().contains("partition 2: CRC32C"), "{error}");
    // Cut off beneath the reader.
    fs::write(&path, &good[..entry.offset as usize + 30]).unwrap();
    assert!(process.store.read(1, 0, 2..3).unwrap_err().is_corrupt());
}
