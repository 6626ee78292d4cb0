//! How much of a task's memory a sort may fill with rows.
//!
//! DataFusion's sort counts a batch twice as it comes, which leaves room for its sorted copy. To spill, it merges the sorted
//! batches by their keys (several are encoded row by row), which are held for all batches at once. A sort that has its task
//! to itself fills all of the memory, and then finds no room for the keys, however much memory there is.

use crate::plan::row_width;
use arrow::datatypes::{Field, Schema};
use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::sorts::sort::SortExec;
use std::sync::Arc;

/// An encoded row has a place among the others, and room to grow.
const ENCODED_ROW_BYTES: u64 = 12;

/// The part of a task's memory for the rows of its sorts: the least of those in the tree.
pub fn sort_share(tree: &Arc<dyn ExecutionPlan>) -> Result<f64> {
    let mut least: f64 = 1.0;
    tree.apply(|node| {
        if let Some(sort) = node.downcast_ref::<SortExec>() {
            let schema = sort.input().schema();
            let fields = sort.expr().iter().map(|key| Ok(Field::new("key", key.expr.data_type(&schema)?, true)));
            let keys = Arc::new(Schema::new(fields.collect::<Result<Vec<_>>>()?));
            let encoding = if keys.fields().len() > 1 { ENCODED_ROW_BYTES + keys.fields().len() as u64 } else { 0 };
            least = least.min(share_of_rows(row_width(&keys) + encoding, row_width(&schema)));
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(least)
}

/// So much of the memory that rows, counted twice, and their keys fit into it when the rows fill this part.
fn share_of_rows(key: u64, row: u64) -> f64 {
    (2.0 / (2.0 + key as f64 / row.max(1) as f64)).max(0.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_rows_may_fill_more() {
        assert!(share_of_rows(30, 200) > 0.9);
        assert!((0.5..0.55).contains(&share_of_rows(30, 16)));
        assert_eq!((share_of_rows(0, 8), share_of_rows(100, 1)), (1.0, 0.2));
    }
}
