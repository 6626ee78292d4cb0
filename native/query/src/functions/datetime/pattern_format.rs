use super::calendar::{self, split};
use super::pattern::{Item, MONTHS, WEEKDAYS};
use super::zone::Zone;
use crate::functions::error::SparkError;
use std::fmt::Write;

macro_rules! put {
    ($out:expr, $($arg:tt)*) => {
        let _ = write!($out, $($arg)*);
    };
}

/// A timestamp by a pattern; `micros` is an instant, shown in `zone`.
pub fn format(out: &mut String, items: &[Item], micros: i64, zone: Zone, zone_name: &str) -> Result<(), SparkError> {
    let local = zone.to_local(micros);
    let (days, time) = split(local);
    let date = calendar::date_of(days);
    let offset = zone.offset_at(micros) / calendar::MICROS_PER_SECOND;
    let hour = time / calendar::MICROS_PER_HOUR;
    for item in items {
        let (letter, count) = match item {
            Item::Text(text) => {
                out.push_str(text);
                continue;
            }
            Item::Open | Item::Close => continue,
            Item::Field(letter, count) => (*letter, *count),
        };
        let mut padded = |value: i64| {
            put!(out, "{value:0count$}");
        };
        match letter {
            'y' | 'u' if count == 2 => padded(date.year.rem_euclid(100)),
            'y' | 'u' => padded(date.year),
            'M' | 'L' if count >= 3 => out.push_str(name(MONTHS[date.month as usize - 1], count)),
            'M' | 'L' => padded(i64::from(date.month)),
            'd' => padded(i64::from(date.day)),
            'D' => padded(i64::from(calendar::day_of_year(days))),
            'F' => padded(i64::from((date.day - 1) / 7 + 1)),
            'Q' | 'q' => match (count, calendar::quarter(days)) {
                (1 | 2, quarter) => padded(i64::from(quarter)),
                (3, quarter) => {
                    put!(out, "Q{quarter}");
                }
                (_, quarter) => out.push_str(["1st quarter", "2nd quarter", "3rd quarter", "4th quarter"][quarter as usize - 1]),
            },
            'E' => out.push_str(name(WEEKDAYS[calendar::weekday(days) as usize], count)),
            'a' => out.push_str(if hour < 12 { "AM" } else { "PM" }),
            'G' => out.push_str(match (date.year > 0, count >= 4) {
                (true, false) => "AD",
                (false, false) => "BC",
                (true, true) => "Anno Domini",
                (false, true) => "Before Christ",
            }),
            'H' => padded(hour),
            'k' => padded(if hour == 0 { 24 } else { hour }),
            'h' => padded(if hour % 12 == 0 { 12 } else { hour % 12 }),
            'K' => padded(hour % 12),
            'm' => padded(time / calendar::MICROS_PER_MINUTE % 60),
            's' => padded(time / calendar::MICROS_PER_SECOND % 60),
            'S' => {
                let digits = format!("{:06}000", time % 1_000_000);
                out.push_str(&digits[..count.min(9)]);
            }
            'V' => out.push_str(zone_name),
            'z' => out.push_str(if offset == 0 && count < 4 { "UTC" } else { zone_name }),
            'Z' if count < 4 => write_offset(out, offset, "", true),
            'Z' if count == 4 => {
                out.push_str("GMT");
                if offset != 0 {
                    write_offset(out, offset, ":", true);
                }
            }
            'O' => {
                out.push_str("GMT");
                if offset != 0 {
                    write_offset(out, offset, ":", true);
                }
            }
            'X' if offset == 0 => out.push('Z'),
            'X' | 'x' => match count {
                1 => write_offset(out, offset, "", offset % 3600 != 0),
                2 | 4 => write_offset(out, offset, "", true),
                _ => write_offset(out, offset, ":", true),
            },
            _ if offset == 0 => out.push('Z'),
            _ => write_offset(out, offset, ":", true),
        }
    }
    Ok(())
}

/// Short up to three letters, full from four.
fn name(full: &'static str, count: usize) -> &'static str {
    if count >= 4 { full } else { &full[..3] }
}

fn write_offset(out: &mut String, seconds: i64, separator: &str, minutes: bool) {
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.abs();
    put!(out, "{sign}{:02}", seconds / 3600);
    if minutes {
        put!(out, "{separator}{:02}", seconds / 60 % 60);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::datetime::parse::parse_timestamp;
    use crate::functions::datetime::pattern::compile;

    #[test]
    fn formats() {
        let micros = parse_timestamp("2016-04-08 13:10:15.123", Zone::UTC).unwrap();
        let text = |pattern: &str| {
            let mut out = String::new();
            format(&mut out, &compile(pattern).unwrap(), micros, Zone::UTC, "UTC").unwrap();
            out
        };
        assert_eq!(text("yyyy-MM-dd HH:mm:ss.SSS"), "2016-04-08 13:10:15.123");
        assert_eq!(text("d MMM yy, h:mm a"), "8 Apr 16, 1:10 PM");
        assert_eq!(text("EEEE E D QQQ"), "Friday Fri 99 Q2");
        assert_eq!(text("XXX Z"), "Z +0000");
    }
}
