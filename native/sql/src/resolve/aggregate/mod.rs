//! Aggregation: `SELECT` lists with aggregate functions, GROUP BY in all its forms, HAVING, and ORDER BY over it.
//!
//! What comes out, from below: `Aggregate` (grouping columns and aggregate calls, nothing else), `Filter` for HAVING, the
//! `Project`s of the select list, `Sort`, and a `Project` that removes what only the sort needed.

mod grouping;
mod split;

use super::expression::{Context, GroupNames, Names, position_of};
use super::output::data_type_of;
use super::registry;
use super::relation::{expand_all, expose_used};
use super::resolver::{Env, Output, Resolver, project_fields};
use super::scope::{Field, Scope};
use super::select::Item;
use super::visit;
use super::window::{explicit, has_window};
use crate::error::{QueryError, Result};
use crate::tree::{Expression, GroupKind, Relation, SortOrder};
use grouping::Grouping;
use split::{Clause, Splitter};
use std::rc::Rc;

/// An aggregation and the nodes between it and the one that looks through them.
pub(super) struct Aggregation<'r> {
    node: &'r Relation,
    pub(super) filters: Vec<&'r Expression>,
    plan_ids: Vec<u64>,
}

/// The aggregation right below `relation`: through `Filter` and `PlanId` only.
pub(super) fn aggregation_below(relation: &Relation) -> Option<Aggregation<'_>> {
    let (mut filters, mut plan_ids) = (Vec::new(), Vec::new());
    let mut node = relation;
    loop {
        match node {
            Relation::Aggregate { .. } => return Some(Aggregation { node, filters, plan_ids }),
            Relation::Project { expressions, .. } if expressions.iter().any(has_aggregate_call) => {
                return Some(Aggregation { node, filters, plan_ids });
            }
            Relation::Filter { input, condition } => {
                filters.push(condition);
                node = input;
            }
            Relation::PlanId { input, plan_id } => {
                plan_ids.push(*plan_id);
                node = input;
            }
            _ => return None,
        }
    }
}

/// Whether an unresolved expression calls an aggregate function (a window function is none, but its arguments may be).
pub(super) fn has_aggregate_call(expression: &Expression) -> bool {
    match expression {
        Expression::UnresolvedFunction { name, .. } if registry::is_aggregate(name) => true,
        Expression::Window { function, spec } => {
            let Expression::UnresolvedFunction { arguments, .. } = function.as_ref() else { return false };
            arguments.iter().chain(&spec.partition_by).chain(spec.order_by.iter().map(|key| &key.child)).any(has_aggregate_call)
        }
        Expression::ExpressionString { text } => crate::parse::parse_expression(text).is_ok_and(|parsed| has_aggregate_call(&parsed)),
        _ => {
            let mut found = false;
            visit::for_each_part(expression, &mut |part| found = found || has_aggregate_call(part));
            found
        }
    }
}

/// What HAVING, filters and ORDER BY add to an aggregation.
#[derive(Default)]
struct Above<'r> {
    filters: Vec<&'r Expression>,
    order: Option<(&'r [SortOrder], bool)>,
    plan_ids: Vec<u64>,
}

/// The parts of an `Aggregate` node.
struct Parts<'r> {
    input: &'r Relation,
    kind: GroupKind,
    grouping: &'r [Expression],
    sets: &'r [Vec<u32>],
    list: &'r [Expression],
    having: Option<&'r Expression>,
}

fn parts_of(node: &Relation) -> Result<Parts<'_>> {
    match node {
        Relation::Aggregate { input, group_kind, grouping, grouping_sets, aggregates, having } => {
            Ok(Parts { input, kind: *group_kind, grouping, sets: grouping_sets, list: aggregates, having: having.as_ref() })
        }
        Relation::Project { input, expressions } => {
            Ok(Parts { input, kind: GroupKind::GroupBy, grouping: &[], sets: &[], list: expressions, having: None })
        }
        _ => Err(QueryError::new("INTERNAL_ERROR", "not an aggregation")),
    }
}

