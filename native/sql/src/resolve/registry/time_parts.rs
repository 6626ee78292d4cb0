//! `extract` and `date_part`, and the text of dates and timestamps.
use super::site::{Site, strict_call};
use crate::error::{QueryError, Result};
use crate::resolve::coercion::Slot;
use crate::tree::{DataType, Expression, IntervalField};

pub(super) fn shown_extract(name: &str, arguments: &[String]) -> String {
    format!("{name}({})", arguments.join(" FROM "))
}

/// Each field is a function of its own.
pub(super) fn extract(site: &mut Site) -> Result<Expression> {
    let source = site.argument(1)?.clone();
    let Some(field) = site.text(0)?.map(str::to_owned) else {
        return Err(site.error("NON_FOLDABLE_ARGUMENT", "The field of `extract` must be a constant string"));
    };
    let own = source.data_type();
    if let Some((start, end)) = own.interval_fields() {
        return match interval_part(&field.to_lowercase()).filter(|(part, ..)| (start..=end).contains(part)) {
            Some((_, name, data_type)) => Ok(strict_call(name, vec![source.expression], data_type)),
            None => Err(no_such_field(site, &field, &source.label)),
        };
    }
    let part = part_of(&field.to_lowercase());
    let Some((name, slot, data_type)) = part else {
        return Err(no_such_field(site, &field, &source.label));
    };
    let value = site.fit_one(1, &source, slot)?;
    if name == "dayofweek_iso" {
        let monday_is_zero = strict_call("weekday", vec![value], DataType::Integer);
        return Ok(strict_call("+", vec![monday_is_zero, super::site::int_literal(1)], DataType::Integer));
    }
    Ok(strict_call(name, vec![value], data_type))
}

fn no_such_field(site: &Site, field: &str, source: &str) -> QueryError {
    site.error("INVALID_EXTRACT_FIELD", format!("Cannot extract `{field}` from \"{source}\"."))
}

/// The part of an interval, without the larger ones.
fn interval_part(field: &str) -> Option<(IntervalField, &'static str, DataType)> {
    Some(match field {
        "year" | "y" | "years" | "yr" | "yrs" => (IntervalField::Year, "extract_interval_years", DataType::Integer),
        "month" | "mon" | "mons" | "months" => (IntervalField::Month, "extract_interval_months", DataType::Byte),
        "day" | "d" | "days" => (IntervalField::Day, "extract_interval_days", DataType::Integer),
        "hour" | "h" | "hours" | "hr" | "hrs" => (IntervalField::Hour, "extract_interval_hours", DataType::Byte),
        "minute" | "m" | "min" | "mins" | "minutes" => (IntervalField::Minute, "extract_interval_minutes", DataType::Byte),
        "second" | "s" | "sec" | "seconds" | "secs" => {
            (IntervalField::Second, "extract_interval_seconds", DataType::Decimal { precision: 8, scale: 6 })
        }
        _ => return None,
    })
}

fn part_of(field: &str) -> Option<(&'static str, Slot, DataType)> {
    let day = |name| Some((name, Slot::Date, DataType::Integer));
    let time = |name| Some((name, Slot::AnyTimestamp, DataType::Integer));
    match field {
        "year" | "y" | "years" | "yr" | "yrs" => day("year"),
        "yearofweek" => day("yearofweek"),
        "quarter" | "qtr" => day("quarter"),
        "month" | "mon" | "mons" | "months" => day("month"),
        "week" | "w" | "weeks" => day("weekofyear"),
        "day" | "d" | "days" => day("day"),
        "dayofweek" | "dow" => day("dayofweek"),
        "dayofweek_iso" | "dow_iso" => day("dayofweek_iso"),
        "doy" => day("dayofyear"),
        "hour" | "h" | "hours" | "hr" | "hrs" => time("hour"),
        "minute" | "m" | "min" | "mins" | "minutes" => time("minute"),
        "second" | "s" | "sec" | "seconds" | "secs" => {
            Some(("second_with_fraction", Slot::AnyTimestamp, DataType::Decimal { precision: 8, scale: 6 }))
        }
        _ => None,
    }
}

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// `YYYY-MM-DD` of a UTC instant.
pub(super) fn date_text(micros: i64) -> String {
    let (year, month, day) = civil(micros.div_euclid(MICROS_PER_DAY));
    format!("{year:04}-{month:02}-{day:02}")
}

/// `YYYY-MM-DDTHH:MM:SS.ffffffZ` of a UTC instant.
pub(super) fn timestamp_text(micros: i64) -> String {
    let rest = micros.rem_euclid(MICROS_PER_DAY);
    let (seconds, fraction) = (rest / 1_000_000, rest % 1_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let date = date_text(micros);
    if fraction == 0 {
        return format!("{date}T{hour:02}:{minute:02}:{second:02}Z");
    }
    format!("{date}T{hour:02}:{minute:02}:{second:02}.{fraction:06}Z")
}

/// Days since 1970 as year, month and day (Howard Hinnant's `civil_from_days`).
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The offset of a zone that has only one: UTC and its spellings, `+02:00`.
pub(super) fn fixed_offset_micros(zone: &str) -> Option<i64> {
    let text = zone.trim();
    if matches!(text.to_uppercase().as_str(), "UTC" | "GMT" | "Z" | "ETC/UTC" | "UCT" | "UT") {
        return Some(0);
    }
    let text = text.strip_prefix("UTC").or_else(|| text.strip_prefix("GMT")).unwrap_or(text);
    let (sign, digits) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(rest), _) => (1, rest),
        (_, Some(rest)) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = digits.split_once(':').unwrap_or((digits, "0"));
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 18 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_as_text() {
        assert_eq!(timestamp_text(0), "1970-01-01T00:00:00Z");
        assert_eq!(timestamp_text(1_582_979_696_000_001), "2020-02-29T12:34:56.000001Z");
        assert_eq!(date_text(-1), "1969-12-31");
    }

    #[test]
    fn offsets() {
        assert_eq!(fixed_offset_micros("UTC"), Some(0));
        assert_eq!(fixed_offset_micros("+02:00"), Some(7_200_000_000));
        assert_eq!(fixed_offset_micros("GMT-1"), Some(-3_600_000_000));
        assert_eq!(fixed_offset_micros("Europe/Berlin"), None);
    }
}
