//! Joins: ON, USING, NATURAL, LATERAL.
use super::expose::{expose_outer, expose_used};
use super::filter::has_aggregate;
use crate::error::{QueryError, Result};
use crate::resolve::coercion::{cast_to, same_type, wider_of_two};
use crate::resolve::errors;
use crate::resolve::expression::{Context, Names, position_of};
use crate::resolve::names::{quoted, same_name};
use crate::resolve::output::{null_supplying, nullable_of};
use crate::resolve::resolver::{Env, Output, Resolver};
use crate::resolve::scope::{Field, Scope};
use crate::resolve::window::has_window;
use crate::tree::{DataType, Expression, JoinKind, Relation};

impl Resolver<'_> {
    pub(super) fn join(&mut self, node: &Relation, env: Env<'_>) -> Result<Output> {
        let Relation::Join { left, right, kind, condition, using_columns, is_natural, is_lateral } = node else {
            return Err(QueryError::new("INTERNAL_ERROR", "not a join"));
        };
        let left = self.source(left, env)?;
        let right = if *is_lateral {
            if matches!(kind, JoinKind::RightOuter | JoinKind::FullOuter | JoinKind::LeftSemi | JoinKind::LeftAnti) {
                return Err(QueryError::new("UNSUPPORTED_JOIN_TYPE", "A LATERAL join can only be INNER, CROSS or LEFT OUTER."));
            }
            let names = Names::of(&left.scope);
            let env = Env { outer: Some(&names), level: env.level + 1, ..env };
            self.source(right, env)?
        } else {
            self.source(right, env)?
        };
        let mut left = left;
        if *is_lateral {
            expose_outer(&mut left.plan, &left.scope, &right.plan);
        }
        let using = if *is_natural { common_names(&left.scope, &right.scope, self.options.case_sensitive) } else { using_columns.clone() };
        if !using.is_empty() {
            return self.using_join(left, right, *kind, &using, *is_lateral);
        }
        let is_semi = matches!(kind, JoinKind::LeftSemi | JoinKind::LeftAnti);
        let both = Scope {
            fields: left.scope.fields.iter().chain(&right.scope.fields).cloned().collect(),
            hidden: left.scope.hidden.iter().chain(&right.scope.hidden).cloned().collect(),
            plan_ids: left.scope.plan_ids.iter().chain(&right.scope.plan_ids).cloned().collect(),
            below: None,
        };
        let (mut left_plan, mut right_plan) = (left.plan, right.plan);
        let condition = match condition {
            None => None,
            Some(condition) => {
                let names = Names::of(&both);
                let typed = self.condition(condition, Context::new(&names, env), "JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE")?;
                if has_aggregate(&typed.expression) || has_window(&typed.expression) {
                    return Err(QueryError::new(
                        "UNSUPPORTED_EXPR_FOR_OPERATOR",
                        "The query operator Join contains one or more unsupported expressions.",
                    )
                    .at(position_of(condition)));
                }
                expose_used(&mut left_plan, &left.scope, [&typed.expression]);
                expose_used(&mut right_plan, &right.scope, [&typed.expression]);
                Some(typed.expression)
            }
        };
        let kind = match (kind, &condition) {
            (JoinKind::Cross, Some(_)) => JoinKind::Inner,
            (kind, _) => *kind,
        };
        let plan = Relation::Join {
            left: Box::new(left_plan),
            right: Box::new(right_plan),
            kind,
            condition,
            using_columns: Vec::new(),
            is_natural: false,
            is_lateral: *is_lateral,
        };
        let scope = if is_semi { left.scope } else { supplied(both, left.scope.fields.len(), left.scope.hidden.len(), kind) };
        Ok(Output { plan, scope: Scope { below: None, ..scope } })
    }

    /// `USING (a)`: the key once, first; the sides' own keys by qualified name only.
    fn using_join(&mut self, left: Output, right: Output, kind: JoinKind, using: &[String], is_lateral: bool) -> Result<Output> {
        let case_sensitive = self.options.case_sensitive;
        let mut pairs = Vec::with_capacity(using.len());
        let mut condition: Option<Expression> = None;
        for name in using {
            let l = using_field(&left.scope, name, "left", case_sensitive)?.clone();
            let r = using_field(&right.scope, name, "right", case_sensitive)?.clone();
            let equal = equality(&l, &r)?;
            condition = Some(match condition {
                None => equal,
                Some(before) => both_hold(before, equal),
            });
            pairs.push((l, r));
        }
        let is_semi = matches!(kind, JoinKind::LeftSemi | JoinKind::LeftAnti);
        let kind = if kind == JoinKind::Cross { JoinKind::Inner } else { kind };
        let (left_null, right_null) = null_supplying(kind);
        let plan = Relation::Join {
            left: Box::new(left.plan),
            right: Box::new(right.plan),
            kind,
            condition,
            using_columns: Vec::new(),
            is_natural: false,
            is_lateral,
        };
        let nullable = |field: &Field, null: bool| Field { nullable: field.nullable || null, ..field.clone() };
        let mut fields = Vec::new();
        let mut hidden = Vec::new();
        let mut expressions = Vec::new();
        for (l, r) in &pairs {
            let (l, r) = (nullable(l, left_null), nullable(r, right_null));
            match kind {
                JoinKind::RightOuter => {
                    expressions.push(r.column(&r.name));
                    fields.push(r);
                    hidden.push(l);
                }
                JoinKind::FullOuter => {
                    let key = self.coalesced(&l, &r)?;
                    expressions.push(Expression::NamedColumn { expression: Box::new(key.1), name: key.0.name.clone(), id: key.0.id });
                    fields.push(key.0);
                    hidden.extend([l, r]);
                }
                _ => {
                    expressions.push(l.column(&l.name));
                    fields.push(l);
                    if !is_semi {
                        hidden.push(r);
                    }
                }
            }
        }
        let is_key = |id: u64| pairs.iter().any(|(l, r)| l.id == id || r.id == id);
        let mut rest: Vec<Field> = left.scope.fields.iter().map(|field| nullable(field, left_null)).collect();
        if !is_semi {
            rest.extend(right.scope.fields.iter().map(|field| nullable(field, right_null)));
        }
        for field in rest.into_iter().filter(|field| !is_key(field.id)) {
            expressions.push(field.column(&field.name));
            fields.push(field);
        }
        hidden.extend(left.scope.hidden);
        let mut plan_ids = left.scope.plan_ids;
        if !is_semi {
            hidden.extend(right.scope.hidden);
            plan_ids.extend(right.scope.plan_ids);
        }
        let plan = Relation::Project { input: Box::new(plan), expressions };
        Ok(Output { plan, scope: Scope { fields, hidden, plan_ids, below: None } })
    }

    /// The key of a full join.
    fn coalesced(&mut self, left: &Field, right: &Field) -> Result<(Field, Expression)> {
        let data_type = wider_of_two(&left.data_type, &right.data_type).ok_or_else(|| {
            errors::different_types(
                &format!("coalesce({0}, {0})", left.name),
                "coalesce",
                &[left.data_type.clone(), right.data_type.clone()],
                None,
            )
        })?;
        let arguments = vec![cast_to(left.column(&left.name), &data_type), cast_to(right.column(&right.name), &data_type)];
        let nullable = arguments.iter().all(nullable_of);
        let id = self.fresh_id();
        let call = Expression::Call {
            name: "coalesce".to_owned(),
            arguments,
            is_distinct: false,
            filter: None,
            data_type: data_type.clone(),
            nullable,
        };
        Ok((Field { id, origin: id, name: left.name.clone(), data_type, nullable, qualifier: None }, call))
    }
}

