//! Inner joins as relations and conditions, and back.

use super::join_order::Tree;
use datafusion::common::{Column, DFSchemaRef, JoinConstraint, NullEquality, Result, internal_err};
use datafusion::logical_expr::utils::{conjunction, split_conjunction};
use datafusion::logical_expr::{Expr, Filter, Join, JoinType, LogicalPlan, Projection};
use std::sync::Arc;

/// A condition of some inner joins, and the relations that it reads.
#[derive(Debug)]
pub struct Condition {
    pub kind: ConditionKind,
    pub relations: Vec<usize>,
}

#[derive(Debug)]
pub enum ConditionKind {
    /// Of one relation each.
    Equal {
        left: (usize, Expr),
        right: (usize, Expr),
    },
    Other(Expr),
}

/// A tree of inner joins, taken apart.
#[derive(Debug, Default)]
pub struct JoinGraph {
    pub relations: Vec<Arc<LogicalPlan>>,
    pub conditions: Vec<Condition>,
}

impl JoinGraph {
    /// The joins at the root of a plan and the order that they have; `None` when there are less than three relations.
    pub fn of(plan: &LogicalPlan) -> Option<(Self, Tree)> {
        let mut graph = Self::default();
        let mut conditions = Vec::new();
        let tree = graph.take(plan, &mut conditions)?;
        if graph.relations.len() < 3 {
            return None;
        }
        for (left, right) in conditions {
            let condition = graph.condition(left, right)?;
            graph.conditions.push(condition);
        }
        Some((graph, tree))
    }

    fn take(&mut self, plan: &LogicalPlan, conditions: &mut Vec<(Expr, Option<Expr>)>) -> Option<Tree> {
        match plan {
            LogicalPlan::Join(join) if is_plain(join) => {
                let left = self.take_input(&join.left, conditions)?;
                let right = self.take_input(&join.right, conditions)?;
                conditions.extend(join.on.iter().map(|(l, r)| (l.clone(), Some(r.clone()))));
                let others = join.filter.iter().flat_map(|f| split_conjunction(f));
                conditions.extend(others.map(|e| (e.clone(), None)));
                Some(Tree::Join(Box::new(left), Box::new(right)))
            }
            _ => None,
        }
    }

    fn take_input(&mut self, plan: &Arc<LogicalPlan>, conditions: &mut Vec<(Expr, Option<Expr>)>) -> Option<Tree> {
        match through_projections(plan) {
            LogicalPlan::Join(join) if is_plain(join) => self.take(through_projections(plan), conditions),
            _ => {
                self.relations.push(Arc::clone(plan));
                Some(Tree::Leaf(self.relations.len() - 1))
            }
        }
    }

    fn condition(&self, left: Expr, right: Option<Expr>) -> Option<Condition> {
        let of = |expr: &Expr| self.relations_of(expr);
        match right {
            Some(right) => {
                let (l, r) = (of(&left)?, of(&right)?);
                Some(match (l.as_slice(), r.as_slice()) {
                    ([a], [b]) if a != b => {
                        Condition { relations: vec![*a, *b], kind: ConditionKind::Equal { left: (*a, left), right: (*b, right) } }
                    }
                    _ => {
                        let relations = l.iter().chain(&r).copied().collect();
                        Condition { relations, kind: ConditionKind::Other(left.eq(right)) }
                    }
                })
            }
            None => Some(Condition { relations: of(&left)?, kind: ConditionKind::Other(left) }),
        }
    }

    /// `None`: a column is of none or of several relations.
    fn relations_of(&self, expr: &Expr) -> Option<Vec<usize>> {
        let mut found: Vec<usize> = Vec::new();
        for column in expr.column_refs() {
            let index = self.relation_of(column)?;
            if !found.contains(&index) {
                found.push(index);
            }
        }
        Some(found)
    }

    fn relation_of(&self, column: &Column) -> Option<usize> {
        let mut having = self.relations.iter().enumerate().filter(|(_, r)| r.schema().has_column(column));
        let (index, _) = having.next()?;
        having.next().is_none().then_some(index)
    }

    /// The joins in another order, with the columns of `schema`.
    pub fn build(&self, tree: &Tree, schema: &DFSchemaRef) -> Result<LogicalPlan> {
        let mut used = vec![false; self.conditions.len()];
        let (plan, _) = self.part(tree, &mut used)?;
        if used.contains(&false) {
            return internal_err!("a condition of a join was lost");
        }
        let columns = schema.columns().into_iter().map(Expr::Column).collect();
        Projection::try_new(columns, Arc::new(plan)).map(LogicalPlan::Projection)
    }

    fn part(&self, tree: &Tree, used: &mut [bool]) -> Result<(LogicalPlan, Vec<usize>)> {
        let (a, b) = match tree {
            Tree::Leaf(index) => return self.leaf(*index, used),
            Tree::Join(a, b) => (self.part(a, used)?, self.part(b, used)?),
        };
        let ((left, of_left), (right, of_right)) = (a, b);
        let all: Vec<usize> = of_left.iter().chain(&of_right).copied().collect();
        let (mut on, mut others) = (Vec::new(), Vec::new());
        for (condition, used) in self.conditions.iter().zip(used) {
            if *used || !condition.relations.iter().all(|r| all.contains(r)) {
                continue;
            }
            *used = true;
            match &condition.kind {
                ConditionKind::Equal { left: (l, one), right: (_, other) } => {
                    on.push(if of_left.contains(l) { (one.clone(), other.clone()) } else { (other.clone(), one.clone()) });
                }
                ConditionKind::Other(expr) => others.push(expr.clone()),
            }
        }
        let join = Join::try_new(
            Arc::new(left),
            Arc::new(right),
            on,
            conjunction(others),
            JoinType::Inner,
            JoinConstraint::On,
            NullEquality::NullEqualsNothing,
            false,
        )?;
        Ok((LogicalPlan::Join(join), all))
    }

    fn leaf(&self, index: usize, used: &mut [bool]) -> Result<(LogicalPlan, Vec<usize>)> {
        let mut own = Vec::new();
        for (condition, used) in self.conditions.iter().zip(used) {
            if let ConditionKind::Other(expr) = &condition.kind
                && condition.relations.iter().all(|r| *r == index)
                && !*used
            {
                *used = true;
                own.push(expr.clone());
            }
        }
        let relation = Arc::clone(&self.relations[index]);
        let plan = match conjunction(own) {
            Some(predicate) => LogicalPlan::Filter(Filter::try_new(predicate, relation)?),
            None => Arc::unwrap_or_clone(relation),
        };
        Ok((plan, vec![index]))
    }
}

fn is_plain(join: &Join) -> bool {
    join.join_type == JoinType::Inner && join.null_equality == NullEquality::NullEqualsNothing
}

/// What is below projections that only drop columns.
fn through_projections(plan: &LogicalPlan) -> &LogicalPlan {
    match plan {
        LogicalPlan::Projection(projection) if projection.expr.iter().all(|e| matches!(e, Expr::Column(_))) => {
            through_projections(&projection.input)
        }
        _ => plan,
    }
}
