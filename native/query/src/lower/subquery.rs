//! Scalar subqueries.
use super::expression::{Site, SiteKind, case_of};
use super::literal::as_i64;
use super::relation::{Lowerer, column, project};
use super::walk::is_correlated;
use super::{predicate, query_error};
use crate::functions::{call, subquery};
use arrow::datatypes::{DataType as ArrowType, Field};
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{ScalarValue, Spans};
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::functions_aggregate::first_last::first_value_udaf;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{Aggregate, Expr, ExprSchemable, LogicalPlan, SortExpr, Subquery, lit};
use datafusion::optimizer::decorrelate::PullUpCorrelatedExpr;
use kiln_sql::error::{QueryError, Result};
use kiln_sql::tree::{Expression, Relation, SubqueryKind};
use std::sync::Arc;

impl Lowerer<'_> {
    pub fn subquery(&self, kind: SubqueryKind, plan: &Relation, values: &[Expression], negated: bool, site: &Site) -> Result<Expr> {
        let correlated = is_correlated(plan);
        let inner = self.relation(plan)?;
        match kind {
            SubqueryKind::Scalar if correlated => self.correlated_scalar(inner, site),
            SubqueryKind::Scalar => self.placeholder(inner),
            SubqueryKind::Exists => self.exists(inner, correlated, negated, site),
            SubqueryKind::In => {
                let positive = site.positive.replace(false);
                let values = values.iter().map(|v| self.expression(v, site)).collect::<Result<Vec<_>>>();
                site.positive.set(positive);
                self.in_subquery(&predicate::Membership { values: values?, inner, correlated, negated }, site)
            }
        }
    }

    /// Stands for the value of an uncorrelated subquery, which becomes a plan of its own.
    pub fn placeholder(&self, plan: LogicalPlan) -> Result<Expr> {
        let Some(field) = plan.schema().fields().first().cloned() else {
            return Err(QueryError::new("INTERNAL_ERROR", "a scalar subquery without a column"));
        };
        let typed = ScalarValue::new_default(field.data_type()).map_err(query_error)?;
        let id = self.keep_subquery(plan);
        call(subquery::NAME, vec![lit(id), Expr::Literal(typed, None)])
    }
}

impl Lowerer<'_> {
    /// DataFusion joins correlated subqueries that are aggregates. So the first value is taken together with the number
    /// of rows, and the outer row that has more than one row raises the error.
    fn correlated_scalar(&self, inner: LogicalPlan, site: &Site) -> Result<Expr> {
        if is_one_row(&inner) {
            return scalar(inner, site);
        }
        let Some(Expr::OuterReferenceColumn(_, outer)) = inner.all_out_ref_exprs().into_iter().next() else {
            return Err(QueryError::new("INTERNAL_ERROR", "a correlated subquery without a column of the outer query"));
        };
        let FirstRow { value, order, input, is_limited } = FirstRow::of(inner)?;
        let data_type = value.get_type(input.schema()).map_err(query_error)?;
        let first = Expr::AggregateFunction(AggregateFunction::new_udf(first_value_udaf(), vec![value], false, None, order, None));
        let rows = count(lit(1i64));
        let names = [first.schema_name().to_string(), rows.schema_name().to_string()];
        let aggregates = if is_limited { vec![first] } else { vec![first, rows] };
        let aggregate = Aggregate::try_new(input, vec![], aggregates).map(LogicalPlan::Aggregate).map_err(query_error)?;
        let [first, rows] = names.map(column);
        let name = self.fresh_name("value");
        if is_limited {
            return scalar(project(aggregate, vec![first.alias(name)])?, site);
        }
        let fields = vec![Field::new("value", data_type, true), Field::new("rows", ArrowType::Int64, true)];
        let data_type = ScalarValue::new_default(&ArrowType::Struct(fields.into())).map_err(query_error)?;
        let pair = call("kiln_named_struct", vec![Expr::Literal(data_type, None), first, rows.clone()])?;
        let pair = case_of(vec![(rows.gt(lit(0i64)), pair)], None);
        let found = scalar(project(aggregate, vec![pair.alias(name)])?, site)?;
        call(subquery::ONLY_ROW, vec![found, Expr::Column(outer)])
    }
}

/// A plan's rows as what comes first of them.
struct FirstRow {
    value: Expr,
    order: Vec<SortExpr>,
    input: Arc<LogicalPlan>,
    /// `LIMIT 1`: other rows are no error.
    is_limited: bool,
}

impl FirstRow {
    fn of(plan: LogicalPlan) -> Result<Self> {
        let (plan, is_limited) = match plan {
            LogicalPlan::Limit(limit) => match (&limit.skip, limit.fetch.as_deref()) {
                (None, Some(Expr::Literal(rows, _))) => match as_i64(rows) {
                    // A second row is an error whatever follows it.
                    Some(rows @ 1..) => (limit.input, rows == 1),
                    _ => return Err(QueryError::unsupported("a correlated scalar subquery with LIMIT 0")),
                },
                _ => return Err(QueryError::unsupported("a correlated scalar subquery with OFFSET")),
            },
            other => (Arc::new(other), false),
        };
        let (value, plan) = match plan.as_ref() {
            LogicalPlan::Projection(projection) if matches!(projection.input.as_ref(), LogicalPlan::Sort(_)) => {
                (projection.expr.first().cloned().map(Expr::unalias), Arc::clone(&projection.input))
            }
            other => (other.schema().columns().into_iter().next().map(Expr::Column), plan),
        };
        let Some(value) = value else { return Err(QueryError::new("INTERNAL_ERROR", "a scalar subquery without a column")) };
        let (order, input) = match plan.as_ref() {
            LogicalPlan::Sort(sort) if sort.fetch.is_none() => (sort.expr.clone(), Arc::clone(&sort.input)),
            _ => (vec![], plan),
        };
        Ok(Self { value, order: if is_limited { order } else { vec![] }, input, is_limited })
    }
}

/// Whether a plan has one row or none, whatever is in its tables.
fn is_one_row(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Projection(p) => is_one_row(&p.input),
        LogicalPlan::Filter(f) => is_one_row(&f.input),
        LogicalPlan::Aggregate(a) => a.group_expr.is_empty(),
        _ => false,
    }
}

/// A correlated subquery of at most one row: DataFusion turns it into a join.
pub fn scalar(inner: LogicalPlan, site: &Site) -> Result<Expr> {
    if site.kind == SiteKind::Plain {
        return Err(QueryError::unsupported("a correlated subquery outside SELECT and WHERE"));
    }
    check_decorrelation(&inner, false)?;
    Ok(Expr::ScalarSubquery(correlated(inner)))
}

/// An error where DataFusion cannot make a join of a correlated subquery.
pub fn check_decorrelation(inner: &LogicalPlan, is_exists: bool) -> Result<()> {
    let mut pull_up = PullUpCorrelatedExpr::new().with_need_handle_count_bug(!is_exists).with_exists_sub_query(is_exists);
    inner.clone().rewrite(&mut pull_up).map_err(query_error)?;
    if pull_up.can_pull_up {
        return Ok(());
    }
    let what = "a correlated subquery that uses the outer query in another way than `column = outer column` in its WHERE";
    Err(QueryError::unsupported(what).hint("Write it as a join with GROUP BY"))
}

pub fn correlated(inner: LogicalPlan) -> Subquery {
    let outer_ref_columns = inner.all_out_ref_exprs();
    Subquery { subquery: Arc::new(inner), outer_ref_columns, spans: Spans::new() }
}
