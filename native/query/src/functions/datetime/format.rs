//! Dates and timestamps as Spark prints them.
use super::calendar::{date_of, split};
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
    }
}
