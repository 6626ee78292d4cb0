//! Queries: common table expressions, set operations, VALUES, ordering and limits.
use super::Builder;
use super::expression::{ident, names};
use crate::error::{QueryError, Result};
use crate::tree::{Cte, Expression, NullOrdering, Relation, SetOpKind, SortDirection, SortOrder};
use sqlparser::ast::{self, LimitClause, OffsetRows, OrderByExpr, OrderByKind, OrderByOptions, Query, SetExpr, SetOperator, SetQuantifier};

/// `CLUSTER BY`, `DISTRIBUTE BY` and `SORT BY`, which apply to the whole query; sqlparser hangs them on its last SELECT.
#[derive(Default)]
struct Organization {
    cluster_by: Vec<ast::Expr>,
    distribute_by: Vec<ast::Expr>,
    sort_by: Vec<OrderByExpr>,
}

impl Organization {
    fn take(body: &mut SetExpr) -> Self {
        let mut last = body;
        loop {
            last = match last {
                SetExpr::SetOperation { op: _, set_quantifier: _, left: _, right } => right,
                SetExpr::Select(select) => {
                    return Self {
                        cluster_by: std::mem::take(&mut select.cluster_by),
                        distribute_by: std::mem::take(&mut select.distribute_by),
                        sort_by: std::mem::take(&mut select.sort_by),
                    };
                }
                _ => return Self::default(),
            };
        }
    }
}

impl Builder {
    pub(super) fn query(&mut self, query: Query) -> Result<Relation> {
        let Query { with, body, order_by, limit_clause, fetch, locks, for_clause, settings, format_clause, pipe_operators } = query;
        refuse(fetch.is_some(), "FETCH")?;
        refuse(!locks.is_empty() || for_clause.is_some(), "FOR")?;
        refuse(settings.is_some(), "SETTINGS")?;
        refuse(format_clause.is_some(), "FORMAT")?;
        refuse(!pipe_operators.is_empty(), "The pipe syntax (|>)")?;
        self.enter(1)?;
        let ctes = match with {
            Some(with) => Some(self.ctes(with)?),
            None => None,
        };
        let mut body = *body;
        let organization = Organization::take(&mut body);
        // ORDER BY sees the windows of a lone SELECT.
        let windows = match &mut body {
            SetExpr::Select(select) => std::mem::take(&mut select.named_window),
            _ => vec![],
        };
        self.open_windows(windows)?;
        let relation = self.set_expr(body)?;
        let relation = self.organize(relation, organization, order_by)?;
        self.close_windows();
        let relation = self.limit(relation, limit_clause)?;
        self.leave(1);
        Ok(match ctes {
            Some(ctes) => Relation::WithCtes { ctes, input: Box::new(relation) },
            None => relation,
        })
    }

    fn ctes(&mut self, with: ast::With) -> Result<Vec<Cte>> {
        let ast::With { with_token, recursive, cte_tables } = with;
        let at = super::lexer::position(with_token.0.span.start);
        if recursive {
            return Err(QueryError::unsupported("WITH RECURSIVE").at(at));
        }
        let mut ctes: Vec<Cte> = Vec::with_capacity(cte_tables.len());
        for table in cte_tables {
            let ast::Cte { alias, query, from, materialized, closing_paren_token: _ } = table;
            refuse(from.is_some(), "FROM after a common table expression")?;
            refuse(materialized.is_some(), "MATERIALIZED")?;
            let at = super::lexer::position(alias.name.span.start);
            let (name, column_aliases) = table_alias(alias)?;
            if ctes.iter().any(|known| known.name.eq_ignore_ascii_case(&name)) {
                return Err(QueryError::new("DUPLICATED_CTE_NAMES", format!("CTE definition can't have duplicate names: {name}")).at(at));
            }
            ctes.push(Cte { name, column_aliases, plan: self.query(*query)? });
        }
        Ok(ctes)
    }

    fn set_expr(&mut self, body: SetExpr) -> Result<Relation> {
        let mut first = body;
        let mut rest = Vec::new();
        while let SetExpr::SetOperation { left, op, set_quantifier, right } = first {
            rest.push((op, set_quantifier, *right));
            first = *left;
        }
        let levels = rest.len() + 1;
        self.enter(levels)?;
        let mut relation = match first {
            SetExpr::Select(select) => self.select(*select)?,
            SetExpr::Query(query) => self.query(*query)?,
            SetExpr::Values(values) => self.values(values)?,
            SetExpr::Insert(_) => return Err(QueryError::unsupported("The statement INSERT")),
            SetExpr::Update(_) => return Err(QueryError::unsupported("The statement UPDATE")),
            SetExpr::Delete(_) => return Err(QueryError::unsupported("The statement DELETE")),
            SetExpr::Merge(_) => return Err(QueryError::unsupported("The statement MERGE")),
            SetExpr::Table(_) => return Err(QueryError::unsupported("TABLE here")),
            // Taken apart above.
            SetExpr::SetOperation { .. } => return Err(QueryError::unsupported("This set operation")),
        };
        for (op, quantifier, right) in rest.into_iter().rev() {
            let kind = match op {
                SetOperator::Union => SetOpKind::Union,
                SetOperator::Intersect => SetOpKind::Intersect,
                SetOperator::Except | SetOperator::Minus => SetOpKind::Except,
            };
            let is_all = match quantifier {
                SetQuantifier::None | SetQuantifier::Distinct => false,
                SetQuantifier::All => true,
                SetQuantifier::ByName | SetQuantifier::DistinctByName | SetQuantifier::AllByName => {
                    return Err(QueryError::unsupported("BY NAME").hint("Use unionByName of a DataFrame"));
                }
            };
            let right = Box::new(self.set_expr(right)?);
            relation = Relation::SetOp { kind, left: Box::new(relation), right, is_all, by_name: false, allow_missing_columns: false };
        }
        self.leave(levels);
        Ok(relation)
    }

