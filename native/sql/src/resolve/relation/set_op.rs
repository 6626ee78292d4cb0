//! UNION, INTERSECT, EXCEPT.
use super::columns::distinct_rows;
use crate::error::{QueryError, Result};
use crate::resolve::auto_name::sql_type;
use crate::resolve::coercion::{same_type, wider_of_two};
use crate::resolve::names::{quoted, same_name};
use crate::resolve::output::{OutputColumn, output_of};
use crate::resolve::resolver::{Env, Output, Resolver};
use crate::resolve::scope::{Field, Scope};
use crate::tree::{DataType, Expression, Relation, SetOpKind};

impl Resolver<'_> {
    pub(super) fn set_op(&mut self, node: &Relation, env: Env<'_>) -> Result<Output> {
        let Relation::SetOp { kind, left, right, is_all, by_name, allow_missing_columns } = node else {
            return Err(QueryError::new("INTERNAL_ERROR", "not a set operation"));
        };
        let left = self.relation(left, env)?;
        let right = self.relation(right, env)?;
        let (left, right) =
            if *by_name { self.by_name(left, right, *allow_missing_columns)? } else { (self.closed(left), self.closed(right)) };
        let (left_fields, right_fields) = (&left.scope.fields, &right.scope.fields);
        let verb = verb(*kind);
        if left_fields.len() != right_fields.len() {
            return Err(QueryError::new(
                "NUM_COLUMNS_MISMATCH",
                format!(
                    "{verb} can only be performed on inputs with the same number of columns, but the first input has {} columns and the second input has {} columns.",
                    left_fields.len(),
                    right_fields.len()
                ),
            ));
        }
        let mut targets = Vec::with_capacity(left_fields.len());
        for (index, (l, r)) in left_fields.iter().zip(right_fields).enumerate() {
            let wide =
                if same_type(&l.data_type, &r.data_type) { Some(l.data_type.clone()) } else { wider_of_two(&l.data_type, &r.data_type) };
            targets.push(wide.ok_or_else(|| incompatible(verb, index, l, r))?);
        }
        let plan_ids = left.scope.plan_ids.clone();
        let origins: Vec<(u64, Option<String>)> = left_fields.iter().map(|field| (field.id, field.qualifier.clone())).collect();
        let left = self.widened(left.plan, &targets);
        let right = self.widened(right.plan, &targets);
        let renumbered: Vec<(u64, u64)> = origins.iter().zip(output_of(&left)).map(|((old, _), column)| (*old, column.id)).collect();
        let plan = Relation::SetOp {
            kind: *kind,
            left: Box::new(left),
            right: Box::new(right),
            is_all: *is_all || *kind == SetOpKind::Union,
            by_name: false,
            allow_missing_columns: false,
        };
        let fields =
            output_of(&plan).into_iter().zip(origins).map(|(column, (_, qualifier))| Field::from_output(column, qualifier)).collect();
        let mut scope = Scope { fields, plan_ids, ..Scope::default() };
        scope.renumber_plan_ids(&renumbered);
        let plan = if *kind == SetOpKind::Union && !is_all { distinct_rows(plan) } else { plan };
        Ok(Output { plan, scope })
    }

    fn widened(&mut self, plan: Relation, targets: &[DataType]) -> Relation {
        let columns: Vec<OutputColumn> = output_of(&plan);
        self.cast_columns(plan, &columns, targets)
    }

    /// `unionByName`: the right side's columns in the left's order, missing ones as NULL if allowed.
    fn by_name(&mut self, left: Output, right: Output, allow_missing: bool) -> Result<(Output, Output)> {
        let case_sensitive = self.options.case_sensitive;
        check_duplicates(&left.scope, case_sensitive)?;
        check_duplicates(&right.scope, case_sensitive)?;
        let find = |scope: &Scope, name: &str| scope.fields.iter().find(|field| same_name(&field.name, name, case_sensitive)).cloned();
        let missing = |side: &str, name: &str, scope: &Scope| {
            let columns: Vec<&str> = scope.fields.iter().map(|field| field.name.as_str()).collect();
            QueryError::new(
                "UNRESOLVED_COLUMN_AMONG_FIELD_NAMES",
                format!("Cannot resolve column name {} among ({}) on the {side} side.", quoted(&[name]), columns.join(", ")),
            )
        };
        let mut names: Vec<String> = left.scope.fields.iter().map(|field| field.name.clone()).collect();
        for field in &right.scope.fields {
            if find(&left.scope, &field.name).is_none() {
                if !allow_missing {
                    return Err(missing("left", &field.name, &left.scope));
                }
                names.push(field.name.clone());
            }
        }
        for name in &names {
            if find(&right.scope, name).is_none() && !allow_missing {
                return Err(missing("right", name, &right.scope));
            }
        }
        let types: Vec<DataType> = names
            .iter()
            .map(|name| find(&left.scope, name).or_else(|| find(&right.scope, name)).map_or(DataType::Null, |field| field.data_type))
            .collect();
        let left = self.arranged(left, &names, &types);
        let right = self.arranged(right, &names, &types);
        Ok((left, right))
    }

    fn arranged(&mut self, output: Output, names: &[String], types: &[DataType]) -> Output {
        let case_sensitive = self.options.case_sensitive;
        let scope = output.scope.clone();
        let same = scope.fields.len() == names.len()
            && scope.fields.iter().zip(names).all(|(field, name)| same_name(&field.name, name, case_sensitive));
        let plan = self.trimmed(output);
        if same {
            return Output { plan, scope: Scope { hidden: Vec::new(), below: None, ..scope } };
        }
        let mut fields = Vec::with_capacity(names.len());
        let mut expressions = Vec::with_capacity(names.len());
        for (name, data_type) in names.iter().zip(types) {
            if let Some(field) = scope.fields.iter().find(|field| same_name(&field.name, name, case_sensitive)) {
                expressions.push(field.column(&field.name));
                fields.push(field.clone());
                continue;
            }
            let id = self.fresh_id();
            let nothing = Expression::Literal { value: None, data_type: data_type.clone() };
            expressions.push(Expression::NamedColumn { expression: Box::new(nothing), name: name.clone(), id });
            fields.push(Field { id, origin: id, name: name.clone(), data_type: data_type.clone(), nullable: true, qualifier: None });
        }
        let plan = Relation::Project { input: Box::new(plan), expressions };
        Output { plan, scope: Scope { fields, plan_ids: scope.plan_ids, ..Scope::default() } }
    }
}

const fn verb(kind: SetOpKind) -> &'static str {
    match kind {
        SetOpKind::Union => "UNION",
        SetOpKind::Intersect => "INTERSECT",
        SetOpKind::Except => "EXCEPT",
    }
}

fn incompatible(verb: &str, index: usize, left: &Field, right: &Field) -> QueryError {
    let place = match index + 1 {
        1 => "first".to_owned(),
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        n => format!("{n}th"),
    };
    QueryError::new(
        "INCOMPATIBLE_COLUMN_TYPE",
        format!(
            "{verb} can only be performed on tables with compatible column types. The {place} column of the second table is \"{}\" type which is not compatible with \"{}\" at the same column of the first table.",
            sql_type(&right.data_type),
            sql_type(&left.data_type)
        ),
    )
}

fn check_duplicates(scope: &Scope, case_sensitive: bool) -> Result<()> {
    for (index, field) in scope.fields.iter().enumerate() {
        if scope.fields.iter().take(index).any(|other| same_name(&other.name, &field.name, case_sensitive)) {
            return Err(QueryError::new(
                "COLUMN_ALREADY_EXISTS",
                format!("The column `{}` already exists. Choose another name or rename the existing column.", field.name.to_lowercase()),
            ));
        }
    }
    Ok(())
}
