//! Functions that only work with OVER.
use super::site::{Site, call_of, int_literal};
use super::{Default, Function, Kind, Nulls, Out, Rule, row};
use crate::error::Result;
use crate::resolve::coercion::cast_to;
use crate::resolve::output::nullable_of;
use crate::tree::{DataType, Expression};

const fn window(names: &'static [&'static str], arity: usize, rule: Rule) -> Function {
    row(Kind::Window, names, arity, rule).nulls(Nulls::Never)
}

const RANK: Rule = Rule::Slots(&[], Out::Integer);

pub(super) const ROWS: &[Function] = &[
    window(&["row_number"], 0, RANK),
    window(&["rank=RANK"], 0, RANK),
    window(&["dense_rank=DENSE_RANK"], 0, RANK),
    window(&["percent_rank=PERCENT_RANK"], 0, Rule::Slots(&[], Out::Double)),
    window(&["cume_dist"], 0, Rule::Slots(&[], Out::Double)),
    window(&["ntile"], 0, Rule::Custom(ntile)).defaults(&[Default::Int(1)]),
    window(&["lag"], 1, Rule::Custom(offset)).defaults(OFFSET).show(show_offset),
    window(&["lead"], 1, Rule::Custom(offset)).defaults(OFFSET).show(show_offset),
    window(&["nth_value"], 2, Rule::Custom(nth_value)).up_to(3).show(show_nth_value),
];

/// The step, the value where there is no row, and whether rows with NULL count for nothing.
const OFFSET: &[Default] = &[Default::Int(1), Default::Null, Default::False];

fn show_offset(name: &str, arguments: &[String]) -> String {
    super::call(name, arguments.get(..3).unwrap_or_default())
}

fn show_nth_value(name: &str, arguments: &[String]) -> String {
    let shown = super::call(name, arguments.get(..2).unwrap_or_default());
    if arguments.get(2).is_some_and(|flag| flag == "true") { format!("{shown} ignore nulls") } else { shown }
}

fn ntile(site: &mut Site) -> Result<Expression> {
    let buckets = site.constant(0, "buckets")?;
    if buckets <= 0 {
        return Err(
            site.error("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", format!("`ntile` needs a positive number of buckets, not {buckets}"))
        );
    }
    Ok(site.call(vec![int_literal(buckets)], DataType::Integer))
}

fn offset(site: &mut Site) -> Result<Expression> {
    let steps = site.constant(1, "offset")?;
    let value = site.argument(0)?.expression.clone();
    let data_type = site.argument(0)?.data_type();
    let default = cast_to(site.argument(2)?.expression.clone(), &data_type);
    let nullable = nullable_of(&value) || nullable_of(&default);
    let ignore_nulls = boolean(site.flag(3)?);
    Ok(call_of(site.function.name(), vec![value, int_literal(steps), default, ignore_nulls], data_type, nullable))
}

fn nth_value(site: &mut Site) -> Result<Expression> {
    let nth = site.constant(1, "offset")?;
    if nth <= 0 {
        return Err(site.error("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", format!("`nth_value` needs a positive position, not {nth}")));
    }
    let value = site.argument(0)?.expression.clone();
    let data_type = site.argument(0)?.data_type();
    let ignore_nulls = boolean(site.flag(2)?);
    Ok(call_of("nth_value", vec![value, int_literal(nth), ignore_nulls], data_type, true))
}

fn boolean(value: bool) -> Expression {
    Expression::Literal { value: Some(value.to_string()), data_type: DataType::Boolean }
}
