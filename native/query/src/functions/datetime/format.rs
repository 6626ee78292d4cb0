//! Dates, timestamps and intervals as Spark prints them.
use super::calendar::{MICROS_PER_DAY, date_of, split};
use std::fmt::Write;

/// Writing to a `String` cannot fail.
macro_rules! put {
    ($out:expr, $($arg:tt)*) => {
        let _ = write!($out, $($arg)*);
    };
}

pub fn write_date(out: &mut String, days: i32) {
    let date = date_of(days);
    match date.year {
        0..=9999 => {
            put!(out, "{:04}", date.year);
        }
        10_000.. => {
            put!(out, "+{}", date.year);
        }
        _ => {
            put!(out, "-{:04}", -date.year);
        }
    }
    put!(out, "-{:02}-{:02}", date.month, date.day);
}

/// Microseconds of local time.
pub fn write_timestamp(out: &mut String, local: i64) {
    let (days, micros) = split(local);
    write_date(out, days);
    let seconds = micros / 1_000_000;
    put!(out, " {:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    write_fraction(out, micros % 1_000_000);
}

/// `.` and up to six digits, without zeros at the end.
fn write_fraction(out: &mut String, micros: i64) {
    if micros != 0 {
        let start = out.len();
        put!(out, ".{micros:06}");
        let kept = out[start..].trim_end_matches('0').len();
        out.truncate(start + kept);
    }
}

pub fn write_year_month(out: &mut String, months: i32) {
    let sign = if months < 0 { "-" } else { "" };
    let months = months.unsigned_abs();
    put!(out, "INTERVAL '{sign}{}-{}' YEAR TO MONTH", months / 12, months % 12);
}

pub fn write_day_time(out: &mut String, micros: i64) {
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    let day = MICROS_PER_DAY as u64;
    let (days, rest) = (micros / day, micros % day);
    let seconds = rest / 1_000_000;
    put!(out, "INTERVAL '{sign}{days} {:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    write_fraction(out, (rest % 1_000_000) as i64);
    out.push_str("' DAY TO SECOND");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(f: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        f(&mut out);
        out
    }

    #[test]
    fn prints_like_spark() {
        assert_eq!(text(|o| write_date(o, 0)), "1970-01-01");
        assert_eq!(text(|o| write_date(o, -719_529)), "-0001-12-31");
        assert_eq!(text(|o| write_date(o, 2_932_897)), "+10000-01-01");
        assert_eq!(text(|o| write_timestamp(o, 1_500_000)), "1970-01-01 00:00:01.5");
        assert_eq!(text(|o| write_timestamp(o, -1)), "1969-12-31 23:59:59.999999");
        assert_eq!(text(|o| write_day_time(o, -90_061_000_001)), "INTERVAL '-1 01:01:01.000001' DAY TO SECOND");
        assert_eq!(text(|o| write_year_month(o, -13)), "INTERVAL '-1-1' YEAR TO MONTH");
    }
}
