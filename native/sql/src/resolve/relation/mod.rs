//! Relations, one file per kind of work.

mod columns;
mod expose;
mod filter;
mod hint;
mod join;
mod limit;
mod local;
mod partition;
mod project;
mod read;
mod set_op;
mod sort;

pub(super) use expose::expose_used;
pub(super) use filter::has_aggregate;
pub(super) use hint::PendingHint;
pub(super) use sort::expand_all;

use super::resolver::{Env, Output, Resolver};
use super::scope::{Field, Scope};
use crate::error::{QueryError, Result};
use crate::tree::{DataType, Relation};
use std::rc::Rc;

impl Resolver<'_> {
    pub(super) fn relation(&mut self, relation: &Relation, env: Env<'_>) -> Result<Output> {
        self.descend()?;
        let output = self.relation_node(relation, env);
        self.ascend();
        output
    }

    fn relation_node(&mut self, relation: &Relation, env: Env<'_>) -> Result<Output> {
        match relation {
            Relation::Sql { text } => {
                let parsed = crate::parse::parse_query(text)?;
                self.relation(&parsed, Env { ctes: None, is_sql: true, ..env })
            }
            Relation::Read { source, position } => self.read(source, *position, env),
            Relation::Range { start, end, step, num_partitions, .. } => {
                let id = self.fresh_id();
                let partitions = Some(num_partitions.unwrap_or(self.options.default_parallelism));
                let plan = Relation::Range { start: *start, end: *end, step: *step, num_partitions: partitions, column_id: Some(id) };
                let field = Field { id, origin: id, name: "id".to_owned(), data_type: DataType::Long, nullable: false, qualifier: None };
                Ok(Output { plan, scope: Scope::of(vec![field]) })
            }
            Relation::LocalRelation { rows, column_names, fields, .. } => {
                self.local_relation(rows, column_names.as_deref(), fields.as_deref(), env)
            }
            Relation::Project { input, expressions } => self.project(input, expressions, env),
            Relation::Filter { input, condition } => self.filter(input, condition, env),
            Relation::Join { .. } => self.join(relation, env),
            Relation::SetOp { .. } => self.set_op(relation, env),
            Relation::Aggregate { .. } => self.aggregate_over(relation, env),
            Relation::Sort { input, order, is_global } => self.sort(input, order, *is_global, env),
            Relation::Limit { input, limit } => self.limit(input, limit, env),
            Relation::Offset { input, offset } => self.offset(input, offset, env),
            Relation::Tail { input, limit } => self.wrapped(input, env, |input| Relation::Tail { input, limit: *limit }),
            Relation::SubqueryAlias { input, alias, column_aliases } => self.subquery_alias(input, alias, column_aliases, env),
            Relation::Repartition { input, num_partitions, shuffle } => {
                let (num_partitions, shuffle) = (*num_partitions, *shuffle);
                if num_partitions == 0 {
                    return Err(QueryError::new("INVALID_NUM_PARTITIONS", "Number of partitions (0) must be positive."));
                }
                self.wrapped(input, env, |input| Relation::Repartition { input, num_partitions, shuffle })
            }
            Relation::RepartitionByExpression { input, num_partitions, expressions, is_range } => {
                self.repartition(input, *num_partitions, expressions, *is_range, env)
            }
            Relation::Sample { input, lower, upper, with_replacement, seed } => {
                let (lower, upper, with_replacement, seed) = (*lower, *upper, *with_replacement, *seed);
                let input = self.source(input, env)?;
                let plan = Relation::Sample { input: Box::new(input.plan), lower, upper, with_replacement, seed };
                Ok(Output { plan, scope: input.scope })
            }
            Relation::Hint { input, name, parameters } => self.hint(input, name, parameters, env),
            Relation::WithCtes { ctes, input } => self.with_ctes(ctes, input, env),
            Relation::WithColumns { input, aliases } => self.with_columns(input, aliases, env),
            Relation::WithColumnsRenamed { input, renames } => self.with_columns_renamed(input, renames, env),
            Relation::Drop { input, columns } => self.drop_columns(input, columns, env),
            Relation::ToDf { input, column_names } => self.rename_columns_to(input, column_names, env),
            Relation::Deduplicate { input, column_names } => self.deduplicate(input, column_names, env),
            Relation::PlanId { input, plan_id } => {
                let mut output = self.relation(input, env)?;
                output.scope.plan_ids.push((*plan_id, Rc::new(output.scope.fields.clone())));
                Ok(output)
            }
            Relation::Write { input, format, path, options, partition_by } => {
                let output = self.relation(input, env)?;
                let fields = output.scope.fields.clone();
                let partition_by = self.partition_columns(&fields, partition_by)?;
                let plan = Relation::Write {
                    input: Box::new(self.trimmed(output)),
                    format: format.clone(),
                    path: path.clone(),
                    options: options.clone(),
                    partition_by,
                };
                Ok(Output { plan, scope: Scope::of(fields) })
            }
        }
    }

    /// A node that only passes rows on.
    fn wrapped(&mut self, input: &Relation, env: Env<'_>, make: impl FnOnce(Box<Relation>) -> Relation) -> Result<Output> {
        let Output { plan, scope } = self.relation(input, env)?;
        Ok(Output { plan: make(Box::new(plan)), scope })
    }

    /// The input of a select list, a join or WHERE. In SQL a query in FROM without an alias hides the names inside.
    pub(super) fn source(&mut self, input: &Relation, env: Env<'_>) -> Result<Output> {
        let Output { plan, scope } = self.relation(input, env)?;
        let is_query = matches!(
            input,
            Relation::Project { .. }
                | Relation::Aggregate { .. }
                | Relation::Sort { .. }
                | Relation::SetOp { .. }
                | Relation::Limit { .. }
                | Relation::Offset { .. }
                | Relation::Deduplicate { .. }
                | Relation::WithCtes { .. }
                | Relation::Hint { .. }
                | Relation::RepartitionByExpression { .. }
        );
        if env.is_sql && is_query {
            let output = Output { plan, scope };
            return Ok(self.renamed_relation(output, "__auto_generated_subquery_name"));
        }
        Ok(Output { plan, scope })
    }

    /// The relation under an alias, without columns that are no longer in sight.
    pub(super) fn renamed_relation(&mut self, output: Output, alias: &str) -> Output {
        let scope = output.scope.clone();
        Output { plan: self.trimmed(output), scope: scope.aliased(alias) }
    }
}
