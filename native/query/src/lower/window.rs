use super::aggregate::named_once;
use super::aggregate_call::{Plain, Written, ignore_nulls};
use super::expression::Site;
use super::relation::{Lowerer, project};
use super::source::cast_to;
use super::temporal::range_bound;
use super::{column_name, query_error};
use crate::functions::types::arrow_type;
use crate::functions::windows as not_null;
use datafusion::common::ScalarValue;
use datafusion::functions_window::{cume_dist, lead_lag, nth_value, ntile, rank, row_number};
use datafusion::logical_expr::expr::{NullTreatment, Sort, WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, WindowFrame, WindowFrameBound, WindowFrameUnits, WindowFunctionDefinition, WindowUDF, lit,
};
use kiln_sql::error::{QueryError, Result};
use kiln_sql::tree::{Expression, FrameBound, FrameBoundKind, FrameUnit, WindowFrame as Frame, WindowSpec};
use std::sync::Arc;

/// A window specification over the input's columns.
#[derive(Clone)]
struct Over {
    partition_by: Vec<Expr>,
    order_by: Vec<Sort>,
    frame: WindowFrame,
}

impl Lowerer<'_> {
    pub fn window(&self, input: LogicalPlan, expressions: &[Expression]) -> Result<LogicalPlan> {
        let site = Site::project(&input);
        let mut windows: Vec<Expr> = Vec::new();
        let mut outputs = Vec::with_capacity(expressions.len());
        for expression in expressions {
            outputs.push(match expression {
                Expression::NamedColumn { expression, id, .. } => match expression.as_ref() {
                    Expression::Window { function, spec } => self.window_call(function, spec, &site, &mut windows)?.alias(column_name(*id)),
                    other => self.expression(other, &site)?.alias(column_name(*id)),
                },
                other => self.expression(other, &site)?,
            });
        }
        let input = self.add_site_columns(input, &site)?;
        let plan = LogicalPlanBuilder::window_plan(input, windows).map_err(query_error)?;
        project(plan, outputs)
    }

    fn window_call(&self, function: &Expression, spec: &WindowSpec, site: &Site, windows: &mut Vec<Expr>) -> Result<Expr> {
        let Expression::Call { name, arguments, is_distinct, filter, data_type, .. } = function else {
            return Err(QueryError::new("INTERNAL_ERROR", format!("{function:?} is no window function")));
        };
        let over = match name.as_str() {
            "lag" | "lead" => self.over(&WindowSpec { frame: None, ..spec.clone() }, site)?,
            _ => self.over(spec, site)?,
        };
        let mut arguments = arguments.iter().map(|a| self.expression(a, site)).collect::<Result<Vec<_>>>()?;
        let mut add = |expr: Expr| named_once(windows, expr);
        let ignore = match name.as_str() {
            "first" | "last" => ignore_nulls(arguments.get(1)),
            "nth_value" => ignore_nulls(arguments.get(2)),
            "lag" | "lead" => ignore_nulls(arguments.get(3)),
            _ => false,
        };
        let udwf = match name.as_str() {
            "row_number" => row_number::row_number_udwf(),
            "rank" => rank::rank_udwf(),
            "dense_rank" => rank::dense_rank_udwf(),
            "percent_rank" => rank::percent_rank_udwf(),
            "cume_dist" => cume_dist::cume_dist_udwf(),
            "ntile" => ntile::ntile_udwf(),
            "lag" | "lead" if ignore => not_null::shift_not_null(),
            "lag" => lead_lag::lag_udwf(),
            "lead" => lead_lag::lead_udwf(),
            "nth_value" if ignore => not_null::nth_not_null(),
            "nth_value" => nth_value::nth_value_udwf(),
            "first" | "last" if ignore && filter.is_none() => not_null::nth_not_null(),
            "first" if !ignore => nth_value::first_value_udwf(),
            "last" if !ignore => nth_value::last_value_udwf(),
            _ => {
                let filter = filter.as_deref().map(|f| self.expression(f, site)).transpose()?;
                let written = Written { name, arguments, distinct: *is_distinct, filter, data_type };
                return self.spark_aggregate(written, site, &mut |plain| Ok(add(over.aggregate(plain))));
            }
        };
        match name.as_str() {
            "first" | "last" => {
                arguments.truncate(1);
                if ignore {
                    // From the frame's begin, or from its end.
                    arguments.push(lit(if name == "first" { 1_i64 } else { -1 }));
                }
            }
            "lag" | "lead" | "nth_value" | "ntile" => {
                arguments.truncate(if name == "nth_value" { 2 } else { 3 });
                widen_offsets(name, ignore && name == "lead", &mut arguments)?;
            }
            _ => {}
        }
        Ok(cast_to(add(over.function(udwf, arguments)), &arrow_type(data_type)))
    }

    fn over(&self, spec: &WindowSpec, site: &Site) -> Result<Over> {
        let partition_by = spec.partition_by.iter().map(|p| self.canonical(self.expression(p, site)?, site));
        let partition_by = partition_by.collect::<Result<Vec<_>>>()?;
        let mut order_by = spec.order_by.iter().map(|o| self.sort_order(o, site)).collect::<Result<Vec<_>>>()?;
        let frame = match &spec.frame {
            Some(frame) => self.frame(frame, &order_by, site)?,
            None => WindowFrame::new((!order_by.is_empty()).then_some(false)),
        };
        frame.regularize_order_bys(&mut order_by).map_err(query_error)?;
        Ok(Over { partition_by, order_by, frame })
    }

    fn frame(&self, frame: &Frame, order_by: &[Sort], site: &Site) -> Result<WindowFrame> {
        let key = order_by.first().map(|o| site.type_of(&o.expr)).transpose()?;
        let bound = |bound: &FrameBound| -> Result<WindowFrameBound> {
            let value = || -> Result<ScalarValue> {
                let Some(value) = &bound.value else {
                    return Err(QueryError::new("INTERNAL_ERROR", "a frame bound without a value"));
                };
                let Expr::Literal(value, _) = self.expression(value, site)? else {
                    return Err(QueryError::unsupported("a frame bound that is not constant"));
                };
                match (frame.unit, &key) {
                    (FrameUnit::Range, Some(key)) => range_bound(value, key),
                    _ => value.cast_to(&arrow::datatypes::DataType::UInt64).map_err(query_error),
                }
            };
            Ok(match bound.kind {
                FrameBoundKind::UnboundedPreceding => WindowFrameBound::Preceding(ScalarValue::Null),
                FrameBoundKind::Preceding => WindowFrameBound::Preceding(value()?),
                FrameBoundKind::CurrentRow => WindowFrameBound::CurrentRow,
                FrameBoundKind::Following => WindowFrameBound::Following(value()?),
                FrameBoundKind::UnboundedFollowing => WindowFrameBound::Following(ScalarValue::Null),
            })
        };
        let unit = match frame.unit {
            FrameUnit::Rows => WindowFrameUnits::Rows,
            FrameUnit::Range => WindowFrameUnits::Range,
        };
        Ok(WindowFrame::new_bounds(unit, bound(&frame.lower)?, bound(&frame.upper)?))
    }
}

