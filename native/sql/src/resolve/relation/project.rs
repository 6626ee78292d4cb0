//! `SELECT` without aggregation.
use super::expose::expose_used;
use crate::error::Result;
use crate::resolve::aggregate::has_aggregate_call;
use crate::resolve::resolver::{Env, Output, Resolver};
use crate::resolve::scope::Scope;
use crate::resolve::select::Item;
use crate::tree::{Expression, Relation};
use std::rc::Rc;

impl Resolver<'_> {
    pub(super) fn project(&mut self, input: &Relation, expressions: &[Expression], env: Env<'_>) -> Result<Output> {
        if expressions.iter().any(has_aggregate_call) {
            return self.global_aggregate(input, expressions, env);
        }
        let input = self.source(input, env)?;
        let items = self.select_list(expressions, &input.scope, env, false)?;
        Ok(self.projected(input, items))
    }

    /// The items over `input`; what was not selected can still be named by `Sort` and `Filter`.
    pub(in crate::resolve) fn projected(&mut self, input: Output, items: Vec<Item>) -> Output {
        let Output { mut plan, scope: below } = input;
        expose_used(&mut plan, &below, items.iter().map(|item| &item.expression));
        let fields = items.iter().map(Item::field).collect();
        let plan = self.assemble(plan, items);
        let scope = Scope { fields, hidden: Vec::new(), plan_ids: below.plan_ids.clone(), below: Some(Rc::new(below)) };
        Output { plan, scope }
    }
}
