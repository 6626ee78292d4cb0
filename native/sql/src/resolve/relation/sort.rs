//! `ORDER BY`, `SORT BY`, `df.sort`: ordinals, ALL, columns that were not selected.
use super::expose::expose_used;
use super::filter::has_aggregate;
use crate::error::{QueryError, Result};
use crate::resolve::aggregate::{aggregation_below, has_aggregate_call};
use crate::resolve::expression::{Context, Names, position_of};
use crate::resolve::output::output_of;
use crate::resolve::resolver::{Env, Output, Resolver, project_fields};
use crate::resolve::scope::{Field, Scope};
use crate::resolve::window::{explicit, has_window};
use crate::tree::{DataType, Expression, Relation, SortOrder};

impl Resolver<'_> {
    pub(super) fn sort(&mut self, input: &Relation, order: &[SortOrder], is_global: bool, env: Env<'_>) -> Result<Output> {
        if let Some(below) = aggregation_below(input)
            && (below.filters.is_empty() || order.iter().any(|key| has_aggregate_call(&key.child)))
        {
            return self.sorted_aggregate(below, order, is_global, env);
        }
        let Output { mut plan, scope } = self.relation(input, env)?;
        let names = Names::deep(&scope);
        let mut keys = Vec::with_capacity(order.len());
        for key in expand_all(order, &scope, self.options.case_sensitive) {
            let child = self.sort_key(&key.child, &scope.fields, Context::new(&names, env))?;
            if has_aggregate(&child) || has_window(&child) {
                return Err(QueryError::new(
                    "UNSUPPORTED_EXPR_FOR_OPERATOR",
                    "The query operator Sort contains one or more unsupported expressions.",
                )
                .at(position_of(&key.child)));
            }
            keys.push(explicit(&key, child));
        }
        expose_used(&mut plan, &scope, keys.iter().map(|key| &key.child));
        let plan = Relation::Sort { input: Box::new(plan), order: keys, is_global };
        let plan = self.without_exposed(plan, &scope);
        Ok(Output { plan, scope })
    }

    /// One key; a whole number stands for a column of the result.
    pub(in crate::resolve) fn sort_key(&mut self, key: &Expression, output: &[Field], context: Context<'_>) -> Result<Expression> {
        if let Expression::Literal { value: Some(text), data_type: DataType::Integer } = key
            && self.options.order_by_ordinal
        {
            let index: i64 = text.parse().unwrap_or(0);
            let field = usize::try_from(index - 1).ok().and_then(|index| output.get(index));
            return match field {
                Some(field) => Ok(field.column(&field.name)),
                None => Err(QueryError::new(
                    "ORDER_BY_POS_OUT_OF_RANGE",
                    format!("ORDER BY position {index} is not in select list (valid range is [1, {}]).", output.len()),
                )),
            };
        }
        Ok(self.expression(key, context)?.expression)
    }

    /// Removes the columns that were only needed by the node at the top.
    pub(super) fn without_exposed(&mut self, plan: Relation, scope: &Scope) -> Relation {
        let (Relation::Sort { input, .. } | Relation::Filter { input, .. } | Relation::RepartitionByExpression { input, .. }) = &plan
        else {
            return plan;
        };
        let given = output_of(input).len();
        if given == scope.fields.len() {
            return plan;
        }
        project_fields(plan, &scope.fields)
    }
}

/// `ORDER BY ALL`: all columns of the result, unless there is a column of that name.
pub(in crate::resolve) fn expand_all(order: &[SortOrder], scope: &Scope, case_sensitive: bool) -> Vec<SortOrder> {
    let [SortOrder { child: Expression::UnresolvedAttribute { parts, plan_id: None, .. }, direction, null_ordering }] = order else {
        return order.to_vec();
    };
    let is_all = matches!(parts.as_slice(), [name] if name.eq_ignore_ascii_case("all"));
    if !is_all || !matches!(scope.find(parts, case_sensitive, None), Ok(None)) {
        return order.to_vec();
    }
    (1..=scope.fields.len())
        .map(|ordinal| SortOrder {
            child: Expression::Literal { value: Some(ordinal.to_string()), data_type: DataType::Integer },
            direction: *direction,
            null_ordering: *null_ordering,
        })
        .collect()
}
