//! Traps of what fails: states of operators that keep an error, and errors inside errors.

use crate::support::tables::texts;
use crate::support::{MiniDriver, Variant, assert_clean, failure, load, map_stage, none, shuffle_of, sql};
use kiln_memory::TaskKey;
use kiln_query::boundary::{FailureKind, MapOutputLocation, MapOutputs, TaskFailure, TaskStatus};
use kiln_query::plan::Planned;

const JOIN: &str = "select a.id, b.id as other from range(0, 100000, 1, 4) a join range(0, 20000, 1, 2) b on a.id = b.id * 2";

/// The build stage of a broadcast join has run.
async fn built() -> (MiniDriver, Planned, u64) {
    let variant = Variant { memory_bytes: 64 << 20, ..Variant::default().conf("spark.sql.autoBroadcastJoinThreshold", "100m") };
    let driver = MiniDriver::new(variant.clone());
    let planned = sql(JOIN, &none(), &variant);
    assert!(planned.plan.stages[1].shares_build && planned.plan.stages[1].num_tasks == 4);
    let shuffle_id = shuffle_of(&planned.plan.stages[0]);
    let statuses = map_stage(&driver, &planned, 0).await;
    driver.announce(shuffle_id, &statuses);
    (driver, planned, shuffle_id)
}

/// All tasks of the join, in pairs that share a build.
async fn join(driver: &MiniDriver, planned: &Planned) -> Vec<Result<u64, TaskFailure>> {
    let mut results = Vec::new();
    for pair in [[0, 1], [2, 3]] {
        let [first, second] = pair.map(|partition| driver.executor.run_task(load(driver, planned, 1, partition)));
        let (first, second) = futures::future::join(first, second).await;
        for (outcome, _) in [first, second] {
            results.push(match outcome.status {
                TaskStatus::Success { .. } => Ok(outcome.metrics.output_rows),
                _ => Err(failure(outcome)),
            });
        }
    }
    results
}

async fn end(driver: &MiniDriver, planned: &Planned, shuffle_id: u64) {
    let program = load(driver, planned, 1, 0).program;
    driver.executor.unload_program(&program);
    let program = load(driver, planned, 0, 0).program;
    driver.executor.unload_program(&program);
    driver.executor.remove_shuffle(shuffle_id);
    assert_clean(driver);
}

/// Traps 4 and 17: a build is kept in its operator, with its error, for all who ask later; and the error comes
/// wrapped for each of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_that_failed_is_not_kept() {
    let (driver, planned, shuffle_id) = built().await;
    let location = |map, executor: &str| MapOutputLocation {
        map,
        executor_id: executor.into(),
        address: String::new(),
        uri: "memory:".into(),
        keys: Vec::new(),
    };
    // Map output 7 is nowhere.
    driver.executor.set_map_outputs(MapOutputs { shuffle_id, epoch: 0, outputs: vec![location(0, "test"), location(7, "gone")] });
    for failed in join(&driver, &planned).await {
        let failed = failed.unwrap_err();
        assert_eq!(failed.kind, FailureKind::FetchFailed, "{failed:?}");
        assert_eq!(failed.fetch.as_ref().map(|f| (f.shuffle_id, f.map)), Some((shuffle_id, 7)));
        let text = format!("{} {}", failed.message, failed.causes.join(" "));
        assert!(["Shared(", "External(", "Arc", "DataFusionError", "Fetch {"].iter().all(|debug| !text.contains(debug)), "{text}");
    }
    assert_eq!(driver.executor.usage().shared_builds, 0);
    driver.executor.set_map_outputs(MapOutputs { shuffle_id, epoch: 0, outputs: vec![location(0, "test"), location(1, "test")] });
    let rows: Vec<u64> = join(&driver, &planned).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(rows, [12_500, 7_500, 0, 0]);
    end(&driver, &planned, shuffle_id).await;
}

/// Trap 4: the same after a lack of memory, which is over when somebody else has gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_that_found_no_memory_is_made_anew() {
    let (driver, planned, shuffle_id) = built().await;
    let other = driver.executor.memory().task(TaskKey(1 << 40)).consumer("somebody else", false);
    other.grow(64 << 20);
    for failed in join(&driver, &planned).await {
        let failed = failed.unwrap_err();
        assert_eq!(failed.kind, FailureKind::OutOfMemory, "{failed:?}");
        assert!(failed.message.contains("somebody else"), "{failed:?}");
    }
    drop(other);
    let rows: Vec<u64> = join(&driver, &planned).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(rows, [12_500, 7_500, 0, 0]);
    end(&driver, &planned, shuffle_id).await;
}

/// Trap 4: the same in a join of partitions, whose tasks share nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_runs_on_a_fresh_tree() {
    let variant = Variant::default().conf("spark.sql.autoBroadcastJoinThreshold", "-1").conf("spark.sql.shuffle.partitions", "2");
    let driver = MiniDriver::new(variant.clone());
    let planned = sql("select count(*) as n from range(0, 1000, 1, 2) a cross join range(0, 10, 1, 1) b", &none(), &variant);
    assert_eq!(texts(&driver.run(&planned).await.unwrap().batches), ["10000"]);
    assert_eq!(texts(&driver.run(&planned).await.unwrap().batches), ["10000"]);
    assert_clean(&driver);
}

/// Trap 17.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_is_its_root_cause_in_words() {
    let variant = Variant::default();
    let driver = MiniDriver::new(variant.clone());
    // Evaluated in a join's filter, in an aggregate of a build side, above a sort.
    for text in [
        "select count(*) as n from range(0, 100, 1, 2) a join range(0, 10) b on 100 / (a.id - b.id) > 3",
        "select sum(s) as s from range(0, 100, 1, 2) a join (select id % 2 as k, sum(10 / (id - 5)) as s from range(10) group by id % 2) b on a.id = b.k",
        "select id, 10 / (id - 5) as x from range(0, 100, 1, 2) order by x limit 3",
    ] {
        let failed = driver.run(&sql(text, &none(), &variant)).await.unwrap_err();
        assert_eq!((failed.kind, failed.class.as_str()), (FailureKind::User, "DIVIDE_BY_ZERO"), "{text}: {failed:?}");
        assert!(failed.message.starts_with("Division by zero."), "{failed:?}");
        assert!(failed.causes.iter().all(|cause| !cause.contains('(')), "{failed:?}");
        assert_clean(&driver);
    }
}
