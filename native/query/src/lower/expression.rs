use super::logical::PartitionValue;
use super::predicate::Mark;
use super::relation::{Lowerer, column};
use super::source::cast_to;
use super::{column_name, literal, query_error};
use crate::functions::cast::is_plain;
use crate::functions::logic::TRUTH;
use crate::functions::types::{arrow_type, spark_type, type_literal};
use crate::functions::{call, types};
use arrow::datatypes::{DataType as ArrowType, Field};
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{Column, DFSchemaRef};
use datafusion::logical_expr::{Case, Expr, ExprSchemable, LogicalPlan, lit};
use kiln_sql::error::{QueryError, Result};
use kiln_sql::resolve::data_type_of;
use kiln_sql::tree::{DataType, Expression, IntervalField, WhenBranch};
use std::cell::{Cell, RefCell};
use std::sync::Arc;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SiteKind {
    Filter,
    Project,
    /// Where DataFusion rewrites no subqueries.
    Plain,
}

/// Where an expression stands: over which columns, and what it may ask to be put below it.
pub struct Site {
    pub kind: SiteKind,
    pub schema: DFSchemaRef,
    /// Whether NULL and false are the same here: below nothing but AND and OR of a filter.
    pub positive: Cell<bool>,
    /// Whether a subquery here is a whole conjunct of a filter.
    pub whole: Cell<bool>,
    marks: RefCell<Vec<Mark>>,
    values: RefCell<Vec<PartitionValue>>,
}

impl Site {
    pub fn new(kind: SiteKind, schema: DFSchemaRef) -> Self {
        let positive = Cell::new(kind == SiteKind::Filter);
        Self { kind, schema, positive, whole: Cell::new(false), marks: RefCell::default(), values: RefCell::default() }
    }

    pub fn plain(input: &LogicalPlan) -> Self {
        Self::new(SiteKind::Plain, Arc::clone(input.schema()))
    }

    pub fn project(input: &LogicalPlan) -> Self {
        Self::new(SiteKind::Project, Arc::clone(input.schema()))
    }

    pub fn filter(input: &LogicalPlan) -> Self {
        Self::new(SiteKind::Filter, Arc::clone(input.schema()))
    }

    pub fn add_mark(&self, mark: Mark) {
        self.marks.borrow_mut().push(mark);
    }

    pub fn add_value(&self, value: PartitionValue) {
        self.values.borrow_mut().push(value);
    }

    pub fn take_marks(&self) -> Vec<Mark> {
        self.marks.take()
    }

    pub fn take_values(&self) -> Vec<PartitionValue> {
        self.values.take()
    }

    pub fn type_of(&self, expr: &Expr) -> Result<ArrowType> {
        match expr {
            Expr::Column(c) if c.name.starts_with("__") => self.value_type(&c.name),
            Expr::Literal(value, _) => Ok(value.data_type()),
            _ => expr.get_type(self.schema.as_ref()).map_err(query_error),
        }
    }

    /// The type of a column that this site will get.
    fn value_type(&self, name: &str) -> Result<ArrowType> {
        let values = self.values.borrow();
        Ok(values.iter().find(|v| v.name == name).map_or(ArrowType::Boolean, |v| v.kind.data_type()))
    }

    pub fn nullable(&self, expr: &Expr) -> bool {
        expr.nullable(self.schema.as_ref()).unwrap_or(true)
    }
}

