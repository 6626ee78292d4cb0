//! The tables a plan reads, found before it is resolved.
use super::visit;
use crate::error::{QueryError, Result};
use crate::tree::{Expression, ReadSource, Relation, StructField};
use std::collections::{BTreeMap, BTreeSet};

/// A table that must be looked up (its columns are handed to `resolve` under `key`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableKey {
    pub key: String,
    pub format: String,
    pub paths: Vec<String>,
    pub options: Vec<(String, String)>,
    pub schema: Option<Vec<StructField>>,
}

/// The same for the same format, paths, options (in any order, names in any case) and schema; starts with what a person
/// would recognise.
pub fn table_key(format: &str, paths: &[String], options: &[(String, String)], schema: Option<&[StructField]>) -> String {
    let options: BTreeMap<String, &str> = options.iter().map(|(name, value)| (name.to_lowercase(), value.as_str())).collect();
    let identity = serde_json::json!([format, paths, options, schema]).to_string();
    let first = paths.first().map_or("", String::as_str);
    format!("{format}:{first}#{:016x}", fnv1a(identity.as_bytes()))
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The data sources that a plan reads, through SQL texts, subqueries and the views it uses; each once, in order of
/// appearance.
pub fn required_tables(plan: &Relation, views: &BTreeMap<String, Relation>) -> Result<Vec<TableKey>> {
    let mut search = Search { views, seen: BTreeSet::new(), tables: Vec::new() };
    search.relation(plan, &[])?;
    Ok(search.tables)
}

struct Search<'a> {
    views: &'a BTreeMap<String, Relation>,
    seen: BTreeSet<String>,
    tables: Vec<TableKey>,
}

impl Search<'_> {
    /// `ctes`: lower-cased names that hide views.
    fn relation(&mut self, relation: &Relation, ctes: &[String]) -> Result<()> {
        match relation {
            Relation::Sql { text } => {
                let parsed = crate::parse::parse_query(text)?;
                return self.relation(&parsed, &[]);
            }
            Relation::Read { source: ReadSource::DataSource { format, paths, options, schema }, .. } => {
                self.table(format, paths, options, schema.as_deref());
            }
            Relation::Read { source: ReadSource::NamedTable { parts }, .. } => {
                let name = parts.join(".").to_lowercase();
                if !(parts.len() == 1 && ctes.contains(&name)) {
                    self.view(&name)?;
                }
            }
            Relation::WithCtes { ctes: defined, input } => {
                let mut names = ctes.to_vec();
                for cte in defined {
                    self.relation(&cte.plan, &names)?;
                    names.push(cte.name.to_lowercase());
                }
                return self.relation(input, &names);
            }
            _ => {}
        }
        let mut failure = None;
        visit::for_each_expression(relation, &mut |expression| {
            if failure.is_none() {
                failure = self.expression(expression, ctes).err();
            }
        });
        if let Some(error) = failure {
            return Err(error);
        }
        for child in visit::children_of(relation) {
            self.relation(child, ctes)?;
        }
        Ok(())
    }

    fn expression(&mut self, expression: &Expression, ctes: &[String]) -> Result<()> {
        let mut failure: Option<QueryError> = None;
        visit::for_each_subexpression(expression, &mut |part| {
            let found = match part {
                Expression::Subquery { plan, .. } => self.relation(plan, ctes),
                Expression::ExpressionString { text } => {
                    crate::parse::parse_expression(text).and_then(|parsed| self.expression(&parsed, ctes))
                }
                _ => Ok(()),
            };
            if let (None, Err(error)) = (&failure, found) {
                failure = Some(error);
            }
        });
        failure.map_or(Ok(()), Err)
    }

    fn view(&mut self, name: &str) -> Result<()> {
        let Some(plan) = self.views.get(name) else { return Ok(()) };
        if self.seen.insert(name.to_owned()) {
            self.relation(plan, &[])?;
        }
        Ok(())
    }

    fn table(&mut self, format: &str, paths: &[String], options: &[(String, String)], schema: Option<&[StructField]>) {
        let key = table_key(format, paths, options, schema);
        if self.tables.iter().any(|known| known.key == key) {
            return;
        }
        self.tables.push(TableKey {
            key,
            format: format.to_owned(),
            paths: paths.to_vec(),
            options: options.to_vec(),
            schema: schema.map(<[StructField]>::to_vec),
        });
    }
}
