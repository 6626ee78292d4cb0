//! Runs a query in one process: parse, resolve, lower, plan with DataFusion, execute.
use crate::functions::types::arrow_type;
use crate::functions::{kiln_functions, spark_string, subquery};
use crate::lower::{KilnExtensionPlanner, LowerContext, Lowered, lower, query_error};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result as PlanResult, ScalarValue};
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::{QueryPlanner, SessionContext};
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};
use datafusion::prelude::SessionConfig;
use kiln_sql::error::Result;
use kiln_sql::resolve::{OutputColumn, ResolveInput, ResolveOptions, Resolved, resolve};
use kiln_sql::tree::{Relation, StructField};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug)]
struct Planner;

#[async_trait]
impl QueryPlanner for Planner {
    async fn create_physical_plan(&self, plan: &LogicalPlan, state: &dyn Session) -> PlanResult<Arc<dyn ExecutionPlan>> {
        let ours: Arc<dyn ExtensionPlanner + Send + Sync> = Arc::new(KilnExtensionPlanner { shuffle_partitions: 2 });
        DefaultPhysicalPlanner::with_extension_planners(vec![ours]).create_physical_plan(plan, state).await
    }
}

pub struct Engine {
    pub context: SessionContext,
    pub tables: BTreeMap<String, Arc<dyn TableProvider>>,
    pub views: BTreeMap<String, Relation>,
    pub fields: BTreeMap<String, Vec<StructField>>,
}

pub struct Answer {
    pub columns: Vec<OutputColumn>,
    pub batch: RecordBatch,
}

impl Engine {
    pub fn new(partitions: usize) -> Self {
        let mut config = SessionConfig::new().with_target_partitions(partitions);
        config.options_mut().optimizer.enable_physical_uncorrelated_scalar_subquery = false;
        let builder = SessionStateBuilder::new().with_config(config).with_default_features().with_query_planner(Arc::new(Planner));
        let context = SessionContext::new_with_state(builder.build());
        let (scalars, aggregates) = kiln_functions();
        scalars.iter().for_each(|f| context.register_udf(f.as_ref().clone()));
        aggregates.iter().for_each(|f| context.register_udaf(f.as_ref().clone()));
        Self { context, tables: BTreeMap::new(), views: BTreeMap::new(), fields: BTreeMap::new() }
    }

    pub fn resolve(&self, sql: &str, zone: &str) -> Result<Resolved> {
        let plan = kiln_sql::parse::parse_query(sql)?;
        let options = ResolveOptions { session_time_zone: zone.to_owned(), default_parallelism: 2, ..ResolveOptions::default() };
        resolve(ResolveInput { plan: &plan, views: &self.views, tables: &self.fields, options, next_column_id: 1 })
    }

    pub fn lower(&self, plan: &Relation, zone: &str) -> Result<Lowered> {
        lower(plan, &LowerContext { tables: &self.tables, time_zone: zone.to_owned(), default_parallelism: 2 })
    }

    pub async fn sql(&self, sql: &str, zone: &str) -> Result<Answer> {
        let resolved = self.resolve(sql, zone)?;
        self.run(&resolved.plan, resolved.output, zone).await
    }

    pub async fn run(&self, plan: &Relation, columns: Vec<OutputColumn>, zone: &str) -> Result<Answer> {
        let lowered = self.lower(plan, zone)?;
        let mut values = BTreeMap::new();
        for (id, plan) in lowered.scalar_subqueries {
            let batch = self.execute(plan, &values).await?;
            assert!(batch.num_rows() <= 1, "a scalar subquery of {} rows", batch.num_rows());
            let value = match batch.num_rows() {
                0 => ScalarValue::try_from(batch.column(0).data_type()),
                _ => ScalarValue::try_from_array(batch.column(0), 0),
            };
            values.insert(id, value.map_err(query_error)?);
        }
        let batch = self.execute(lowered.plan, &values).await?;
        for (column, found) in columns.iter().zip(batch.columns()) {
            assert_eq!(found.data_type(), &arrow_type(&column.data_type), "column {}", column.name);
            assert!(column.nullable || found.null_count() == 0, "column {} has NULLs", column.name);
        }
        assert_eq!(columns.len(), batch.num_columns());
        Ok(Answer { columns, batch })
    }

    /// Subqueries get their values after DataFusion's optimizer, so their calls must have survived it.
    async fn execute(&self, plan: LogicalPlan, values: &BTreeMap<u32, ScalarValue>) -> Result<RecordBatch> {
        let state = self.context.state();
        let optimized = state.optimize(&plan).map_err(query_error)?;
        let replaced =
            optimized.clone().transform_up(|p| p.map_expressions(|e| e.transform_up(|e| Ok(replace(e, values))))).map_err(query_error)?;
        let physical = state.query_planner().create_physical_plan(&replaced.data, &state).await.map_err(query_error)?;
        if std::env::var("KILN_PLANS").is_ok() {
            println!("{}\n{}", optimized.display_indent(), datafusion::physical_plan::displayable(physical.as_ref()).indent(false));
        }
        let schema = physical.schema();
        let batches = datafusion::physical_plan::collect(physical, self.context.task_ctx()).await.map_err(query_error)?;
        concat_batches(&schema, &batches).map_err(|e| query_error(e.into()))
    }
}

fn replace(expr: Expr, values: &BTreeMap<u32, ScalarValue>) -> Transformed<Expr> {
    if let Expr::ScalarFunction(call) = &expr
        && call.func.name() == subquery::NAME
        && let Some(Expr::Literal(ScalarValue::UInt32(Some(id)), _)) = call.args.first()
    {
        return Transformed::yes(Expr::Literal(values[id].clone(), None));
    }
    Transformed::no(expr)
}

impl Answer {
    /// Rows as Spark's casts to string print them.
    pub fn rows(&self, zone: &str) -> Vec<Vec<Option<String>>> {
        let text = |(array, column): (&ArrayRef, &OutputColumn)| match array.as_binary_opt::<i32>() {
            // A cast, unlike `show()`, reads the bytes.
            Some(bytes) => bytes.iter().map(|b| b.map(String::from_utf8_lossy)).collect::<StringArray>(),
            None => spark_string(array, &column.data_type, zone).unwrap(),
        };
        let texts: Vec<_> = self.batch.columns().iter().zip(&self.columns).map(text).collect();
        let value = |row: usize, column: usize| texts[column].is_valid(row).then(|| texts[column].value(row).to_owned());
        (0..self.batch.num_rows()).map(|row| (0..texts.len()).map(|column| value(row, column)).collect()).collect()
    }
}
