//! Walking trees: the children of a relation, the expressions it holds, the parts of an expression.
use crate::tree::{Expression, FrameBound, Relation, SortOrder, WindowSpec};

/// The relations right under one (not those inside its subqueries).
pub fn children_of(relation: &Relation) -> Vec<&Relation> {
    match relation {
        Relation::Sql { .. } | Relation::Read { .. } | Relation::Range { .. } | Relation::LocalRelation { .. } => Vec::new(),
        Relation::Join { left, right, .. } | Relation::SetOp { left, right, .. } => vec![left, right],
        Relation::WithCtes { ctes, input } => ctes.iter().map(|cte| &cte.plan).chain(std::iter::once(input.as_ref())).collect(),
        Relation::Project { input, .. }
        | Relation::Filter { input, .. }
        | Relation::Aggregate { input, .. }
        | Relation::Sort { input, .. }
        | Relation::Limit { input, .. }
        | Relation::Offset { input, .. }
        | Relation::Tail { input, .. }
        | Relation::SubqueryAlias { input, .. }
        | Relation::Repartition { input, .. }
        | Relation::RepartitionByExpression { input, .. }
        | Relation::Sample { input, .. }
        | Relation::Hint { input, .. }
        | Relation::WithColumns { input, .. }
        | Relation::WithColumnsRenamed { input, .. }
        | Relation::Drop { input, .. }
        | Relation::ToDf { input, .. }
        | Relation::Deduplicate { input, .. }
        | Relation::PlanId { input, .. }
        | Relation::Write { input, .. } => vec![input],
    }
}

/// The expressions a relation holds itself, in order.
pub fn for_each_expression<'a>(relation: &'a Relation, f: &mut dyn FnMut(&'a Expression)) {
    match relation {
        Relation::LocalRelation { rows, .. } => rows.iter().flatten().for_each(f),
        Relation::Project { expressions, .. }
        | Relation::WithColumns { aliases: expressions, .. }
        | Relation::Drop { columns: expressions, .. }
        | Relation::Hint { parameters: expressions, .. } => expressions.iter().for_each(f),
        Relation::Filter { condition, .. } => f(condition),
        Relation::Join { condition, .. } => condition.iter().for_each(f),
        Relation::Aggregate { grouping, aggregates, having, .. } => {
            grouping.iter().chain(aggregates).chain(having).for_each(f);
        }
        Relation::Sort { order, .. } | Relation::RepartitionByExpression { expressions: order, .. } => {
            order.iter().for_each(|key| f(&key.child));
        }
        Relation::Limit { limit: expression, .. } | Relation::Offset { offset: expression, .. } => f(expression),
        _ => {}
    }
}

/// Calls `f` for the expressions right under one, in order. A subquery's plan is not entered.
pub(crate) fn for_each_part<'a>(expression: &'a Expression, f: &mut dyn FnMut(&'a Expression)) {
    match expression {
        Expression::UnresolvedFunction { arguments, filter, .. } | Expression::Call { arguments, filter, .. } => {
            arguments.iter().for_each(&mut *f);
            filter.iter().for_each(|filter| f(filter));
        }
        Expression::Alias { expression, .. } | Expression::Cast { expression, .. } | Expression::NamedColumn { expression, .. } => {
            f(expression)
        }
        Expression::Case { branches, otherwise } => {
            for branch in branches {
                f(&branch.condition);
                f(&branch.value);
            }
            otherwise.iter().for_each(|otherwise| f(otherwise));
        }
        Expression::Window { function, spec } => {
            f(function);
            spec.partition_by.iter().for_each(&mut *f);
            spec.order_by.iter().for_each(|key| f(&key.child));
            if let Some(frame) = &spec.frame {
                frame.lower.value.iter().chain(&frame.upper.value).for_each(|value| f(value));
            }
        }
        Expression::Subquery { values, .. } => values.iter().for_each(f),
        Expression::UnresolvedAttribute { .. }
        | Expression::UnresolvedStar { .. }
        | Expression::ExpressionString { .. }
        | Expression::Literal { .. }
        | Expression::Column { .. }
        | Expression::OuterColumn { .. } => {}
    }
}

