//! What an executor leaves behind: nothing, however a task ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use datafusion::common::exec_err;
use futures::{StreamExt, future, stream};
use kiln_query::boundary::{FailureKind, ScanFormat, Split, Table, TableFile, TaskFailure, TaskOutcome, TaskOutput, TaskStatus};
use kiln_query::nodes::{BatchStream, ExternalReader};
use kiln_query::plan::Planned;
use kiln_query::stage::refine;
use kiln_sql::tree::{DataType, Relation, StructField};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::tables::{Described, read, request, texts, tpch_dir, tpch_request, tpch_tables};
use support::{MiniDriver, Variant};

fn sql(text: &str, tables: &Described, variant: &Variant) -> Planned {
    kiln_query::plan::plan(&request(Relation::Sql { text: text.to_owned() }, tables, variant)).unwrap()
}

fn none() -> Described {
    BTreeMap::new()
}

/// Runs task `partition` of the first stage.
async fn first_stage(driver: &MiniDriver, planned: &Planned, partition: u32) -> (TaskOutcome, Option<Vec<u8>>) {
    let refined = refine(&planned.stages[0], &driver.decisions()).unwrap();
    driver.executor.load_program(&refined.hash, &refined.program).unwrap();
    let result = driver.executor.run_task(driver.spec(&planned.plan.stages[0], &refined.hash, partition, 0)).await;
    driver.executor.unload_program(&refined.hash);
    result
}

fn assert_clean(driver: &MiniDriver) {
    let usage = driver.executor.usage();
    let left = usage.live_tasks + usage.reserved_bytes + usage.storage_bytes + usage.temporary_files + usage.map_outputs + usage.programs + usage.shared_builds;
    assert_eq!(left, 0, "{usage:?}");
}

fn failure(outcome: TaskOutcome) -> TaskFailure {
    match outcome.status {
        TaskStatus::Failed { failure } => failure,
        other => panic!("{other:?}"),
    }
}

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
            let started = Instant::now();
            assert!(executor.cancel_task(round, "not needed any more"));
            started
        };
        let ((outcome, _), cancelled) = future::join(running, cancel).await;
        assert!(cancelled.elapsed() < Duration::from_secs(2), "{:?}", cancelled.elapsed());
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
#[derive(Debug)]
struct Reader;

impl ExternalReader for Reader {
    fn read(&self, source: &str, payload: &str, split: &Split, schema: SchemaRef, columns: Option<Vec<String>>) -> BatchStream {
        assert_eq!((source, payload), ("numbers", "p"));
        assert_eq!(columns, Some(vec!["n".to_owned()]));
        match split.path.as_str() {
            "panics" => stream::once(async { panic!("the reader is broken") }).boxed(),
            "waits" => stream::pending().boxed(),
            "fails" => stream::once(async { exec_err!("no such thing") }).boxed(),
            rows => {
                let values = Int64Array::from_iter_values(0..rows.parse::<i64>().unwrap());
                stream::iter([Ok(RecordBatch::try_new(schema, vec![Arc::new(values)]).unwrap())]).boxed()
            }
        }
    }
}

fn numbers(splits: &[&str]) -> Described {
    let file = |name: &&str| TableFile { path: (*name).into(), size: 1, modified_millis: 0, rows: None, hosts: Vec::new(), blocks: Vec::new() };
    let table = Table {
        fields: vec![
            StructField { name: "n".into(), data_type: DataType::Long, nullable: true },
            StructField { name: "unused".into(), data_type: DataType::String, nullable: true },
        ],
        scan: ScanFormat::External { source: "numbers".into(), payload: "p".into() },
        files: splits.iter().map(file).collect(),
        rows: None,
        columns: Vec::new(),
    };
    BTreeMap::from([("numbers".to_owned(), (read("numbers", "x"), table))])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sources_outside_of_rust_are_read() {
    let variant = Variant::default();
    let driver = MiniDriver::new(variant.clone());
    let planned = sql("select sum(n) + 1 as s, count(*) as c from numbers", &numbers(&["10", "100"]), &variant);
    let failed = driver.run(&planned).await.unwrap_err();
    assert!(failed.message.contains("no reader of data source numbers"), "{failed:?}");
    driver.executor.set_external_reader(Arc::new(Reader));
    let run = driver.run(&planned).await.unwrap();
    assert_eq!(texts(&run.batches), ["4996|110"]);
    assert_clean(&driver);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_fails_the_task_only() {
    let variant = Variant::default();
    let driver = MiniDriver::new(variant.clone());
    driver.executor.set_external_reader(Arc::new(Reader));
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
    let refined = refine(&planned.stages[1], &driver.decisions()).unwrap();
    driver.executor.load_program(&refined.hash, &refined.program).unwrap();
    let spec = || driver.spec(&planned.plan.stages[1], &refined.hash, 0, 0);
    let failed = failure(driver.executor.run_task(spec()).await.0);
    assert_eq!(failed.kind, FailureKind::Internal, "nobody said where the outputs are: {failed:?}");
    let location = |map| kiln_query::boundary::MapOutputLocation { map, executor_id: "gone".into(), uri: "memory:".into(), keys: Vec::new() };
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
    let variant = Variant { memory_bytes: 4 << 20, ..Variant::default().conf("spark.sql.autoBroadcastJoinThreshold", "-1").conf("spark.sql.shuffle.partitions", "2") };
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
async fn tiny_tasks_are_cheap() {
    let variant = Variant::default();
    let driver = MiniDriver::new(variant.clone());
    let planned = sql("select id from range(0, 10000, 1, 10000) where id < 0", &none(), &variant);
    assert_eq!(planned.plan.stages[0].num_tasks, 10_000);
    let started = Instant::now();
    let run = driver.run(&planned).await.unwrap();
    let each = started.elapsed() / 10_000;
    println!("{each:?} a task");
    assert!(run.batches.iter().all(|b| b.num_rows() == 0));
    assert!(each < Duration::from_millis(1), "{each:?} a task");
    assert_clean(&driver);
}

fn write(plan: Relation, format: &str, options: &[(&str, &str)], partition_by: &[&str]) -> Relation {
    Relation::Write {
        input: Box::new(plan),
        format: format.into(),
        path: "/out".into(),
        options: options.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        partition_by: partition_by.iter().map(|c| (*c).to_owned()).collect(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_written_and_read_again() {
    let variant = Variant::default();
    let driver = MiniDriver::new(variant.clone());
    let rows = Relation::Sql { text: "select id, concat('n', id % 3) as name, id % 2 as side from range(0, 1000, 1, 2)".into() };
    for (format, options, partition_by, files) in [
        ("parquet", &[("compression", "zstd")][..], &[][..], 2),
        ("parquet", &[], &["name", "side"], 12),
        ("csv", &[("header", "true")], &[], 2),
    ] {
        let plan = write(rows.clone(), format, options, partition_by);
        let planned = kiln_query::plan::plan(&request(plan, &none(), &variant)).unwrap();
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
