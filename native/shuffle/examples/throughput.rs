//! Measures the shuffle on one core with a table like TPC-H's lineitem.
//!
//!     cargo run --release -p kiln-shuffle --example throughput [-- rows [only]]
//!
//! `only` names one measurement, for a profiler. MB are 10^6 bytes of Arrow memory of the
//! input; each figure is the best of several rounds, in processor time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::hint::black_box;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use arrow::array::*;

use kiln_memory::{MemoryConfig, MemoryManager, TaskKey};
use kiln_shuffle::codec::{BlockDecoder, BlockEncoder, Codec};
use kiln_shuffle::dirs::LocalDirs;
use kiln_shuffle::hash::{RowChecksum, hash_columns, partition_ids};
use kiln_shuffle::store::*;
use kiln_shuffle::writer::{ShuffleWriter, WriterOptions};

/// The addon's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BATCH: usize = 8192;
const ROUNDS: usize = 5;

fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A random number below another.
type Below<'a> = &'a mut dyn FnMut(u64) -> u64;

/// One batch of lineitem; strings as `views` or with offsets.
fn lineitem(first: u64, rows: usize, views: bool) -> RecordBatch {
    let mut state = first;
    let mut below = move |n: u64| random(&mut state) % n;
    let long =
        |f: &mut dyn FnMut(u64) -> u64| -> ArrayRef { Arc::new(Int64Array::from_iter_values((0..rows as u64).map(|i| f(i) as i64))) };
    let words = [
        "carefully",
        "final",
        "deposits",
        "sleep",
        "quickly",
        "ironic",
        "requests",
        "the",
        "furiously",
        "bold",
        "packages",
        "haggle",
        "blithely",
        "among",
        "regular",
        "accounts",
    ];
    let modes = ["REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"];
    let instructions = ["DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN"];
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("orderkey", long(&mut |i| (first + i) / 4)),
        ("partkey", long(&mut |_| below(200_000))),
        ("suppkey", long(&mut |_| below(10_000))),
    ];
    columns.push(("linenumber", Arc::new(Int32Array::from_iter_values((0..rows).map(|i| (i % 7) as i32)))));
    for (name, top) in [("quantity", 50), ("price", 10_000_000), ("discount", 11), ("tax", 9)] {
        let values = (0..rows).map(|_| i128::from(below(top)));
        let array = Decimal128Array::from_iter_values(values);
        let array = array.with_precision_and_scale(15, 2).unwrap();
        columns.push((name, Arc::new(array)));
    }
    let mut text = |name: &'static str, f: &mut dyn FnMut(Below) -> String| {
        let values: Vec<String> = (0..rows).map(|_| f(&mut below)).collect();
        let array: ArrayRef =
            if views { Arc::new(StringViewArray::from_iter_values(values)) } else { Arc::new(StringArray::from_iter_values(values)) };
        columns.push((name, array));
    };
    text("returnflag", &mut |r| ["A", "N", "R"][r(3) as usize].to_owned());
    text("linestatus", &mut |r| ["O", "F"][r(2) as usize].to_owned());
    text("instruct", &mut |r| instructions[r(4) as usize].to_owned());
    text("mode", &mut |r| modes[r(7) as usize].to_owned());
    text("comment", &mut |r| {
        let count = 2 + r(5) as usize;
        let chosen: Vec<_> = (0..count).map(|_| words[r(16) as usize]).collect();
        chosen.join(" ")
    });
    for name in ["shipdate", "commitdate", "receiptdate"] {
        let days = (0..rows).map(|_| 8036 + below(2500) as i32);
        columns.push((name, Arc::new(Date32Array::from_iter_values(days))));
    }
    RecordBatch::try_from_iter(columns).unwrap()
}

fn bytes(batches: &[RecordBatch]) -> f64 {
    let total: usize = batches.iter().map(|b| b.get_array_memory_size()).sum();
    total as f64
}

/// Time of this thread on a processor, so that a busy machine does not spoil the figures;
/// where the system does not tell, the time of day.
fn seconds() -> f64 {
    let on_cpu = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = on_cpu.and_then(|s| s.split(' ').next()?.parse::<f64>().ok());
    nanos.map_or_else(|| EPOCH.elapsed().as_secs_f64(), |n| n / 1e9)
}

static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Prints MB/s of the best round.
fn measure(name: &str, mb: f64, only: Option<&str>, mut work: impl FnMut() -> f64) {
    if only.is_some_and(|only| !name.contains(only)) {
        return;
    }
    let mut best = f64::MAX;
    let mut note = 0.0;
    for _ in 0..ROUNDS {
        let started = seconds();
        note = work();
        best = best.min(seconds() - started);
    }
    println!("{name:<44} {:>8.0} MB/s   {:>7.2} ms   {note:.2}", mb / best, best * 1e3);
}

struct Setup {
    memory: Arc<MemoryManager>,
    store: Arc<dyn BlockStore>,
}

