//! Rules on DataFusion's logical plan that DataFusion does not have: the order of joins.

mod estimate;
mod join_graph;
mod join_keys;
mod join_order;
mod push_semi_joins;
mod reorder_joins;

use join_keys::{EliminateCrossJoins, ExtractJoinKeys};

pub use push_semi_joins::PushSemiJoins;
pub use reorder_joins::ReorderJoins;

/// DataFusion's rules and ours.
pub fn rules() -> Vec<std::sync::Arc<dyn datafusion::optimizer::OptimizerRule + Send + Sync>> {
    let mut rules = datafusion::optimizer::Optimizer::new().rules;
    for rule in &mut rules {
        match rule.name() {
            EliminateCrossJoins::NAME => *rule = std::sync::Arc::new(EliminateCrossJoins::default()),
            ExtractJoinKeys::NAME => *rule = std::sync::Arc::new(ExtractJoinKeys::default()),
            _ => {}
        }
    }
    // At the end of a pass: filters are pushed down and columns pruned, and the next pass tidies up.
    rules.push(std::sync::Arc::new(PushSemiJoins));
    rules.push(std::sync::Arc::new(ReorderJoins));
    rules
}
