//! The proleptic Gregorian calendar over days and microseconds since 1970-01-01.

pub const MICROS_PER_SECOND: i64 = 1_000_000;
pub const MICROS_PER_MINUTE: i64 = 60 * MICROS_PER_SECOND;
pub const MICROS_PER_HOUR: i64 = 3_600 * MICROS_PER_SECOND;
pub const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    pub year: i64,
    pub month: u32,
    pub day: u32,
}

/// Days to a date (Howard Hinnant's algorithm).
#[inline]
pub fn date_of(days: i32) -> Date {
    let z = i64::from(days) + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * shifted + 2) / 5 + 1) as u32;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 } as u32;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Date { year, month, day }
}

/// A valid date to days; `None` beyond 32 bits or when there is no such day.
#[inline]
pub fn days_of(year: i64, month: u32, day: u32) -> Option<i32> {
    if !(1..=12).contains(&month) || day == 0 || day > days_in_month(year, month) {
        return None;
    }
    let y = year - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let shifted = i64::from(if month > 2 { month - 3 } else { month + 9 });
    let day_of_year = (153 * shifted + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    i32::try_from(era.checked_mul(146_097)?.checked_add(day_of_era - 719_468)?).ok()
}

pub fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        2 => 28 + u32::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

pub fn year(days: i32) -> i32 {
    date_of(days).year as i32
}

pub fn month(days: i32) -> i32 {
    date_of(days).month as i32
}

pub fn day(days: i32) -> i32 {
    date_of(days).day as i32
}

pub fn quarter(days: i32) -> i32 {
    (month(days) - 1) / 3 + 1
}

/// 0 is Monday.
pub fn weekday(days: i32) -> i32 {
    (i64::from(days) + 3).rem_euclid(7) as i32
}

pub fn day_of_year(days: i32) -> i32 {
    let date = date_of(days);
    days - days_of(date.year, 1, 1).unwrap_or(days) + 1
}

/// ISO year and week.
pub fn iso_week(days: i32) -> (i32, i32) {
    let thursday = days.saturating_add(3 - weekday(days));
    let date = date_of(thursday);
    let first = days_of(date.year, 1, 1).unwrap_or(thursday);
    (date.year as i32, (thursday - first) / 7 + 1)
}

/// The same day of another month, or that month's last day.
pub fn add_months(days: i32, months: i32) -> Option<i32> {
    let date = date_of(days);
    let total = date.year * 12 + i64::from(date.month - 1) + i64::from(months);
    let (year, month) = (total.div_euclid(12), total.rem_euclid(12) as u32 + 1);
    days_of(year, month, date.day.min(days_in_month(year, month)))
}

pub fn last_day(days: i32) -> Option<i32> {
    let date = date_of(days);
    days_of(date.year, date.month, days_in_month(date.year, date.month))
}

/// Day and microsecond of day.
pub fn split(micros: i64) -> (i32, i64) {
    (micros.div_euclid(MICROS_PER_DAY) as i32, micros.rem_euclid(MICROS_PER_DAY))
}

pub fn join(days: i32, micros_of_day: i64) -> Option<i64> {
    i64::from(days).checked_mul(MICROS_PER_DAY)?.checked_add(micros_of_day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_come_back() {
        for days in (-800_000..3_000_000).step_by(97).chain([-719_528, 0, 59, 60, 11_016]) {
            let date = date_of(days);
            assert_eq!(days_of(date.year, date.month, date.day), Some(days));
        }
        assert_eq!(date_of(0), Date { year: 1970, month: 1, day: 1 });
        assert_eq!(days_of(2023, 2, 29), None);
        assert_eq!(days_of(2024, 2, 29), Some(19_782));
    }

    #[test]
    fn months_end_where_the_month_ends() {
        let from = days_of(2020, 1, 31).unwrap();
        assert_eq!(add_months(from, 1), days_of(2020, 2, 29));
        assert_eq!(add_months(from, -2), days_of(2019, 11, 30));
        assert_eq!(last_day(from), Some(from));
    }

    #[test]
    fn weeks_are_iso() {
        assert_eq!(iso_week(days_of(2021, 1, 3).unwrap()), (2020, 53));
        assert_eq!(iso_week(days_of(2021, 1, 4).unwrap()), (2021, 1));
        assert_eq!(weekday(0), 3);
        assert_eq!(day_of_year(days_of(2024, 12, 31).unwrap()), 366);
    }
}
