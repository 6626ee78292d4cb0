//! Dates and times.
use super::datetime_arithmetic::day_count;
use super::site::{Site, call_of, strict_call};
use super::time_parts;
use super::{Default, Function, Nulls, Out, Rule, call, scalar};
use crate::error::Result;
use crate::resolve::coercion::{Slot, cast_to, check_cast, is_datetime, is_integral};
use crate::tree::{DataType, Expression};

const D: Slot = Slot::Date;
const S: Slot = Slot::String;
const DAY_PART: Rule = Rule::Slots(&[D], Out::Integer);
const TIME_PART: Rule = Rule::Slots(&[Slot::AnyTimestamp], Out::Integer);
const TO_LONG: Rule = Rule::Slots(&[Slot::Timestamp], Out::Long);
const FROM_NUMBER: Rule = Rule::Slots(&[Slot::Numeric], Out::Timestamp);
const FROM_INTEGRAL: Rule = Rule::Slots(&[Slot::Integral], Out::Timestamp);
const FORMAT: &[Default] = &[Default::Text("yyyy-MM-dd HH:mm:ss")];

pub(super) const ROWS: &[Function] = &[
    scalar(&["year"], 1, DAY_PART),
    scalar(&["yearofweek"], 1, DAY_PART),
    scalar(&["quarter"], 1, DAY_PART),
    scalar(&["month"], 1, DAY_PART),
    scalar(&["weekofyear"], 1, DAY_PART),
    scalar(&["day", "dayofmonth"], 1, DAY_PART),
    scalar(&["dayofweek"], 1, DAY_PART),
    scalar(&["weekday"], 1, DAY_PART),
    scalar(&["dayofyear"], 1, DAY_PART),
    scalar(&["hour"], 1, TIME_PART),
    scalar(&["minute"], 1, TIME_PART),
    scalar(&["second"], 1, TIME_PART),
    scalar(&["extract"], 2, Rule::Custom(time_parts::extract)).show(time_parts::shown_extract),
    scalar(&["date_part", "datepart"], 2, Rule::Custom(time_parts::extract)),
    scalar(&["date_add", "dateadd=date_add"], 2, Rule::Custom(add_days)),
    scalar(&["date_sub"], 2, Rule::Custom(add_days)),
    scalar(&["datediff", "date_diff"], 2, Rule::Slots(&[D, D], Out::Integer)),
    scalar(&["timestampdiff"], 3, Rule::Slots(&[S, Slot::Timestamp, Slot::Timestamp], Out::Long)),
    scalar(&["timestampadd"], 3, Rule::Slots(&[S, Slot::Long, Slot::AnyTimestamp], Out::Argument(2))),
    scalar(&["add_months"], 2, Rule::Slots(&[D, Slot::Integer], Out::Date)),
    scalar(&["last_day"], 1, Rule::Slots(&[D], Out::Date)),
    scalar(&["next_day"], 2, Rule::Slots(&[D, S], Out::Date)).nulls(Nulls::Always),
    scalar(&["months_between"], 2, Rule::Slots(&[Slot::Timestamp, Slot::Timestamp, Slot::Boolean], Out::Double)).defaults(&[Default::True]),
    scalar(&["date_trunc"], 2, Rule::Slots(&[S, Slot::Timestamp], Out::Timestamp)).nulls(Nulls::Always),
    scalar(&["trunc"], 2, Rule::Slots(&[D, S], Out::Date)).nulls(Nulls::Always),
    scalar(&["to_date"], 1, Rule::Custom(to_date)).up_to(2),
    scalar(&["to_timestamp"], 1, Rule::Custom(to_timestamp)).up_to(2),
    scalar(&["try_to_date"], 1, Rule::Custom(try_to_date)).up_to(2),
    scalar(&["try_to_timestamp"], 1, Rule::Custom(try_to_timestamp)).up_to(2),
    scalar(&["date_format"], 2, Rule::Slots(&[Slot::Timestamp, S], Out::String)),
    scalar(&["unix_timestamp"], 0, Rule::Custom(unix_timestamp)).up_to(2),
    scalar(&["to_unix_timestamp"], 1, Rule::Custom(unix_timestamp)).defaults(FORMAT),
    scalar(&["from_unixtime"], 1, Rule::Slots(&[Slot::Long, S], Out::String)).defaults(FORMAT).nulls(Nulls::Always),
    scalar(&["make_date"], 3, Rule::Slots(&[Slot::Integer, Slot::Integer, Slot::Integer], Out::Date)),
    scalar(&["unix_date"], 1, DAY_PART),
    scalar(&["date_from_unix_date"], 1, Rule::Slots(&[Slot::Integer], Out::Date)),
    scalar(&["timestamp_seconds"], 1, FROM_NUMBER),
    scalar(&["timestamp_millis"], 1, FROM_INTEGRAL),
    scalar(&["timestamp_micros"], 1, FROM_INTEGRAL),
    scalar(&["unix_seconds"], 1, TO_LONG),
    scalar(&["unix_millis"], 1, TO_LONG),
    scalar(&["unix_micros"], 1, TO_LONG),
    scalar(&["current_date", "curdate=current_date"], 0, Rule::Custom(current_date)),
    scalar(&["current_timestamp", "now"], 0, Rule::Custom(current_timestamp)),
    scalar(&["current_timezone"], 0, Rule::Custom(current_timezone)),
    scalar(&["typeof"], 1, Rule::Custom(type_of)),
];

