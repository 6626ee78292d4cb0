//! All 22 TPC-H queries, from SQL text through stages and tasks, under unlike settings; the results are
//! compared with DuckDB's (`tpch/golden`, scale 0.01).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::path::Path;
use support::tables::{same_rows, tpch_dir, tpch_request, tpch_tables};
use support::{MiniDriver, Variant};

fn tpch(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tpch").join(name)).unwrap()
}

/// `Q=3,9` in the environment runs only these, `SHOW=1` prints their stages.
async fn check(variant: Variant) {
    let only: Vec<u32> = match std::env::var("Q") {
        Ok(list) => list.split(',').map(|q| q.parse().unwrap()).collect(),
        Err(_) => (1..=22).collect(),
    };
    let tables = tpch_tables(tpch_dir());
    let driver = MiniDriver::new(variant.clone());
    let mut wrong = Vec::new();
    let (mut spilled, mut remote) = (0, 0);
    for q in only {
        let request = tpch_request(&tpch(&format!("q{q}.sql")), &tables, &variant);
        let planned = match kiln_query::plan::plan(&request) {
            Ok(planned) => planned,
            Err(error) => {
                wrong.push(format!("q{q} was not planned: {error}"));
                continue;
            }
        };
        if std::env::var("SHOW").is_ok() {
            support::show(&planned);
        }
        match driver.run(&planned).await {
            Ok(run) => {
                spilled += run.spilled_bytes;
                remote += run.remote_blocks;
                if let Err(difference) = same_rows(&run.batches, &tpch(&format!("golden/q{q}.txt"))) {
                    wrong.push(format!("q{q}: {difference}"));
                }
            }
            Err(failure) => wrong.push(format!("q{q} failed: {failure:?}")),
        }
        if let Some(left) = driver.left_behind() {
            wrong.push(format!("q{q} left {left}"));
        }
    }
    println!("{spilled} bytes spilled, {remote} blocks of other executors");
    assert_eq!(remote > 0, driver.variant.executors > 1);
    for transport in &driver.transports {
        let usage = transport.usage();
        assert!(usage.connected < u64::from(driver.variant.executors), "one connection to each of the others: {usage:?}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn small_splits() -> Variant {
    Variant::default().conf("spark.sql.files.maxPartitionBytes", "256k").conf("spark.sql.files.openCostInBytes", "1k")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_defaults() {
    check(Variant::default()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_small_splits_and_seven_partitions() {
    check(small_splits().conf("spark.sql.shuffle.partitions", "7")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_broadcast() {
    let variant = small_splits().conf("spark.sql.shuffle.partitions", "5").conf("spark.sql.autoBroadcastJoinThreshold", "-1");
    check(variant.conf("kiln.sql.sort.singleMergeBytes", "0")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_files_and_coalescing() {
    let variant = small_splits().conf("spark.sql.shuffle.partitions", "9").conf("kiln.sql.sort.singleMergeBytes", "0");
    check(Variant { block_store: "file:", coalesce_bytes: 100_000, ..variant }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_sort_merge_joins() {
    let variant = small_splits().conf("spark.sql.shuffle.partitions", "3").conf("spark.sql.autoBroadcastJoinThreshold", "-1");
    check(Variant { avoid_hash_join: true, coalesce_bytes: 100_000, ..variant }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_memory_that_spills() {
    let variant = small_splits().conf("spark.sql.shuffle.partitions", "4").conf("spark.sql.autoBroadcastJoinThreshold", "-1");
    check(Variant { memory_bytes: 6 << 20, ..variant }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_one_shuffle_partition() {
    check(small_splits().conf("spark.sql.shuffle.partitions", "1")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_three_executors() {
    check(Variant { executors: 3, slots: 3, ..small_splits().conf("spark.sql.shuffle.partitions", "7") }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_two_executors_and_merges_and_files() {
    let variant = small_splits().conf("spark.sql.shuffle.partitions", "5").conf("spark.sql.autoBroadcastJoinThreshold", "-1");
    let variant = variant.conf("kiln.sql.sort.singleMergeBytes", "0");
    check(Variant { executors: 2, block_store: "file:", memory_bytes: 64 << 20, ..variant }).await;
}
