//! Numbers.
use super::site::Site;
use super::{Default, Function, Nulls, Out, Rule, scalar};
use crate::error::Result;
use crate::resolve::coercion::{Slot, cast_to, decimal, is_decimal, is_float, is_integral, is_numeric};
use crate::resolve::errors;
use crate::resolve::output::data_type_of;
use crate::tree::{DataType, Expression};

const DOUBLE: Rule = Rule::Slots(&[Slot::Double], Out::Double);

/// A function of one double. Spark calls all of these nullable (`ln` and its kin are NULL for what they are not defined on).
const fn of_double(names: &'static [&'static str]) -> Function {
    scalar(names, 1, DOUBLE).nulls(Nulls::Always)
}

pub(super) const ROWS: &[Function] = &[
    scalar(&["abs"], 1, Rule::Slots(&[Slot::NumericOrInterval], Out::Argument(0))),
    scalar(&["ceil=CEIL", "ceiling"], 1, Rule::Custom(ceil_floor)).up_to(2).nulls(Nulls::Always),
    scalar(&["floor=FLOOR"], 1, Rule::Custom(ceil_floor)).up_to(2).nulls(Nulls::Always),
    scalar(&["round"], 1, Rule::Custom(round)).defaults(&[Default::Int(0)]).nulls(Nulls::Always),
    scalar(&["bround"], 1, Rule::Custom(round)).defaults(&[Default::Int(0)]).nulls(Nulls::Always),
    of_double(&["sqrt=SQRT"]),
    of_double(&["cbrt=CBRT"]),
    of_double(&["exp=EXP"]),
    of_double(&["expm1=EXPM1"]),
    of_double(&["ln"]),
    of_double(&["log1p=LOG1P"]),
    of_double(&["log10=LOG10"]),
    of_double(&["log2=LOG2"]),
    scalar(&["log=LOG"], 1, Rule::Custom(log)).up_to(2).nulls(Nulls::Always),
    of_double(&["sin=SIN"]),
    of_double(&["cos=COS"]),
    of_double(&["tan=TAN"]),
    of_double(&["cot=COT"]),
    of_double(&["asin=ASIN"]),
    of_double(&["acos=ACOS"]),
    of_double(&["atan=ATAN"]),
    of_double(&["sinh=SINH"]),
    of_double(&["cosh=COSH"]),
    of_double(&["tanh=TANH"]),
    of_double(&["degrees=DEGREES"]),
    of_double(&["radians=RADIANS"]),
    of_double(&["sign", "signum=SIGNUM"]),
    of_double(&["rint"]),
    scalar(&["pow", "power=POWER"], 2, Rule::Slots(&[Slot::Double, Slot::Double], Out::Double)),
    scalar(&["atan2=ATAN2"], 2, Rule::Slots(&[Slot::Double, Slot::Double], Out::Double)),
    scalar(&["hypot=HYPOT"], 2, Rule::Slots(&[Slot::Double, Slot::Double], Out::Double)),
    scalar(&["nanvl"], 2, Rule::Slots(&[Slot::Double, Slot::Double], Out::Double)),
    scalar(&["isnan"], 1, Rule::Custom(is_nan)).nulls(Nulls::Never),
    scalar(&["factorial"], 1, Rule::Slots(&[Slot::Integer], Out::Long)).nulls(Nulls::Always),
    scalar(&["pi=PI"], 0, Rule::Custom(pi)),
    scalar(&["e=E"], 0, Rule::Custom(e)),
    scalar(&["rand", "random"], 0, Rule::Custom(random)).up_to(1).nulls(Nulls::Never).indeterminate(),
    scalar(&["randn"], 0, Rule::Custom(random)).up_to(1).nulls(Nulls::Never).indeterminate(),
    scalar(&["monotonically_increasing_id"], 0, Rule::Slots(&[], Out::Long)).nulls(Nulls::Never).indeterminate(),
    scalar(&["spark_partition_id=SPARK_PARTITION_ID"], 0, Rule::Slots(&[], Out::Integer)).nulls(Nulls::Never).indeterminate(),
];

