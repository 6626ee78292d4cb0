//! `+ - * / % div`, signs and bits.
use super::datetime_arithmetic;
use super::site::{Site, Typed, call_of, strict_call};
use super::{Function, Nulls, Out, Rule, call, infix, scalar};
use crate::error::{QueryError, Result};
use crate::resolve::auto_name::sql_type;
use crate::resolve::coercion::{
    Slot, cast_to, decimal, is_decimal, is_float, is_integral, is_interval, is_numeric, promoted_string, tightest,
};
use crate::resolve::errors;
use crate::resolve::output::{data_type_of, nullable_of};
use crate::tree::{DataType, Expression};

pub(super) const ROWS: &[Function] = &[
    scalar(&["+"], 2, Rule::Custom(binary)).show(infix),
    scalar(&["-"], 1, Rule::Custom(minus)).up_to(2).show(minus_sign),
    scalar(&["*"], 2, Rule::Custom(binary)).show(infix),
    scalar(&["/"], 2, Rule::Custom(binary)).show(infix),
    scalar(&["%"], 2, Rule::Custom(binary)).show(infix),
    scalar(&["mod"], 2, Rule::Custom(binary)),
    scalar(&["pmod"], 2, Rule::Custom(binary)),
    scalar(&["try_add"], 2, Rule::Custom(tolerant)),
    scalar(&["try_subtract"], 2, Rule::Custom(tolerant)),
    scalar(&["try_multiply"], 2, Rule::Custom(tolerant)),
    scalar(&["try_divide"], 2, Rule::Custom(tolerant)),
    scalar(&["try_mod"], 2, Rule::Custom(tolerant)),
    scalar(&["div"], 2, Rule::Custom(integral_divide)).show(infix).nulls(Nulls::Always),
    scalar(&["negative"], 1, Rule::Slots(&[Slot::NumericOrInterval], Out::Argument(0))),
    scalar(&["positive"], 1, Rule::Custom(positive)).show(plus_sign),
    scalar(&["&"], 2, Rule::Custom(bitwise)).show(infix),
    scalar(&["|"], 2, Rule::Custom(bitwise)).show(infix),
    scalar(&["^"], 2, Rule::Custom(bitwise)).show(infix),
    scalar(&["~"], 1, Rule::Slots(&[Slot::Integral], Out::Argument(0))).show(tilde),
    scalar(&["shiftleft"], 2, SHIFT),
    scalar(&["shiftright"], 2, SHIFT),
    scalar(&["shiftrightunsigned"], 2, SHIFT),
    scalar(&["<<"], 2, Rule::Custom(shift)).show(infix),
    scalar(&[">>"], 2, Rule::Custom(shift)).show(infix),
    scalar(&[">>>"], 2, Rule::Custom(shift)).show(infix),
    scalar(&["bit_count"], 1, Rule::Custom(bit_count)),
];

const SHIFT: Rule = Rule::Slots(&[Slot::IntegerOrLong, Slot::Integer], Out::Argument(0));

fn minus_sign(name: &str, arguments: &[String]) -> String {
    match arguments {
        [only] => format!("(- {only})"),
        _ => infix(name, arguments),
    }
}

fn plus_sign(_: &str, arguments: &[String]) -> String {
    format!("(+ {})", arguments.join(", "))
}

fn tilde(_: &str, arguments: &[String]) -> String {
    format!("~{}", arguments.join(", "))
}

/// `+x` is `x`.
fn positive(site: &mut Site) -> Result<Expression> {
    let mut fitted = site.fit(&[Slot::NumericOrInterval])?;
    fitted.pop().ok_or_else(|| site.error("INTERNAL_ERROR", "an argument is missing"))
}

/// `-x` is `negative(x)` under another name.
fn minus(site: &mut Site) -> Result<Expression> {
    if site.arguments.len() == 2 {
        return binary(site);
    }
    let arguments = site.fit(&[Slot::NumericOrInterval])?;
    let data_type = arguments.first().map_or(DataType::Null, data_type_of);
    Ok(strict_call("negative", arguments, data_type))
}

