//! Traps of scans: who reads which files, and what is remembered of them.

use crate::support::tables::{Described, read, texts, tpch_dir, tpch_request, tpch_tables, write_request};
use crate::support::{MiniDriver, Variant, assert_clean, first_stage, load, map_stage, none, shuffle_of, sql};
use kiln_query::boundary::{TaskOutput, TaskStatus};
use kiln_query::sources::parquet_table;
use std::collections::BTreeMap;
use std::path::Path;

/// Trap 1: with DataFusion's work stealing the first stream takes the files of all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_reads_its_own_splits() {
    let variant = Variant::default().conf("spark.sql.files.maxPartitionBytes", "256k").conf("spark.sql.files.openCostInBytes", "1k");
    let tables = tpch_tables(tpch_dir());
    let driver = MiniDriver::new(variant.clone());
    // The tasks share a tree.
    let text = "select l_orderkey, l_linenumber from lineitem join nation on l_suppkey % 25 = n_nationkey";
    let planned = kiln_query::plan::plan(&tpch_request(text, &tables, &variant)).unwrap();
    let shuffle_id = shuffle_of(&planned.plan.stages[0]);
    let built = map_stage(&driver, &planned, 0).await;
    driver.announce(shuffle_id, &built);
    let mut rows = Vec::new();
    for partition in 0..planned.plan.stages[1].num_tasks {
        let outcome = driver.executor.run_task(load(&driver, &planned, 1, partition)).await.0;
        assert!(matches!(outcome.status, TaskStatus::Success { .. }), "{outcome:?}");
        rows.push(outcome.metrics.input_rows);
    }
    assert!(planned.plan.stages[1].shares_build && rows.len() > 4, "{rows:?}");
    assert_eq!(rows.iter().sum::<u64>(), tables["lineitem"].1.rows.unwrap());
    assert!(rows.iter().all(|rows| *rows > 0), "{rows:?}");
}

/// Writes one file of numbers with Kiln itself.
async fn write(dir: &Path, name: &str, select: &str) {
    let variant = Variant::default();
    let driver = MiniDriver::new(variant.clone());
    let planned = kiln_query::plan::plan(&write_request(select, "parquet", &[], &[], &variant)).unwrap();
    let outcome = first_stage(&driver, &planned, 0).await.0;
    let TaskStatus::Success { output: TaskOutput::Write { files } } = outcome.status else { panic!("{outcome:?}") };
    std::fs::copy(&files[0].path, dir.join(name)).unwrap();
}

fn described(dir: &Path) -> Described {
    let path = dir.to_str().unwrap().to_owned();
    let table = parquet_table(std::slice::from_ref(&path)).unwrap();
    BTreeMap::from([("t".to_owned(), (read("parquet", &path), table))])
}

/// Trap 10: DataFusion remembers listings for ever, and footers by path.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_appear_or_change_are_seen_by_the_next_query() {
    let dir = tempfile::tempdir().unwrap();
    let variant = Variant::default();
    let driver = MiniDriver::new(variant.clone());
    let sum = async || {
        let planned = sql("select count(*) as n, sum(x) as s from t", &described(dir.path()), &variant);
        texts(&driver.run(&planned).await.unwrap().batches)
    };
    write(dir.path(), "a.parquet", "select id as x from range(0, 10, 1, 1)").await;
    assert_eq!(sum().await, ["10|45"]);
    write(dir.path(), "b.parquet", "select id as x from range(100, 110, 1, 1)").await;
    assert_eq!(sum().await, ["20|1090"]);
    // The same name, and other rows at other places.
    write(dir.path(), "b.parquet", "select cast(id as string) as y, id as x from range(0, 5000, 1, 1)").await;
    assert_eq!(sum().await, ["5010|12497545"]);
    std::fs::remove_file(dir.path().join("a.parquet")).unwrap();
    assert_eq!(sum().await, ["5000|12497500"]);
    assert_clean(&driver);
}

/// Trap 3: what stands for a subquery's value is no value when there are two.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scalar_subquery_is_a_stage_and_two_rows_are_an_error() {
    let variant = Variant::default();
    let driver = MiniDriver::new(variant.clone());
    let text = |rows: u32| format!("select count(*) as n from range(0, 100, 1, 4) where id >= (select id + 90 from range({rows}))");
    assert_eq!(texts(&driver.run(&sql(&text(1), &none(), &variant)).await.unwrap().batches), ["10"]);
    assert_eq!(texts(&driver.run(&sql(&text(0), &none(), &variant)).await.unwrap().batches), ["0"]);
    let failed = driver.run(&sql(&text(2), &none(), &variant)).await.unwrap_err();
    assert_eq!(failed.class, "SCALAR_SUBQUERY_TOO_MANY_ROWS");
}
