use super::cut_stages::StageCutter;
use super::describe::{describe, tree};
use super::exchange::{ExchangeExec, is_single};
use super::physical::{physical_plan, session_state};
use super::place_exchanges::place_exchanges;
use super::settings::Settings;
use super::table::KilnTable;
use crate::boundary::{Explain, ProgramHeader, StageOutput, StagedPlan, Table};
use crate::codec::{PlanKind, VERSION, encode_plan};
use crate::functions::types::spark_field;
use crate::lower::KilnExtensionPlanner;
use crate::nodes::{FileWriteExec, WriteOptions};
use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::source_as_provider;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use kiln_sql::tree::StructField;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A query as DataFusion's logical plan, before it is optimized.
#[derive(Debug)]
pub struct LogicalQuery {
    pub plan: LogicalPlan,
    /// Uncorrelated scalar subqueries by the id of their placeholder, those that others use first.
    pub subqueries: Vec<(u32, LogicalPlan)>,
    /// Names and types of the result, by position.
    pub fields: Vec<StructField>,
    /// Files instead of rows to the driver.
    pub write: Option<WriteOptions>,
}

/// What of a request planning needs beside the query.
#[derive(Debug)]
pub struct QueryContext {
    pub conf: BTreeMap<String, String>,
    pub settings: Settings,
    pub default_parallelism: usize,
    pub next_shuffle_id: u64,
    pub next_column_id: u64,
    pub now_micros: i64,
}

/// The tables of a query, packed into splits.
#[derive(Debug, Default)]
pub struct TableSet(BTreeMap<String, Arc<KilnTable>>);

impl crate::lower::Tables for TableSet {
    fn provider(&self, key: &str) -> Option<Arc<dyn TableProvider>> {
        self.get(key).map(|table| Arc::clone(table) as Arc<dyn TableProvider>)
    }
}

impl TableSet {
    pub fn new(tables: &BTreeMap<String, Table>, settings: &Settings, parallelism: usize) -> Self {
        Self(tables.iter().map(|(key, table)| (key.clone(), Arc::new(KilnTable::new(key, table, settings, parallelism)))).collect())
    }

    pub fn get(&self, key: &str) -> Option<&Arc<KilnTable>> {
        self.0.get(key)
    }
}

/// The stages of a query as data, and the opaque plan of each.
#[derive(Debug)]
pub struct Planned {
    pub plan: StagedPlan,
    pub stages: Vec<Vec<u8>>,
}

