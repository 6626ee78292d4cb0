//! The map output of one attempt, from its first row to its commit.

use super::external_blocks::{BlockKey, BlocksElsewhere, Staged, give_away};
use super::task::Ending;
use crate::boundary::{Determinism, MapStatus, TaskMetrics, TaskSpec};
use arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, Result, exec_err};
use kiln_memory::TaskMemory;
use kiln_shuffle::codec::Codec;
use kiln_shuffle::store::{BlockStore, MapOutputId};
use kiln_shuffle::writer::{ShuffleWriter, WriterOptions};
use std::sync::Arc;

/// Where an executor's map outputs go.
#[derive(Clone)]
pub struct OutputTarget {
    pub store: Arc<dyn BlockStore>,
    /// Where they go in the end when they do not stay in `store`.
    pub elsewhere: Option<BlocksElsewhere>,
    pub codec: Codec,
}

/// Which map output it is.
pub struct OutputOf {
    pub schema: SchemaRef,
    pub shuffle_id: u64,
    pub partitions: u32,
    pub determinism: Determinism,
    /// Rows of a full batch.
    pub target_rows: usize,
}

/// A map output that is being written; dropping it leaves nothing.
pub struct MapOutputWriter {
    pub writer: ShuffleWriter,
    target: OutputTarget,
    staged: Option<Staged>,
    schema: SchemaRef,
    key: BlockKey,
}

impl MapOutputWriter {
    pub fn open(target: &OutputTarget, output: OutputOf, spec: &TaskSpec, memory: &Arc<TaskMemory>) -> Result<Self> {
        let OutputOf { schema, shuffle_id, partitions, determinism, target_rows } = output;
        let staged = target.elsewhere.as_ref().map(|_| Staged::new(Arc::clone(&target.store), spec.task_id));
        let id = match &staged {
            Some(staged) => staged.id,
            None => MapOutputId { shuffle: shuffle_id, map: spec.partition, stage_attempt: spec.stage_attempt, attempt: spec.attempt },
        };
        let options = WriterOptions { codec: target.codec, target_rows, ..WriterOptions::default() };
        let memory = memory.consumer("ShuffleWriter", true);
        let level = level(determinism);
        let writer = ShuffleWriter::new(Arc::clone(&schema), partitions, id, level, Arc::clone(&target.store), memory, options)
            .map_err(shuffle_error)?;
        let key = BlockKey { shuffle_id, map: spec.partition, attempt: spec.task_id, reduce: 0 };
        Ok(Self { writer, target: target.clone(), staged, schema, key })
    }

    /// Completes the output and commits it, unless the attempt was cancelled before.
    pub async fn commit(self, ending: &Ending, metrics: &mut TaskMetrics) -> Result<MapStatus> {
        // From here on nothing of this attempt fails after its output is in the store.
        if self.staged.is_none() && !ending.commit() {
            return exec_err!("task {} was cancelled", self.key.attempt);
        }
        let status = self.writer.finish().map_err(shuffle_error)?;
        metrics.shuffle_write_bytes = status.bytes.iter().sum();
        metrics.shuffle_write_rows = status.rows.iter().sum();
        metrics.shuffle_write_nanos = status.write_nanos;
        metrics.disk_bytes_spilled = status.spilled_bytes;
        metrics.memory_bytes_spilled = status.spilled_bytes;
        let used = status.rows.iter().rposition(|rows| *rows > 0).map_or(0, |last| last + 1);
        let uri = match (&self.target.elsewhere, self.staged) {
            (Some(elsewhere), Some(staged)) => give_away(elsewhere, staged, &self.schema, self.key, &status.rows[..used]).await?,
            _ => "memory:".to_owned(),
        };
        let checksum = format!("{:016x}", status.checksum);
        Ok(MapStatus { uri, bytes: status.bytes, rows: status.rows, checksum, keys: Vec::new() })
    }
}

pub fn shuffle_error(error: kiln_shuffle::ShuffleError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

fn level(determinism: Determinism) -> kiln_shuffle::store::Determinism {
    match determinism {
        Determinism::Determinate => kiln_shuffle::store::Determinism::Determinate,
        Determinism::Unordered => kiln_shuffle::store::Determinism::Unordered,
        Determinism::Indeterminate => kiln_shuffle::store::Determinism::Indeterminate,
    }
}
