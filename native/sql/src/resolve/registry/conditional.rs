//! `coalesce`, `if` and their kin. Those that Spark rewrites arrive as `coalesce` or `Case`.
use super::comparison::compared;
use super::site::{Site, Typed, call_of, strict_call};
use super::{ANY_NUMBER, Function, Nulls, Rule, scalar};
use crate::error::Result;
use crate::resolve::coercion::{Slot, cast_to, same_type, wider_common};
use crate::resolve::errors;
use crate::resolve::output::nullable_of;
use crate::tree::{DataType, Expression, WhenBranch};

const WIDEST: Rule = Rule::Widest { promote_strings: true };
const WIDEST_NO_STRINGS: Rule = Rule::Widest { promote_strings: false };

pub(super) const ROWS: &[Function] = &[
    scalar(&["coalesce"], 1, WIDEST).up_to(ANY_NUMBER).nulls(Nulls::All),
    scalar(&["nvl"], 2, Rule::Custom(nvl)),
    scalar(&["ifnull"], 2, Rule::Custom(nvl)),
    scalar(&["zeroifnull"], 1, Rule::Custom(zero_if_null)),
    scalar(&["nvl2"], 3, Rule::Custom(nvl2)),
    scalar(&["nullif"], 2, Rule::Custom(nullif)),
    scalar(&["nullifzero"], 1, Rule::Custom(nullif_zero)),
    scalar(&["if", "iff"], 3, Rule::Custom(if_else)).show(shown_if),
    scalar(&["decode"], 2, Rule::Custom(decode)).up_to(ANY_NUMBER),
    scalar(&["greatest"], 2, WIDEST_NO_STRINGS).up_to(ANY_NUMBER).nulls(Nulls::All),
    scalar(&["least"], 2, WIDEST_NO_STRINGS).up_to(ANY_NUMBER).nulls(Nulls::All),
];

fn shown_if(_: &str, arguments: &[String]) -> String {
    format!("(IF({}))", arguments.join(", "))
}

fn nvl(site: &mut Site) -> Result<Expression> {
    let arguments = site.widened(true)?;
    Ok(coalesce(arguments))
}

fn coalesce(arguments: Vec<Expression>) -> Expression {
    let data_type = arguments.first().map_or(DataType::Null, crate::resolve::output::data_type_of);
    let nullable = arguments.iter().all(nullable_of);
    call_of("coalesce", arguments, data_type, nullable)
}

fn zero() -> Expression {
    super::site::int_literal(0)
}

fn zero_if_null(site: &mut Site) -> Result<Expression> {
    let value = site.argument(0)?;
    let types = [value.data_type(), DataType::Integer];
    let wide = wider_common(&types).ok_or_else(|| errors::different_types(&site.label, "coalesce", &types, site.position))?;
    Ok(coalesce(vec![cast_to(value.expression.clone(), &wide), cast_to(zero(), &wide)]))
}

fn nvl2(site: &mut Site) -> Result<Expression> {
    let present = strict_call("isnotnull", vec![site.argument(0)?.expression.clone()], DataType::Boolean);
    let present = not_null(present);
    choose(site, present, 1)
}

fn not_null(call: Expression) -> Expression {
    match call {
        Expression::Call { name, arguments, is_distinct, filter, data_type, .. } => {
            Expression::Call { name, arguments, is_distinct, filter, data_type, nullable: false }
        }
        other => other,
    }
}

fn if_else(site: &mut Site) -> Result<Expression> {
    let condition = site.argument(0)?;
    let own = condition.data_type();
    if !matches!(own, DataType::Boolean | DataType::Null) {
        return Err(errors::unexpected_input(&site.label, 0, "\"BOOLEAN\"", &condition.label, &own, site.position));
    }
    let condition = cast_to(condition.expression.clone(), &DataType::Boolean);
    choose(site, condition, 1)
}

/// `condition ? arguments[from] : arguments[from + 1]`
fn choose(site: &Site, condition: Expression, from: usize) -> Result<Expression> {
    let (yes, no) = (site.argument(from)?, site.argument(from + 1)?);
    let types = [yes.data_type(), no.data_type()];
    let same = matches!(&types, [a, b] if same_type(a, b));
    let wide = if same { types.first().cloned() } else { wider_common(&types) };
    let wide = wide.ok_or_else(|| errors::different_types(&site.label, "if", &types, site.position))?;
    let value = cast_to(yes.expression.clone(), &wide);
    let otherwise = Some(Box::new(cast_to(no.expression.clone(), &wide)));
    Ok(Expression::Case { branches: vec![WhenBranch { condition, value }], otherwise })
}

/// `decode(bytes, charset)`, or `decode(value, search, result, ..., default)`, where NULL finds NULL.
fn decode(site: &mut Site) -> Result<Expression> {
    if site.arguments.len() == 2 {
        let arguments = site.fit(&[Slot::Binary, Slot::String])?;
        return Ok(strict_call("decode", arguments, DataType::String));
    }
    let value = site.argument(0)?.expression.clone();
    let rest = site.arguments.get(1..).unwrap_or_default();
    let (pairs, default) = (rest.chunks_exact(2), rest.chunks_exact(2).remainder());
    let results = pairs.clone().filter_map(|pair| pair.get(1)).chain(default);
    let types: Vec<DataType> = results.map(Typed::data_type).collect();
    let wide = wider_common(&types).ok_or_else(|| errors::different_types(&site.label, "casewhen", &types, site.position))?;
    let mut branches = Vec::with_capacity(pairs.len());
    for pair in pairs {
        let [search, result] = pair else { continue };
        let condition = compared(site, "<=>", value.clone(), search.expression.clone())?;
        branches.push(WhenBranch { condition, value: cast_to(result.expression.clone(), &wide) });
    }
    let otherwise = default.first().map(|default| Box::new(cast_to(default.expression.clone(), &wide)));
    Ok(Expression::Case { branches, otherwise })
}

fn nullif(site: &mut Site) -> Result<Expression> {
    let (value, other) = (site.argument(0)?.expression.clone(), site.argument(1)?.expression.clone());
    null_when_equal(site, value, other)
}

fn nullif_zero(site: &mut Site) -> Result<Expression> {
    let value = site.argument(0)?.expression.clone();
    null_when_equal(site, value, zero())
}

fn null_when_equal(site: &Site, value: Expression, other: Expression) -> Result<Expression> {
    let data_type = crate::resolve::output::data_type_of(&value);
    let condition = compared(site, "=", value.clone(), other)?;
    let nothing = Expression::Literal { value: None, data_type };
    Ok(Expression::Case { branches: vec![WhenBranch { condition, value: nothing }], otherwise: Some(Box::new(value)) })
}
