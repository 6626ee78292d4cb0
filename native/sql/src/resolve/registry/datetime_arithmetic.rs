//! `+ - * /` where a side is a date, a timestamp or an interval. Spark turns these into functions of their own.
use super::arithmetic::shown;
use super::site::{Site, Typed, int_literal, strict_call};
use crate::error::{QueryError, Result};
use crate::resolve::coercion::{cast_to, is_datetime, is_interval, is_numeric, is_timestamp, negate_literal, tightest};
use crate::resolve::errors;
use crate::resolve::output::data_type_of;
use crate::tree::{DataType, Expression};

const MICROS_PER_DAY: i128 = 86_400_000_000;

/// `None`: ordinary arithmetic.
pub(super) fn resolve(site: &mut Site, operator: &str) -> Result<Option<Expression>> {
    let (left, right) = (site.argument(0)?.clone(), site.argument(1)?.clone());
    let (lt, rt) = (left.data_type(), right.data_type());
    if lt == DataType::CalendarInterval || rt == DataType::CalendarInterval {
        return Err(QueryError::unsupported("an interval of both months and days").at(site.position));
    }
    match operator {
        "+" => match (&lt, &rt) {
            (a, b) if is_interval(a) && is_interval(b) => Ok(None),
            (DataType::Null, b) if is_interval(b) => Ok(None),
            (a, DataType::Null) if is_interval(a) => Ok(None),
            (_, b) if is_interval(b) => add_interval(site, &left, &right, "+"),
            (a, _) if is_interval(a) => add_interval(site, &right, &left, "+"),
            // Beside a date or timestamp an untyped NULL is an interval.
            (a, DataType::Null) if is_datetime(a) => add_interval(site, &left, &null_interval(&right), "+"),
            (DataType::Null, b) if is_datetime(b) => add_interval(site, &right, &null_interval(&left), "+"),
            (DataType::Date, DataType::String) => add_days(site, &left, &right, "date_add"),
            (DataType::Date, _) => add_days(site, &left, &right, "date_add"),
            (_, DataType::Date) => add_days(site, &right, &left, "date_add"),
            _ => Ok(None),
        },
        "-" => match (&lt, &rt) {
            (a, b) if is_interval(a) && is_interval(b) => Ok(None),
            (DataType::Null, b) if is_interval(b) => Ok(None),
            (_, b) if is_interval(b) => add_interval(site, &left, &right, "-"),
            (a, b) if is_timestamp(a) || is_timestamp(b) => subtract_timestamps(site, &left, &right),
            (_, DataType::Date) | (DataType::Date, DataType::String | DataType::Null) => subtract_dates(site, &left, &right),
            (DataType::Date, _) => add_days(site, &left, &right, "date_sub"),
            _ => Ok(None),
        },
        "*" => match (&lt, &rt) {
            (a, _) if is_interval(a) => scale(site, "multiply_interval", "*", &left, &right),
            (_, b) if is_interval(b) => scale(site, "multiply_interval", "*", &right, &left),
            _ => Ok(None),
        },
        "/" if is_interval(&lt) => scale(site, "divide_interval", "/", &left, &right),
        _ => Ok(None),
    }
}

fn null_interval(null: &Typed) -> Typed {
    Typed::new(Expression::Literal { value: None, data_type: DataType::DAY_TIME }, null.label.clone())
}

fn add_interval(site: &mut Site, base: &Typed, interval: &Typed, operator: &str) -> Result<Option<Expression>> {
    let months = matches!(interval.data_type(), DataType::YearMonthInterval { .. });
    let step = if operator == "-" { negated(&interval.expression) } else { interval.expression.clone() };
    match base.data_type() {
        DataType::Date if interval.data_type() == DataType::DAYS => {
            let days = shown("extractansiintervaldays", &[interval]);
            let days = if operator == "-" { format!("(- {days})") } else { days };
            site.label = format!("date_add({}, {days})", base.label);
            let count = days_of(&step);
            Ok(Some(strict_call("date_add", vec![base.expression.clone(), count], DataType::Date)))
        }
        DataType::Date if months => {
            site.label = format!("{} {operator} {}", base.label, interval.label);
            Ok(Some(strict_call("date_add_ym_interval", vec![base.expression.clone(), step], DataType::Date)))
        }
        DataType::Date => {
            site.label = format!("{} {operator} {}", base.label, interval.label);
            let start = cast_to(base.expression.clone(), &DataType::Timestamp);
            Ok(Some(strict_call("timestamp_add_interval", vec![start, step], DataType::Timestamp)))
        }
        own if is_timestamp(&own) => {
            site.label = format!("{} {operator} {}", base.label, interval.label);
            let name = if months { "timestamp_add_ym_interval" } else { "timestamp_add_interval" };
            Ok(Some(strict_call(name, vec![base.expression.clone(), step], own)))
        }
        DataType::String if !months => {
            site.label = format!("{} {operator} {}", base.label, interval.label);
            let start = cast_to(base.expression.clone(), &DataType::Timestamp);
            let moved = strict_call("timestamp_add_interval", vec![start, step], DataType::Timestamp);
            Ok(Some(cast_to(moved, &DataType::String)))
        }
        _ if months => Ok(None),
        own => {
            let label = format!("{} {operator} {}", base.label, interval.label);
            Err(errors::unexpected_input(&label, 0, "(\"TIMESTAMP_NTZ\" or \"TIMESTAMP\")", &base.label, &own, site.position))
        }
    }
}

