//! Scalar subqueries.
use super::expression::{Site, SiteKind};
use super::relation::Lowerer;
use super::walk::is_correlated;
use super::{predicate, query_error};
use crate::functions::{call, subquery};
use datafusion::common::{ScalarValue, Spans};
use datafusion::logical_expr::{Expr, LogicalPlan, Subquery, lit};
use kiln_sql::error::{QueryError, Result};
use kiln_sql::tree::{Expression, Relation, SubqueryKind};
use std::sync::Arc;

impl Lowerer<'_> {
    pub fn subquery(&self, kind: SubqueryKind, plan: &Relation, values: &[Expression], negated: bool, site: &Site) -> Result<Expr> {
        let correlated = is_correlated(plan);
        let inner = self.relation(plan)?;
        match kind {
            SubqueryKind::Scalar if correlated => scalar(inner, site),
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

/// A correlated subquery: DataFusion turns it into a join.
pub fn scalar(inner: LogicalPlan, site: &Site) -> Result<Expr> {
    if site.kind == SiteKind::Plain {
        return Err(QueryError::unsupported("a correlated subquery outside SELECT and WHERE"));
    }
    Ok(Expr::ScalarSubquery(correlated(inner)))
}

pub fn correlated(inner: LogicalPlan) -> Subquery {
    let outer_ref_columns = inner.all_out_ref_exprs();
    Subquery { subquery: Arc::new(inner), outer_ref_columns, spans: Spans::new() }
}
