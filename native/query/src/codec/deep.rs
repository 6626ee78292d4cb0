//! Plans and expressions of many levels. A protobuf decoder refuses messages that are nested too deeply, so every
//! [`LEVELS`]th level is bytes of its own inside its parent.
use datafusion::arrow::datatypes::Schema;
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::physical_plan::to_proto::serialize_physical_expr_with_converter;
use datafusion_proto::physical_plan::{
    PhysicalExtensionCodec, PhysicalPlanDecodeContext, PhysicalPlanNodeExt, PhysicalProtoConverterExtension,
};
use datafusion_proto::protobuf::physical_expr_node::ExprType;
use datafusion_proto::protobuf::physical_plan_node::PhysicalPlanType;
use datafusion_proto::protobuf::{PhysicalExprNode, PhysicalExtensionExprNode, PhysicalExtensionNode, PhysicalPlanNode};
use prost::Message;
use std::cell::Cell;
use std::sync::Arc;

/// A level is at most four messages, and a decoder takes a hundred.
const LEVELS: usize = 16;
const MARK: &[u8] = b"kiln-level:";

/// Encodes a plan of any depth.
#[derive(Debug, Default)]
pub struct DeepEncoder {
    depth: Cell<usize>,
}

impl DeepEncoder {
    /// `encode`'s message, and whether it becomes bytes.
    fn level<T>(&self, encode: impl FnOnce() -> Result<T>) -> Result<(T, bool)> {
        let depth = self.depth.get();
        self.depth.set(depth + 1);
        let encoded = encode();
        self.depth.set(depth);
        Ok((encoded?, depth % LEVELS == LEVELS - 1))
    }
}

impl PhysicalProtoConverterExtension for DeepEncoder {
    fn proto_to_execution_plan(&self, _proto: &PhysicalPlanNode, _ctx: &PhysicalPlanDecodeContext<'_>) -> Result<Arc<dyn ExecutionPlan>> {
        internal_err!("an encoder of plans cannot decode them")
    }

    fn execution_plan_to_proto(&self, plan: &Arc<dyn ExecutionPlan>, codec: &dyn PhysicalExtensionCodec) -> Result<PhysicalPlanNode> {
        let (node, as_bytes) = self.level(|| PhysicalPlanNode::try_from_physical_plan_with_converter(Arc::clone(plan), codec, self))?;
        if !as_bytes {
            return Ok(node);
        }
        let node = PhysicalExtensionNode { node: marked(&node), inputs: vec![] };
        Ok(PhysicalPlanNode { physical_plan_type: Some(PhysicalPlanType::Extension(node)) })
    }

    fn proto_to_physical_expr(
        &self,
        _proto: &PhysicalExprNode,
        _schema: &Schema,
        _ctx: &PhysicalPlanDecodeContext<'_>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        internal_err!("an encoder of plans cannot decode them")
    }

    fn physical_expr_to_proto(&self, expr: &Arc<dyn PhysicalExpr>, codec: &dyn PhysicalExtensionCodec) -> Result<PhysicalExprNode> {
        let (node, as_bytes) = self.level(|| serialize_physical_expr_with_converter(expr, codec, self))?;
        if !as_bytes {
            return Ok(node);
        }
        let node = PhysicalExtensionExprNode { expr: marked(&node), inputs: vec![] };
        Ok(PhysicalExprNode { expr_id: None, expr_type: Some(ExprType::Extension(node)) })
    }
}

fn marked(node: &impl Message) -> Vec<u8> {
    let mut bytes = MARK.to_vec();
    bytes.extend(node.encode_to_vec());
    bytes
}

/// The plan that a node holds as bytes, if it does.
pub fn plan_in_bytes(node: &PhysicalPlanNode) -> Result<Option<PhysicalPlanNode>> {
    match &node.physical_plan_type {
        Some(PhysicalPlanType::Extension(extension)) => decode(&extension.node),
        _ => Ok(None),
    }
}

/// The expression that a node holds as bytes, if it does.
pub fn expr_in_bytes(node: &PhysicalExprNode) -> Result<Option<PhysicalExprNode>> {
    match &node.expr_type {
        Some(ExprType::Extension(extension)) => decode(&extension.expr),
        _ => Ok(None),
    }
}

fn decode<T: Message + Default>(bytes: &[u8]) -> Result<Option<T>> {
    let node = bytes.strip_prefix(MARK).map(T::decode).transpose();
    node.map_err(|e| DataFusionError::External(Box::new(e)))
}
