//! Resolved trees as text: a node a line, children indented, columns as `name#id`.
use super::auto_name;
use super::visit::children_of;
use crate::tree::{
    DataType, Expression, FrameBound, FrameBoundKind, FrameUnit, GroupKind, NullOrdering, ReadSource, Relation, SortDirection, SortOrder,
    StructField, SubqueryKind, WindowSpec,
};
use std::fmt::Write;

/// A relation and all below it.
pub fn tree_text(relation: &Relation) -> String {
    let mut text = String::new();
    write_tree(relation, 0, &mut text);
    text
}

fn write_tree(relation: &Relation, level: usize, text: &mut String) {
    let indent = "  ".repeat(level);
    let mut subqueries = Vec::new();
    let line = node(relation, &mut subqueries);
    let _ = writeln!(text, "{indent}{line}");
    for (index, plan) in subqueries.into_iter().enumerate() {
        let _ = writeln!(text, "{indent}  [subquery {}]", index + 1);
        write_tree(plan, level + 2, text);
    }
    for child in children_of(relation) {
        write_tree(child, level + 1, text);
    }
}

/// One expression; subqueries appear by their kind.
pub fn expression_text(expression: &Expression) -> String {
    shown(expression, &mut Vec::new())
}

type Plans<'r> = Vec<&'r Relation>;

fn node<'r>(relation: &'r Relation, plans: &mut Plans<'r>) -> String {
    match relation {
        Relation::Read { source: ReadSource::Table { key, fields, column_ids }, .. } => {
            format!("Read {key} [{}]", defined(fields, column_ids))
        }
        Relation::Read { source, .. } => format!("Read {source:?}"),
        Relation::Range { start, end, step, num_partitions, column_id } => {
            let id = column_id.map_or_else(String::new, |id| format!("id#{id}: bigint !"));
            format!("Range {start}..{end} step {step} partitions {num_partitions:?} [{id}]")
        }
        Relation::LocalRelation { rows, fields, column_ids, .. } => {
            let columns = defined(fields.as_deref().unwrap_or_default(), column_ids.as_deref().unwrap_or_default());
            let rows: Vec<String> = rows.iter().map(|row| format!("({})", list(row, plans))).collect();
            format!("LocalRelation [{columns}] {}", rows.join(", "))
        }
        Relation::Project { expressions, .. } => format!("Project [{}]", list(expressions, plans)),
        Relation::Filter { condition, .. } => format!("Filter {}", shown(condition, plans)),
        Relation::Join { kind, condition, is_lateral, .. } => {
            let lateral = if *is_lateral { " lateral" } else { "" };
            let on = condition.as_ref().map_or_else(String::new, |condition| format!(" on {}", shown(condition, plans)));
            format!("Join {kind:?}{lateral}{on}")
        }
        Relation::SetOp { kind, is_all, .. } => format!("{kind:?}{}", if *is_all { " all" } else { "" }),
        Relation::Aggregate { group_kind, grouping, grouping_sets, aggregates, .. } => {
            let sets = if *group_kind == GroupKind::GroupBy { String::new() } else { format!(" sets {grouping_sets:?}") };
            format!("Aggregate [{}]{sets} [{}]", list(grouping, plans), list(aggregates, plans))
        }
        Relation::Sort { order, is_global, .. } => {
            format!("Sort{} {}", if *is_global { "" } else { " local" }, keys(order, plans))
        }
        Relation::Limit { limit, .. } => format!("Limit {}", shown(limit, plans)),
        Relation::Offset { offset, .. } => format!("Offset {}", shown(offset, plans)),
        Relation::Tail { limit, .. } => format!("Tail {limit}"),
        Relation::Repartition { num_partitions, shuffle, .. } => {
            format!("{} {num_partitions}", if *shuffle { "Repartition" } else { "Coalesce" })
        }
        Relation::RepartitionByExpression { num_partitions, expressions, is_range, .. } => {
            format!("Repartition{} {num_partitions:?} by {}", if *is_range { "ByRange" } else { "" }, keys(expressions, plans))
        }
        Relation::Sample { lower, upper, with_replacement, seed, .. } => {
            format!("Sample {lower}..{upper} seed {seed}{}", if *with_replacement { " with replacement" } else { "" })
        }
        Relation::Hint { name, .. } => format!("Hint {name}"),
        Relation::Write { format, path, partition_by, .. } => format!("Write {format} {path} by {partition_by:?}"),
        other => format!("{other:?}").chars().take(80).collect(),
    }
}

fn defined(fields: &[StructField], ids: &[u64]) -> String {
    let columns: Vec<String> = fields
        .iter()
        .zip(ids)
        .map(|(field, id)| format!("{}#{id}: {}{}", field.name, field.data_type, if field.nullable { "" } else { " !" }))
        .collect();
    columns.join(", ")
}