fn shift(site: &mut Site) -> Result<Expression> {
    let name = match site.shown {
        "<<" => "shiftleft",
        ">>" => "shiftright",
        _ => "shiftrightunsigned",
    };
    let arguments = site.fit(&[Slot::IntegerOrLong, Slot::Integer])?;
    let data_type = arguments.first().map_or(DataType::Integer, data_type_of);
    Ok(strict_call(name, arguments, data_type))
}

fn bit_count(site: &mut Site) -> Result<Expression> {
    let slot = if site.argument(0)?.data_type() == DataType::Boolean { Slot::Boolean } else { Slot::Integral };
    let arguments = site.fit(&[slot])?;
    Ok(site.call(arguments, DataType::Integer))
}

fn binary(site: &mut Site) -> Result<Expression> {
    let operator = site.function.name();
    match datetime_arithmetic::resolve(site, operator)? {
        Some(result) => Ok(result),
        None => numeric(site, operator),
    }
}

/// `try_add(a, b)` is `a + b` with NULL in place of an error.
fn tolerant(site: &mut Site) -> Result<Expression> {
    let (name, label) = (site.function.name(), site.label.clone());
    let operator = match name {
        "try_add" => "+",
        "try_subtract" => "-",
        "try_multiply" => "*",
        "try_divide" => "/",
        _ => "%",
    };
    if datetime_arithmetic::resolve(site, operator)?.is_some() {
        return Err(QueryError::unsupported(format!("`{name}` of dates and intervals")).at(site.position));
    }
    site.label = label;
    match numeric(site, operator)? {
        Expression::Call { arguments, data_type, .. } => Ok(call_of(name, arguments, data_type, true)),
        other => Ok(other),
    }
}

fn numeric(site: &Site, operator: &str) -> Result<Expression> {
    let (left, right) = pair(site)?;
    let (left, right) = coerce(left, right, false);
    let (left, right) = match operator {
        "/" => as_doubles(left, right),
        _ => (left, right),
    };
    let (left, right) = untyped_as_double(left, right);
    let common = agree(site, &left, &right)?;
    let interval = is_interval(&common) && matches!(operator, "+" | "-");
    if !is_numeric(&common) && !interval {
        return Err(wrong_type(site, NUMERIC_OR_INTERVAL, &common));
    }
    let data_type = match (decimal::digits_of(&data_type_of(&left)), decimal::digits_of(&data_type_of(&right))) {
        (Some(a), Some(b)) if is_decimal(&common) => {
            decimal::arithmetic(if matches!(operator, "mod" | "pmod") { "%" } else { operator }, a, b)
        }
        _ => common,
    };
    let nullable = match operator {
        "/" | "%" | "mod" | "pmod" => true,
        _ => nullable_of(&left) || nullable_of(&right),
    };
    let name = if operator == "mod" { "%" } else { operator };
    Ok(call_of(name, vec![left, right], data_type, nullable))
}

const NUMERIC_OR_INTERVAL: &str = "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL\")";

fn integral_divide(site: &mut Site) -> Result<Expression> {
    let (left, right) = pair(site)?;
    // Integers become bigint before Spark looks for a common type, so they never become doubles here.
    let (left, right) =
        if is_float(&data_type_of(&left)) || is_float(&data_type_of(&right)) { (left, right) } else { coerce(left, right, false) };
    let long = |side: Expression| {
        let own = data_type_of(&side);
        if is_integral(&own) || own == DataType::Null { cast_to(side, &DataType::Long) } else { side }
    };
    let (left, right) = (long(left), long(right));
    let common = agree(site, &left, &right)?;
    if !(common == DataType::Long || is_decimal(&common) || is_interval(&common)) {
        return Err(wrong_type(site, "(\"BIGINT\" or \"DECIMAL\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\")", &common));
    }
    Ok(site.call(vec![left, right], DataType::Long))
}

fn bitwise(site: &mut Site) -> Result<Expression> {
    let (left, right) = pair(site)?;
    let (left, right) = coerce(left, right, false);
    let common = agree(site, &left, &right)?;
    if !is_integral(&common) {
        return Err(wrong_type(site, "\"INTEGRAL\"", &common));
    }
    Ok(site.call(vec![left, right], common))
}

