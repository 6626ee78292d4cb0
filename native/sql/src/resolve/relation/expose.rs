//! Bringing columns up that a node below computes but does not give.
use crate::resolve::expression::outer_ids;
use crate::resolve::output::output_of;
use crate::resolve::scope::{Field, Scope};
use crate::resolve::select::for_each_column;
use crate::tree::{Expression, JoinKind, Relation};
use std::collections::BTreeSet;

/// Adds to `plan` those columns of `scope` that `expressions` use and `plan` does not give yet.
pub(in crate::resolve) fn expose_used<'x>(plan: &mut Relation, scope: &Scope, expressions: impl IntoIterator<Item = &'x Expression>) {
    let mut used = BTreeSet::new();
    for expression in expressions {
        for_each_column(expression, &mut |id| {
            used.insert(id);
        });
    }
    expose_ids(plan, scope, used);
}

/// The same for the columns that a lateral query takes from `plan`.
pub(super) fn expose_outer(plan: &mut Relation, scope: &Scope, lateral: &Relation) {
    expose_ids(plan, scope, outer_ids(lateral).into_iter().collect());
}

fn expose_ids(plan: &mut Relation, scope: &Scope, mut ids: BTreeSet<u64>) {
    for column in output_of(plan) {
        ids.remove(&column.id);
    }
    for id in ids {
        if let Some(field) = scope.field_by_id(id) {
            expose(plan, field);
        }
    }
}

/// Whether `plan` gives the column now.
fn expose(plan: &mut Relation, field: &Field) -> bool {
    if output_of(plan).iter().any(|column| column.id == field.id) {
        return true;
    }
    match plan {
        Relation::Project { input, expressions } => {
            let found = expose(input, field);
            if found {
                expressions.push(field.column(&field.name));
            }
            found
        }
        Relation::Filter { input, .. }
        | Relation::Sort { input, .. }
        | Relation::Limit { input, .. }
        | Relation::Offset { input, .. }
        | Relation::Tail { input, .. }
        | Relation::Repartition { input, .. }
        | Relation::RepartitionByExpression { input, .. }
        | Relation::Sample { input, .. }
        | Relation::Hint { input, .. } => expose(input, field),
        Relation::Join { left, right, kind, .. } => {
            expose(left, field) || (!matches!(kind, JoinKind::LeftSemi | JoinKind::LeftAnti) && expose(right, field))
        }
        _ => false,
    }
}
