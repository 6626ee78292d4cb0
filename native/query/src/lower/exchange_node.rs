use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, LexOrdering, Partitioning, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{
    Boundedness, ChildrenPropertiesMode, EmissionType, ReplaceChildrenOptions, apply_expression_roots,
};
use datafusion::physical_plan::statistics::{ChildStats, StatisticsArgs};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties};
use std::fmt;
use std::sync::Arc;

/// How rows are dealt.
#[derive(Debug, Clone)]
pub enum ExplicitPartitioning {
    RoundRobin(usize),
    /// Partitions joined without a shuffle; never more than the input has.
    Coalesce(usize),
    Hash(Vec<Arc<dyn PhysicalExpr>>, usize),
    /// Ranges of the ordering, from sampled bounds.
    Range(LexOrdering, usize),
}

/// A repartition that the user asked for. It reports its partitioning, so DataFusion plans around it; it is cut out of
/// the plan when stages are made and never executes.
#[derive(Debug, Clone)]
pub struct ExplicitExchangeExec {
    pub input: Arc<dyn ExecutionPlan>,
    pub partitioning: ExplicitPartitioning,
    /// The user gave the number of partitions: adaptive rules keep it.
    pub fixed: bool,
    properties: Arc<PlanProperties>,
}

impl ExplicitExchangeExec {
    pub fn new(input: Arc<dyn ExecutionPlan>, partitioning: ExplicitPartitioning, fixed: bool) -> Self {
        let output = match &partitioning {
            ExplicitPartitioning::Hash(exprs, n) => Partitioning::Hash(exprs.clone(), *n),
            ExplicitPartitioning::Coalesce(n) => {
                Partitioning::UnknownPartitioning((*n).min(input.output_partitioning().partition_count()).max(1))
            }
            ExplicitPartitioning::RoundRobin(n) | ExplicitPartitioning::Range(_, n) => Partitioning::UnknownPartitioning(*n),
        };
        let equivalence = EquivalenceProperties::new(input.schema());
        let properties = PlanProperties::new(equivalence, output, EmissionType::Final, Boundedness::Bounded);
        Self { input, partitioning, fixed, properties: Arc::new(properties) }
    }

    fn expressions(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        match &self.partitioning {
            ExplicitPartitioning::Hash(exprs, _) => exprs.iter().collect(),
            ExplicitPartitioning::Range(ordering, _) => ordering.iter().map(|o| &o.expr).collect(),
            _ => Vec::new(),
        }
    }
}

impl DisplayAs for ExplicitExchangeExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |exprs: &[Arc<dyn PhysicalExpr>]| exprs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        write!(f, "ExplicitExchangeExec: ")?;
        match &self.partitioning {
            ExplicitPartitioning::RoundRobin(n) => write!(f, "round robin, {n}"),
            ExplicitPartitioning::Coalesce(n) => write!(f, "coalesce, {n}"),
            ExplicitPartitioning::Hash(exprs, n) => write!(f, "hash [{}], {n}", list(exprs)),
            ExplicitPartitioning::Range(ordering, n) => write!(f, "range [{ordering}], {n}"),
        }
    }
}

impl ExecutionPlan for ExplicitExchangeExec {
    fn name(&self) -> &'static str {
        "ExplicitExchangeExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    /// More partitions below would be dealt again.
    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(&self, f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>) -> Result<TreeNodeRecursion> {
        apply_expression_roots(self.expressions(), f)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match <[_; 1]>::try_from(children) {
            Ok([input]) => Ok(Arc::new(Self::new(input, self.partitioning.clone(), self.fixed))),
            Err(children) => internal_err!("ExplicitExchangeExec has one child, not {}", children.len()),
        }
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, _partition: usize, _context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        internal_err!("ExplicitExchangeExec is gone before execution")
    }

    fn child_stats_requests(&self, _partition: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(None)]
    }

    fn statistics_from_inputs(&self, inputs: &[Arc<Statistics>], _args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        Ok(inputs.first().cloned().unwrap_or_else(|| Arc::new(Statistics::new_unknown(&self.schema()))))
    }
}
