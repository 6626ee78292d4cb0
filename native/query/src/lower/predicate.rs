//! EXISTS and IN, with NULLs as SQL has them.
//!
//! DataFusion decorrelates them in filters, but knows NULL only in the simplest NOT IN, which it runs in one process.
//! Here NOT IN is an anti join that needs no NULLs, beside a scalar subquery that tells whether the list has any.
use super::expression::{Site, SiteKind, case_of};
use super::query_error;
use super::relation::{Lowerer, column, project};
use super::subquery::{check_decorrelation, correlated, scalar};
use crate::functions::call;
use arrow::datatypes::DataType as ArrowType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, ExprSchema, NullEquality, ScalarValue};
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::expr::{Exists, InSubquery};
use datafusion::logical_expr::{Aggregate, Expr, Filter, Join, JoinConstraint, JoinType, Limit, LogicalPlan, LogicalPlanBuilder, lit};
use kiln_sql::error::{QueryError, Result};
use std::sync::Arc;

/// `values [NOT] IN (inner)`.
pub struct Membership {
    pub values: Vec<Expr>,
    pub inner: LogicalPlan,
    pub correlated: bool,
    pub negated: bool,
}

/// A column that says whether a row is in a subquery's list, put below a projection.
pub struct Mark {
    alias: String,
    value: Expr,
    inner: LogicalPlan,
}

impl Mark {
    pub fn join(self, input: LogicalPlan) -> Result<LogicalPlan> {
        let key = first_column(&self.inner)?;
        let right = LogicalPlanBuilder::from(self.inner).alias(self.alias.clone()).and_then(LogicalPlanBuilder::build);
        let right = Arc::new(right.map_err(query_error)?);
        let on = vec![(self.value, Expr::Column(Column::new(Some(self.alias), key.name)))];
        let join =
            Join::try_new(Arc::new(input), right, on, None, JoinType::LeftMark, JoinConstraint::On, NullEquality::NullEqualsNothing, false);
        join.map(LogicalPlan::Join).map_err(query_error)
    }
}

