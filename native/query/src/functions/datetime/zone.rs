//! Time zones as Spark names them: regions, `Z`, `UTC+8`, `GMT-03:30`, `+01:00`, and Java's short ids.
use super::calendar::{MICROS_PER_DAY, MICROS_PER_SECOND};
use chrono::{Offset, TimeZone, Utc};
use chrono_tz::Tz;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// Seconds east of UTC.
    Fixed(i32),
    Region(Tz),
}

impl Zone {
    pub const UTC: Self = Self::Fixed(0);

    pub fn parse(name: &str) -> Option<Self> {
        let name = name.trim();
        if matches!(name, "Z" | "z" | "UTC" | "GMT" | "UT" | "Etc/UTC") {
            return Some(Self::UTC);
        }
        for prefix in ["UTC", "GMT", "UT"] {
            if let Some(rest) = name.strip_prefix(prefix)
                && rest.starts_with(['+', '-'])
            {
                return offset(rest).map(Self::Fixed);
            }
        }
        if name.starts_with(['+', '-']) {
            return offset(name).map(Self::Fixed);
        }
        let region = SHORT_IDS.iter().find(|(short, _)| *short == name).map_or(name, |(_, full)| *full);
        if region.starts_with('-') {
            return offset(region).map(Self::Fixed);
        }
        region.parse::<Tz>().ok().map(Self::Region)
    }

    pub fn is_utc(self) -> bool {
        self == Self::UTC
    }

    /// Microseconds to add to UTC to get local time.
    pub fn offset_at(self, utc_micros: i64) -> i64 {
        match self {
            Self::Fixed(seconds) => i64::from(seconds) * MICROS_PER_SECOND,
            Self::Region(tz) => {
                let seconds = utc_micros.div_euclid(MICROS_PER_SECOND);
                // Beyond chrono's range (year 262143) the offset is that of the range's end.
                let limit = 8_000_000_000_000;
                let Some(at) = Utc.timestamp_opt(seconds.clamp(-limit, limit), 0).single() else { return 0 };
                let offset = tz.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc();
                i64::from(offset) * MICROS_PER_SECOND
            }
        }
    }

    pub fn to_local(self, utc_micros: i64) -> i64 {
        utc_micros.saturating_add(self.offset_at(utc_micros))
    }

    /// Java's rule: an ambiguous time is the earlier instant, a skipped one moves on by the length of the gap.
    pub fn to_utc(self, local_micros: i64) -> i64 {
        let before = self.offset_at(local_micros.saturating_sub(MICROS_PER_DAY));
        let candidate = local_micros.saturating_sub(before);
        if self.offset_at(candidate) == before {
            return candidate;
        }
        let after = self.offset_at(local_micros.saturating_add(MICROS_PER_DAY));
        let later = local_micros.saturating_sub(after);
        if self.offset_at(later) == after { later } else { candidate }
    }
}

/// `+h`, `+hh`, `+hh:m`, `+hh:mm`, `+hhmm`, `+hh:mm:ss`.
fn offset(text: &str) -> Option<i32> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits = text.get(1..)?;
    let parts: Vec<&str> = match digits.contains(':') {
        true => digits.split(':').collect(),
        false if digits.len() > 2 => vec![digits.get(..2)?, digits.get(2..4)?, digits.get(4..)?],
        false => vec![digits],
    };
    let mut values = [0; 3];
    if parts.len() > 3 {
        return None;
    }
    for (value, part) in values.iter_mut().zip(&parts) {
        if part.is_empty() {
            continue;
        }
        if part.len() > 2 || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        *value = part.parse::<i32>().ok()?;
    }
    let [hours, minutes, seconds] = values;
    let total = hours * 3600 + minutes * 60 + seconds;
    (minutes < 60 && seconds < 60 && total <= 18 * 3600 && !parts[0].is_empty()).then_some(sign * total)
}

/// `java.time.ZoneId.SHORT_IDS`.
const SHORT_IDS: &[(&str, &str)] = &[
    ("ACT", "Australia/Darwin"),
    ("AET", "Australia/Sydney"),
    ("AGT", "America/Argentina/Buenos_Aires"),
    ("ART", "Africa/Cairo"),
    ("AST", "America/Anchorage"),
    ("BET", "America/Sao_Paulo"),
    ("BST", "Asia/Dhaka"),
    ("CAT", "Africa/Harare"),
    ("CNT", "America/St_Johns"),
    ("CST", "America/Chicago"),
    ("CTT", "Asia/Shanghai"),
    ("EAT", "Africa/Addis_Ababa"),
    ("ECT", "Europe/Paris"),
    ("EST", "-05:00"),
    ("HST", "-10:00"),
    ("IET", "America/Indiana/Indianapolis"),
    ("IST", "Asia/Kolkata"),
    ("JST", "Asia/Tokyo"),
    ("MIT", "Pacific/Apia"),
    ("MST", "-07:00"),
    ("NET", "Asia/Yerevan"),
    ("NST", "Pacific/Auckland"),
    ("PLT", "Asia/Karachi"),
    ("PNT", "America/Phoenix"),
    ("PRT", "America/Puerto_Rico"),
    ("PST", "America/Los_Angeles"),
    ("SST", "Pacific/Guadalcanal"),
    ("VST", "Asia/Ho_Chi_Minh"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::datetime::parse::parse_timestamp;

    fn utc(text: &str) -> i64 {
        parse_timestamp(text, Zone::UTC).unwrap()
    }

    #[test]
    fn names() {
        assert_eq!(Zone::parse("UTC+8"), Some(Zone::Fixed(28_800)));
        assert_eq!(Zone::parse("-03:30"), Some(Zone::Fixed(-12_600)));
        assert_eq!(Zone::parse("+0100"), Some(Zone::Fixed(3_600)));
        assert_eq!(Zone::parse("EST"), Some(Zone::Fixed(-18_000)));
        assert!(matches!(Zone::parse("PST"), Some(Zone::Region(_))));
        assert_eq!(Zone::parse("Mars/Base"), None);
        assert_eq!(Zone::parse("+25:00"), None);
    }

    #[test]
    fn gaps_and_overlaps() {
        let zone = Zone::parse("America/Los_Angeles").unwrap();
        // 02:30 does not exist on 2020-03-08: it is 03:30 PDT.
        assert_eq!(zone.to_utc(utc("2020-03-08 02:30:00")), utc("2020-03-08 10:30:00"));
        // 01:30 exists twice on 2020-11-01: PDT first.
        assert_eq!(zone.to_utc(utc("2020-11-01 01:30:00")), utc("2020-11-01 08:30:00"));
        assert_eq!(zone.to_local(utc("2020-07-01 12:00:00")), utc("2020-07-01 05:00:00"));
        assert_eq!(zone.to_utc(utc("2020-11-01 02:30:00")), utc("2020-11-01 10:30:00"));
    }
}
