//! Tasks that fail or are cancelled in the middle of what they do, and at their very end: they leave nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use arrow::array::{Array, ArrayRef, Int64Array, ListArray, RecordBatch};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType as Arrow, Field, SchemaRef};
use futures::{StreamExt, stream};
use kiln_query::boundary::{FailureKind, TaskStatus};
use kiln_query::plan::Planned;
use kiln_query::run::Executor;
use kiln_sql::tree::DataType;
use std::sync::Arc;
use std::time::Duration;
use support::external::{Source, numbers, numbers_to, table};
use support::{MiniDriver, Variant, assert_clean, failure, load, map_stage, none, shuffle_of, sql};

fn forget(driver: &MiniDriver, planned: &Planned) {
    for stage in 0..planned.stages.len() {
        driver.executor.unload_program(&load(driver, planned, stage, 0).program);
    }
    for stage in planned.plan.stages.iter().filter(|s| !matches!(s.output, kiln_query::boundary::StageOutput::Result)) {
        driver.executor.remove_shuffle(shuffle_of(stage));
    }
}

/// Whoever cancels a task that is about to end gets one of two answers, and the store agrees with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_is_killed_at_its_very_end_leaves_no_output_that_nobody_knows() {
    let variant = Variant::default();
    let driver = MiniDriver::new(variant.clone());
    let planned = sql("select n % 3 as k, count(*) as c from numbers group by n % 3", &numbers(&["1000"]), &variant);
    let mut ends = [0, 0];
    for task in 0..200 {
        let spec = load(&driver, &planned, 0, 0);
        let executor: Executor = driver.executor.clone();
        assert_eq!(spec.task_id, task);
        // The last thing that the task reads is that it is cancelled; what comes is done without a pause.
        driver.executor.set_external_reader(Source::reader(move |rows, schema| {
            let executor = executor.clone();
            let batch = numbers_to(rows.parse().unwrap(), schema);
            let last = stream::poll_fn(move |_| {
                executor.cancel_task(task, "too late?");
                if task % 2 == 0 {
                    std::thread::sleep(Duration::from_millis(2));
                }
                std::task::Poll::Ready(None)
            });
            stream::iter([Ok(batch)]).chain(last).boxed()
        }));
        let outcome = driver.executor.run_task(spec).await.0;
        let outputs = driver.executor.usage().map_outputs;
        match outcome.status {
            TaskStatus::Success { .. } => assert_eq!(outputs, 1, "task {task}"),
            TaskStatus::Killed { .. } => assert_eq!(outputs, 0, "task {task}"),
            TaskStatus::Failed { failure } => panic!("{failure:?}"),
        }
        ends[outputs as usize] += 1;
        driver.executor.remove_shuffle(shuffle_of(&planned.plan.stages[0]));
    }
    println!("{} killed, {} too late", ends[0], ends[1]);
    forget(&driver, &planned);
    assert_clean(&driver);
}

