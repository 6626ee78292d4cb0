//! Aggregates.
use super::site::Site;
use super::{ANY_NUMBER, Function, Kind, Nulls, Out, Rule, call, row};
use crate::error::Result;
use crate::resolve::coercion::{Slot, cast_to, decimal, is_decimal, is_float, is_integral, is_interval};
use crate::resolve::errors;
use crate::resolve::output::data_type_of;
use crate::tree::{DataType, Expression};

const fn aggregate(names: &'static [&'static str], arity: usize, rule: Rule) -> Function {
    // An empty group gives NULL.
    row(Kind::Aggregate, names, arity, rule).nulls(Nulls::Always)
}

const DOUBLE: Rule = Rule::Slots(&[Slot::Double], Out::Double);
const TWO_DOUBLES: Rule = Rule::Slots(&[Slot::Double, Slot::Double], Out::Double);
const BOOLEAN: Rule = Rule::Slots(&[Slot::Boolean], Out::Boolean);
const BITS: Rule = Rule::Slots(&[Slot::Integral], Out::Argument(0));
const EXTREME: Rule = Rule::Slots(&[Slot::Orderable], Out::Argument(0));

pub(super) const ROWS: &[Function] = &[
    aggregate(&["count"], 1, Rule::Slots(&[Slot::Any], Out::Long)).up_to(ANY_NUMBER).nulls(Nulls::Never),
    aggregate(&["sum"], 1, Rule::Custom(sum)),
    aggregate(&["avg", "mean"], 1, Rule::Custom(avg)),
    aggregate(&["min"], 1, EXTREME),
    aggregate(&["max"], 1, EXTREME),
    aggregate(&["first", "first_value", "any_value"], 1, Rule::Custom(first_last)).up_to(2).show(show_first),
    aggregate(&["last", "last_value"], 1, Rule::Custom(first_last)).up_to(2).show(show_first),
    aggregate(&["stddev_samp", "stddev", "std"], 1, DOUBLE),
    aggregate(&["stddev_pop"], 1, DOUBLE),
    aggregate(&["var_samp", "variance"], 1, DOUBLE),
    aggregate(&["var_pop"], 1, DOUBLE),
    aggregate(&["skewness"], 1, DOUBLE),
    aggregate(&["kurtosis"], 1, DOUBLE),
    aggregate(&["corr"], 2, TWO_DOUBLES),
    aggregate(&["covar_pop"], 2, TWO_DOUBLES),
    aggregate(&["covar_samp"], 2, TWO_DOUBLES),
    aggregate(&["count_if"], 1, Rule::Slots(&[Slot::Boolean], Out::Long)).nulls(Nulls::Never),
    aggregate(&["bool_and", "every"], 1, BOOLEAN),
    aggregate(&["bool_or", "some", "any"], 1, BOOLEAN),
    aggregate(&["bit_and"], 1, BITS),
    aggregate(&["bit_or"], 1, BITS),
    aggregate(&["bit_xor"], 1, BITS),
    aggregate(&["approx_count_distinct"], 1, Rule::Slots(&[Slot::Any, Slot::Double], Out::Long))
        .up_to(2)
        .nulls(Nulls::Never)
        .show(show_first),
    aggregate(&["collect_list", "array_agg=collect_list"], 1, Rule::Slots(&[Slot::Any], Out::ArrayOfFirst)).nulls(Nulls::Never),
    aggregate(&["collect_set"], 1, Rule::Slots(&[Slot::Any], Out::ArrayOfFirst)).nulls(Nulls::Never),
    aggregate(&["max_by"], 2, Rule::Slots(&[Slot::Any, Slot::Orderable], Out::Argument(0))),
    aggregate(&["min_by"], 2, Rule::Slots(&[Slot::Any, Slot::Orderable], Out::Argument(0))),
    aggregate(&["median"], 1, DOUBLE),
    aggregate(&["percentile"], 2, Rule::Slots(&[Slot::Double, Slot::Double], Out::Double)).show(show_percentile),
    aggregate(&["grouping"], 1, Rule::Slots(&[Slot::Any], Out::Byte)).nulls(Nulls::Never),
    aggregate(&["grouping_id"], 0, Rule::Slots(&[Slot::Any], Out::Long)).up_to(ANY_NUMBER).nulls(Nulls::Never),
];

/// Without the ignore-nulls flag or the precision.
fn show_first(name: &str, arguments: &[String]) -> String {
    call(name, arguments.get(..1).unwrap_or_default())
}

fn show_percentile(name: &str, arguments: &[String]) -> String {
    format!("{name}({}, 1)", arguments.join(", "))
}

const NUMERIC: &str = "\"NUMERIC\" or \"ANSI INTERVAL\"";

/// The argument of `sum` and `avg`: a number or interval; strings count as doubles.
fn number(site: &Site) -> Result<Expression> {
    let value = site.argument(0)?;
    let own = value.data_type();
    match &own {
        DataType::String | DataType::Null => Ok(cast_to(value.expression.clone(), &DataType::Double)),
        t if is_integral(t) || is_float(t) || is_decimal(t) || is_interval(t) => Ok(value.expression.clone()),
        _ => Err(errors::unexpected_input(&site.label, 0, NUMERIC, &value.label, &own, site.position)),
    }
}

fn sum(site: &mut Site) -> Result<Expression> {
    let value = number(site)?;
    let own = data_type_of(&value);
    let data_type = match &own {
        DataType::Decimal { precision, scale } => decimal::bounded(i32::from(*precision) + 10, i32::from(*scale)),
        t if is_integral(t) => DataType::Long,
        t if is_float(t) => DataType::Double,
        _ => own,
    };
    Ok(site.call(vec![value], data_type))
}

fn avg(site: &mut Site) -> Result<Expression> {
    let value = number(site)?;
    let own = data_type_of(&value);
    let data_type = match &own {
        DataType::Decimal { precision, scale } => decimal::bounded(i32::from(*precision) + 4, i32::from(*scale) + 4),
        DataType::YearMonthInterval { .. } => DataType::YEAR_MONTH,
        DataType::DayTimeInterval { .. } => DataType::DAY_TIME,
        _ => DataType::Double,
    };
    Ok(site.call(vec![value], data_type))
}

/// `first(x)`, `first(x, true)`: always with the flag.
fn first_last(site: &mut Site) -> Result<Expression> {
    let value = site.argument(0)?.expression.clone();
    let ignore_nulls = site.flag(1)?;
    let flag = Expression::Literal { value: Some(ignore_nulls.to_string()), data_type: DataType::Boolean };
    let data_type = data_type_of(&value);
    Ok(site.call(vec![value, flag], data_type))
}
