//! DataFrame verbs over columns: `withColumn`, `withColumnRenamed`, `drop`, `toDF`, `dropDuplicates`.
use crate::error::{QueryError, Result};
use crate::resolve::aggregate::has_aggregate_call;
use crate::resolve::errors;
use crate::resolve::names::same_name;
use crate::resolve::output::output_of;
use crate::resolve::resolver::{Env, Output, Resolver};
use crate::resolve::scope::{Field, Scope};
use crate::resolve::select::pass_through;
use crate::tree::{DataType, Expression, GroupKind, Relation};
use std::rc::Rc;

impl Resolver<'_> {
    pub(super) fn with_columns(&mut self, input: &Relation, aliases: &[Expression], env: Env<'_>) -> Result<Output> {
        if aliases.iter().any(has_aggregate_call) {
            return Err(errors::missing_group_by());
        }
        let input = self.relation(input, env)?;
        let new = self.select_list(aliases, &input.scope, env, false)?;
        let case_sensitive = self.options.case_sensitive;
        let same = |left: &str, right: &str| same_name(left, right, case_sensitive);
        for (index, item) in new.iter().enumerate() {
            if new.iter().take(index).any(|other| same(&other.name, &item.name)) {
                return Err(QueryError::new(
                    "COLUMN_ALREADY_EXISTS",
                    format!("The column `{}` already exists. Choose another name or rename the existing column.", item.name.to_lowercase()),
                ));
            }
        }
        let mut items = Vec::with_capacity(input.scope.fields.len() + new.len());
        for field in &input.scope.fields {
            match new.iter().find(|item| same(&item.name, &field.name)) {
                Some(item) if items.iter().all(|known: &crate::resolve::select::Item| known.id != item.id) => items.push(item.clone()),
                Some(item) => items.push(self.hidden_copy(item)),
                None => items.push(self.hidden_item(field.column(&field.name), &field.name)),
            }
        }
        for item in new {
            if !input.scope.fields.iter().any(|field| same(&field.name, &item.name)) {
                items.push(item);
            }
        }
        Ok(self.projected(input, items))
    }

    /// The same value once more, for a second column of the replaced name.
    fn hidden_copy(&mut self, item: &crate::resolve::select::Item) -> crate::resolve::select::Item {
        let mut copy = self.hidden_item(item.expression.clone(), &item.name);
        copy.id = self.fresh_id();
        copy.is_column = false;
        copy.name.clone_from(&item.name);
        copy
    }

    pub(super) fn with_columns_renamed(&mut self, input: &Relation, renames: &[(String, String)], env: Env<'_>) -> Result<Output> {
        let output = self.relation(input, env)?;
        let case_sensitive = self.options.case_sensitive;
        let mut fields = Vec::with_capacity(output.scope.fields.len());
        let mut expressions = Vec::with_capacity(output.scope.fields.len());
        for field in &output.scope.fields {
            let new_name = renames.iter().fold(
                field.name.clone(),
                |name, (from, to)| {
                    if same_name(&name, from, case_sensitive) { to.clone() } else { name }
                },
            );
            if new_name == field.name {
                expressions.push(field.column(&field.name));
                fields.push(field.clone());
                continue;
            }
            let id = self.fresh_id();
            expressions.push(Expression::NamedColumn { expression: Box::new(field.column(&field.name)), name: new_name.clone(), id });
            fields.push(Field { id, origin: id, name: new_name, qualifier: None, ..field.clone() });
        }
        let Output { plan, scope } = output;
        let plan = Relation::Project { input: Box::new(plan), expressions };
        Ok(Output { plan, scope: Scope { fields, plan_ids: scope.plan_ids.clone(), hidden: Vec::new(), below: Some(Rc::new(scope)) } })
    }

    pub(super) fn drop_columns(&mut self, input: &Relation, columns: &[Expression], env: Env<'_>) -> Result<Output> {
        let output = self.relation(input, env)?;
        let case_sensitive = self.options.case_sensitive;
        let mut dropped: Vec<u64> = Vec::new();
        for column in columns {
            match column {
                Expression::UnresolvedAttribute { parts, plan_id: Some(plan_id), position } => {
                    if let Some(found) = output.scope.find_in_plan(*plan_id, parts, case_sensitive, *position)? {
                        dropped.push(found.field.id);
                    }
                }
                Expression::UnresolvedAttribute { parts, plan_id: None, position } => {
                    if let [name] = parts.as_slice() {
                        dropped.extend(
                            output.scope.fields.iter().filter(|field| same_name(&field.name, name, case_sensitive)).map(|field| field.id),
                        );
                    } else if let Some(found) = output.scope.find(parts, case_sensitive, *position)? {
                        dropped.push(found.field.id);
                    }
                }
                Expression::Literal { value: Some(name), data_type: DataType::String } => {
                    dropped.extend(
                        output.scope.fields.iter().filter(|field| same_name(&field.name, name, case_sensitive)).map(|field| field.id),
                    );
                }
                _ => return Err(QueryError::unsupported("drop of anything but a column")),
            }
        }
        if dropped.is_empty() {
            return Ok(output);
        }
        let kept = output.scope.fields.iter().filter(|field| !dropped.contains(&field.id)).cloned().collect();
        Ok(self.picked(output, kept))
    }

    pub(super) fn rename_columns_to(&mut self, input: &Relation, names: &[String], env: Env<'_>) -> Result<Output> {
        let output = self.relation(input, env)?;
        self.rename_all(output, names, |expected, given| {
            QueryError::new(
                "ASSIGNMENT_ARITY_MISMATCH",
                format!("The number of column names given to toDF is {given}, but the DataFrame has {expected} columns."),
            )
        })
    }

    /// `distinct()` and `dropDuplicates(columns)`.
    pub(super) fn deduplicate(&mut self, input: &Relation, names: &[String], env: Env<'_>) -> Result<Output> {
        let output = self.relation(input, env)?;
        let output = self.closed(output);
        if let Some(field) = output.scope.fields.iter().find(|field| matches!(field.data_type, DataType::Map { .. })) {
            return Err(QueryError::new(
                "UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE",
                format!(
                    "The feature is not supported: Cannot have MAP type columns in DataFrame which calls set operations (INTERSECT, EXCEPT, etc.), but the type of column `{}` is a map.",
                    field.name
                ),
            ));
        }
        if names.is_empty() {
            return Ok(Output { plan: distinct_rows(output.plan), scope: output.scope });
        }
        let case_sensitive = self.options.case_sensitive;
        let mut keys: Vec<u64> = Vec::new();
        for name in names {
            let matching: Vec<u64> =
                output.scope.fields.iter().filter(|field| same_name(&field.name, name, case_sensitive)).map(|field| field.id).collect();
            if matching.is_empty() {
                return Err(errors::unresolved_column(std::slice::from_ref(name), &output.scope.candidates(), None));
            }
            keys.extend(matching);
        }
        let Output { plan, mut scope } = output;
        let mut grouping = Vec::new();
        let mut calls = Vec::new();
        let mut changes = Vec::new();
        for field in &mut scope.fields {
            if keys.contains(&field.id) {
                grouping.push(field.column(&field.name));
                continue;
            }
            let id = self.fresh_id();
            calls.push(first(field, id));
            changes.push((field.id, id));
            field.id = id;
            field.origin = id;
        }
        let aggregates = grouping.iter().cloned().chain(calls).collect();
        let plan = Relation::Aggregate {
            input: Box::new(plan),
            group_kind: GroupKind::GroupBy,
            grouping,
            grouping_sets: Vec::new(),
            aggregates,
            having: None,
        };
        scope.renumber_plan_ids(&changes);
        let scope = Scope { below: None, hidden: Vec::new(), ..scope };
        let output = Output { plan, scope };
        Ok(self.closed(output))
    }
}

fn first(field: &Field, id: u64) -> Expression {
    let value = field.column(&field.name);
    let flag = Expression::Literal { value: Some("false".to_owned()), data_type: DataType::Boolean };
    let call = Expression::Call {
        name: "first".to_owned(),
        // A group has a row.
        nullable: field.nullable,
        arguments: vec![value, flag],
        is_distinct: false,
        filter: None,
        data_type: field.data_type.clone(),
    };
    Expression::NamedColumn { expression: Box::new(call), name: field.name.clone(), id }
}

/// One row of each kind: grouped by all columns.
pub(super) fn distinct_rows(plan: Relation) -> Relation {
    if output_of(&plan).is_empty() {
        return plan;
    }
    let columns = pass_through(&plan);
    Relation::Aggregate {
        input: Box::new(plan),
        group_kind: GroupKind::GroupBy,
        grouping: columns.clone(),
        grouping_sets: Vec::new(),
        aggregates: columns,
        having: None,
    }
}
