use super::compare::{binary, has_subquery};
use super::expression::Site;
use super::filter::split;
use super::relation::{Lowerer, all_columns, project};
use super::{query_error, subquery};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, NullEquality};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Join, JoinConstraint, JoinType, LogicalPlan, Operator, lit};
use kiln_sql::error::{QueryError, Result};
use kiln_sql::tree::{Expression, JoinKind, Relation, SubqueryKind};
use std::sync::Arc;

/// A join's condition: keys of both sides, and the rest.
#[derive(Default)]
struct Condition {
    on: Vec<(Expr, Expr)>,
    null_safe: Vec<(Expr, Expr)>,
    rest: Vec<Expr>,
}

impl Lowerer<'_> {
    pub fn join(
        &self,
        left: &Relation,
        right: &Relation,
        kind: JoinKind,
        condition: Option<&Expression>,
        lateral: bool,
    ) -> Result<LogicalPlan> {
        let left = self.relation(left)?;
        let join_type = join_type(kind);
        if lateral {
            return self.lateral_join(left, right, join_type, condition);
        }
        let right = self.relation(right)?;
        let mut parts = Vec::new();
        if let Some(condition) = condition {
            split(condition, &mut parts);
        }
        // A subquery in the condition of an inner join is one of a filter above it.
        let (above, parts): (Vec<_>, Vec<_>) = parts.into_iter().partition(|p| holds_subquery(p));
        if !above.is_empty() && join_type != JoinType::Inner {
            return Err(QueryError::unsupported("a subquery in the condition of an outer join"));
        }
        let plan = self.join_plans(left, right, join_type, &parts)?;
        if above.is_empty() { Ok(plan) } else { self.filter_plan(plan, &above) }
    }

    fn lateral_join(
        &self,
        left: LogicalPlan,
        right: &Relation,
        join_type: JoinType,
        condition: Option<&Expression>,
    ) -> Result<LogicalPlan> {
        if !matches!(join_type, JoinType::Inner | JoinType::Left) {
            return Err(QueryError::unsupported("this kind of lateral join"));
        }
        let mut parts = Vec::new();
        if let Some(condition) = condition {
            split(condition, &mut parts);
        }
        if parts.iter().any(|part| holds_subquery(part)) {
            return Err(QueryError::unsupported("a subquery in the condition of a lateral join"));
        }
        if let (Some(expressions), true) = (of_one_row(right), parts.is_empty()) {
            return self.with_columns(left, expressions);
        }
        let right = self.relation(right)?;
        let columns: Vec<Expr> = all_columns(&left).into_iter().chain(all_columns(&right)).collect();
        let right = if !right.all_out_ref_exprs().is_empty() {
            subquery::check_decorrelation(&right, false)?;
            LogicalPlan::Subquery(subquery::correlated(right))
        } else {
            right
        };
        // The join that DataFusion makes of it has more columns.
        project(self.join_plans(left, right, join_type, &parts)?, columns)
    }

    /// `LATERAL (SELECT a + 1)`: columns of the row itself.
    fn with_columns(&self, left: LogicalPlan, expressions: &[Expression]) -> Result<LogicalPlan> {
        let site = Site::project(&left);
        let mut columns = all_columns(&left);
        for expression in expressions {
            let own = self.expression(expression, &site)?.transform(|e| match e {
                Expr::OuterReferenceColumn(_, column) => Ok(Transformed::yes(Expr::Column(column))),
                other => Ok(Transformed::no(other)),
            });
            columns.push(own.map_err(query_error)?.data);
        }
        project(self.add_site_columns(left, &site)?, columns)
    }

    fn join_plans(&self, left: LogicalPlan, right: LogicalPlan, join_type: JoinType, parts: &[&Expression]) -> Result<LogicalPlan> {
        let both = left.schema().join(right.schema()).map_err(query_error)?;
        let site = Site::new(super::expression::SiteKind::Plain, Arc::new(both));
        let mut condition = Condition::default();
        for part in parts {
            let lowered = self.expression(part, &site)?;
            condition.add(lowered, left.schema(), right.schema());
        }
        let (on, null_equality) = condition.keys();
        let mut rest = conjunction(condition.rest);
        if on.is_empty() && rest.is_none() && join_type != JoinType::Inner {
            rest = Some(lit(true));
        }
        let join = Join::try_new(Arc::new(left), Arc::new(right), on, rest, join_type, JoinConstraint::On, null_equality, false);
        join.map(LogicalPlan::Join).map_err(query_error)
    }
}

/// The columns of a SELECT without FROM.
fn of_one_row(relation: &Relation) -> Option<&[Expression]> {
    let Relation::Project { input, expressions } = relation else { return None };
    let is_row = matches!(input.as_ref(), Relation::LocalRelation { rows, .. } if matches!(rows.as_slice(), [row] if row.is_empty()));
    let is_plain = expressions
        .iter()
        .all(|e| !super::walk::any(e, &mut |part| matches!(part, Expression::Window { .. } | Expression::Subquery { .. })));
    (is_row && is_plain).then_some(expressions)
}

fn join_type(kind: JoinKind) -> JoinType {
    match kind {
        JoinKind::Inner | JoinKind::Cross => JoinType::Inner,
        JoinKind::FullOuter => JoinType::Full,
        JoinKind::LeftOuter => JoinType::Left,
        JoinKind::RightOuter => JoinType::Right,
        JoinKind::LeftAnti => JoinType::LeftAnti,
        JoinKind::LeftSemi => JoinType::LeftSemi,
    }
}

/// Uncorrelated scalar subqueries are mere values.
fn holds_subquery(part: &Expression) -> bool {
    super::walk::any(part, &mut |e| match e {
        Expression::Subquery { kind, plan, .. } => *kind != SubqueryKind::Scalar || super::walk::is_correlated(plan),
        _ => false,
    })
}

impl Condition {
    fn add(&mut self, part: Expr, left: &DFSchema, right: &DFSchema) {
        let Expr::BinaryExpr(BinaryExpr { left: l, op: op @ (Operator::Eq | Operator::IsNotDistinctFrom), right: r }) = part else {
            return self.rest.push(part);
        };
        let keys = if has_subquery(&l) || has_subquery(&r) {
            None
        } else if only(&l, left) && only(&r, right) {
            Some((*l.clone(), *r.clone()))
        } else if only(&l, right) && only(&r, left) {
            Some((*r.clone(), *l.clone()))
        } else {
            None
        };
        match (keys, op) {
            (Some(keys), Operator::Eq) => self.on.push(keys),
            (Some(keys), _) => self.null_safe.push(keys),
            (None, op) => self.rest.push(binary(*l, op, *r)),
        }
    }

    /// `<=>` makes the keys only where there is no `=`: DataFusion has one rule for all keys of a join.
    fn keys(&mut self) -> (Vec<(Expr, Expr)>, NullEquality) {
        let null_safe = std::mem::take(&mut self.null_safe);
        if self.on.is_empty() && !null_safe.is_empty() {
            return (null_safe, NullEquality::NullEqualsNull);
        }
        self.rest.extend(null_safe.into_iter().map(|(l, r)| binary(l, Operator::IsNotDistinctFrom, r)));
        (std::mem::take(&mut self.on), NullEquality::NullEqualsNothing)
    }
}

/// Whether an expression has columns, and all of this schema.
fn only(expr: &Expr, schema: &DFSchema) -> bool {
    let columns = expr.column_refs();
    !columns.is_empty() && columns.iter().all(|c| schema.has_column(c))
}
