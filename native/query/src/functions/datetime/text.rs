//! Functions of datetime patterns.
use super::calendar::join;
use super::fields::{typed, zone};
use super::pattern::{Item, compile};
use super::pattern_format::format;
use super::pattern_parse::{Mismatch, parse, parse_instant};
use super::zone::Zone;
use crate::functions::arithmetic::operands::{OnError, finish};
use crate::functions::error::SparkError;
use crate::functions::strings::rows::{Rows, write_rows};
use crate::functions::udf::text as constant_text;
use arrow::array::{Array, PrimitiveArray};
use arrow::datatypes::{DataType, Date32Type, Int64Type, TimestampMicrosecondType};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

/// Compiled once when the pattern is constant.
struct Patterns {
    last: Option<(String, Vec<Item>)>,
}

impl Patterns {
    fn get(&mut self, pattern: &str) -> std::result::Result<&[Item], SparkError> {
        if self.last.as_ref().is_none_or(|(text, _)| text != pattern) {
            self.last = Some((pattern.to_owned(), compile(pattern)?));
        }
        Ok(self.last.as_ref().map_or(&[], |(_, items)| items))
    }
}

fn cannot_parse(Mismatch(reason): Mismatch, function: &str) -> SparkError {
    SparkError::new(
        "CANNOT_PARSE_TIMESTAMP",
        format!("{reason}. Use `{function}` to tolerate invalid input string and return NULL instead."),
    )
}

pub fn date_format(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let zone = zone(args)?;
    let name = zone_name(args)?;
    let rows = Rows::new(args)?;
    let Some(times) = rows.arrays().first() else { return exec_err!("a timestamp is missing") };
    let (times, patterns) = (typed::<TimestampMicrosecondType>(times)?, rows.text(1)?);
    let constant = times.len() == 1;
    let mut compiled = Patterns { last: None };
    write_rows(args, rows.count(), |row, out| {
        let at = if constant { 0 } else { row };
        let (true, Some(pattern)) = (times.is_valid(at), patterns.get(row)) else { return Ok(None) };
        format(out, compiled.get(pattern)?, times.value(at), zone, &name).map(Some)
    })
}

fn zone_name(args: &ScalarFunctionArgs) -> Result<String> {
    Ok(constant_text(args, args.args.len().saturating_sub(1))?.unwrap_or("UTC").to_owned())
}

pub fn from_unixtime(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let zone = zone(args)?;
    let name = zone_name(args)?;
    let rows = Rows::new(args)?;
    let (seconds, patterns) = (rows.integer(0)?, rows.text(1)?);
    let mut compiled = Patterns { last: None };
    write_rows(args, rows.count(), |row, out| {
        let (Some(seconds), Some(pattern)) = (seconds.get(row), patterns.get(row)) else { return Ok(None) };
        format(out, compiled.get(pattern)?, seconds.saturating_mul(1_000_000), zone, &name).map(Some)
    })
}

/// `f` of each text and its pattern.
fn parsed<T: arrow::datatypes::ArrowPrimitiveType>(
    args: &ScalarFunctionArgs,
    on_error: OnError,
    f: impl Fn(&[Item], &str) -> std::result::Result<T::Native, SparkError>,
) -> Result<PrimitiveArray<T>> {
    let rows = Rows::new(args)?;
    let (texts, patterns) = (rows.text(0)?, rows.text(1)?);
    let mut compiled = Patterns { last: None };
    let mut builder = PrimitiveArray::<T>::builder(rows.count());
    for row in 0..rows.count() {
        match (texts.get(row), patterns.get(row)) {
            (Some(text), Some(pattern)) => match (f(compiled.get(pattern)?, text), on_error) {
                (Ok(value), _) => builder.append_value(value),
                (Err(_), OnError::Null) => builder.append_null(),
                (Err(error), OnError::Fail) => return Err(error.into()),
            },
            _ => builder.append_null(),
        }
    }
    Ok(builder.finish())
}

pub fn to_date(on_error: OnError, args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let array = parsed::<Date32Type>(args, on_error, |items, text| {
        parse(items, text).map(|(days, _, _)| days).map_err(|e| cannot_parse(e, "try_to_date"))
    })?;
    finish(args, array)
}

pub fn to_timestamp(on_error: OnError, args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let zone = match args.return_type() {
        DataType::Timestamp(_, None) => Zone::UTC,
        _ => zone(args)?,
    };
    let array = parsed::<TimestampMicrosecondType>(args, on_error, |items, text| {
        parse_instant(items, text, zone).map_err(|e| cannot_parse(e, "try_to_timestamp"))
    })?;
    finish(args, array.with_data_type(args.return_type().clone()))
}

/// Seconds of a timestamp, a date, or a text in a pattern.
pub fn unix_timestamp(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let zone = zone(args)?;
    // Toward zero, other than `unix_seconds`.
    let seconds = |micros: i64| micros / 1_000_000;
    match args.arg_fields.first().map(|f| f.data_type()) {
        Some(DataType::Timestamp(_, tz)) => {
            let utc = tz.is_none();
            let rows = Rows::new(args)?;
            let array = typed::<TimestampMicrosecondType>(&rows.arrays()[0])?
                .unary::<_, Int64Type>(|v| seconds(if utc { zone.to_utc(v) } else { v }));
            finish(args, array)
        }
        Some(DataType::Date32) => {
            let rows = Rows::new(args)?;
            let dates = typed::<Date32Type>(&rows.arrays()[0])?;
            finish(args, dates.unary_opt::<_, Int64Type>(|d| Some(seconds(zone.to_utc(join(d, 0)?)))))
        }
        _ => {
            let array = parsed::<Int64Type>(args, OnError::Fail, |items, text| {
                parse_instant(items, text, zone).map(seconds).map_err(|e| cannot_parse(e, "try_to_timestamp"))
            })?;
            finish(args, array)
        }
    }
}
