use super::deep::{expr_in_bytes, plan_in_bytes};
use crate::functions::subquery::{NAME, scalar_subquery_id};
use arrow::datatypes::Schema;
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::lit;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::physical_plan::{
    DeduplicatingProtoConverter, PhysicalExtensionCodec, PhysicalPlanDecodeContext, PhysicalProtoConverterExtension,
};
use datafusion_proto::protobuf::{PhysicalExprNode, PhysicalPlanNode, physical_expr_node::ExprType};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Decodes a plan with the values of its scalar subqueries as literals in the place of the
/// placeholder calls.
#[derive(Debug, Default)]
pub struct ScalarValues(pub BTreeMap<u32, ScalarValue>);

impl PhysicalProtoConverterExtension for ScalarValues {
    fn proto_to_execution_plan(&self, proto: &PhysicalPlanNode, ctx: &PhysicalPlanDecodeContext<'_>) -> Result<Arc<dyn ExecutionPlan>> {
        match plan_in_bytes(proto)? {
            Some(inner) => self.proto_to_execution_plan(&inner, ctx),
            None => self.default_proto_to_execution_plan(proto, ctx),
        }
    }

    fn execution_plan_to_proto(&self, plan: &Arc<dyn ExecutionPlan>, codec: &dyn PhysicalExtensionCodec) -> Result<PhysicalPlanNode> {
        DeduplicatingProtoConverter {}.execution_plan_to_proto(plan, codec)
    }

    fn proto_to_physical_expr(
        &self,
        proto: &PhysicalExprNode,
        schema: &Schema,
        ctx: &PhysicalPlanDecodeContext<'_>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        if let Some(inner) = expr_in_bytes(proto)? {
            return self.proto_to_physical_expr(&inner, schema, ctx);
        }
        let expr = self.default_proto_to_physical_expr(proto, schema, ctx)?;
        let Some(ExprType::ScalarUdf(call)) = &proto.expr_type else {
            return Ok(expr);
        };
        if call.name != NAME {
            return Ok(expr);
        }
        let id = scalar_subquery_id(&expr);
        match id.and_then(|id| self.0.get(&id)) {
            Some(value) => Ok(lit(value.cast_to(&expr.data_type(schema)?)?)),
            None if self.0.is_empty() => Ok(expr),
            None => internal_err!("the value of scalar subquery {id:?} is not known"),
        }
    }

    fn physical_expr_to_proto(&self, expr: &Arc<dyn PhysicalExpr>, codec: &dyn PhysicalExtensionCodec) -> Result<PhysicalExprNode> {
        DeduplicatingProtoConverter {}.physical_expr_to_proto(expr, codec)
    }
}
