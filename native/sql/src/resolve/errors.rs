//! Spark's error classes, in one place.
use super::auto_name::sql_type;
use super::names::{quoted, suggestions};
use crate::error::QueryError;
use crate::tree::{DataType, Position};

pub(super) fn unresolved_column(parts: &[String], candidates: &[Vec<String>], position: Option<Position>) -> QueryError {
    let nearest = suggestions(parts, candidates);
    let name = quoted(parts);
    let message = format!("A column, variable, or function parameter with name {name} cannot be resolved.");
    if nearest.is_empty() {
        return QueryError::new("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", message).at(position);
    }
    let message = format!("{message} Did you mean one of the following? [{}].", nearest.join(", "));
    QueryError::new("UNRESOLVED_COLUMN.WITH_SUGGESTION", message).at(position)
}

pub(super) fn ambiguous_reference(parts: &[String], candidates: &[Vec<String>], position: Option<Position>) -> QueryError {
    let mut names: Vec<String> = candidates.iter().map(|candidate| quoted(candidate)).collect();
    names.sort();
    QueryError::new("AMBIGUOUS_REFERENCE", format!("Reference {} is ambiguous, could be: [{}].", quoted(parts), names.join(", ")))
        .at(position)
        .hint("Qualify the column with its table's name or alias")
}

/// `DATATYPE_MISMATCH.<sub>`: `label` is the expression as Spark prints it.
pub(super) fn mismatch(sub: &str, label: &str, reason: impl std::fmt::Display, position: Option<Position>) -> QueryError {
    QueryError::new(format!("DATATYPE_MISMATCH.{sub}"), format!("Cannot resolve \"{label}\" due to data type mismatch: {reason}"))
        .at(position)
}

/// Argument `index` (from 0) of `label` has the wrong type.
pub(super) fn unexpected_input(
    label: &str,
    index: usize,
    expected: &str,
    argument: &str,
    actual: &DataType,
    position: Option<Position>,
) -> QueryError {
    mismatch(
        "UNEXPECTED_INPUT_TYPE",
        label,
        format!(
            "The {} parameter requires the {expected} type, however \"{argument}\" has the type \"{}\".",
            ordinal(index),
            sql_type(actual)
        ),
        position,
    )
}

pub(super) fn different_types(label: &str, function: &str, types: &[DataType], position: Option<Position>) -> QueryError {
    let types: Vec<String> = types.iter().map(|t| format!("\"{}\"", sql_type(t))).collect();
    mismatch(
        "DATA_DIFF_TYPES",
        label,
        format!("Input to `{function}` should all be the same type, but it's [{}].", types.join(", ")),
        position,
    )
}

pub(super) fn wrong_arity(name: &str, expected: &str, actual: usize, position: Option<Position>) -> QueryError {
    QueryError::new(
        "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
        format!("The `{name}` requires {expected} parameters but the actual number is {actual}."),
    )
    .at(position)
}

pub(super) fn missing_aggregation(name: &str, position: Option<Position>) -> QueryError {
    QueryError::new(
        "MISSING_AGGREGATION",
        format!("The non-aggregating expression \"{name}\" is based on columns which are not participating in the GROUP BY clause."),
    )
    .at(position)
    .hint(format!(
        "Add the columns or the expression to the GROUP BY, aggregate the expression, or use \"any_value({name})\" \
         if you do not care which of the values within a group is returned"
    ))
}

pub(super) fn missing_group_by() -> QueryError {
    QueryError::new(
        "MISSING_GROUP_BY",
        "The query does not include a GROUP BY clause. Add GROUP BY or turn it into the window functions using OVER clauses.",
    )
}

/// `first`, `second`, ... for messages.
fn ordinal(index: usize) -> String {
    const WORDS: [&str; 10] = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
    WORDS.get(index).map_or_else(|| format!("{}th", index + 1), |word| (*word).to_owned())
}
