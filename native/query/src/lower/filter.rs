use super::compare::{guarded, has_subquery};
use super::expression::{Site, can_fail};
use super::query_error;
use super::relation::{Lowerer, all_columns, project};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Filter, LogicalPlan, Operator};
use kiln_sql::error::Result;
use kiln_sql::tree::{Expression, Relation};
use std::sync::Arc;

impl Lowerer<'_> {
    pub fn filter(&self, input: &Relation, condition: &Expression) -> Result<LogicalPlan> {
        let input = self.relation(input)?;
        self.filter_plan(input, &[condition])
    }

    pub fn filter_plan(&self, input: LogicalPlan, conditions: &[&Expression]) -> Result<LogicalPlan> {
        let columns = all_columns(&input);
        let site = Site::filter(&input);
        let mut conjuncts = Vec::new();
        for condition in conditions {
            split(condition, &mut conjuncts);
        }
        let lower = |conjunct: &Expression| {
            site.whole.set(matches!(conjunct, Expression::Subquery { .. }));
            self.expression(conjunct, &site)
        };
        let lowered = conjuncts.into_iter().map(lower).collect::<Result<Vec<_>>>()?;
        let predicates = guard_fallible(lowered)?;
        let plan = self.add_site_columns(input, &site)?;
        let widened = plan.schema().fields().len() > columns.len();
        let Some(predicate) = conjunction(predicates) else { return Ok(plan) };
        let filter = LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(plan)).map_err(query_error)?);
        if widened { project(filter, columns) } else { Ok(filter) }
    }
}

/// The parts of an AND, in order.
pub fn split<'e>(condition: &'e Expression, parts: &mut Vec<&'e Expression>) {
    match condition {
        Expression::Call { name, arguments, .. } if name == "and" => arguments.iter().for_each(|a| split(a, parts)),
        other => parts.push(other),
    }
}

/// DataFusion evaluates the parts of a filter in any order: a part that may fail is made to look at the parts before it.
fn guard_fallible(predicates: Vec<Expr>) -> Result<Vec<Expr>> {
    let mut done: Vec<Expr> = Vec::with_capacity(predicates.len());
    for predicate in predicates {
        let guard = done.iter().filter(|p| !has_subquery(p)).cloned().reduce(Expr::and);
        done.push(match guard {
            Some(guard) if can_fail(&predicate) && !has_subquery(&predicate) && !joins(&predicate) => guarded(guard, predicate)?,
            _ => predicate,
        });
    }
    Ok(done)
}

/// An equality of different columns may become a join's key.
fn joins(predicate: &Expr) -> bool {
    let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = predicate else { return false };
    let (left, right) = (left.column_refs(), right.column_refs());
    !left.is_empty() && !right.is_empty() && left.is_disjoint(&right)
}
