//! Values as text: Spark's `CAST(x AS STRING)` and what `show()` prints.
use crate::functions::arithmetic::wide::POWERS;
use crate::functions::datetime::format::{write_date, write_timestamp};
use crate::functions::datetime::zone::Zone;
use crate::functions::types::arrow_type;
use arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder};
use arrow::datatypes::{
    Date32Type, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    IntervalMonthDayNanoType, IntervalYearMonthType, TimestampMicrosecondType,
};
use datafusion::common::{Result, exec_err};
use kiln_sql::tree::{DataType, interval_text};
use std::fmt::Write;

macro_rules! put {
    ($out:expr, $($arg:tt)*) => {
        let _ = write!($out, $($arg)*);
    };
}

/// Spark's cast to string of every row, in the session's time zone. Binary is shown as `[31 32]`, as `show()` does.
pub fn spark_string(array: &ArrayRef, data_type: &DataType, time_zone: &str) -> Result<StringArray> {
    let Some(zone) = Zone::parse(time_zone) else {
        return exec_err!("{time_zone} is not a time zone");
    };
    let array =
        if array.data_type() == &arrow_type(data_type) { array.clone() } else { arrow::compute::cast(array, &arrow_type(data_type))? };
    let mut builder = StringBuilder::with_capacity(array.len(), array.len() * 8);
    let mut text = String::new();
    for row in 0..array.len() {
        if array.is_null(row) || data_type == &DataType::Null {
            builder.append_null();
            continue;
        }
        text.clear();
        write_value(&mut text, &array, row, data_type, zone)?;
        builder.append_value(&text);
    }
    Ok(builder.finish())
}