    fn values(&mut self, values: ast::Values) -> Result<Relation> {
        let ast::Values { explicit_row, value_keyword, rows: parsed } = values;
        refuse(explicit_row || value_keyword, "VALUES with ROW")?;
        let mut rows: Vec<Vec<Expression>> = Vec::with_capacity(parsed.len());
        for row in parsed {
            let at = super::lexer::position(row.opening_token.0.span.start);
            let row = self.expressions(row.content)?;
            if let Some(first) = rows.first()
                && first.len() != row.len()
            {
                return Err(QueryError::new(
                    "INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH",
                    format!("Inline table expected {} columns but found {} columns in row {}", first.len(), row.len(), rows.len()),
                )
                .at(at));
            }
            rows.push(row);
        }
        Ok(Relation::LocalRelation { rows, column_names: None, fields: None, column_ids: None })
    }

    fn organize(&mut self, relation: Relation, organization: Organization, order_by: Option<ast::OrderBy>) -> Result<Relation> {
        let Organization { cluster_by, distribute_by, sort_by } = organization;
        let clauses = [order_by.is_some(), !cluster_by.is_empty(), !distribute_by.is_empty() || !sort_by.is_empty()];
        if clauses.iter().filter(|given| **given).count() > 1 {
            return Err(QueryError::new(
                "UNSUPPORTED_FEATURE.COMBINATION_QUERY_RESULT_CLAUSES",
                "Combination of ORDER BY, SORT BY, DISTRIBUTE BY and CLUSTER BY is not possible",
            ));
        }
        let ascending = |child| SortOrder { child, direction: SortDirection::Ascending, null_ordering: NullOrdering::Default };
        if let Some(order_by) = order_by {
            let ast::OrderBy { kind, interpolate } = order_by;
            refuse(interpolate.is_some(), "INTERPOLATE")?;
            let order = match kind {
                OrderByKind::Expressions(exprs) => self.sort_orders(exprs)?,
                OrderByKind::All(_) => return Err(QueryError::unsupported("ORDER BY ALL of this form")),
            };
            return Ok(Relation::Sort { input: Box::new(relation), order, is_global: true });
        }
        let clustered = !cluster_by.is_empty();
        let expressions: Vec<SortOrder> =
            self.expressions(if clustered { cluster_by } else { distribute_by })?.into_iter().map(ascending).collect();
        let order = if clustered { expressions.clone() } else { self.sort_orders(sort_by)? };
        let mut relation = relation;
        if !expressions.is_empty() {
            let input = Box::new(relation);
            relation = Relation::RepartitionByExpression { input, num_partitions: None, expressions, is_range: false };
        }
        if !order.is_empty() {
            relation = Relation::Sort { input: Box::new(relation), order, is_global: false };
        }
        Ok(relation)
    }

    /// `ORDER BY ALL` is a column `ALL` until it is resolved, as in Spark.
    pub(super) fn sort_orders(&mut self, exprs: Vec<OrderByExpr>) -> Result<Vec<SortOrder>> {
        exprs
            .into_iter()
            .map(|order| {
                let OrderByExpr { expr, options: OrderByOptions { asc, nulls_first }, with_fill } = order;
                refuse(with_fill.is_some(), "WITH FILL")?;
                Ok(SortOrder {
                    child: self.expression(expr)?,
                    direction: if asc == Some(false) { SortDirection::Descending } else { SortDirection::Ascending },
                    null_ordering: match nulls_first {
                        None => NullOrdering::Default,
                        Some(true) => NullOrdering::NullsFirst,
                        Some(false) => NullOrdering::NullsLast,
                    },
                })
            })
            .collect()
    }

    fn limit(&mut self, relation: Relation, clause: Option<LimitClause>) -> Result<Relation> {
        let (limit, offset) = match clause {
            None => return Ok(relation),
            Some(LimitClause::LimitOffset { limit, offset, limit_by }) => {
                refuse(!limit_by.is_empty(), "LIMIT BY")?;
                (limit, offset)
            }
            Some(LimitClause::OffsetCommaLimit { offset: _, limit: _ }) => {
                return Err(QueryError::unsupported("LIMIT with a comma").hint("Write LIMIT .. OFFSET .."));
            }
        };
        let mut relation = relation;
        if let Some(ast::Offset { value, rows }) = offset {
            refuse(rows != OffsetRows::None, "OFFSET with ROWS")?;
            let offset = self.expression(value)?;
            relation = Relation::Offset { input: Box::new(relation), offset };
        }
        if let Some(limit) = limit {
            let limit = self.expression(limit)?;
            relation = Relation::Limit { input: Box::new(relation), limit };
        }
        Ok(relation)
    }
}

pub(super) fn refuse(given: bool, what: &str) -> Result<()> {
    if given { Err(QueryError::unsupported(what)) } else { Ok(()) }
}

/// The name of a table and of its columns.
pub(super) fn table_alias(alias: ast::TableAlias) -> Result<(String, Vec<String>)> {
    let ast::TableAlias { explicit: _, name, columns, at } = alias;
    refuse(at.is_some(), "AT after a table alias")?;
    let mut idents = Vec::with_capacity(columns.len());
    for column in columns {
        let ast::TableAliasColumnDef { name, data_type } = column;
        refuse(data_type.is_some(), "A column alias with a type")?;
        idents.push(name);
    }
    Ok((ident(name)?.0, names(idents)?))
}
