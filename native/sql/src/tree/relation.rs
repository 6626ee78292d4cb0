use super::{Expression, Position, SortOrder, StructField};
use serde::{Deserialize, Serialize};

/// A relation (a node of the plan). Names follow Spark Connect's `relations.proto`.
///
/// `Sql`, `WithCtes`, `UnresolvedTable`, `WithColumns`, `WithColumnsRenamed`, `Drop`, `ToDf` and
/// `Deduplicate` are gone after resolve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Relation {
    /// Text parsed when the plan is analysed.
    Sql {
        text: String,
    },
    Read {
        source: ReadSource,
        position: Option<Position>,
    },
    /// `spark.range`: one column `id` of type bigint. `num_partitions` null: the default parallelism.
    Range {
        start: i64,
        end: i64,
        step: i64,
        num_partitions: Option<u32>,
        column_id: Option<u64>,
    },
    /// Rows of literal expressions (VALUES, createDataFrame, SELECT without FROM has one row of no columns).
    /// Unresolved: `column_names` null gives `col1..`; resolved: `fields` and `column_ids` are set and rows are folded literals.
    LocalRelation {
        rows: Vec<Vec<Expression>>,
        column_names: Option<Vec<String>>,
        fields: Option<Vec<StructField>>,
        column_ids: Option<Vec<u64>>,
    },
    Project {
        input: Box<Relation>,
        expressions: Vec<Expression>,
    },
    Filter {
        input: Box<Relation>,
        condition: Expression,
    },
    Join {
        left: Box<Relation>,
        right: Box<Relation>,
        kind: JoinKind,
        condition: Option<Expression>,
        using_columns: Vec<String>,
        is_natural: bool,
        is_lateral: bool,
    },
    SetOp {
        kind: SetOpKind,
        left: Box<Relation>,
        right: Box<Relation>,
        is_all: bool,
        by_name: bool,
        allow_missing_columns: bool,
    },
    /// `group_kind` Rollup, Cube and GroupingSets use `grouping_sets` (indices into `grouping`) once resolved.
    Aggregate {
        input: Box<Relation>,
        group_kind: GroupKind,
        grouping: Vec<Expression>,
        grouping_sets: Vec<Vec<u32>>,
        /// All result columns, as SELECT lists them. For `df.groupBy(..).agg(..)` the client puts the grouping columns first.
        aggregates: Vec<Expression>,
        having: Option<Expression>,
    },
    /// `is_global` false: `sortWithinPartitions`.
    Sort {
        input: Box<Relation>,
        order: Vec<SortOrder>,
        is_global: bool,
    },
    Limit {
        input: Box<Relation>,
        limit: Expression,
    },
    Offset {
        input: Box<Relation>,
        offset: Expression,
    },
    Tail {
        input: Box<Relation>,
        limit: u32,
    },
    SubqueryAlias {
        input: Box<Relation>,
        alias: String,
        column_aliases: Vec<String>,
    },
    /// Round robin (`shuffle` true) or `coalesce` (false).
    Repartition {
        input: Box<Relation>,
        num_partitions: u32,
        shuffle: bool,
    },
    /// Hash by expressions; `is_range`: `repartitionByRange`.
    RepartitionByExpression {
        input: Box<Relation>,
        num_partitions: Option<u32>,
        expressions: Vec<SortOrder>,
        is_range: bool,
    },
    Sample {
        input: Box<Relation>,
        lower: f64,
        upper: f64,
        with_replacement: bool,
        seed: i64,
    },
    Hint {
        input: Box<Relation>,
        name: String,
        parameters: Vec<Expression>,
    },
    WithCtes {
        ctes: Vec<Cte>,
        input: Box<Relation>,
    },
    WithColumns {
        input: Box<Relation>,
        aliases: Vec<Expression>,
    },
    WithColumnsRenamed {
        input: Box<Relation>,
        renames: Vec<(String, String)>,
    },
    Drop {
        input: Box<Relation>,
        columns: Vec<Expression>,
    },
    ToDf {
        input: Box<Relation>,
        column_names: Vec<String>,
    },
    /// `column_names` empty: all columns (`distinct()`).
    Deduplicate {
        input: Box<Relation>,
        column_names: Vec<String>,
    },
    /// Wraps a DataFrame's plan so that `UnresolvedAttribute.plan_id` can point at it.
    PlanId {
        input: Box<Relation>,
        plan_id: u64,
    },
    /// The root of a write: files of `format` under `path`, committed by the output committer.
    Write {
        input: Box<Relation>,
        format: String,
        path: String,
        options: Vec<(String, String)>,
        partition_by: Vec<String>,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum ReadSource {
    /// A temp view or CTE by name.
    NamedTable { parts: Vec<String> },
    /// `session.read.format(..)`; also SQL's ``parquet.`path` ``.
    DataSource {
        format: String,
        paths: Vec<String>,
        options: Vec<(String, String)>,
        /// `null`: inferred by the source.
        schema: Option<Vec<StructField>>,
    },
    /// Resolved: the table the planner looked up under this key; columns carry their ids.
    Table { key: String, fields: Vec<StructField>, column_ids: Vec<u64> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JoinKind {
    Inner,
    FullOuter,
    LeftOuter,
    RightOuter,
    LeftAnti,
    LeftSemi,
    Cross,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetOpKind {
    Union,
    Intersect,
    Except,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupKind {
    GroupBy,
    /// `GROUP BY ALL`.
    All,
    Rollup,
    Cube,
    GroupingSets,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cte {
    pub name: String,
    pub column_aliases: Vec<String>,
    pub plan: Relation,
}
