//! How many rows a logical plan gives, from exact rows and bounds of its tables' columns. Filters whose effect the bounds do
//! not tell get the guesses that System R's descendants share.

use crate::plan::row_width;
use datafusion::common::stats::Precision;
use datafusion::common::{Column, ScalarValue};
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::{Aggregate, BinaryExpr, Expr, Join, JoinType, LogicalPlan, Operator, Projection, SubqueryAlias, TableScan};
use std::collections::HashMap;

/// Of rows that a predicate keeps, when nothing tells better.
const UNKNOWN: f64 = 0.2;
const EQUAL: f64 = 0.1;
const RANGE: f64 = 0.33;
/// A small table's text column is taken to be unique: names of nations, of regions.
const SMALL_TABLE: f64 = 100.0;

#[derive(Debug, Clone, Copy)]
pub struct ColumnEstimate {
    /// At most so many values.
    pub values: f64,
    /// Bounds, as a number.
    bounds: Option<(f64, f64)>,
}

#[derive(Debug, Clone)]
pub struct Estimate {
    pub rows: f64,
    /// Bytes of a row.
    pub width: f64,
    /// Rows before filters.
    pub table_rows: f64,
    columns: HashMap<Column, ColumnEstimate>,
}

impl Estimate {
    /// At most so many values that an expression has.
    pub fn values(&self, expr: &Expr) -> f64 {
        let known = match expr {
            Expr::Column(column) => self.columns.get(column).map(|c| c.values),
            Expr::Cast(cast) => Some(self.values(&cast.expr)),
            _ => None,
        };
        known.unwrap_or(self.table_rows).min(self.table_rows).max(1.0)
    }
}

/// `None`: a table in it does not say how many rows it has.
pub fn estimate(plan: &LogicalPlan) -> Option<Estimate> {
    let found = match plan {
        LogicalPlan::TableScan(scan) => table(scan)?,
        LogicalPlan::Filter(filter) => {
            let input = estimate(&filter.input)?;
            Estimate { rows: input.rows * kept(&filter.predicate, &input), ..input }
        }
        LogicalPlan::Projection(projection) => projected(projection)?,
        LogicalPlan::SubqueryAlias(alias) => renamed(alias)?,
        LogicalPlan::Aggregate(aggregate) => grouped(aggregate)?,
        LogicalPlan::Join(join) => joined(join)?,
        LogicalPlan::Limit(limit) => {
            let input = estimate(&limit.input)?;
            let fetch = match limit.fetch.as_deref() {
                Some(Expr::Literal(value, _)) => number(value),
                _ => None,
            };
            let rows = fetch.map_or(input.rows, |fetch| fetch.min(input.rows));
            Estimate { rows, table_rows: input.table_rows.min(rows), ..input }
        }
        LogicalPlan::Sort(sort) => estimate(&sort.input)?,
        LogicalPlan::Distinct(_) | LogicalPlan::Window(_) | LogicalPlan::Repartition(_) | LogicalPlan::Extension(_) => {
            match plan.inputs().as_slice() {
                [input] => estimate(input)?,
                _ => return None,
            }
        }
        LogicalPlan::Union(union) => {
            let inputs = union.inputs.iter().map(|input| estimate(input)).collect::<Option<Vec<_>>>()?;
            let rows = inputs.iter().map(|i| i.rows).sum();
            Estimate { rows, table_rows: inputs.iter().map(|i| i.table_rows).sum(), width: 0.0, columns: HashMap::new() }
        }
        LogicalPlan::Values(values) => {
            let rows = values.values.len() as f64;
            Estimate { rows, table_rows: rows, width: 0.0, columns: HashMap::new() }
        }
        LogicalPlan::EmptyRelation(empty) => {
            let rows = if empty.produce_one_row { 1.0 } else { 0.0 };
            Estimate { rows, table_rows: rows, width: 0.0, columns: HashMap::new() }
        }
        _ => return None,
    };
    let width = row_width(plan.schema().inner()).max(1) as f64;
    Some(Estimate { rows: found.rows.max(1.0), table_rows: found.table_rows.max(1.0), width, ..found })
}

