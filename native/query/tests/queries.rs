//! Queries that move rows between stages in every way, under unlike settings; the rows, and their order
//! where a query gives one, are DuckDB's (`queries/golden.txt`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use support::cases::cases;
use support::tables::{same_texts, texts, tpch_dir, tpch_request, tpch_tables};
use support::{MiniDriver, Variant};

/// `CASE=text` in the environment runs only queries whose name has it, `SHOW=1` prints their stages.
async fn check(variant: Variant) {
    let tables = tpch_tables(tpch_dir());
    let driver = MiniDriver::new(variant.clone());
    let only = std::env::var("CASE").unwrap_or_default();
    let mut wrong = Vec::new();
    for case in cases().into_iter().filter(|case| case.name.contains(&only)) {
        let planned = match kiln_query::plan::plan(&tpch_request(&case.sql, &tables, &variant)) {
            Ok(planned) => planned,
            Err(error) => {
                wrong.push(format!("{}: was not planned: {error}", case.name));
                continue;
            }
        };
        if std::env::var("SHOW").is_ok() {
            support::show(&planned);
        }
        let run = match driver.run(&planned).await {
            Ok(run) => run,
            Err(failure) => {
                wrong.push(format!("{}: failed: {failure:?}", case.name));
                continue;
            }
        };
        let mut rows = texts(&run.batches);
        if rows.len() != case.rows {
            wrong.push(format!("{}: {} rows instead of {}", case.name, rows.len(), case.rows));
            continue;
        }
        let mut golden = case.golden.clone();
        if !case.sql.contains("order by") {
            rows.sort();
            golden.sort();
        }
        let every = if rows.len() == golden.len() { 1 } else { (rows.len() / 100).max(1) };
        let sampled: Vec<String> = rows.into_iter().step_by(every).collect();
        if let Err(difference) = same_texts(&sampled, &golden) {
            wrong.push(format!("{}: {difference}", case.name));
        }
        if let Some(left) = driver.left_behind() {
            wrong.push(format!("{} left {left}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn small_splits() -> Variant {
    Variant::default().conf("spark.sql.files.maxPartitionBytes", "256k").conf("spark.sql.files.openCostInBytes", "1k")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_one_split() {
    check(Variant::default()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_many_splits() {
    check(small_splits().conf("spark.sql.shuffle.partitions", "7")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_ranges_and_without_broadcast() {
    let variant = small_splits().conf("spark.sql.shuffle.partitions", "5").conf("spark.sql.autoBroadcastJoinThreshold", "-1");
    check(Variant { coalesce_bytes: 50_000, ..variant.conf("kiln.sql.sort.singleMergeBytes", "0") }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_files_and_sort_merge_joins() {
    let variant = small_splits().conf("spark.sql.shuffle.partitions", "3").conf("spark.sql.autoBroadcastJoinThreshold", "-1");
    check(Variant { block_store: "file:", avoid_hash_join: true, ..variant.conf("kiln.sql.sort.singleMergeBytes", "0") }).await;
}
