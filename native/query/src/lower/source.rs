//! Leaves: tables, ranges, rows of literals; and the nodes that only move rows.
use super::expression::Site;
use super::logical::{ExplicitRepartition, PartitionValue, PartitionValueKind, RepartitionKind};
use super::range_table::RangeTable;
use super::relation::{Lowerer, all_columns, column, extension, project};
use super::{column_name, query_error};
use crate::functions::types::{arrow_schema, arrow_type};
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType as ArrowType, Field, Schema};
use datafusion::catalog::TableProvider;
use datafusion::common::{Column, DFSchema, ScalarValue, TableReference};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::logical_expr::{Cast, EmptyRelation, Expr, Filter, LogicalPlan, LogicalPlanBuilder, lit};
use kiln_sql::error::{QueryError, Result};
use kiln_sql::tree::{Expression, ReadSource, Relation, SortOrder, StructField};
use std::sync::Arc;

impl Lowerer<'_> {
    pub fn read(&self, source: &ReadSource) -> Result<LogicalPlan> {
        let ReadSource::Table { key, fields, column_ids } = source else {
            return Err(QueryError::new("INTERNAL_ERROR", "an unresolved table reached the lowering"));
        };
        let Some(provider) = self.context.tables.provider(key) else {
            return Err(QueryError::new("INTERNAL_ERROR", format!("no table was given for {key}")));
        };
        scan(key, provider, fields, column_ids)
    }

    pub fn range(&self, start: i64, end: i64, step: i64, partitions: Option<u32>, id: Option<u64>) -> Result<LogicalPlan> {
        let partitions = partitions.unwrap_or(self.context.default_parallelism).max(1);
        let table = RangeTable::try_new(start, end, step, partitions).map_err(query_error)?;
        let fields = [StructField { name: "id".into(), data_type: kiln_sql::tree::DataType::Long, nullable: false }];
        scan("range", Arc::new(table), &fields, &[id.unwrap_or_default()])
    }

    pub fn local(&self, rows: &[Vec<Expression>], fields: Option<&[StructField]>, ids: Option<&[u64]>) -> Result<LogicalPlan> {
        let (fields, ids) = (fields.unwrap_or_default(), ids.unwrap_or_default());
        let mut schema = arrow_schema(fields);
        schema.fields = schema.fields.iter().zip(ids).map(|(f, id)| f.as_ref().clone().with_name(column_name(*id))).collect();
        let schema = Arc::new(schema);
        if rows.is_empty() || (fields.is_empty() && rows.len() == 1) {
            let schema = DFSchema::try_from(schema).map_err(query_error)?;
            return Ok(LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: !rows.is_empty(), schema: Arc::new(schema) }));
        }
        let literals: Option<Vec<Vec<&Expression>>> =
            rows.iter().map(|row| row.iter().map(|e| matches!(e, Expression::Literal { .. }).then_some(e)).collect()).collect();
        match literals {
            Some(literals) => self.literal_rows(&literals, schema),
            None => self.computed_rows(rows, &schema),
        }
    }

    fn literal_rows(&self, rows: &[Vec<&Expression>], schema: Arc<Schema>) -> Result<LogicalPlan> {
        let columns = (0..schema.fields().len()).map(|i| {
            let values = rows.iter().map(|row| match row.get(i) {
                Some(Expression::Literal { value, data_type }) => super::literal::scalar(value.as_deref(), data_type, self.zone),
                _ => Err(QueryError::new("INTERNAL_ERROR", "rows of different lengths")),
            });
            let array = ScalarValue::iter_to_array(values.collect::<Result<Vec<_>>>()?).map_err(query_error)?;
            arrow::compute::cast(&array, schema.field(i).data_type()).map_err(|e| query_error(e.into()))
        });
        let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &options).map_err(|e| query_error(e.into()))?;
        let table = MemTable::try_new(schema, vec![vec![batch]]).map_err(query_error)?;
        let plan = LogicalPlanBuilder::scan("values", provider_as_source(Arc::new(table)), None).and_then(LogicalPlanBuilder::build);
        let plan = plan.map_err(query_error)?;
        let columns = plan.schema().columns().into_iter().map(|c| Expr::Column(c.clone()).alias(c.name)).collect();
        project(plan, columns)
    }

    fn computed_rows(&self, rows: &[Vec<Expression>], schema: &Schema) -> Result<LogicalPlan> {
        let empty = LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: true, schema: Arc::new(DFSchema::empty()) });
        let site = Site::plain(&empty);
        let rows = rows.iter().map(|row| row.iter().map(|e| self.expression(e, &site)).collect()).collect::<Result<Vec<Vec<_>>>>()?;
        let plan = LogicalPlanBuilder::values(rows).and_then(LogicalPlanBuilder::build).map_err(query_error)?;
        let columns = plan.schema().columns().into_iter().zip(schema.fields());
        let columns = columns.map(|(from, to)| cast_to(Expr::Column(from), to.data_type()).alias(to.name()));
        let columns = columns.collect();
        project(plan, columns)
    }

    pub fn repartition(&self, input: &Relation, partitions: u32, shuffle: bool) -> Result<LogicalPlan> {
        let kind = if shuffle { RepartitionKind::RoundRobin(partitions as usize) } else { RepartitionKind::Coalesce(partitions as usize) };
        Ok(extension(ExplicitRepartition { input: Arc::new(self.relation(input)?), kind }))
    }

    pub fn repartition_by(&self, input: &Relation, partitions: Option<u32>, orders: &[SortOrder], is_range: bool) -> Result<LogicalPlan> {
        let input = self.relation(input)?;
        let orders = self.sort_orders(orders, &input)?;
        let partitions = partitions.map(|n| n as usize);
        let kind = match is_range {
            true => RepartitionKind::Range(orders, partitions),
            false => RepartitionKind::Hash(orders.into_iter().map(|o| o.expr).collect(), partitions),
        };
        Ok(extension(ExplicitRepartition { input: Arc::new(input), kind }))
    }

    /// A row is kept when its random number is in the range.
    pub fn sample(&self, input: &Relation, lower: f64, upper: f64, with_replacement: bool, seed: i64) -> Result<LogicalPlan> {
        if with_replacement {
            return Err(QueryError::unsupported("sampling with replacement"));
        }
        let input = self.relation(input)?;
        let columns = all_columns(&input);
        let name = self.fresh_name("sample");
        let site = Site::plain(&input);
        site.add_value(PartitionValue { name: name.clone(), kind: PartitionValueKind::Rand { seed } });
        let plan = self.add_site_columns(input, &site)?;
        let predicate = column(name.clone()).gt_eq(lit(lower)).and(column(name).lt(lit(upper)));
        let plan = LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(plan)).map_err(query_error)?);
        project(plan, columns)
    }
}

