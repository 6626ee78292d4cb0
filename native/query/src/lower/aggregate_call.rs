//! Spark's aggregates as DataFusion's.
use super::aggregate::Aggregates;
use super::expression::{Site, case_of, type_argument};
use super::query_error;
use super::relation::Lowerer;
use super::source::cast_to;
use crate::functions::aggregates as kiln;
use crate::functions::call;
use crate::functions::types::arrow_type;
use arrow::datatypes::{DataType as ArrowType, IntervalUnit};
use datafusion::common::ScalarValue;
use datafusion::functions_aggregate as df;
use datafusion::functions_aggregate::grouping::grouping_udaf;
use datafusion::logical_expr::expr::{AggregateFunction, NullTreatment};
use datafusion::logical_expr::{AggregateUDF, Expr, SortExpr, lit};
use kiln_sql::error::{QueryError, Result};
use kiln_sql::tree::{DataType, Expression};
use std::sync::Arc;

/// One aggregate as it is written.
pub struct Written<'a> {
    pub name: &'a str,
    pub arguments: Vec<Expr>,
    pub distinct: bool,
    pub filter: Option<Expr>,
    pub data_type: &'a DataType,
}

/// One of DataFusion's aggregates: the same for a group and for a window.
#[derive(Clone)]
pub struct Plain {
    pub function: Arc<AggregateUDF>,
    pub arguments: Vec<Expr>,
    pub distinct: bool,
    pub filter: Option<Expr>,
    pub order_by: Vec<SortExpr>,
    pub nulls: Option<NullTreatment>,
}

impl Plain {
    pub fn into_expr(self) -> Expr {
        let filter = self.filter.map(Box::new);
        let call = AggregateFunction::new_udf(self.function, self.arguments, self.distinct, filter, self.order_by, self.nulls);
        Expr::AggregateFunction(call)
    }
}

