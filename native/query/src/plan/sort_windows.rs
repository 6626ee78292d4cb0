//! Pass: the input of a window is sorted by all of its keys.
//!
//! DataFusion sorts by no column that a filter holds constant. The stage that reads an exchange knows nothing of the filter
//! below it, and a window that does not find its keys sorted refuses to run.

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_expr::LexOrdering;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowAggExec};
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, replace_children_if_necessary};
use std::sync::Arc;

/// # Errors
/// When DataFusion cannot compare orders.
pub fn sort_windows(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|plan| {
        if !plan.is::<WindowAggExec>() && !plan.is::<BoundedWindowAggExec>() {
            return Ok(Transformed::no(plan));
        }
        let Some(Some(required)) = plan.required_input_ordering().into_iter().next() else {
            return Ok(Transformed::no(plan));
        };
        let children = plan.children();
        let [input] = children.as_slice() else {
            return Ok(Transformed::no(plan));
        };
        let required = required.into_single();
        if input.equivalence_properties().ordering_satisfy_requirement(required.clone())? {
            return Ok(Transformed::no(plan));
        }
        let unsorted = match input.downcast_ref::<SortExec>() {
            Some(sort) if sort.fetch().is_none() => sort.input(),
            _ => *input,
        };
        let sorted = SortExec::new(LexOrdering::from(required), Arc::clone(unsorted)).with_preserve_partitioning(true);
        replace_children_if_necessary(Arc::clone(&plan), vec![Arc::new(sorted)]).map(Transformed::yes)
    })
    .data()
}
