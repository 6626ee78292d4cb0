//! Walking resolved trees.
use kiln_sql::tree::{Expression, Relation};

pub fn children(expression: &Expression) -> Vec<&Expression> {
    match expression {
        Expression::Cast { expression, .. } | Expression::NamedColumn { expression, .. } | Expression::Alias { expression, .. } => {
            vec![expression]
        }
        Expression::Case { branches, otherwise } => {
            let values = branches.iter().flat_map(|b| [&b.condition, &b.value]);
            values.chain(otherwise.as_deref()).collect()
        }
        Expression::Call { arguments, filter, .. } | Expression::UnresolvedFunction { arguments, filter, .. } => {
            arguments.iter().chain(filter.as_deref()).collect()
        }
        Expression::Window { function, spec } => {
            let orders = spec.order_by.iter().map(|o| &o.child);
            std::iter::once(function.as_ref()).chain(&spec.partition_by).chain(orders).collect()
        }
        // The subquery's plan is another scope.
        Expression::Subquery { values, .. } => values.iter().collect(),
        _ => Vec::new(),
    }
}

/// Whether `test` holds for `expression` or anything below it, subqueries' plans excluded.
pub fn any(expression: &Expression, test: &mut dyn FnMut(&Expression) -> bool) -> bool {
    test(expression) || children(expression).into_iter().any(|child| any(child, test))
}

pub fn inputs(relation: &Relation) -> Vec<&Relation> {
    match relation {
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
        | Relation::PlanId { input, .. }
        | Relation::Write { input, .. } => vec![input],
        // The right side of a lateral join refers to the left one, not to the enclosing query.
        Relation::Join { left, is_lateral: true, .. } => vec![left],
        Relation::Join { left, right, .. } | Relation::SetOp { left, right, .. } => vec![left, right],
        _ => Vec::new(),
    }
}

fn expressions(relation: &Relation) -> Vec<&Expression> {
    match relation {
        Relation::Project { expressions, .. } => expressions.iter().collect(),
        Relation::Filter { condition, .. } => vec![condition],
        Relation::Join { condition, .. } => condition.iter().collect(),
        Relation::Aggregate { grouping, aggregates, having, .. } => grouping.iter().chain(aggregates).chain(having).collect(),
        Relation::Sort { order, .. } | Relation::RepartitionByExpression { expressions: order, .. } => {
            order.iter().map(|o| &o.child).collect()
        }
        Relation::Limit { limit, .. } => vec![limit],
        Relation::Offset { offset, .. } => vec![offset],
        _ => Vec::new(),
    }
}

/// Whether a subquery's plan refers to columns of the query around it.
pub fn is_correlated(relation: &Relation) -> bool {
    let mut outer = |e: &Expression| matches!(e, Expression::OuterColumn { .. });
    expressions(relation).into_iter().any(|e| any(e, &mut outer)) || inputs(relation).into_iter().any(is_correlated)
}
