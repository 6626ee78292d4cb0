//! GROUP BY: ordinals, aliases, ALL, and the grouping sets of ROLLUP and CUBE.
use super::inlined;
use crate::error::{QueryError, Result};
use crate::resolve::equal::equivalent;
use crate::resolve::expression::{Context, Names, position_of};
use crate::resolve::names::same_name;
use crate::resolve::relation::has_aggregate;
use crate::resolve::resolver::{Env, Resolver};
use crate::resolve::scope::Scope;
use crate::resolve::select::Item;
use crate::resolve::visit;
use crate::resolve::window::has_window;
use crate::resolve::{data_type_of, nullable_of};
use crate::tree::{DataType, Expression, GroupKind};

/// One grouping expression.
pub(super) struct Group {
    /// Over the input.
    pub(super) expression: Expression,
    pub(super) name: String,
    /// The column above the `Aggregate`.
    pub(super) id: u64,
}

pub(super) struct Grouping {
    pub(super) kind: GroupKind,
    pub(super) groups: Vec<Group>,
    /// Place in `groups` of each expression as written.
    written: Vec<u32>,
    /// Indices into `groups`; empty unless with sets.
    pub(super) sets: Vec<Vec<u32>>,
}

impl Grouping {
    pub(super) const fn new(kind: GroupKind) -> Self {
        Self { kind, groups: Vec::new(), written: Vec::new(), sets: Vec::new() }
    }

    pub(super) const fn has_sets(&self) -> bool {
        !matches!(self.kind, GroupKind::GroupBy | GroupKind::All)
    }

    pub(super) fn push(&mut self, resolver: &mut Resolver<'_>, (expression, name): (Expression, String)) {
        let known = self.groups.iter().position(|group| equivalent(&group.expression, &expression));
        let index = known.unwrap_or_else(|| {
            let id = match &expression {
                // A set without the column gives NULL for it: another column.
                Expression::Column { id, .. } if !self.has_sets() => *id,
                _ => resolver.fresh_id(),
            };
            self.groups.push(Group { expression, name, id });
            self.groups.len() - 1
        });
        self.written.push(u32::try_from(index).unwrap_or(u32::MAX));
    }

    /// GROUP BY ALL: the items without aggregates.
    pub(super) fn infer(&mut self, resolver: &mut Resolver<'_>, items: &[Item]) -> Result<()> {
        for item in items {
            if !has_aggregate(&item.expression) {
                self.push(resolver, (inlined(item.expression.clone(), items), item.name.clone()));
            }
        }
        for item in items.iter().filter(|item| has_aggregate(&item.expression)) {
            if self.groups.is_empty() && !self.covers(&item.expression) {
                return Err(QueryError::new(
                    "UNRESOLVED_ALL_IN_GROUP_BY",
                    "Cannot infer grouping columns for GROUP BY ALL based on the select clause. Please explicitly specify the grouping columns.",
                ));
            }
        }
        Ok(())
    }

    /// No column of the input stands outside the aggregates and the grouping expressions.
    fn covers(&self, expression: &Expression) -> bool {
        if self.groups.iter().any(|group| equivalent(&group.expression, expression)) {
            return true;
        }
        match expression {
            Expression::Column { .. } => false,
            Expression::Call { name, .. } if crate::resolve::registry::is_aggregate(name) => true,
            _ => {
                let mut all = true;
                visit::for_each_part(expression, &mut |part| all = all && self.covers(part));
                all
            }
        }
    }

    pub(super) fn sets(&mut self, given: &[Vec<u32>]) {
        let all = &self.written;
        let sets: Vec<Vec<u32>> = match self.kind {
            GroupKind::GroupBy | GroupKind::All => return,
            GroupKind::Rollup => (0..=all.len()).rev().map(|length| all.iter().take(length).copied().collect()).collect(),
            GroupKind::Cube => {
                let subsets = 1_u32.checked_shl(u32::try_from(all.len()).unwrap_or(u32::MAX)).unwrap_or(0);
                (0..subsets)
                    .rev()
                    .map(|mask| {
                        let bit = |place: usize| mask >> (all.len() - 1 - place) & 1 == 1;
                        all.iter().enumerate().filter(|(place, _)| bit(*place)).map(|(_, index)| *index).collect()
                    })
                    .collect()
            }
            GroupKind::GroupingSets => {
                given.iter().map(|set| set.iter().filter_map(|index| all.get(usize::try_from(*index).ok()?).copied()).collect()).collect()
            }
        };
        self.sets = sets
            .into_iter()
            .map(|set| {
                let mut distinct: Vec<u32> = Vec::with_capacity(set.len());
                for index in set {
                    if !distinct.contains(&index) {
                        distinct.push(index);
                    }
                }
                distinct
            })
            .collect();
    }

