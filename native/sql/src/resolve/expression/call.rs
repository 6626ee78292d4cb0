//! Function calls: stars, arguments, the registry's row, DISTINCT and FILTER.
use super::Context;
use crate::error::{QueryError, Result};
use crate::resolve::registry::{self, Kind, Site, Typed};
use crate::resolve::resolver::Resolver;
use crate::resolve::{auto_name, errors, visit};
use crate::tree::{DataType, Expression, Position};

/// A call as it was written.
#[derive(Clone, Copy)]
pub(in crate::resolve) struct Written<'w> {
    pub(in crate::resolve) name: &'w str,
    pub(in crate::resolve) arguments: &'w [Expression],
    pub(in crate::resolve) is_distinct: bool,
    pub(in crate::resolve) filter: Option<&'w Expression>,
    pub(in crate::resolve) position: Option<Position>,
}

impl Resolver<'_> {
    /// A call without OVER.
    pub(super) fn call(&mut self, written: Written<'_>, context: Context<'_>) -> Result<Typed> {
        if written.name == "[]" {
            return self.extract_value(written, context);
        }
        if let Some((name, arguments)) = with_unit(written) {
            return self.typed_call(Written { name, arguments: &arguments, ..written }, context);
        }
        let (function, _) = registry::lookup(written.name, written.position)?;
        match function.kind {
            Kind::Scalar => {
                if written.is_distinct || written.filter.is_some() {
                    let what = if written.is_distinct { "DISTINCT" } else { "FILTER" };
                    return Err(QueryError::new(
                        "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX",
                        format!("The function `{}` does not support {what}", written.name),
                    )
                    .at(written.position));
                }
                self.typed_call(written, context)
            }
            Kind::Aggregate => {
                if context.inside_aggregate {
                    return Err(QueryError::new(
                        "NESTED_AGGREGATE_FUNCTION",
                        "It is not allowed to use an aggregate function in the argument of another aggregate function. \
                         Please use the inner aggregate function in a sub-query.",
                    )
                    .at(written.position));
                }
                self.typed_call(written, Context { inside_aggregate: true, ..context })
            }
            Kind::Window => Err(QueryError::new(
                "WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE",
                format!("Window function \"{}()\" requires an OVER clause.", written.name.to_lowercase()),
            )
            .at(written.position)),
        }
    }

    /// Resolves the arguments in `context` and applies the row.
    pub(in crate::resolve) fn typed_call(&mut self, written: Written<'_>, context: Context<'_>) -> Result<Typed> {
        let row = registry::lookup(written.name, written.position)?;
        let arguments = self.arguments(written, context)?;
        let seed = self.fresh_seed();
        let mut site = Site::new(row, arguments, &self.options, written.position, written.is_distinct, seed)?;
        let is_aggregate = site.is_aggregate();
        let mut expression = site.resolve()?;
        let (mut label, title) = (site.label, site.title);
        if is_aggregate && let Expression::Call { is_distinct, filter, .. } = &mut expression {
            *is_distinct = written.is_distinct;
            if let Some(condition) = written.filter {
                let condition = self.filter_condition(condition, context)?;
                label.push_str(&format!(" FILTER (WHERE {})", condition.label));
                *filter = Some(Box::new(condition.expression));
            }
        }
        Ok(Typed { expression, label, title, is_column: false })
    }

    fn filter_condition(&mut self, condition: &Expression, context: Context<'_>) -> Result<Typed> {
        let position = super::position_of(condition);
        let typed = self.condition(condition, context, "INVALID_AGGREGATE_FILTER.NOT_BOOLEAN")?;
        let class = |e: &Expression| matches!(e, Expression::Window { .. });
        if visit::any(&typed.expression, &class) {
            return Err(QueryError::new(
                "INVALID_AGGREGATE_FILTER.CONTAINS_WINDOW_FUNCTION",
                "The FILTER expression of an aggregate function contains a window function.",
            )
            .at(position));
        }
        Ok(typed)
    }

    fn arguments(&mut self, written: Written<'_>, context: Context<'_>) -> Result<Vec<Typed>> {
        let is_count = written.name.eq_ignore_ascii_case("count");
        if is_count && written.arguments.is_empty() {
            return Err(QueryError::new(
                "WRONG_NUM_ARGS.WITH_SUGGESTION",
                "The `count` requires >= 1 parameters but the actual number is 0.",
            )
            .at(written.position));
        }
        let mut arguments = Vec::with_capacity(written.arguments.len());
        for argument in written.arguments {
            match argument {
                Expression::UnresolvedStar { target: None, except, .. }
                    if is_count && !written.is_distinct && except.is_empty() && written.arguments.len() == 1 =>
                {
                    arguments.push(Typed::literal(Some("1"), DataType::Integer));
                }
                Expression::UnresolvedStar { target: Some(target), .. } if is_count => {
                    return Err(QueryError::new(
                        "INVALID_USAGE_OF_STAR_WITH_TABLE_IDENTIFIER_IN_COUNT",
                        format!(
                            "count({}.*) is not allowed. Use count(*) or expand the columns manually, e.g. count(col1, col2).",
                            crate::resolve::names::quoted(target)
                        ),
                    )
                    .at(written.position));
                }
                Expression::UnresolvedStar { target, except, position } => {
                    let position = position.or(written.position);
                    arguments.extend(self.star(context.names, target.as_deref(), except, position)?);
                }
                _ => arguments.push(self.expression(argument, context)?),
            }
        }
        Ok(arguments)
    }

    /// `struct['field']`; other parts of values are not covered.
    fn extract_value(&mut self, written: Written<'_>, context: Context<'_>) -> Result<Typed> {
        let [value, key] = written.arguments else {
            return Err(errors::wrong_arity("[]", "2", written.arguments.len(), written.position));
        };
        let value = self.expression(value, context)?;
        let name = match key {
            Expression::Literal { value: Some(name), data_type: DataType::String } => name,
            _ => {
                let own = value.data_type();
                if matches!(own, DataType::Array { .. } | DataType::Map { .. }) {
                    return Err(QueryError::unsupported("taking a part of an array or a map").at(written.position));
                }
                return Err(QueryError::new(
                    "INVALID_EXTRACT_FIELD_TYPE",
                    format!(
                        "Field name should be a non-null string literal for \"{}\" of type \"{}\".",
                        value.label,
                        auto_name::sql_type(&own)
                    ),
                )
                .at(written.position));
            }
        };
        let field = super::extract_field(value, name, self.options.case_sensitive, written.position)?;
        // `s.f` alone is called `f`, `s['f']` is called `s.f`.
        Ok(Typed { title: None, ..field })
    }
}

/// `datediff(DAY, a, b)`, `dateadd(DAY, 1, a)`: functions of another name whose first argument is a keyword.
fn with_unit(written: Written<'_>) -> Option<(&'static str, Vec<Expression>)> {
    let name = match written.name.to_lowercase().as_str() {
        "datediff" | "date_diff" | "timestampdiff" => "timestampdiff",
        "dateadd" | "date_add" | "timestampadd" => "timestampadd",
        _ => return None,
    };
    let [Expression::UnresolvedAttribute { parts, plan_id: None, .. }, first, second] = written.arguments else {
        return None;
    };
    let [unit] = parts.as_slice() else { return None };
    let unit = Expression::Literal { value: Some(unit.clone()), data_type: DataType::String };
    Some((name, vec![unit, first.clone(), second.clone()]))
}