/// Calls `f` for an expression and everything inside it, parents first. A subquery's plan is not entered.
pub fn for_each_subexpression<'a>(expression: &'a Expression, f: &mut dyn FnMut(&'a Expression)) {
    f(expression);
    for_each_part(expression, &mut |part| for_each_subexpression(part, f));
}

/// Whether any part of an expression (itself too) satisfies `f`. A subquery's plan is not entered.
pub(crate) fn any(expression: &Expression, f: &dyn Fn(&Expression) -> bool) -> bool {
    let mut found = f(expression);
    if !found {
        for_each_part(expression, &mut |part| found = found || any(part, f));
    }
    found
}

/// Rebuilds an expression with each of its parts replaced by `f(part)`.
pub(crate) fn map_parts<E>(expression: Expression, f: &mut dyn FnMut(Expression) -> Result<Expression, E>) -> Result<Expression, E> {
    Ok(match expression {
        Expression::UnresolvedFunction { name, arguments, is_distinct, filter, position } => {
            Expression::UnresolvedFunction { name, arguments: map_all(arguments, f)?, is_distinct, filter: map_boxed(filter, f)?, position }
        }
        Expression::Call { name, arguments, is_distinct, filter, data_type, nullable } => {
            Expression::Call { name, arguments: map_all(arguments, f)?, is_distinct, filter: map_boxed(filter, f)?, data_type, nullable }
        }
        Expression::Alias { expression, names } => Expression::Alias { expression: Box::new(f(*expression)?), names },
        Expression::Cast { expression, data_type, is_try, position } => {
            Expression::Cast { expression: Box::new(f(*expression)?), data_type, is_try, position }
        }
        Expression::NamedColumn { expression, name, id } => Expression::NamedColumn { expression: Box::new(f(*expression)?), name, id },
        Expression::Case { mut branches, otherwise } => {
            for branch in &mut branches {
                branch.condition = f(take(&mut branch.condition))?;
                branch.value = f(take(&mut branch.value))?;
            }
            Expression::Case { branches, otherwise: map_boxed(otherwise, f)? }
        }
        Expression::Window { function, spec } => Expression::Window { function: Box::new(f(*function)?), spec: map_spec(spec, f)? },
        Expression::Subquery { kind, plan, values, negated, position } => {
            Expression::Subquery { kind, plan, values: map_all(values, f)?, negated, position }
        }
        leaf => leaf,
    })
}

fn map_spec<E>(spec: WindowSpec, f: &mut dyn FnMut(Expression) -> Result<Expression, E>) -> Result<WindowSpec, E> {
    let WindowSpec { partition_by, order_by, mut frame } = spec;
    let partition_by = map_all(partition_by, f)?;
    let order_by = order_by.into_iter().map(|key| Ok(SortOrder { child: f(key.child)?, ..key })).collect::<Result<Vec<_>, E>>()?;
    if let Some(frame) = &mut frame {
        map_bound(&mut frame.lower, f)?;
        map_bound(&mut frame.upper, f)?;
    }
    Ok(WindowSpec { partition_by, order_by, frame })
}

fn map_bound<E>(bound: &mut FrameBound, f: &mut dyn FnMut(Expression) -> Result<Expression, E>) -> Result<(), E> {
    bound.value = map_boxed(bound.value.take(), f)?;
    Ok(())
}

fn map_all<E>(all: Vec<Expression>, f: &mut dyn FnMut(Expression) -> Result<Expression, E>) -> Result<Vec<Expression>, E> {
    all.into_iter().map(f).collect()
}

fn map_boxed<E>(
    boxed: Option<Box<Expression>>,
    f: &mut dyn FnMut(Expression) -> Result<Expression, E>,
) -> Result<Option<Box<Expression>>, E> {
    boxed.map(|inner| f(*inner).map(Box::new)).transpose()
}

/// Moves an expression out, leaving a NULL behind.
pub(crate) fn take(expression: &mut Expression) -> Expression {
    std::mem::replace(expression, Expression::Literal { value: None, data_type: crate::tree::DataType::Null })
}