/// A scan whose columns are renamed to `c{id}`.
fn scan(name: &str, provider: Arc<dyn TableProvider>, fields: &[StructField], ids: &[u64]) -> Result<LogicalPlan> {
    let schema = provider.schema();
    if schema.fields().len() < fields.len() {
        return Err(QueryError::new("INTERNAL_ERROR", format!("{name} has {} columns, not {}", schema.fields().len(), fields.len())));
    }
    let table = TableReference::bare(name);
    let plan = LogicalPlanBuilder::scan(table.clone(), provider_as_source(provider), None).and_then(LogicalPlanBuilder::build);
    let plan = plan.map_err(query_error)?;
    let columns = schema.fields().iter().zip(fields).zip(ids).map(|((found, field), id)| {
        let from = Expr::Column(Column::new(Some(table.clone()), found.name()));
        rename(from, found, &arrow_type(&field.data_type)).alias(column_name(*id))
    });
    let columns = columns.collect();
    project(plan, columns)
}

fn rename(from: Expr, found: &Field, wanted: &ArrowType) -> Expr {
    if found.data_type() == wanted { from } else { cast_to(from, wanted) }
}

pub fn cast_to(expr: Expr, data_type: &ArrowType) -> Expr {
    Expr::Cast(Cast::new(Box::new(expr), data_type.clone()))
}
