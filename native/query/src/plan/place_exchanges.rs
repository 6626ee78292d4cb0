//! Pass: DataFusion's operators that move rows between partitions become exchanges.

use super::exchange::{ExchangeExec, is_single};
use super::physical::estimated_bytes;
use super::settings::Settings;
use super::sort_windows::sort_windows;
use crate::lower::exchange_node::{ExplicitExchangeExec, ExplicitPartitioning};
use crate::lower::range_table::RangeExec;
use crate::nodes::{CsvScanExec, file_config};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{JoinType, Result, plan_err};
use datafusion::datasource::physical_plan::FileGroup;
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_expr::Partitioning;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::joins::{CrossJoinExec, HashJoinExec, NestedLoopJoinExec, PartitionMode};
use datafusion::physical_plan::limit::{GlobalLimitExec, LocalLimitExec};
use datafusion::physical_plan::placeholder_row::PlaceholderRowExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, replace_children_if_necessary};
use std::sync::Arc;

pub fn place_exchanges(plan: Arc<dyn ExecutionPlan>, settings: &Settings, shuffle_partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
    let plan = range_exchange_at_root(plan, settings, shuffle_partitions)?;
    sort_windows(plan.transform_up(exchange).data()?)
}

/// A sort of the whole result stays in several partitions, whose order is the result's order.
fn range_exchange_at_root(plan: Arc<dyn ExecutionPlan>, settings: &Settings, shuffle_partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
    if plan.is::<ProjectionExec>() || plan.is::<FilterExec>() || plan.is::<CooperativeExec>() {
        let child = Arc::clone(plan.children()[0]);
        let child = range_exchange_at_root(child, settings, shuffle_partitions)?;
        return replace_children_if_necessary(plan, vec![child]);
    }
    let Some(merge) = plan.downcast_ref::<SortPreservingMergeExec>() else {
        return Ok(plan);
    };
    let large = estimated_bytes(merge.input()).is_none_or(|bytes| bytes > settings.single_merge_bytes);
    if merge.fetch().is_some() || is_single(merge.input()) || shuffle_partitions < 2 || !large {
        return Ok(plan);
    }
    Ok(Arc::new(ExchangeExec::range(Arc::clone(merge.input()), merge.expr().clone(), shuffle_partitions)))
}

fn exchange(plan: Arc<dyn ExecutionPlan>) -> Result<Transformed<Arc<dyn ExecutionPlan>>> {
    let exchanged: Arc<dyn ExecutionPlan> = if let Some(repartition) = plan.downcast_ref::<RepartitionExec>() {
        let input = Arc::clone(repartition.input());
        match repartition.partitioning() {
            Partitioning::Hash(keys, n) => {
                let merge = if repartition.preserve_order() { input.output_ordering().cloned() } else { None };
                Arc::new(ExchangeExec::hash(input, keys.clone(), *n, merge))
            }
            Partitioning::RoundRobinBatch(n) | Partitioning::UnknownPartitioning(n) => Arc::new(ExchangeExec::round_robin(input, *n)),
            Partitioning::Range(_) => return plan_err!("DataFusion planned a range repartition, which Kiln does not expect"),
        }
    } else if let Some(coalesce) = plan.downcast_ref::<CoalescePartitionsExec>() {
        let input = Arc::clone(coalesce.input());
        match (is_single(&input), coalesce.fetch()) {
            (true, None) => input,
            (true, Some(fetch)) => Arc::new(GlobalLimitExec::new(input, 0, Some(fetch))),
            (false, None) => Arc::new(ExchangeExec::single(input, None, None)),
            (false, Some(fetch)) => Arc::new(ExchangeExec::single(Arc::new(LocalLimitExec::new(input, fetch)), None, Some(fetch))),
        }
    } else if let Some(merge) = plan.downcast_ref::<SortPreservingMergeExec>() {
        let input = Arc::clone(merge.input());
        match (is_single(&input), merge.fetch()) {
            (true, None) => input,
            (true, Some(fetch)) => Arc::new(GlobalLimitExec::new(input, 0, Some(fetch))),
            (false, fetch) => Arc::new(ExchangeExec::single(input, Some(merge.expr().clone()), fetch)),
        }
    } else if let Some(explicit) = plan.downcast_ref::<ExplicitExchangeExec>() {
        explicit_exchange(explicit)?
    } else if let Some(join) = plan.downcast_ref::<HashJoinExec>() {
        if *join.partition_mode() != PartitionMode::CollectLeft || is_single(join.right()) {
            return Ok(Transformed::no(plan));
        }
        check_split_probe("hash join", *join.join_type())?;
        let children = vec![broadcast(join.left()), Arc::clone(join.right())];
        replace_children_if_necessary(plan, children)?
    } else if let Some(join) = plan.downcast_ref::<NestedLoopJoinExec>() {
        if is_single(join.right()) {
            return Ok(Transformed::no(plan));
        }
        check_split_probe("nested loop join", *join.join_type())?;
        let children = vec![broadcast(join.left()), Arc::clone(join.right())];
        replace_children_if_necessary(plan, children)?
    } else if let Some(join) = plan.downcast_ref::<CrossJoinExec>() {
        if is_single(join.right()) {
            return Ok(Transformed::no(plan));
        }
        let children = vec![broadcast(join.left()), Arc::clone(join.right())];
        replace_children_if_necessary(plan, children)?
    } else {
        return Ok(Transformed::no(plan));
    };
    Ok(Transformed::yes(exchanged))
}