impl Over {
    fn aggregate(&self, plain: Plain) -> Expr {
        let (function, filter, nulls) = (plain.function, plain.filter.map(Box::new), plain.nulls);
        self.expr(WindowFunctionDefinition::AggregateUDF(function), plain.arguments, filter, nulls, plain.distinct)
    }

    fn function(&self, function: Arc<WindowUDF>, arguments: Vec<Expr>) -> Expr {
        self.expr(WindowFunctionDefinition::WindowUDF(function), arguments, None, None, false)
    }

    fn expr(
        &self,
        fun: WindowFunctionDefinition,
        args: Vec<Expr>,
        filter: Option<Box<Expr>>,
        null_treatment: Option<NullTreatment>,
        distinct: bool,
    ) -> Expr {
        let Self { partition_by, order_by, frame } = self.clone();
        let params = WindowFunctionParams { args, partition_by, order_by, window_frame: frame, filter, null_treatment, distinct };
        Expr::WindowFunction(Box::new(WindowFunction { fun, params }))
    }
}

/// DataFusion reads these counts as 64 bits.
fn widen_offsets(name: &str, is_negated: bool, arguments: &mut [Expr]) -> Result<()> {
    let at = if name == "ntile" { 0 } else { 1 };
    if let Some(offset) = arguments.get_mut(at) {
        let Expr::Literal(value, _) = offset else {
            return Err(QueryError::unsupported(format!("{name} with an offset that is not constant")));
        };
        let value = value.cast_to(&arrow::datatypes::DataType::Int64).map_err(query_error)?;
        let value = if is_negated { value.arithmetic_negate().map_err(query_error)? } else { value };
        *offset = Expr::Literal(value, None);
    }
    Ok(())
}
