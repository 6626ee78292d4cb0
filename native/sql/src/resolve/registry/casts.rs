//! `int('1')`, `date(s)`: casts written as functions. Their names do not show the cast.
use super::site::Site;
use super::{Function, Rule, scalar};
use crate::error::Result;
use crate::resolve::auto_name::sql_type;
use crate::resolve::coercion::{cast_to, check_cast};
use crate::tree::{DataType, Expression};

pub(super) const ROWS: &[Function] = &[
    scalar(&["boolean"], 1, Rule::Custom(cast)),
    scalar(&["tinyint"], 1, Rule::Custom(cast)),
    scalar(&["smallint"], 1, Rule::Custom(cast)),
    scalar(&["int"], 1, Rule::Custom(cast)),
    scalar(&["bigint"], 1, Rule::Custom(cast)),
    scalar(&["float"], 1, Rule::Custom(cast)),
    scalar(&["double"], 1, Rule::Custom(cast)),
    scalar(&["decimal"], 1, Rule::Custom(cast)),
    scalar(&["string"], 1, Rule::Custom(cast)),
    scalar(&["binary"], 1, Rule::Custom(cast)),
    scalar(&["date"], 1, Rule::Custom(cast)),
    scalar(&["timestamp"], 1, Rule::Custom(cast)),
];

fn cast(site: &mut Site) -> Result<Expression> {
    let target = match site.shown {
        "boolean" => DataType::Boolean,
        "tinyint" => DataType::Byte,
        "smallint" => DataType::Short,
        "int" => DataType::Integer,
        "bigint" => DataType::Long,
        "float" => DataType::Float,
        "double" => DataType::Double,
        "decimal" => DataType::Decimal { precision: 10, scale: 0 },
        "binary" => DataType::Binary,
        "date" => DataType::Date,
        "timestamp" => DataType::Timestamp,
        _ => DataType::String,
    };
    let argument = site.argument(0)?.clone();
    let cast = format!("CAST({} AS {})", argument.label, sql_type(&target));
    check_cast(&argument.data_type(), &target, false, &cast, site.position)?;
    site.label.clone_from(&argument.label);
    Ok(cast_to(argument.expression, &target))
}
