//! DataFusion's rules for keys of joins where they are right. Both treat `a = b` as the key of a join (`a <=> b`) whose keys may
//! be NULL: one drops it from the filters above such a join, the other makes it one more key.

use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::common::{NullEquality, Result};
use datafusion::logical_expr::{JoinType, LogicalPlan};
use datafusion::optimizer::eliminate_cross_join::EliminateCrossJoin;
use datafusion::optimizer::extract_equijoin_predicate::ExtractEquijoinPredicate;
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

/// `EliminateCrossJoin`, but for plans with an inner join whose keys may be NULL.
#[derive(Debug, Default)]
pub struct EliminateCrossJoins(EliminateCrossJoin);

impl EliminateCrossJoins {
    /// The name of the rule that this one takes the place of.
    pub const NAME: &'static str = "eliminate_cross_join";
}

impl OptimizerRule for EliminateCrossJoins {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        self.0.apply_order()
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        if joins_nulls(&plan)? { Ok(Transformed::no(plan)) } else { self.0.rewrite(plan, config) }
    }
}

/// `ExtractEquijoinPredicate`, but for joins whose keys are there and may be NULL.
#[derive(Debug, Default)]
pub struct ExtractJoinKeys(ExtractEquijoinPredicate);

impl ExtractJoinKeys {
    /// The name of the rule that this one takes the place of.
    pub const NAME: &'static str = "extract_equijoin_predicate";
}

impl OptimizerRule for ExtractJoinKeys {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        self.0.apply_order()
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        match &plan {
            LogicalPlan::Join(join) if join.null_equality == NullEquality::NullEqualsNull && !join.on.is_empty() => {
                Ok(Transformed::no(plan))
            }
            _ => self.0.rewrite(plan, config),
        }
    }
}

fn joins_nulls(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        found = matches!(node, LogicalPlan::Join(join)
            if join.join_type == JoinType::Inner && join.null_equality == NullEquality::NullEqualsNull);
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}
