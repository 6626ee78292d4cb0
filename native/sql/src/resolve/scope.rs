//! The columns an expression may name, and how a name finds one.
use super::errors;
use super::names::same_name;
use super::output::OutputColumn;
use crate::error::Result;
use crate::tree::{DataType, Expression, Position};
use std::rc::Rc;

/// A column in scope.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) id: u64,
    /// The column this is a copy of (its own id otherwise): two copies of one column are not ambiguous.
    pub(super) origin: u64,
    pub(super) name: String,
    pub(super) data_type: DataType,
    pub(super) nullable: bool,
    /// The alias of the relation it comes from, outermost last.
    pub(super) qualifier: Option<String>,
}

impl Field {
    pub(super) fn from_output(column: OutputColumn, qualifier: Option<String>) -> Self {
        let OutputColumn { id, name, data_type, nullable } = column;
        Self { id, origin: id, name, data_type, nullable, qualifier }
    }

    /// A reference to the column under `name` (as the user spelt it).
    pub(super) fn column(&self, name: &str) -> Expression {
        Expression::Column { id: self.id, name: name.to_owned(), data_type: self.data_type.clone(), nullable: self.nullable }
    }

    pub(super) fn path(&self) -> Vec<String> {
        self.qualifier.iter().cloned().chain(std::iter::once(self.name.clone())).collect()
    }
}

/// What a resolved relation offers to the expressions above it.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    /// The relation's output, in order.
    pub(super) fields: Vec<Field>,
    /// Reachable by qualified name only: the join keys that USING merged. `expose` adds them to the plan when used.
    pub(super) hidden: Vec<Field>,
    /// The outputs of `PlanId` nodes below.
    pub(super) plan_ids: Vec<(u64, Rc<Vec<Field>>)>,
    /// The scope below the select list, for `Sort` and `Filter` over columns that were not selected.
    pub(super) below: Option<Rc<Scope>>,
}

/// A name found: the column and the struct fields to take from it.
pub(super) struct Found<'s> {
    pub(super) field: &'s Field,
    /// The column's name as the user spelt it.
    pub(super) spelt: String,
    pub(super) nested: Vec<String>,
}

impl Scope {
    pub(super) fn of(fields: Vec<Field>) -> Self {
        Self { fields, ..Self::default() }
    }

    /// `[qualifier, name]` of every column, for messages.
    pub(super) fn candidates(&self) -> Vec<Vec<String>> {
        self.fields.iter().map(Field::path).collect()
    }

    /// Finds `a`, `t.a`, `a.f`, `t.a.f`: a qualified match wins over struct fields.
    pub(super) fn find(&self, parts: &[String], case_sensitive: bool, position: Option<Position>) -> Result<Option<Found<'_>>> {
        let same = |left: &str, right: &str| same_name(left, right, case_sensitive);
        if let [qualifier, name, nested @ ..] = parts {
            let qualified = self
                .fields
                .iter()
                .chain(&self.hidden)
                .filter(|field| field.qualifier.as_deref().is_some_and(|own| same(own, qualifier)) && same(&field.name, name));
            if let Some(field) = only(qualified, parts, position)? {
                return Ok(Some(Found { field, spelt: name.clone(), nested: nested.to_vec() }));
            }
        }
        let Some((name, nested)) = parts.split_first() else { return Ok(None) };
        let plain = self.fields.iter().filter(|field| same(&field.name, name));
        Ok(only(plain, parts, position)?.map(|field| Found { field, spelt: name.clone(), nested: nested.to_vec() }))
    }

    /// Finds a column of the DataFrame `plan_id` that is still here. `None`: that DataFrame is not below.
    pub(super) fn find_in_plan(
        &self,
        plan_id: u64,
        parts: &[String],
        case_sensitive: bool,
        position: Option<Position>,
    ) -> Result<Option<Found<'_>>> {
        // As it is here: an outer join may have made it nullable since.
        let here = |field: &Field| self.fields.iter().chain(&self.hidden).find(|own| own.id == field.id);
        let same = |left: &str, right: &str| same_name(left, right, case_sensitive);
        let mut matches: Vec<(&Field, &[String])> = Vec::new();
        for (_, fields) in self.plan_ids.iter().filter(|(id, _)| *id == plan_id) {
            for skip in [1, 0] {
                let Some((name, nested)) = parts.get(skip..).and_then(<[String]>::split_first) else { continue };
                let qualifier = parts.first().filter(|_| skip == 1);
                let found: Vec<&Field> = fields
                    .iter()
                    .filter(|field| same(&field.name, name))
                    .filter(|field| qualifier.is_none_or(|wanted| field.qualifier.as_deref().is_some_and(|own| same(own, wanted))))
                    .filter_map(here)
                    .collect();
                if !found.is_empty() {
                    matches.extend(found.into_iter().map(|field| (field, nested)));
                    break;
                }
            }
        }
        matches.dedup_by_key(|(field, _)| field.id);
        match matches.as_slice() {
            [] => Ok(None),
            [(field, nested)] => Ok(Some(Found { field, spelt: field.name.clone(), nested: nested.to_vec() })),
            _ => Err(crate::error::QueryError::new(
                "AMBIGUOUS_COLUMN_REFERENCE",
                format!(
                    "Column {} is ambiguous. It's because you joined several DataFrame together, and some of these DataFrames are the same.",
                    super::names::quoted(parts)
                ),
            )
            .at(position)
            .hint("Alias the DataFrames with different names before joining them and name the column with its alias, as in col(\"a.id\")")),
        }
    }

    /// This scope and those below it.
    pub(super) fn chain(&self) -> impl Iterator<Item = &Scope> {
        std::iter::successors(Some(self), |scope| scope.below.as_deref())
    }

    /// Any column, hidden or below too.
    pub(super) fn field_by_id(&self, id: u64) -> Option<&Field> {
        self.chain().flat_map(|scope| scope.fields.iter().chain(&scope.hidden)).find(|field| field.id == id)
    }

    /// The same columns under one alias; hidden columns and what was not selected cannot be seen any more.
    pub(super) fn aliased(self, alias: &str) -> Self {
        let fields = self.fields.into_iter().map(|field| Field { qualifier: Some(alias.to_owned()), ..field }).collect();
        Self { fields, hidden: Vec::new(), plan_ids: self.plan_ids, below: None }
    }

    /// Changes the ids of columns in the `PlanId` outputs, when a node gives the same columns new ids.
    pub(super) fn renumber_plan_ids(&mut self, changes: &[(u64, u64)]) {
        for (_, fields) in &mut self.plan_ids {
            for field in Rc::make_mut(fields) {
                if let Some((_, new)) = changes.iter().find(|(old, _)| *old == field.id) {
                    field.id = *new;
                }
            }
        }
    }
}

/// The only column among `matches`, not counting copies.
fn only<'s>(matches: impl Iterator<Item = &'s Field>, parts: &[String], position: Option<Position>) -> Result<Option<&'s Field>> {
    let mut distinct: Vec<&Field> = Vec::new();
    for field in matches {
        if distinct.iter().all(|seen| seen.origin != field.origin) {
            distinct.push(field);
        }
    }
    match distinct.as_slice() {
        [] => Ok(None),
        [field] => Ok(Some(field)),
        _ => {
            let candidates: Vec<Vec<String>> = distinct.iter().map(|field| field.path()).collect();
            Err(errors::ambiguous_reference(parts, &candidates, position))
        }
    }
}
