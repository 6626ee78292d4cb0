//! The fields of interval types, and intervals as Spark prints them.
use serde::{Deserialize, Serialize};
use std::fmt::{self, Write};

/// A field of an interval, from the largest to the smallest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IntervalField {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

impl IntervalField {
    pub const ALL: [Self; 6] = [Self::Year, Self::Month, Self::Day, Self::Hour, Self::Minute, Self::Second];

    /// Months, or microseconds, in one.
    #[must_use]
    pub const fn size(self) -> i64 {
        match self {
            Self::Year => 12,
            Self::Month => 1,
            Self::Day => 86_400_000_000,
            Self::Hour => 3_600_000_000,
            Self::Minute => 60_000_000,
            Self::Second => 1_000_000,
        }
    }
}

impl fmt::Display for IntervalField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Year => "year",
            Self::Month => "month",
            Self::Day => "day",
            Self::Hour => "hour",
            Self::Minute => "minute",
            Self::Second => "second",
        })
    }
}

/// `INTERVAL '1 02' DAY TO HOUR` of so many months or microseconds. What is smaller than `end` is not shown.
#[must_use]
pub fn interval_text(value: i64, start: IntervalField, end: IntervalField) -> String {
    let mut out = String::from(if value < 0 { "INTERVAL '-" } else { "INTERVAL '" });
    let mut rest = value.unsigned_abs();
    for field in IntervalField::ALL.into_iter().filter(|field| (start..=end).contains(field)) {
        let (size, first) = (field.size().unsigned_abs(), field == start);
        let (amount, below) = (rest / size, rest % size);
        rest = below;
        out.push_str(match field {
            _ if first => "",
            IntervalField::Month => "-",
            IntervalField::Hour => " ",
            _ => ":",
        });
        // Writing to a string cannot fail.
        let _ = match field {
            IntervalField::Year | IntervalField::Month | IntervalField::Day => write!(out, "{amount}"),
            _ => write!(out, "{amount:02}"),
        };
        if field == IntervalField::Second && below > 0 {
            let fraction = format!(".{below:06}");
            out.push_str(fraction.trim_end_matches('0'));
        }
    }
    let fields = if start == end { start.to_string() } else { format!("{start} to {end}") };
    out.push_str("' ");
    out.push_str(&fields.to_uppercase());
    out
}

#[cfg(test)]
mod tests {
    use super::IntervalField::{Day, Hour, Minute, Month, Second, Year};
    use super::*;

    #[test]
    fn prints_the_fields_of_the_type() {
        assert_eq!(interval_text(14, Year, Month), "INTERVAL '1-2' YEAR TO MONTH");
        assert_eq!(interval_text(-14, Month, Month), "INTERVAL '-14' MONTH");
        assert_eq!(interval_text(24, Year, Year), "INTERVAL '2' YEAR");
        assert_eq!(interval_text(86_400_000_000, Day, Day), "INTERVAL '1' DAY");
        assert_eq!(interval_text(3_600_000_000, Hour, Hour), "INTERVAL '01' HOUR");
        assert_eq!(interval_text(93_784_000_000, Day, Second), "INTERVAL '1 02:03:04' DAY TO SECOND");
        assert_eq!(interval_text(93_784_000_000, Day, Hour), "INTERVAL '1 02' DAY TO HOUR");
        assert_eq!(interval_text(5_400_000_000, Minute, Minute), "INTERVAL '90' MINUTE");
        assert_eq!(interval_text(-1_500_000, Second, Second), "INTERVAL '-01.5' SECOND");
        assert_eq!(interval_text(i64::MIN, Day, Second), "INTERVAL '-106751991 04:00:54.775808' DAY TO SECOND");
    }
}
