//! Strings.
use super::site::{Site, call_of};
use super::{ANY_NUMBER, Default, Function, Nulls, Out, Rule, call, scalar};
use crate::error::Result;
use crate::resolve::coercion::{Slot, cast_to, same_type};
use crate::resolve::errors;
use crate::resolve::output::nullable_of;
use crate::tree::{DataType, Expression};

const S: Slot = Slot::String;
const I: Slot = Slot::Integer;
const TEXT: Rule = Rule::Slots(&[S], Out::String);

pub(super) const ROWS: &[Function] = &[
    scalar(&["upper", "ucase"], 1, TEXT),
    scalar(&["lower", "lcase"], 1, TEXT),
    scalar(&["initcap"], 1, TEXT),
    scalar(&["reverse"], 1, TEXT),
    scalar(&["soundex"], 1, TEXT),
    scalar(&["length", "char_length", "character_length", "len"], 1, Rule::Slots(&[Slot::StringOrBinary], Out::Integer)),
    scalar(&["octet_length"], 1, Rule::Slots(&[Slot::StringOrBinary], Out::Integer)),
    scalar(&["bit_length"], 1, Rule::Slots(&[Slot::StringOrBinary], Out::Integer)),
    scalar(&["ascii"], 1, Rule::Slots(&[S], Out::Integer)),
    scalar(&["chr", "char"], 1, Rule::Slots(&[Slot::Long], Out::String)),
    scalar(&["substring", "substr"], 2, Rule::Slots(&[Slot::StringOrBinary, I, I], Out::Argument(0))).defaults(&[Default::Int(i32::MAX)]),
    scalar(&["left"], 2, Rule::Slots(&[S, I], Out::String)),
    scalar(&["right"], 2, Rule::Slots(&[S, I], Out::String)),
    scalar(&["trim"], 1, Rule::Custom(trim)).up_to(2),
    scalar(&["ltrim"], 1, Rule::Custom(trim)).up_to(2),
    scalar(&["rtrim"], 1, Rule::Custom(trim)).up_to(2),
    scalar(&["btrim"], 1, Rule::Custom(btrim)).up_to(2),
    scalar(&["lpad"], 2, Rule::Slots(&[S, I, S], Out::String)).defaults(&[Default::Text(" ")]),
    scalar(&["rpad"], 2, Rule::Slots(&[S, I, S], Out::String)).defaults(&[Default::Text(" ")]),
    scalar(&["concat"], 0, Rule::Custom(concat)).up_to(ANY_NUMBER),
    scalar(&["||"], 2, Rule::Custom(concat)).show(shown_concat),
    scalar(&["concat_ws"], 1, Rule::Custom(concat_ws)).up_to(ANY_NUMBER),
    scalar(&["replace"], 2, Rule::Slots(&[S, S, S], Out::String)).defaults(&[Default::Text("")]),
    scalar(&["translate"], 3, Rule::Slots(&[S, S, S], Out::String)),
    scalar(&["split_part"], 3, Rule::Slots(&[S, S, I], Out::String)).nulls(Nulls::Always),
    scalar(&["substring_index"], 3, Rule::Slots(&[S, S, I], Out::String)),
    scalar(&["instr"], 2, Rule::Slots(&[S, S], Out::Integer)),
    scalar(&["locate", "position"], 2, Rule::Slots(&[S, S, I], Out::Integer)).defaults(&[Default::Int(1)]),
    scalar(&["startswith"], 2, Rule::Slots(&[S, S], Out::Boolean)),
    scalar(&["endswith"], 2, Rule::Slots(&[S, S], Out::Boolean)),
    scalar(&["contains"], 2, Rule::Slots(&[S, S], Out::Boolean)),
    scalar(&["repeat"], 2, Rule::Slots(&[S, I], Out::String)),
    scalar(&["space"], 1, Rule::Slots(&[I], Out::String)),
    scalar(&["overlay"], 3, Rule::Slots(&[S, S, I, I], Out::String)).defaults(&[Default::Int(-1)]),
    scalar(&["levenshtein"], 2, Rule::Slots(&[S, S], Out::Integer)),
    scalar(&["find_in_set"], 2, Rule::Slots(&[S, S], Out::Integer)),
    scalar(&["split"], 2, Rule::Slots(&[S, S, I], Out::ArrayOfString)).defaults(&[Default::Int(-1)]),
    scalar(&["regexp_extract"], 2, Rule::Slots(&[S, S, I], Out::String)).defaults(&[Default::Int(1)]),
    scalar(&["regexp_replace"], 3, Rule::Slots(&[S, S, S, I], Out::String)).defaults(&[Default::Int(1)]),
    scalar(&["hex"], 1, Rule::Custom(hex)),
    scalar(&["encode"], 2, Rule::Slots(&[S, S], Out::Binary)),
    scalar(&["elt"], 2, Rule::Custom(elt)).up_to(ANY_NUMBER).nulls(Nulls::Always),
];

