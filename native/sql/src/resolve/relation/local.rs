//! `VALUES`, `createDataFrame`, and the one row under a SELECT without FROM.
use crate::error::{QueryError, Result};
use crate::resolve::coercion::{cast_to, check_cast, fold_cast, is_foldable, same_type, wider_without_strings};
use crate::resolve::expression::{Context, Names};
use crate::resolve::output::nullable_of;
use crate::resolve::registry::Typed;
use crate::resolve::resolver::{Env, Output, Resolver};
use crate::resolve::scope::Scope;
use crate::tree::{DataType, Expression, Relation, StructField};

impl Resolver<'_> {
    pub(super) fn local_relation(
        &mut self,
        rows: &[Vec<Expression>],
        names: Option<&[String]>,
        given: Option<&[StructField]>,
        env: Env<'_>,
    ) -> Result<Output> {
        let width = given.map_or_else(|| rows.first().map_or_else(|| names.map_or(0, <[String]>::len), Vec::len), <[StructField]>::len);
        let mut cells = Vec::with_capacity(rows.len());
        for (index, row) in rows.iter().enumerate() {
            if row.len() != width {
                return Err(QueryError::new(
                    "INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH",
                    format!("Invalid inline table. Inline table expected {width} columns but found {} columns in row {index}.", row.len()),
                ));
            }
            cells.push(self.local_row(row, env)?);
        }
        let fields = match given {
            Some(fields) => fields.to_vec(),
            None => infer(&cells, names, width)?,
        };
        let rows = cells
            .into_iter()
            .map(|row| row.into_iter().zip(&fields).map(|(cell, field)| fitted(cell, field)).collect())
            .collect::<Result<Vec<Vec<Expression>>>>()?;
        let (columns, ids) = self.columns_of(&fields);
        let plan = Relation::LocalRelation { rows, column_names: None, fields: Some(fields), column_ids: Some(ids) };
        Ok(Output { plan, scope: Scope::of(columns) })
    }

    fn local_row(&mut self, row: &[Expression], env: Env<'_>) -> Result<Vec<Typed>> {
        let nothing = Scope::default();
        let names = Names::of(&nothing);
        let context = Context::new(&names, Env { outer: None, ..env });
        row.iter()
            .map(|cell| {
                let typed = self.expression(cell, context)?;
                if is_foldable(&typed.expression) {
                    return Ok(typed);
                }
                Err(QueryError::new(
                    "INVALID_INLINE_TABLE.CANNOT_EVALUATE_EXPRESSION_IN_INLINE_TABLE",
                    format!("Invalid inline table. Cannot evaluate the expression \"{}\" in inline table definition.", typed.label),
                ))
            })
            .collect()
    }
}

/// The common type of each column.
fn infer(rows: &[Vec<Typed>], names: Option<&[String]>, width: usize) -> Result<Vec<StructField>> {
    if let Some(names) = names
        && names.len() != width
    {
        return Err(QueryError::new(
            "INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH",
            format!("Invalid inline table. Inline table expected {} columns but found {width} columns in row 0.", names.len()),
        ));
    }
    (0..width)
        .map(|index| {
            let column: Vec<&Typed> = rows.iter().filter_map(|row| row.get(index)).collect();
            let types: Vec<DataType> = column.iter().map(|cell| cell.data_type()).collect();
            let name = names.and_then(|names| names.get(index).cloned()).unwrap_or_else(|| format!("col{}", index + 1));
            let data_type = wider_without_strings(&types).ok_or_else(|| {
                QueryError::new(
                    "INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES_IN_INLINE_TABLE",
                    format!("Invalid inline table. Found incompatible types in the column `{name}` for inline table."),
                )
            })?;
            Ok(StructField { name, data_type, nullable: column.iter().any(|cell| nullable_of(&cell.expression)) })
        })
        .collect()
}

/// A cell of exactly the field's type, a literal if that is plain to see.
fn fitted(cell: Typed, field: &StructField) -> Result<Expression> {
    let own = cell.data_type();
    if same_type(&own, &field.data_type) {
        return Ok(match cell.expression {
            Expression::Cast { expression, data_type, is_try: false, position } => match fold_cast(&expression, &data_type)? {
                Some(literal) => literal,
                None => Expression::Cast { expression, data_type, is_try: false, position },
            },
            other => other,
        });
    }
    check_cast(&own, &field.data_type, false, &cell.label, None)?;
    Ok(match fold_cast(&cell.expression, &field.data_type)? {
        Some(literal) => literal,
        None => cast_to(cell.expression, &field.data_type),
    })
}