fn setup(root: &std::path::Path, budget: usize, force_file: bool) -> Setup {
    let memory = MemoryManager::new(MemoryConfig::new(budget)).unwrap();
    let store = open_store(
        if force_file { "file:" } else { "memory:" },
        StoreConfig { memory: Arc::clone(&memory), dirs: LocalDirs::new(&[root.to_path_buf()]).unwrap(), codec: Codec::Lz4, force_file },
    )
    .unwrap();
    Setup { memory, store }
}

fn shuffle(setup: &Setup, batches: &[RecordBatch], partitions: u32, options: &WriterOptions) -> f64 {
    let id = MapOutputId { shuffle: 1, map: 0, stage_attempt: 0, attempt: 0 };
    let memory = setup.memory.task(TaskKey(1)).consumer("writer", true);
    let store = Arc::clone(&setup.store);
    let schema = batches[0].schema();
    let mut writer = ShuffleWriter::new(schema, partitions, id, Determinism::Determinate, store, memory, options.clone()).unwrap();
    for batch in batches {
        writer.write(batch, &batch.columns()[..1]).unwrap();
    }
    let status = writer.finish().unwrap();
    setup.store.remove_shuffle(1);
    f64::from(status.spills)
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let rows: usize = arguments.next().map_or(1_000_000, |r| r.parse().unwrap());
    let only = arguments.next();
    let only = only.as_deref();
    let root = std::env::temp_dir().join(format!("kiln-throughput-{}", std::process::id()));
    for views in [false, true] {
        let batches: Vec<_> = (0..rows.div_ceil(BATCH)).map(|i| lineitem((i * BATCH) as u64, BATCH, views)).collect();
        let mb = bytes(&batches) / 1e6;
        let kind = if views { "views" } else { "strings" };
        println!("# {kind}: {} rows, {mb:.0} MB, {:.0} B/row", batches.len() * BATCH, mb * 1e6 / (batches.len() * BATCH) as f64);
        let name = |what: &str| format!("{kind} {what}");

        let mut hashes = Vec::new();
        let mut ids = Vec::new();
        measure(&name("hash of a bigint, partition ids"), mb, only, || {
            for batch in &batches {
                hash_columns(&batch.columns()[..1], BATCH, &mut hashes).unwrap();
                partition_ids(&hashes, 200, &mut ids).unwrap();
                black_box(&ids);
            }
            0.0
        });
        measure(&name("hash of the comment"), mb, only, || {
            for batch in &batches {
                hash_columns(&batch.columns()[12..13], BATCH, &mut hashes).unwrap();
                black_box(&hashes);
            }
            0.0
        });
        measure(&name("row checksum"), mb, only, || {
            let mut checksum = RowChecksum::default();
            batches.iter().for_each(|b| checksum.add_to(b, 1));
            black_box(checksum.value());
            0.0
        });

        let in_memory = setup(&root, 16 << 30, false);
        for partitions in [16, 200, 2000] {
            for flush in [16usize, 64] {
                let options = WriterOptions { flush_bytes: flush << 20, ..WriterOptions::default() };
                measure(&name(&format!("writer, memory, {partitions} p, flush {flush} MiB")), mb, only, || {
                    shuffle(&in_memory, &batches, partitions, &options)
                });
            }
        }
        let options = WriterOptions::default();
        let spilling = setup(&root, 64 << 20, false);
        let to_file = setup(&root, 16 << 30, true);
        for partitions in [16, 200] {
            measure(&name(&format!("writer, LZ4 file, {partitions} p")), mb, only, || shuffle(&to_file, &batches, partitions, &options));
            measure(&name(&format!("writer, spills at 64 MiB, {partitions} p")), mb, only, || {
                shuffle(&spilling, &batches, partitions, &options)
            });
        }

        let tiny = [batches[0].slice(0, 1000)];
        let tiny_mb = 1e6 * mb / (batches.len() * BATCH) as f64;
        measure(&name("writer, memory, 200 p, 1000 x 1000 rows"), tiny_mb, only, || {
            (0..1000).map(|_| shuffle(&in_memory, &tiny, 200, &options)).sum()
        });

        for codec in [Codec::None, Codec::Lz4, Codec::Zstd] {
            let mut encoder = BlockEncoder::new(batches[0].schema(), codec).unwrap();
            let mut out = Vec::new();
            let mut ends = Vec::new();
            measure(&name(&format!("encode {codec:?} (note: ratio)")), mb, only, || {
                out.clear();
                ends.clear();
                for batch in &batches {
                    encoder.encode(batch, &mut out).unwrap();
                    ends.push(out.len());
                }
                mb * 1e6 / out.len() as f64
            });
            if out.is_empty() {
                continue;
            }
            let mut decoder = BlockDecoder::new(batches[0].schema()).unwrap();
            measure(&name(&format!("decode {codec:?}")), mb, only, || {
                let mut start = 0;
                for end in &ends {
                    black_box(decoder.decode(&out[start..*end]).unwrap());
                    start = *end;
                }
                0.0
            });
        }
    }
}
