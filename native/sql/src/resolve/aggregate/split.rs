//! Splitting expressions at the aggregates: what is computed by the `Aggregate`, and what above it.
use super::grouping::Grouping;
use crate::error::{QueryError, Result};
use crate::resolve::equal::{equivalent, is_determinate};
use crate::resolve::errors;
use crate::resolve::expression::outer_ids;
use crate::resolve::output::{data_type_of, nullable_of};
use crate::resolve::registry;
use crate::resolve::resolver::Resolver;
use crate::resolve::scope::{Field, Scope};
use crate::resolve::select::Item;
use crate::resolve::visit;
use crate::tree::{Expression, GroupKind, Position, Relation};

/// Where an expression stands, for the error when a column of it is not grouped.
pub(super) enum Clause {
    Select,
    /// HAVING and ORDER BY: such a column is simply not there.
    Above {
        candidates: Vec<Vec<String>>,
        position: Option<Position>,
    },
}

impl Clause {
    pub(super) fn above(output: &Scope, position: Option<Position>) -> Self {
        Self::Above { candidates: output.candidates(), position }
    }
}

struct Aggregated {
    call: Expression,
    name: String,
    id: u64,
}

pub(super) struct Splitter {
    grouping: Grouping,
    calls: Vec<Aggregated>,
    /// Ids of the select items, which may be named laterally and by HAVING and ORDER BY.
    item_ids: Vec<u64>,
}

impl Splitter {
    pub(super) fn new(grouping: Grouping, items: &[Item]) -> Self {
        let item_ids = items.iter().filter(|item| !item.is_column).map(|item| item.id).collect();
        Self { grouping, calls: Vec::new(), item_ids }
    }

    /// Input columns that are grouping columns.
    pub(super) fn grouping_ids(&self) -> Vec<u64> {
        self.grouping
            .groups
            .iter()
            .filter_map(|group| match &group.expression {
                Expression::Column { id, .. } => Some(*id),
                _ => None,
            })
            .collect()
    }

    pub(super) fn split_item(&mut self, resolver: &mut Resolver<'_>, item: &mut Item) -> Result<()> {
        let expression = visit::take(&mut item.expression);
        if !item.is_column
            && let Expression::Call { name, .. } = &expression
            && registry::is_aggregate(name)
            && !name.starts_with("grouping")
            && self.known(&expression).is_none()
        {
            // The whole item: the aggregate takes its id and name.
            self.calls.push(Aggregated { call: expression.clone(), name: item.name.clone(), id: item.id });
            item.expression = expression;
            item.computed_below();
            return Ok(());
        }
        item.expression = self.split(resolver, expression, &Clause::Select)?;
        if item.is_column
            && let Expression::Column { id, .. } = &item.expression
        {
            // With grouping sets a grouping column has an id of its own.
            item.id = *id;
        }
        Ok(())
    }

    fn known(&self, call: &Expression) -> Option<&Aggregated> {
        if !is_determinate(call) {
            return None;
        }
        self.calls.iter().find(|known| equivalent(&known.call, call))
    }

    /// The expression over the `Aggregate`'s columns.
    pub(super) fn split(&mut self, resolver: &mut Resolver<'_>, expression: Expression, clause: &Clause) -> Result<Expression> {
        if let Some(index) = self.grouping.groups.iter().position(|group| equivalent(&group.expression, &expression))
            && let Some(column) = self.grouping.column(index)
        {
            return Ok(named_as(column, &expression));
        }
        match expression {
            Expression::Call { ref name, .. } if name == "grouping" || name == "grouping_id" => self.grouping_call(resolver, expression),
            Expression::Call { ref name, .. } if registry::is_aggregate(name) => Ok(self.register(resolver, expression)),
            Expression::Column { id, name, data_type, nullable } => {
                if self.item_ids.contains(&id) {
                    return Ok(Expression::Column { id, name, data_type, nullable });
                }
                Err(self.not_grouped(&name, clause))
            }
            Expression::Window { function, spec } => {
                // The function of a window is not an aggregate here, its arguments may be.
                let function = visit::map_parts(*function, &mut |part| self.split(resolver, part, clause))?;
                let whole = Expression::Window { function: Box::new(placeholder()), spec };
                match visit::map_parts(whole, &mut |part| {
                    if is_placeholder(&part) { Ok(part) } else { self.split(resolver, part, clause) }
                })? {
                    Expression::Window { spec, .. } => Ok(Expression::Window { function: Box::new(function), spec }),
                    other => Ok(other),
                }
            }
            Expression::Subquery { kind, plan, values, negated, position } => {
                let plan = Box::new(self.regrouped(*plan).map_err(|error| error.at(position))?);
                let whole = Expression::Subquery { kind, plan, values, negated, position };
                visit::map_parts(whole, &mut |part| self.split(resolver, part, clause))
            }
            other => visit::map_parts(other, &mut |part| self.split(resolver, part, clause)),
        }
    }

    fn register(&mut self, resolver: &mut Resolver<'_>, call: Expression) -> Expression {
        let (data_type, nullable) = (data_type_of(&call), nullable_of(&call));
        let (id, name) = match self.known(&call) {
            Some(known) => (known.id, known.name.clone()),
            None => {
                let name = match &call {
                    Expression::Call { name, .. } => name.clone(),
                    _ => "aggregate".to_owned(),
                };
                let id = resolver.fresh_id();
                self.calls.push(Aggregated { call, name: name.clone(), id });
                (id, name)
            }
        };
        Expression::Column { id, name, data_type, nullable }
    }