fn list<'r>(expressions: &'r [Expression], plans: &mut Plans<'r>) -> String {
    expressions.iter().map(|expression| shown(expression, plans)).collect::<Vec<_>>().join(", ")
}

fn keys<'r>(order: &'r [SortOrder], plans: &mut Plans<'r>) -> String {
    let keys: Vec<String> = order
        .iter()
        .map(|key| {
            let direction = if key.direction == SortDirection::Ascending { "asc" } else { "desc" };
            let nulls = match key.null_ordering {
                NullOrdering::NullsFirst => " nulls first",
                NullOrdering::NullsLast => " nulls last",
                NullOrdering::Default => "",
            };
            format!("{} {direction}{nulls}", shown(&key.child, plans))
        })
        .collect();
    keys.join(", ")
}

fn shown<'r>(expression: &'r Expression, plans: &mut Plans<'r>) -> String {
    match expression {
        Expression::Literal { value, data_type } => match (value, data_type) {
            (Some(text), DataType::String) => format!("'{text}'"),
            (None, data_type) => format!("null::{data_type}"),
            (Some(text), DataType::Date | DataType::Timestamp | DataType::TimestampNtz) => {
                auto_name::literal(Some(text), data_type).to_lowercase()
            }
            (Some(text), DataType::Integer | DataType::Boolean) => text.clone(),
            (Some(text), data_type) => format!("{text}::{data_type}"),
        },
        Expression::Column { id, name, .. } => format!("{name}#{id}"),
        Expression::OuterColumn { id, name, .. } => format!("outer({name}#{id})"),
        Expression::NamedColumn { expression, name, id } => format!("{} as {name}#{id}", shown(expression, plans)),
        Expression::Alias { expression, names } => format!("{} as {}", shown(expression, plans), names.join(", ")),
        Expression::Cast { expression, data_type, is_try, .. } => {
            format!("{}cast({} as {data_type})", if *is_try { "try_" } else { "" }, shown(expression, plans))
        }
        Expression::Case { branches, otherwise } => {
            let mut text = String::from("case");
            for branch in branches {
                let _ = write!(text, " when {} then {}", shown(&branch.condition, plans), shown(&branch.value, plans));
            }
            if let Some(otherwise) = otherwise {
                let _ = write!(text, " else {}", shown(otherwise, plans));
            }
            text + " end"
        }
        Expression::Call { name, arguments, is_distinct, filter, data_type, .. } => {
            let distinct = if *is_distinct { "distinct " } else { "" };
            let mut text = format!("{name}({distinct}{})", list(arguments, plans));
            if matches!(data_type, DataType::Decimal { .. }) {
                let _ = write!(text, "::{data_type}");
            }
            if let Some(filter) = filter {
                let _ = write!(text, " filter ({})", shown(filter, plans));
            }
            text
        }
        Expression::Window { function, spec } => format!("{} over ({})", shown(function, plans), window(spec, plans)),
        Expression::Subquery { kind, plan, values, negated, .. } => {
            plans.push(plan);
            let number = plans.len();
            let not = if *negated { "not " } else { "" };
            match kind {
                SubqueryKind::Scalar => format!("scalar[{number}]"),
                SubqueryKind::Exists => format!("{not}exists[{number}]"),
                SubqueryKind::In => format!("({}) {not}in[{number}]", list(values, plans)),
            }
        }
        other => format!("{other:?}"),
    }
}

fn window<'r>(spec: &'r WindowSpec, plans: &mut Plans<'r>) -> String {
    let mut parts = Vec::new();
    if !spec.partition_by.is_empty() {
        parts.push(format!("partition by {}", list(&spec.partition_by, plans)));
    }
    if !spec.order_by.is_empty() {
        parts.push(format!("order by {}", keys(&spec.order_by, plans)));
    }
    if let Some(frame) = &spec.frame {
        let unit = if frame.unit == FrameUnit::Rows { "rows" } else { "range" };
        parts.push(format!("{unit} {}..{}", bound(&frame.lower), bound(&frame.upper)));
    }
    parts.join(" ")
}

fn bound(bound: &FrameBound) -> String {
    let value = bound.value.as_deref().map_or_else(String::new, expression_text);
    match bound.kind {
        FrameBoundKind::UnboundedPreceding | FrameBoundKind::UnboundedFollowing => "unbounded".to_owned(),
        FrameBoundKind::CurrentRow => "current".to_owned(),
        FrameBoundKind::Preceding => format!("{value} preceding"),
        FrameBoundKind::Following => format!("{value} following"),
    }
}
