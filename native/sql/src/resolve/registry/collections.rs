//! Arrays, maps and structs.
use super::site::{Site, Typed, call_of};
use super::{ANY_NUMBER, Default, Function, Nulls, Rule, scalar};
use crate::error::Result;
use crate::resolve::auto_name::sql_type;
use crate::resolve::coercion::{cast_to, is_orderable, same_type, wider_common};
use crate::resolve::errors;
use crate::resolve::output::nullable_of;
use crate::tree::{DataType, Expression, StructField};

pub(super) const ROWS: &[Function] = &[
    scalar(&["array"], 0, Rule::Custom(array)).up_to(ANY_NUMBER),
    scalar(&["map"], 0, Rule::Custom(map)).up_to(ANY_NUMBER),
    scalar(&["struct"], 0, Rule::Custom(structure)).up_to(ANY_NUMBER),
    scalar(&["named_struct"], 2, Rule::Custom(named_struct)).up_to(ANY_NUMBER),
    scalar(&["sort_array"], 1, Rule::Custom(sort_array)).defaults(&[Default::True]),
    scalar(&["size", "cardinality"], 1, Rule::Custom(size)),
    scalar(&["array_contains"], 2, Rule::Custom(array_contains)).nulls(Nulls::Always),
];

/// The values as their common type, which `widen` finds an error for.
fn common(site: &Site, values: &[&Typed], name: &str) -> Result<(DataType, Vec<Expression>)> {
    let types: Vec<DataType> = values.iter().map(|value| value.data_type()).collect();
    let same = types.iter().all(|t| types.first().is_some_and(|first| same_type(t, first)));
    let wide = if same { types.first().cloned() } else { wider_common(&types) };
    let wide = match wide {
        Some(wide) => wide,
        None if types.is_empty() => DataType::Null,
        None => return Err(errors::different_types(&site.label, name, &types, site.position)),
    };
    let values = values.iter().map(|value| cast_to(value.expression.clone(), &wide)).collect();
    Ok((wide, values))
}

fn array(site: &mut Site) -> Result<Expression> {
    let (element, values) = common(site, &site.arguments.iter().collect::<Vec<_>>(), "array")?;
    let contains_null = values.iter().any(nullable_of);
    Ok(call_of("array", values, DataType::Array { element: Box::new(element), contains_null }, false))
}

/// Keys and values by turns.
fn map(site: &mut Site) -> Result<Expression> {
    let count = site.arguments.len();
    if count % 2 == 1 {
        return Err(errors::wrong_arity("map", "2n (n > 0)", count, site.position));
    }
    let keys: Vec<&Typed> = site.arguments.iter().step_by(2).collect();
    let values: Vec<&Typed> = site.arguments.iter().skip(1).step_by(2).collect();
    let ((key, keys), (value, values)) = (common(site, &keys, "map")?, common(site, &values, "map")?);
    if matches!(key, DataType::Map { .. }) {
        let message = "The key of map cannot be/contain \"MAP\".";
        return Err(errors::mismatch("INVALID_MAP_KEY_TYPE", &site.label, message, site.position));
    }
    let value_contains_null = values.iter().any(nullable_of);
    let arguments = keys.into_iter().zip(values).flat_map(|(key, value)| [key, value]).collect();
    let data_type = DataType::Map { key: Box::new(key), value: Box::new(value), value_contains_null };
    Ok(call_of("map", arguments, data_type, false))
}

/// Columns keep their names, other values are `col1`, `col2` by their place.
fn structure(site: &mut Site) -> Result<Expression> {
    let fields = site.arguments.iter().enumerate().map(|(index, argument)| {
        let is_named = argument.is_column || argument.title.is_some() && is_field(&argument.expression);
        let name = if is_named { argument.column_name().to_owned() } else { format!("col{}", index + 1) };
        field(name, argument)
    });
    let fields = fields.collect();
    Ok(call_of("named_struct", site.expressions(), DataType::Struct { fields }, false))
}

fn is_field(expression: &Expression) -> bool {
    matches!(expression, Expression::Call { name, .. } if name == "get_struct_field")
}

fn field(name: String, value: &Typed) -> StructField {
    StructField { name, data_type: value.data_type(), nullable: nullable_of(&value.expression) }
}

/// Names, which are constants, and values by turns.
fn named_struct(site: &mut Site) -> Result<Expression> {
    let count = site.arguments.len();
    if count % 2 == 1 {
        return Err(errors::wrong_arity("named_struct", "2n (n > 0)", count, site.position));
    }
    let mut fields = Vec::with_capacity(count / 2);
    for index in (0..count).step_by(2) {
        let Some(name) = site.text(index)?.map(str::to_owned) else {
            let message = "Only foldable \"STRING\" expressions are allowed to appear at odd position.";
            return Err(errors::mismatch("CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING", &site.label, message, site.position));
        };
        fields.push(field(name, site.argument(index + 1)?));
    }
    let values = site.expressions().into_iter().skip(1).step_by(2).collect();
    Ok(call_of("named_struct", values, DataType::Struct { fields }, false))
}

fn sort_array(site: &mut Site) -> Result<Expression> {
    let array = site.argument(0)?;
    let own = array.data_type();
    match &own {
        DataType::Array { element, .. } if is_orderable(element) => {}
        DataType::Array { .. } => {
            let message = format!("The `sort_array` does not support ordering on type \"{}\".", sql_type(&own));
            return Err(errors::mismatch("INVALID_ORDERING_TYPE", &site.label, message, site.position));
        }
        _ => return Err(errors::unexpected_input(&site.label, 0, "\"ARRAY\"", &array.label, &own, site.position)),
    }
    let ascending = site.flag(1)?;
    let flag = Expression::Literal { value: Some(ascending.to_string()), data_type: DataType::Boolean };
    Ok(site.call(vec![array.expression.clone(), flag], own))
}

fn size(site: &mut Site) -> Result<Expression> {
    let value = site.argument(0)?;
    let own = value.data_type();
    if !matches!(own, DataType::Array { .. } | DataType::Map { .. }) {
        return Err(errors::unexpected_input(&site.label, 0, "(\"ARRAY\" or \"MAP\")", &value.label, &own, site.position));
    }
    Ok(site.call(vec![value.expression.clone()], DataType::Integer))
}

fn array_contains(site: &mut Site) -> Result<Expression> {
    let (array, value) = (site.argument(0)?, site.argument(1)?);
    let (own, wanted) = (array.data_type(), value.data_type());
    let element = match &own {
        DataType::Array { element, .. } => element.as_ref(),
        _ => return Err(errors::unexpected_input(&site.label, 0, "\"ARRAY\"", &array.label, &own, site.position)),
    };
    if wanted == DataType::Null || *element == DataType::Null {
        let message = "Null typed values cannot be used as arguments of `array_contains`.";
        return Err(errors::mismatch("NULL_TYPE", &site.label, message, site.position));
    }
    let types = [element.clone(), wanted];
    let Some(wide) = wider_common(&types).filter(is_orderable) else {
        return Err(errors::different_types(&site.label, "array_contains", &types, site.position));
    };
    let target = DataType::Array { element: Box::new(wide.clone()), contains_null: true };
    let array = if same_type(element, &wide) { array.expression.clone() } else { cast_to(array.expression.clone(), &target) };
    Ok(site.call(vec![array, cast_to(value.expression.clone(), &wide)], DataType::Boolean))
}