/// Cancels a task of a stage when `is_time`; it must not have ended by itself.
async fn cancel_when(driver: &MiniDriver, planned: &Planned, stage: usize, is_time: impl Fn(&MiniDriver) -> bool) {
    let spec = load(driver, planned, stage, 0);
    let task = spec.task_id;
    let mut running = std::pin::pin!(driver.executor.run_task(spec));
    let mut cancelled = false;
    let (outcome, _) = loop {
        match tokio::time::timeout(Duration::from_millis(1), &mut running).await {
            Ok(ended) => break ended,
            Err(_) if !cancelled && is_time(driver) => cancelled = driver.executor.cancel_task(task, "enough"),
            Err(_) => {}
        }
    };
    assert!(cancelled && matches!(&outcome.status, TaskStatus::Killed { reason } if reason == "enough"), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_is_cancelled_while_it_spills_leaves_nothing() {
    let variant = Variant { memory_bytes: 8 << 20, ..Variant::default().conf("spark.sql.shuffle.partitions", "3") };
    let driver = MiniDriver::new(variant.clone());
    // An endless sort, and an endless shuffle write.
    for text in [
        "select id from range(0, 100000000000, 1, 2) order by id * 7919 % 1000003, id",
        "select /*+ repartition(3) */ id, concat('a text of number ', id) as s from range(0, 100000000000, 1, 2)",
    ] {
        let planned = sql(text, &none(), &variant);
        for files in 1..6 {
            cancel_when(&driver, &planned, 0, |driver| driver.files().len() >= files).await;
            forget(&driver, &planned);
            assert_clean(&driver);
        }
    }
}

/// Billions of pairs come from two batches, and no scan is asked for more meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_is_cancelled_while_a_join_multiplies_ends() {
    let hash = Variant::default().conf("spark.sql.shuffle.partitions", "1");
    let merge = Variant { avoid_hash_join: true, max_hash_build_bytes: 0, ..hash.clone() };
    let shuffled = |variant: &Variant| variant.clone().conf("spark.sql.autoBroadcastJoinThreshold", "-1");
    // What the filters drop, drops all: no batch comes out of the join.
    let kept = "select max(a.id + b.id) as m from range(0, 1000000, 1, 1) a cross join range(0, 8000000, 1, 1) b";
    let dropped = "select max(a.id + b.id) as m from range(0, 1000000, 1, 1) a join range(0, 8000000, 1, 1) b on a.id + b.id < 0";
    let same_key = "from (select id, id div 10000000 as k from range(0, 1000000, 1, 1)) a
        join (select id, id div 10000000 as k from range(0, 8000000, 1, 1)) b on a.k = b.k";
    let equal = format!("select max(a.id + b.id) as m {same_key}");
    let equal_dropped = format!("{equal} and a.id + b.id < 0");
    let cases = [
        (hash.clone(), kept),
        (hash.clone(), dropped),
        (shuffled(&hash), &*equal),
        (shuffled(&hash), &*equal_dropped),
        (shuffled(&merge), &*equal),
        (shuffled(&merge), &*equal_dropped),
    ];
    for (variant, text) in cases {
        let driver = MiniDriver::new(variant.clone());
        let planned = sql(text, &none(), &variant);
        let joining = planned.plan.stages.iter().position(|s| !s.inputs.is_empty()).unwrap_or(0);
        for stage in 0..joining {
            let statuses = map_stage(&driver, &planned, stage).await;
            driver.announce(shuffle_of(&planned.plan.stages[stage]), &statuses);
        }
        let started = std::time::Instant::now();
        cancel_when(&driver, &planned, joining, |_| started.elapsed() > Duration::from_millis(300)).await;
        forget(&driver, &planned);
        assert_clean(&driver);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_is_cancelled_while_it_reads_a_shuffle_file_leaves_nothing() {
    let variant = Variant { block_store: "file:", ..Variant::default().conf("spark.sql.autoBroadcastJoinThreshold", "100m") };
    let driver = MiniDriver::new(variant.clone());
    // Ten billion pairs, of which a batch has eighty million.
    let text = "select count(*) as n from (select /*+ repartition(1) */ id from range(0, 1000000, 1, 2)) a
        join range(0, 10000, 1, 1) b on (a.id + b.id) % 1000003 = 7";
    let planned = sql(text, &none(), &variant);
    let reading = planned.plan.stages.iter().position(|s| !s.inputs.is_empty()).unwrap_or(0);
    for stage in 0..reading {
        let statuses = map_stage(&driver, &planned, stage).await;
        driver.announce(shuffle_of(&planned.plan.stages[stage]), &statuses);
    }
    for round in 0..5 {
        let started = std::time::Instant::now();
        cancel_when(&driver, &planned, reading, move |_| started.elapsed() > Duration::from_millis(20 + 30 * round)).await;
        assert_eq!(driver.executor.usage().live_tasks, 0);
        assert_eq!(driver.executor.usage().map_outputs, driver.files().len() as u64);
    }
    forget(&driver, &planned);
    assert_clean(&driver);
}

/// A list whose end lies behind its values: whatever looks at it panics.
fn broken_list(schema: &SchemaRef, rows: usize) -> RecordBatch {
    let Arrow::List(field) = schema.field(0).data_type() else { panic!("{schema}") };
    let good = ListArray::new(
        Arc::clone(field),
        OffsetBuffer::new(ScalarBuffer::from((0..=rows as i32).collect::<Vec<_>>())),
        Arc::new(Int64Array::from_iter_values(0..rows as i64)),
        None,
    );
    let broken = good.into_data().into_builder().child_data(vec![Int64Array::from(vec![1]).into_data()]);
    // SAFETY: not valid, which is what the test is about; arrow checks bounds where it copies values.
    let broken = ListArray::from(unsafe { broken.build_unchecked() });
    RecordBatch::try_new(Arc::clone(schema), vec![Arc::new(broken) as ArrayRef]).unwrap()
}

fn lists(schema: &SchemaRef, rows: usize) -> RecordBatch {
    let Arrow::List(field) = schema.field(0).data_type() else { panic!("{schema}") };
    let field: &Arc<Field> = field;
    let offsets = OffsetBuffer::new(ScalarBuffer::from((0..=rows as i32).collect::<Vec<_>>()));
    let values = Arc::new(Int64Array::from_iter_values(0..rows as i64));
    RecordBatch::try_new(Arc::clone(schema), vec![Arc::new(ListArray::new(Arc::clone(field), offsets, values, None))]).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_in_a_shuffle_writer_or_a_sort_leaves_nothing() {
    let variant = Variant { memory_bytes: 8 << 20, ..Variant::default().conf("spark.sql.shuffle.partitions", "3") };
    let driver = MiniDriver::new(variant.clone());
    // Enough good rows that some have been spilled before.
    driver.executor.set_external_reader(Source::reader(|good, schema| {
        let good: usize = good.parse().unwrap();
        let batches = (0..good).map({
            let schema = Arc::clone(&schema);
            move |_| Ok(lists(&schema, 8192))
        });
        stream::iter(batches.collect::<Vec<_>>()).chain(stream::once(async move { Ok(broken_list(&schema, 8192)) })).boxed()
    }));
    let data_type = DataType::Array { element: Box::new(DataType::Long), contains_null: true };
    for good in ["0", "3", "300"] {
        for (text, in_writer) in [
            ("select /*+ repartition(3) */ n from numbers", true),
            ("select /*+ repartition(3, n) */ n from numbers", true),
            ("select n from numbers order by size(n), n", false),
        ] {
            let planned = sql(text, &table(&[good, "0"], data_type.clone()), &variant);
            let failed = failure(driver.executor.run_task(load(&driver, &planned, 0, 0)).await.0);
            // A sort may look before it copies.
            assert!(failed.kind == FailureKind::Panic || (!in_writer && failed.kind == FailureKind::User), "{text}: {failed:?}");
            forget(&driver, &planned);
            assert_clean(&driver);
        }
    }
}