impl Resolver<'_> {
    pub(super) fn aggregate_over(&mut self, node: &Relation, env: Env<'_>) -> Result<Output> {
        self.aggregate(parts_of(node)?, Above::default(), env)
    }

    /// A select list with aggregate functions and no GROUP BY.
    pub(super) fn global_aggregate(&mut self, input: &Relation, list: &[Expression], env: Env<'_>) -> Result<Output> {
        let parts = Parts { input, kind: GroupKind::GroupBy, grouping: &[], sets: &[], list, having: None };
        self.aggregate(parts, Above::default(), env)
    }

    /// `df.groupBy(..).agg(..).filter("sum(x) > 1")`.
    pub(super) fn filtered_aggregate(&mut self, below: Aggregation<'_>, condition: &Expression, env: Env<'_>) -> Result<Output> {
        let Aggregation { node, mut filters, plan_ids } = below;
        filters.push(condition);
        self.aggregate(parts_of(node)?, Above { filters, order: None, plan_ids }, env)
    }

    pub(super) fn sorted_aggregate(
        &mut self,
        below: Aggregation<'_>,
        order: &[SortOrder],
        is_global: bool,
        env: Env<'_>,
    ) -> Result<Output> {
        let Aggregation { node, filters, plan_ids } = below;
        self.aggregate(parts_of(node)?, Above { filters, order: Some((order, is_global)), plan_ids }, env)
    }

    fn aggregate(&mut self, parts: Parts<'_>, above: Above<'_>, env: Env<'_>) -> Result<Output> {
        let Output { plan: mut input, scope } = self.source(parts.input, env)?;
        let with_sets = !matches!(parts.kind, GroupKind::GroupBy | GroupKind::All);
        let mut items = self.select_list(parts.list, &scope, env, with_sets)?;
        let grouping = self.grouping(&parts, &items, &scope, env)?;
        let output = Scope { fields: items.iter().map(Item::field).collect(), plan_ids: scope.plan_ids.clone(), ..Scope::default() };
        let mut splitter = Splitter::new(grouping, &items);
        let one_to_one = items.len() == parts.list.len();
        for (index, item) in items.iter_mut().enumerate() {
            let position = parts.list.get(index).filter(|_| one_to_one).and_then(position_of);
            splitter.split_item(self, item).map_err(|error| error.at(position))?;
        }
        let inline = items.clone();
        let having = parts.having.map(|condition| (condition, true));
        let filters = above.filters.iter().map(|condition| (*condition, false));
        let mut conditions = Vec::new();
        for (condition, prefer_input) in having.into_iter().chain(filters) {
            conditions.push(self.having(condition, prefer_input, &mut splitter, (&scope, &output), &inline, env)?);
        }
        let visible = items.len();
        let mut keys = Vec::new();
        if let Some((order, _)) = above.order {
            self.order_keys(order, &mut splitter, (&scope, &output), (&mut items, &mut keys), env)?;
        }
        expose_used(&mut input, &scope, splitter.used());
        let below = splitter.visible_grouping(&scope);
        let mut plan = splitter.finish(input);
        if let Some(condition) = conjunction(conditions) {
            plan = Relation::Filter { input: Box::new(plan), condition };
        }
        let fields: Vec<Field> = items.iter().take(visible).map(Item::field).collect();
        let has_hidden = items.len() > visible;
        plan = self.assemble(plan, items);
        if let Some((_, is_global)) = above.order {
            plan = Relation::Sort { input: Box::new(plan), order: keys, is_global };
        }
        if has_hidden {
            plan = project_fields(plan, &fields);
        }
        let mut plan_ids = scope.plan_ids;
        for plan_id in above.plan_ids {
            plan_ids.push((plan_id, Rc::new(fields.clone())));
        }
        Ok(Output { plan, scope: Scope { fields, hidden: Vec::new(), plan_ids, below: Some(Rc::new(below)) } })
    }

    fn having(
        &mut self,
        condition: &Expression,
        prefer_input: bool,
        splitter: &mut Splitter,
        (input, output): (&Scope, &Scope),
        items: &[Item],
        env: Env<'_>,
    ) -> Result<Expression> {
        let ids = splitter.grouping_ids();
        let group = Some(GroupNames { input, grouping_ids: &ids, prefer_input });
        let names = Names { scopes: vec![output], group, has_grouping_id: true, ..Names::default() };
        let typed = self.condition(condition, Context::new(&names, env), "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN")?;
        let position = position_of(condition);
        if has_window(&typed.expression) {
            return Err(QueryError::new(
                "WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE",
                "It is not allowed to use window functions inside HAVING clause.",
            )
            .at(position));
        }
        let expression = splitter.split(self, typed.expression, &Clause::above(output, position))?;
        let expression = inlined(expression, items);
        if has_window(&expression) {
            return Err(QueryError::unsupported("a condition over a window function of the same query").at(position));
        }
        Ok(expression)
    }

    /// The sort keys; what the select list does not give becomes a hidden item.
    fn order_keys(
        &mut self,
        order: &[SortOrder],
        splitter: &mut Splitter,
        (input, output): (&Scope, &Scope),
        (items, keys): (&mut Vec<Item>, &mut Vec<SortOrder>),
        env: Env<'_>,
    ) -> Result<()> {
        let ids = splitter.grouping_ids();
        let group = Some(GroupNames { input, grouping_ids: &ids, prefer_input: false });
        let names = Names { scopes: vec![output], group, has_grouping_id: true, ..Names::default() };
        for key in expand_all(order, output, self.options.case_sensitive) {
            let position = position_of(&key.child);
            let child = self.sort_key(&key.child, &output.fields, Context::new(&names, env))?;
            if has_window(&child) {
                return Err(QueryError::new(
                    "UNSUPPORTED_EXPR_FOR_OPERATOR",
                    "The query operator Sort contains one or more unsupported expressions.",
                )
                .at(position));
            }
            let child = splitter.split(self, child, &Clause::above(output, position))?;
            let given = |id: u64| items.iter().any(|item| item.id == id);
            let mut all_given = true;
            super::select::for_each_column(&child, &mut |id| all_given = all_given && given(id));
            let child = if all_given {
                child
            } else if let Some(item) = items.iter().find(|item| super::equal::equivalent(&item.expression, &child)) {
                item.column()
            } else {
                let item = self.hidden_item(child, "sort key");
                let column = item.column();
                items.push(item);
                column
            };
            keys.push(explicit(&key, child));
        }
        Ok(())
    }

    fn grouping(&mut self, parts: &Parts<'_>, items: &[Item], scope: &Scope, env: Env<'_>) -> Result<Grouping> {
        let mut grouping = Grouping::new(parts.kind);
        if parts.kind == GroupKind::All {
            grouping.infer(self, items)?;
        } else {
            for expression in parts.grouping {
                let resolved = self.grouping_expression(expression, parts.list, items, scope, env)?;
                grouping.push(self, resolved);
            }
        }
        grouping.sets(parts.sets);
        Ok(grouping)
    }
}

/// References to select items replaced by what they compute.
pub(super) fn inlined(expression: Expression, items: &[Item]) -> Expression {
    if let Expression::Column { id, .. } = &expression
        && let Some(item) = items.iter().find(|item| item.id == *id && !item.is_column)
    {
        return inlined(item.expression.clone(), items);
    }
    let mapped: std::result::Result<Expression, std::convert::Infallible> =
        visit::map_parts(expression, &mut |part| Ok(inlined(part, items)));
    match mapped {
        Ok(expression) => expression,
        Err(never) => match never {},
    }
}

fn conjunction(conditions: Vec<Expression>) -> Option<Expression> {
    conditions.into_iter().reduce(|left, right| {
        let nullable = super::nullable_of(&left) || super::nullable_of(&right);
        let data_type = data_type_of(&left);
        Expression::Call { name: "and".to_owned(), arguments: vec![left, right], is_distinct: false, filter: None, data_type, nullable }
    })
}
