//! GROUP BY with its ROLLUP, CUBE and GROUPING SETS.
use super::Builder;
use super::expression::unwrap;
use crate::error::{QueryError, Result};
use crate::tree::{Expression, GroupKind, Position};
use serde_json::Value;
use sqlparser::ast::{Expr, GroupByExpr, GroupByWithModifier};

/// Sets that CUBE, ROLLUP and their products may make together.
const MAX_SETS: usize = 4096;

type Grouping = (GroupKind, Vec<Expression>, Vec<Vec<u32>>);

/// Expressions of one GROUP BY without repetition; sets hold their indices.
#[derive(Default)]
struct Columns {
    keys: Vec<Value>,
    expressions: Vec<Expression>,
}

impl Columns {
    fn index(&mut self, expression: Expression) -> u32 {
        let key = key(&expression);
        let at = self.keys.iter().position(|known| *known == key).unwrap_or_else(|| {
            self.keys.push(key);
            self.expressions.push(expression);
            self.keys.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }
}

/// The expression without its places, and with names in lower case.
fn key(expression: &Expression) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.remove("position");
                if let Some(Value::Array(parts)) = fields.get_mut("parts") {
                    for part in parts {
                        if let Value::String(part) = part {
                            *part = part.to_lowercase();
                        }
                    }
                }
                fields.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(expression).unwrap_or_default();
    strip(&mut value);
    value
}

impl Builder {
    /// None if there is no GROUP BY.
    pub(super) fn grouping(&mut self, group_by: GroupByExpr, at: Option<Position>) -> Result<Option<Grouping>> {
        let (exprs, mut modifiers) = match group_by {
            GroupByExpr::All(modifiers) => {
                if !modifiers.is_empty() {
                    return Err(QueryError::unsupported("GROUP BY ALL with ROLLUP, CUBE or GROUPING SETS").at(at));
                }
                return Ok(Some((GroupKind::All, vec![], vec![])));
            }
            GroupByExpr::Expressions(exprs, modifiers) => (exprs, modifiers),
        };
        let modifier = modifiers.pop();
        if !modifiers.is_empty() {
            return Err(QueryError::unsupported("GROUP BY with several modifiers").at(at));
        }
        if exprs.iter().any(|expr| matches!(expr, Expr::Tuple(values) if values.is_empty())) {
            return Err(QueryError::new("PARSE_SYNTAX_ERROR", "Syntax error: GROUP BY () has no expression")
                .at(at)
                .hint("Write GROUP BY GROUPING SETS (())"));
        }
        let has_analytics = exprs.iter().any(|expr| matches!(expr, Expr::Rollup(_) | Expr::Cube(_) | Expr::GroupingSets(_)));
        if modifier.is_some() && has_analytics {
            return Err(QueryError::unsupported("GROUP BY that mixes two ways of grouping sets").at(at));
        }
        match modifier {
            None if exprs.is_empty() => Ok(None),
            None if has_analytics => self.analytics(exprs, at).map(Some),
            None => Ok(Some((GroupKind::GroupBy, self.expressions(exprs)?, vec![]))),
            Some(GroupByWithModifier::Rollup) => Ok(Some((GroupKind::Rollup, self.expressions(exprs)?, vec![]))),
            Some(GroupByWithModifier::Cube) => Ok(Some((GroupKind::Cube, self.expressions(exprs)?, vec![]))),
            Some(GroupByWithModifier::Totals) => Err(QueryError::unsupported("WITH TOTALS").at(at)),
            Some(GroupByWithModifier::GroupingSets(Expr::GroupingSets(sets))) => {
                let mut columns = Columns::default();
                for expr in exprs {
                    columns.index(self.expression(expr)?);
                }
                let listed = columns.expressions.len();
                let sets = self.sets(sets, &mut columns)?;
                if columns.expressions.len() > listed {
                    return Err(QueryError::new(
                        "MISSING_GROUP_BY",
                        "GROUPING SETS after a list may only use the expressions of that list",
                    )
                    .at(at));
                }
                Ok(Some((GroupKind::GroupingSets, columns.expressions, sets)))
            }
            Some(GroupByWithModifier::GroupingSets(_)) => Err(QueryError::unsupported("This GROUPING SETS").at(at)),
        }
    }

    fn sets(&mut self, sets: Vec<Vec<Expr>>, columns: &mut Columns) -> Result<Vec<Vec<u32>>> {
        sets.into_iter()
            .map(|set| {
                let mut indices = Vec::with_capacity(set.len());
                for expr in set {
                    let index = columns.index(self.expression(expr)?);
                    if !indices.contains(&index) {
                        indices.push(index);
                    }
                }
                Ok(indices)
            })
            .collect()
    }

    fn analytics(&mut self, exprs: Vec<Expr>, at: Option<Position>) -> Result<Grouping> {
        let too_many = || QueryError::unsupported(format!("GROUP BY with more than {MAX_SETS} grouping sets")).at(at);
        let lone = exprs.len() == 1;
        let mut columns = Columns::default();
        // All combinations of one set of every item.
        let mut product: Vec<Vec<u32>> = vec![vec![]];
        for expr in exprs {
            let is_rollup = matches!(expr, Expr::Rollup(_));
            let sets = match unwrap(expr) {
                Expr::Rollup(elements) | Expr::Cube(elements) => {
                    if lone && elements.iter().all(|element| element.len() == 1) {
                        let kind = if is_rollup { GroupKind::Rollup } else { GroupKind::Cube };
                        let exprs = elements.into_iter().flatten().collect();
                        return Ok((kind, self.expressions(exprs)?, vec![]));
                    }
                    let elements = self.sets(elements, &mut columns)?;
                    if is_rollup { rollup(&elements) } else { cube(&elements).ok_or_else(too_many)? }
                }
                Expr::GroupingSets(sets) => self.sets(sets, &mut columns)?,
                other => vec![vec![columns.index(self.expression(other)?)]],
            };
            if product.len().saturating_mul(sets.len()) > MAX_SETS {
                return Err(too_many());
            }
            product = product.iter().flat_map(|left| sets.iter().map(|right| union(left, right))).collect();
        }
        Ok((GroupKind::GroupingSets, columns.expressions, product))
    }
}

fn union(left: &[u32], right: &[u32]) -> Vec<u32> {
    let mut all = left.to_vec();
    for index in right {
        if !all.contains(index) {
            all.push(*index);
        }
    }
    all
}

fn rollup(elements: &[Vec<u32>]) -> Vec<Vec<u32>> {
    (0..=elements.len()).rev().map(|length| elements.iter().take(length).fold(vec![], |all, element| union(&all, element))).collect()
}

fn cube(elements: &[Vec<u32>]) -> Option<Vec<Vec<u32>>> {
    let count = 1usize.checked_shl(u32::try_from(elements.len()).ok()?).filter(|count| *count <= MAX_SETS)?;
    let chosen = |set: usize| {
        elements
            .iter()
            .enumerate()
            .filter(|(bit, _)| set & (1 << (elements.len() - 1 - bit)) != 0)
            .fold(vec![], |all, (_, element)| union(&all, element))
    };
    Some((0..count).rev().map(chosen).collect())
}
