use kiln_sql::tree::{Relation, StructField};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Asks for the tables that a tree (with the views it uses) reads, before it can be resolved.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AnalyzeRequest {
    pub plan: Relation,
    /// Temp views by lower-cased name.
    pub views: BTreeMap<String, Relation>,
    /// Spark and Kiln settings of the session, as text (`spark.sql.session.timeZone`, ...).
    pub conf: BTreeMap<String, String>,
    /// What the data sources said of each table, by key. Empty in the first call (`required_tables`).
    pub tables: BTreeMap<String, Table>,
    /// First column id that is free.
    pub next_column_id: u64,
    /// First shuffle id that is free.
    pub next_shuffle_id: u64,
    /// Microseconds since the epoch: `now()` of this query, fixed on the driver.
    pub now_micros: i64,
    /// Slots of the engine: the default parallelism.
    pub default_parallelism: u32,
    /// What the result is wanted as.
    pub action: Action,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Action {
    /// Rows to the driver. Also for `count()` (the client wraps the plan in an aggregate).
    Collect,
    /// `Relation::Write` at the root.
    Write,
}

/// A `ReadSource::DataSource` found in the tree. `key` identifies format, paths, options and schema.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TableRequest {
    pub key: String,
    pub format: String,
    pub paths: Vec<String>,
    pub options: BTreeMap<String, String>,
    pub schema: Option<Vec<StructField>>,
}

