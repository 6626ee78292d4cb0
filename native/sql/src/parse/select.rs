//! SELECT: projection, filter, aggregation, HAVING, DISTINCT, hints.
use super::Builder;
use super::expression::{ident, names, object_name, star};
use super::lexer::position;
use super::query::refuse;
use crate::error::{QueryError, Result};
use crate::tree::{Expression, GroupKind, Position, Relation};
use sqlparser::ast::{
    Distinct, ExceptSelectItem, Select, SelectFlavor, SelectItem, SelectItemQualifiedWildcardKind, WildcardAdditionalOptions,
};

impl Builder {
    pub(super) fn select(&mut self, select: Select) -> Result<Relation> {
        let Select {
            select_token,
            optimizer_hints,
            distinct,
            select_modifiers,
            top,
            top_before_distinct: _,
            projection,
            exclude,
            into,
            from,
            lateral_views,
            prewhere,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify,
            window_before_qualify: _,
            value_table_mode,
            flavor,
        } = select;
        let at = position(select_token.0.span.start);
        let unsupported = |given: bool, what: &str| refuse(given, what).map_err(|error| error.at(at));
        unsupported(select_modifiers.is_some_and(|modifiers| modifiers.is_any_set()), "A SELECT modifier")?;
        unsupported(top.is_some(), "TOP").map_err(|error| error.hint("Use LIMIT"))?;
        unsupported(exclude.is_some(), "EXCLUDE").map_err(|error| error.hint("Use * EXCEPT (..)"))?;
        unsupported(into.is_some(), "SELECT INTO")?;
        unsupported(!lateral_views.is_empty(), "LATERAL VIEW")?;
        unsupported(prewhere.is_some(), "PREWHERE")?;
        unsupported(!connect_by.is_empty(), "CONNECT BY")?;
        unsupported(value_table_mode.is_some(), "SELECT AS STRUCT or VALUE")?;
        if !cluster_by.is_empty() || !distribute_by.is_empty() || !sort_by.is_empty() {
            return Err(QueryError::new("PARSE_SYNTAX_ERROR", "SORT BY, DISTRIBUTE BY and CLUSTER BY cannot stand before a set operator")
                .at(at)
                .hint("Put the SELECT in parentheses"));
        }
        let has_windows = !named_window.is_empty();
        if has_windows {
            self.open_windows(named_window)?;
        }
        self.enter(5)?;
        let mut relation = if from.is_empty() {
            Relation::LocalRelation { rows: vec![vec![]], column_names: None, fields: None, column_ids: None }
        } else {
            self.from(from)?
        };
        if let Some(condition) = selection {
            let condition = self.expression(condition)?;
            relation = Relation::Filter { input: Box::new(relation), condition };
        }
        let windows_before = self.window_calls;
        let mut columns = projection.into_iter().map(|item| self.select_item(item)).collect::<Result<Vec<_>>>()?;
        let is_qualified = qualify.is_some();
        if let Some(condition) = qualify {
            let expression = Box::new(self.expression(condition)?);
            if self.window_calls == windows_before {
                return Err(QueryError::new(
                    "QUALIFY_REQUIRES_WINDOW_FUNCTION",
                    "The QUALIFY clause requires a window function in its condition or in the SELECT list",
                )
                .at(at)
                .hint("Use WHERE or HAVING"));
            }
            columns.push(Expression::Alias { expression, names: vec![QUALIFIED.to_owned()] });
        }
        let grouping = self.grouping(group_by, at)?;
        let having = match having {
            Some(having) => Some(self.expression(having)?),
            None => None,
        };
        let input = Box::new(relation);
        relation = match (grouping, having) {
            (None, None) if flavor == SelectFlavor::FromFirstNoSelect => *input,
            (None, None) => Relation::Project { input, expressions: columns },
            // HAVING without GROUP BY is a global aggregate.
            (None, having) => Relation::Aggregate {
                input,
                group_kind: GroupKind::GroupBy,
                grouping: vec![],
                grouping_sets: vec![],
                aggregates: columns,
                having,
            },
            (Some((group_kind, grouping, grouping_sets)), having) => {
                Relation::Aggregate { input, group_kind, grouping, grouping_sets, aggregates: columns, having }
            }
        };
        if is_qualified {
            relation = qualified(relation, at);
        }
        match distinct {
            None | Some(Distinct::All) => {}
            Some(Distinct::Distinct) => {
                relation = Relation::Deduplicate { input: Box::new(relation), column_names: vec![] };
            }
            Some(Distinct::On(_)) => return Err(QueryError::unsupported("DISTINCT ON").at(at)),
        }
        self.leave(5);
        if has_windows {
            self.close_windows();
        }
        self.hints(relation, optimizer_hints, at)
    }

    pub(super) fn select_item(&mut self, item: SelectItem) -> Result<Expression> {
        match item {
            SelectItem::UnnamedExpr(expr) => self.expression(expr),
            SelectItem::ExprWithAlias { expr, alias } => {
                let expression = Box::new(self.expression(expr)?);
                Ok(Expression::Alias { expression, names: vec![ident(alias)?.0] })
            }
            SelectItem::ExprWithAliases { expr, aliases } => {
                let expression = Box::new(self.expression(expr)?);
                Ok(Expression::Alias { expression, names: names(aliases)? })
            }
            SelectItem::Wildcard(options) => wildcard(None, options),
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                wildcard(Some(object_name(name)?.0), options)
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(_), options) => {
                let at = position(options.wildcard_token.0.span.start);
                Err(QueryError::unsupported("A star after an expression").at(at))
            }
        }
    }
}

/// The name of the condition of QUALIFY among the columns, which it may name like a lateral alias.
const QUALIFIED: &str = "__qualify";

/// The rows whose last column, the condition, is true; without that column.
fn qualified(relation: Relation, position: Option<Position>) -> Relation {
    let condition = || Expression::UnresolvedAttribute { parts: vec![QUALIFIED.to_owned()], plan_id: None, position };
    let filter = Relation::Filter { input: Box::new(relation), condition: condition() };
    Relation::Drop { input: Box::new(filter), columns: vec![condition()] }
}

fn wildcard(target: Option<Vec<String>>, options: WildcardAdditionalOptions) -> Result<Expression> {
    let WildcardAdditionalOptions { wildcard_token, opt_ilike, opt_exclude, opt_except, opt_rename, opt_replace, opt_alias } = options;
    let at = position(wildcard_token.0.span.start);
    let unsupported = |given: bool, what: &str| refuse(given, what).map_err(|error| error.at(at));
    unsupported(opt_ilike.is_some(), "ILIKE after a star")?;
    unsupported(opt_exclude.is_some(), "EXCLUDE after a star")?;
    unsupported(opt_rename.is_some(), "RENAME after a star")?;
    unsupported(opt_replace.is_some(), "REPLACE after a star")?;
    unsupported(opt_alias.is_some(), "An alias after a star")?;
    let mut expression = star(target, &wildcard_token.0);
    if let Some(ExceptSelectItem { first_element, additional_elements }) = opt_except
        && let Expression::UnresolvedStar { except, .. } = &mut expression
    {
        except.push(ident(first_element)?.0);
        except.extend(names(additional_elements)?);
    }
    Ok(expression)
}
