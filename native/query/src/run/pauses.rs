//! Where a running tree gives the task the chance to be cancelled.
//!
//! Scans count what they hand out and pause now and then (DataFusion's cooperative scheduling). A join that makes many
//! batches of one of its input asks no scan meanwhile: what reads it pauses above it, and its filter, which may drop
//! billions of pairs before there is a batch, looks whether the task still runs.

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{FieldRef, Schema};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result, exec_err, internal_err};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::joins::{CrossJoinExec, HashJoinExec, NestedLoopJoinExec, NestedLoopJoinExecBuilder, SortMergeJoinExec};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

tokio::task_local! {
    /// The token of the attempt whose operators are being polled: trees may be shared by the tasks of a stage.
    static TOKEN: CancellationToken;
}

/// The work of an attempt, whose joins look at its token.
pub fn watching<F: Future>(token: CancellationToken, work: F) -> impl Future<Output = F::Output> {
    TOKEN.scope(token, work)
}

/// The tree with a pause above every operator that may make many batches of one, and checks in the filters of joins.
///
/// # Errors
/// When a join cannot be made again.
pub fn with_pauses(tree: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    tree.transform_up(|node| match multiplying(&node)? {
        Some(node) => Ok(Transformed::yes(Arc::new(CooperativeExec::new(node)))),
        None => Ok(Transformed::no(node)),
    })
    .map(|done| done.data)
}

/// An operator that multiplies rows, its filter being checked.
fn multiplying(node: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    if let Some(join) = node.downcast_ref::<HashJoinExec>() {
        return join.builder().with_filter(join.filter().map(checked)).build_exec().map(Some);
    }
    if let Some(join) = node.downcast_ref::<NestedLoopJoinExec>() {
        let join = NestedLoopJoinExecBuilder::from(join).with_filter(join.filter().map(checked)).build()?;
        return Ok(Some(Arc::new(join)));
    }
    if let Some(join) = node.downcast_ref::<SortMergeJoinExec>() {
        let filter = join.filter.as_ref().map(checked);
        let (left, right) = (Arc::clone(&join.left), Arc::clone(&join.right));
        let join = SortMergeJoinExec::try_new(
            left,
            right,
            join.on.clone(),
            filter,
            join.join_type,
            join.sort_options.clone(),
            join.null_equality,
        )?;
        return Ok(Some(Arc::new(join)));
    }
    Ok(node.is::<CrossJoinExec>().then(|| Arc::clone(node)))
}

fn checked(filter: &JoinFilter) -> JoinFilter {
    let expression = Arc::new(WhileRunning(Arc::clone(filter.expression())));
    JoinFilter::new(expression, filter.column_indices().to_vec(), Arc::clone(filter.schema()))
}

/// The same expression, which fails once its task is cancelled.
#[derive(Debug, Eq)]
struct WhileRunning(Arc<dyn PhysicalExpr>);

// By hand: a derive would move the expression out.
impl PartialEq for WhileRunning {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq(&other.0)
    }
}

impl Hash for WhileRunning {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Display for WhileRunning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl PhysicalExpr for WhileRunning {
    fn return_field(&self, input_schema: &Schema) -> Result<FieldRef> {
        self.0.return_field(input_schema)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        // Outside of the attempt's own future nobody can tell: what an operator spawned is aborted between its batches.
        if TOKEN.try_with(CancellationToken::is_cancelled).unwrap_or(false) {
            return exec_err!("the task was cancelled");
        }
        self.0.evaluate(batch)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.0]
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn PhysicalExpr>>) -> Result<Arc<dyn PhysicalExpr>> {
        match (children.pop(), children.pop()) {
            (Some(only), None) => Ok(Arc::new(Self(only))),
            _ => internal_err!("a check has one expression"),
        }
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_sql(f)
    }
}
