//! What a resolved relation gives, and the type of a resolved expression.
use crate::tree::{DataType, Expression, JoinKind, ReadSource, Relation, SetOpKind, StructField, SubqueryKind};

/// One column of a resolved relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputColumn {
    pub id: u64,
    pub name: String,
    pub data_type: DataType,
    pub nullable: bool,
}

/// The columns of a resolved relation, in order.
pub fn output_of(relation: &Relation) -> Vec<OutputColumn> {
    match relation {
        Relation::Read { source: ReadSource::Table { fields, column_ids, .. }, .. } => from_fields(fields, column_ids),
        Relation::LocalRelation { fields: Some(fields), column_ids: Some(ids), .. } => from_fields(fields, ids),
        Relation::Range { column_id: Some(id), .. } => {
            vec![OutputColumn { id: *id, name: "id".to_owned(), data_type: DataType::Long, nullable: false }]
        }
        Relation::Project { expressions, .. } | Relation::Aggregate { aggregates: expressions, .. } => {
            expressions.iter().filter_map(column_of).collect()
        }
        Relation::Join { left, right, kind, .. } => join_output(output_of(left), output_of(right), *kind),
        Relation::SetOp { left, right, kind, .. } => set_output(output_of(left), &output_of(right), *kind),
        Relation::Filter { input, .. }
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
        | Relation::Write { input, .. } => output_of(input),
        _ => Vec::new(),
    }
}

fn from_fields(fields: &[StructField], ids: &[u64]) -> Vec<OutputColumn> {
    fields
        .iter()
        .zip(ids)
        .map(|(field, id)| OutputColumn { id: *id, name: field.name.clone(), data_type: field.data_type.clone(), nullable: field.nullable })
        .collect()
}

/// The column that an element of a `Project` or `Aggregate` defines or passes on.
pub(crate) fn column_of(expression: &Expression) -> Option<OutputColumn> {
    match expression {
        Expression::Column { id, name, data_type, nullable } => {
            Some(OutputColumn { id: *id, name: name.clone(), data_type: data_type.clone(), nullable: *nullable })
        }
        Expression::NamedColumn { expression, name, id } => {
            Some(OutputColumn { id: *id, name: name.clone(), data_type: data_type_of(expression), nullable: nullable_of(expression) })
        }
        _ => None,
    }
}

fn join_output(mut left: Vec<OutputColumn>, mut right: Vec<OutputColumn>, kind: JoinKind) -> Vec<OutputColumn> {
    let (left_null, right_null) = null_supplying(kind);
    left.iter_mut().for_each(|column| column.nullable |= left_null);
    right.iter_mut().for_each(|column| column.nullable |= right_null);
    if !matches!(kind, JoinKind::LeftSemi | JoinKind::LeftAnti) {
        left.extend(right);
    }
    left
}

/// Whether a join makes NULLs of missing rows on its left and on its right side.
pub(crate) fn null_supplying(kind: JoinKind) -> (bool, bool) {
    match kind {
        JoinKind::FullOuter => (true, true),
        JoinKind::LeftOuter => (false, true),
        JoinKind::RightOuter => (true, false),
        JoinKind::Inner | JoinKind::Cross | JoinKind::LeftAnti | JoinKind::LeftSemi => (false, false),
    }
}

fn set_output(mut left: Vec<OutputColumn>, right: &[OutputColumn], kind: SetOpKind) -> Vec<OutputColumn> {
    for (column, other) in left.iter_mut().zip(right) {
        column.nullable = match kind {
            SetOpKind::Union => column.nullable || other.nullable,
            SetOpKind::Intersect => column.nullable && other.nullable,
            SetOpKind::Except => column.nullable,
        };
    }
    left
}

/// The type of a resolved expression (`void` for one that is not resolved).
pub fn data_type_of(expression: &Expression) -> DataType {
    match expression {
        Expression::Literal { data_type, .. }
        | Expression::Cast { data_type, .. }
        | Expression::Column { data_type, .. }
        | Expression::OuterColumn { data_type, .. }
        | Expression::Call { data_type, .. } => data_type.clone(),
        Expression::NamedColumn { expression, .. } | Expression::Alias { expression, .. } => data_type_of(expression),
        Expression::Window { function, .. } => data_type_of(function),
        Expression::Case { branches, otherwise } => branches
            .first()
            .map(|branch| data_type_of(&branch.value))
            .or_else(|| otherwise.as_deref().map(data_type_of))
            .unwrap_or(DataType::Null),
        Expression::Subquery { kind: SubqueryKind::Scalar, plan, .. } => {
            output_of(plan).into_iter().next().map_or(DataType::Null, |column| column.data_type)
        }
        Expression::Subquery { .. } => DataType::Boolean,
        Expression::UnresolvedAttribute { .. }
        | Expression::UnresolvedStar { .. }
        | Expression::UnresolvedFunction { .. }
        | Expression::ExpressionString { .. } => DataType::Null,
    }
}

/// Whether a resolved expression may be NULL, as Spark says it.
pub fn nullable_of(expression: &Expression) -> bool {
    match expression {
        Expression::Literal { value, .. } => value.is_none(),
        Expression::Cast { expression, data_type, is_try, .. } => {
            *is_try || nullable_of(expression) || super::coercion::cast_makes_null(&data_type_of(expression), data_type)
        }
        Expression::Column { nullable, .. } | Expression::OuterColumn { nullable, .. } | Expression::Call { nullable, .. } => *nullable,
        Expression::NamedColumn { expression, .. } | Expression::Alias { expression, .. } => nullable_of(expression),
        Expression::Window { function, .. } => nullable_of(function),
        Expression::Case { branches, otherwise } => {
            otherwise.as_deref().is_none_or(nullable_of) || branches.iter().any(|branch| nullable_of(&branch.value))
        }
        Expression::Subquery { kind: SubqueryKind::Exists, .. } => false,
        Expression::Subquery { kind: SubqueryKind::In, values, plan, .. } => {
            values.iter().any(nullable_of) || output_of(plan).iter().any(|column| column.nullable)
        }
        Expression::Subquery { kind: SubqueryKind::Scalar, .. }
        | Expression::UnresolvedAttribute { .. }
        | Expression::UnresolvedStar { .. }
        | Expression::UnresolvedFunction { .. }
        | Expression::ExpressionString { .. } => true,
    }
}
