//! Which algorithm a partitioned join runs, from the exact bytes of its inputs.

use crate::boundary::StageDecisions;
use crate::nodes::ShuffleReadExec;
use arrow::compute::SortOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{JoinSide, Result, internal_err};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{LexOrdering, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode, SortMergeJoinExec};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use std::sync::Arc;

/// A build side is swapped when the other is smaller by this factor.
const SWAP_FACTOR: f64 = 0.7;

pub fn choose_joins(plan: Arc<dyn ExecutionPlan>, decisions: &StageDecisions) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|plan| {
        let Some(join) = plan.downcast_ref::<HashJoinExec>() else {
            return Ok(Transformed::no(plan));
        };
        if *join.partition_mode() != PartitionMode::Partitioned || join.null_aware {
            return Ok(Transformed::no(plan));
        }
        let left = largest_partition(join.left(), decisions)?;
        let right = largest_partition(join.right(), decisions)?;
        let too_large = |bytes: Option<u64>| decisions.avoid_hash_join || bytes.is_some_and(|b| b > decisions.max_hash_build_bytes);
        let swaps = matches!((left, right), (Some(l), Some(r)) if (r as f64) < l as f64 * SWAP_FACTOR) && join.join_type().supports_swap();
        if !decisions.avoid_hash_join && swaps && !too_large(right) {
            return Ok(Transformed::yes(join.swap_inputs(PartitionMode::Partitioned)?));
        }
        if too_large(left) {
            return Ok(Transformed::yes(sort_merge_join(join)?));
        }
        Ok(Transformed::no(plan))
    })
    .data()
}

/// Bytes of the largest partition that the shuffles under a plan bring; `None`: not known.
fn largest_partition(plan: &Arc<dyn ExecutionPlan>, decisions: &StageDecisions) -> Result<Option<u64>> {
    let mut totals: Vec<u64> = Vec::new();
    let mut known = true;
    plan.apply(|node| {
        if let Some(read) = node.downcast_ref::<ShuffleReadExec>() {
            match decisions.input_bytes.get(&read.reader()) {
                Some(bytes) => {
                    totals.resize(totals.len().max(bytes.len()), 0);
                    for (total, bytes) in totals.iter_mut().zip(bytes) {
                        *total += bytes;
                    }
                }
                None => known = false,
            }
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(if known { totals.into_iter().max() } else { None })
}

/// The same join on sorted inputs: it spills, and holds only rows of equal keys.
fn sort_merge_join(join: &HashJoinExec) -> Result<Arc<dyn ExecutionPlan>> {
    let options = vec![SortOptions::default(); join.on().len()];
    let (left_keys, right_keys): (Vec<_>, Vec<_>) = join.on().iter().map(|(l, r)| (Arc::clone(l), Arc::clone(r))).unzip();
    let left = sorted(Arc::clone(join.left()), left_keys);
    let right = sorted(Arc::clone(join.right()), right_keys);
    let merged: Arc<dyn ExecutionPlan> = Arc::new(SortMergeJoinExec::try_new(
        left,
        right,
        join.on().to_vec(),
        join.filter().map(left_first).transpose()?,
        *join.join_type(),
        options,
        join.null_equality(),
    )?);
    let projected = match &join.projection {
        Some(columns) => {
            let schema = merged.schema();
            let exprs = columns.iter().map(|i| {
                let name = schema.field(*i).name();
                (Arc::new(Column::new(name, *i)) as Arc<dyn PhysicalExpr>, name.clone())
            });
            Arc::new(ProjectionExec::try_new(exprs.collect::<Vec<_>>(), merged)?) as Arc<dyn ExecutionPlan>
        }
        None => merged,
    };
    // What is above may count on the order of the probe side.
    let hash: &dyn ExecutionPlan = join;
    match hash.properties().output_ordering() {
        Some(ordering) => Ok(Arc::new(SortExec::new(ordering.clone(), projected).with_preserve_partitioning(true))),
        None => Ok(projected),
    }
}

/// The same filter with the columns of the left side first: DataFusion's sort-merge join gives its
/// filter the columns in that order, whatever order the filter says.
fn left_first(filter: &JoinFilter) -> Result<JoinFilter> {
    let columns = filter.column_indices();
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by_key(|i| columns[*i].side != JoinSide::Left);
    let expression = Arc::clone(filter.expression()).transform(|e| {
        let Some(column) = e.downcast_ref::<Column>() else {
            return Ok(Transformed::no(e));
        };
        match order.iter().position(|i| *i == column.index()) {
            Some(moved) => Ok(Transformed::yes(Arc::new(Column::new(column.name(), moved)) as Arc<dyn PhysicalExpr>)),
            None => internal_err!("column {column} of a join filter is not among its columns"),
        }
    })?;
    let indices = order.iter().map(|i| columns[*i].clone()).collect();
    Ok(JoinFilter::new(expression.data, indices, Arc::new(filter.schema().project(&order)?)))
}

fn sorted(input: Arc<dyn ExecutionPlan>, keys: Vec<Arc<dyn PhysicalExpr>>) -> Arc<dyn ExecutionPlan> {
    match LexOrdering::new(keys.into_iter().map(|expr| PhysicalSortExpr { expr, options: SortOptions::default() })) {
        Some(ordering) => Arc::new(SortExec::new(ordering, input).with_preserve_partitioning(true)),
        None => input,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::{DataType, Field, Schema};
    use datafusion::logical_expr::Operator;
    use datafusion::physical_expr::expressions::binary;
    use datafusion::physical_plan::joins::utils::ColumnIndex;

    #[test]
    fn the_columns_of_a_filter_are_put_left_first() {
        let schema = Schema::new(vec![Field::new("r", DataType::Int64, true), Field::new("l", DataType::Int64, true)]);
        let column = |name: &str, index| Arc::new(Column::new(name, index)) as Arc<dyn PhysicalExpr>;
        let expression = binary(column("l", 1), Operator::Lt, column("r", 0), &schema).unwrap();
        let indices = vec![ColumnIndex { index: 4, side: JoinSide::Right }, ColumnIndex { index: 7, side: JoinSide::Left }];
        let filter = left_first(&JoinFilter::new(expression, indices, Arc::new(schema))).unwrap();
        assert_eq!(filter.expression().to_string(), "l@0 < r@1");
        assert_eq!(filter.column_indices().iter().map(|c| c.index).collect::<Vec<_>>(), [7, 4]);
        assert_eq!(filter.schema().field(0).name(), "l");
    }
}
