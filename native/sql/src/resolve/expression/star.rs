//! `*`, `t.*`, `struct.*`, `* EXCEPT (a)`.
use super::{Names, extract_field};
use crate::error::{QueryError, Result};
use crate::resolve::errors;
use crate::resolve::names::{quoted, same_name};
use crate::resolve::registry::Typed;
use crate::resolve::resolver::Resolver;
use crate::resolve::scope::{Field, Scope};
use crate::tree::{DataType, Position};

impl Resolver<'_> {
    /// The columns a star stands for.
    pub(in crate::resolve) fn star(
        &self,
        names: &Names<'_>,
        target: Option<&[String]>,
        except: &[String],
        position: Option<Position>,
    ) -> Result<Vec<Typed>> {
        let Some(scope) = names.scopes.first() else { return Ok(Vec::new()) };
        let all = match target {
            None => scope.fields.iter().map(typed).collect(),
            Some(target) => self.qualified(scope, target, position)?,
        };
        let same = |left: &str, right: &str| same_name(left, right, self.options.case_sensitive);
        for name in except {
            if !all.iter().any(|column| same(column.column_name(), name)) {
                let candidates: Vec<Vec<String>> = all.iter().map(|column| vec![column.column_name().to_owned()]).collect();
                return Err(errors::unresolved_column(std::slice::from_ref(name), &candidates, position));
            }
        }
        Ok(all.into_iter().filter(|column| !except.iter().any(|name| same(column.column_name(), name))).collect())
    }

    fn qualified(&self, scope: &Scope, target: &[String], position: Option<Position>) -> Result<Vec<Typed>> {
        let same = |left: &str, right: &str| same_name(left, right, self.options.case_sensitive);
        if let [qualifier] = target {
            let own: Vec<Typed> = scope
                .hidden
                .iter()
                .chain(&scope.fields)
                .filter(|field| field.qualifier.as_deref().is_some_and(|name| same(name, qualifier)))
                .map(typed)
                .collect();
            if !own.is_empty() {
                return Ok(own);
            }
        }
        if let Some(found) = scope.find(target, self.options.case_sensitive, position)? {
            let mut value = Typed::new(found.field.column(&found.spelt), found.spelt.clone());
            for field in &found.nested {
                value = extract_field(value, field, self.options.case_sensitive, position)?;
            }
            if let DataType::Struct { fields } = value.data_type() {
                return fields.iter().map(|field| extract_field(value.clone(), &field.name, true, position)).collect();
            }
        }
        let mut columns: Vec<String> = scope.fields.iter().map(|field| quoted(std::slice::from_ref(&field.name))).collect();
        columns.sort();
        Err(QueryError::new(
            "CANNOT_RESOLVE_STAR_EXPAND",
            format!(
                "Cannot resolve {}.* given input columns {}. Please check that the specified table or struct exists and is accessible in the input columns.",
                quoted(target),
                columns.join(", ")
            ),
        )
        .at(position))
    }
}

fn typed(field: &Field) -> Typed {
    Typed { is_column: true, ..Typed::new(field.column(&field.name), field.name.clone()) }
}
