//! Physical operators of our own: the leaves and roots of a stage's tree.
//!
//! A leaf finds what it reads (splits, map outputs) in the [`TaskInputs`] of the task that
//! runs it, so one tree serves every task of its stage.

mod csv_read;
mod csv_scan;
mod external_scan;
mod file_write;
mod inputs;
mod range_merge;
mod shuffle_read;
mod shuffle_write;
mod split_scan;

pub use csv_scan::{CsvFormat, CsvScanExec};
pub use external_scan::ExternalScanExec;
pub use file_write::{FileWriteExec, WriteOptions};
pub(crate) use inputs::split_location;
pub use inputs::{BatchStream, Counters, ExternalReader, OutputRead, ReadLayout, ShuffleSource, ShuffleStreams, TaskInputs};
pub(crate) use range_merge::{BLOCK_ROWS, KeyEncoder, MAX_BLOCKS, block_of, sample_row};
pub use shuffle_read::{ReadMode, ShuffleReadExec};
pub use shuffle_write::{ShufflePartitioning, ShuffleWriteExec};
pub use split_scan::SplitScanExec;
pub(crate) use split_scan::{file_config, split_file};

use arrow::array::{Array, RecordBatch};

/// Bytes of a batch's rows (a slice counts for what it shows, not for what it keeps alive).
pub(crate) fn batch_bytes(batch: &RecordBatch) -> u64 {
    batch.columns().iter().map(|c| c.to_data().get_slice_memory_size().unwrap_or_else(|_| c.get_array_memory_size()) as u64).sum()
}

/// `a, b, c`.
pub(crate) fn comma_separated<T: std::fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The children methods of a leaf.
macro_rules! leaf_children {
    () => {
        fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
            Vec::new()
        }

        fn apply_expressions(&self, _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>) -> Result<TreeNodeRecursion> {
            Ok(TreeNodeRecursion::Continue)
        }

        fn replace_children(
            self: Arc<Self>,
            _children: Vec<Arc<dyn ExecutionPlan>>,
            _options: ReplaceChildrenOptions,
        ) -> Result<Arc<dyn ExecutionPlan>> {
            Ok(self)
        }

        fn with_new_children(self: Arc<Self>, _children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
            Ok(self)
        }
    };
}
pub(crate) use leaf_children;