impl Lowerer<'_> {
    pub fn aggregate_call(&self, expression: &Expression, site: &Site, unique: &mut Aggregates) -> Result<Expr> {
        let Expression::Call { name, arguments, is_distinct, filter, data_type, .. } = expression else {
            return Err(QueryError::new("INTERNAL_ERROR", format!("{expression:?} is no aggregate")));
        };
        let arguments = arguments.iter().map(|a| self.expression(a, site)).collect::<Result<Vec<_>>>()?;
        let filter = filter.as_deref().map(|f| self.expression(f, site)).transpose()?;
        let written = Written { name, arguments, distinct: *is_distinct, filter, data_type };
        self.spark_aggregate(written, site, &mut |plain| Ok(unique.add(plain.into_expr())))
    }

    /// `add` takes an aggregate and gives the expression of its result.
    pub fn spark_aggregate(&self, written: Written, site: &Site, add: &mut dyn FnMut(Plain) -> Result<Expr>) -> Result<Expr> {
        let Written { name, mut arguments, distinct, filter, data_type } = written;
        let result = arrow_type(data_type);
        let first = match arguments.first() {
            Some(first) => first.clone(),
            None => return Err(QueryError::unsupported(format!("{name} without arguments"))),
        };
        let first_type = match name {
            "grouping" | "grouping_id" => ArrowType::Null,
            _ => site.type_of(&first)?,
        };
        let plain = |function: Arc<AggregateUDF>, arguments: Vec<Expr>| Plain {
            function,
            arguments,
            distinct,
            filter: filter.clone(),
            order_by: vec![],
            nulls: None,
        };
        let typed = |expr: Expr| cast_to(expr, &result);
        Ok(match name {
            "count" => {
                let argument = self.counted(arguments, distinct, site)?;
                add(plain(df::count::count_udaf(), vec![argument]))?
            }
            "count_if" => {
                let mut counted = plain(df::count::count_udaf(), vec![lit(1i64)]);
                counted.filter = Some(match filter.clone() {
                    Some(filter) => filter.and(first),
                    None => first,
                });
                add(counted)?
            }
            "sum" => {
                let (function, argument) = sum(first, &first_type)?;
                let argument = if distinct { self.canonical(argument, site)? } else { argument };
                add(plain(function, vec![argument]))?
            }
            "avg" => self.average(&plain, first, &first_type, data_type, site, add)?,
            "min" | "max" => {
                let function = if name == "min" { df::min_max::min_udaf() } else { df::min_max::max_udaf() };
                if matches!(first_type, ArrowType::Float32 | ArrowType::Float64) {
                    // DataFusion loses a NaN among floats.
                    let ordered = call("kiln_to_ordered", vec![first])?;
                    call("kiln_from_ordered", vec![add(plain(function, vec![ordered]))?])?
                } else {
                    add(plain(function, vec![first]))?
                }
            }
            "first" | "last" => {
                let function = if name == "first" { df::first_last::first_value_udaf() } else { df::first_last::last_value_udaf() };
                let mut chosen = plain(function, vec![first]);
                chosen.distinct = false;
                chosen.nulls = ignore_nulls(arguments.get(1)).then_some(NullTreatment::IgnoreNulls);
                add(chosen)?
            }
            "max_by" | "min_by" if arguments.len() == 2 => {
                let key = self.canonical(arguments.remove(1), site)?;
                let known = key.clone().is_not_null();
                let mut chosen = plain(df::first_last::first_value_udaf(), vec![first]);
                chosen.order_by = vec![SortExpr::new(key, name == "min_by", false)];
                chosen.filter = Some(filter.clone().map_or(known.clone(), |f| f.and(known)));
                add(chosen)?
            }
            "stddev_samp" => add(plain(df::stddev::stddev_udaf(), arguments))?,
            "stddev_pop" => add(plain(df::stddev::stddev_pop_udaf(), arguments))?,
            "var_samp" => add(plain(df::variance::var_samp_udaf(), arguments))?,
            "var_pop" => add(plain(df::variance::var_pop_udaf(), arguments))?,
            "corr" => add(plain(df::correlation::corr_udaf(), arguments))?,
            "covar_samp" => add(plain(df::covariance::covar_samp_udaf(), arguments))?,
            "covar_pop" => add(plain(df::covariance::covar_pop_udaf(), arguments))?,
            "skewness" => add(plain(kiln::skewness(), arguments))?,
            "kurtosis" => add(plain(kiln::kurtosis(), arguments))?,
            "bool_and" => add(plain(df::bool_and_or::bool_and_udaf(), arguments))?,
            "bool_or" => add(plain(df::bool_and_or::bool_or_udaf(), arguments))?,
            "bit_and" => add(plain(df::bit_and_or_xor::bit_and_udaf(), arguments))?,
            "bit_or" => add(plain(df::bit_and_or_xor::bit_or_udaf(), arguments))?,
            "bit_xor" => add(plain(df::bit_and_or_xor::bit_xor_udaf(), arguments))?,
            "approx_count_distinct" => typed(add(plain(df::approx_distinct::approx_distinct_udaf(), vec![self.canonical(first, site)?]))?),
            "median" => add(plain(kiln::percentile(), vec![first, lit(0.5f64)]))?,
            "percentile" => add(plain(kiln::percentile(), arguments))?,
            "collect_list" | "collect_set" => {
                let mut collected = plain(df::array_agg::array_agg_udaf(), vec![first.clone()]);
                collected.distinct = name == "collect_set" || distinct;
                let known = first.is_not_null();
                collected.filter = Some(filter.clone().map_or(known.clone(), |f| f.and(known)));
                let list = typed(add(collected)?);
                let empty = ScalarValue::new_default(&result).map_err(query_error)?;
                // DataFusion names the elements of a CASE in its own way.
                typed(case_of(vec![(list.clone().is_not_null(), list)], Some(Expr::Literal(empty, None))))
            }
            "grouping" | "grouping_id" => typed(add(Plain { distinct: false, filter: None, ..plain(grouping_udaf(), arguments) })?),
            other => return Err(QueryError::unsupported(format!("the aggregate function {other}"))),
        })
    }

    /// Sum over count: a query that has both already pays nothing.
    fn average(
        &self,
        plain: &dyn Fn(Arc<AggregateUDF>, Vec<Expr>) -> Plain,
        first: Expr,
        first_type: &ArrowType,
        data_type: &DataType,
        site: &Site,
        add: &mut dyn FnMut(Plain) -> Result<Expr>,
    ) -> Result<Expr> {
        let decimal = matches!(first_type, ArrowType::Decimal128(..));
        let interval = matches!(first_type, ArrowType::Duration(_) | ArrowType::Interval(_));
        let argument = if decimal || interval { first } else { cast_unless(first, first_type, &ArrowType::Float64) };
        let argument = self.canonical_if(argument, plain(df::count::count_udaf(), vec![]).distinct, site)?;
        let (function, summed) = match &argument {
            _ if decimal => (kiln::decimal_sum(first_type), argument.clone()),
            _ => sum(argument.clone(), &site.type_of(&argument)?)?,
        };
        let total = add(plain(function, vec![summed]))?;
        let rows = add(plain(df::count::count_udaf(), vec![argument]))?;
        if decimal {
            return call("kiln_decimal_average", vec![total, rows, type_argument(data_type)?]);
        }
        if interval {
            let rows = case_of(vec![(rows.clone().not_eq(lit(0i64)), rows)], None);
            return call("kiln_divide_interval", vec![total, rows]);
        }
        Ok(total / cast_to(rows, &ArrowType::Float64))
    }

    fn canonical_if(&self, expr: Expr, wanted: bool, site: &Site) -> Result<Expr> {
        if wanted { self.canonical(expr, site) } else { Ok(expr) }
    }

    fn counted(&self, arguments: Vec<Expr>, distinct: bool, site: &Site) -> Result<Expr> {
        let canonical = arguments.into_iter().map(|a| self.canonical_if(a, distinct, site)).collect::<Result<Vec<_>>>()?;
        let mut arguments = canonical.into_iter();
        let (Some(first), rest) = (arguments.next(), arguments.collect::<Vec<_>>()) else {
            return Ok(lit(1i64));
        };
        if rest.is_empty() {
            // count(*) arrives as count(1); the width of the constant does not matter.
            return Ok(if matches!(&first, Expr::Literal(v, _) if !v.is_null()) { lit(1i64) } else { first });
        }
        let all: Vec<Expr> = std::iter::once(first).chain(rest).collect();
        let known = all.iter().map(|e| e.clone().is_not_null()).reduce(Expr::and).unwrap_or_else(|| lit(true));
        let row = if distinct { datafusion::functions::core::expr_fn::r#struct(all) } else { lit(1i64) };
        Ok(case_of(vec![(known, row)], None))
    }
}

