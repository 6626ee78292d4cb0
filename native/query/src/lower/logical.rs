//! Logical nodes that DataFusion has not, or would remove.
use arrow::datatypes::{DataType, Field};
use datafusion::common::{DFSchema, DFSchemaRef, Result, internal_err};
use datafusion::logical_expr::{Expr, LogicalPlan, SortExpr, UserDefinedLogicalNodeCore};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

fn one(mut inputs: Vec<LogicalPlan>) -> Result<Arc<LogicalPlan>> {
    match (inputs.pop(), inputs.is_empty()) {
        (Some(input), true) => Ok(Arc::new(input)),
        _ => internal_err!("one input is needed"),
    }
}

/// How a user's `repartition` deals its rows. `None`: as many partitions as `spark.sql.shuffle.partitions`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub enum RepartitionKind {
    RoundRobin(usize),
    Coalesce(usize),
    Hash(Vec<Expr>, Option<usize>),
    Range(Vec<SortExpr>, Option<usize>),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub struct ExplicitRepartition {
    pub input: Arc<LogicalPlan>,
    pub kind: RepartitionKind,
}

impl UserDefinedLogicalNodeCore for ExplicitRepartition {
    fn name(&self) -> &str {
        "ExplicitRepartition"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        self.input.schema()
    }

    fn expressions(&self) -> Vec<Expr> {
        match &self.kind {
            RepartitionKind::Hash(exprs, _) => exprs.clone(),
            RepartitionKind::Range(orders, _) => orders.iter().map(|o| o.expr.clone()).collect(),
            _ => Vec::new(),
        }
    }

    fn prevent_predicate_push_down_columns(&self) -> HashSet<String> {
        HashSet::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match &self.kind {
            RepartitionKind::RoundRobin(n) => write!(f, "Repartition: round robin, {n}"),
            RepartitionKind::Coalesce(n) => write!(f, "Repartition: coalesce, {n}"),
            RepartitionKind::Hash(exprs, n) => write!(f, "Repartition: hash {exprs:?}, {n:?}"),
            RepartitionKind::Range(orders, n) => write!(f, "Repartition: range {orders:?}, {n:?}"),
        }
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let kind = match &self.kind {
            RepartitionKind::Hash(_, n) => RepartitionKind::Hash(exprs, *n),
            RepartitionKind::Range(orders, n) => RepartitionKind::Range(with_exprs(orders, exprs), *n),
            other => other.clone(),
        };
        Ok(Self { input: one(inputs)?, kind })
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        Some(vec![output_columns.to_vec()])
    }
}

fn with_exprs(orders: &[SortExpr], exprs: Vec<Expr>) -> Vec<SortExpr> {
    orders.iter().zip(exprs).map(|(o, expr)| SortExpr::new(expr, o.asc, o.nulls_first)).collect()
}

/// `sortWithinPartitions`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub struct LocalSort {
    pub input: Arc<LogicalPlan>,
    pub expr: Vec<SortExpr>,
}

impl UserDefinedLogicalNodeCore for LocalSort {
    fn name(&self) -> &str {
        "LocalSort"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        self.input.schema()
    }

    fn expressions(&self) -> Vec<Expr> {
        self.expr.iter().map(|o| o.expr.clone()).collect()
    }

    fn prevent_predicate_push_down_columns(&self) -> HashSet<String> {
        HashSet::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "LocalSort: {:?}", self.expr)
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        Ok(Self { input: one(inputs)?, expr: with_exprs(&self.expr, exprs) })
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        Some(vec![output_columns.to_vec()])
    }
}

/// The last rows.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub struct Tail {
    pub input: Arc<LogicalPlan>,
    pub limit: usize,
}

impl UserDefinedLogicalNodeCore for Tail {
    fn name(&self) -> &str {
        "Tail"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        self.input.schema()
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Tail: {}", self.limit)
    }

    fn with_exprs_and_inputs(&self, _exprs: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        Ok(Self { input: one(inputs)?, limit: self.limit })
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        Some(vec![output_columns.to_vec()])
    }
}

/// What depends on the partition and the row's place in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Serialize, Deserialize)]
pub enum PartitionValueKind {
    /// Uniform in [0, 1), the same numbers as Spark's.
    Rand {
        seed: i64,
    },
    /// Standard normal.
    Randn {
        seed: i64,
    },
    MonotonicallyIncreasingId,
    PartitionId,
}

impl PartitionValueKind {
    pub fn data_type(&self) -> DataType {
        match self {
            Self::Rand { .. } | Self::Randn { .. } => DataType::Float64,
            Self::MonotonicallyIncreasingId => DataType::Int64,
            Self::PartitionId => DataType::Int32,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Serialize, Deserialize)]
pub struct PartitionValue {
    pub name: String,
    pub kind: PartitionValueKind,
}

/// The input with columns of [`PartitionValue`]s behind its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PartitionValues {
    pub input: Arc<LogicalPlan>,
    pub values: Vec<PartitionValue>,
    schema: DFSchemaRef,
}

impl PartitionValues {
    pub fn new(input: LogicalPlan, values: Vec<PartitionValue>) -> Result<Self> {
        let mut fields: Vec<_> = input.schema().iter().map(|(q, f)| (q.cloned(), Arc::clone(f))).collect();
        fields.extend(values.iter().map(|v| (None, Arc::new(Field::new(&v.name, v.kind.data_type(), false)))));
        let schema = Arc::new(DFSchema::new_with_metadata(fields, input.schema().metadata().clone())?);
        Ok(Self { input: Arc::new(input), values, schema })
    }
}

impl PartialOrd for PartitionValues {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (&self.input, &self.values).partial_cmp(&(&other.input, &other.values))
    }
}

impl UserDefinedLogicalNodeCore for PartitionValues {
    fn name(&self) -> &str {
        "PartitionValues"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "PartitionValues: {:?}", self.values)
    }

    fn with_exprs_and_inputs(&self, _exprs: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        Self::new(one(inputs)?.as_ref().clone(), self.values.clone())
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        let inputs = self.input.schema().fields().len();
        Some(vec![output_columns.iter().copied().filter(|i| *i < inputs).collect()])
    }
}