fn days_of(interval: &Expression) -> Expression {
    if let Expression::Literal { value: Some(text), .. } = interval
        && let Ok(micros) = text.parse::<i128>()
        && let Ok(days) = i64::try_from(micros / MICROS_PER_DAY)
    {
        return int_literal(days);
    }
    strict_call("extract_interval_days", vec![interval.clone()], DataType::Integer)
}

fn negated(interval: &Expression) -> Expression {
    negate_literal(interval).unwrap_or_else(|| strict_call("negative", vec![interval.clone()], data_type_of(interval)))
}

fn add_days(site: &mut Site, date: &Typed, days: &Typed, name: &str) -> Result<Option<Expression>> {
    site.label = shown(name, &[date, days]);
    let count = day_count(site, days)?;
    Ok(Some(strict_call(name, vec![date.expression.clone(), count], DataType::Date)))
}

/// The second argument of `date_add`: only int and narrower.
pub(super) fn day_count(site: &Site, days: &Typed) -> Result<Expression> {
    match days.data_type() {
        DataType::Integer | DataType::Short | DataType::Byte | DataType::Null => Ok(cast_to(days.expression.clone(), &DataType::Integer)),
        own => Err(errors::unexpected_input(
            &site.label,
            1,
            "(\"INT\" or \"SMALLINT\" or \"TINYINT\")",
            &days.label,
            // Spark has made a date of the string by then.
            if own == DataType::String { &DataType::Date } else { &own },
            site.position,
        )),
    }
}

fn subtract_dates(site: &Site, left: &Typed, right: &Typed) -> Result<Option<Expression>> {
    let date = |index: usize, side: &Typed| match side.data_type() {
        DataType::Date | DataType::String | DataType::Null => Ok(cast_to(side.expression.clone(), &DataType::Date)),
        own => Err(errors::unexpected_input(&site.label, index, "\"DATE\"", &side.label, &own, site.position)),
    };
    let arguments = vec![date(0, left)?, date(1, right)?];
    Ok(Some(strict_call("subtract_dates", arguments, DataType::DAYS)))
}

fn subtract_timestamps(site: &Site, left: &Typed, right: &Typed) -> Result<Option<Expression>> {
    let (lt, rt) = (left.data_type(), right.data_type());
    for (index, side, own) in [(0, left, &lt), (1, right, &rt)] {
        if !(is_datetime(own) || matches!(own, DataType::String | DataType::Null)) {
            return Err(errors::unexpected_input(
                &site.label,
                index,
                "(\"TIMESTAMP_NTZ\" or \"TIMESTAMP\")",
                &side.label,
                own,
                site.position,
            ));
        }
    }
    let common = match (is_datetime(&lt), is_datetime(&rt)) {
        (true, true) => tightest(&lt, &rt).unwrap_or(DataType::Timestamp),
        (true, false) => lt,
        _ => rt,
    };
    let arguments = vec![cast_to(left.expression.clone(), &common), cast_to(right.expression.clone(), &common)];
    Ok(Some(strict_call("subtract_timestamps", arguments, DataType::DAY_TIME)))
}

fn scale(site: &mut Site, name: &str, operator: &str, interval: &Typed, factor: &Typed) -> Result<Option<Expression>> {
    site.label = format!("({} {operator} {})", interval.label, factor.label);
    let own = factor.data_type();
    let number = match &own {
        t if is_numeric(t) => factor.expression.clone(),
        DataType::String | DataType::Null => cast_to(factor.expression.clone(), &DataType::Double),
        _ => return Err(errors::unexpected_input(&site.label, 1, "\"NUMERIC\"", &factor.label, &own, site.position)),
    };
    let data_type = match interval.data_type() {
        DataType::YearMonthInterval { .. } => DataType::YEAR_MONTH,
        _ => DataType::DAY_TIME,
    };
    Ok(Some(strict_call(name, vec![interval.expression.clone(), number], data_type)))
}
