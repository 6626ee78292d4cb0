//! Whether two resolved expressions are the same but for names and places.
use super::coercion::same_type;
use super::visit;
use crate::tree::{Expression, FrameBound, WindowSpec};

pub(super) fn equivalent(left: &Expression, right: &Expression) -> bool {
    match (left, right) {
        (Expression::Column { id: a, .. }, Expression::Column { id: b, .. })
        | (Expression::OuterColumn { id: a, .. }, Expression::OuterColumn { id: b, .. })
        | (Expression::NamedColumn { id: a, .. }, Expression::NamedColumn { id: b, .. }) => a == b,
        (Expression::Literal { .. }, Expression::Literal { .. }) => left == right,
        (
            Expression::Cast { expression: a, data_type: t1, is_try: try1, .. },
            Expression::Cast { expression: b, data_type: t2, is_try: try2, .. },
        ) => try1 == try2 && same_type(t1, t2) && equivalent(a, b),
        (
            Expression::Call { name: n1, arguments: a, is_distinct: d1, filter: f1, .. },
            Expression::Call { name: n2, arguments: b, is_distinct: d2, filter: f2, .. },
        ) => n1 == n2 && d1 == d2 && all(a, b) && optional(f1.as_deref(), f2.as_deref()),
        (Expression::Case { branches: a, otherwise: o1 }, Expression::Case { branches: b, otherwise: o2 }) => {
            a.len() == b.len()
                && a.iter().zip(b).all(|(a, b)| equivalent(&a.condition, &b.condition) && equivalent(&a.value, &b.value))
                && optional(o1.as_deref(), o2.as_deref())
        }
        (Expression::Window { function: f1, spec: s1 }, Expression::Window { function: f2, spec: s2 }) => {
            equivalent(f1, f2) && same_spec(s1, s2)
        }
        // Every resolution of a subquery has ids of its own.
        (
            Expression::Subquery { kind: k1, plan: p1, values: v1, negated: n1, .. },
            Expression::Subquery { kind: k2, plan: p2, values: v2, negated: n2, .. },
        ) => k1 == k2 && n1 == n2 && p1 == p2 && all(v1, v2),
        _ => false,
    }
}

fn all(left: &[Expression], right: &[Expression]) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(a, b)| equivalent(a, b))
}

fn optional(left: Option<&Expression>, right: Option<&Expression>) -> bool {
    match (left, right) {
        (None, None) => true,
        (Some(a), Some(b)) => equivalent(a, b),
        _ => false,
    }
}

fn same_spec(left: &WindowSpec, right: &WindowSpec) -> bool {
    let bound = |a: &FrameBound, b: &FrameBound| a.kind == b.kind && optional(a.value.as_deref(), b.value.as_deref());
    all(&left.partition_by, &right.partition_by)
        && left.order_by.len() == right.order_by.len()
        && left
            .order_by
            .iter()
            .zip(&right.order_by)
            .all(|(a, b)| a.direction == b.direction && a.null_ordering == b.null_ordering && equivalent(&a.child, &b.child))
        && match (&left.frame, &right.frame) {
            (None, None) => true,
            (Some(a), Some(b)) => a.unit == b.unit && bound(&a.lower, &b.lower) && bound(&a.upper, &b.upper),
            _ => false,
        }
}

/// Gives the same value whenever it is computed over the same row.
pub(super) fn is_determinate(expression: &Expression) -> bool {
    !visit::any(expression, &|part| matches!(part, Expression::Call { name, .. } if super::registry::is_indeterminate(name)))
}