impl Lowerer<'_> {
    pub fn exists(&self, inner: LogicalPlan, is_correlated: bool, negated: bool, site: &Site) -> Result<Expr> {
        if !is_correlated {
            let limited = Limit { skip: None, fetch: Some(Box::new(lit(1i64))), input: Arc::new(inner) };
            let exists = self.placeholder(counted(LogicalPlan::Limit(limited), |n| n.gt(lit(0i64)))?)?;
            return Ok(if negated { !exists } else { exists });
        }
        match site.kind {
            SiteKind::Filter => {
                check_decorrelation(&inner, true)?;
                Ok(Expr::Exists(Exists { subquery: correlated(inner), negated }))
            }
            _ => {
                let rows = scalar(counted(inner, |n| n)?, site)?;
                Ok(if negated { rows.eq(lit(0i64)) } else { rows.gt(lit(0i64)) })
            }
        }
    }

    pub fn in_subquery(&self, membership: &Membership, site: &Site) -> Result<Expr> {
        let membership = self.canonical_membership(membership, site)?;
        let filter = site.kind == SiteKind::Filter;
        let may_be_null = membership.may_be_null(site);
        let negate = |e: Expr| if membership.negated { !e } else { e };
        if filter && site.positive.get() && !membership.negated {
            return membership.semi_join(site);
        }
        if !may_be_null {
            return Ok(negate(self.contained(&membership, site)?));
        }
        let unknown = match (membership.correlated, membership.values.as_slice()) {
            (false, [value]) => self.unknown_by_status(value, &membership.inner)?,
            _ => self.exists(membership.matching(Match::Unknown, site)?, true, false, site)?,
        };
        if filter && site.positive.get() {
            let found = self.exists(membership.matching(Match::True, site)?, true, true, site)?;
            return Ok(match (membership.correlated, membership.values.len()) {
                (false, 1) => found.and(unknown.is_not_true()),
                // One anti join finds both.
                _ => self.exists(membership.matching(Match::NotFalse, site)?, true, true, site)?,
            });
        }
        let null = Expr::Literal(ScalarValue::Boolean(None), None);
        let value = case_of(vec![(self.contained(&membership, site)?, lit(true)), (unknown, null)], Some(lit(false)));
        Ok(negate(value))
    }

    /// True or false: whether an equal row is in the list.
    fn contained(&self, membership: &Membership, site: &Site) -> Result<Expr> {
        let [value] = membership.values.as_slice() else {
            return self.exists(membership.matching(Match::True, site)?, true, false, site);
        };
        match site.kind {
            SiteKind::Filter if site.positive.get() => self.exists(membership.matching(Match::True, site)?, true, false, site),
            SiteKind::Filter => membership.semi_join(site),
            SiteKind::Project if !membership.correlated => {
                let alias = self.fresh_name("mark");
                site.add_mark(Mark { alias: alias.clone(), value: value.clone(), inner: membership.inner.clone() });
                Ok(Expr::Column(Column::new(Some(alias), "mark")))
            }
            SiteKind::Project => self.exists(membership.matching(Match::True, site)?, true, false, site),
            SiteKind::Plain => Err(QueryError::unsupported("an IN subquery outside SELECT and WHERE")),
        }
    }

    /// Whether `value IN (inner)` is NULL when no row is equal: the list has a NULL, or the value is NULL and there is a list.
    fn unknown_by_status(&self, value: &Expr, inner: &LogicalPlan) -> Result<Expr> {
        let item = Expr::Column(first_column(inner)?);
        let (rows, known) = (count(lit(1i64)), count(item));
        let names = [rows.schema_name().to_string(), known.schema_name().to_string()];
        let aggregate = Aggregate::try_new(Arc::new(inner.clone()), vec![], vec![rows, known]).map_err(query_error)?;
        let [rows, known] = names.map(column);
        // 0: no rows, 1: no NULL, 2: a NULL
        let status = case_of(vec![(rows.clone().eq(lit(0i64)), lit(0i32)), (known.lt(rows), lit(2i32))], Some(lit(1i32)));
        let status = self.placeholder(project(LogicalPlan::Aggregate(aggregate), vec![status.alias("status")])?)?;
        Ok(status.clone().eq(lit(2i32)).or(status.eq(lit(1i32)).and(value.clone().is_null())))
    }

    /// Floats in their one form on both sides.
    fn canonical_membership(&self, membership: &Membership, site: &Site) -> Result<Membership> {
        let floats = membership.inner.schema().fields().iter().any(|f| matches!(f.data_type(), ArrowType::Float32 | ArrowType::Float64));
        let values = membership.values.iter().map(|v| self.canonical(v.clone(), site)).collect::<Result<_>>()?;
        let mut inner = membership.inner.clone();
        if floats {
            let columns = inner.schema().columns();
            let fields = inner.schema().fields().clone();
            let columns = columns.into_iter().zip(&fields).map(|(c, f)| match f.data_type() {
                ArrowType::Float32 | ArrowType::Float64 => {
                    let name = c.name.clone();
                    Ok(call("kiln_normalize_float", vec![Expr::Column(c)])?.alias(name))
                }
                _ => Ok(Expr::Column(c)),
            });
            let columns = columns.collect::<Result<_>>()?;
            inner = project(inner, columns)?;
        }
        Ok(Membership { values, inner, correlated: membership.correlated, negated: membership.negated })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Match {
    True,
    /// NULL: not false, and not equal.
    Unknown,
    NotFalse,
}

impl Membership {
    fn may_be_null(&self, site: &Site) -> bool {
        let items = self.inner.schema().fields();
        self.values.iter().zip(items).any(|(v, f)| site.nullable(v) || f.is_nullable())
    }

    fn semi_join(&self, site: &Site) -> Result<Expr> {
        match self.values.as_slice() {
            // Elsewhere DataFusion names the list's column twice in the join it makes of an IN.
            [value] if site.whole.get() => {
                let subquery = correlated(self.inner.clone());
                Ok(Expr::InSubquery(InSubquery { expr: Box::new(value.clone()), subquery, negated: false }))
            }
            _ => Ok(Expr::Exists(Exists { subquery: correlated(self.matching(Match::True, site)?), negated: false })),
        }
    }

    /// The list's rows that are equal to the values of the outer row, or may be.
    fn matching(&self, which: Match, site: &Site) -> Result<LogicalPlan> {
        let equal = self.pairs(site)?;
        let predicate = match which {
            Match::True => equal,
            Match::NotFalse => self.not_false(site)?,
            Match::Unknown => vec![equal.into_iter().reduce(Expr::and).unwrap_or_else(|| lit(true)).is_null()],
        };
        filtered(self.inner.clone(), predicate)
    }

    fn pairs(&self, site: &Site) -> Result<Vec<Expr>> {
        let items = self.inner.schema().columns();
        let pair = |(item, value): (Column, &Expr)| Ok(Expr::Column(item).eq(outer(value.clone(), &site.schema)?));
        items.into_iter().zip(&self.values).map(pair).collect()
    }

    fn not_false(&self, site: &Site) -> Result<Vec<Expr>> {
        let items = self.inner.schema().fields().clone();
        let equal = self.pairs(site)?;
        let columns = self.inner.schema().columns();
        let parts = equal.into_iter().zip(&self.values).zip(columns.into_iter().zip(&items));
        let part = |((equal, value), (column, item)): ((Expr, &Expr), (Column, &Arc<arrow::datatypes::Field>))| {
            let mut part = equal;
            if item.is_nullable() {
                part = part.or(Expr::Column(column).is_null());
            }
            if site.nullable(value) {
                part = part.or(outer(value.clone(), &site.schema)?.is_null());
            }
            Ok(part)
        };
        parts.map(part).collect()
    }
}

fn filtered(inner: LogicalPlan, predicates: Vec<Expr>) -> Result<LogicalPlan> {
    let predicate = predicates.into_iter().reduce(Expr::and).unwrap_or_else(|| lit(true));
    Filter::try_new(predicate, Arc::new(inner)).map(LogicalPlan::Filter).map_err(query_error)
}

/// An expression of the outer query as its subquery sees it.
fn outer(expr: Expr, schema: &DFSchema) -> Result<Expr> {
    let seen = expr.transform(|e| match e {
        Expr::Column(c) => {
            let field = schema.field_from_column(&c)?;
            Ok(Transformed::yes(Expr::OuterReferenceColumn(Arc::clone(field), c)))
        }
        other => Ok(Transformed::no(other)),
    });
    seen.map(|t| t.data).map_err(query_error)
}

/// One row: a function of the number of rows.
fn counted(inner: LogicalPlan, f: impl FnOnce(Expr) -> Expr) -> Result<LogicalPlan> {
    let rows = count(lit(1i64));
    let name = rows.schema_name().to_string();
    let aggregate = Aggregate::try_new(Arc::new(inner), vec![], vec![rows]).map_err(query_error)?;
    project(LogicalPlan::Aggregate(aggregate), vec![f(column(name)).alias("rows")])
}

fn first_column(plan: &LogicalPlan) -> Result<Column> {
    plan.schema().columns().into_iter().next().ok_or_else(|| QueryError::new("INTERNAL_ERROR", "a subquery without columns"))
}
