//! `spark.range`: a table that is computed.
use arrow::array::{Int64Array, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics, plan_err};
use datafusion::datasource::TableType;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::Expr;
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::coop::cooperative;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, ReplaceChildrenOptions, SchedulingType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::stream;
use std::fmt;
use std::sync::Arc;

/// Rows of a batch.
const BATCH: i128 = 8192;

#[derive(Debug, Clone)]
pub struct RangeTable {
    pub start: i64,
    pub end: i64,
    pub step: i64,
    pub partitions: u32,
}

impl RangeTable {
    pub fn try_new(start: i64, end: i64, step: i64, partitions: u32) -> Result<Self> {
        if step == 0 {
            return plan_err!("the step of a range cannot be 0");
        }
        Ok(Self { start, end, step, partitions: partitions.max(1) })
    }

    pub fn rows(&self) -> u64 {
        count(self.start, self.end, self.step) as u64
    }
}

fn count(start: i64, end: i64, step: i64) -> i128 {
    let (start, end, step) = (i128::from(start), i128::from(end), i128::from(step));
    let distance = if step > 0 { end - start } else { start - end };
    if distance <= 0 { 0 } else { (distance + step.abs() - 1) / step.abs() }
}

fn schema_of(projected: bool, name: &str) -> SchemaRef {
    let fields = if projected { vec![Field::new(name, DataType::Int64, false)] } else { Vec::new() };
    Arc::new(Schema::new(fields))
}

#[async_trait]
impl TableProvider for RangeTable {
    fn schema(&self) -> SchemaRef {
        schema_of(true, "id")
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let projected = projection.is_none_or(|columns| !columns.is_empty());
        Ok(Arc::new(RangeExec::new(self.start, self.end, self.step, self.partitions, projected, "id")))
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(statistics(self.rows(), &self.schema()))
    }
}

fn statistics(rows: u64, schema: &Schema) -> Statistics {
    let mut statistics = Statistics::new_unknown(schema);
    statistics.num_rows = Precision::Exact(rows as usize);
    statistics.total_byte_size = Precision::Exact(rows as usize * 8 * schema.fields().len());
    statistics
}

/// Computes the numbers of a range, partitioned as Spark does.
#[derive(Debug, Clone)]
pub struct RangeExec {
    pub start: i64,
    pub end: i64,
    pub step: i64,
    pub partitions: u32,
    /// Whether the column is wanted at all (`count(*)` only wants rows).
    pub projected: bool,
    properties: Arc<PlanProperties>,
}

impl RangeExec {
    pub fn new(start: i64, end: i64, step: i64, partitions: u32, projected: bool, name: &str) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema_of(projected, name)),
            Partitioning::UnknownPartitioning(partitions as usize),
            EmissionType::Incremental,
            Boundedness::Bounded,
        )
        .with_scheduling_type(SchedulingType::Cooperative);
        Self { start, end, step, partitions, projected, properties: Arc::new(properties) }
    }

    /// First and last index (excluded) of a partition's numbers.
    fn indices(&self, partition: usize) -> (i128, i128) {
        let (rows, partitions) = (count(self.start, self.end, self.step), i128::from(self.partitions));
        let partition = partition as i128;
        (partition * rows / partitions, (partition + 1) * rows / partitions)
    }
}

impl DisplayAs for RangeExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RangeExec: {} to {} by {}, {} partitions", self.start, self.end, self.step, self.partitions)
    }
}

impl ExecutionPlan for RangeExec {
    fn name(&self) -> &'static str {
        "RangeExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(&self, _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(self: Arc<Self>, _children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, partition: usize, _context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (first, last) = self.indices(partition);
        let (start, step, projected, schema) = (i128::from(self.start), i128::from(self.step), self.projected, self.schema());
        let batches = stream::iter((0..).map(move |i| first + i * BATCH).take_while(move |at| *at < last).map(move |at| {
            let rows = at..(at + BATCH).min(last);
            let options = RecordBatchOptions::new().with_row_count(Some((rows.end - rows.start) as usize));
            let columns = match projected {
                true => vec![Arc::new(Int64Array::from_iter_values(rows.map(|i| (start + i * step) as i64))) as _],
                false => Vec::new(),
            };
            Ok(RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &options)?)
        }));
        Ok(Box::pin(cooperative(RecordBatchStreamAdapter::new(self.schema(), batches))))
    }

    fn partition_statistics(&self, partition: Option<usize>) -> Result<Arc<Statistics>> {
        let rows = match partition {
            Some(partition) => {
                let (first, last) = self.indices(partition);
                (last - first) as u64
            }
            None => count(self.start, self.end, self.step) as u64,
        };
        Ok(Arc::new(statistics(rows, &self.schema())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_sparks() {
        let range = RangeExec::new(0, 10, 3, 3, true, "id");
        assert_eq!((0..3).map(|p| range.indices(p)).collect::<Vec<_>>(), [(0, 1), (1, 2), (2, 4)]);
        assert_eq!(count(10, 0, -3), 4);
        assert_eq!(count(5, 5, 1), 0);
        assert_eq!(count(i64::MIN, i64::MAX, 1), u64::MAX as i128);
    }
}
