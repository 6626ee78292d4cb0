//! Names: the input's columns, then lateral aliases, then the enclosing query's columns.
use super::{Context, extract_field};
use crate::error::{QueryError, Result};
use crate::resolve::errors;
use crate::resolve::names::{quoted, same_name};
use crate::resolve::registry::Typed;
use crate::resolve::resolver::Resolver;
use crate::resolve::scope::{Field, Found, Scope};
use crate::tree::{Expression, Position};

/// The scopes a name is looked up in.
#[derive(Default)]
pub(in crate::resolve) struct Names<'e> {
    /// In this order, each with the scopes below it if `deep`.
    pub(in crate::resolve) scopes: Vec<&'e Scope>,
    /// Columns that were not selected can be named too (`Sort`, `Filter`).
    pub(in crate::resolve) deep: bool,
    pub(in crate::resolve) group: Option<GroupNames<'e>>,
    pub(in crate::resolve) aliases: Option<&'e LateralAliases>,
    /// `grouping__id` is a column.
    pub(in crate::resolve) has_grouping_id: bool,
}

/// For HAVING and ORDER BY over an aggregation: names inside aggregate functions are those of its input.
pub(in crate::resolve) struct GroupNames<'e> {
    pub(in crate::resolve) input: &'e Scope,
    /// Input columns that are grouping columns.
    pub(in crate::resolve) grouping_ids: &'e [u64],
    /// HAVING: a grouping column wins over an alias of the select list.
    pub(in crate::resolve) prefer_input: bool,
}

/// Aliases of the select list so far, for lateral references.
#[derive(Default)]
pub(in crate::resolve) struct LateralAliases {
    pub(in crate::resolve) fields: Vec<Field>,
}

impl<'e> Names<'e> {
    pub(in crate::resolve) fn of(scope: &'e Scope) -> Self {
        Self { scopes: vec![scope], ..Self::default() }
    }

    /// The scope, then those below it.
    pub(in crate::resolve) fn deep(scope: &'e Scope) -> Self {
        Self { scopes: vec![scope], deep: true, ..Self::default() }
    }

    fn all(&self) -> Vec<&'e Scope> {
        if !self.deep {
            return self.scopes.clone();
        }
        self.scopes.iter().flat_map(|scope| scope.chain()).collect()
    }

    fn candidates(&self) -> Vec<Vec<String>> {
        self.scopes.iter().flat_map(|scope| scope.candidates()).collect()
    }
}

struct Query<'q> {
    parts: &'q [String],
    plan_id: Option<u64>,
    position: Option<Position>,
    case_sensitive: bool,
}

impl Query<'_> {
    fn find<'s>(&self, scope: &'s Scope) -> Result<Option<Found<'s>>> {
        match self.plan_id {
            None => scope.find(self.parts, self.case_sensitive, self.position),
            Some(plan_id) => scope.find_in_plan(plan_id, self.parts, self.case_sensitive, self.position),
        }
    }

    /// The first scope that has the name; a name that is ambiguous in one may still be clear in the next.
    fn first<'s>(&self, scopes: &[&'s Scope]) -> Result<Option<Found<'s>>> {
        let mut ambiguous = None;
        for scope in scopes {
            match self.find(scope) {
                Ok(None) => {}
                Ok(found) => return Ok(found),
                Err(error) => {
                    ambiguous.get_or_insert(error);
                }
            }
        }
        ambiguous.map_or(Ok(None), Err)
    }

    fn among<'s>(&self, names: &Names<'s>, inside_aggregate: bool) -> Result<Option<Found<'s>>> {
        let scopes = names.all();
        let Some(group) = &names.group else { return self.first(&scopes) };
        let input: Vec<&'s Scope> = group.input.chain().take(1).collect();
        if inside_aggregate {
            return self.first(&[input, scopes].concat());
        }
        if group.prefer_input
            && let Ok(Some(found)) = self.first(&input)
            && group.grouping_ids.contains(&found.field.id)
        {
            return Ok(Some(found));
        }
        self.first(&[scopes, input].concat())
    }
}

