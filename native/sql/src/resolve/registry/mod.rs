//! The function registry: one table, a function a row. To add a function, add a row to the group it belongs to (and to
//! `README.md`); only functions whose types cannot be said by slots need code (`Rule::Custom`).

mod aggregates;
mod arithmetic;
mod casts;
mod collections;
mod comparison;
mod conditional;
mod datetime;
mod datetime_arithmetic;
mod hashing;
mod math;
mod site;
mod strings;
mod time_parts;
mod windows;

pub(super) use site::{Site, Typed};

use super::coercion::Slot;
use super::names::edit_distance;
use crate::error::{QueryError, Result};
use crate::tree::{Expression, Position};
use std::collections::HashMap;
use std::sync::OnceLock;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Scalar,
    Aggregate,
    /// Only with OVER.
    Window,
}

/// A function's result type.
#[derive(Debug, Clone, Copy)]
pub(super) enum Out {
    /// The type of that argument, after coercion.
    Argument(usize),
    /// An array of the first argument's type.
    ArrayOfFirst,
    ArrayOfString,
    Boolean,
    Byte,
    Integer,
    Long,
    Double,
    String,
    Binary,
    Date,
    Timestamp,
}

/// How arguments are coerced and the result found.
#[derive(Clone, Copy)]
pub(super) enum Rule {
    /// A slot each; the last one repeats.
    Slots(&'static [Slot], Out),
    /// All arguments get one type, strings promoted or not; the result has it.
    Widest {
        promote_strings: bool,
    },
    Custom(fn(&mut Site) -> Result<Expression>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nulls {
    /// If any argument is.
    Any,
    /// If all arguments are.
    All,
    Never,
    Always,
}

/// The value of an argument that was left out.
#[derive(Debug, Clone, Copy)]
pub(super) enum Default {
    Int(i32),
    Text(&'static str),
    True,
    False,
    /// NULL without a type.
    Null,
}

#[derive(Clone, Copy)]
pub(super) struct Function {
    /// The first is the `Call`'s name. `ceil=CEIL`: written `ceil`, printed `CEIL`.
    names: &'static [&'static str],
    pub(super) kind: Kind,
    min: usize,
    /// `usize::MAX`: any number.
    max: usize,
    rule: Rule,
    nulls: Nulls,
    /// For the arguments after `min`, in order.
    defaults: &'static [Default],
    /// The automatic column name, from the printed name and the arguments' names.
    show: fn(&str, &[String]) -> String,
    indeterminate: bool,
}

impl Function {
    pub(super) fn name(&self) -> &'static str {
        self.names.first().map_or("", |name| split(name).0)
    }

    const fn nulls(mut self, nulls: Nulls) -> Self {
        self.nulls = nulls;
        self
    }

    /// Optional arguments, each with the value Spark fills in (and shows in the name).
    const fn defaults(mut self, defaults: &'static [Default]) -> Self {
        self.defaults = defaults;
        self
    }

    const fn show(mut self, show: fn(&str, &[String]) -> String) -> Self {
        self.show = show;
        self
    }

    const fn indeterminate(mut self) -> Self {
        self.indeterminate = true;
        self
    }

    /// Arguments beyond `min` that have no default.
    const fn up_to(mut self, max: usize) -> Self {
        self.max = max;
        self
    }
}

const fn row(kind: Kind, names: &'static [&'static str], arity: usize, rule: Rule) -> Function {
    Function { names, kind, min: arity, max: arity, rule, nulls: Nulls::Any, defaults: &[], show: call, indeterminate: false }
}

/// A scalar function of `arity` arguments.
const fn scalar(names: &'static [&'static str], arity: usize, rule: Rule) -> Function {
    row(Kind::Scalar, names, arity, rule)
}

const ANY_NUMBER: usize = usize::MAX;

fn call(name: &str, arguments: &[String]) -> String {
    format!("{name}({})", arguments.join(", "))
}

fn infix(name: &str, arguments: &[String]) -> String {
    format!("({})", arguments.join(&format!(" {name} ")))
}

