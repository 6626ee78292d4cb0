//! Hints: join strategies go to the relation they name, partitioning hints become nodes, others are dropped.
use crate::error::{QueryError, Result};
use crate::resolve::coercion::long_value;
use crate::resolve::names::same_name;
use crate::resolve::resolver::{Env, Output, Resolver};
use crate::tree::{Expression, NullOrdering, Relation, SortDirection, SortOrder};

/// A join hint that names relations below it.
pub(in crate::resolve) struct PendingHint {
    name: &'static str,
    relation: String,
}

/// The canonical name of a join hint.
fn join_hint(name: &str) -> Option<&'static str> {
    Some(match name.to_lowercase().as_str() {
        "broadcast" | "broadcastjoin" | "mapjoin" => "broadcast",
        "merge" | "shuffle_merge" | "mergejoin" => "merge",
        "shuffle_hash" => "shuffle_hash",
        "shuffle_replicate_nl" => "shuffle_replicate_nl",
        _ => return None,
    })
}

impl Resolver<'_> {
    pub(super) fn hint(&mut self, input: &Relation, name: &str, parameters: &[Expression], env: Env<'_>) -> Result<Output> {
        if let Some(name) = join_hint(name) {
            return self.join_strategy(input, name, parameters, env);
        }
        match name.to_lowercase().as_str() {
            "coalesce" => {
                let count = partitions(name, parameters)?;
                self.wrapped(input, env, |input| Relation::Repartition { input, num_partitions: count, shuffle: false })
            }
            "repartition" => match parameters {
                [count] if long_value(count).is_some() => {
                    let count = partitions(name, parameters)?;
                    self.wrapped(input, env, |input| Relation::Repartition { input, num_partitions: count, shuffle: true })
                }
                [first, columns @ ..] if long_value(first).is_some() => {
                    let count = partitions(name, std::slice::from_ref(first))?;
                    self.repartition(input, Some(count), &keys(columns), false, env)
                }
                columns => self.repartition(input, None, &keys(columns), false, env),
            },
            "repartition_by_range" => match parameters {
                [first, columns @ ..] if long_value(first).is_some() => {
                    let count = partitions(name, std::slice::from_ref(first))?;
                    self.repartition(input, Some(count), &keys(columns), true, env)
                }
                columns => self.repartition(input, None, &keys(columns), true, env),
            },
            // Unknown hints are ignored, as in Spark; REBALANCE is what the engine does anyway.
            _ => self.relation(input, env),
        }
    }

    fn join_strategy(&mut self, input: &Relation, name: &'static str, parameters: &[Expression], env: Env<'_>) -> Result<Output> {
        if parameters.is_empty() {
            return self.wrapped(input, env, |input| Relation::Hint { input, name: name.to_owned(), parameters: Vec::new() });
        }
        let before = self.hints.len();
        for parameter in parameters {
            let relation = match parameter {
                Expression::UnresolvedAttribute { parts, .. } => parts.last().cloned(),
                Expression::Literal { value, .. } => value.clone(),
                _ => None,
            };
            self.hints.extend(relation.map(|relation| PendingHint { name, relation }));
        }
        let output = self.relation(input, env);
        self.hints.truncate(before);
        output
    }

    /// A relation of that name under the hints that name it.
    pub(super) fn hinted(&mut self, output: Output, alias: &str) -> Output {
        let Output { mut plan, scope } = output;
        for hint in &self.hints {
            if same_name(&hint.relation, alias, self.options.case_sensitive) {
                plan = Relation::Hint { input: Box::new(plan), name: hint.name.to_owned(), parameters: Vec::new() };
            }
        }
        Output { plan, scope }
    }
}

fn partitions(name: &str, parameters: &[Expression]) -> Result<u32> {
    let count = match parameters {
        [count] => long_value(count).and_then(|count| u32::try_from(count).ok()).filter(|count| *count > 0),
        _ => None,
    };
    count.ok_or_else(|| {
        QueryError::new("_LEGACY_ERROR_TEMP_1047", format!("{} Hint expects a partition number as parameter.", name.to_uppercase()))
    })
}

fn keys(columns: &[Expression]) -> Vec<SortOrder> {
    columns
        .iter()
        .map(|column| SortOrder { child: column.clone(), direction: SortDirection::Ascending, null_ordering: NullOrdering::Default })
        .collect()
}