impl Resolver<'_> {
    pub(super) fn attribute(
        &mut self,
        parts: &[String],
        plan_id: Option<u64>,
        position: Option<Position>,
        context: Context<'_>,
    ) -> Result<Typed> {
        let case_sensitive = self.options.case_sensitive;
        let query = Query { parts, plan_id, position, case_sensitive };
        if let Some(found) = query.among(context.names, context.inside_aggregate)? {
            let column = found.field.column(&found.spelt);
            return self.nested(Typed { is_column: true, ..Typed::new(column, found.spelt.clone()) }, &found.nested, position);
        }
        if let Some(found) = self.lateral(parts, position, context)? {
            return Ok(found);
        }
        if let Some(outer) = context.env.outer
            && let Ok(Some(found)) = query.among(outer, false)
        {
            let Expression::Column { id, name, data_type, nullable } = found.field.column(&found.spelt) else {
                return Err(errors::unresolved_column(parts, &[], position));
            };
            let column = Expression::OuterColumn { id, name, data_type, nullable };
            return self.nested(Typed { is_column: true, ..Typed::new(column, found.spelt.clone()) }, &found.nested, position);
        }
        if let Some(typed) = self.literal_function(parts, position, context)? {
            return Ok(typed);
        }
        if plan_id.is_some() {
            return Err(QueryError::new(
                "CANNOT_RESOLVE_DATAFRAME_COLUMN",
                format!(
                    "Cannot resolve dataframe column {}. It's probably because of illegal references like `df1.select(df2.col(\"a\"))`.",
                    quoted(parts)
                ),
            )
            .at(position));
        }
        Err(errors::unresolved_column(parts, &context.names.candidates(), position))
    }

    fn nested(&self, column: Typed, fields: &[String], position: Option<Position>) -> Result<Typed> {
        fields.iter().try_fold(column, |value, field| extract_field(value, field, self.options.case_sensitive, position))
    }

    /// An alias that stands before this expression in the same select list.
    fn lateral(&self, parts: &[String], position: Option<Position>, context: Context<'_>) -> Result<Option<Typed>> {
        let (Some(aliases), Some((name, nested))) = (context.names.aliases, parts.split_first()) else {
            return Ok(None);
        };
        let matching: Vec<&Field> =
            aliases.fields.iter().filter(|field| same_name(&field.name, name, self.options.case_sensitive)).collect();
        let field = match matching.as_slice() {
            [] => return Ok(None),
            [field] => field,
            many => {
                return Err(QueryError::new(
                    "AMBIGUOUS_LATERAL_COLUMN_ALIAS",
                    format!("Lateral column alias {} is ambiguous and has {} matches.", quoted(parts), many.len()),
                )
                .at(position));
            }
        };
        if context.inside_window || context.inside_aggregate {
            let place = if context.inside_aggregate { "AGGREGATE_FUNC" } else { "WINDOW" };
            return Err(QueryError::new(
                format!("UNSUPPORTED_FEATURE.LATERAL_COLUMN_ALIAS_IN_{place}"),
                format!("The feature is not supported: Referencing a lateral column alias {} here.", quoted(parts)),
            )
            .at(position)
            .hint("Put the alias in a subquery"));
        }
        let column = Typed::new(field.column(name), name.clone());
        let value = self.nested(column, nested, position)?;
        // As Spark prints it inside a larger expression.
        let title = parts.last().cloned();
        let label = format!("lateralAliasReference({})", title.as_deref().unwrap_or_default());
        Ok(Some(Typed { label, title, is_column: true, ..value }))
    }

    /// `CURRENT_DATE` and its kin without parentheses.
    fn literal_function(&mut self, parts: &[String], position: Option<Position>, context: Context<'_>) -> Result<Option<Typed>> {
        const FUNCTIONS: [&str; 3] = ["current_date", "current_timestamp", "localtimestamp"];
        let [name] = parts else { return Ok(None) };
        let lower = name.to_lowercase();
        if lower == "grouping__id" && context.names.has_grouping_id {
            return Ok(Some(self.grouping_id_column(name)));
        }
        if !FUNCTIONS.contains(&lower.as_str()) {
            return Ok(None);
        }
        let call = Expression::UnresolvedFunction { name: lower, arguments: Vec::new(), is_distinct: false, filter: None, position };
        self.expression(&call, context).map(Some)
    }

    /// Hive's name for `grouping_id()`.
    fn grouping_id_column(&self, name: &str) -> Typed {
        let call = Expression::Call {
            name: "grouping_id".to_owned(),
            arguments: Vec::new(),
            is_distinct: false,
            filter: None,
            data_type: crate::tree::DataType::Long,
            nullable: false,
        };
        Typed::new(call, name)
    }
}