impl Lowerer<'_> {
    pub fn expression(&self, expression: &Expression, site: &Site) -> Result<Expr> {
        match expression {
            Expression::Literal { value, data_type } => {
                literal::scalar(value.as_deref(), data_type, self.zone).map(|v| Expr::Literal(v, None))
            }
            Expression::Column { id, .. } => Ok(column(column_name(*id))),
            Expression::OuterColumn { id, data_type, nullable, .. } => {
                let field = Field::new(column_name(*id), arrow_type(data_type), *nullable);
                Ok(Expr::OuterReferenceColumn(Arc::new(field), Column::new_unqualified(column_name(*id))))
            }
            Expression::NamedColumn { expression, id, .. } => Ok(self.expression(expression, site)?.alias(column_name(*id))),
            Expression::Cast { expression, data_type, is_try, .. } => {
                let inner = self.inside(|| self.expression(expression, site), site)?;
                match data_type_of(expression).interval_fields() {
                    Some(fields) => self.interval_cast(inner, fields, data_type, *is_try, site),
                    None => self.cast(inner, data_type, *is_try, site),
                }
            }
            Expression::Case { branches, otherwise } => self.inside(|| self.case(branches, otherwise.as_deref(), site), site),
            Expression::Call { name, arguments, data_type, .. } => {
                let lower = || arguments.iter().map(|a| self.expression(a, site)).collect::<Result<Vec<_>>>();
                let lowered = match name.as_str() {
                    "and" | "or" => lower()?,
                    _ => self.inside(lower, site)?,
                };
                self.call(name, lowered, data_type, site)
            }
            Expression::Subquery { kind, plan, values, negated, position } => {
                let lowered = self.subquery(*kind, plan, values, *negated, site);
                lowered.map_err(|error| if error.position.is_none() { error.at(*position) } else { error })
            }
            other => Err(QueryError::new("INTERNAL_ERROR", format!("an unresolved expression reached the lowering: {other:?}"))),
        }
    }

    /// Runs `f` where NULL is not false.
    fn inside<T>(&self, f: impl FnOnce() -> Result<T>, site: &Site) -> Result<T> {
        let before = site.positive.replace(false);
        let result = f();
        site.positive.set(before);
        result
    }

    /// Arrow's types of intervals do not say which fields they have.
    fn interval_cast(
        &self,
        expr: Expr,
        (start, end): (IntervalField, IntervalField),
        to: &DataType,
        is_try: bool,
        site: &Site,
    ) -> Result<Expr> {
        match (to, to.interval_fields()) {
            (DataType::String, _) => call("kiln_interval_text", vec![expr, lit(start as i32), lit(end as i32)]),
            (_, Some((_, smallest))) if smallest < end => call("kiln_interval_floor", vec![expr, lit(smallest.size())]),
            _ => self.cast(expr, to, is_try, site),
        }
    }

    pub fn cast(&self, expr: Expr, to: &DataType, is_try: bool, site: &Site) -> Result<Expr> {
        let target = arrow_type(to);
        let found = site.type_of(&expr)?;
        if found == target {
            return Ok(expr);
        }
        let from = spark_type(&found)?;
        if is_plain(&from, to, self.zone.is_utc()) {
            return Ok(cast_to(expr, &target));
        }
        if let (
            DataType::Array { .. } | DataType::Map { .. } | DataType::Struct { .. },
            DataType::Array { .. } | DataType::Map { .. } | DataType::Struct { .. },
        ) = (&from, to)
        {
            return Err(QueryError::unsupported(format!("a cast from {from} to {to}")));
        }
        let name = match (is_try, cannot_fail(&from, to)) {
            (_, true) => "kiln_convert",
            (true, false) => "kiln_try_cast",
            (false, false) => "kiln_cast",
        };
        call(name, vec![expr, Expr::Literal(type_literal(to)?, None), lit(self.context.time_zone.as_str())])
    }

    fn case(&self, branches: &[WhenBranch], otherwise: Option<&Expression>, site: &Site) -> Result<Expr> {
        let mut when_then = Vec::with_capacity(branches.len());
        for branch in branches {
            when_then.push((self.expression(&branch.condition, site)?, self.expression(&branch.value, site)?));
        }
        let otherwise = otherwise.map(|e| self.expression(e, site)).transpose()?;
        let mut values = when_then.iter().map(|(_, v)| v).chain(&otherwise);
        let boolean = match when_then.first() {
            Some((_, value)) => site.type_of(value)? == ArrowType::Boolean,
            None => false,
        };
        if !boolean || !values.any(can_fail) {
            return Ok(case_of(when_then, otherwise));
        }
        let small = |e: Expr| cast_to(e, &ArrowType::Int8);
        let when_then = when_then.into_iter().map(|(w, v)| (w, small(v))).collect();
        call(TRUTH, vec![case_of(when_then, otherwise.map(small))])
    }

    /// A value that is compared, grouped, sorted or joined by: one zero and one NaN.
    pub fn canonical(&self, expr: Expr, site: &Site) -> Result<Expr> {
        match site.type_of(&expr)? {
            ArrowType::Float32 | ArrowType::Float64 => match expr {
                Expr::Literal(..) => Ok(expr),
                expr if is_call(&expr, "kiln_normalize_float") => Ok(expr),
                Expr::Alias(alias) => Ok(call("kiln_normalize_float", vec![*alias.expr])?.alias(alias.name)),
                expr => call("kiln_normalize_float", vec![expr]),
            },
            _ => Ok(expr),
        }
    }
}

pub fn case_of(when_then: Vec<(Expr, Expr)>, otherwise: Option<Expr>) -> Expr {
    let when_then = when_then.into_iter().map(|(w, t)| (Box::new(w), Box::new(t))).collect();
    Expr::Case(Case::new(None, when_then, otherwise.map(Box::new)))
}

pub fn is_call(expr: &Expr, name: &str) -> bool {
    matches!(expr, Expr::ScalarFunction(f) if f.func.name() == name)
}

/// Casts that have a result for every value.
fn cannot_fail(from: &DataType, to: &DataType) -> bool {
    use DataType::{Boolean, Date, Decimal, Double, Float, String, Timestamp, TimestampNtz};
    match (from, to) {
        (_, String) => true,
        (String, types) => matches!(types, DataType::Binary),
        (_, Boolean) => true,
        (Double | Decimal { .. }, Float) | (Decimal { .. }, Double) => true,
        (Date | Timestamp | TimestampNtz, Date | Timestamp | TimestampNtz) => true,
        (Timestamp, Double | Float) => true,
        _ => false,
    }
}

/// Functions that fail for values that are not unusual: what stands before them in an AND, OR or CASE guards them.
const FALLIBLE: &[&str] = &[
    "kiln_divide",
    "kiln_integral_divide",
    "kiln_remainder",
    "kiln_pmod",
    "kiln_cast",
    "kiln_make_date",
    "kiln_next_day",
    "kiln_to_date",
    "kiln_to_timestamp",
    "kiln_unix_timestamp",
    "kiln_split_part",
    "kiln_divide_interval",
    "kiln_elt",
    "kiln_map",
    "kiln_decode",
    "kiln_encode",
    "kiln_only_row",
];

/// Whether evaluating `expr` over a row may raise an error.
pub fn can_fail(expr: &Expr) -> bool {
    let found = expr.exists(|e| match e {
        Expr::ScalarFunction(f) if FALLIBLE.contains(&f.func.name()) => {
            Ok(f.args.iter().any(|a| a.any_column_refs() || a.contains_outer()))
        }
        _ => Ok(false),
    });
    found.unwrap_or(true)
}

/// A constant that only carries a type.
pub fn type_argument(data_type: &DataType) -> Result<Expr> {
    Ok(Expr::Literal(types::type_literal(data_type)?, None))
}
