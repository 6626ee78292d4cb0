//! What an executor leaves behind: nothing, however a task ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use datafusion::common::exec_err;
use futures::{StreamExt, future, stream};
use kiln_query::boundary::{FailureKind, ScanFormat, Table, TaskOutput, TaskStatus};
use kiln_query::sources::{infer_csv_schema, list_files};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use support::external::{Source, numbers, numbers_to};
use support::tables::{Described, read, texts, tpch_dir, tpch_request, tpch_tables, write_request};
use support::{MiniDriver, Variant, assert_clean, failure, first_stage, load, none, sql};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_task_leaves_nothing() {
    let variant = Variant::default();
    let driver = MiniDriver::new(variant.clone());
    let planned = sql("select count(distinct id * 7) from range(0, 100000000000, 1, 2)", &none(), &variant);
    for round in 0..20_u64 {
        let running = first_stage(&driver, &planned, 0);
        let executor = driver.executor.clone();
        let cancel = async move {
            tokio::time::sleep(Duration::from_millis(5 + round * 7)).await;
            assert!(executor.cancel_task(round, "not needed any more"));
        };
        // It would run for an hour.
        let ((outcome, _), ()) = future::join(running, cancel).await;
        assert!(matches!(&outcome.status, TaskStatus::Killed { reason } if reason == "not needed any more"), "{outcome:?}");
        assert_clean(&driver);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_ends_what_runs() {
    let variant = Variant::default();
    let driver = MiniDriver::new(variant.clone());
    let planned = sql("select count(distinct id * 7) from range(0, 100000000000, 1, 2)", &none(), &variant);
    let executor = driver.executor.clone();
    let close = async move {
        tokio::time::sleep(Duration::from_millis(30)).await;
        executor.close().await;
    };
    let ((outcome, _), ()) = future::join(first_stage(&driver, &planned, 0), close).await;
    assert!(matches!(outcome.status, TaskStatus::Killed { .. }), "{outcome:?}");
    assert_clean(&driver);
    let (outcome, _) = first_stage(&driver, &planned, 1).await;
    assert!(failure(outcome).message.contains("is closed"));
}

/// A reader whose splits say what it does.
fn reader() -> Arc<Source> {
    Source::reader(|split, schema| match split {
        "panics" => stream::once(async { panic!("the reader is broken") }).boxed(),
        "waits" => stream::pending().boxed(),
        "fails" => stream::once(async { exec_err!("no such thing") }).boxed(),
        rows => stream::iter([Ok(numbers_to(rows.parse().unwrap(), schema))]).boxed(),
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sources_outside_of_rust_are_read() {
    let variant = Variant::default();
    let driver = MiniDriver::new(variant.clone());
    let planned = sql("select sum(n) + 1 as s, count(*) as c from numbers", &numbers(&["10", "100"]), &variant);
    let failed = driver.run(&planned).await.unwrap_err();
    assert!(failed.message.contains("no reader of data source numbers"), "{failed:?}");
    driver.executor.set_external_reader(reader());
    let run = driver.run(&planned).await.unwrap();
    assert_eq!(texts(&run.batches), ["4996|110"]);
    assert_clean(&driver);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_fails_the_task_only() {
    let variant = Variant::default();
    let driver = MiniDriver::new(variant.clone());
    driver.executor.set_external_reader(reader());
    let planned = sql("select sum(n) as s from numbers", &numbers(&["panics", "fails", "waits", "5"]), &variant);
    let failed = failure(first_stage(&driver, &planned, 0).await.0);
    assert_eq!((failed.kind, failed.class.as_str()), (FailureKind::Panic, "NATIVE_PANIC"));
    assert!(failed.message.contains("the reader is broken"), "{failed:?}");
    let failed = failure(first_stage(&driver, &planned, 1).await.0);
    assert_eq!((failed.kind, failed.message.as_str()), (FailureKind::User, "no such thing"));
    // Task 2 waits for ever: it is cancelled while JavaScript, or whoever reads, does not answer.
    let executor = driver.executor.clone();
    let cancel = async move {
        tokio::time::sleep(Duration::from_millis(20)).await;
        executor.cancel_task(2, "enough")
    };
    let ((outcome, _), cancelled) = future::join(first_stage(&driver, &planned, 2), cancel).await;
    assert!(cancelled && matches!(outcome.status, TaskStatus::Killed { .. }), "{outcome:?}");
    assert!(matches!(first_stage(&driver, &planned, 3).await.0.status, TaskStatus::Success { .. }));
    driver.executor.remove_shuffle(1);
    assert_clean(&driver);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_of_the_query_have_sparks_class() {
    let variant = Variant::default();
    let driver = MiniDriver::new(variant.clone());
    for (text, class) in [
        ("select 10 / (id - 5) as x from range(10)", "DIVIDE_BY_ZERO"),
        ("select cast(concat('x', id) as int) as x from range(10)", "CAST_INVALID_INPUT"),
        ("select id + 9223372036854775800 as x from range(100)", "ARITHMETIC_OVERFLOW"),
        ("select (select id from range(3)) as x", "SCALAR_SUBQUERY_TOO_MANY_ROWS"),
    ] {
        let failed = driver.run(&sql(text, &none(), &variant)).await.unwrap_err();
        assert_eq!((failed.kind, failed.class.as_str()), (FailureKind::User, class), "{text}: {failed:?}");
        assert!(!failed.message.contains("External(") && !failed.message.contains("DataFusion"), "{failed:?}");
        assert_clean(&driver);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_that_is_too_large_is_refused() {
    let variant = Variant::default().conf("spark.driver.maxResultSize", "1m");
    let driver = MiniDriver::new(variant.clone());
    let failed = driver.run(&sql("select id, id * 2 as x from range(0, 1000000, 1, 1)", &none(), &variant)).await.unwrap_err();
    assert_eq!(failed.class, "RESULT_TOO_LARGE", "{failed:?}");
    assert_clean(&driver);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_map_output_is_a_fetch_failure() {
    let variant = Variant::default().conf("spark.sql.shuffle.partitions", "2");
    let driver = MiniDriver::new(variant.clone());
    let planned = sql("select id % 5 as k, count(*) as n from range(0, 1000, 1, 2) group by id % 5", &none(), &variant);
    let spec = || load(&driver, &planned, 1, 0);
    let failed = failure(driver.executor.run_task(spec()).await.0);
    assert_eq!(failed.kind, FailureKind::Internal, "nobody said where the outputs are: {failed:?}");
    let location = |map| kiln_query::boundary::MapOutputLocation {
        map,
        executor_id: "gone".into(),
        address: String::new(),
        uri: "memory:".into(),
        keys: Vec::new(),
    };
    let outputs = kiln_query::boundary::MapOutputs { shuffle_id: 1, epoch: 3, outputs: vec![location(0), location(1)] };
    driver.executor.set_map_outputs(outputs);
    let failed = failure(driver.executor.run_task(spec()).await.0);
    assert_eq!(failed.kind, FailureKind::FetchFailed);
    let fetch = failed.fetch.unwrap();
    assert_eq!((fetch.shuffle_id, fetch.map, fetch.reduce, fetch.executor_id.as_str()), (1, 0, 0, "gone"));
    let mut later = spec();
    later.epoch = 4;
    assert_eq!(failure(driver.executor.run_task(later).await.0).kind, FailureKind::Internal);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_that_does_not_fit_is_an_out_of_memory_failure() {
    let variant = Variant { memory_bytes: 2 << 20, ..Variant::default().conf("spark.sql.autoBroadcastJoinThreshold", "100m") };
    let driver = MiniDriver::new(variant.clone());
    let text = "select count(*) as n, sum(a.id) as s from range(0, 400000, 1, 2) a join range(0, 400000, 1, 2) b on a.id = b.id";
    let failed = driver.run(&sql(text, &none(), &variant)).await.unwrap_err();
    assert_eq!(failed.kind, FailureKind::OutOfMemory, "{failed:?}");
    assert!(failed.message.contains("HashJoinInput"), "{failed:?}");
    assert_clean(&driver);
    // Without broadcast the next attempt sorts and spills.
    let variant = Variant {
        memory_bytes: 4 << 20,
        ..Variant::default().conf("spark.sql.autoBroadcastJoinThreshold", "-1").conf("spark.sql.shuffle.partitions", "2")
    };
    let driver = MiniDriver::new(variant.clone());
    let run = driver.run(&sql(text, &none(), &variant)).await.unwrap();
    assert_eq!(texts(&run.batches), ["400000|79999800000"]);
    assert!(run.retries > 0 && run.spilled_bytes > 0, "{} retries, {} bytes", run.retries, run.spilled_bytes);
    assert_clean(&driver);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_of_a_stage_share_a_broadcast_build() {
    let variant = Variant::default().conf("spark.sql.files.maxPartitionBytes", "256k").conf("spark.sql.files.openCostInBytes", "1k");
    let tables = tpch_tables(tpch_dir());
    let driver = MiniDriver::new(variant.clone());
    let text = "select count(*) as n from lineitem join supplier on l_suppkey = s_suppkey where s_acctbal > 0";
    let planned = kiln_query::plan::plan(&tpch_request(text, &tables, &variant)).unwrap();
    let stage = planned.plan.stages.iter().find(|s| s.shares_build).expect("a broadcast join");
    assert!(stage.num_tasks > 4, "{}", stage.num_tasks);
    let run = driver.run(&planned).await.unwrap();
    assert_eq!(run.batches.len(), 1);
    assert_clean(&driver);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_tiny_tasks_leave_nothing() {
    let variant = Variant::default();
    let driver = MiniDriver::new(variant.clone());
    let planned = sql("select id from range(0, 10000, 1, 10000) where id < 0", &none(), &variant);
    assert_eq!(planned.plan.stages[0].num_tasks, 10_000);
    let run = driver.run(&planned).await.unwrap();
    assert_eq!(run.result_rows, vec![0; 10_000]);
    assert_clean(&driver);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_written_and_read_again() {
    let variant = Variant::default();
    let driver = MiniDriver::new(variant.clone());
    let rows = "select id, concat('n', id % 3) as name, id % 2 as side from range(0, 1000, 1, 2)";
    for (format, options, partition_by, files) in [
        ("parquet", &[("compression", "zstd")][..], &[][..], 2),
        ("parquet", &[], &["name", "side"], 12),
        ("csv", &[("header", "true")], &[], 2),
    ] {
        let planned = kiln_query::plan::plan(&write_request(rows, format, options, partition_by, &variant)).unwrap();
        let mut written = Vec::new();
        for partition in 0..planned.plan.stages[0].num_tasks {
            match first_stage(&driver, &planned, partition).await.0.status {
                TaskStatus::Success { output: TaskOutput::Write { files } } => written.extend(files),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(written.len(), files, "{format} {partition_by:?}");
        assert_eq!(written.iter().map(|f| f.rows).sum::<u64>(), 1000);
        assert!(written.iter().all(|f| std::fs::metadata(&f.path).unwrap().len() == f.bytes));
        if format == "parquet" {
            let paths: Vec<String> = written.iter().map(|f| f.path.clone()).collect();
            let table = kiln_query::sources::parquet_table(&paths).unwrap();
            assert_eq!(table.rows, Some(1000));
            assert_eq!(table.fields.len(), 3 - partition_by.len());
            assert_eq!(table.columns[0].max.as_deref(), Some("999"));
        } else {
            assert!(std::fs::read_to_string(&written[0].path).unwrap().starts_with("id,name,side\n0,n0,0\n"));
        }
        assert_clean(&driver);
    }
}

/// Spark's `TakeOrderedAndProject` of many rows: DataFusion keeps them in memory and cannot spill.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_top_rows_are_sorted_with_spills() {
    let text = "select count(*) as n, min(id) as a, max(id) as b from (
        select id, concat('some text of row ', id) as s from range(0, 400000, 1, 2) order by id % 1000 desc, s limit 300000)";
    // Known before, or found out by the first attempt.
    for (max_hash_build_bytes, retries) in [(4 << 20, 0..1), (1 << 30, 1..10)] {
        let variant = Variant { memory_bytes: 24 << 20, max_hash_build_bytes, ..Variant::default() };
        let driver = MiniDriver::new(variant.clone());
        let run = driver.run(&sql(text, &none(), &variant)).await.unwrap();
        assert_eq!(texts(&run.batches), ["300000|250|399999"]);
        assert!(retries.contains(&run.retries) && run.spilled_bytes > 0, "{} retries, {} bytes", run.retries, run.spilled_bytes);
        assert_clean(&driver);
    }
}

/// Map outputs of few rows each: their smallest keys say nothing about the ranges.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ranges_of_a_global_sort_are_even() {
    let variant = Variant::default().conf("kiln.sql.sort.singleMergeBytes", "0").conf("spark.sql.shuffle.partitions", "8");
    let driver = MiniDriver::new(variant.clone());
    let text = "select id * 7919 % 40009 as k, id from range(0, 40000, 1, 20) order by k desc, id";
    let run = driver.run(&sql(text, &none(), &variant)).await.unwrap();
    assert_eq!((run.result_rows.len(), run.result_rows.iter().sum::<u64>()), (8, 40_000));
    assert!(run.result_rows.iter().all(|rows| (4000..6000).contains(rows)), "{:?}", run.result_rows);
    let keys: Vec<i64> = texts(&run.batches).iter().map(|row| row.split_once('|').unwrap().0.parse().unwrap()).collect();
    assert!(keys.is_sorted_by(|a, b| a >= b));
    assert_clean(&driver);
}

/// A table of CSV files in a directory.
fn csv(dir: &std::path::Path, header: bool) -> Described {
    let paths = vec![dir.to_str().unwrap().to_owned()];
    let scan = ScanFormat::Csv {
        header,
        delimiter: ",".into(),
        quote: "\"".into(),
        escape: None,
        null_value: String::new(),
        comment: None,
        multi_line: false,
        date_format: None,
        timestamp_format: None,
    };
    let fields = infer_csv_schema(&paths, &scan, true).unwrap();
    let table = Table { fields, scan, files: list_files(&paths).unwrap(), rows: None, columns: Vec::new() };
    BTreeMap::from([("t".to_owned(), (read("csv", &paths[0]), table))])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn csv_files_are_read_with_and_without_a_header_and_in_splits() {
    for header in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        for (file, rows) in [("a.csv", 0..3), ("b.csv", 3..5000), ("c.csv", 5000..5000)] {
            let lines = rows.map(|i| format!("{i},\"name, {i}\"\n"));
            let header = header.then(|| "number,name\n".to_owned());
            std::fs::write(dir.path().join(file), header.into_iter().chain(lines).collect::<String>()).unwrap();
        }
        let tables = csv(dir.path(), header);
        let (number, name) = if header { ("number", "name") } else { ("_c0", "_c1") };
        for max_partition_bytes in ["128m", "1k"] {
            let variant = Variant::default()
                .conf("spark.sql.files.maxPartitionBytes", max_partition_bytes)
                .conf("spark.sql.files.openCostInBytes", "0");
            let driver = MiniDriver::new(variant.clone());
            let planned =
                sql(&format!("select count(*) as n, sum({number}) as s, min({name}) as a, max({name}) as b from t"), &tables, &variant);
            assert!(max_partition_bytes != "1k" || planned.plan.stages[0].num_tasks > 50);
            let run = driver.run(&planned).await.unwrap();
            assert_eq!(texts(&run.batches), ["5000|12497500|name, 0|name, 999"], "header {header}, {max_partition_bytes}");
            assert_clean(&driver);
        }
    }
}
