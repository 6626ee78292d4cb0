use super::calendar::{self, days_of, join};
use super::pattern::{Item, MONTHS, WEEKDAYS};
use super::zone::Zone;

/// What a text gave for the letters of its pattern.
#[derive(Debug, Default)]
struct Fields {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: Option<i64>,
    half_hour: Option<i64>,
    afternoon: Option<bool>,
    minute: i64,
    second: i64,
    micros: i64,
    zone: Option<Zone>,
}

/// Where and why a text does not fit its pattern, as Java words it.
#[derive(Debug, PartialEq, Eq)]
pub struct Mismatch(pub String);

/// Days and microseconds of local time, and the zone if the text names one.
pub fn parse(items: &[Item], text: &str) -> Result<(i32, i64, Option<Zone>), Mismatch> {
    let mut fields = Fields::default();
    let mut at = 0;
    let mut optional = false;
    let mut skip = false;
    for (i, item) in items.iter().enumerate() {
        match item {
            Item::Open => (optional, skip) = (true, false),
            Item::Close => (optional, skip) = (false, false),
            _ if skip => {}
            Item::Text(expected) if text[at..].starts_with(expected.as_str()) => at += expected.len(),
            Item::Text(_) if optional => skip = true,
            Item::Text(_) => return Err(mismatch(text, at)),
            Item::Field(letter, count) => {
                let adjacent = matches!(items.get(i + 1), Some(Item::Field(next, _)) if next.is_ascii_alphabetic());
                match fields.read(*letter, *count, &text[at..], adjacent) {
                    Some(used) => at += used,
                    None if optional => skip = true,
                    None => return Err(mismatch(text, at)),
                }
            }
        }
    }
    if at < text.len() {
        return Err(Mismatch(format!("Text '{text}' could not be parsed, unparsed text found at index {at}")));
    }
    if let Some(reason) = fields.out_of_range() {
        return Err(Mismatch(format!("Text '{text}' could not be parsed: {reason}")));
    }
    fields.finish().ok_or_else(|| Mismatch(format!("Text '{text}' could not be parsed: Invalid date or time")))
}

fn mismatch(text: &str, at: usize) -> Mismatch {
    Mismatch(format!("Text '{text}' could not be parsed at index {at}"))
}

fn digits(text: &str, least: usize, most: usize) -> Option<(i64, usize)> {
    let count = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if count < least {
        return None;
    }
    Some((text[..count].parse().ok()?, count))
}

fn named(names: &[&str], full: bool, text: &str) -> Option<(i64, usize)> {
    names.iter().enumerate().find_map(|(i, name)| {
        let wanted = if full { name } else { &name[..3] };
        let found = text.get(..wanted.len())?;
        found.eq_ignore_ascii_case(wanted).then_some((i as i64, wanted.len()))
    })
}

impl Fields {
    /// Bytes taken, or `None` when the text does not fit.
    fn read(&mut self, letter: char, count: usize, text: &str, adjacent: bool) -> Option<usize> {
        // A lone letter takes up to two digits; repeated, exactly as many.
        let two = || match count {
            1 if !adjacent => digits(text, 1, 2),
            _ => digits(text, count, count),
        };
        let used = match letter {
            'y' | 'u' => {
                let negative = text.starts_with('-');
                let body = text.strip_prefix(['-', '+']).unwrap_or(text);
                let (value, used) = match count {
                    2 => digits(body, 2, 2).map(|(v, n)| (v + 2000, n)),
                    _ if adjacent => digits(body, count, count),
                    4 => digits(body, 4, if body.len() == text.len() { 4 } else { 10 }),
                    _ => digits(body, count, 10),
                }?;
                self.year = Some(if negative { -value } else { value });
                used + text.len() - body.len()
            }
            'M' | 'L' if count >= 3 => {
                let (month, used) = named(&MONTHS, count >= 4, text)?;
                self.month = Some(month + 1);
                used
            }
            'E' => named(&WEEKDAYS, count >= 4, text)?.1,
            'a' => {
                let marker = text.get(..2)?.to_ascii_uppercase();
                self.afternoon = Some(match marker.as_str() {
                    "AM" => false,
                    "PM" => true,
                    _ => return None,
                });
                2
            }
            'D' => {
                let (value, used) = digits(text, if count == 3 { 3 } else { 1 }, 3)?;
                self.day_of_year = Some(value);
                used
            }
            'S' => {
                let (value, used) = digits(text, count, count.max(1))?;
                let value = value as f64 * 10f64.powi(6 - used as i32);
                self.micros = value as i64;
                used
            }
            'V' | 'z' | 'O' | 'X' | 'x' | 'Z' => {
                let used = text.find(|c: char| !(c.is_ascii_alphanumeric() || "+-:/_".contains(c))).unwrap_or(text.len());
                self.zone = Some(Zone::parse(&text[..used])?);
                used
            }
            _ => {
                let (value, used) = two()?;
                match letter {
                    'M' | 'L' => self.month = Some(value),
                    'd' => self.day = Some(value),
                    'H' => self.hour = Some(value),
                    'k' => self.hour = Some(value % 24),
                    'h' => self.half_hour = Some(value % 12),
                    'K' => self.half_hour = Some(value),
                    'm' => self.minute = value,
                    's' => self.second = value,
                    _ => {}
                }
                used
            }
        };
        Some(used)
    }

