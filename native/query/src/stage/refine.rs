use super::joins::choose_joins;
use super::sorts::choose_sorts;
use crate::boundary::StageDecisions;
use crate::codec::{PlanKind, ScalarValues, decode_plan, encode_plan, hash_bytes};
use crate::functions::SparkError;
use crate::ipc::read_stream;
use crate::nodes::{ReadMode, ShuffleReadExec};
use crate::registry::decoding_context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_datafusion_err, exec_err, internal_err};
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::physical_plan::union::UnionExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use std::sync::{Arc, LazyLock};

static RUNTIME: LazyLock<Arc<RuntimeEnv>> = LazyLock::new(|| Arc::new(RuntimeEnv::default()));

/// A program and its id.
#[derive(Debug, Clone)]
pub struct Refined {
    pub program: Vec<u8>,
    pub hash: String,
    /// Tasks of the stage after coalescing and splitting.
    pub num_tasks: u32,
}

/// Puts what the driver decided into a stage plan.
///
/// # Errors
/// For bytes or decisions that do not fit the stage; for a scalar subquery of several rows.
pub fn refine(stage: &[u8], decisions: &StageDecisions) -> Result<Refined> {
    let scalars = decisions.scalars.iter().map(|(id, value)| Ok((*id, scalar(value)?))).collect::<Result<_>>()?;
    let context = decoding_context(Arc::clone(&RUNTIME));
    let (mut header, plan) = decode_plan(PlanKind::Stage, stage, &context, &ScalarValues(scalars))?;
    let planned = plan.output_partitioning().partition_count();
    let fixed = plan.exists(|node| Ok(node.is::<UnionExec>()))?;
    let plan = read_decided_partitions(plan, decisions, fixed)?;
    if fixed && plan.output_partitioning().partition_count() != planned {
        return exec_err!("partitions under a union of {planned} tasks cannot be coalesced");
    }
    let plan = choose_sorts(choose_joins(plan, decisions)?, decisions)?;
    header.conf.extend(decisions.conf.iter().map(|(k, v)| (k.clone(), v.clone())));
    header.now_micros = decisions.now_micros;
    let num_tasks = plan.output_partitioning().partition_count() as u32;
    let program = encode_plan(PlanKind::Program, &header, &plan)?;
    let hash = hash_bytes(&program);
    Ok(Refined { program, hash, num_tasks })
}

fn read_decided_partitions(plan: Arc<dyn ExecutionPlan>, decisions: &StageDecisions, fixed: bool) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|plan| {
        let Some(read) = plan.downcast_ref::<ShuffleReadExec>() else {
            return Ok(Transformed::no(plan));
        };
        if let Some(bounds) = decisions.range_bounds.get(&read.reader()) {
            let mut bounds = bounds
                .iter()
                .map(|b| hex::decode(b).map_err(|e| exec_datafusion_err!("range bound {b}: {e}")))
                .collect::<Result<Vec<_>>>()?;
            if fixed {
                // As many ranges as planned: those between equal bounds are empty.
                let wanted = read.properties().output_partitioning().partition_count().saturating_sub(1);
                let last = bounds.last().cloned().unwrap_or_default();
                bounds.resize(wanted.max(bounds.len()), last);
            }
            return Ok(Transformed::yes(Arc::new(read.with_bounds(bounds))));
        }
        if read.mode() == ReadMode::Range {
            return exec_err!("reader {} reads ranges of keys, but no bounds were given", read.reader());
        }
        match decisions.reads.get(&read.reader()) {
            Some(reads) => Ok(Transformed::yes(Arc::new(read.with_reads(reads.clone())))),
            None => Ok(Transformed::no(plan)),
        }
    })
    .data()
}

/// The value of a scalar subquery from its Arrow IPC stream: no row is NULL, two are an error.
fn scalar(base64: &str) -> Result<ScalarValue> {
    let bytes = STANDARD.decode(base64).map_err(|e| exec_datafusion_err!("the value of a scalar subquery is no base64: {e}"))?;
    let (schema, batches) = read_stream(&bytes)?;
    let [field] = schema.fields().as_ref() else {
        return internal_err!("a scalar subquery gave {} columns", schema.fields().len());
    };
    let mut value = None;
    for batch in batches {
        for row in 0..batch.num_rows() {
            if value.replace(ScalarValue::try_from_array(batch.column(0), row)?).is_some() {
                let error =
                    SparkError::new("SCALAR_SUBQUERY_TOO_MANY_ROWS", "More than one row returned by a subquery used as an expression.");
                return Err(DataFusionError::External(Box::new(error)));
            }
        }
    }
    value.map_or_else(|| ScalarValue::try_from(field.data_type()), Ok)
}
