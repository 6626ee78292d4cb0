use super::{DataType, Position, Relation};
use serde::{Deserialize, Serialize};

/// An expression. The first group is unresolved input, the second is common to both trees,
/// the last only leaves the resolver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Expression {
    // ---- unresolved only ------------------------------------------------------------
    /// `a`, `t.a`, `s.t.a`: parts as written, back-quotes removed. `plan_id` binds it to one
    /// DataFrame (`df.col("a")`), which resolves self-joins without ambiguity.
    UnresolvedAttribute {
        parts: Vec<String>,
        plan_id: Option<u64>,
        position: Option<Position>,
    },
    /// `*` or `t.*`; `except` lists columns left out.
    UnresolvedStar {
        target: Option<Vec<String>>,
        except: Vec<String>,
        position: Option<Position>,
    },
    /// A function or operator by name: operators are `+ - * / div % || and or not = <=> != < <= > >=
    /// in between like ilike rlike isnull isnotnull negative positive & | ^ ~` and `case` is its own node.
    UnresolvedFunction {
        name: String,
        arguments: Vec<Expression>,
        is_distinct: bool,
        filter: Option<Box<Expression>>,
        position: Option<Position>,
    },
    /// SQL text of one expression, as given to `expr()`, `selectExpr` or `filter("...")`.
    ExpressionString {
        text: String,
    },
    // ---- both -----------------------------------------------------------------------
    /// `value` is the canonical text of the value (`null`: SQL NULL), so no digit is lost in JSON:
    /// integers in decimal, decimals with their scale, dates `YYYY-MM-DD`, timestamps ISO with an optional zone,
    /// binary in hex, booleans `true`/`false`, year-month intervals in months, day-time intervals in microseconds,
    /// calendar intervals `months,days,microseconds`.
    Literal {
        value: Option<String>,
        data_type: DataType,
    },
    /// Several `names` only for generators. `metadata` is not carried.
    Alias {
        expression: Box<Expression>,
        names: Vec<String>,
    },
    Cast {
        expression: Box<Expression>,
        data_type: DataType,
        is_try: bool,
        position: Option<Position>,
    },
    /// `CASE`; the operand form is rewritten to equality by whoever builds the tree.
    Case {
        branches: Vec<WhenBranch>,
        otherwise: Option<Box<Expression>>,
    },
    Window {
        function: Box<Expression>,
        spec: WindowSpec,
    },
    Subquery {
        kind: SubqueryKind,
        plan: Box<Relation>,
        /// Left side of `IN`; empty otherwise.
        values: Vec<Expression>,
        negated: bool,
        position: Option<Position>,
    },
    // ---- resolved only --------------------------------------------------------------
    /// A column by id, unique in the session; `name` is for people.
    Column {
        id: u64,
        name: String,
        data_type: DataType,
        nullable: bool,
    },
    /// A column of an enclosing query, inside a correlated subquery.
    OuterColumn {
        id: u64,
        name: String,
        data_type: DataType,
        nullable: bool,
    },
    /// A resolved function (canonical Spark name), its arguments coerced.
    Call {
        name: String,
        arguments: Vec<Expression>,
        is_distinct: bool,
        filter: Option<Box<Expression>>,
        data_type: DataType,
        nullable: bool,
    },
    /// `Alias` with the id its column gets.
    NamedColumn {
        expression: Box<Expression>,
        name: String,
        id: u64,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WhenBranch {
    pub condition: Expression,
    pub value: Expression,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubqueryKind {
    Scalar,
    Exists,
    In,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SortDirection {
    Ascending,
    Descending,
}

/// `Default`: Spark's rule, nulls first when ascending, last when descending. Gone after resolve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NullOrdering {
    Default,
    NullsFirst,
    NullsLast,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SortOrder {
    pub child: Expression,
    pub direction: SortDirection,
    pub null_ordering: NullOrdering,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WindowSpec {
    pub partition_by: Vec<Expression>,
    pub order_by: Vec<SortOrder>,
    pub frame: Option<WindowFrame>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WindowFrame {
    pub unit: FrameUnit,
    pub lower: FrameBound,
    pub upper: FrameBound,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FrameUnit {
    Rows,
    Range,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FrameBound {
    pub kind: FrameBoundKind,
    /// For `Preceding` and `Following`.
    pub value: Option<Box<Expression>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FrameBoundKind {
    UnboundedPreceding,
    Preceding,
    CurrentRow,
    Following,
    UnboundedFollowing,
}