/// One value that is not NULL.
pub fn write_value(out: &mut String, array: &ArrayRef, row: usize, data_type: &DataType, zone: Zone) -> Result<()> {
    macro_rules! number {
        ($type:ty) => {{
            put!(out, "{}", array.as_primitive::<$type>().value(row));
        }};
    }
    match data_type {
        DataType::Null => out.push_str("NULL"),
        DataType::Boolean => out.push_str(if array.as_boolean().value(row) { "true" } else { "false" }),
        DataType::Byte => number!(Int8Type),
        DataType::Short => number!(Int16Type),
        DataType::Integer => number!(Int32Type),
        DataType::Long => number!(Int64Type),
        DataType::Float => write_float(out, array.as_primitive::<Float32Type>().value(row)),
        DataType::Double => write_double(out, array.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal { scale, .. } => write_decimal(out, array.as_primitive::<Decimal128Type>().value(row), *scale),
        DataType::String => out.push_str(array.as_string_view().value(row)),
        DataType::Binary => {
            out.push('[');
            for (i, byte) in array.as_binary::<i32>().value(row).iter().enumerate() {
                put!(out, "{}{byte:02X}", if i == 0 { "" } else { " " });
            }
            out.push(']');
        }
        DataType::Date => write_date(out, array.as_primitive::<Date32Type>().value(row)),
        DataType::Timestamp => write_timestamp(out, zone.to_local(array.as_primitive::<TimestampMicrosecondType>().value(row))),
        DataType::TimestampNtz => write_timestamp(out, array.as_primitive::<TimestampMicrosecondType>().value(row)),
        DataType::YearMonthInterval { start, end } => {
            out.push_str(&interval_text(i64::from(array.as_primitive::<IntervalYearMonthType>().value(row)), *start, *end));
        }
        DataType::DayTimeInterval { start, end } => {
            out.push_str(&interval_text(array.as_primitive::<DurationMicrosecondType>().value(row), *start, *end));
        }
        DataType::CalendarInterval => {
            let value = array.as_primitive::<IntervalMonthDayNanoType>().value(row);
            put!(out, "{} months {} days {} seconds", value.months, value.days, value.nanoseconds as f64 / 1e9);
        }
        DataType::Array { element, .. } => {
            let values = array.as_list::<i32>().value(row);
            out.push('[');
            for i in 0..values.len() {
                out.push_str(if i == 0 { "" } else { ", " });
                write_nested(out, &values, i, element, zone)?;
            }
            out.push(']');
        }
        DataType::Map { key, value, .. } => {
            let entries = array.as_map().value(row);
            out.push('{');
            for i in 0..entries.len() {
                out.push_str(if i == 0 { "" } else { ", " });
                write_nested(out, entries.column(0), i, key, zone)?;
                out.push_str(" -> ");
                write_nested(out, entries.column(1), i, value, zone)?;
            }
            out.push('}');
        }
        DataType::Struct { fields } => {
            out.push('{');
            for (i, (field, column)) in fields.iter().zip(array.as_struct().columns()).enumerate() {
                out.push_str(if i == 0 { "" } else { ", " });
                write_nested(out, column, row, &field.data_type, zone)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

fn write_nested(out: &mut String, array: &ArrayRef, row: usize, data_type: &DataType, zone: Zone) -> Result<()> {
    if array.is_null(row) {
        out.push_str("NULL");
        return Ok(());
    }
    write_value(out, array, row, data_type, zone)
}

/// Java's `Double.toString`, with the fewest digits that read back (as JDK 19 and later).
pub fn write_double(out: &mut String, value: f64) {
    if value.is_finite() {
        write_java(out, &format!("{value:e}"));
    } else {
        write_special(out, value.is_nan(), value < 0.0);
    }
}

pub fn write_float(out: &mut String, value: f32) {
    if value.is_finite() {
        write_java(out, &format!("{value:e}"));
    } else {
        write_special(out, value.is_nan(), value < 0.0);
    }
}

fn write_special(out: &mut String, nan: bool, negative: bool) {
    out.push_str(match (nan, negative) {
        (true, _) => "NaN",
        (false, true) => "-Infinity",
        (false, false) => "Infinity",
    });
}

/// From `d.ddde±n`: plain digits for 10^-3 <= |x| < 10^7, else one digit, the others, and `E`.
fn write_java(out: &mut String, scientific: &str) {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let (first, rest) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    out.push_str(sign);
    if first == "0" {
        out.push_str("0.0");
    } else if !(-3..7).contains(&exponent) {
        put!(out, "{first}.{}E{exponent}", if rest.is_empty() { "0" } else { rest });
    } else if exponent < 0 {
        put!(out, "0.{}{first}{rest}", "0".repeat((-exponent - 1) as usize));
    } else {
        let whole = exponent as usize;
        out.push_str(first);
        if rest.len() > whole {
            put!(out, "{}.{}", &rest[..whole], &rest[whole..]);
        } else {
            put!(out, "{rest}{}.0", "0".repeat(whole - rest.len()));
        }
    }
}

/// `BigDecimal.toPlainString`.
pub fn write_decimal(out: &mut String, value: i128, scale: i8) {
    if scale <= 0 {
        put!(out, "{value}");
        if value != 0 {
            out.extend(std::iter::repeat_n('0', scale.unsigned_abs() as usize));
        }
        return;
    }
    let unit = POWERS[scale as usize].unsigned_abs();
    let magnitude = value.unsigned_abs();
    let sign = if value < 0 { "-" } else { "" };
    put!(out, "{sign}{}.{:0width$}", magnitude / unit, magnitude % unit, width = scale as usize);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn double(value: f64) -> String {
        let mut out = String::new();
        write_double(&mut out, value);
        out
    }

    #[test]
    fn doubles_print_as_java_does() {
        let cases = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (1e7, "1.0E7"),
            (9_999_999.0, "9999999.0"),
            (1e10, "1.0E10"),
            (0.001, "0.001"),
            (0.0001, "1.0E-4"),
            (123.456, "123.456"),
            (-1.5e-5, "-1.5E-5"),
            (1e100, "1.0E100"),
            (12345678.9, "1.23456789E7"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
            (0.1 + 0.2, "0.30000000000000004"),
        ];
        for (value, text) in cases {
            assert_eq!(double(value), text);
        }
        let mut out = String::new();
        write_float(&mut out, 1.1);
        assert_eq!(out, "1.1");
    }

    #[test]
    fn decimals_keep_their_scale() {
        let text = |value, scale| {
            let mut out = String::new();
            write_decimal(&mut out, value, scale);
            out
        };
        assert_eq!(text(150, 2), "1.50");
        assert_eq!(text(-5, 2), "-0.05");
        assert_eq!(text(0, 3), "0.000");
        assert_eq!(text(12, 0), "12");
    }
}
