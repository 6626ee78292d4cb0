//! A driver for tests: runs the stages of a planned query in one process, task by task.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod driver;
pub mod tables;

#[allow(unused_imports)]
pub use driver::{MiniDriver, Variant};

use kiln_query::plan::{Planned, operator_tree};

/// Prints the stages of a query.
pub fn show(planned: &Planned) {
    for stage in &planned.plan.stages {
        let mut text = String::new();
        operator_tree(&stage.operators, 1, &mut text);
        println!("stage {} of {} tasks -> {:?}, about {:?} bytes, {:?}\n{text}", stage.id, stage.num_tasks, stage.output, stage.estimated_bytes, stage.determinism);
    }
}
