//! Expressions: names to columns, calls to typed calls, with the automatic name beside each.

mod attribute;
mod call;
mod star;
mod subquery;

pub(super) use attribute::{GroupNames, LateralAliases, Names};
pub(super) use call::Written;
pub(super) use subquery::outer_ids;

use super::coercion::{cast_to, check_cast, same_type, wider_common};
use super::output::data_type_of;
use super::registry::Typed;
use super::resolver::{Env, Resolver};
use super::{auto_name, errors};
use crate::error::{QueryError, Result};
use crate::tree::{DataType, Expression, Position, WhenBranch};

/// Where an expression stands.
#[derive(Clone, Copy)]
pub(super) struct Context<'e> {
    pub(super) names: &'e Names<'e>,
    pub(super) env: Env<'e>,
    pub(super) inside_aggregate: bool,
    /// Inside a window function or its specification.
    pub(super) inside_window: bool,
}

impl<'e> Context<'e> {
    pub(super) const fn new(names: &'e Names<'e>, env: Env<'e>) -> Self {
        Self { names, env, inside_aggregate: false, inside_window: false }
    }
}

impl Resolver<'_> {
    /// Resolves an expression; aliases inside it are dropped.
    pub(super) fn expression(&mut self, expression: &Expression, context: Context<'_>) -> Result<Typed> {
        self.descend()?;
        let typed = self.expression_node(expression, context);
        self.ascend();
        typed
    }

    fn expression_node(&mut self, expression: &Expression, context: Context<'_>) -> Result<Typed> {
        match expression {
            Expression::UnresolvedAttribute { parts, plan_id, position } => self.attribute(parts, *plan_id, *position, context),
            Expression::UnresolvedFunction { name, arguments, is_distinct, filter, position } => self.call(
                call::Written { name, arguments, is_distinct: *is_distinct, filter: filter.as_deref(), position: *position },
                context,
            ),
            Expression::UnresolvedStar { position, .. } => {
                Err(QueryError::new("INVALID_USAGE_OF_STAR_OR_REGEX", "Invalid usage of '*' in this place").at(*position))
            }
            Expression::ExpressionString { text } => {
                let parsed = crate::parse::parse_expression(text)?;
                self.expression(&parsed, Context { env: Env { is_sql: true, ..context.env }, ..context })
            }
            Expression::Literal { value, data_type } => Ok(Typed::literal(value.as_deref(), data_type.clone())),
            Expression::Alias { expression, names } => {
                let typed = self.expression(expression, context)?;
                let Some(name) = names.first() else { return Ok(typed) };
                let label = format!("{} AS {name}", typed.label);
                Ok(Typed { expression: typed.expression, label, title: Some(name.clone()), is_column: true })
            }
            Expression::Cast { expression, data_type, is_try, position } => self.cast(expression, data_type, *is_try, *position, context),
            Expression::Case { branches, otherwise } => self.case(branches, otherwise.as_deref(), context),
            Expression::Window { function, spec } => self.window_expression(function, spec, context),
            Expression::Subquery { .. } => self.subquery(expression, context),
            // Resolved already: given back by a plugin, or a folded part.
            Expression::Column { name, .. } | Expression::OuterColumn { name, .. } => Ok(Typed::new(expression.clone(), name.clone())),
            Expression::Call { name, .. } => Ok(Typed::new(expression.clone(), format!("{name}(..)"))),
            Expression::NamedColumn { name, .. } => Ok(Typed::new(expression.clone(), name.clone())),
        }
    }

    /// A condition: boolean, or `class`.
    pub(super) fn condition(&mut self, expression: &Expression, context: Context<'_>, class: &str) -> Result<Typed> {
        let typed = self.expression(expression, context)?;
        let own = typed.data_type();
        if own == DataType::Boolean {
            return Ok(typed);
        }
        let shown = auto_name::sql_type(&own);
        let message = if class == "JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE" {
            format!("The join condition \"{}\" has the invalid type \"{shown}\", expected \"BOOLEAN\".", typed.label)
        } else {
            format!("Filter expression \"{}\" of type \"{shown}\" is not a boolean.", typed.label)
        };
        Err(QueryError::new(class, message).at(position_of(expression)))
    }

    fn cast(
        &mut self,
        child: &Expression,
        data_type: &DataType,
        is_try: bool,
        position: Option<Position>,
        context: Context<'_>,
    ) -> Result<Typed> {
        let child = self.expression(child, context)?;
        let verb = if is_try { "TRY_CAST" } else { "CAST" };
        let label = format!("{verb}({} AS {})", child.label, auto_name::sql_type(data_type));
        let own = child.data_type();
        check_cast(&own, data_type, is_try, &label, position)?;
        let title = child.is_column.then(|| child.column_name().to_owned());
        let expression = if is_try && !same_type(&own, data_type) {
            Expression::Cast { expression: Box::new(child.expression), data_type: data_type.clone(), is_try, position }
        } else {
            cast_to(child.expression, data_type)
        };
        Ok(Typed { expression, label, title, is_column: false })
    }

    fn case(&mut self, branches: &[WhenBranch], otherwise: Option<&Expression>, context: Context<'_>) -> Result<Typed> {
        let mut label = String::from("CASE");
        let mut resolved = Vec::with_capacity(branches.len());
        for branch in branches {
            let condition = self.expression(&branch.condition, context)?;
            let value = self.expression(&branch.value, context)?;
            label.push_str(&format!(" WHEN {} THEN {}", condition.label, value.label));
            resolved.push((condition, value));
        }
        let otherwise = otherwise.map(|value| self.expression(value, context)).transpose()?;
        if let Some(value) = &otherwise {
            label.push_str(&format!(" ELSE {}", value.label));
        }
        label.push_str(" END");
        let position = branches.first().and_then(|branch| position_of(&branch.condition));
        for (index, (condition, _)) in resolved.iter().enumerate() {
            let own = condition.data_type();
            if own != DataType::Boolean {
                return Err(errors::unexpected_input(&label, 2 * index, "\"BOOLEAN\"", &condition.label, &own, position));
            }
        }
        let types: Vec<DataType> = resolved.iter().map(|(_, value)| value).chain(&otherwise).map(Typed::data_type).collect();
        let wide = wider_common(&types).ok_or_else(|| errors::different_types(&label, "casewhen", &types, position))?;
        let branches = resolved
            .into_iter()
            .map(|(condition, value)| WhenBranch { condition: condition.expression, value: cast_to(value.expression, &wide) })
            .collect();
        let otherwise = otherwise.map(|value| Box::new(cast_to(value.expression, &wide)));
        Ok(Typed::new(Expression::Case { branches, otherwise }, label))
    }
}

