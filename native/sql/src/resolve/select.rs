//! Select lists: stars, names, lateral aliases, and the `Project`s that compute them.
use super::expression::{Context, LateralAliases, Names, position_of};
use super::output::{data_type_of, nullable_of, output_of};
use super::registry::Typed;
use super::resolver::{Env, Resolver};
use super::scope::{Field, Scope};
use super::visit;
use crate::error::{QueryError, Result};
use crate::tree::Expression;
use crate::tree::Relation;
use std::collections::{BTreeMap, BTreeSet};

/// A column of a select list.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) expression: Expression,
    pub(super) name: String,
    /// The input column's own id if `is_column`, else a new one.
    pub(super) id: u64,
    /// A column of the input, passed on.
    pub(super) is_column: bool,
    qualifier: Option<String>,
    origin: u64,
}

impl Item {
    pub(super) fn field(&self) -> Field {
        Field {
            id: self.id,
            origin: self.origin,
            name: self.name.clone(),
            data_type: data_type_of(&self.expression),
            nullable: nullable_of(&self.expression),
            qualifier: self.qualifier.clone(),
        }
    }

    /// A reference to the item from above.
    pub(super) fn column(&self) -> Expression {
        self.field().column(&self.name)
    }

    fn definition(&self) -> Expression {
        if self.is_column {
            return self.column();
        }
        Expression::NamedColumn { expression: Box::new(self.expression.clone()), name: self.name.clone(), id: self.id }
    }

    /// Makes the item a reference to a column of its own id and name that is computed below.
    pub(super) fn computed_below(&mut self) {
        self.expression = self.column();
        self.is_column = true;
    }
}

/// The list being built.
pub(super) struct SelectList {
    pub(super) items: Vec<Item>,
    aliases: LateralAliases,
}

impl Resolver<'_> {
    /// Resolves a select list over `scope`.
    pub(super) fn select_list(
        &mut self,
        expressions: &[Expression],
        scope: &Scope,
        env: Env<'_>,
        has_grouping_id: bool,
    ) -> Result<Vec<Item>> {
        let mut list = SelectList { items: Vec::with_capacity(expressions.len()), aliases: LateralAliases::default() };
        for expression in expressions {
            self.select_item(expression, scope, env, has_grouping_id, &mut list)?;
        }
        Ok(list.items)
    }

    fn select_item(
        &mut self,
        expression: &Expression,
        scope: &Scope,
        env: Env<'_>,
        has_grouping_id: bool,
        list: &mut SelectList,
    ) -> Result<()> {
        let names = Names { aliases: Some(&list.aliases), has_grouping_id, ..Names::of(scope) };
        let context = Context::new(&names, env);
        match expression {
            Expression::ExpressionString { text } => {
                let parsed = crate::parse::parse_expression(text)?;
                self.select_item(&parsed, scope, Env { is_sql: true, ..env }, has_grouping_id, list)
            }
            Expression::UnresolvedStar { target, except, position } => {
                for typed in self.star(&names, target.as_deref(), except, *position)? {
                    let item = self.item(typed, None, scope, &list.items);
                    list.items.push(item);
                }
                Ok(())
            }
            Expression::Alias { expression, names: aliases } => {
                let [alias] = aliases.as_slice() else {
                    return Err(QueryError::unsupported("an expression with several aliases").at(position_of(expression)));
                };
                let typed = self.expression(expression, context)?;
                let item = self.item(typed, Some(alias), scope, &list.items);
                list.aliases.fields.push(item.field());
                list.items.push(item);
                Ok(())
            }
            _ => {
                let typed = self.expression(expression, context)?;
                let item = self.item(typed, None, scope, &list.items);
                list.items.push(item);
                Ok(())
            }
        }
    }

    fn item(&mut self, typed: Typed, alias: Option<&str>, scope: &Scope, before: &[Item]) -> Item {
        let name = alias.unwrap_or_else(|| typed.column_name()).to_owned();
        if let (None, Expression::Column { id, .. }) = (alias, &typed.expression) {
            let source = scope.field_by_id(*id);
            let qualifier = source.and_then(|field| field.qualifier.clone());
            let origin = source.map_or(*id, |field| field.origin);
            // A second copy needs an id of its own; so does the value of a lateral alias.
            let is_column = source.is_some() && before.iter().all(|item| item.id != *id);
            let id = if is_column { *id } else { self.fresh_id() };
            return Item { expression: typed.expression, name, id, is_column, qualifier, origin };
        }
        let id = self.fresh_id();
        Item { expression: typed.expression, name, id, is_column: false, qualifier: None, origin: id }
    }

    /// An item that is not part of the result: a sort key, a condition.
    pub(super) fn hidden_item(&mut self, expression: Expression, name: &str) -> Item {
        if let Expression::Column { id, name, .. } = &expression {
            let (id, name) = (*id, name.clone());
            return Item { expression, name, id, is_column: true, qualifier: None, origin: id };
        }
        let id = self.fresh_id();
        Item { expression, name: name.to_owned(), id, is_column: false, qualifier: None, origin: id }
    }

    /// The items over `plan`: windows in a `Project` of their own, items that others name before those others.
    pub(super) fn assemble(&mut self, plan: Relation, mut items: Vec<Item>) -> Relation {
        let levels = levels_of(&items);
        let last = levels.iter().copied().max().unwrap_or(0);
        let mut plan = plan;
        for level in 0..=last {
            plan = self.compute_windows(plan, &mut items, &levels, level);
            if level < last {
                plan = materialise(plan, &mut items, &levels, level);
            }
        }
        let below = output_of(&plan);
        let same = below.len() == items.len()
            && below.iter().zip(&items).all(|(column, item)| item.is_column && column.id == item.id && column.name == item.name);
        if same {
            return plan;
        }
        Relation::Project { input: Box::new(plan), expressions: items.iter().map(Item::definition).collect() }
    }

    fn compute_windows(&mut self, plan: Relation, items: &mut [Item], levels: &[usize], level: usize) -> Relation {
        let mut windows: Vec<Expression> = Vec::new();
        for (item, _) in items.iter_mut().zip(levels).filter(|(_, own)| **own == level) {
            if let window @ Expression::Window { .. } = &item.expression {
                windows.push(Expression::NamedColumn { expression: Box::new(window.clone()), name: item.name.clone(), id: item.id });
                item.computed_below();
                continue;
            }
            let expression = visit::take(&mut item.expression);
            item.expression = self.extract_windows(expression, &mut windows);
        }
        if windows.is_empty() {
            return plan;
        }
        let mut expressions = pass_through(&plan);
        expressions.extend(windows);
        Relation::Project { input: Box::new(plan), expressions }
    }

    fn extract_windows(&mut self, expression: Expression, windows: &mut Vec<Expression>) -> Expression {
        if let Expression::Window { function, .. } = &expression {
            let name = match function.as_ref() {
                Expression::Call { name, .. } => name.clone(),
                _ => "window".to_owned(),
            };
            let known = windows.iter().find_map(|known| match known {
                Expression::NamedColumn { expression: own, name, id } if super::equal::equivalent(own, &expression) => {
                    Some((*id, name.clone()))
                }
                _ => None,
            });
            let (data_type, nullable) = (data_type_of(&expression), nullable_of(&expression));
            let (id, name) = known.unwrap_or_else(|| {
                let id = self.fresh_id();
                windows.push(Expression::NamedColumn { expression: Box::new(expression.clone()), name: name.clone(), id });
                (id, name)
            });
            return Expression::Column { id, name, data_type, nullable };
        }
        let mapped: std::result::Result<Expression, std::convert::Infallible> =
            visit::map_parts(expression, &mut |part| Ok(self.extract_windows(part, windows)));
        match mapped {
            Ok(expression) => expression,
            Err(never) => match never {},
        }
    }
}

