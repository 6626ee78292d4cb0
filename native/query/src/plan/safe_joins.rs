//! Physical optimizer rule: after DataFusion has chosen join sides, joins whose build side would be
//! broadcast are turned so that splitting the probe side over tasks is right.

use super::exchange::ExchangeExec;
use super::place_exchanges::is_probe_driven;
use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::joins::{HashJoinExec, NestedLoopJoinExec, PartitionMode};
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use std::sync::Arc;

/// Before join selection: with one target partition DataFusion plans every hash join to collect
/// its left side, however large.
#[derive(Debug)]
pub struct ChooseJoins;

impl PhysicalOptimizerRule for ChooseJoins {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| match plan.downcast_ref::<HashJoinExec>() {
            Some(join) if *join.partition_mode() == PartitionMode::CollectLeft && !join.null_aware => {
                Ok(Transformed::yes(join.builder().with_partition_mode(PartitionMode::Auto).build_exec()?))
            }
            _ => Ok(Transformed::no(plan)),
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "kiln_choose_joins"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// After join selection.
#[derive(Debug)]
pub struct SafeJoins;

impl PhysicalOptimizerRule for SafeJoins {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let threshold = config.optimizer.hash_join_single_partition_threshold;
        plan.transform_up(|plan| {
            if let Some(join) = plan.downcast_ref::<HashJoinExec>() {
                return hash_join(join, threshold).map(|new| new.map_or_else(|| Transformed::no(Arc::clone(&plan)), Transformed::yes));
            }
            if let Some(join) = plan.downcast_ref::<NestedLoopJoinExec>() {
                return nested_loop_join(join).map(|new| new.map_or_else(|| Transformed::no(Arc::clone(&plan)), Transformed::yes));
            }
            Ok(Transformed::no(plan))
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "kiln_safe_joins"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn hash_join(join: &HashJoinExec, threshold: usize) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    if *join.partition_mode() != PartitionMode::CollectLeft || is_probe_driven(*join.join_type()) {
        return Ok(None);
    }
    if join.null_aware {
        // Its state is global: one task sees the whole probe side.
        return one_probe(join.right(), |right| join.builder().with_new_children(vec![Arc::clone(join.left()), right])?.build_exec());
    }
    let right_bytes = StatisticsContext::new().compute(join.right().as_ref(), &StatisticsArgs::new())?.total_byte_size;
    if join.join_type().supports_swap() && right_bytes.get_value().is_some_and(|bytes| *bytes < threshold) {
        let swapped = join.swap_inputs(PartitionMode::CollectLeft)?;
        let swapped_join = find_join(&swapped);
        if swapped_join.is_some_and(|join| is_probe_driven(*join.join_type())) {
            return Ok(Some(swapped));
        }
    }
    Ok(Some(join.builder().with_partition_mode(PartitionMode::Partitioned).build_exec()?))
}

/// The join under the projection that a swap may add.
fn find_join(plan: &Arc<dyn ExecutionPlan>) -> Option<&HashJoinExec> {
    plan.downcast_ref::<HashJoinExec>().or_else(|| plan.children().first().and_then(|child| child.downcast_ref::<HashJoinExec>()))
}

fn nested_loop_join(join: &NestedLoopJoinExec) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let join_type = *join.join_type();
    if is_probe_driven(join_type) {
        return Ok(None);
    }
    if join_type.supports_swap() && is_probe_driven(join_type.swap()) {
        return Ok(Some(join.swap_inputs()?));
    }
    one_probe(join.right(), |right| {
        Ok(Arc::new(NestedLoopJoinExec::try_new(
            Arc::clone(join.left()),
            right,
            join.filter().cloned(),
            &join_type,
            join.projection().as_ref().map(|p| p.to_vec()),
        )?))
    })
}

/// The join with its probe side in one partition; `None` when it is.
fn one_probe(
    right: &Arc<dyn ExecutionPlan>,
    rebuild: impl FnOnce(Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>>,
) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    if right.output_partitioning().partition_count() == 1 {
        return Ok(None);
    }
    // Not a CoalescePartitionsExec: the rule that enforces distributions would take it away.
    rebuild(Arc::new(ExchangeExec::single(Arc::clone(right), None, None))).map(Some)
}
