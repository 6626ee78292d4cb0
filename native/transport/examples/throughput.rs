//! How fast blocks go from one process to another, both of them in this one: MB of batches
//! (as they are in memory) and of blocks (as they are sent) a second, and per second of CPU
//! time, which is that of both sides: reading or encoding, sending, receiving, checking, decoding.
//!
//! `cargo run --release --workspace --example throughput`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use support::{Process, config};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const MAPS: u32 = 16;
const PARTITIONS: u32 = 16;
const ROWS: usize = 65_536;

/// Like lines of a shop's orders: numbers with some order in them, a word of few, a text.
fn lines(first: i64) -> RecordBatch {
    let ids = first..first + ROWS as i64;
    let scattered = |id: i64| (id as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
    let words = ["AIR", "FOB", "MAIL", "RAIL", "REG AIR", "SHIP", "TRUCK"];
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(ids.clone())),
        Arc::new(Int64Array::from_iter_values(ids.clone().map(|id| scattered(id) as i64 % 200_000))),
        Arc::new(Int64Array::from_iter_values(ids.clone().map(|id| scattered(id) as i64 % 10_000_000))),
        Arc::new(ids.clone().map(|id| Some(words[scattered(id) as usize % words.len()])).collect::<StringArray>()),
        Arc::new(ids.map(|id| Some(format!("the quick order {} of {}", id % 1000, scattered(id) % 5000))).collect::<StringArray>()),
    ];
    let names = ["id", "part", "price", "mode", "comment"];
    let fields: Vec<Field> = names.iter().zip(&columns).map(|(name, column)| Field::new(*name, column.data_type().clone(), true)).collect();
    assert_eq!(fields[4].data_type(), &DataType::Utf8);
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

/// CPU seconds of this process; 0 where there is no `/proc`.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let config = kiln_transport::TransportConfig { max_size_in_flight: 48 << 20, max_bytes_in_flight: 96 << 20, ..config() };
    println!("{MAPS} maps x {PARTITIONS} partitions, {} million rows", MAPS as usize * PARTITIONS as usize * ROWS / 1_000_000);
    for store in ["memory:", "file:"] {
        let here = Process::with_memory("e1", &config, "memory:", 4 << 30).await;
        let there = Process::with_memory("e2", &config, store, 8 << 30).await;
        let mut raw = 0;
        for map in 0..MAPS {
            let partitions: Vec<_> = (0..PARTITIONS).map(|p| vec![lines(i64::from(map * PARTITIONS + p) * ROWS as i64)]).collect();
            raw += partitions.iter().flatten().map(RecordBatch::get_array_memory_size).sum::<usize>();
            there.write_schema(1, map, partitions[0][0].schema(), &partitions);
        }
        for _ in 0..3 {
            let (started, cpu, before) = (Instant::now(), cpu_seconds(), here.counters.remote_bytes.load(Ordering::Relaxed));
            let mut rows = 0;
            for p in 0..PARTITIONS {
                let lane = (0..MAPS).map(|map| there.wanted(map, p..p + 1)).collect();
                let mut reader = here.fetch_schema(1, there.transport.address(), lines(0).schema(), vec![lane]).remove(0);
                for _ in 0..MAPS {
                    while let Some(batch) = reader.next_batch().await.unwrap() {
                        rows += batch.num_rows();
                    }
                }
            }
            assert_eq!(rows, MAPS as usize * PARTITIONS as usize * ROWS);
            let (seconds, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds() - cpu);
            let sent = (here.counters.remote_bytes.load(Ordering::Relaxed) - before) as f64 / 1e6;
            let raw = raw as f64 / 1e6;
            println!(
                "{store:8} {raw:.0} MB as {sent:.0} MB in {seconds:.2} s, {cpu:.2} s of CPU: {:.0} MB/s, per core {:.0} MB/s of batches, {:.0} MB/s of blocks",
                raw / seconds,
                raw / cpu.max(0.01),
                sent / cpu.max(0.01),
            );
        }
    }
}