/// All columns of a plan, as they are.
pub(super) fn pass_through(plan: &Relation) -> Vec<Expression> {
    output_of(plan).into_iter().map(|column| Field::from_output(column, None)).map(|field| field.column(&field.name)).collect()
}

/// 0 for items over the input alone, one more than the items they name for the others.
fn levels_of(items: &[Item]) -> Vec<usize> {
    let mut by_id: BTreeMap<u64, usize> = BTreeMap::new();
    let mut levels = Vec::with_capacity(items.len());
    for item in items {
        let mut level = 0;
        if !item.is_column {
            for_each_column(&item.expression, &mut |id| {
                if let Some(own) = by_id.get(&id) {
                    level = level.max(own + 1);
                }
            });
            by_id.insert(item.id, level);
        }
        levels.push(level);
    }
    levels
}

/// Computes the items of a level that later items name.
fn materialise(plan: Relation, items: &mut [Item], levels: &[usize], level: usize) -> Relation {
    let mut named = BTreeSet::new();
    for (item, _) in items.iter().zip(levels).filter(|(_, own)| **own > level) {
        for_each_column(&item.expression, &mut |id| {
            named.insert(id);
        });
    }
    let mut expressions = pass_through(&plan);
    let before = expressions.len();
    for (item, _) in items.iter_mut().zip(levels).filter(|(_, own)| **own == level) {
        if !item.is_column && named.contains(&item.id) {
            expressions.push(item.definition());
            item.computed_below();
        }
    }
    if expressions.len() == before {
        return plan;
    }
    Relation::Project { input: Box::new(plan), expressions }
}

/// The columns an expression uses, those that its subqueries take from around them too.
pub(super) fn for_each_column(expression: &Expression, f: &mut dyn FnMut(u64)) {
    visit::for_each_subexpression(expression, &mut |part| match part {
        Expression::Column { id, .. } => f(*id),
        Expression::Subquery { plan, .. } => super::expression::outer_ids(plan).into_iter().for_each(&mut *f),
        _ => {}
    });
}