/// A repartition that the user asked for.
fn explicit_exchange(explicit: &ExplicitExchangeExec) -> Result<Arc<dyn ExecutionPlan>> {
    let input = Arc::clone(&explicit.input);
    let exchange = match &explicit.partitioning {
        ExplicitPartitioning::RoundRobin(n) => ExchangeExec::round_robin(input, *n),
        ExplicitPartitioning::Hash(keys, n) => ExchangeExec::hash(input, keys.clone(), *n, None),
        ExplicitPartitioning::Range(ordering, n) => {
            let sorted = Arc::new(SortExec::new(ordering.clone(), input).with_preserve_partitioning(true));
            if *n == 1 {
                ExchangeExec::single(sorted, Some(ordering.clone()), None)
            } else {
                ExchangeExec::range(sorted, ordering.clone(), *n)
            }
        }
        ExplicitPartitioning::Coalesce(n) => return coalesce(&input, (*n).max(1)),
    };
    Ok(Arc::new(if explicit.fixed { exchange.fixed() } else { exchange }))
}

/// Fewer partitions without a shuffle where the source can give them, else with one.
fn coalesce(input: &Arc<dyn ExecutionPlan>, n: usize) -> Result<Arc<dyn ExecutionPlan>> {
    if input.output_partitioning().partition_count() <= n {
        return Ok(Arc::clone(input));
    }
    match coalesce_source(input, n)? {
        Some(coalesced) => Ok(coalesced),
        None => Ok(Arc::new(ExchangeExec::round_robin(Arc::clone(input), n).fixed())),
    }
}

/// The same rows from a source with `n` partitions; `None` under operators that look at whole partitions.
fn coalesce_source(plan: &Arc<dyn ExecutionPlan>, n: usize) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    if plan.is::<ProjectionExec>() || plan.is::<FilterExec>() || plan.is::<CooperativeExec>() {
        let Some(child) = coalesce_source(plan.children()[0], n)? else {
            return Ok(None);
        };
        return replace_children_if_necessary(Arc::clone(plan), vec![child]).map(Some);
    }
    if let Some(range) = plan.downcast_ref::<RangeExec>() {
        let name = range.schema().fields().first().map(|f| f.name().clone()).unwrap_or_default();
        return Ok(Some(Arc::new(RangeExec::new(range.start, range.end, range.step, n as u32, range.projected, &name))));
    }
    if let Some(csv) = plan.downcast_ref::<CsvScanExec>() {
        let mut splits: Vec<Vec<_>> = vec![Vec::new(); n];
        let partitions = csv.splits().len();
        for (i, group) in csv.splits().iter().enumerate() {
            splits[i * n / partitions].extend(group.iter().cloned());
        }
        return Ok(Some(Arc::new(csv.with_splits(splits))));
    }
    let Ok(config) = file_config(plan) else {
        return Ok(None);
    };
    let mut groups: Vec<Vec<_>> = vec![Vec::new(); n];
    let partitions = config.file_groups.len();
    for (i, group) in config.file_groups.iter().enumerate() {
        groups[i * n / partitions].extend(group.iter().cloned());
    }
    let mut config = config.clone();
    config.file_groups = groups.into_iter().map(FileGroup::new).collect();
    Ok(Some(DataSourceExec::from_data_source(config)))
}

/// The build side of a join whose probe side is split.
fn broadcast(build: &Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    if let Some(exchange) = build.downcast_ref::<ExchangeExec>() {
        if exchange.fetch_rows().is_none() && is_single(build) {
            return Arc::new(ExchangeExec::broadcast(Arc::clone(exchange.input())));
        }
    } else if is_constant(build) {
        return Arc::clone(build);
    }
    Arc::new(ExchangeExec::broadcast(Arc::clone(build)))
}

/// Whether every task can compute it for itself from the plan alone.
fn is_constant(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let leaf = plan.children().is_empty();
    (!leaf || plan.is::<EmptyExec>() || plan.is::<PlaceholderRowExec>()) && plan.children().into_iter().all(is_constant)
}

/// Joins that tell which build rows found no partner need the whole probe side in one place.
pub(super) fn is_probe_driven(join_type: JoinType) -> bool {
    matches!(join_type, JoinType::Inner | JoinType::Right | JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark)
}

fn check_split_probe(kind: &str, join_type: JoinType) -> Result<()> {
    if is_probe_driven(join_type) {
        return Ok(());
    }
    plan_err!("a {kind} of type {join_type} cannot be split over tasks with its build side broadcast")
}
