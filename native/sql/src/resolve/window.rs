//! Window functions: the call, its partitioning and order, and the frame Spark gives it.
use super::auto_name::sql_type;
use super::coercion::{cast_to, is_foldable, is_integral, is_interval, is_numeric, long_value};
use super::expression::{Context, Written, position_of};
use super::output::data_type_of;
use super::registry::{self, Kind, Typed};
use super::resolver::Resolver;
use super::{errors, visit};
use crate::error::{QueryError, Result};
use crate::tree::{
    DataType, Expression, FrameBound, FrameBoundKind, FrameUnit, NullOrdering, Position, SortDirection, SortOrder, WindowFrame, WindowSpec,
};

impl Resolver<'_> {
    pub(super) fn window_expression(&mut self, function: &Expression, spec: &WindowSpec, context: Context<'_>) -> Result<Typed> {
        let Expression::UnresolvedFunction { name, arguments, is_distinct, filter, position } = function else {
            return Err(QueryError::unsupported("OVER after something that is not a function").at(position_of(function)));
        };
        if context.inside_aggregate {
            return Err(QueryError::new(
                "_LEGACY_ERROR_TEMP_1031",
                "It is not allowed to use a window function inside an aggregate function. Please use the inner window function in a sub-query.",
            )
            .at(*position));
        }
        if context.inside_window {
            return Err(QueryError::new(
                "_LEGACY_ERROR_TEMP_1033",
                "It is not allowed to use a window function inside another window function.",
            )
            .at(*position));
        }
        let inside = Context { inside_window: true, ..context };
        let (row, _) = registry::lookup(name, *position)?;
        if row.kind == Kind::Scalar {
            return Err(QueryError::new(
                "UNSUPPORTED_EXPR_FOR_WINDOW",
                format!("Expression \"{name}\" not supported within a window function."),
            )
            .at(*position));
        }
        let written = Written { name, arguments, is_distinct: *is_distinct, filter: filter.as_deref(), position: *position };
        let call = self.typed_call(written, inside)?;
        let (spec, label) = self.window_spec(row.name(), &call, spec, inside, *position)?;
        let label = format!("{} OVER ({label})", call.label);
        if *is_distinct {
            return Err(QueryError::new(
                "DISTINCT_WINDOW_FUNCTION_UNSUPPORTED",
                format!("Distinct window functions are not supported: \"{label}\"."),
            )
            .at(*position));
        }
        Ok(Typed::new(Expression::Window { function: Box::new(call.expression), spec }, label))
    }

    fn window_spec(
        &mut self,
        name: &str,
        call: &Typed,
        spec: &WindowSpec,
        context: Context<'_>,
        position: Option<Position>,
    ) -> Result<(WindowSpec, String)> {
        let mut labels = Vec::new();
        let mut partition_by = Vec::with_capacity(spec.partition_by.len());
        let mut names = Vec::new();
        for expression in &spec.partition_by {
            let typed = self.expression(expression, context)?;
            names.push(typed.label);
            partition_by.push(typed.expression);
        }
        if !names.is_empty() {
            labels.push(format!("PARTITION BY {}", names.join(", ")));
        }
        let mut order_by = Vec::with_capacity(spec.order_by.len());
        let mut names = Vec::new();
        for key in &spec.order_by {
            let typed = self.expression(&key.child, context)?;
            let order = explicit(key, typed.expression);
            names.push(shown_order(&typed.label, &order));
            order_by.push(order);
        }
        if !names.is_empty() {
            labels.push(format!("ORDER BY {}", names.join(", ")));
        }
        let ordered = !order_by.is_empty();
        if !ordered && needs_order(name) {
            return Err(QueryError::new(
                "WINDOW_FUNCTION_FRAME_NOT_ORDERED",
                format!("Window function {name} requires the window to be ordered. You need to add an ORDER BY clause."),
            )
            .at(position)
            .hint(format!("For example: SELECT {name}(..) OVER (PARTITION BY window_partition ORDER BY window_ordering) FROM table")));
        }
        let required = required_frame(name, &call.expression);
        let given = spec.frame.as_ref().map(|frame| self.frame(frame, &order_by, call, context, position)).transpose()?;
        let frame = match (given, required) {
            (Some((frame, _)), Some(required)) if frame != required => {
                return Err(QueryError::new(
                    "_LEGACY_ERROR_TEMP_1036",
                    format!("Window Frame {} must match the required frame {}.", shown_frame(&frame), shown_frame(&required)),
                )
                .at(position));
            }
            (Some((frame, shown)), _) => {
                labels.push(shown);
                frame
            }
            (None, Some(required)) => {
                labels.push(shown_frame(&required));
                required
            }
            (None, None) => {
                let frame = if ordered {
                    frame_of(FrameUnit::Range, FrameBoundKind::UnboundedPreceding, FrameBoundKind::CurrentRow)
                } else {
                    frame_of(FrameUnit::Rows, FrameBoundKind::UnboundedPreceding, FrameBoundKind::UnboundedFollowing)
                };
                labels.push(shown_frame(&frame));
                frame
            }
        };
        Ok((WindowSpec { partition_by, order_by, frame: Some(frame) }, labels.join(" ")))
    }

    /// A frame as written, its bounds constants of the right type; and as it is printed.
    fn frame(
        &mut self,
        frame: &WindowFrame,
        order_by: &[SortOrder],
        call: &Typed,
        context: Context<'_>,
        position: Option<Position>,
    ) -> Result<(WindowFrame, String)> {
        let lower = self.bound(&frame.lower, frame.unit, order_by, call, context, position)?;
        let upper = self.bound(&frame.upper, frame.unit, order_by, call, context, position)?;
        let unit = if frame.unit == FrameUnit::Rows { "ROWS" } else { "RANGE" };
        let shown = format!("{unit} BETWEEN {} AND {}", lower.1, upper.1);
        let frame = WindowFrame { unit: frame.unit, lower: lower.0, upper: upper.0 };
        if let (Some(low), Some(high)) = (offset_of(&frame.lower), offset_of(&frame.upper))
            && low > high
        {
            return Err(errors::mismatch(
                "SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON",
                &shown,
                "The lower bound of a window frame must be less than or equal to the upper bound.",
                position,
            ));
        }
        Ok((frame, shown))
    }

    fn bound(
        &mut self,
        bound: &FrameBound,
        unit: FrameUnit,
        order_by: &[SortOrder],
        call: &Typed,
        context: Context<'_>,
        position: Option<Position>,
    ) -> Result<(FrameBound, String)> {
        let Some(value) = &bound.value else { return Ok((bound.clone(), shown_bound(bound))) };
        let typed = self.expression(value, context)?;
        if !is_foldable(&typed.expression) {
            return Err(errors::mismatch(
                "SPECIFIED_WINDOW_FRAME_WITHOUT_FOLDABLE",
                &call.label,
                format!("Window frame bound \"{}\" does not have a constant value.", typed.label),
                position,
            ));
        }
        let own = typed.data_type();
        let target = match unit {
            FrameUnit::Rows => DataType::Integer,
            FrameUnit::Range => range_type(order_by, &own, call, position)?,
        };
        let wrong = || {
            errors::mismatch(
                "SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE",
                &call.label,
                format!(
                    "The data type of the bound \"{}\" does not match the expected data type \"{}\".",
                    sql_type(&own),
                    sql_type(&target)
                ),
                position,
            )
        };
        let fits = if unit == FrameUnit::Rows { is_integral(&own) } else { own == target || (is_numeric(&own) && is_numeric(&target)) };
        if !fits {
            return Err(wrong());
        }
        let value = match long_value(&typed.expression) {
            Some(count) if is_integral(&own) => {
                let literal = Expression::Literal { value: Some(count.to_string()), data_type: own.clone() };
                super::coercion::fold_cast(&literal, &target)?.unwrap_or_else(|| cast_to(literal, &target))
            }
            _ => cast_to(typed.expression, &target),
        };
        let mut bound = FrameBound { kind: bound.kind, value: Some(Box::new(value)) };
        let shown = format!("{} {}", typed.label, direction(bound.kind));
        if bound.kind == FrameBoundKind::Preceding || bound.kind == FrameBoundKind::Following {
            normalise_sign(&mut bound);
        }
        Ok((bound, shown))
    }
}