/// The scope of a join with the nullability its kind gives.
fn supplied(mut scope: Scope, left_fields: usize, left_hidden: usize, kind: JoinKind) -> Scope {
    let (left_null, right_null) = null_supplying(kind);
    let apply = |fields: &mut Vec<Field>, left: usize| {
        for (index, field) in fields.iter_mut().enumerate() {
            field.nullable |= if index < left { left_null } else { right_null };
        }
    };
    apply(&mut scope.fields, left_fields);
    apply(&mut scope.hidden, left_hidden);
    scope
}

fn common_names(left: &Scope, right: &Scope, case_sensitive: bool) -> Vec<String> {
    left.fields
        .iter()
        .filter(|field| right.fields.iter().any(|other| same_name(&field.name, &other.name, case_sensitive)))
        .map(|field| field.name.clone())
        .collect()
}

fn using_field<'s>(scope: &'s Scope, name: &str, side: &str, case_sensitive: bool) -> Result<&'s Field> {
    let mut matching = scope.fields.iter().filter(|field| same_name(&field.name, name, case_sensitive));
    match (matching.next(), matching.next()) {
        (Some(field), None) => Ok(field),
        (None, _) => {
            let mut columns: Vec<String> = scope.fields.iter().map(|field| quoted(std::slice::from_ref(&field.name))).collect();
            columns.sort();
            Err(QueryError::new(
                "UNRESOLVED_USING_COLUMN_FOR_JOIN",
                format!(
                    "USING column `{name}` cannot be resolved on the {side} side of the join. The {side}-side columns: [{}].",
                    columns.join(", ")
                ),
            ))
        }
        _ => Err(errors::ambiguous_reference(
            &[name.to_owned()],
            &scope.fields.iter().filter(|field| same_name(&field.name, name, case_sensitive)).map(Field::path).collect::<Vec<_>>(),
            None,
        )),
    }
}

fn equality(left: &Field, right: &Field) -> Result<Expression> {
    let (lt, rt) = (&left.data_type, &right.data_type);
    let common = if same_type(lt, rt) { Some(lt.clone()) } else { wider_of_two(lt, rt) };
    let label = format!("({0} = {0})", left.name);
    let common = common.ok_or_else(|| {
        errors::mismatch(
            "BINARY_OP_DIFF_TYPES",
            &label,
            format!("the left and right operands of the binary operator have incompatible types (\"{lt}\" and \"{rt}\")."),
            None,
        )
    })?;
    let arguments = vec![cast_to(left.column(&left.name), &common), cast_to(right.column(&right.name), &common)];
    let nullable = arguments.iter().any(nullable_of);
    Ok(Expression::Call { name: "=".to_owned(), arguments, is_distinct: false, filter: None, data_type: DataType::Boolean, nullable })
}

fn both_hold(left: Expression, right: Expression) -> Expression {
    let nullable = nullable_of(&left) || nullable_of(&right);
    Expression::Call {
        name: "and".to_owned(),
        arguments: vec![left, right],
        is_distinct: false,
        filter: None,
        data_type: DataType::Boolean,
        nullable,
    }
}
