//! The state of one resolution: free ids, views, the CTEs and enclosing queries in sight.
use super::expression::Names;
use super::output::output_of;
use super::scope::{Field, Scope};
use super::{ResolveInput, ResolveOptions, Resolved};
use crate::error::{QueryError, Result};
use crate::tree::{Cte, Expression, Relation, StructField};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Plans deeper than this are refused: everything that walks a tree may recurse.
const MAX_DEPTH: usize = 2000;
/// Enough for [`MAX_DEPTH`] in a debug build; the memory is only touched when it is needed.
const STACK_BYTES: usize = 256 << 20;

pub(super) struct Resolver<'a> {
    pub(super) options: ResolveOptions,
    views: &'a BTreeMap<String, Relation>,
    tables: &'a BTreeMap<String, Vec<StructField>>,
    next_id: u64,
    depth: usize,
    /// Views being resolved, to find one that uses itself.
    open_views: Vec<String>,
    /// Calls of `rand()` so far.
    seeds: i64,
    /// Join hints waiting for the relation they name.
    pub(super) hints: Vec<super::relation::PendingHint>,
}

/// A CTE and the definitions it may use itself.
pub(super) struct CteFrame {
    pub(super) cte: Cte,
    pub(super) is_used: Cell<bool>,
    /// The nesting of the query that defines it, whose outer columns it may use.
    pub(super) level: usize,
    pub(super) outer: Option<Rc<CteFrame>>,
}

/// What is in sight besides the input of a relation.
#[derive(Clone, Copy, Default)]
pub(super) struct Env<'e> {
    pub(super) ctes: Option<&'e Rc<CteFrame>>,
    /// The columns of the query around this one, for correlated subqueries.
    pub(super) outer: Option<&'e Names<'e>>,
    /// How many queries are around this one.
    pub(super) level: usize,
    /// Parsed from SQL text: a query in FROM without an alias hides its tables' names.
    pub(super) is_sql: bool,
}

/// A resolved relation and what it offers.
pub(super) struct Output {
    pub(super) plan: Relation,
    pub(super) scope: Scope,
}

impl<'a> Resolver<'a> {
    pub(super) fn run(input: ResolveInput<'a>) -> Result<Resolved> {
        if !input.options.ansi {
            return Err(QueryError::unsupported("spark.sql.ansi.enabled = false"));
        }
        let failed = || QueryError::new("INTERNAL_ERROR", "The resolver failed");
        std::thread::scope(|scope| {
            std::thread::Builder::new()
                .name("kiln-resolve".to_owned())
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, || Self::run_here(input))
                .map_err(|_| failed())?
                .join()
                .map_err(|_| failed())?
        })
    }

    fn run_here(input: ResolveInput<'a>) -> Result<Resolved> {
        let ResolveInput { plan, views, tables, options, next_column_id } = input;
        let mut resolver =
            Self { options, views, tables, next_id: next_column_id, depth: 0, open_views: Vec::new(), seeds: 0, hints: Vec::new() };
        let output = resolver.relation(plan, Env::default())?;
        let plan = resolver.trimmed(output);
        Ok(Resolved { output: output_of(&plan), plan, next_column_id: resolver.next_id })
    }

    pub(super) fn fresh_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    /// A seed that differs between calls and between queries.
    pub(super) fn fresh_seed(&mut self) -> i64 {
        self.seeds += 1;
        self.options.now_micros.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(self.seeds)
    }

    pub(super) fn descend(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(QueryError::new("PLAN_TOO_DEEP", format!("The plan is more than {MAX_DEPTH} levels deep"))
                .hint("Write an intermediate result with df.write and read it back"));
        }
        Ok(())
    }

    pub(super) fn ascend(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    pub(super) fn table_fields(&self, key: &str) -> Option<Vec<StructField>> {
        self.tables.get(key).cloned()
    }

    /// A temp view's plan; the name is closed again with [`Self::close_view`].
    pub(super) fn open_view(&mut self, name: &str) -> Result<Option<&'a Relation>> {
        let key = name.to_lowercase();
        let Some(plan) = self.views.get(&key) else { return Ok(None) };
        if self.open_views.contains(&key) {
            return Err(QueryError::new("RECURSIVE_VIEW", format!("Recursive view `{name}` detected: it uses itself")));
        }
        self.open_views.push(key);
        Ok(Some(plan))
    }

    pub(super) fn close_view(&mut self) {
        self.open_views.pop();
    }

    pub(super) fn view_names(&self) -> impl Iterator<Item = &'a String> {
        self.views.keys()
    }

    /// The plan with exactly the scope's columns: without those that hidden or unselected columns left in it, and with
    /// the scope's spelling of the names.
    pub(super) fn trimmed(&mut self, output: Output) -> Relation {
        let Output { plan, scope } = output;
        let columns = output_of(&plan);
        if columns.len() == scope.fields.len() && columns.iter().zip(&scope.fields).all(|(a, b)| a.id == b.id) {
            return plan;
        }
        project_fields(plan, &scope.fields)
    }
}

/// Exactly these columns of `plan`.
pub(super) fn project_fields(plan: Relation, fields: &[Field]) -> Relation {
    let expressions: Vec<Expression> = fields.iter().map(|field| field.column(&field.name)).collect();
    Relation::Project { input: Box::new(plan), expressions }
}
