//! The one plan tree: plain data, the same names and order as `libs/contracts/src/plan`.
//!
//! It is built unresolved (by the DataFrame API in TypeScript or by the SQL parser here),
//! and leaves the resolver as the same node kinds, where every column is a
//! [`Expression::Column`] with an id and a type and every function a [`Expression::Call`].
//! Names and shapes follow Spark Connect's relations and expressions. In JSON every field
//! is present, `null` is none, and `type` tags the variant.

mod data_type;
mod expression;
mod interval;
mod relation;

pub use data_type::{DataType, StructField};
pub use expression::{
    Expression, FrameBound, FrameBoundKind, FrameUnit, NullOrdering, SortDirection, SortOrder, SubqueryKind, WhenBranch, WindowFrame,
    WindowSpec,
};
pub use interval::{IntervalField, interval_text};
pub use relation::{Cte, GroupKind, JoinKind, ReadSource, Relation, SetOpKind};

use serde::{Deserialize, Serialize};

/// A place in a SQL text or job file; lines and columns count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    pub line: u32,
    pub column: u32,
}