    /// `grouping(a)` and `grouping_id(a, b)` take grouping columns.
    fn grouping_call(&mut self, resolver: &mut Resolver<'_>, call: Expression) -> Result<Expression> {
        let Expression::Call { name, mut arguments, is_distinct, filter, data_type, nullable } = call else {
            return Ok(call);
        };
        if !self.grouping.has_sets() {
            return Err(QueryError::new(
                "UNSUPPORTED_GROUPING_EXPRESSION",
                "grouping()/grouping_id() can only be used with GroupingSets/Cube/Rollup.",
            ));
        }
        let groups = &self.grouping.groups;
        if arguments.is_empty() {
            arguments = (0..groups.len()).filter_map(|index| self.grouping.column(index)).collect();
        } else {
            for argument in &mut arguments {
                let place = groups.iter().position(|group| equivalent(&group.expression, argument));
                let Some(column) = place.and_then(|index| self.grouping.column(index)) else {
                    let (class, what) = if name == "grouping" {
                        ("GROUPING_COLUMN_MISMATCH", "Column of grouping")
                    } else {
                        ("GROUPING_ID_COLUMN_MISMATCH", "Columns of grouping_id")
                    };
                    return Err(QueryError::new(
                        class,
                        format!("{what} ({}) can't be found in grouping columns.", crate::resolve::expression_text(argument)),
                    ));
                };
                *argument = column;
            }
        }
        Ok(self.register(resolver, Expression::Call { name, arguments, is_distinct, filter, data_type, nullable }))
    }

    fn not_grouped(&self, name: &str, clause: &Clause) -> QueryError {
        match clause {
            Clause::Select if self.grouping.groups.is_empty() && self.grouping.kind == GroupKind::GroupBy => errors::missing_group_by(),
            Clause::Select => errors::missing_aggregation(name, None),
            Clause::Above { .. } if self.grouping.groups.is_empty() => errors::missing_group_by(),
            Clause::Above { candidates, position } => errors::unresolved_column(&[name.to_owned()], candidates, *position),
        }
    }

    /// A subquery's references to the columns around it, which are those above the `Aggregate` now.
    fn regrouped(&self, plan: Relation) -> Result<Relation> {
        for id in outer_ids(&plan) {
            if self.item_ids.contains(&id) {
                continue;
            }
            let index =
                self.grouping.groups.iter().position(|group| matches!(&group.expression, Expression::Column { id: own, .. } if *own == id));
            match index.and_then(|index| self.grouping.groups.get(index)) {
                Some(group) if group.id == id => {}
                Some(_) => {
                    return Err(QueryError::unsupported("a correlated subquery over ROLLUP, CUBE or GROUPING SETS"));
                }
                None => {
                    return Err(QueryError::new(
                        "SCALAR_SUBQUERY_IS_IN_GROUP_BY_OR_AGGREGATE_FUNCTION",
                        "A correlated subquery uses a column that is neither present in GROUP BY, nor in an aggregate function.",
                    )
                    .hint("Add the column to GROUP BY, or wrap the subquery in any_value()"));
                }
            }
        }
        Ok(plan)
    }

    /// Expressions over the input, to see which columns they need.
    pub(super) fn used(&self) -> impl Iterator<Item = &Expression> {
        self.grouping.groups.iter().map(|group| &group.expression).chain(self.calls.iter().map(|known| &known.call))
    }

    /// Grouping columns, which `Sort` and `Filter` further up may still name.
    pub(super) fn visible_grouping(&self, scope: &Scope) -> Scope {
        let fields = self
            .grouping
            .groups
            .iter()
            .enumerate()
            .filter_map(|(index, group)| {
                let Expression::Column { id, .. } = &group.expression else { return None };
                let source = scope.field_by_id(*id)?;
                let column = self.grouping.column(index)?;
                let Expression::Column { id, nullable, .. } = column else { return None };
                Some(Field { id, nullable, ..source.clone() })
            })
            .collect();
        Scope { fields, plan_ids: scope.plan_ids.clone(), ..Scope::default() }
    }

    /// The `Aggregate`.
    pub(super) fn finish(self, input: Relation) -> Relation {
        let has_sets = self.grouping.has_sets();
        let columns: Vec<Expression> = (0..self.grouping.groups.len()).filter_map(|index| self.grouping.column(index)).collect();
        let Grouping { groups, sets, .. } = self.grouping;
        let grouping = groups
            .into_iter()
            .map(|group| match group.expression {
                column @ Expression::Column { .. } if !has_sets => column,
                expression => Expression::NamedColumn { expression: Box::new(expression), name: group.name, id: group.id },
            })
            .collect();
        let calls = self.calls.into_iter().map(|known| Expression::NamedColumn {
            expression: Box::new(known.call),
            name: known.name,
            id: known.id,
        });
        Relation::Aggregate {
            input: Box::new(input),
            group_kind: if has_sets { GroupKind::GroupingSets } else { GroupKind::GroupBy },
            grouping,
            grouping_sets: sets,
            aggregates: columns.into_iter().chain(calls).collect(),
            having: None,
        }
    }
}

/// Keeps the spelling of a column's name.
fn named_as(column: Expression, original: &Expression) -> Expression {
    match (column, original) {
        (Expression::Column { id, data_type, nullable, .. }, Expression::Column { name, .. }) => {
            Expression::Column { id, name: name.clone(), data_type, nullable }
        }
        (column, _) => column,
    }
}

const PLACEHOLDER: &str = "the window's function";

fn placeholder() -> Expression {
    Expression::ExpressionString { text: PLACEHOLDER.to_owned() }
}

fn is_placeholder(expression: &Expression) -> bool {
    matches!(expression, Expression::ExpressionString { text } if text == PLACEHOLDER)
}