fn add_days(site: &mut Site) -> Result<Expression> {
    let date = site.fit_one(0, site.argument(0)?, D)?;
    let days = site.argument(1)?;
    let count = match days.data_type() {
        DataType::String => cast_to(days.expression.clone(), &DataType::Integer),
        _ => day_count(site, days)?,
    };
    Ok(site.call(vec![date, count], DataType::Date))
}

fn to_date(site: &mut Site) -> Result<Expression> {
    parsed(site, DataType::Date, "to_date")
}

fn to_timestamp(site: &mut Site) -> Result<Expression> {
    parsed(site, DataType::Timestamp, "to_timestamp")
}

fn try_to_date(site: &mut Site) -> Result<Expression> {
    parsed(site, DataType::Date, "to_date").map(tolerant)
}

fn try_to_timestamp(site: &mut Site) -> Result<Expression> {
    parsed(site, DataType::Timestamp, "to_timestamp").map(tolerant)
}

/// NULL in place of an error.
fn tolerant(expression: Expression) -> Expression {
    match expression {
        Expression::Cast { expression, data_type, position, .. } => Expression::Cast { expression, data_type, is_try: true, position },
        Expression::Call { name, arguments, data_type, .. } => call_of(&format!("try_{name}"), arguments, data_type, true),
        other => other,
    }
}

/// Without a format, or from what is a date already, it is a cast.
fn parsed(site: &Site, target: DataType, name: &str) -> Result<Expression> {
    let value = site.argument(0)?;
    let own = value.data_type();
    if site.arguments.len() == 1 || is_datetime(&own) {
        let castable = if target == DataType::Date && is_integral(&own) { DataType::Null } else { own };
        check_cast(&castable, &target, false, &site.label, site.position)?;
        return Ok(cast_to(value.expression.clone(), &target));
    }
    let arguments = site.fit(&[S, S])?;
    Ok(strict_call(name, arguments, target))
}

fn unix_timestamp(site: &mut Site) -> Result<Expression> {
    let mut arguments = site.expressions();
    let mut labels: Vec<String> = site.arguments.iter().map(|argument| argument.label.clone()).collect();
    if arguments.is_empty() {
        arguments.push(now(site));
        labels.push("current_timestamp()".to_owned());
    }
    if arguments.len() == 1 {
        arguments.push(Expression::Literal { value: Some("yyyy-MM-dd HH:mm:ss".to_owned()), data_type: DataType::String });
        labels.push("yyyy-MM-dd HH:mm:ss".to_owned());
    }
    site.label = call(site.shown, &labels);
    if let Some(value) = site.arguments.first() {
        let own = value.data_type();
        let slot = if is_datetime(&own) { Slot::Any } else { S };
        let fitted = site.fit_one(0, value, slot)?;
        if let Some(first) = arguments.first_mut() {
            *first = fitted;
        }
    }
    Ok(strict_call("unix_timestamp", arguments, DataType::Long))
}

/// `now()`, fixed when the query is resolved.
fn now(site: &Site) -> Expression {
    Expression::Literal { value: Some(time_parts::timestamp_text(site.options.now_micros)), data_type: DataType::Timestamp }
}

fn current_timestamp(site: &mut Site) -> Result<Expression> {
    Ok(now(site))
}

/// A literal in UTC; elsewhere the engine, which knows the zones, takes the date of the timestamp.
fn current_date(site: &mut Site) -> Result<Expression> {
    let zone = site.options.session_time_zone.as_str();
    if let Some(offset) = time_parts::fixed_offset_micros(zone) {
        let text = time_parts::date_text(site.options.now_micros + offset);
        return Ok(Expression::Literal { value: Some(text), data_type: DataType::Date });
    }
    Ok(cast_to(now(site), &DataType::Date))
}

fn current_timezone(site: &mut Site) -> Result<Expression> {
    Ok(Expression::Literal { value: Some(site.options.session_time_zone.clone()), data_type: DataType::String })
}

fn type_of(site: &mut Site) -> Result<Expression> {
    let text = site.argument(0)?.data_type().to_string();
    Ok(Expression::Literal { value: Some(text), data_type: DataType::String })
}
