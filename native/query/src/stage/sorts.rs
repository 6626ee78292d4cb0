//! Which sorts with a limit may keep their rows in memory: those of DataFusion cannot spill.

use crate::boundary::StageDecisions;
use crate::plan::row_width;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::limit::LocalLimitExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use std::sync::Arc;

/// What a kept row takes: itself, its key, and what is kept until it is found to be too large.
const COPIES: u64 = 3;

pub fn choose_sorts(plan: Arc<dyn ExecutionPlan>, decisions: &StageDecisions) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|plan| {
        let Some((sort, fetch)) = plan.downcast_ref::<SortExec>().and_then(|sort| Some((sort, sort.fetch()?))) else {
            return Ok(Transformed::no(plan));
        };
        let bytes = (fetch as u64).saturating_mul(COPIES * row_width(&plan.schema()));
        if !decisions.avoid_hash_join && bytes <= decisions.max_hash_build_bytes {
            return Ok(Transformed::no(plan));
        }
        Ok(Transformed::yes(Arc::new(LocalLimitExec::new(Arc::new(sort.with_fetch(None)), fetch)) as Arc<dyn ExecutionPlan>))
    })
    .data()
}
