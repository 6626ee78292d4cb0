//! Comparisons, logic, IN, LIKE and NULL tests.
use super::arithmetic::{agree, coerce, pair, wrong_type};
use super::site::{Site, Typed, call_of, strict_call};
use super::{ANY_NUMBER, Function, Kind, Nulls, Out, Rule, infix, row, scalar};
use crate::error::Result;
use crate::resolve::auto_name::sql_type;
use crate::resolve::coercion::{Slot, cast_to, is_integral, is_orderable, same_type, wider_common};
use crate::resolve::errors;
use crate::resolve::output::nullable_of;
use crate::tree::{DataType, Expression};

const TWO_STRINGS: Rule = Rule::Slots(&[Slot::String, Slot::String], Out::Boolean);
const ONE_ANY: Rule = Rule::Slots(&[Slot::Any], Out::Boolean);

pub(super) const ROWS: &[Function] = &[
    scalar(&["=", "=="], 2, Rule::Custom(compare)).show(equals),
    scalar(&["<=>"], 2, Rule::Custom(compare)).show(infix).nulls(Nulls::Never),
    scalar(&["equal_null"], 2, Rule::Custom(equal_null)).nulls(Nulls::Never),
    scalar(&["!=", "<>"], 2, Rule::Custom(compare)).show(not_equals),
    scalar(&["<"], 2, Rule::Custom(compare)).show(infix),
    scalar(&["<="], 2, Rule::Custom(compare)).show(infix),
    scalar(&[">"], 2, Rule::Custom(compare)).show(infix),
    scalar(&[">="], 2, Rule::Custom(compare)).show(infix),
    scalar(&["and"], 2, Rule::Custom(logic)).show(upper_infix),
    scalar(&["or"], 2, Rule::Custom(logic)).show(upper_infix),
    scalar(&["not", "!"], 1, Rule::Slots(&[Slot::Boolean], Out::Boolean)).show(not),
    row(Kind::Scalar, &["in"], 2, Rule::Custom(in_list)).up_to(ANY_NUMBER).show(shown_in),
    scalar(&["between"], 3, Rule::Custom(between)),
    scalar(&["isnull"], 1, ONE_ANY).nulls(Nulls::Never).show(is_null),
    scalar(&["isnotnull"], 1, ONE_ANY).nulls(Nulls::Never).show(is_not_null),
    scalar(&["like"], 2, TWO_STRINGS).up_to(3).show(shown_like),
    scalar(&["ilike"], 2, TWO_STRINGS).up_to(3).show(shown_ilike),
    scalar(&["rlike=RLIKE", "regexp=REGEXP", "regexp_like=REGEXP_LIKE"], 2, TWO_STRINGS),
];

fn equals(_: &str, arguments: &[String]) -> String {
    infix("=", arguments)
}

fn not_equals(_: &str, arguments: &[String]) -> String {
    format!("(NOT {})", infix("=", arguments))
}

fn upper_infix(name: &str, arguments: &[String]) -> String {
    infix(&name.to_uppercase(), arguments)
}

fn not(_: &str, arguments: &[String]) -> String {
    format!("(NOT {})", arguments.join(", "))
}

fn is_null(_: &str, arguments: &[String]) -> String {
    format!("({} IS NULL)", arguments.join(", "))
}

fn is_not_null(_: &str, arguments: &[String]) -> String {
    format!("({} IS NOT NULL)", arguments.join(", "))
}

fn shown_in(_: &str, arguments: &[String]) -> String {
    match arguments {
        [value, list @ ..] => format!("({value} IN ({}))", list.join(", ")),
        [] => String::new(),
    }
}

fn shown_like(_: &str, arguments: &[String]) -> String {
    match arguments {
        [text, pattern, escape] if escape != "\\" => format!("{text} LIKE {pattern} ESCAPE '{escape}'"),
        [text, pattern, ..] => format!("{text} LIKE {pattern}"),
        _ => String::new(),
    }
}

fn shown_ilike(_: &str, arguments: &[String]) -> String {
    match arguments {
        [text, pattern, escape] if escape != "\\" => format!("{text} ILIKE {pattern} ESCAPE '{escape}'"),
        [text, pattern, ..] => format!("ilike({text}, {pattern})"),
        _ => String::new(),
    }
}

