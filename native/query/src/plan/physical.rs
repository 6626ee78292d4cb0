//! DataFusion's part of planning: logical optimization and the physical plan.

use super::safe_joins::{ChooseJoins, SafeJoins};
use crate::registry::FUNCTIONS;
use datafusion::common::Result;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};
use datafusion::prelude::SessionConfig;
use futures::executor::block_on;
use std::sync::Arc;

type Rule = Arc<dyn PhysicalOptimizerRule + Send + Sync>;

/// DataFusion's rules with ours around join selection, and without what does not survive being
/// sent to executors.
fn rules() -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for rule in PhysicalOptimizer::new().rules {
        match rule.name() {
            "join_selection" => rules.extend([Arc::new(ChooseJoins) as Rule, rule, Arc::new(SafeJoins)]),
            "HashJoinBuffering" | "PushdownSort" => {}
            _ => rules.push(rule),
        }
    }
    rules
}

/// A session of DataFusion for one query.
pub fn session_state(config: SessionConfig) -> SessionState {
    SessionStateBuilder::new()
        .with_config(config)
        .with_scalar_functions(FUNCTIONS.scalars.values().cloned().collect())
        .with_aggregate_functions(FUNCTIONS.aggregates.values().cloned().collect())
        .with_window_functions(FUNCTIONS.windows.values().cloned().collect())
        .with_optimizer_rules(crate::optimizer::rules())
        .with_physical_optimizer_rules(rules())
        .build()
}

/// # Errors
/// What DataFusion's planner refuses.
pub fn physical_plan(
    state: &SessionState,
    optimized: &LogicalPlan,
    extensions: Vec<Arc<dyn ExtensionPlanner + Send + Sync>>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let planner = DefaultPhysicalPlanner::with_extension_planners(extensions);
    // Our tables do no I/O in `scan`: this never waits.
    block_on(planner.create_physical_plan(optimized, state))
}

/// Estimated bytes of a plan's output.
pub fn estimated_bytes(plan: &Arc<dyn ExecutionPlan>) -> Option<u64> {
    let statistics = StatisticsContext::new().compute(plan.as_ref(), &StatisticsArgs::new()).ok()?;
    if let Some(bytes) = statistics.total_byte_size.get_value() {
        return Some(*bytes as u64);
    }
    let rows = *statistics.num_rows.get_value()? as u64;
    let width: usize = plan.schema().fields().iter().map(|f| super::table::width(f.data_type())).sum();
    Some(rows * width as u64)
}
