use super::expression::Site;
use super::relation::{Lowerer, all_columns, column, project};
use super::{column_name, query_error};
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::functions_aggregate::grouping::grouping_udaf;
use datafusion::logical_expr::{Aggregate, Expr, Filter, GroupingSet, LogicalPlan, lit};
use kiln_sql::error::{QueryError, Result};
use kiln_sql::tree::{Expression, GroupKind, Relation};
use std::sync::Arc;

/// DataFusion's aggregates, each once, by their names.
#[derive(Default)]
pub struct Aggregates {
    pub exprs: Vec<Expr>,
}

impl Aggregates {
    /// The column that an aggregate's result has above the node.
    pub fn add(&mut self, expr: Expr) -> Expr {
        named_once(&mut self.exprs, expr)
    }
}

/// Keeps an expression once and gives its column. DataFusion's names leave casts out, so that `sum(a)` and
/// `sum(cast(a as double))` have the same one: the second gets an alias.
pub fn named_once(kept: &mut Vec<Expr>, expr: Expr) -> Expr {
    let same = |k: &&Expr| match k {
        Expr::Alias(alias) => *alias.expr == expr,
        other => **other == expr,
    };
    if let Some(found) = kept.iter().find(same) {
        return column(found.schema_name().to_string());
    }
    let name = expr.schema_name().to_string();
    let taken = kept.iter().any(|k| k.schema_name().to_string() == name);
    let unique = if taken { format!("{name}#{}", kept.len()) } else { name };
    kept.push(if taken { expr.alias(unique.clone()) } else { expr });
    column(unique)
}

impl Lowerer<'_> {
    pub fn aggregate(
        &self,
        input: &Relation,
        kind: GroupKind,
        grouping: &[Expression],
        sets: &[Vec<u32>],
        aggregates: &[Expression],
    ) -> Result<LogicalPlan> {
        let input = self.relation(input)?;
        // What is grouped by and aggregated may need columns of its own below.
        let site = Site::project(&input);
        let keys = grouping.iter().map(|g| self.group_key(g, &site)).collect::<Result<Vec<_>>>()?;
        let mut unique = Aggregates::default();
        let mut outputs = Vec::with_capacity(aggregates.len());
        let mut results = Vec::new();
        for aggregate in aggregates {
            match aggregate {
                Expression::NamedColumn { expression, id, .. } => {
                    let result = self.aggregate_call(expression, &site, &mut unique)?.alias(column_name(*id));
                    results.push(outputs.len());
                    outputs.push(result);
                }
                Expression::Column { id, .. } => outputs.push(column(column_name(*id))),
                other => return Err(QueryError::new("INTERNAL_ERROR", format!("{other:?} is no aggregate"))),
            }
        }
        let input = self.add_site_columns(input, &site)?;
        if kind == GroupKind::GroupBy {
            return grouped(input, keys, unique, outputs);
        }
        grouped_by_sets(input, keys, sets, unique, outputs)
    }

    fn group_key(&self, grouping: &Expression, site: &Site) -> Result<(String, Expr)> {
        let (expression, id) = match grouping {
            Expression::NamedColumn { expression, id, .. } => (expression.as_ref(), *id),
            column @ Expression::Column { id, .. } => (column, *id),
            other => return Err(QueryError::new("INTERNAL_ERROR", format!("grouping by {other:?}"))),
        };
        let key = self.canonical(self.expression(expression, site)?, site)?;
        Ok((column_name(id), key))
    }
}

fn grouped(input: LogicalPlan, keys: Vec<(String, Expr)>, unique: Aggregates, outputs: Vec<Expr>) -> Result<LogicalPlan> {
    let (names, keys): (Vec<_>, Vec<_>) = keys.into_iter().unzip();
    // A key that occurs twice is one key of the node.
    let mut distinct: Vec<Expr> = Vec::with_capacity(keys.len());
    let columns: Vec<Expr> = keys.iter().map(|key| named_once(&mut distinct, key.clone())).collect();
    let renames: Vec<(String, Expr)> = names.into_iter().zip(columns).collect();
    let plan = Aggregate::try_new(Arc::new(input), distinct, unique.exprs).map(LogicalPlan::Aggregate).map_err(query_error)?;
    project(plan, renamed(outputs, &renames))
}

/// The output columns over the aggregate's own names.
fn renamed(outputs: Vec<Expr>, renames: &[(String, Expr)]) -> Vec<Expr> {
    let rename = |output: Expr| match &output {
        Expr::Column(c) => match renames.iter().find(|(name, _)| name == &c.name) {
            Some((_, from)) if from == &output => output,
            Some((name, from)) => from.clone().alias(name),
            None => output,
        },
        _ => output,
    };
    outputs.into_iter().map(rename).collect()
}

/// Grouping keys become columns first, so that an aggregate of a key's column sees it before it is NULLed.
fn grouped_by_sets(
    input: LogicalPlan,
    keys: Vec<(String, Expr)>,
    sets: &[Vec<u32>],
    mut unique: Aggregates,
    outputs: Vec<Expr>,
) -> Result<LogicalPlan> {
    let mut columns = all_columns(&input);
    columns.extend(keys.iter().map(|(name, key)| key.clone().alias(name)));
    let input = project(input, columns)?;
    let key = |i: &u32| keys.get(*i as usize).map(|(name, _)| column(name));
    let sets: Option<Vec<Vec<Expr>>> = sets.iter().map(|set| set.iter().map(key).collect()).collect();
    let Some(mut sets) = sets else {
        return Err(QueryError::new("INTERNAL_ERROR", "a grouping set of no grouping column"));
    };
    // The grand total alone is no grouping: it has a row, of whatever there is.
    if sets.iter().all(Vec::is_empty) && sets.len() == 1 && keys.is_empty() {
        let plan = Aggregate::try_new(Arc::new(input), Vec::new(), unique.exprs).map(LogicalPlan::Aggregate).map_err(query_error)?;
        return project(plan, outputs);
    }
    // DataFusion gives the grand total of no rows a row. Spark does so only where it is all that is asked for.
    let counted = sets.len() > 1 && sets.iter().any(Vec::is_empty);
    let count = counted.then(|| unique.add(count(lit(1_i64))));
    // DataFusion knows only keys of a set: one more set has them all, and its rows are dropped.
    let all: Vec<Expr> = keys.iter().map(|(name, _)| column(name)).collect();
    let in_none = all.iter().any(|key| !sets.iter().any(|set| set.contains(key)));
    let set_id = in_none.then(|| unique.add(grouping_udaf().call(all.clone())));
    if in_none {
        sets.push(all);
    }
    let group = Expr::GroupingSet(GroupingSet::GroupingSets(sets));
    let mut plan = Aggregate::try_new(Arc::new(input), vec![group], unique.exprs).map(LogicalPlan::Aggregate).map_err(query_error)?;
    if let Some(count) = count {
        plan = Filter::try_new(count.gt(lit(0_i64)), Arc::new(plan)).map(LogicalPlan::Filter).map_err(query_error)?;
    }
    if let Some(set_id) = set_id {
        plan = Filter::try_new(set_id.not_eq(lit(0_i32)), Arc::new(plan)).map(LogicalPlan::Filter).map_err(query_error)?;
    }
    project(plan, outputs)
}
