use crate::cross;
use crate::error::{datafusion_error, from_json, guarded, internal_error, query_error, to_json};
use crate::promise::blocking_promise;
use kiln_query::boundary::{AnalyzeRequest, RangeRun, StageDecisions};
use kiln_query::{plan as planning, stage};
use napi::bindgen_prelude::{Buffer, Env, Object, Result, Uint8Array};
use napi_derive::napi;

/// The stages of a query: JSON of `StagedPlan`, and the opaque plan of each stage.
#[napi(object)]
pub struct PlannedStages {
    pub json: String,
    pub stages: Vec<Buffer>,
}

/// What executors run, under the id that tasks name.
#[napi(object)]
pub struct RefinedProgram {
    pub program: Buffer,
    pub hash: String,
    /// Tasks of the stage as it was decided.
    pub num_tasks: u32,
}

/// Runs `work` on a stack that the deepest plan fits in: the caller's is the JavaScript engine's.
fn on_deep_stack<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    const STACK_BYTES: usize = 256 << 20;
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("kiln-plan".to_owned()).stack_size(STACK_BYTES).spawn_scoped(scope, || guarded(work));
        let done = thread.map_err(|e| internal_error(format!("no thread could be started: {e}")))?.join();
        done.map_err(|_| internal_error("the planning thread ended"))?
    })
}

/// SQL text -> `Relation`.
#[napi]
pub fn parse_sql(text: String) -> Result<String> {
    cross();
    on_deep_stack(|| to_json("a plan", &kiln_sql::parse::parse_query(&text).map_err(query_error)?))
}

/// Text of one expression -> `Expression`.
#[napi]
pub fn parse_expression(text: String) -> Result<String> {
    cross();
    on_deep_stack(|| to_json("an expression", &kiln_sql::parse::parse_expression(&text).map_err(query_error)?))
}

/// `AnalyzeRequest` -> `TableRequest[]`.
#[napi]
pub fn required_tables(request: String) -> Result<String> {
    cross();
    on_deep_stack(|| {
        let request: AnalyzeRequest = from_json("AnalyzeRequest", &request)?;
        to_json("tables", &planning::required_tables(&request).map_err(query_error)?)
    })
}

/// `AnalyzeRequest` -> `{ plan, schema, nextColumnId }`.
#[napi]
pub fn analyze(request: String) -> Result<String> {
    cross();
    on_deep_stack(|| {
        let request: AnalyzeRequest = from_json("AnalyzeRequest", &request)?;
        to_json("a resolved plan", &planning::analyze(&request).map_err(query_error)?)
    })
}

/// `resolved`: the request's plan is a resolved tree already. JSON of the answer: `StagedPlan`.
#[napi(ts_return_type = "Promise<PlannedStages>")]
pub fn plan(env: &Env, request: String, resolved: bool) -> Result<Object<'_>> {
    cross();
    blocking_promise(env, move || {
        let request: AnalyzeRequest = from_json("AnalyzeRequest", &request)?;
        let planned = if resolved { planning::plan_resolved(&request) } else { planning::plan(&request) }.map_err(query_error)?;
        Ok(PlannedStages { json: to_json("a staged plan", &planned.plan)?, stages: planned.stages.into_iter().map(Buffer::from).collect() })
    })
}

/// A stage as planned and `StageDecisions` -> the program of its tasks.
#[napi]
pub fn refine(stage: Uint8Array, decisions: String) -> Result<RefinedProgram> {
    cross();
    let bytes: &[u8] = stage.as_ref();
    let refined = on_deep_stack(|| {
        let decisions: StageDecisions = from_json("StageDecisions", &decisions)?;
        stage::refine(bytes, &decisions).map_err(|e| datafusion_error(&e))
    })?;
    Ok(RefinedProgram { program: refined.program.into(), hash: refined.hash, num_tasks: refined.num_tasks })
}

/// `[{ keys, rows }]` of sorted runs -> `string[]` of at most `partitions - 1` bounds.
#[napi]
pub fn choose_range_bounds(runs: String, partitions: u32) -> Result<String> {
    cross();
    guarded(|| {
        let runs: Vec<RangeRun> = from_json("sampled keys", &runs)?;
        let bounds = stage::choose_bounds(&runs, partitions as usize).map_err(|e| internal_error(e.to_string()))?;
        to_json("bounds", &bounds)
    })
}
