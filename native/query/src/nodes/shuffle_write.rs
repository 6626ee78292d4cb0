use super::comma_separated;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{LexOrdering, PhysicalExpr};
use datafusion::physical_plan::execution_plan::ReplaceChildrenOptions;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use std::fmt;
use std::sync::Arc;

/// How the rows of a map task are dealt to reduce partitions.
#[derive(Debug, Clone)]
pub enum ShufflePartitioning {
    /// Spark's Murmur3 of the expressions, modulo `num_partitions`.
    Hash {
        expressions: Vec<Arc<dyn PhysicalExpr>>,
        num_partitions: u32,
    },
    /// By a hash of the row's number, the same on a retry.
    RoundRobin {
        num_partitions: u32,
    },
    /// The input is sorted; it is cut into blocks, and some keys are sampled.
    Range {
        ordering: LexOrdering,
        num_partitions: u32,
    },
    /// All rows to reduce partition 0; `ordering`: the input is sorted and readers merge.
    Single {
        ordering: Option<LexOrdering>,
    },
    Broadcast,
}

impl ShufflePartitioning {
    pub(crate) fn expressions(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        match self {
            Self::Hash { expressions, .. } => expressions.iter().collect(),
            Self::Range { ordering, .. } | Self::Single { ordering: Some(ordering) } => ordering.iter().map(|e| &e.expr).collect(),
            Self::RoundRobin { .. } | Self::Single { ordering: None } | Self::Broadcast => Vec::new(),
        }
    }
}

impl fmt::Display for ShufflePartitioning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hash { expressions, num_partitions } => write!(f, "hash([{}], {num_partitions})", comma_separated(expressions)),
            Self::RoundRobin { num_partitions } => write!(f, "round-robin({num_partitions})"),
            Self::Range { ordering, num_partitions } => write!(f, "range([{ordering}], {num_partitions})"),
            Self::Single { ordering: None } => f.write_str("single"),
            Self::Single { ordering: Some(ordering) } => write!(f, "single(merge [{ordering}])"),
            Self::Broadcast => f.write_str("broadcast"),
        }
    }
}

/// The root of a stage that writes map outputs. It is not executed: the executor runs its
/// input and hands the batches to a shuffle writer.
#[derive(Debug, Clone)]
pub struct ShuffleWriteExec {
    input: Arc<dyn ExecutionPlan>,
    shuffle_id: u64,
    partitioning: ShufflePartitioning,
}

impl ShuffleWriteExec {
    pub fn new(input: Arc<dyn ExecutionPlan>, shuffle_id: u64, partitioning: ShufflePartitioning) -> Self {
        Self { input, shuffle_id, partitioning }
    }

    pub fn input(&self) -> &Arc<dyn ExecutionPlan> {
        &self.input
    }

    pub fn shuffle_id(&self) -> u64 {
        self.shuffle_id
    }

    pub fn partitioning(&self) -> &ShufflePartitioning {
        &self.partitioning
    }
}

impl DisplayAs for ShuffleWriteExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShuffleWriteExec: shuffle={}, partitioning={}", self.shuffle_id, self.partitioning)
    }
}

impl ExecutionPlan for ShuffleWriteExec {
    fn name(&self) -> &'static str {
        "ShuffleWriteExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(&self, f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>) -> Result<TreeNodeRecursion> {
        datafusion::physical_plan::execution_plan::apply_expression_roots(self.partitioning.expressions(), f)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match <[_; 1]>::try_from(children) {
            Ok([input]) => Ok(Arc::new(Self { input, shuffle_id: self.shuffle_id, partitioning: self.partitioning.clone() })),
            Err(children) => internal_err!("ShuffleWriteExec has one child, not {}", children.len()),
        }
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(
            children,
            ReplaceChildrenOptions::new(datafusion::physical_plan::execution_plan::ChildrenPropertiesMode::Recompute),
        )
    }

    fn execute(&self, _partition: usize, _context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        internal_err!("ShuffleWriteExec is run by the executor")
    }
}
