use super::deep::DeepEncoder;
use super::extension::KilnCodec;
use super::scalars::ScalarValues;
use crate::boundary::ProgramHeader;
use crate::registry::decoding_context;
use datafusion::common::{DataFusionError, Result, exec_datafusion_err, exec_err, internal_datafusion_err};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::physical_plan::{PhysicalPlanDecodeContext, PhysicalProtoConverterExtension};
use datafusion_proto::protobuf::PhysicalPlanNode;
use prost::Message;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use twox_hash::XxHash64;

/// Plans are only read by the build that wrote them.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanKind {
    /// A stage as planned, before it is refined.
    Stage,
    /// A stage as executors run it.
    Program,
}

impl PlanKind {
    fn magic(self) -> &'static [u8; 6] {
        match self {
            Self::Stage => b"KILNS\x01",
            Self::Program => b"KILNP\x01",
        }
    }
}

/// magic, length of the header (u32, little endian), header (JSON), plan (protobuf).
///
/// # Errors
/// When a node cannot be encoded.
pub fn encode_plan(kind: PlanKind, header: &ProgramHeader, plan: &Arc<dyn ExecutionPlan>) -> Result<Vec<u8>> {
    let header = serde_json::to_vec(header).map_err(|e| internal_datafusion_err!("program header: {e}"))?;
    let proto = DeepEncoder::default().execution_plan_to_proto(plan, &KilnCodec)?;
    let mut bytes = Vec::with_capacity(10 + header.len() + proto.encoded_len());
    bytes.extend_from_slice(kind.magic());
    bytes.extend_from_slice(&(header.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&header);
    proto.encode(&mut bytes).map_err(|e| internal_datafusion_err!("plan: {e}"))?;
    Ok(bytes)
}

/// The header of a stage or program, and the protobuf bytes after it.
///
/// # Errors
/// For bytes that are something else, or that another version wrote.
pub fn read_header(kind: PlanKind, bytes: &[u8]) -> Result<(ProgramHeader, &[u8])> {
    let rest = bytes.strip_prefix(kind.magic()).ok_or_else(|| exec_datafusion_err!("these bytes are no {kind:?} of Kiln"))?;
    let truncated = || exec_datafusion_err!("the {kind:?} is cut short");
    let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(truncated)?;
    let (header, plan) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(truncated)?;
    let header: ProgramHeader =
        serde_json::from_slice(header).map_err(|e| exec_datafusion_err!("the header of a {kind:?} cannot be read: {e}"))?;
    if header.version != VERSION {
        return exec_err!("the {kind:?} was made by Kiln {}, this is Kiln {VERSION}", header.version);
    }
    Ok((header, plan))
}

/// Decodes a plan; `context` has the functions, `scalars` the values of scalar subqueries.
///
/// # Errors
/// As [`read_header`]; when a node or function is not known.
pub fn decode_plan(
    kind: PlanKind,
    bytes: &[u8],
    context: &TaskContext,
    scalars: &ScalarValues,
) -> Result<(ProgramHeader, Arc<dyn ExecutionPlan>)> {
    let (header, plan) = read_header(kind, bytes)?;
    let proto = PhysicalPlanNode::decode(plan).map_err(|e| DataFusionError::External(Box::new(e)))?;
    // DataFusion trusts indices and lengths.
    let plan =
        catch_unwind(AssertUnwindSafe(|| scalars.proto_to_execution_plan(&proto, &PhysicalPlanDecodeContext::new(context, &KilnCodec))))
            .unwrap_or_else(|_| exec_err!("the {kind:?} is damaged"))?;
    Ok((header, plan))
}

/// Decodes a stage plan as it was planned: scalar subqueries are placeholders yet.
///
/// # Errors
/// As [`decode_plan`].
pub fn decode_stage(bytes: &[u8]) -> Result<(ProgramHeader, Arc<dyn ExecutionPlan>)> {
    decode_plan(PlanKind::Stage, bytes, &decoding_context(Arc::default()), &ScalarValues::default())
}

/// The id of a program.
pub fn hash_bytes(bytes: &[u8]) -> String {
    format!("{:016x}{:016x}", XxHash64::oneshot(0, bytes), XxHash64::oneshot(1, bytes))
}
