//! The resolver (Spark's analyzer): an unresolved tree in, a resolved tree of the same node kinds out, under the rules of
//! Spark 4.3 with ANSI on. `README.md` beside this file is the contract of the result: the invariants of every node and
//! every function's name, argument types and result type. In short, after [`resolve`]:
//!
//! - every column is an [`Expression::Column`] whose id is defined exactly once in the tree, every function an
//!   [`Expression::Call`] whose arguments already have the types it takes (casts are written out);
//! - an `Aggregate` holds its grouping columns and `NamedColumn(Call aggregate)` only, arithmetic over them and HAVING sit
//!   above it; window functions stand alone in a `Project` of pass-through columns and `NamedColumn(Window)`;
//! - names, views, CTEs, stars, ordinals, USING, aliases and the DataFrame helper nodes are gone.
//!
//! [`output_of`], [`data_type_of`] and [`nullable_of`] answer for any resolved node; [`tree_text`] prints one.

mod aggregate;
mod auto_name;
mod coercion;
mod equal;
mod errors;
mod expression;
mod names;
mod output;
mod registry;
mod relation;
mod resolver;
mod scope;
mod select;
mod tables;
mod text;
mod visit;
mod window;

pub use output::{OutputColumn, data_type_of, nullable_of, output_of};
pub use tables::{TableKey, required_tables, table_key};
pub use text::{expression_text, tree_text};
pub use visit::{children_of, for_each_expression, for_each_subexpression};

use crate::error::Result;
use crate::tree::{Relation, StructField};
use resolver::Resolver;
use std::collections::BTreeMap;

/// The session settings that change what a query means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolveOptions {
    /// `spark.sql.caseSensitive`.
    pub case_sensitive: bool,
    /// `spark.sql.ansi.enabled`. False is refused for now.
    pub ansi: bool,
    /// `spark.sql.groupByOrdinal`.
    pub group_by_ordinal: bool,
    /// `spark.sql.orderByOrdinal`.
    pub order_by_ordinal: bool,
    /// `spark.sql.session.timeZone`.
    pub session_time_zone: String,
    /// `now()` of this query, microseconds since the epoch.
    pub now_micros: i64,
    pub default_parallelism: u32,
}

impl Default for ResolveOptions {
    fn default() -> Self {
        Self {
            case_sensitive: false,
            ansi: true,
            group_by_ordinal: true,
            order_by_ordinal: true,
            session_time_zone: "UTC".to_owned(),
            now_micros: 0,
            default_parallelism: 1,
        }
    }
}

#[derive(Debug, Clone)]
pub struct ResolveInput<'a> {
    pub plan: &'a Relation,
    /// Temp views by lower-cased name.
    pub views: &'a BTreeMap<String, Relation>,
    /// The columns of each table of [`required_tables`], by key.
    pub tables: &'a BTreeMap<String, Vec<StructField>>,
    pub options: ResolveOptions,
    /// First column id that is free.
    pub next_column_id: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    pub plan: Relation,
    pub output: Vec<OutputColumn>,
    pub next_column_id: u64,
}

/// Resolves a plan. The plan's output is exactly `output`, in order.
pub fn resolve(input: ResolveInput<'_>) -> Result<Resolved> {
    Resolver::run(input)
}
