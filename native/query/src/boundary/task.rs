use super::{Determinism, Split, StageOutput};
use kiln_sql::tree::StructField;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Settings of one executor, given once.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutorConfig {
    pub executor_id: String,
    pub slots: u32,
    /// Bytes of the one accounting (operators, shuffle blocks, broadcast).
    pub memory_bytes: u64,
    /// Share of `memory_bytes` protected for shuffle blocks and cached data.
    pub storage_fraction: f64,
    pub local_dirs: Vec<String>,
    /// `memory:` keeps blocks as batches and evicts; `file:` writes every block to a file.
    pub block_store: String,
    /// `lz4`, `zstd` or `none`, for blocks that leave memory.
    pub compression: String,
}

/// One task attempt. Its program was loaded before under `program`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskSpec {
    /// Unique in the engine.
    pub task_id: u64,
    pub job_id: u64,
    pub stage_id: u64,
    pub stage_attempt: u32,
    pub partition: u32,
    pub attempt: u32,
    /// Hash of the program bytes.
    pub program: String,
    /// Splits of each scan node for this partition.
    pub splits: BTreeMap<u32, Vec<Split>>,
    /// Epoch of the map-output tracker; the executor holds the outputs of every shuffle it reads at this epoch or later.
    pub epoch: u64,
    /// Where a write task puts its files before commit; `null` for other tasks.
    pub write_dir: Option<String>,
    pub shares_build: bool,
}

/// The map outputs of one shuffle, as the tracker knows them, given to an executor when it changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MapOutputs {
    pub shuffle_id: u64,
    pub epoch: u64,
    /// By map partition, in order; all are present when a reader runs.
    pub outputs: Vec<MapOutputLocation>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MapOutputLocation {
    pub map: u32,
    pub executor_id: String,
    /// Where its bytes are served, `host:port`; empty: in this process, or in a store that all executors share.
    pub address: String,
    /// `memory:` or `file:/...`: the block store and where.
    pub uri: String,
    /// `MapStatus.keys` of a range exchange; else empty.
    pub keys: Vec<String>,
}

/// A map output that was copied to an executor.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CopiedOutput {
    pub map: u32,
    pub uri: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskOutcome {
    pub task_id: u64,
    pub status: TaskStatus,
    pub metrics: TaskMetrics,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum TaskStatus {
    /// Bytes of a result (Arrow IPC stream) come beside the JSON.
    Success {
        output: TaskOutput,
    },
    Failed {
        failure: TaskFailure,
    },
    /// Cancelled; nothing of it is left.
    Killed {
        reason: String,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum TaskOutput {
    MapOutput { status: MapStatus },
    Result { rows: u64, bytes: u64 },
    Write { files: Vec<WrittenFile> },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MapStatus {
    pub uri: String,
    /// Raw (in-memory) bytes per reduce partition.
    pub bytes: Vec<u64>,
    pub rows: Vec<u64>,
    /// Order-independent checksum of the rows, hex.
    pub checksum: String,
    /// For range exchanges: sampled keys (hex of row-encoded keys), dense in short outputs and rarer later in long ones.
    pub keys: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WrittenFile {
    pub path: String,
    pub bytes: u64,
    pub rows: u64,
}

/// Why an attempt failed. `kind` decides what the schedulers do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskFailure {
    pub kind: FailureKind,
    /// Spark's error class where there is one (`DIVIDE_BY_ZERO`), else a Kiln code.
    pub class: String,
    pub message: String,
    /// Causes, outermost first.
    pub causes: Vec<String>,
    /// For `FetchFailed`.
    pub fetch: Option<FetchFailure>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The query's own error (overflow, bad cast): every attempt would fail alike; still retried as Spark does.
    User,
    OutOfMemory,
    Io,
    FetchFailed,
    Panic,
    Internal,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FetchFailure {
    pub shuffle_id: u64,
    pub map: u32,
    pub reduce: u32,
    pub executor_id: String,
    pub cause: FetchCause,
}

/// What is to blame for a lost block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FetchCause {
    Missing,
    Disk,
    Network,
    /// Damaged, and nobody can say where.
    Corrupt,
    Unknown,
}

/// Nanoseconds, bytes, rows. Names follow Spark's task metrics.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskMetrics {
    pub executor_run_nanos: u64,
    pub executor_cpu_nanos: u64,
    pub deserialize_nanos: u64,
    pub peak_execution_memory: u64,
    pub memory_bytes_spilled: u64,
    pub disk_bytes_spilled: u64,
    pub input_bytes: u64,
    pub input_rows: u64,
    pub output_bytes: u64,
    pub output_rows: u64,
    pub shuffle_read_bytes: u64,
    pub shuffle_read_rows: u64,
    /// Blocks of other processes.
    pub remote_blocks_fetched: u64,
    pub local_blocks_fetched: u64,
    /// As they were sent, which is compressed.
    pub remote_bytes_read: u64,
    /// Of these, bytes that went to a file before they were read.
    pub remote_bytes_read_to_disk: u64,
    /// In memory.
    pub local_bytes_read: u64,
    /// Time in which nothing was there to read.
    pub fetch_wait_nanos: u64,
    pub shuffle_write_bytes: u64,
    pub shuffle_write_rows: u64,
    pub shuffle_write_nanos: u64,
    pub result_bytes: u64,
}

/// For tests and the UI: what an executor holds now.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutorUsage {
    pub live_tasks: u64,
    pub reserved_bytes: u64,
    pub storage_bytes: u64,
    pub disk_bytes: u64,
    pub temporary_files: u64,
    pub map_outputs: u64,
    pub programs: u64,
    pub shared_builds: u64,
}

/// Kept beside a stage plan or program so that a task knows what to make of the root operator. TypeScript does not see it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProgramHeader {
    pub version: String,
    pub output: StageOutput,
    pub determinism: Determinism,
    /// Names and types of the columns of a result or write, by position; empty for map outputs.
    pub fields: Vec<StructField>,
    pub now_micros: i64,
    pub conf: BTreeMap<String, String>,
}