    /// The column above the `Aggregate`.
    pub(super) fn column(&self, index: usize) -> Option<Expression> {
        let group = self.groups.get(index)?;
        let place = u32::try_from(index).ok()?;
        let missing = self.sets.iter().any(|set| !set.contains(&place));
        Some(Expression::Column {
            id: group.id,
            name: group.name.clone(),
            data_type: data_type_of(&group.expression),
            nullable: missing || nullable_of(&group.expression),
        })
    }
}

impl Resolver<'_> {
    /// A grouping expression and its name: a place in the select list, a column of the input, an alias, or any expression.
    pub(super) fn grouping_expression(
        &mut self,
        expression: &Expression,
        list: &[Expression],
        items: &[Item],
        scope: &Scope,
        env: Env<'_>,
    ) -> Result<(Expression, String)> {
        if let Expression::Literal { value: Some(text), data_type: DataType::Integer } = expression
            && self.options.group_by_ordinal
        {
            return by_place(text, items);
        }
        let names = Names::of(scope);
        let resolved = match self.expression(expression, Context::new(&names, env)) {
            Ok(typed) => {
                let name = match &typed.expression {
                    Expression::Column { name, .. } => name.clone(),
                    _ => typed.label,
                };
                (typed.expression, name)
            }
            Err(error) => match alias_of(expression, list, items, self.options.case_sensitive) {
                Some(item) if error.class.starts_with("UNRESOLVED_COLUMN") => (inlined(item.expression.clone(), items), item.name.clone()),
                _ => return Err(error),
            },
        };
        let position = position_of(expression);
        if has_window(&resolved.0) {
            return Err(QueryError::new(
                "WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE",
                "It is not allowed to use window functions inside GROUP BY clause.",
            )
            .at(position));
        }
        if has_aggregate(&resolved.0) {
            return Err(QueryError::new(
                "GROUP_BY_AGGREGATE",
                format!("Aggregate functions are not allowed in GROUP BY, but found {}.", resolved.1),
            )
            .at(position));
        }
        if matches!(data_type_of(&resolved.0), DataType::Map { .. }) {
            return Err(QueryError::new(
                "GROUP_EXPRESSION_TYPE_IS_NOT_ORDERABLE",
                format!(
                    "The expression \"{}\" cannot be used as a grouping expression because its data type is not an orderable data type.",
                    resolved.1
                ),
            )
            .at(position));
        }
        Ok(resolved)
    }
}

fn by_place(text: &str, items: &[Item]) -> Result<(Expression, String)> {
    let index: i64 = text.parse().unwrap_or(0);
    let Some(item) = usize::try_from(index - 1).ok().and_then(|index| items.get(index)) else {
        return Err(QueryError::new(
            "GROUP_BY_POS_OUT_OF_RANGE",
            format!("GROUP BY position {index} is not in select list (valid range is [1, {}]).", items.len()),
        ));
    };
    if has_aggregate(&item.expression) || has_window(&item.expression) {
        return Err(QueryError::new(
            "GROUP_BY_POS_AGGREGATE",
            format!(
                "GROUP BY {index} refers to an expression {} that contains an aggregate function. Aggregate functions are not allowed in GROUP BY.",
                item.name
            ),
        ));
    }
    Ok((inlined(item.expression.clone(), items), item.name.clone()))
}

/// The select item of that name; only a bare name can be an alias.
fn alias_of<'i>(expression: &Expression, list: &[Expression], items: &'i [Item], case_sensitive: bool) -> Option<&'i Item> {
    let Expression::UnresolvedAttribute { parts, .. } = expression else { return None };
    let [name] = parts.as_slice() else { return None };
    if list.is_empty() {
        return None;
    }
    items.iter().find(|item| same_name(&item.name, name, case_sensitive))
}