fn compare(site: &mut Site) -> Result<Expression> {
    if let [left, right] = site.arguments.as_slice()
        && let Some((left, right)) = whole(site.function.name(), left, right)
    {
        site.label = infix(site.shown, &[left.label, right.label]);
        return compared(site, site.function.name(), left.expression, right.expression);
    }
    let (left, right) = pair(site)?;
    compared(site, site.function.name(), left, right)
}

/// `i > 2.99` is `i > 2` where `i` is an integer, so that no row is cast.
fn whole(operator: &str, left: &Typed, right: &Typed) -> Option<(Typed, Typed)> {
    let up = |from_left: bool| match operator {
        ">" | "<=" => Some(from_left),
        "<" | ">=" => Some(!from_left),
        _ => None,
    };
    if is_integral(&left.data_type()) {
        return Some((left.clone(), next_whole(right, up(false)?)?));
    }
    is_integral(&right.data_type()).then_some(())?;
    Some((next_whole(left, up(true)?)?, right.clone()))
}

/// The whole number above or below a decimal constant.
fn next_whole(constant: &Typed, up: bool) -> Option<Typed> {
    let Expression::Literal { value: Some(text), data_type: DataType::Decimal { .. } } = &constant.expression else {
        return None;
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: i64 = whole.parse().ok()?;
    let is_whole = fraction.bytes().all(|digit| digit == b'0');
    let next = match (is_whole, up, text.starts_with('-')) {
        (false, true, false) => whole.checked_add(1)?,
        (false, false, true) => whole.checked_sub(1)?,
        _ => whole,
    };
    Some(Typed::literal(Some(&next.to_string()), DataType::Long))
}

fn equal_null(site: &mut Site) -> Result<Expression> {
    let (left, right) = pair(site)?;
    compared(site, "<=>", left, right)
}

/// A comparison with its sides brought to one type.
pub(super) fn compared(site: &Site, operator: &str, left: Expression, right: Expression) -> Result<Expression> {
    let (left, right) = coerce(left, right, true);
    let common = agree(site, &left, &right)?;
    if !is_orderable(&common) {
        return Err(errors::mismatch(
            "INVALID_ORDERING_TYPE",
            &site.label,
            format!("The `{operator}` does not support ordering on type \"{}\".", sql_type(&common)),
            site.position,
        ));
    }
    let nullable = operator != "<=>" && (nullable_of(&left) || nullable_of(&right));
    Ok(call_of(operator, vec![left, right], DataType::Boolean, nullable))
}

fn logic(site: &mut Site) -> Result<Expression> {
    let (left, right) = pair(site)?;
    let (left, right) = coerce(left, right, false);
    let common = agree(site, &left, &right)?;
    if !matches!(common, DataType::Boolean | DataType::Null) {
        return Err(wrong_type(site, "\"BOOLEAN\"", &common));
    }
    let arguments = vec![cast_to(left, &DataType::Boolean), cast_to(right, &DataType::Boolean)];
    Ok(site.call(arguments, DataType::Boolean))
}

fn in_list(site: &mut Site) -> Result<Expression> {
    let types = site.types();
    let same = types.iter().all(|t| types.first().is_some_and(|first| same_type(t, first)));
    let wide = if same { types.first().cloned() } else { wider_common(&types) };
    let Some(wide) = wide else { return Err(errors::different_types(&site.label, "in", &types, site.position)) };
    let arguments = site.expressions().into_iter().map(|argument| cast_to(argument, &wide)).collect();
    Ok(site.call(arguments, DataType::Boolean))
}

/// `x BETWEEN low AND high`: each bound is compared on its own, so the two may coerce differently.
fn between(site: &mut Site) -> Result<Expression> {
    let value = site.argument(0)?.expression.clone();
    let low = compared(site, ">=", value.clone(), site.argument(1)?.expression.clone())?;
    let high = compared(site, "<=", value, site.argument(2)?.expression.clone())?;
    Ok(strict_call("and", vec![low, high], DataType::Boolean))
}
