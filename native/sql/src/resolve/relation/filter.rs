//! `WHERE` and `df.filter`.
use super::expose::expose_used;
use crate::error::{QueryError, Result};
use crate::resolve::aggregate::{aggregation_below, has_aggregate_call};
use crate::resolve::expression::{Context, Names, position_of};
use crate::resolve::registry;
use crate::resolve::resolver::{Env, Output, Resolver};
use crate::resolve::visit;
use crate::resolve::window::has_window;
use crate::tree::{Expression, Relation};

impl Resolver<'_> {
    pub(super) fn filter(&mut self, input: &Relation, condition: &Expression, env: Env<'_>) -> Result<Output> {
        if !env.is_sql
            && has_aggregate_call(condition)
            && let Some(below) = aggregation_below(input)
        {
            return self.filtered_aggregate(below, condition, env);
        }
        let Output { mut plan, scope } = self.source(input, env)?;
        let names = if env.is_sql { Names::of(&scope) } else { Names::deep(&scope) };
        let typed = self.condition(condition, Context::new(&names, env), "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN")?;
        let position = position_of(condition);
        if has_window(&typed.expression) {
            return Err(QueryError::new(
                "WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE",
                "It is not allowed to use window functions inside WHERE clause.",
            )
            .at(position)
            .hint("Compute the window function in a subquery and filter its result"));
        }
        if has_aggregate(&typed.expression) {
            return Err(QueryError::new(
                "INVALID_WHERE_CONDITION",
                format!("The WHERE condition \"{}\" contains invalid expressions: aggregate functions.", typed.label),
            )
            .at(position)
            .hint("Rewrite the query to avoid aggregate functions in the WHERE clause, or use HAVING"));
        }
        expose_used(&mut plan, &scope, [&typed.expression]);
        let plan = Relation::Filter { input: Box::new(plan), condition: typed.expression };
        let plan = if env.is_sql { plan } else { self.without_exposed(plan, &scope) };
        Ok(Output { plan, scope })
    }
}

/// An aggregate call anywhere but as a window function.
pub(in crate::resolve) fn has_aggregate(expression: &Expression) -> bool {
    match expression {
        Expression::Call { name, .. } if registry::is_aggregate(name) => true,
        Expression::Window { function, spec } => {
            let Expression::Call { arguments, .. } = function.as_ref() else { return false };
            arguments.iter().chain(&spec.partition_by).chain(spec.order_by.iter().map(|key| &key.child)).any(has_aggregate)
        }
        _ => {
            let mut found = false;
            visit::for_each_part(expression, &mut |part| found = found || has_aggregate(part));
            found
        }
    }
}