fn cast_unless(expr: Expr, found: &ArrowType, wanted: &ArrowType) -> Expr {
    if found == wanted { expr } else { cast_to(expr, wanted) }
}

/// DataFusion's sum where it cannot overflow, else one that notices.
fn sum(argument: Expr, found: &ArrowType) -> Result<(Arc<AggregateUDF>, Expr)> {
    Ok(match found {
        ArrowType::Int8 | ArrowType::Int16 | ArrowType::Int32 => (df::sum::sum_udaf(), cast_to(argument, &ArrowType::Int64)),
        ArrowType::Int64 => (kiln::long_sum(), argument),
        ArrowType::Float32 => (df::sum::sum_udaf(), cast_to(argument, &ArrowType::Float64)),
        ArrowType::Float64 | ArrowType::Duration(_) | ArrowType::Interval(IntervalUnit::YearMonth) => (df::sum::sum_udaf(), argument),
        decimal @ ArrowType::Decimal128(..) => (kiln::decimal_sum(decimal), argument),
        other => return Err(QueryError::unsupported(format!("a sum of {other}"))),
    })
}

pub fn ignore_nulls(argument: Option<&Expr>) -> bool {
    matches!(argument, Some(Expr::Literal(ScalarValue::Boolean(Some(true)), _)))
}