/// Where an unresolved expression begins, as far as it is known.
pub(super) fn position_of(expression: &Expression) -> Option<Position> {
    match expression {
        Expression::UnresolvedAttribute { position, .. }
        | Expression::UnresolvedStar { position, .. }
        | Expression::UnresolvedFunction { position, .. }
        | Expression::Cast { position, .. }
        | Expression::Subquery { position, .. } => *position,
        Expression::Alias { expression, .. } => position_of(expression),
        Expression::Window { function, .. } => position_of(function),
        Expression::Case { branches, .. } => branches.first().and_then(|branch| position_of(&branch.condition)),
        _ => None,
    }
}

/// The field of a struct by its place.
pub(super) fn struct_field(value: Expression, index: usize, data_type: DataType, nullable: bool) -> Expression {
    let ordinal = Expression::Literal { value: Some(index.to_string()), data_type: DataType::Integer };
    let nullable = nullable || super::output::nullable_of(&value);
    Expression::Call {
        name: "get_struct_field".to_owned(),
        arguments: vec![value, ordinal],
        is_distinct: false,
        filter: None,
        data_type,
        nullable,
    }
}

/// Takes the field `name` of a struct.
pub(super) fn extract_field(value: Typed, name: &str, case_sensitive: bool, position: Option<Position>) -> Result<Typed> {
    let own = data_type_of(&value.expression);
    let DataType::Struct { fields } = &own else {
        let class = "INVALID_EXTRACT_BASE_FIELD_TYPE";
        if matches!(own, DataType::Array { .. } | DataType::Map { .. }) {
            return Err(QueryError::unsupported("taking a part of an array or a map").at(position));
        }
        return Err(QueryError::new(
            class,
            format!(
                "Can't extract a value from \"{}\". Need a complex type [STRUCT, ARRAY, MAP] but got \"{}\".",
                value.label,
                auto_name::sql_type(&own)
            ),
        )
        .at(position));
    };
    let mut matching = fields.iter().enumerate().filter(|(_, field)| super::names::same_name(&field.name, name, case_sensitive));
    match (matching.next(), matching.next()) {
        (Some((index, field)), None) => {
            let label = format!("{}.{name}", value.label);
            let expression = struct_field(value.expression, index, field.data_type.clone(), field.nullable);
            Ok(Typed { expression, label, title: Some(name.to_owned()), is_column: false })
        }
        (None, _) => {
            let names: Vec<String> = fields.iter().map(|field| format!("`{}`", field.name)).collect();
            Err(QueryError::new("FIELD_NOT_FOUND", format!("No such struct field `{name}` in {}.", names.join(", "))).at(position))
        }
        _ => Err(QueryError::new(
            "AMBIGUOUS_REFERENCE_TO_FIELDS",
            format!("Ambiguous reference to the field `{name}`. It appears more than once in the schema."),
        )
        .at(position)),
    }
}
