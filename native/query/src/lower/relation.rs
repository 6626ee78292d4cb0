use super::expression::Site;
use super::logical::{LocalSort, PartitionValues, Tail};
use super::{LowerContext, query_error};
use crate::functions::datetime::zone::Zone;
use arrow::datatypes::DataType;
use datafusion::common::Column;
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, Projection, Sort, SortExpr, UserDefinedLogicalNode};
use kiln_sql::error::{QueryError, Result};
use kiln_sql::tree::{Expression, NullOrdering, Relation, SortDirection, SortOrder};
use std::cell::{Cell, RefCell};
use std::sync::Arc;

pub struct Lowerer<'a> {
    pub context: &'a LowerContext<'a>,
    pub zone: Zone,
    subqueries: RefCell<Vec<(u32, LogicalPlan)>>,
    next_subquery: Cell<u32>,
    next_name: Cell<u32>,
}

impl<'a> Lowerer<'a> {
    pub fn new(context: &'a LowerContext<'a>) -> Self {
        let zone = Zone::parse(&context.time_zone).unwrap_or(Zone::UTC);
        Self { context, zone, subqueries: RefCell::default(), next_subquery: Cell::new(0), next_name: Cell::new(0) }
    }

    pub fn into_subqueries(self) -> Vec<(u32, LogicalPlan)> {
        self.subqueries.into_inner()
    }

    /// Keeps a scalar subquery's plan; those inside it were kept before.
    pub fn keep_subquery(&self, plan: LogicalPlan) -> u32 {
        let id = self.next_subquery.replace(self.next_subquery.get() + 1);
        self.subqueries.borrow_mut().push((id, plan));
        id
    }

    /// A name for a column that no resolved column has.
    pub fn fresh_name(&self, prefix: &str) -> String {
        let n = self.next_name.replace(self.next_name.get() + 1);
        format!("__{prefix}_{n}")
    }

    pub fn relation(&self, relation: &Relation) -> Result<LogicalPlan> {
        match relation {
            Relation::Read { source, .. } => self.read(source),
            Relation::Range { start, end, step, num_partitions, column_id } => self.range(*start, *end, *step, *num_partitions, *column_id),
            Relation::LocalRelation { rows, fields, column_ids, .. } => self.local(rows, fields.as_deref(), column_ids.as_deref()),
            Relation::Project { input, expressions } => self.project_relation(input, expressions),
            Relation::Filter { input, condition } => self.filter(input, condition),
            Relation::Join { left, right, kind, condition, is_lateral, .. } => {
                self.join(left, right, *kind, condition.as_ref(), *is_lateral)
            }
            Relation::SetOp { kind, left, right, is_all, .. } => self.set_op(*kind, left, right, *is_all),
            Relation::Aggregate { input, group_kind, grouping, grouping_sets, aggregates, .. } => {
                self.aggregate(input, *group_kind, grouping, grouping_sets, aggregates)
            }
            Relation::Sort { input, order, is_global } => {
                let input = self.relation(input)?;
                let expr = self.sort_orders(order, &input)?;
                if *is_global {
                    return Ok(LogicalPlan::Sort(Sort { expr, input: Arc::new(input), fetch: None }));
                }
                Ok(extension(LocalSort { input: Arc::new(input), expr }))
            }
            Relation::Limit { input, limit } => self.limit(input, None, Some(limit)),
            Relation::Offset { input, offset } => self.limit(input, Some(offset), None),
            Relation::Tail { input, limit } => Ok(extension(Tail { input: Arc::new(self.relation(input)?), limit: *limit as usize })),
            Relation::Repartition { input, num_partitions, shuffle } => self.repartition(input, *num_partitions, *shuffle),
            Relation::RepartitionByExpression { input, num_partitions, expressions, is_range } => {
                self.repartition_by(input, *num_partitions, expressions, *is_range)
            }
            Relation::Sample { input, lower, upper, with_replacement, seed } => {
                self.sample(input, *lower, *upper, *with_replacement, *seed)
            }
            Relation::Hint { input, .. }
            | Relation::SubqueryAlias { input, .. }
            | Relation::PlanId { input, .. }
            | Relation::Write { input, .. } => self.relation(input),
            other => Err(QueryError::new("INTERNAL_ERROR", format!("an unresolved relation reached the lowering: {other:?}"))),
        }
    }

    fn project_relation(&self, input: &Relation, expressions: &[Expression]) -> Result<LogicalPlan> {
        let input = self.relation(input)?;
        if expressions
            .iter()
            .any(|e| matches!(e, Expression::NamedColumn { expression, .. } if matches!(**expression, Expression::Window { .. })))
        {
            return self.window(input, expressions);
        }
        let site = Site::project(&input);
        let exprs = expressions.iter().map(|e| self.expression(e, &site)).collect::<Result<Vec<_>>>()?;
        let input = self.add_site_columns(input, &site)?;
        project(input, exprs)
    }

    fn limit(&self, input: &Relation, skip: Option<&Expression>, fetch: Option<&Expression>) -> Result<LogicalPlan> {
        let input = self.relation(input)?;
        let site = Site::plain(&input);
        let count = |e: Option<&Expression>| -> Result<Option<Box<Expr>>> {
            let Some(count) = e.map(|e| self.expression(e, &site)).transpose()? else { return Ok(None) };
            Ok(Some(Box::new(match count {
                Expr::Literal(value, _) => Expr::Literal(value.cast_to(&DataType::Int64).map_err(query_error)?, None),
                other => datafusion::logical_expr::cast(other, DataType::Int64),
            })))
        };
        let (skip, fetch) = (count(skip)?, count(fetch)?);
        Ok(LogicalPlan::Limit(datafusion::logical_expr::Limit { skip, fetch, input: Arc::new(input) }))
    }

    pub fn sort_orders(&self, order: &[SortOrder], input: &LogicalPlan) -> Result<Vec<SortExpr>> {
        let site = Site::plain(input);
        order.iter().map(|o| self.sort_order(o, &site)).collect()
    }

    pub fn sort_order(&self, order: &SortOrder, site: &Site) -> Result<SortExpr> {
        let ascending = order.direction == SortDirection::Ascending;
        let nulls_first = match order.null_ordering {
            NullOrdering::Default => ascending,
            NullOrdering::NullsFirst => true,
            NullOrdering::NullsLast => false,
        };
        let key = self.canonical(self.expression(&order.child, site)?, site)?;
        Ok(SortExpr::new(key, ascending, nulls_first))
    }

    /// Puts the columns that an expression asked for (marks of subqueries, random numbers) below it.
    pub fn add_site_columns(&self, input: LogicalPlan, site: &Site) -> Result<LogicalPlan> {
        let mut plan = input;
        for mark in site.take_marks() {
            plan = mark.join(plan)?;
        }
        let values = site.take_values();
        if !values.is_empty() {
            plan = extension(PartitionValues::new(plan, values).map_err(query_error)?);
        }
        Ok(plan)
    }
}

pub fn extension(node: impl UserDefinedLogicalNode + 'static) -> LogicalPlan {
    LogicalPlan::Extension(Extension { node: Arc::new(node) })
}

pub fn project(input: LogicalPlan, exprs: Vec<Expr>) -> Result<LogicalPlan> {
    Projection::try_new(exprs, Arc::new(input)).map(LogicalPlan::Projection).map_err(query_error)
}

pub fn column(name: impl Into<String>) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

/// All columns of a plan, as they are.
pub fn all_columns(plan: &LogicalPlan) -> Vec<Expr> {
    plan.schema().columns().into_iter().map(Expr::Column).collect()
}
