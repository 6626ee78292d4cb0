use crate::nodes::{ReadMode, ShufflePartitioning};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, LexOrdering, Partitioning, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, ChildrenPropertiesMode, EmissionType, ReplaceChildrenOptions};
use datafusion::physical_plan::statistics::{ChildStats, StatisticsArgs};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties};
use std::fmt;
use std::sync::Arc;

/// Marks where rows move between stages; gone once the stages are cut.
#[derive(Debug, Clone)]
pub struct ExchangeExec {
    input: Arc<dyn ExecutionPlan>,
    write: ShufflePartitioning,
    /// What the reader's partitions are.
    mode: ReadMode,
    /// The reader merges sorted map outputs.
    merge: Option<LexOrdering>,
    fetch: Option<usize>,
    /// False when the user gave the number of partitions.
    coalescible: bool,
    properties: Arc<PlanProperties>,
}

impl ExchangeExec {
    pub fn hash(
        input: Arc<dyn ExecutionPlan>,
        expressions: Vec<Arc<dyn PhysicalExpr>>,
        num_partitions: usize,
        merge: Option<LexOrdering>,
    ) -> Self {
        let write = ShufflePartitioning::Hash { expressions: expressions.clone(), num_partitions: num_partitions as u32 };
        Self::new(input, write, ReadMode::Partitions, Partitioning::Hash(expressions, num_partitions), merge, None)
    }

    pub fn round_robin(input: Arc<dyn ExecutionPlan>, num_partitions: usize) -> Self {
        let write = ShufflePartitioning::RoundRobin { num_partitions: num_partitions as u32 };
        Self::new(input, write, ReadMode::Partitions, Partitioning::UnknownPartitioning(num_partitions), None, None)
    }

    /// A global sort of sorted inputs, in as many partitions.
    pub fn range(input: Arc<dyn ExecutionPlan>, ordering: LexOrdering, num_partitions: usize) -> Self {
        let write = ShufflePartitioning::Range { ordering: ordering.clone(), num_partitions: num_partitions as u32 };
        Self::new(input, write, ReadMode::Range, Partitioning::UnknownPartitioning(num_partitions), Some(ordering), None)
    }

    pub fn single(input: Arc<dyn ExecutionPlan>, merge: Option<LexOrdering>, fetch: Option<usize>) -> Self {
        let write = ShufflePartitioning::Single { ordering: merge.clone() };
        Self::new(input, write, ReadMode::Partitions, Partitioning::UnknownPartitioning(1), merge, fetch)
    }

    pub fn broadcast(input: Arc<dyn ExecutionPlan>) -> Self {
        Self::new(input, ShufflePartitioning::Broadcast, ReadMode::Broadcast, Partitioning::UnknownPartitioning(1), None, None)
    }

    fn new(
        input: Arc<dyn ExecutionPlan>,
        write: ShufflePartitioning,
        mode: ReadMode,
        partitioning: Partitioning,
        merge: Option<LexOrdering>,
        fetch: Option<usize>,
    ) -> Self {
        let equivalence = match &merge {
            Some(ordering) => EquivalenceProperties::new_with_orderings(input.schema(), [ordering.clone()]),
            None => EquivalenceProperties::new(input.schema()),
        };
        let properties = PlanProperties::new(equivalence, partitioning, EmissionType::Final, Boundedness::Bounded);
        Self { input, write, mode, merge, fetch, coalescible: true, properties: Arc::new(properties) }
    }

    /// The number of partitions is the user's.
    #[must_use]
    pub fn fixed(self) -> Self {
        Self { coalescible: false, ..self }
    }

    pub fn input(&self) -> &Arc<dyn ExecutionPlan> {
        &self.input
    }

    pub fn write(&self) -> &ShufflePartitioning {
        &self.write
    }

    pub fn mode(&self) -> ReadMode {
        self.mode
    }

    pub fn merge(&self) -> Option<&LexOrdering> {
        self.merge.as_ref()
    }

    pub fn fetch_rows(&self) -> Option<usize> {
        self.fetch
    }

    pub fn coalescible(&self) -> bool {
        self.coalescible
    }
}

impl DisplayAs for ExchangeExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExchangeExec: {}", self.write)?;
        match self.fetch {
            Some(fetch) => write!(f, ", fetch={fetch}"),
            None => Ok(()),
        }
    }
}

impl ExecutionPlan for ExchangeExec {
    fn name(&self) -> &'static str {
        "ExchangeExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(&self, f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>) -> Result<TreeNodeRecursion> {
        datafusion::physical_plan::execution_plan::apply_expression_roots(self.write.expressions(), f)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match <[_; 1]>::try_from(children) {
            Ok([input]) => Ok(Arc::new(Self { input, ..self.as_ref().clone() })),
            Err(children) => internal_err!("ExchangeExec has one child, not {}", children.len()),
        }
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, _partition: usize, _context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        internal_err!("ExchangeExec is gone before execution")
    }

    fn child_stats_requests(&self, _partition: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(None)]
    }

    fn statistics_from_inputs(&self, inputs: &[Arc<Statistics>], _args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        Ok(inputs.first().cloned().unwrap_or_else(|| Arc::new(Statistics::new_unknown(&self.schema()))))
    }
}

/// Whether a plan's output is one partition.
pub fn is_single(plan: &Arc<dyn ExecutionPlan>) -> bool {
    plan.output_partitioning().partition_count() <= 1
}