    /// Java's words for a number that its field never has.
    fn out_of_range(&self) -> Option<String> {
        let fields = [
            ("MonthOfYear", self.month, 1, 12, "12"),
            ("DayOfMonth", self.day, 1, 31, "28/31"),
            ("HourOfDay", self.hour, 0, 23, "23"),
            ("MinuteOfHour", Some(self.minute), 0, 59, "59"),
            ("SecondOfMinute", Some(self.second), 0, 59, "59"),
        ];
        fields.into_iter().find_map(|(name, value, least, most, shown)| {
            let value = value.filter(|value| !(least..=most).contains(value))?;
            Some(format!("Invalid value for {name} (valid values {least} - {shown}): {value}"))
        })
    }

    fn finish(self) -> Option<(i32, i64, Option<Zone>)> {
        let year = self.year.unwrap_or(1970);
        let days = match self.day_of_year {
            Some(n) if self.month.is_none() && n >= 1 && n <= 365 + i64::from(calendar::is_leap(year)) => {
                days_of(year, 1, 1)?.checked_add(n as i32 - 1)?
            }
            _ => days_of(year, u32::try_from(self.month.unwrap_or(1)).ok()?, u32::try_from(self.day.unwrap_or(1)).ok()?)?,
        };
        let hour = match (self.hour, self.half_hour) {
            (Some(hour), _) => hour,
            (None, Some(half)) => half + if self.afternoon == Some(true) { 12 } else { 0 },
            (None, None) => 0,
        };
        if hour > 23 || self.minute > 59 || self.second > 59 {
            return None;
        }
        let micros = ((hour * 60 + self.minute) * 60 + self.second) * 1_000_000 + self.micros;
        Some((days, micros, self.zone))
    }
}

/// An instant from a text in a pattern; a text without a zone is in `session`.
pub fn parse_instant(items: &[Item], text: &str, session: Zone) -> Result<i64, Mismatch> {
    let (days, micros, zone) = parse(items, text)?;
    let local = join(days, micros).ok_or_else(|| mismatch(text, 0))?;
    Ok(zone.unwrap_or(session).to_utc(local))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::datetime::pattern::compile;

    fn at(pattern: &str, text: &str) -> Result<i64, Mismatch> {
        parse_instant(&compile(pattern).unwrap(), text, Zone::UTC)
    }

    #[test]
    fn texts() {
        assert_eq!(at("yyyy-MM-dd", "1970-01-02"), Ok(86_400_000_000));
        assert_eq!(at("yyyyMMdd", "19700102"), Ok(86_400_000_000));
        assert_eq!(at("d MMM yyyy h:mm a", "2 Jan 1970 1:05 PM"), Ok(86_400_000_000 + 13 * 3_600_000_000 + 300_000_000));
        assert_eq!(at("yyyy-MM-dd HH:mm:ss.SSS XXX", "1970-01-01 01:00:00.500 +01:00"), Ok(500_000));
        assert_eq!(at("yyyy-MM-dd[ HH:mm]", "1970-01-01"), Ok(0));
        assert_eq!(at("yyyy-MM-dd", "xx"), Err(Mismatch("Text 'xx' could not be parsed at index 0".into())));
        assert!(at("yyyy-MM-dd", "1970-02-30").is_err());
        let reason = "Text '1970-13-01' could not be parsed: Invalid value for MonthOfYear (valid values 1 - 12): 13";
        assert_eq!(at("yyyy-MM-dd", "1970-13-01"), Err(Mismatch(reason.into())));
        assert!(at("yyyy-MM-dd", "1970-01-01x").is_err());
    }
}
