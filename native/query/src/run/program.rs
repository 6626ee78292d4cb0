//! Programs of an executor: decoded once, never executed themselves.

use super::pauses::with_pauses;
use super::sort_memory::sort_share;
use crate::boundary::ProgramHeader;
use crate::codec::{PlanKind, ScalarValues, decode_plan};
use crate::plan::Settings;
use crate::registry::decoding_context;
use datafusion::common::Result;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::execution_plan::reset_plan_states;
use datafusion::prelude::SessionConfig;
use std::sync::Arc;

#[derive(Debug)]
pub struct Program {
    pub header: ProgramHeader,
    pub config: SessionConfig,
    /// `spark.driver.maxResultSize`; 0: no limit.
    pub max_result_bytes: u64,
    pub time_zone: String,
    /// The part of a task's memory that a sort may fill with rows.
    pub sort_share: f64,
    /// A tree that no task has executed.
    template: Arc<dyn ExecutionPlan>,
}

impl Program {
    /// `task_bytes`: the memory that a task of this executor may count on.
    pub fn decode(bytes: &[u8], runtime: Arc<RuntimeEnv>, task_bytes: usize) -> Result<Self> {
        let (header, template) = decode_plan(PlanKind::Program, bytes, &decoding_context(runtime), &ScalarValues::default())?;
        let settings = Settings::from_conf(&header.conf)?;
        // What a sort keeps for its merges must leave it something to sort with.
        let config = settings.session_config(1).with_sort_spill_reservation_bytes((10 << 20).min(task_bytes / 8));
        let sort_share = sort_share(&template)?;
        Ok(Self {
            header,
            sort_share,
            config,
            max_result_bytes: settings.max_result_bytes,
            time_zone: settings.time_zone,
            template: with_pauses(template)?,
        })
    }

    /// A tree for one attempt: operators keep state of an execution (builds, errors, metrics).
    pub fn tree(&self) -> Result<Arc<dyn ExecutionPlan>> {
        reset_plan_states(Arc::clone(&self.template))
    }
}
