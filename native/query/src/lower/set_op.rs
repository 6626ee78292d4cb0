//! UNION, INTERSECT and EXCEPT. Two NULLs are the same value.
use super::expression::Site;
use super::query_error;
use super::relation::{Lowerer, all_columns, column, project};
use datafusion::common::NullEquality;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::{Aggregate, Expr, ExprFunctionExt, Join, JoinConstraint, JoinType, LogicalPlan, LogicalPlanBuilder, Union};
use kiln_sql::error::Result;
use kiln_sql::tree::{Relation, SetOpKind};
use std::sync::Arc;

impl Lowerer<'_> {
    pub fn set_op(&self, kind: SetOpKind, left: &Relation, right: &Relation, is_all: bool) -> Result<LogicalPlan> {
        let join_type = match kind {
            SetOpKind::Union => return self.union(left, right),
            SetOpKind::Intersect => JoinType::LeftSemi,
            SetOpKind::Except => JoinType::LeftAnti,
        };
        let (left, right) = (self.relation(left)?, self.relation(right)?);
        let columns = all_columns(&left);
        if is_all {
            // The n-th copy of a row on the left has its partner in the n-th copy on the right.
            let (left, right) = (self.numbered(left)?, self.numbered(right)?);
            return project(self.join_rows(left, right, join_type)?, columns);
        }
        let distinct = Aggregate::try_new(Arc::new(left), columns, vec![]).map_err(query_error)?;
        self.join_rows(LogicalPlan::Aggregate(distinct), right, join_type)
    }

    fn union(&self, left: &Relation, right: &Relation) -> Result<LogicalPlan> {
        let mut parts = Vec::new();
        self.union_parts(left, &mut parts)?;
        self.union_parts(right, &mut parts)?;
        let Some(first) = parts.first() else { return self.relation(left) };
        let names: Vec<String> = first.schema().fields().iter().map(|f| f.name().clone()).collect();
        let mut inputs = Vec::with_capacity(parts.len());
        for part in parts {
            let renamed = all_columns(&part).into_iter().zip(&names).map(|(c, name)| match &c {
                Expr::Column(found) if &found.name == name => c,
                _ => c.alias(name),
            });
            let renamed = renamed.collect();
            inputs.push(Arc::new(project(part, renamed)?));
        }
        Union::try_new_with_loose_types(inputs).map(LogicalPlan::Union).map_err(query_error)
    }

    /// UNION ALL of UNION ALL is one union.
    fn union_parts(&self, relation: &Relation, parts: &mut Vec<LogicalPlan>) -> Result<()> {
        match relation {
            Relation::SetOp { kind: SetOpKind::Union, left, right, is_all: true, .. } => {
                self.union_parts(left, parts)?;
                self.union_parts(right, parts)
            }
            other => {
                parts.push(self.relation(other)?);
                Ok(())
            }
        }
    }

    /// Adds the number of each row among its equals.
    fn numbered(&self, plan: LogicalPlan) -> Result<LogicalPlan> {
        let mut columns = all_columns(&plan);
        let site = Site::plain(&plan);
        let keys = columns.iter().map(|c| self.canonical(c.clone(), &site)).collect::<Result<Vec<_>>>()?;
        let number = row_number().partition_by(keys).build().map_err(query_error)?;
        let name = number.schema_name().to_string();
        let plan = LogicalPlanBuilder::window_plan(plan, vec![number]).map_err(query_error)?;
        columns.push(column(name).alias(self.fresh_name("row")));
        project(plan, columns)
    }

    fn join_rows(&self, left: LogicalPlan, right: LogicalPlan, join_type: JoinType) -> Result<LogicalPlan> {
        let (left_site, right_site) = (Site::plain(&left), Site::plain(&right));
        let pairs = all_columns(&left).into_iter().zip(all_columns(&right));
        let on = pairs.map(|(l, r)| Ok((self.canonical(l, &left_site)?, self.canonical(r, &right_site)?)));
        let on = on.collect::<Result<_>>()?;
        let equality = NullEquality::NullEqualsNull;
        let join = Join::try_new(Arc::new(left), Arc::new(right), on, None, join_type, JoinConstraint::On, equality, false);
        join.map(LogicalPlan::Join).map_err(query_error)
    }
}