fn table(scan: &TableScan) -> Option<Estimate> {
    let provider = source_as_provider(&scan.source).ok()?;
    let statistics = provider.statistics()?;
    let rows = *statistics.num_rows.get_value()? as f64;
    let schema = provider.schema();
    let columns = schema.fields().iter().zip(&statistics.column_statistics).map(|(field, known)| {
        let bound = |value: &Precision<ScalarValue>| value.get_value().and_then(number);
        let bounds = bound(&known.min_value).zip(bound(&known.max_value));
        let is_whole = field.data_type().is_integer() || matches!(field.data_type(), arrow::datatypes::DataType::Date32);
        let values = match bounds {
            Some((min, max)) if is_whole => (max - min + 1.0).min(rows),
            _ => rows,
        };
        (Column::new(Some(scan.table_name.clone()), field.name()), ColumnEstimate { values, bounds })
    });
    let found = Estimate { rows, table_rows: rows, width: 0.0, columns: columns.collect() };
    let rows = scan.filters.iter().fold(rows, |rows, filter| rows * kept(filter, &found));
    Some(Estimate { rows, ..found })
}

fn projected(projection: &Projection) -> Option<Estimate> {
    let input = estimate(&projection.input)?;
    let columns = projection.schema.columns().into_iter().zip(&projection.expr);
    let columns = columns.filter_map(|(name, expr)| match expr.clone().unalias() {
        Expr::Column(column) => Some((name, *input.columns.get(&column)?)),
        _ => None,
    });
    Some(Estimate { columns: columns.collect(), ..input })
}

fn renamed(alias: &SubqueryAlias) -> Option<Estimate> {
    let input = estimate(&alias.input)?;
    let pairs = alias.schema.columns().into_iter().zip(alias.input.schema().columns());
    let columns = pairs.filter_map(|(new, old)| Some((new, *input.columns.get(&old)?)));
    Some(Estimate { columns: columns.collect(), ..input })
}

fn grouped(aggregate: &Aggregate) -> Option<Estimate> {
    let input = estimate(&aggregate.input)?;
    let groups = aggregate.group_expr.iter().fold(1.0, |groups: f64, key| (groups * input.values(key)).min(input.rows));
    let keys = aggregate.schema.columns().into_iter().zip(&aggregate.group_expr);
    let columns = keys.filter_map(|(name, key)| match key {
        Expr::Column(column) => Some((name, *input.columns.get(column)?)),
        _ => None,
    });
    Some(Estimate { rows: groups, table_rows: groups, width: 0.0, columns: columns.collect() })
}

fn joined(join: &Join) -> Option<Estimate> {
    let (left, right) = (estimate(&join.left)?, estimate(&join.right)?);
    let values = join.on.iter().fold(1.0, |values: f64, (l, r)| values * left.values(l).min(right.values(r)));
    let values = values.min(left.table_rows.min(right.table_rows)).max(1.0);
    let inner = left.rows * right.rows / values * if join.filter.is_some() { RANGE } else { 1.0 };
    let matched = (right.rows / values).min(1.0);
    let (rows, side) = match join.join_type {
        JoinType::Inner => (inner, None),
        JoinType::Left => (inner.max(left.rows), None),
        JoinType::Right => (inner.max(right.rows), None),
        JoinType::Full => (inner.max(left.rows + right.rows), None),
        JoinType::LeftSemi => (left.rows * matched, Some(left.clone())),
        JoinType::RightSemi => (right.rows * (left.rows / values).min(1.0), Some(right.clone())),
        JoinType::LeftAnti => (left.rows * (1.0 - matched).max(UNKNOWN), Some(left.clone())),
        JoinType::RightAnti => (right.rows * UNKNOWN, Some(right.clone())),
        JoinType::LeftMark => (left.rows, Some(left.clone())),
        JoinType::RightMark => (right.rows, Some(right.clone())),
        // A join type of a later DataFusion.
        #[allow(unreachable_patterns)]
        _ => return None,
    };
    let (table_rows, columns) = match side {
        Some(side) => (side.table_rows, side.columns),
        None => (left.table_rows.max(right.table_rows), left.columns.into_iter().chain(right.columns).collect()),
    };
    Some(Estimate { rows, table_rows, width: 0.0, columns })
}