fn double(value: &str) -> Expression {
    Expression::Literal { value: Some(value.to_owned()), data_type: DataType::Double }
}

fn pi(_: &mut Site) -> Result<Expression> {
    Ok(double("3.141592653589793"))
}

fn e(_: &mut Site) -> Result<Expression> {
    Ok(double("2.718281828459045"))
}

fn ceil_floor(site: &mut Site) -> Result<Expression> {
    let places = if site.arguments.len() == 2 { Some(site.constant(1, "scale")?) } else { None };
    if let Some(places) = places {
        // Spark shows the function with two places in lower case, and works in decimals.
        let labels: Vec<String> = site.arguments.iter().map(|argument| argument.label.clone()).collect();
        site.label = super::call(site.function.name(), &labels);
        let value = site.argument(0)?;
        let own = value.data_type();
        if !(is_numeric(&own) || matches!(own, DataType::Null | DataType::String)) {
            return Err(errors::unexpected_input(&site.label, 0, "\"DECIMAL\"", &value.label, &own, site.position));
        }
        let digits = decimal::digits_of(&own).unwrap_or((30, 15));
        let number = cast_to(value.expression.clone(), &decimal::of_digits(digits));
        let data_type = decimal::rounded(digits, i32::try_from(places).unwrap_or(0));
        return Ok(site.call(vec![number, super::site::int_literal(places)], data_type));
    }
    let arguments = site.fit(&[Slot::LongDoubleDecimal])?;
    let data_type = match arguments.first().map(data_type_of) {
        Some(own) if is_decimal(&own) => decimal::digits_of(&own)
            .map_or(DataType::Long, |(p, s)| if s == 0 { decimal::of_digits((p, 0)) } else { decimal::of_digits((p - s + 1, 0)) }),
        _ => DataType::Long,
    };
    Ok(site.call(arguments, data_type))
}

fn round(site: &mut Site) -> Result<Expression> {
    let value = site.fit_one(0, site.argument(0)?, Slot::Numeric)?;
    let places = site.constant(1, "scale")?;
    let own = data_type_of(&value);
    let data_type = match decimal::digits_of(&own) {
        Some(digits) if is_decimal(&own) => decimal::rounded(digits, i32::try_from(places).unwrap_or(0)),
        _ => own,
    };
    Ok(site.call(vec![value, super::site::int_literal(places)], data_type))
}

/// `log(x)` is `ln(x)`, printed with its base.
fn log(site: &mut Site) -> Result<Expression> {
    let arguments = site.fit(&[Slot::Double])?;
    if arguments.len() == 1 {
        site.label = format!("LOG(E(), {})", site.argument(0)?.label);
        return Ok(super::site::call_of("ln", arguments, DataType::Double, true));
    }
    Ok(site.call(arguments, DataType::Double))
}

fn is_nan(site: &mut Site) -> Result<Expression> {
    let own = site.argument(0)?.data_type();
    let value = site.argument(0)?.expression.clone();
    let value = if is_float(&own) { value } else { site.fit_one(0, site.argument(0)?, Slot::Double)? };
    Ok(site.call(vec![value], DataType::Boolean))
}

fn random(site: &mut Site) -> Result<Expression> {
    let seed = if site.arguments.is_empty() {
        site.seed
    } else {
        let own = site.argument(0)?.data_type();
        if !(is_integral(&own) || own == DataType::Null) {
            let label = site.argument(0)?.label.clone();
            return Err(errors::unexpected_input(&site.label, 0, "(\"INT\" or \"BIGINT\")", &label, &own, site.position));
        }
        if own == DataType::Null { 0 } else { site.constant(0, "seed")? }
    };
    let seed = Expression::Literal { value: Some(seed.to_string()), data_type: DataType::Long };
    Ok(site.call(vec![seed], DataType::Double))
}
