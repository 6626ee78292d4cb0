use super::exchange_node::{ExplicitExchangeExec, ExplicitPartitioning};
use super::logical::{ExplicitRepartition, LocalSort, PartitionValues, RepartitionKind, Tail};
use super::nodes::{PartitionValuesExec, TailExec};
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::{DFSchema, Result, internal_err};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{LogicalPlan, SortExpr, UserDefinedLogicalNode};
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use std::sync::Arc;

/// Plans the lowering's own logical nodes.
#[derive(Debug, Clone)]
pub struct KilnExtensionPlanner {
    /// `spark.sql.shuffle.partitions`, for a `repartition` by columns that names no number.
    pub shuffle_partitions: usize,
}

#[async_trait]
impl ExtensionPlanner for KilnExtensionPlanner {
    async fn plan_extension(
        &self,
        planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        session: &dyn Session,
        context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let ([logical], [input]) = (logical_inputs, physical_inputs) else { return Ok(None) };
        let input = Arc::clone(input);
        let ordering = |orders: &[SortExpr]| ordering(planner, orders, logical.schema(), session, context);
        if let Some(node) = node.as_any().downcast_ref::<ExplicitRepartition>() {
            let (partitioning, fixed) = match &node.kind {
                RepartitionKind::RoundRobin(n) => (ExplicitPartitioning::RoundRobin(*n), true),
                RepartitionKind::Coalesce(n) => (ExplicitPartitioning::Coalesce(*n), true),
                RepartitionKind::Hash(exprs, n) => {
                    let exprs = exprs.iter().map(|e| planner.create_physical_expr(e, logical.schema(), session, context));
                    (ExplicitPartitioning::Hash(exprs.collect::<Result<_>>()?, n.unwrap_or(self.shuffle_partitions)), n.is_some())
                }
                RepartitionKind::Range(orders, n) => {
                    (ExplicitPartitioning::Range(ordering(orders)?, n.unwrap_or(self.shuffle_partitions)), n.is_some())
                }
            };
            return Ok(Some(Arc::new(ExplicitExchangeExec::new(input, partitioning, fixed))));
        }
        if let Some(node) = node.as_any().downcast_ref::<LocalSort>() {
            return Ok(Some(Arc::new(SortExec::new(ordering(&node.expr)?, input).with_preserve_partitioning(true))));
        }
        if let Some(node) = node.as_any().downcast_ref::<Tail>() {
            return Ok(Some(Arc::new(TailExec::new(input, node.limit))));
        }
        if let Some(node) = node.as_any().downcast_ref::<PartitionValues>() {
            return Ok(Some(Arc::new(PartitionValuesExec::new(input, node.values.clone()))));
        }
        Ok(None)
    }
}

fn ordering(
    planner: &dyn PhysicalPlanner,
    orders: &[SortExpr],
    schema: &DFSchema,
    session: &dyn Session,
    context: &PhysicalPlanningContext,
) -> Result<LexOrdering> {
    let exprs = orders.iter().map(|o| {
        let expr = planner.create_physical_expr(&o.expr, schema, session, context)?;
        Ok(PhysicalSortExpr::new(expr, arrow::compute::SortOptions::new(!o.asc, o.nulls_first)))
    });
    match LexOrdering::new(exprs.collect::<Result<Vec<_>>>()?) {
        Some(ordering) => Ok(ordering),
        None => internal_err!("an ordering without columns"),
    }
}
