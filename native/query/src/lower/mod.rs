//! The resolved tree to DataFusion's logical plan.
//!
//! A column is named `c{id}` without a qualifier, so no name is ambiguous or given twice; the caller keeps names and
//! types by position. Uncorrelated scalar subqueries are not given to DataFusion: each is a plan of its own and a call
//! of `kiln_scalar_subquery(id)` where its value belongs.
mod aggregate;
mod aggregate_call;
mod call;
mod compare;
mod error;
mod expression;
mod filter;
mod join;
mod literal;
mod predicate;
mod relation;
mod set_op;
mod source;
mod subquery;
mod temporal;
mod walk;
mod window;

#[cfg(test)]
mod tests;

pub mod exchange_node;
pub mod logical;
pub mod nodes;
pub mod planner;
pub mod random;
pub mod range_table;

pub use error::query_error;
pub use exchange_node::ExplicitExchangeExec;
pub use planner::KilnExtensionPlanner;
pub use range_table::RangeTable;

use datafusion::catalog::TableProvider;
use datafusion::logical_expr::LogicalPlan;
use kiln_sql::error::Result;
use kiln_sql::tree::Relation;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The tables a query reads. A provider's schema is [`crate::functions::types::arrow_schema`] of the table's fields.
pub trait Tables {
    fn provider(&self, key: &str) -> Option<Arc<dyn TableProvider>>;
}

impl Tables for BTreeMap<String, Arc<dyn TableProvider>> {
    fn provider(&self, key: &str) -> Option<Arc<dyn TableProvider>> {
        self.get(key).cloned()
    }
}

pub struct LowerContext<'a> {
    pub tables: &'a dyn Tables,
    /// `spark.sql.session.timeZone`.
    pub time_zone: String,
    /// Partitions of a `range` that names none.
    pub default_parallelism: u32,
}

pub struct Lowered {
    pub plan: LogicalPlan,
    /// Uncorrelated scalar subqueries: one column each, a subquery before those that use it.
    pub scalar_subqueries: Vec<(u32, LogicalPlan)>,
}

/// Lowers a resolved tree. A `Write` at the root is lowered as its input.
pub fn lower(resolved: &Relation, context: &LowerContext) -> Result<Lowered> {
    let lowerer = relation::Lowerer::new(context);
    let plan = lowerer.relation(resolved)?;
    Ok(Lowered { plan, scalar_subqueries: lowerer.into_subqueries() })
}

/// The name of the column with this id in every plan.
pub fn column_name(id: u64) -> String {
    format!("c{id}")
}