fn split(name: &'static str) -> (&'static str, &'static str) {
    // `=` itself and `<=`, `!=`... are names too.
    match name.split_once('=') {
        Some((written, shown)) if written.starts_with(|c: char| c.is_ascii_alphabetic()) => (written, shown),
        _ => (name, name),
    }
}

type Table = HashMap<&'static str, (&'static Function, &'static str)>;

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let groups: [&'static [Function]; 11] = [
            arithmetic::ROWS,
            comparison::ROWS,
            conditional::ROWS,
            casts::ROWS,
            math::ROWS,
            strings::ROWS,
            collections::ROWS,
            datetime::ROWS,
            hashing::ROWS,
            aggregates::ROWS,
            windows::ROWS,
        ];
        let mut table = HashMap::new();
        for function in groups.into_iter().flatten() {
            for name in function.names {
                let (written, shown) = split(name);
                table.insert(written, (function, shown));
            }
        }
        table
    })
}

/// Functions that Spark has, one a line: to tell "not covered" from "no such function".
const SPARK_FUNCTIONS: &str = include_str!("spark_functions.txt");

/// The row and the printed name of a function.
pub(super) fn lookup(name: &str, position: Option<Position>) -> Result<(&'static Function, &'static str)> {
    let lower = name.to_lowercase();
    if let Some(found) = table().get(lower.as_str()) {
        return Ok(*found);
    }
    if SPARK_FUNCTIONS.lines().any(|line| line == lower) {
        return Err(QueryError::unsupported(format!("the function `{lower}`")).at(position));
    }
    let error = QueryError::new(
        "UNRESOLVED_ROUTINE",
        format!("Cannot resolve routine `{name}` on search path [`system`.`builtin`, `system`.`session`]."),
    )
    .at(position);
    let nearest = table()
        .keys()
        .filter(|known| known.starts_with(|c: char| c.is_ascii_alphabetic()))
        .map(|known| (edit_distance(&lower, known), *known))
        .min();
    Err(match nearest {
        Some((distance, known)) if distance <= 2 + lower.len() / 4 => error.hint(format!("Did you mean `{known}`?")),
        _ => error,
    })
}

pub(super) fn kind_of(name: &str) -> Option<Kind> {
    table().get(name.to_lowercase().as_str()).map(|(function, _)| function.kind)
}

pub(super) fn is_aggregate(name: &str) -> bool {
    kind_of(name) == Some(Kind::Aggregate)
}

/// May give other values when run again.
pub(super) fn is_indeterminate(name: &str) -> bool {
    table().get(name).is_some_and(|(function, _)| function.indeterminate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_in_the_readme() {
        let readme = include_str!("../README.md");
        // Rewritten: they never stay a call of their own name.
        let rewritten = [
            "positive",
            "==",
            "equal_null",
            "<>",
            "!",
            "between",
            "nvl",
            "ifnull",
            "zeroifnull",
            "nvl2",
            "nullif",
            "nullifzero",
            "if",
            "boolean",
            "tinyint",
            "smallint",
            "int",
            "bigint",
            "float",
            "double",
            "decimal",
            "string",
            "binary",
            "date",
            "timestamp",
            "||",
            "btrim",
            "extract",
            "date_part",
            "to_unix_timestamp",
            "current_date",
            "current_timestamp",
            "current_timezone",
            "typeof",
            "pi",
            "e",
            "mod",
            "struct",
            "<<",
            ">>",
            ">>>",
            "|",
        ];
        let mut missing: Vec<&str> = table()
            .values()
            .map(|(function, _)| function.name())
            .filter(|name| !rewritten.contains(name) && !readme.contains(&format!("`{name}`")))
            .collect();
        missing.sort_unstable();
        missing.dedup();
        assert_eq!(missing, Vec::<&str>::new());
    }

    #[test]
    fn names_split_into_written_and_shown() {
        assert_eq!(split("ceil=CEIL"), ("ceil", "CEIL"));
        assert_eq!(split("<="), ("<=", "<="));
        assert_eq!(lookup("Mean", None).map(|(function, shown)| (function.name(), shown)), Ok(("avg", "mean")));
        assert_eq!(lookup("explode", None).map(|_| ()).map_err(|error| error.class), Err("UNSUPPORTED".to_owned()));
    }
}
