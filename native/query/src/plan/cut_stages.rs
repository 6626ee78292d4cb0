//! Pass: the tree is cut at its exchanges into stages.

use super::describe::describe;
use super::exchange::ExchangeExec;
use super::physical::estimated_bytes;
use super::table::SplitOf;
use crate::boundary::{Determinism, Partitioning, Split, StageInput, StageOutput, StagePlan, StageScan};
use crate::functions::subquery::scalar_subqueries;
use crate::lower::exchange_node::ExplicitExchangeExec;
use crate::lower::nodes::PartitionValuesExec;
use crate::nodes::{
    CsvScanExec, ExternalScanExec, ReadMode, ShufflePartitioning, ShuffleReadExec, ShuffleWriteExec, SplitScanExec, file_config,
};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, internal_err};
use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_expr_common::physical_expr::is_volatile;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::joins::{CrossJoinExec, HashJoinExec, NestedLoopJoinExec, PartitionMode};
use datafusion::physical_plan::limit::{GlobalLimitExec, LocalLimitExec};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::union::UnionExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, replace_children_if_necessary};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A stage and the tree that its tasks run.
#[derive(Debug)]
pub struct CutStage {
    pub plan: StagePlan,
    pub root: Arc<dyn ExecutionPlan>,
}

/// Cuts plans into the stages of one query.
#[derive(Debug, Default)]
pub struct StageCutter {
    pub stages: Vec<CutStage>,
    pub next_shuffle_id: u64,
    /// Stages of the scalar subqueries that were cut before.
    pub subqueries: BTreeMap<u32, u32>,
}

/// What is known of a stage while its tree is walked.
#[derive(Debug, Default)]
struct Building {
    inputs: Vec<StageInput>,
    scans: Vec<StageScan>,
    subqueries: BTreeSet<u32>,
    next_node: u32,
    shares_build: bool,
    has_union: bool,
    volatile: bool,
    /// What a row gets depends on its position: limits, `rand()`, `monotonically_increasing_id()`.
    by_position: bool,
}

