//! Memory that a sort keeps for merging what it has in memory, when that has to be spilled.
//!
//! DataFusion's sort counts a batch twice as it comes, which leaves room for its sorted copy. To spill, it merges the sorted
//! batches by their keys (several are encoded row by row), which are held for all batches at once. A sort that has its task
//! to itself fills all of the memory, and then finds no room for the keys, whatever the memory.

use crate::plan::row_width;
use arrow::datatypes::{Field, Schema};
use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::sorts::sort::SortExec;
use std::sync::Arc;

/// What is kept in any case.
const LEAST: usize = 10 << 20;
/// An encoded row has a place among the others, and each of its values a mark.
const ROW_BYTES: u64 = 12;

/// Bytes that the sorts of a tree keep; `task_bytes`: the memory that a task may count on.
pub fn sort_spill_reservation(tree: &Arc<dyn ExecutionPlan>, task_bytes: usize) -> Result<usize> {
    let mut reserved = LEAST.min(task_bytes / 8);
    tree.apply(|node| {
        if let Some(sort) = node.downcast_ref::<SortExec>().filter(|sort| sort.fetch().is_none()) {
            let schema = sort.input().schema();
            let fields = sort.expr().iter().map(|key| Ok(Field::new("key", key.expr.data_type(&schema)?, true)));
            let keys = Arc::new(Schema::new(fields.collect::<Result<Vec<_>>>()?));
            let encoding = if keys.fields().len() > 1 { ROW_BYTES + keys.fields().len() as u64 } else { 0 };
            let share = kept_share(row_width(&keys) + encoding, row_width(&schema));
            // A task may have twice of what it may count on, and fills it.
            reserved = reserved.max((2.0 * task_bytes as f64 * share) as usize);
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(reserved)
}

/// The part of a sort's memory without which its rows, counted twice, and their keys do not fit.
fn kept_share(key: u64, row: u64) -> f64 {
    let ratio = key as f64 / row.max(1) as f64;
    (ratio / (2.0 + ratio)).min(0.6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_is_kept_for_narrow_rows() {
        assert!((0.05..0.1).contains(&kept_share(30, 200)));
        assert!((0.45..0.5).contains(&kept_share(30, 16)));
        assert_eq!((kept_share(0, 8), kept_share(100, 1)), (0.0, 0.6));
    }
}
