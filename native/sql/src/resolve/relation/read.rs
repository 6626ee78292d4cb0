//! Leaves and names: tables, views, CTEs, aliases.
use crate::error::{QueryError, Result};
use crate::resolve::names::{edit_distance, quoted, same_name};
use crate::resolve::resolver::{CteFrame, Env, Output, Resolver, project_fields};
use crate::resolve::scope::{Field, Scope};
use crate::resolve::tables::table_key;
use crate::tree::{Cte, Expression, Position, ReadSource, Relation, StructField};
use std::cell::Cell;
use std::rc::Rc;

impl Resolver<'_> {
    pub(super) fn read(&mut self, source: &ReadSource, position: Option<Position>, env: Env<'_>) -> Result<Output> {
        match source {
            ReadSource::NamedTable { parts } => self.named_table(parts, position, env),
            ReadSource::DataSource { format, paths, options, schema } => {
                let key = table_key(format, paths, options, schema.as_deref());
                let fields = self.table_fields(&key).ok_or_else(|| {
                    QueryError::new("INTERNAL_ERROR", format!("The schema of the table {key} was not given")).at(position)
                })?;
                Ok(self.table(key, fields, position))
            }
            ReadSource::Table { key, fields, .. } => Ok(self.table(key.clone(), fields.clone(), position)),
        }
    }

    fn table(&mut self, key: String, fields: Vec<StructField>, position: Option<Position>) -> Output {
        let (columns, column_ids) = self.columns_of(&fields);
        let source = ReadSource::Table { key, fields, column_ids };
        Output { plan: Relation::Read { source, position }, scope: Scope::of(columns) }
    }

    /// Scope columns with fresh ids.
    pub(super) fn columns_of(&mut self, fields: &[StructField]) -> (Vec<Field>, Vec<u64>) {
        let columns: Vec<Field> = fields
            .iter()
            .map(|StructField { name, data_type, nullable }| {
                let id = self.fresh_id();
                Field { id, origin: id, name: name.clone(), data_type: data_type.clone(), nullable: *nullable, qualifier: None }
            })
            .collect();
        let ids = columns.iter().map(|column| column.id).collect();
        (columns, ids)
    }

    fn named_table(&mut self, parts: &[String], position: Option<Position>, env: Env<'_>) -> Result<Output> {
        if let [name] = parts
            && let Some(frame) = find_cte(env.ctes, name, self.options.case_sensitive)
        {
            frame.is_used.set(true);
            let output = self.relation(&frame.cte.plan, inside(frame, env))?;
            let output = self.alias(output, &frame.cte.name, &frame.cte.column_aliases, position)?;
            return Ok(self.hinted(output, name));
        }
        let name = parts.join(".");
        let view = self.open_view(&name).map_err(|error| error.at(position))?;
        let Some(view) = view else { return Err(self.table_not_found(parts, position)) };
        let output = self.relation(view, Env::default());
        self.close_view();
        let output = output?;
        // `global_temp.v` is called `v` in expressions.
        let alias = parts.last().map_or(name.as_str(), String::as_str);
        let output = self.renamed_relation(output, alias);
        Ok(self.hinted(output, alias))
    }

    fn table_not_found(&self, parts: &[String], position: Option<Position>) -> QueryError {
        let error = QueryError::new(
            "TABLE_OR_VIEW_NOT_FOUND",
            format!("The table or view {} cannot be found. Verify the spelling and correctness of the schema and catalog.", quoted(parts)),
        )
        .at(position);
        let wanted = parts.join(".").to_lowercase();
        let nearest = self.view_names().map(|name| (edit_distance(&wanted, name), name)).min();
        match nearest {
            Some((distance, name)) if distance <= 2 + wanted.len() / 4 => error.hint(format!("Did you mean `{name}`?")),
            _ => error.hint("Create a temporary view of a DataFrame with df.createOrReplaceTempView(name)"),
        }
    }

    pub(super) fn with_ctes(&mut self, ctes: &[Cte], input: &Relation, env: Env<'_>) -> Result<Output> {
        let mut frame: Option<Rc<CteFrame>> = env.ctes.cloned();
        for (index, cte) in ctes.iter().enumerate() {
            if ctes.iter().take(index).any(|known| same_name(&known.name, &cte.name, self.options.case_sensitive)) {
                return Err(QueryError::new("DUPLICATED_CTE_NAMES", format!("CTE definition can't have duplicate names: `{}`.", cte.name)));
            }
            frame = Some(Rc::new(CteFrame { cte: cte.clone(), is_used: Cell::new(false), level: env.level, outer: frame }));
        }
        let output = self.relation(input, Env { ctes: frame.as_ref(), ..env })?;
        // One that nobody names must be right all the same.
        for own in std::iter::successors(frame.as_ref(), |own| own.outer.as_ref()).take(ctes.len()) {
            if !own.is_used.get() {
                self.relation(&own.cte.plan, inside(own, env))?;
            }
        }
        Ok(output)
    }

    pub(super) fn subquery_alias(&mut self, input: &Relation, alias: &str, columns: &[String], env: Env<'_>) -> Result<Output> {
        let output = self.relation(input, env)?;
        if matches!(input, Relation::LocalRelation { .. }) && !columns.is_empty() && columns.len() != output.scope.fields.len() {
            return Err(QueryError::new(
                "INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH",
                format!(
                    "Invalid inline table. Inline table expected {} columns but found {} columns in row 0.",
                    columns.len(),
                    output.scope.fields.len()
                ),
            ));
        }
        let output = self.alias(output, alias, columns, None)?;
        Ok(self.hinted(output, alias))
    }

    fn alias(&mut self, output: Output, alias: &str, columns: &[String], position: Option<Position>) -> Result<Output> {
        if columns.is_empty() {
            return Ok(self.renamed_relation(output, alias));
        }
        let output = self.rename_all(output, columns, |expected, given| {
            QueryError::new(
                "ASSIGNMENT_ARITY_MISMATCH",
                format!("The number of columns or variables assigned or aliased: {given} does not match the number of source expressions: {expected}."),
            )
            .at(position)
        })?;
        Ok(self.renamed_relation(output, alias))
    }

    /// The same columns under new names, with new ids.
    pub(super) fn rename_all(
        &mut self,
        output: Output,
        names: &[String],
        mismatch: impl FnOnce(usize, usize) -> QueryError,
    ) -> Result<Output> {
        let Output { plan, scope } = output;
        if scope.fields.len() != names.len() {
            return Err(mismatch(scope.fields.len(), names.len()));
        }
        let mut fields = Vec::with_capacity(names.len());
        let mut expressions = Vec::with_capacity(names.len());
        for (field, name) in scope.fields.iter().zip(names) {
            let id = self.fresh_id();
            expressions.push(Expression::NamedColumn { expression: Box::new(field.column(&field.name)), name: name.clone(), id });
            fields.push(Field { id, origin: id, name: name.clone(), qualifier: None, ..field.clone() });
        }
        let plan = Relation::Project { input: Box::new(plan), expressions };
        Ok(Output { plan, scope: Scope { fields, plan_ids: scope.plan_ids, ..Scope::default() } })
    }

    /// Exactly the scope's columns, and only those in sight.
    pub(super) fn closed(&mut self, output: Output) -> Output {
        let scope = Scope { hidden: Vec::new(), below: None, ..output.scope.clone() };
        Output { plan: self.trimmed(output), scope }
    }

    /// A `Project` of these fields.
    pub(super) fn picked(&self, output: Output, fields: Vec<Field>) -> Output {
        let Output { plan, scope } = output;
        let plan = project_fields(plan, &fields);
        Output { plan, scope: Scope { fields, plan_ids: scope.plan_ids.clone(), hidden: Vec::new(), below: Some(Rc::new(scope)) } }
    }
}

/// What the definition of a CTE sees.
fn inside<'e>(frame: &'e CteFrame, env: Env<'e>) -> Env<'e> {
    let outer = env.outer.filter(|_| frame.level == env.level);
    Env { ctes: frame.outer.as_ref(), outer, level: frame.level, is_sql: env.is_sql }
}

fn find_cte<'f>(mut frame: Option<&'f Rc<CteFrame>>, name: &str, case_sensitive: bool) -> Option<&'f Rc<CteFrame>> {
    while let Some(own) = frame {
        if same_name(&own.cte.name, name, case_sensitive) {
            return Some(own);
        }
        frame = own.outer.as_ref();
    }
    None
}