impl StageCutter {
    /// Cuts the tree under its exchanges, and makes the rest one stage.
    ///
    /// # Errors
    /// When a node is left that moves rows inside a stage.
    pub fn cut(
        &mut self,
        plan: Arc<dyn ExecutionPlan>,
        root: impl FnOnce(Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan>,
        output: StageOutput,
    ) -> Result<u32> {
        let bytes = estimated_bytes(&plan);
        let num_tasks = plan.output_partitioning().partition_count() as u32;
        let mut building = Building::default();
        let plan = self.walk(plan, 0, &mut building)?;
        // Rows are dealt one after the other.
        building.by_position |= matches!(&output, StageOutput::Shuffle { partitioning: Partitioning::RoundRobin { .. }, .. });
        let root = root(plan);
        check(&root)?;
        for subquery_id in &building.subqueries {
            let Some(stage) = self.subqueries.get(subquery_id) else {
                return internal_err!("scalar subquery {subquery_id} has no stage");
            };
            building.inputs.push(StageInput::ScalarSubquery { subquery_id: *subquery_id, stage: *stage });
        }
        if building.has_union {
            // Coalescing one branch would move the tasks of the next.
            for input in &mut building.inputs {
                if let StageInput::Shuffle { coalescible, .. } = input {
                    *coalescible = false;
                }
            }
        }
        let id = self.stages.len() as u32;
        let plan = StagePlan {
            id,
            output,
            determinism: determinism(&building),
            inputs: building.inputs,
            scans: building.scans,
            num_tasks,
            operators: describe(&root),
            estimated_bytes: bytes,
            shares_build: building.shares_build,
        };
        self.stages.push(CutStage { plan, root });
        Ok(id)
    }

    fn walk(&mut self, plan: Arc<dyn ExecutionPlan>, first_task: u32, building: &mut Building) -> Result<Arc<dyn ExecutionPlan>> {
        note_expressions(&plan, building)?;
        if let Some(exchange) = plan.downcast_ref::<ExchangeExec>() {
            return self.exchange(exchange, first_task, building);
        }
        if plan.is::<DataSourceExec>() && file_config(&plan).is_ok() {
            return scan(&plan, first_task, building);
        }
        if let Some(external) = plan.downcast_ref::<ExternalScanExec>() {
            return Ok(external_scan(external, first_task, building));
        }
        if let Some(csv) = plan.downcast_ref::<CsvScanExec>() {
            let (scan, partitions) = (building.next_node, plan.output_partitioning().partition_count());
            building.next_node += 1;
            let mut splits = csv.splits().to_vec();
            splits.resize(partitions, Vec::new());
            building.scans.push(StageScan { scan, table: csv.table().to_owned(), first_task, partitions: splits });
            return Ok(Arc::new(csv.in_stage(scan, partitions)));
        }
        if plan.is::<UnionExec>() {
            building.has_union = true;
            let mut task = first_task;
            let mut children = Vec::with_capacity(plan.children().len());
            for child in plan.children() {
                children.push(self.walk(Arc::clone(child), task, building)?);
                task += child.output_partitioning().partition_count() as u32;
            }
            return replace_children_if_necessary(plan, children);
        }
        building.by_position |= plan.is::<LocalLimitExec>() || plan.is::<GlobalLimitExec>() || plan.is::<PartitionValuesExec>();
        building.shares_build |= plan.output_partitioning().partition_count() > 1 && collects_left(&plan);
        let children = plan.children().into_iter().map(|c| self.walk(Arc::clone(c), first_task, building)).collect::<Result<Vec<_>>>()?;
        replace_children_if_necessary(plan, children)
    }

    fn exchange(&mut self, exchange: &ExchangeExec, first_task: u32, building: &mut Building) -> Result<Arc<dyn ExecutionPlan>> {
        let shuffle_id = self.next_shuffle_id;
        self.next_shuffle_id += 1;
        let write = exchange.write().clone();
        let output = StageOutput::Shuffle { shuffle_id, partitioning: partitioning(&write) };
        let stage = self.cut(Arc::clone(exchange.input()), |input| Arc::new(ShuffleWriteExec::new(input, shuffle_id, write)), output)?;
        building.by_position |= exchange.fetch_rows().is_some();
        let reader = building.next_node;
        building.next_node += 1;
        let num_partitions = exchange.properties().output_partitioning().partition_count() as u32;
        building.inputs.push(match exchange.mode() {
            ReadMode::Broadcast => StageInput::Broadcast { reader, shuffle_id, stage },
            ReadMode::Partitions | ReadMode::Range => StageInput::Shuffle {
                reader,
                shuffle_id,
                stage,
                first_task,
                num_partitions,
                coalescible: exchange.coalescible() && num_partitions > 1,
                group: first_task,
            },
        });
        Ok(Arc::new(ShuffleReadExec::new(
            reader,
            shuffle_id,
            exchange.mode(),
            exchange.properties().eq_properties.schema().clone(),
            exchange.properties().output_partitioning().clone(),
            exchange.merge().cloned(),
            exchange.fetch_rows(),
        )))
    }
}

/// Whether the tasks of a stage may share the build side of this join.
fn collects_left(plan: &Arc<dyn ExecutionPlan>) -> bool {
    plan.downcast_ref::<HashJoinExec>().is_some_and(|j| *j.partition_mode() == PartitionMode::CollectLeft)
        || plan.is::<NestedLoopJoinExec>()
        || plan.is::<CrossJoinExec>()
}

fn partitioning(write: &ShufflePartitioning) -> Partitioning {
    match write {
        ShufflePartitioning::Hash { expressions, num_partitions } => {
            Partitioning::Hash { expressions: expressions.iter().map(ToString::to_string).collect(), num_partitions: *num_partitions }
        }
        ShufflePartitioning::RoundRobin { num_partitions } => Partitioning::RoundRobin { num_partitions: *num_partitions },
        ShufflePartitioning::Range { ordering, num_partitions } => {
            Partitioning::Range { order: ordering.iter().map(ToString::to_string).collect(), num_partitions: *num_partitions }
        }
        ShufflePartitioning::Single { ordering } => {
            Partitioning::Single { merge: ordering.as_ref().map(|o| o.iter().map(ToString::to_string).collect()) }
        }
        ShufflePartitioning::Broadcast => Partitioning::Broadcast,
    }
}

fn scan(plan: &Arc<dyn ExecutionPlan>, first_task: u32, building: &mut Building) -> Result<Arc<dyn ExecutionPlan>> {
    let config = file_config(plan)?;
    let scan = building.next_node;
    building.next_node += 1;
    let (table, partitions) = splits(config)?;
    let num_partitions = partitions.len();
    building.scans.push(StageScan { scan, table, first_task, partitions });
    Ok(Arc::new(SplitScanExec::try_new(scan, Arc::clone(plan), num_partitions)?))
}

/// The splits of each file group.
fn splits(config: &FileScanConfig) -> Result<(String, Vec<Vec<Split>>)> {
    let mut table = String::new();
    let mut partitions = Vec::with_capacity(config.file_groups.len());
    for group in &config.file_groups {
        let mut splits = Vec::with_capacity(group.len());
        for file in group.iter() {
            let Some(of) = file.extension::<SplitOf>() else {
                return internal_err!("file {} of a scan has no split", file.path());
            };
            table.clone_from(&of.table);
            splits.push(of.split.clone());
        }
        partitions.push(splits);
    }
    Ok((table, partitions))
}

fn external_scan(external: &ExternalScanExec, first_task: u32, building: &mut Building) -> Arc<dyn ExecutionPlan> {
    let scan = building.next_node;
    building.next_node += 1;
    let partitions = external.properties().output_partitioning().partition_count();
    let mut splits = external.splits().to_vec();
    splits.resize(partitions, Vec::new());
    building.scans.push(StageScan { scan, table: external.source().to_owned(), first_task, partitions: splits });
    Arc::new(ExternalScanExec::new(
        scan,
        external.source().to_owned(),
        external.payload().to_owned(),
        external.schema(),
        Vec::new(),
        partitions,
    ))
}

/// Subquery placeholders and volatile calls in the node's expressions.
fn note_expressions(plan: &Arc<dyn ExecutionPlan>, building: &mut Building) -> Result<()> {
    plan.apply_expressions(&mut |root| {
        building.volatile |= is_volatile(root);
        building.subqueries.extend(scalar_subqueries(root)?);
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(())
}

fn determinism(building: &Building) -> Determinism {
    let unordered = building.inputs.iter().any(|i| matches!(i, StageInput::Shuffle { .. } | StageInput::Broadcast { .. }));
    if building.volatile || (building.by_position && unordered) {
        Determinism::Indeterminate
    } else if unordered {
        Determinism::Unordered
    } else {
        Determinism::Determinate
    }
}

/// No node is left that would move rows between the partitions of a stage.
fn check(root: &Arc<dyn ExecutionPlan>) -> Result<()> {
    root.apply(|node| {
        if node.is::<RepartitionExec>()
            || node.is::<CoalescePartitionsExec>()
            || node.is::<SortPreservingMergeExec>()
            || node.is::<ExchangeExec>()
            || node.is::<ExplicitExchangeExec>()
        {
            return internal_err!("{} is left in a stage", node.name());
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(())
}
