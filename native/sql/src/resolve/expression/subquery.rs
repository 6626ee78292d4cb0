//! Subqueries in expressions.
use super::{Context, Names};
use crate::error::{QueryError, Result};
use crate::resolve::coercion::{cast_to, same_type, wider_of_two};
use crate::resolve::output::{OutputColumn, output_of};
use crate::resolve::registry::Typed;
use crate::resolve::resolver::{Env, Resolver};
use crate::resolve::{errors, visit};
use crate::tree::{Expression, Position, Relation, SubqueryKind};
use std::collections::BTreeSet;

impl Resolver<'_> {
    pub(super) fn subquery(&mut self, expression: &Expression, context: Context<'_>) -> Result<Typed> {
        let Expression::Subquery { kind, plan, values, negated, position } = expression else {
            return Err(QueryError::new("INTERNAL_ERROR", "not a subquery"));
        };
        let mut typed_values = Vec::with_capacity(values.len());
        for value in values {
            typed_values.push(self.expression(value, context)?);
        }
        let plan = self.subquery_plan(plan, context.names, context.env)?;
        let outer = outer_names(&plan).join(", ");
        match kind {
            SubqueryKind::Scalar => self.scalar(plan, &outer, *position),
            SubqueryKind::Exists => {
                let label = if *negated { format!("(NOT exists({outer}))") } else { format!("exists({outer})") };
                Ok(predicate(SubqueryKind::Exists, plan, Vec::new(), *negated, *position, label))
            }
            SubqueryKind::In => self.in_subquery(plan, &typed_values, &outer, *negated, *position),
        }
    }

    /// A query that may use the columns of `outer`; exactly its own columns come out.
    pub(in crate::resolve) fn subquery_plan(&mut self, plan: &Relation, outer: &Names<'_>, env: Env<'_>) -> Result<Relation> {
        let inner = Env { outer: Some(outer), level: env.level + 1, ..env };
        let output = self.relation(plan, inner)?;
        Ok(self.trimmed(output))
    }

    fn scalar(&mut self, plan: Relation, outer: &str, position: Option<Position>) -> Result<Typed> {
        let columns = output_of(&plan).len();
        if columns != 1 {
            return Err(QueryError::new(
                "INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN",
                format!("Invalid subquery: Scalar subquery must return only one column, but got {columns}."),
            )
            .at(position));
        }
        let label = format!("scalarsubquery({outer})");
        Ok(predicate(SubqueryKind::Scalar, plan, Vec::new(), false, position, label))
    }

    fn in_subquery(&mut self, plan: Relation, values: &[Typed], outer: &str, negated: bool, position: Option<Position>) -> Result<Typed> {
        let columns = output_of(&plan);
        let left = match values {
            [value] => value.label.clone(),
            many => {
                let fields: Vec<String> = many.iter().map(|value| format!("'{}', {}", value.column_name(), value.label)).collect();
                format!("named_struct({})", fields.join(", "))
            }
        };
        let label = format!("({left} IN (listquery({outer})))");
        if columns.len() != values.len() {
            return Err(errors::mismatch(
                "IN_SUBQUERY_LENGTH_MISMATCH",
                &label,
                format!(
                    "The number of columns in the left hand side of an IN subquery does not match the number of columns in the output of subquery. \
                     Left hand side columns(length: {}), right hand side columns(length: {}).",
                    values.len(),
                    columns.len()
                ),
                position,
            ));
        }
        let mut left = Vec::with_capacity(values.len());
        let mut targets = Vec::with_capacity(values.len());
        for (value, column) in values.iter().zip(&columns) {
            let own = value.data_type();
            let common = if same_type(&own, &column.data_type) { Some(own.clone()) } else { wider_of_two(&own, &column.data_type) };
            let Some(common) = common else {
                return Err(errors::mismatch(
                    "IN_SUBQUERY_DATA_TYPE_MISMATCH",
                    &label,
                    format!(
                        "The data type of one or more elements in the left hand side of an IN subquery is not compatible with the data type of the output of the subquery. \
                         Mismatched columns: [({}:{own}, {}:{})].",
                        value.label, column.name, column.data_type
                    ),
                    position,
                ));
            };
            left.push(cast_to(value.expression.clone(), &common));
            targets.push(common);
        }
        let plan = self.cast_columns(plan, &columns, &targets);
        let label = if negated { format!("(NOT {label})") } else { label };
        Ok(predicate(SubqueryKind::In, plan, left, negated, position, label))
    }

    /// A `Project` that casts columns to `targets`, if any has another type.
    pub(in crate::resolve) fn cast_columns(
        &mut self,
        plan: Relation,
        columns: &[OutputColumn],
        targets: &[crate::tree::DataType],
    ) -> Relation {
        if columns.iter().zip(targets).all(|(column, target)| same_type(&column.data_type, target)) {
            return plan;
        }
        let expressions = columns
            .iter()
            .zip(targets)
            .map(|(OutputColumn { id, name, data_type, nullable }, target)| {
                let column = Expression::Column { id: *id, name: name.clone(), data_type: data_type.clone(), nullable: *nullable };
                if same_type(data_type, target) {
                    return column;
                }
                Expression::NamedColumn { expression: Box::new(cast_to(column, target)), name: name.clone(), id: self.fresh_id() }
            })
            .collect();
        Relation::Project { input: Box::new(plan), expressions }
    }
}

fn predicate(
    kind: SubqueryKind,
    plan: Relation,
    values: Vec<Expression>,
    negated: bool,
    position: Option<Position>,
    label: String,
) -> Typed {
    Typed::new(Expression::Subquery { kind, plan: Box::new(plan), values, negated, position }, label)
}

/// The columns of the enclosing query that a subquery's plan uses, in order of appearance; those of deeper subqueries and
/// of lateral joins inside it are not its own.
fn outer_columns(plan: &Relation) -> Vec<(u64, String)> {
    fn walk(relation: &Relation, found: &mut Vec<(u64, String)>, defined: &mut BTreeSet<u64>) {
        defined.extend(output_of(relation).iter().map(|column| column.id));
        visit::for_each_expression(relation, &mut |expression| {
            visit::for_each_subexpression(expression, &mut |part| {
                if let Expression::OuterColumn { id, name, .. } = part {
                    found.push((*id, name.clone()));
                }
            });
        });
        for child in visit::children_of(relation) {
            walk(child, found, defined);
        }
    }
    let (mut found, mut defined) = (Vec::new(), BTreeSet::new());
    walk(plan, &mut found, &mut defined);
    found.retain(|(id, _)| !defined.contains(id));
    found
}

fn outer_names(plan: &Relation) -> Vec<String> {
    outer_columns(plan).into_iter().map(|(_, name)| name).collect()
}

pub(in crate::resolve) fn outer_ids(plan: &Relation) -> Vec<u64> {
    outer_columns(plan).into_iter().map(|(id, _)| id).collect()
}