/// What may be added to the single order key of a RANGE frame.
fn range_type(order_by: &[SortOrder], bound: &DataType, call: &Typed, position: Option<Position>) -> Result<DataType> {
    let [key] = order_by else {
        let (sub, what) = if order_by.is_empty() {
            ("RANGE_FRAME_WITHOUT_ORDER", "A range window frame cannot be used in an unordered window specification.")
        } else {
            (
                "RANGE_FRAME_MULTI_ORDER",
                "A range window frame with value boundaries cannot be used in a window specification with multiple order by expressions.",
            )
        };
        return Err(errors::mismatch(sub, &call.label, what, position));
    };
    let own = data_type_of(&key.child);
    Ok(match &own {
        DataType::Date if is_integral(bound) => DataType::Integer,
        DataType::Date | DataType::Timestamp | DataType::TimestampNtz if is_interval(bound) => bound.clone(),
        t if is_numeric(t) => own,
        _ => {
            return Err(errors::mismatch(
                "RANGE_FRAME_INVALID_TYPE",
                &call.label,
                format!(
                    "The data type \"{}\" used in the order specification does not support the data type \"{}\" which is used in the range frame.",
                    sql_type(&own),
                    sql_type(bound)
                ),
                position,
            ));
        }
    })
}

/// `-1 PRECEDING` is `1 FOLLOWING`.
fn normalise_sign(bound: &mut FrameBound) {
    let Some(Expression::Literal { value: Some(text), .. }) = bound.value.as_deref_mut() else { return };
    if let Some(positive) = text.strip_prefix('-') {
        *text = positive.to_owned();
        bound.kind = if bound.kind == FrameBoundKind::Preceding { FrameBoundKind::Following } else { FrameBoundKind::Preceding };
    }
}

