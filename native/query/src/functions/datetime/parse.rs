//! Dates and timestamps in text, as Spark's casts read them.
use super::calendar::{days_of, join};
use super::zone::Zone;

fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c <= ' ' || c == '\u{7f}')
}

/// `[+-]yyyy`, `yyyy-m`, `yyyy-m-d`, and anything after a full date and a space or `T`.
pub fn parse_date(text: &str) -> Option<i32> {
    let text = trimmed(text);
    let (sign, body) = signed(text);
    let mut segments = [1i64; 3];
    let (mut index, mut value, mut digits) = (0, 0i64, 0);
    let mut rest = false;
    let valid = |index: usize, digits: usize| if index == 0 { (4..=7).contains(&digits) } else { (1..=2).contains(&digits) };
    for byte in body.bytes() {
        match byte {
            b' ' | b'T' => {
                rest = true;
                break;
            }
            b'-' if index < 2 => {
                if !valid(index, digits) {
                    return None;
                }
                segments[index] = value;
                (index, value, digits) = (index + 1, 0, 0);
            }
            b'0'..=b'9' => {
                value = value.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?;
                digits += 1;
            }
            _ => return None,
        }
    }
    if !valid(index, digits) || (rest && index < 2) {
        return None;
    }
    segments[index] = value;
    days_of(sign * segments[0], segments[1] as u32, segments[2] as u32)
}

fn signed(text: &str) -> (i64, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (-1, &text[1..]),
        Some(b'+') => (1, &text[1..]),
        _ => (1, text),
    }
}

/// The parts of a timestamp: days, microseconds of the day, and the zone if one is written.
pub struct TimestampParts<'a> {
    pub days: i32,
    pub micros: i64,
    pub zone: Option<&'a str>,
}

/// `yyyy[-m[-d[( |T)h[:m[:s[.fraction]]][zone]]]]`.
pub fn parse_parts(text: &str) -> Option<TimestampParts<'_>> {
    let text = trimmed(text);
    let (sign, body) = signed(text);
    let bytes = body.as_bytes();
    // year, month, day, hour, minute, second, microseconds
    let mut segments = [1i64, 1, 1, 0, 0, 0, 0];
    let (mut index, mut value, mut digits, mut at) = (0, 0i64, 0usize, 0);
    let mut zone = None;
    let valid = |index: usize, digits: usize| match index {
        0 => (4..=6).contains(&digits),
        6 => true,
        _ => (1..=2).contains(&digits),
    };
    while at < bytes.len() {
        let byte = bytes[at];
        if byte.is_ascii_digit() {
            if index != 6 || digits < 6 {
                value = value * 10 + i64::from(byte - b'0');
            }
            digits += 1;
            at += 1;
            continue;
        }
        if !valid(index, digits) {
            return None;
        }
        match (index, byte) {
            (0 | 1, b'-') | (2, b' ' | b'T') | (3 | 4, b':') | (5, b'.') => {
                segments[index] = value;
                (index, value, digits) = (index + 1, 0, 0);
                at += 1;
            }
            (5 | 6, _) => {
                zone = Some(body.get(at..)?);
                break;
            }
            _ => return None,
        }
    }
    if !valid(index, digits) {
        return None;
    }
    if index == 6 {
        value *= 10i64.pow(6 - digits.min(6) as u32);
    }
    segments[index] = value;
    let [year, month, day, hour, minute, second, fraction] = segments;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days_of(sign * year, month as u32, day as u32)?;
    let micros = ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction;
    Some(TimestampParts { days, micros, zone })
}

/// A timestamp with local time zone; text without a zone is in `session`.
pub fn parse_timestamp(text: &str, session: Zone) -> Option<i64> {
    let parts = parse_parts(text)?;
    let zone = match parts.zone {
        Some(name) => Zone::parse(name)?,
        None => session,
    };
    Some(zone.to_utc(join(parts.days, parts.micros)?))
}

/// A timestamp without time zone; a written zone is checked and ignored.
pub fn parse_timestamp_ntz(text: &str) -> Option<i64> {
    let parts = parse_parts(text)?;
    if let Some(name) = parts.zone {
        Zone::parse(name)?;
    }
    join(parts.days, parts.micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(parse_date("1970-01-02"), Some(1));
        assert_eq!(parse_date(" 1970-1-2 "), Some(1));
        assert_eq!(parse_date("1970"), Some(0));
        assert_eq!(parse_date("1970-01-02 anything"), Some(1));
        assert_eq!(parse_date("1970-01-02T10:00"), Some(1));
        for bad in ["", "70-01-01", "1970-13-01", "1970-02-30", "1970-01-01x", "1970-01 ", "x"] {
            assert_eq!(parse_date(bad), if bad == "1970-01 " { Some(0) } else { None }, "{bad}");
        }
    }

    #[test]
    fn timestamps() {
        let at = |text| parse_timestamp(text, Zone::UTC);
        assert_eq!(at("1970-01-01 00:00:01.5"), Some(1_500_000));
        assert_eq!(at("1970-01-01T00:00:01.123456789"), Some(1_123_456));
        assert_eq!(at("1970-01-01 01:00:00+01:00"), Some(0));
        assert_eq!(at("1970-01-01 01:00:00 Europe/Paris"), Some(0));
        assert_eq!(at("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(at("1970-01-01 5"), Some(5 * 3_600_000_000));
        assert_eq!(at("1970-01-01 24:00:00"), None);
        assert_eq!(at("1970-01-01 00:00:00 Nowhere"), None);
        assert_eq!(parse_timestamp_ntz("1970-01-01 01:00:00+05:00"), Some(3_600_000_000));
    }
}