/// A data source's answer: schema and files (or splits of its own making).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Table {
    pub fields: Vec<StructField>,
    pub scan: ScanFormat,
    pub files: Vec<TableFile>,
    /// `null`: not known.
    pub rows: Option<u64>,
    /// Per column of `fields`, in order; empty when not known.
    pub columns: Vec<ColumnStatistics>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ColumnStatistics {
    /// Canonical text, as in literals.
    pub min: Option<String>,
    pub max: Option<String>,
    pub nulls: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum ScanFormat {
    Parquet,
    Csv {
        header: bool,
        delimiter: String,
        quote: String,
        escape: Option<String>,
        null_value: String,
        comment: Option<String>,
        /// Values in quotes may hold ends of lines; such a file is one split.
        multi_line: bool,
        date_format: Option<String>,
        timestamp_format: Option<String>,
    },
    /// Splits are opaque to Rust; batches come from the data source's reader in TypeScript as Arrow IPC streams.
    External {
        source: String,
        payload: String,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TableFile {
    /// Absolute path or URL; for `External`, the split's name.
    pub path: String,
    pub size: u64,
    pub modified_millis: i64,
    /// `null`: not known (CSV).
    pub rows: Option<u64>,
    /// Hosts that hold it, best first.
    pub hosts: Vec<String>,
    /// Where it can be cut (Parquet's row groups), in order; empty: anywhere, if the format can be cut at all.
    pub blocks: Vec<FileBlock>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileBlock {
    /// Offset of its first byte.
    pub start: u64,
    pub rows: u64,
}

/// Result of `analyze`: the resolved tree (optimizer rules may rewrite it) and its schema (`df.schema`).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Analyzed {
    pub plan: Relation,
    pub schema: Vec<StructField>,
    pub next_column_id: u64,
}

/// Result of `plan`: the whole query as data plus one opaque `plan` per stage (bytes, base64 in JSON never: they are
/// returned beside the JSON, in the order of `stages`).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StagedPlan {
    /// In dependency order, the result stage last.
    pub stages: Vec<StagePlan>,
    pub schema: Vec<StructField>,
    pub next_column_id: u64,
    pub next_shuffle_id: u64,
    /// Decisions worth telling (`explain` prints them): "8 shuffle partitions: 412 MB of input / 64 MB".
    pub notes: Vec<String>,
    pub explain: Explain,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Explain {
    pub unresolved: String,
    pub resolved: String,
    pub optimized: String,
    pub physical: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StagePlan {
    /// Index in `StagedPlan.stages`.
    pub id: u32,
    pub output: StageOutput,
    pub inputs: Vec<StageInput>,
    pub scans: Vec<StageScan>,
    /// Tasks if nothing is coalesced.
    pub num_tasks: u32,
    pub operators: OperatorNode,
    /// Estimated output in bytes; `null`: not known.
    pub estimated_bytes: Option<u64>,
    /// A retry may give other rows (`rand()`, unordered input of an order-dependent operator).
    pub determinism: Determinism,
    /// Tasks of one stage attempt share one plan instance per process (broadcast hash join build).
    pub shares_build: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Determinism {
    Determinate,
    Unordered,
    Indeterminate,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum StageOutput {
    /// Map output of a shuffle.
    Shuffle { shuffle_id: u64, partitioning: Partitioning },
    /// Rows to the driver; partitions in order are the result in order.
    Result,
    /// One value (or none: NULL) for the stages that name it; two rows are an error.
    ScalarSubquery { subquery_id: u32 },
    /// Files of this write's task attempts.
    Write { format: String, path: String },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Partitioning {
    /// Spark's Murmur3 of the expressions, modulo `num_partitions`.
    Hash { expressions: Vec<String>, num_partitions: u32 },
    /// Rows dealt by a hash of all columns and the row's number in its partition: the same on a retry.
    RoundRobin { num_partitions: u32 },
    /// Sorted runs; a reader takes key ranges found from the sampled keys (`map_outputs.keys`).
    Range { order: Vec<String>, num_partitions: u32 },
    /// All rows to one reader; `merge` keeps the order of sorted inputs.
    Single { merge: Option<Vec<String>> },
    /// Every reader task reads all.
    Broadcast,
}

impl Partitioning {
    /// Reduce partitions as written by one map task.
    pub fn num_partitions(&self) -> u32 {
        match self {
            Self::Hash { num_partitions, .. } | Self::RoundRobin { num_partitions } | Self::Range { num_partitions, .. } => *num_partitions,
            Self::Single { .. } | Self::Broadcast => 1,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum StageInput {
    /// `reader` is the id of the reading node in this stage; `first_task`: the task that reads reduce partition 0
    /// (unions place readers one after another). `coalescible`: partitions may be joined (never for an explicit
    /// `repartition(n)`); readers of one stage with the same `group` must be coalesced alike.
    Shuffle {
        reader: u32,
        shuffle_id: u64,
        stage: u32,
        first_task: u32,
        num_partitions: u32,
        coalescible: bool,
        group: u32,
    },
    Broadcast {
        reader: u32,
        shuffle_id: u64,
        stage: u32,
    },
    ScalarSubquery {
        subquery_id: u32,
        stage: u32,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageScan {
    /// Id of the scan node in this stage.
    pub scan: u32,
    pub table: String,
    pub first_task: u32,
    /// The splits of each of the scan's partitions.
    pub partitions: Vec<Vec<Split>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Split {
    pub path: String,
    /// Bytes from `start` for `length` of a file of `size`.
    pub start: u64,
    pub length: u64,
    pub size: u64,
    pub modified_millis: i64,
    pub hosts: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperatorNode {
    pub name: String,
    /// One line, columns by name.
    pub detail: String,
    pub children: Vec<OperatorNode>,
}

/// What the driver decided before a stage is submitted; `refine(stage plan bytes, decisions) -> program bytes`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageDecisions {
    /// The partitions each reader's tasks read, in task order; a reader left out reads one partition a task.
    pub reads: BTreeMap<u32, Vec<PartitionRead>>,
    /// Values of scalar subqueries as an Arrow IPC stream of one column with 0 or 1 rows, base64.
    pub scalars: BTreeMap<u32, String>,
    /// Exact bytes of each shuffle input, per reduce partition after `reads`.
    pub input_bytes: BTreeMap<u32, Vec<u64>>,
    /// Range exchanges read here: the bounds chosen from sampled keys, per reader (hex of row-encoded keys).
    pub range_bounds: BTreeMap<u32, Vec<String>>,
    /// A build side larger than this is joined by sort-merge (bytes).
    pub max_hash_build_bytes: u64,
    /// A former attempt of this stage ran out of memory: use operators that spill, where there are some.
    pub avoid_hash_join: bool,
    pub conf: BTreeMap<String, String>,
    pub now_micros: i64,
}

/// The sampled keys of one map output of a range exchange, and its rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RangeRun {
    pub keys: Vec<String>,
    pub rows: u64,
}

/// Reduce partitions `[start, end)` of map outputs `[map_start, map_end)` (`map_end` null: all).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PartitionRead {
    pub start: u32,
    pub end: u32,
    pub map_start: u32,
    pub map_end: Option<u32>,
}