/// Rows or values from the current row; `None` when unbounded or not a whole number.
fn offset_of(bound: &FrameBound) -> Option<i64> {
    let value = bound.value.as_deref().and_then(long_value);
    match bound.kind {
        FrameBoundKind::CurrentRow => Some(0),
        FrameBoundKind::Preceding => value.map(|n| -n),
        FrameBoundKind::Following => value,
        _ => None,
    }
}

fn needs_order(name: &str) -> bool {
    registry::kind_of(name) == Some(Kind::Window)
}

/// The frame a function insists on.
fn required_frame(name: &str, call: &Expression) -> Option<WindowFrame> {
    let kind = FrameBoundKind::UnboundedPreceding;
    match name {
        "row_number" | "rank" | "dense_rank" | "ntile" | "percent_rank" => {
            Some(frame_of(FrameUnit::Rows, kind, FrameBoundKind::CurrentRow))
        }
        "cume_dist" => Some(frame_of(FrameUnit::Range, kind, FrameBoundKind::CurrentRow)),
        "lag" | "lead" => {
            let Expression::Call { arguments, .. } = call else { return None };
            let steps = arguments.get(1).and_then(long_value)?;
            let steps = if name == "lag" { -steps } else { steps };
            let literal = Expression::Literal { value: Some(steps.to_string()), data_type: DataType::Integer };
            let bound = FrameBound { kind: FrameBoundKind::Following, value: Some(Box::new(literal)) };
            Some(WindowFrame { unit: FrameUnit::Rows, lower: bound.clone(), upper: bound })
        }
        _ => None,
    }
}

fn frame_of(unit: FrameUnit, lower: FrameBoundKind, upper: FrameBoundKind) -> WindowFrame {
    WindowFrame { unit, lower: FrameBound { kind: lower, value: None }, upper: FrameBound { kind: upper, value: None } }
}

fn shown_frame(frame: &WindowFrame) -> String {
    let unit = if frame.unit == FrameUnit::Rows { "ROWS" } else { "RANGE" };
    format!("{unit} BETWEEN {} AND {}", shown_bound(&frame.lower), shown_bound(&frame.upper))
}

fn shown_bound(bound: &FrameBound) -> String {
    let value = bound.value.as_deref().and_then(super::auto_name::of_literal).unwrap_or_default();
    match bound.kind {
        FrameBoundKind::Preceding | FrameBoundKind::Following => format!("{value} {}", direction(bound.kind)),
        kind => direction(kind).to_owned(),
    }
}

const fn direction(kind: FrameBoundKind) -> &'static str {
    match kind {
        FrameBoundKind::UnboundedPreceding => "UNBOUNDED PRECEDING",
        FrameBoundKind::Preceding => "PRECEDING",
        FrameBoundKind::CurrentRow => "CURRENT ROW",
        FrameBoundKind::Following => "FOLLOWING",
        FrameBoundKind::UnboundedFollowing => "UNBOUNDED FOLLOWING",
    }
}

/// A sort key with its NULL ordering spelt out.
pub(super) fn explicit(key: &SortOrder, child: Expression) -> SortOrder {
    let null_ordering = match (key.null_ordering, key.direction) {
        (NullOrdering::Default, SortDirection::Ascending) => NullOrdering::NullsFirst,
        (NullOrdering::Default, SortDirection::Descending) => NullOrdering::NullsLast,
        (given, _) => given,
    };
    SortOrder { child, direction: key.direction, null_ordering }
}

fn shown_order(label: &str, order: &SortOrder) -> String {
    let direction = if order.direction == SortDirection::Ascending { "ASC" } else { "DESC" };
    let nulls = if order.null_ordering == NullOrdering::NullsFirst { "NULLS FIRST" } else { "NULLS LAST" };
    format!("{label} {direction} {nulls}")
}

/// Whether a window function stands anywhere in an expression.
pub(super) fn has_window(expression: &Expression) -> bool {
    visit::any(expression, &|part| matches!(part, Expression::Window { .. }))
}
