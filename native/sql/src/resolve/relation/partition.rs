//! `repartition`, `repartitionByRange`, the partition columns of a write.
use super::expose::expose_used;
use super::filter::has_aggregate;
use crate::error::{QueryError, Result};
use crate::resolve::errors;
use crate::resolve::expression::{Context, Names, position_of};
use crate::resolve::names::same_name;
use crate::resolve::resolver::{Env, Output, Resolver};
use crate::resolve::scope::Field;
use crate::resolve::window::{explicit, has_window};
use crate::tree::{Relation, SortOrder};

impl Resolver<'_> {
    pub(super) fn repartition(
        &mut self,
        input: &Relation,
        num_partitions: Option<u32>,
        expressions: &[SortOrder],
        is_range: bool,
        env: Env<'_>,
    ) -> Result<Output> {
        if num_partitions == Some(0) {
            return Err(QueryError::new("INVALID_NUM_PARTITIONS", "Number of partitions (0) must be positive."));
        }
        let Output { mut plan, scope } = self.relation(input, env)?;
        let names = Names::deep(&scope);
        let mut keys = Vec::with_capacity(expressions.len());
        for key in expressions {
            let typed = self.expression(&key.child, Context::new(&names, env))?;
            if has_aggregate(&typed.expression) || has_window(&typed.expression) {
                return Err(QueryError::new(
                    "UNSUPPORTED_EXPR_FOR_OPERATOR",
                    "The query operator RepartitionByExpression contains one or more unsupported expressions.",
                )
                .at(position_of(&key.child)));
            }
            keys.push(explicit(key, typed.expression));
        }
        expose_used(&mut plan, &scope, keys.iter().map(|key| &key.child));
        let plan = Relation::RepartitionByExpression { input: Box::new(plan), num_partitions, expressions: keys, is_range };
        let plan = self.without_exposed(plan, &scope);
        Ok(Output { plan, scope })
    }

    /// The columns a write partitions by, as the input spells them.
    pub(super) fn partition_columns(&self, fields: &[Field], names: &[String]) -> Result<Vec<String>> {
        names
            .iter()
            .map(|name| {
                let found = fields.iter().find(|field| same_name(&field.name, name, self.options.case_sensitive));
                found.map(|field| field.name.clone()).ok_or_else(|| {
                    let candidates: Vec<Vec<String>> = fields.iter().map(|field| vec![field.name.clone()]).collect();
                    errors::unresolved_column(std::slice::from_ref(name), &candidates, None)
                })
            })
            .collect()
    }
}