/// The share of rows for which a predicate is true.
fn kept(predicate: &Expr, input: &Estimate) -> f64 {
    match predicate {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match op {
            Operator::And => and(left, right, input),
            Operator::Or => {
                let (a, b) = (kept(left, input), kept(right, input));
                a + b - a * b
            }
            _ => compared(left, *op, right, input),
        },
        Expr::Not(inner) => 1.0 - kept(inner, input),
        Expr::IsNull(_) => 0.05,
        Expr::IsNotNull(_) => 0.95,
        Expr::Between(between) if !between.negated => {
            let below = compared(&between.expr, Operator::LtEq, &between.high, input);
            both(compared(&between.expr, Operator::GtEq, &between.low, input), below)
        }
        Expr::InList(list) if !list.negated => (list.list.len() as f64 * equal(&list.expr, input)).min(0.5),
        Expr::Literal(value, _) => {
            if matches!(value, ScalarValue::Boolean(Some(true))) {
                1.0
            } else {
                0.0
            }
        }
        Expr::Alias(alias) => kept(&alias.expr, input),
        _ => UNKNOWN,
    }
}

/// Two ends of a range on one column are not independent.
fn and(left: &Expr, right: &Expr, input: &Estimate) -> f64 {
    let (a, b) = (kept(left, input), kept(right, input));
    let range_of = |e: &Expr| match e {
        Expr::BinaryExpr(BinaryExpr { left, op, .. }) if matches!(op, Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq) => {
            match left.as_ref() {
                Expr::Column(column) => Some((column.clone(), matches!(op, Operator::Lt | Operator::LtEq))),
                _ => None,
            }
        }
        _ => None,
    };
    match (range_of(left), range_of(right)) {
        (Some((one, upper)), Some((other, other_upper))) if one == other && upper != other_upper => both(a, b),
        _ => a * b,
    }
}

/// Above the lower end and below the upper one.
fn both(a: f64, b: f64) -> f64 {
    if (a + b) <= 1.0 { (a * b).max(0.001) } else { a + b - 1.0 }.clamp(0.001, 1.0)
}

fn compared(left: &Expr, op: Operator, right: &Expr, input: &Estimate) -> f64 {
    let (column, op, literal) = match (left, right) {
        (Expr::Column(column), Expr::Literal(value, _)) => (column, op, Some(value)),
        (Expr::Literal(value, _), Expr::Column(column)) => (column, op.swap().unwrap_or(op), Some(value)),
        (Expr::Column(column), _) => (column, op, None),
        _ => {
            return match op {
                Operator::Eq => EQUAL,
                Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq => RANGE,
                _ => UNKNOWN,
            };
        }
    };
    match op {
        Operator::Eq => equal(&Expr::Column(column.clone()), input),
        Operator::NotEq => 1.0 - equal(&Expr::Column(column.clone()), input),
        Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq => {
            let bounds = input.columns.get(column).and_then(|c| c.bounds).filter(|(min, max)| max > min);
            let Some(((min, max), value)) = bounds.zip(literal.and_then(number)) else { return RANGE };
            let below = ((value - min) / (max - min)).clamp(0.0, 1.0);
            if matches!(op, Operator::Lt | Operator::LtEq) { below } else { 1.0 - below }.max(0.001)
        }
        _ => UNKNOWN,
    }
}

fn equal(expr: &Expr, input: &Estimate) -> f64 {
    let known = match expr {
        Expr::Column(column) => input.columns.get(column),
        _ => None,
    };
    match known {
        Some(ColumnEstimate { values, bounds: Some(_) }) if *values < input.table_rows => 1.0 / values.max(1.0),
        _ if input.table_rows <= SMALL_TABLE => 1.0 / input.table_rows,
        Some(ColumnEstimate { values, bounds: Some(_) }) => (1.0 / values.max(1.0)).max(0.0001),
        _ => EQUAL,
    }
}

fn number(value: &ScalarValue) -> Option<f64> {
    Some(match value {
        ScalarValue::Int8(Some(v)) => f64::from(*v),
        ScalarValue::Int16(Some(v)) => f64::from(*v),
        ScalarValue::Int32(Some(v)) | ScalarValue::Date32(Some(v)) => f64::from(*v),
        ScalarValue::Int64(Some(v)) | ScalarValue::TimestampMicrosecond(Some(v), _) => *v as f64,
        ScalarValue::Decimal128(Some(v), _, scale) => *v as f64 / 10_f64.powi(i32::from(*scale)),
        ScalarValue::Float32(Some(v)) => f64::from(*v),
        ScalarValue::Float64(Some(v)) => *v,
        _ => return None,
    })
}