/// The two arguments.
pub(super) fn pair(site: &Site) -> Result<(Expression, Expression)> {
    Ok((site.argument(0)?.expression.clone(), site.argument(1)?.expression.clone()))
}

/// Brings the sides of a binary operator together as far as Spark does before it checks them. Decimals keep their own
/// digits in arithmetic and share them in a comparison.
pub(super) fn coerce(left: Expression, right: Expression, comparison: bool) -> (Expression, Expression) {
    let (lt, rt) = (data_type_of(&left), data_type_of(&right));
    if let Some(promoted) = promoted_string(&lt, &rt) {
        return (cast_to(left, &promoted), cast_to(right, &promoted));
    }
    if is_decimal(&lt) != is_decimal(&rt) && is_numeric(&lt) && is_numeric(&rt) {
        if is_float(&lt) || is_float(&rt) {
            return (cast_to(left, &DataType::Double), cast_to(right, &DataType::Double));
        }
        return if comparison { widen(left, right) } else { (as_decimal(left), as_decimal(right)) };
    }
    if is_decimal(&lt) && is_decimal(&rt) {
        return if comparison { widen(left, right) } else { (left, right) };
    }
    match tightest(&lt, &rt) {
        Some(common) => (cast_to(left, &common), cast_to(right, &common)),
        None => (left, right),
    }
}

/// An integer beside a decimal: a literal gets the digits it needs, anything else those of its type.
fn as_decimal(side: Expression) -> Expression {
    let own = data_type_of(&side);
    if is_decimal(&own) {
        return side;
    }
    match digits(&side) {
        Some(digits) => cast_to(side, &decimal::of_digits(digits)),
        None => side,
    }
}

fn digits(side: &Expression) -> Option<decimal::Digits> {
    decimal::literal_digits(side).or_else(|| decimal::digits_of(&data_type_of(side)))
}

fn widen(left: Expression, right: Expression) -> (Expression, Expression) {
    match (digits(&left), digits(&right)) {
        (Some(a), Some(b)) => {
            let wide = decimal::wider(a, b);
            (cast_to(left, &wide), cast_to(right, &wide))
        }
        _ => (left, right),
    }
}

/// Numbers other than decimals are divided as doubles.
fn as_doubles(left: Expression, right: Expression) -> (Expression, Expression) {
    let plain = |side: &Expression| {
        let own = data_type_of(side);
        is_integral(&own) || is_float(&own) || own == DataType::Null
    };
    if plain(&left) && plain(&right) {
        return (cast_to(left, &DataType::Double), cast_to(right, &DataType::Double));
    }
    (left, right)
}

/// NULL with NULL computes as double.
fn untyped_as_double(left: Expression, right: Expression) -> (Expression, Expression) {
    if data_type_of(&left) == DataType::Null && data_type_of(&right) == DataType::Null {
        return (cast_to(left, &DataType::Double), cast_to(right, &DataType::Double));
    }
    (left, right)
}

/// The type both sides have (decimals: any digits), or `BINARY_OP_DIFF_TYPES`.
pub(super) fn agree(site: &Site, left: &Expression, right: &Expression) -> Result<DataType> {
    let (lt, rt) = (data_type_of(left), data_type_of(right));
    if lt == rt || (is_decimal(&lt) && is_decimal(&rt)) || crate::resolve::coercion::same_type(&lt, &rt) {
        return Ok(lt);
    }
    Err(errors::mismatch(
        "BINARY_OP_DIFF_TYPES",
        &site.label,
        format!(
            "the left and right operands of the binary operator have incompatible types (\"{}\" and \"{}\").",
            sql_type(&lt),
            sql_type(&rt)
        ),
        site.position,
    ))
}

pub(super) fn wrong_type(site: &Site, expected: &str, actual: &DataType) -> crate::error::QueryError {
    errors::mismatch(
        "BINARY_OP_WRONG_TYPE",
        &site.label,
        format!("the binary operator requires the input type {expected}, not \"{}\".", sql_type(actual)),
        site.position,
    )
}

/// Prints a call that is not a row of its own.
pub(super) fn shown(name: &str, arguments: &[&Typed]) -> String {
    let labels: Vec<String> = arguments.iter().map(|argument| argument.label.clone()).collect();
    call(name, &labels)
}
