//! A driver for tests: runs the stages of a planned query in one process, task by task.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod cases;
pub mod driver;
pub mod external;
pub mod tables;

#[allow(unused_imports)]
pub use driver::{MiniDriver, Variant};

use kiln_query::boundary::{
    MapStatus, Partitioning, StageInput, StageOutput, StagePlan, TaskFailure, TaskOutcome, TaskOutput, TaskSpec, TaskStatus,
};
use kiln_query::plan::{Planned, operator_tree};
use kiln_query::stage::refine;
use kiln_sql::tree::Relation;
use std::collections::BTreeMap;
use tables::{Described, request};

pub fn sql(text: &str, tables: &Described, variant: &Variant) -> Planned {
    kiln_query::plan::plan(&request(Relation::Sql { text: text.to_owned() }, tables, variant)).unwrap()
}

pub fn none() -> Described {
    BTreeMap::new()
}

fn is_range(stage: &StagePlan) -> bool {
    matches!(stage.output, StageOutput::Shuffle { partitioning: Partitioning::Range { .. }, .. })
}

/// Loads a stage's program as it is without decisions, and gives the spec of one of its tasks.
pub fn load(driver: &MiniDriver, planned: &Planned, stage: usize, partition: u32) -> TaskSpec {
    let mut decisions = driver.decisions();
    decisions.range_bounds = planned.plan.stages[stage]
        .inputs
        .iter()
        .filter_map(|input| match input {
            StageInput::Shuffle { reader, stage, .. } if is_range(&planned.plan.stages[*stage as usize]) => Some((*reader, Vec::new())),
            _ => None,
        })
        .collect();
    let refined = refine(&planned.stages[stage], &decisions).unwrap();
    driver.executor.load_program(&refined.hash, &refined.program).unwrap();
    driver.spec(&planned.plan.stages[stage], &refined.hash, partition, 0)
}

/// Runs task `partition` of the first stage.
pub async fn first_stage(driver: &MiniDriver, planned: &Planned, partition: u32) -> (TaskOutcome, Option<Vec<u8>>) {
    let spec = load(driver, planned, 0, partition);
    let program = spec.program.clone();
    let result = driver.executor.run_task(spec).await;
    driver.executor.unload_program(&program);
    result
}

/// Runs all tasks of a stage that writes map outputs.
pub async fn map_stage(driver: &MiniDriver, planned: &Planned, stage: usize) -> Vec<MapStatus> {
    let mut statuses = Vec::new();
    for partition in 0..planned.plan.stages[stage].num_tasks {
        let outcome = driver.executor.run_task(load(driver, planned, stage, partition)).await.0;
        match outcome.status {
            TaskStatus::Success { output: TaskOutput::MapOutput { status } } => statuses.push(status),
            other => panic!("{other:?}"),
        }
    }
    statuses
}

pub fn shuffle_of(stage: &StagePlan) -> u64 {
    match stage.output {
        StageOutput::Shuffle { shuffle_id, .. } => shuffle_id,
        _ => panic!("{:?} is no shuffle", stage.output),
    }
}

pub fn assert_clean(driver: &MiniDriver) {
    assert_eq!(driver.left_behind(), None);
}

pub fn failure(outcome: TaskOutcome) -> TaskFailure {
    match outcome.status {
        TaskStatus::Failed { failure } => failure,
        other => panic!("{other:?}"),
    }
}

/// Prints the stages of a query.
pub fn show(planned: &Planned) {
    for stage in &planned.plan.stages {
        let mut text = String::new();
        operator_tree(&stage.operators, 1, &mut text);
        println!(
            "stage {} of {} tasks -> {:?}, about {:?} bytes, {:?}\n{text}",
            stage.id, stage.num_tasks, stage.output, stage.estimated_bytes, stage.determinism
        );
    }
}