/// The passes after lowering: optimize, make physical, place exchanges, cut, describe, encode.
///
/// # Errors
/// What DataFusion refuses, and plans that cannot be split over tasks.
pub fn stage_query(query: LogicalQuery, context: &QueryContext) -> Result<Planned> {
    let mut notes = Vec::new();
    let input_bytes = [&query.plan].into_iter().chain(query.subqueries.iter().map(|(_, p)| p)).map(input_bytes).sum::<Result<u64>>()?;
    let shuffle_partitions = shuffle_partitions(context, input_bytes, &mut notes);
    let state = session_state(context.settings.session_config(shuffle_partitions));
    let mut cutter = StageCutter { next_shuffle_id: context.next_shuffle_id, ..StageCutter::default() };
    let mut explain = Explain::default();
    let mut headers = BTreeMap::new();

    for (id, subquery) in &query.subqueries {
        let (optimized, physical) = optimize(&state, subquery)?;
        explain_part(&mut explain, &format!("subquery {id}"), &optimized, &physical);
        let placed = place_exchanges(physical, &context.settings, 1)?;
        let single =
            if is_single(&placed) { placed } else { Arc::new(ExchangeExec::single(placed, None, Some(2))) as Arc<dyn ExecutionPlan> };
        let fields = subquery
            .schema()
            .fields()
            .iter()
            .map(|f| spark_field(f).map_err(|e| DataFusionError::External(Box::new(e))))
            .collect::<Result<Vec<_>>>()?;
        let stage = cutter.cut(single, |plan| plan, StageOutput::ScalarSubquery { subquery_id: *id })?;
        headers.insert(stage, fields);
        cutter.subqueries.insert(*id, stage);
    }
    let (optimized, physical) = optimize(&state, &query.plan)?;
    explain_part(&mut explain, "", &optimized, &physical);
    let placed = place_exchanges(physical, &context.settings, shuffle_partitions)?;
    let stage = match query.write {
        Some(write) => {
            let output = StageOutput::Write { format: write.format.clone(), path: write.path.clone() };
            cutter.cut(placed, |plan| Arc::new(FileWriteExec::new(plan, write)), output)?
        }
        None => cutter.cut(placed, |plan| plan, StageOutput::Result)?,
    };
    headers.insert(stage, query.fields.clone());

    let next_shuffle_id = cutter.next_shuffle_id;
    let mut stages = Vec::with_capacity(cutter.stages.len());
    let mut plans = Vec::with_capacity(cutter.stages.len());
    for stage in cutter.stages {
        let header = ProgramHeader {
            version: VERSION.to_owned(),
            output: stage.plan.output.clone(),
            determinism: stage.plan.determinism,
            fields: headers.remove(&stage.plan.id).unwrap_or_default(),
            now_micros: context.now_micros,
            conf: context.conf.clone(),
        };
        stages.push(encode_plan(PlanKind::Stage, &header, &stage.root)?);
        plans.push(stage.plan);
    }
    let plan = StagedPlan { stages: plans, schema: query.fields, next_column_id: context.next_column_id, next_shuffle_id, notes, explain };
    Ok(Planned { plan, stages })
}

fn optimize(state: &SessionState, plan: &LogicalPlan) -> Result<(LogicalPlan, Arc<dyn ExecutionPlan>)> {
    let optimized = state.optimize(plan)?;
    let planner = KilnExtensionPlanner { shuffle_partitions: state.config().target_partitions() };
    let physical = physical_plan(state, &optimized, vec![Arc::new(planner)])?;
    Ok((optimized, physical))
}

fn explain_part(explain: &mut Explain, title: &str, optimized: &LogicalPlan, physical: &Arc<dyn ExecutionPlan>) {
    for (text, part) in [(&mut explain.optimized, optimized.display_indent().to_string()), (&mut explain.physical, operators(physical))] {
        if !title.is_empty() {
            text.push_str(title);
            text.push_str(":\n");
        }
        text.push_str(part.trim_end());
        text.push('\n');
    }
}

fn operators(plan: &Arc<dyn ExecutionPlan>) -> String {
    let mut text = String::new();
    tree(&describe(plan), 0, &mut text);
    text
}

/// Bytes of the files that a plan reads.
fn input_bytes(plan: &LogicalPlan) -> Result<u64> {
    let mut bytes = 0;
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && let Ok(provider) = source_as_provider(&scan.source)
            && let Some(table) = (provider.as_ref() as &dyn std::any::Any).downcast_ref::<KilnTable>()
        {
            bytes += table.file_bytes();
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(bytes)
}

/// The user's number, or one for the size of the input.
fn shuffle_partitions(context: &QueryContext, input_bytes: u64, notes: &mut Vec<String>) -> usize {
    const SPARKS_DEFAULT: usize = 200;
    if let Some(partitions) = context.settings.shuffle_partitions {
        return partitions;
    }
    let slots = context.default_parallelism.max(1);
    let target = context.settings.shuffle_target_bytes;
    let wanted = usize::try_from(input_bytes.div_ceil(target)).unwrap_or(SPARKS_DEFAULT);
    let partitions = wanted.next_multiple_of(slots).clamp(slots, SPARKS_DEFAULT.max(slots));
    notes.push(format!(
        "{partitions} shuffle partitions: {} MB of input, {} MB a partition, {slots} slots (spark.sql.shuffle.partitions is not set)",
        input_bytes.div_ceil(1 << 20),
        target >> 20,
    ));
    partitions
}