fn shown_concat(_: &str, arguments: &[String]) -> String {
    call("concat", arguments)
}

/// Spark's functions of two arguments take the characters first: `ltrim('x', s)`, as `TRIM(LEADING 'x' FROM s)` does.
fn trim(site: &mut Site) -> Result<Expression> {
    let mut arguments = site.fit(&[S, S])?;
    if arguments.len() == 2 {
        arguments.reverse();
        let side = match site.function.name() {
            "ltrim" => "LEADING",
            "rtrim" => "TRAILING",
            _ => "BOTH",
        };
        site.label = format!("TRIM({side} {} FROM {})", site.argument(0)?.label, site.argument(1)?.label);
    }
    Ok(site.call(arguments, DataType::String))
}

/// `btrim(s, 'x')` has the text first.
fn btrim(site: &mut Site) -> Result<Expression> {
    let arguments = site.fit(&[S, S])?;
    let nullable = arguments.iter().any(nullable_of);
    Ok(call_of("trim", arguments, DataType::String, nullable))
}

/// Binary if all are, arrays if all are, else strings.
fn concat(site: &mut Site) -> Result<Expression> {
    let types = site.types();
    let nullable = |arguments: &[Expression]| arguments.iter().any(nullable_of);
    if !types.is_empty() && types.iter().all(|t| *t == DataType::Binary) {
        let arguments = site.expressions();
        let nullable = nullable(&arguments);
        return Ok(call_of("concat", arguments, DataType::Binary, nullable));
    }
    if types.iter().any(|t| matches!(t, DataType::Array { .. })) {
        return Err(crate::error::QueryError::unsupported("concat of arrays").at(site.position));
    }
    let arguments = site.fit(&[S])?;
    if arguments.is_empty() {
        return Ok(Expression::Literal { value: Some(String::new()), data_type: DataType::String });
    }
    let nullable = nullable(&arguments);
    Ok(call_of("concat", arguments, DataType::String, nullable))
}

fn concat_ws(site: &mut Site) -> Result<Expression> {
    let texts = DataType::Array { element: Box::new(DataType::String), contains_null: true };
    let mut arguments = Vec::with_capacity(site.arguments.len());
    for (index, argument) in site.arguments.iter().enumerate() {
        let own = argument.data_type();
        arguments.push(match &own {
            DataType::Array { .. } if index > 0 && same_type(&own, &texts) => argument.expression.clone(),
            DataType::Array { .. } if index > 0 => cast_to(argument.expression.clone(), &texts),
            _ => site.fit_one(index, argument, S)?,
        });
    }
    let nullable = arguments.first().is_some_and(nullable_of);
    Ok(call_of("concat_ws", arguments, DataType::String, nullable))
}

/// `elt(n, a, b, ...)`: binary if all are.
fn elt(site: &mut Site) -> Result<Expression> {
    let binary = site.types().iter().skip(1).all(|t| *t == DataType::Binary);
    let arguments = site.fit(&[I, if binary { Slot::Binary } else { S }])?;
    Ok(site.call(arguments, if binary { DataType::Binary } else { DataType::String }))
}

fn hex(site: &mut Site) -> Result<Expression> {
    let value = site.argument(0)?;
    let own = value.data_type();
    let slot = match &own {
        DataType::Binary => Slot::Binary,
        DataType::String => S,
        t if crate::resolve::coercion::is_numeric(t) || *t == DataType::Null => Slot::Long,
        _ => {
            return Err(errors::unexpected_input(
                &site.label,
                0,
                "(\"BIGINT\" or \"BINARY\" or \"STRING\")",
                &value.label,
                &own,
                site.position,
            ));
        }
    };
    let fitted = site.fit_one(0, value, slot)?;
    Ok(site.call(vec![fitted], DataType::String))
}
