//! A semi or anti join below the inner joins of its left side (Spark's `PushLeftSemiLeftAntiThroughJoin`) as far as it has less
//! rows to look at there.

use super::estimate::estimate;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, DFSchema, Result};
use datafusion::logical_expr::{Expr, Join, JoinType, LogicalPlan, Projection};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use std::collections::HashSet;
use std::sync::Arc;

#[derive(Debug)]
pub struct PushSemiJoins;

impl OptimizerRule for PushSemiJoins {
    fn name(&self) -> &'static str {
        "kiln_push_semi_joins"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Join(semi) = &plan else { return Ok(Transformed::no(plan)) };
        if !matches!(semi.join_type, JoinType::LeftSemi | JoinType::LeftAnti) || semi.null_aware {
            return Ok(Transformed::no(plan));
        }
        match push(&semi.left, semi, &left_columns(semi))? {
            Some(pushed) => Ok(Transformed::yes(pushed)),
            None => Ok(Transformed::no(plan)),
        }
    }
}

/// What the join's conditions read of its left side.
fn left_columns(semi: &Join) -> HashSet<Column> {
    let schema = semi.left.schema();
    let keys = semi.on.iter().map(|(left, _)| left);
    keys.chain(&semi.filter).flat_map(Expr::column_refs).filter(|c| schema.has_column(c)).cloned().collect()
}

/// The tree with the semi join below at least one inner join; `None` when it cannot or should not go there.
fn push(plan: &LogicalPlan, semi: &Join, columns: &HashSet<Column>) -> Result<Option<LogicalPlan>> {
    match plan {
        // Projections that only drop columns.
        LogicalPlan::Projection(projection) if projection.expr.iter().all(|e| matches!(e, Expr::Column(_))) => {
            let Some(input) = push(&projection.input, semi, columns)? else { return Ok(None) };
            Ok(Some(LogicalPlan::Projection(Projection::try_new(projection.expr.clone(), Arc::new(input))?)))
        }
        LogicalPlan::Join(join) if join.join_type == JoinType::Inner => {
            let is_of = |schema: &DFSchema| columns.iter().all(|c| schema.has_column(c));
            let rows = |plan: &LogicalPlan| estimate(plan).map(|e| e.rows);
            let is_less = |side: &LogicalPlan| rows(side).zip(rows(plan)).is_some_and(|(side, joined)| side < joined);
            let (mut left, mut right) = (Arc::clone(&join.left), Arc::clone(&join.right));
            if is_of(left.schema()) && is_less(&left) {
                left = Arc::new(deepest(&left, semi, columns)?);
            } else if is_of(right.schema()) && is_less(&right) {
                right = Arc::new(deepest(&right, semi, columns)?);
            } else {
                return Ok(None);
            }
            let (on, filter) = (join.on.clone(), join.filter.clone());
            Join::try_new(left, right, on, filter, JoinType::Inner, join.join_constraint, join.null_equality, false)
                .map(|j| Some(LogicalPlan::Join(j)))
        }
        _ => Ok(None),
    }
}

fn deepest(plan: &Arc<LogicalPlan>, semi: &Join, columns: &HashSet<Column>) -> Result<LogicalPlan> {
    if let Some(pushed) = push(plan, semi, columns)? {
        return Ok(pushed);
    }
    let (right, on, filter) = (Arc::clone(&semi.right), semi.on.clone(), semi.filter.clone());
    Join::try_new(Arc::clone(plan), right, on, filter, semi.join_type, semi.join_constraint, semi.null_equality, false)
        .map(LogicalPlan::Join)
}
