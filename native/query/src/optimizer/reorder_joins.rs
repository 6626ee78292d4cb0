//! The order of inner joins by estimated cost. Spark keeps the order that was written unless its cost-based optimizer is on
//! (`spark.sql.cbo.joinReorder.enabled`), since it has no statistics by itself; here footers of files tell rows and bounds.

use super::estimate::{Estimate, estimate};
use super::join_graph::{ConditionKind, JoinGraph};
use super::join_order::{Edge, Priced, Problem, Relation, Tree};
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

/// Another order has to promise at least so much: estimates are rough.
const WORTH: f64 = 0.8;

#[derive(Debug)]
pub struct ReorderJoins;

impl OptimizerRule for ReorderJoins {
    fn name(&self) -> &'static str {
        "kiln_reorder_joins"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        None
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let broadcast_bytes = config.options().optimizer.hash_join_single_partition_threshold as f64;
        plan.transform_down(|plan| {
            let Some((graph, written)) = JoinGraph::of(&plan) else { return Ok(Transformed::no(plan)) };
            // What is below was a part of it.
            let unchanged = |plan| Ok(Transformed::new(plan, false, TreeNodeRecursion::Continue));
            let Some(better) = better(&graph, &written, broadcast_bytes) else { return unchanged(plan) };
            let rebuilt = graph.build(&better, plan.schema())?;
            // Its root is a projection; the joins below would be seen as other roots.
            Ok(Transformed::new(rebuilt, true, TreeNodeRecursion::Jump))
        })
    }
}

fn better(graph: &JoinGraph, written: &Tree, broadcast_bytes: f64) -> Option<Tree> {
    let estimates = graph.relations.iter().map(|r| estimate(r)).collect::<Option<Vec<Estimate>>>()?;
    let edges = graph.conditions.iter().filter_map(|condition| match &condition.kind {
        ConditionKind::Equal { left: (l, one), right: (r, other) } => {
            Some(Edge { left: *l, right: *r, values: estimates[*l].values(one).min(estimates[*r].values(other)) })
        }
        ConditionKind::Other(_) => None,
    });
    let relations = estimates.iter().map(|e| Relation { rows: e.rows, width: e.width, table_rows: e.table_rows });
    let problem = Problem { relations: relations.collect(), edges: edges.collect(), broadcast_bytes };
    let best = problem.best()?;
    (best.cost < WORTH * price(&problem, written).cost).then_some(best.tree)
}

fn price(problem: &Problem, tree: &Tree) -> Priced {
    match tree {
        Tree::Leaf(index) => problem.leaf(*index),
        Tree::Join(a, b) => problem.join(&price(problem, a), &price(problem, b)),
    }
}
