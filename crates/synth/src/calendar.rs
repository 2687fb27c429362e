//! Days as whole numbers, and ages.

use jiff::{
    Timestamp,
    civil::{Date, Time},
    tz::Offset,
};

const SECONDS_A_DAY: i64 = 86_400;

/// Days since 1 January 1970.
pub fn day_number(date: Date) -> i32 {
    let midnight = Offset::UTC.to_timestamp(date.to_datetime(Time::midnight()));
    let seconds = midnight.expect("years 1800 to 2400 are instants").as_second();
    i32::try_from(seconds / SECONDS_A_DAY).expect("years 1800 to 2400 have small day numbers")
}

/// The day with a number.
pub fn from_day_number(number: i32) -> Date {
    let instant = Timestamp::from_second(i64::from(number) * SECONDS_A_DAY);
    Offset::UTC.to_datetime(instant.expect("years 1800 to 2400 are instants")).date()
}

/// The same day so many years later; 29 February becomes the 28th in other years.
pub fn add_years(date: Date, years: i16) -> Date {
    let year = date.year() + years;
    Date::new(year, date.month(), date.day()).unwrap_or_else(|_| Date::constant(year, 2, 28))
}

/// So many days later.
pub fn add_days(date: Date, days: i32) -> Date {
    from_day_number(day_number(date) + days)
}

/// Whole years lived on a day.
pub fn age_on(born: Date, on: Date) -> i32 {
    let had_birthday = (on.month(), on.day()) >= (born.month(), born.day());
    i32::from(on.year()) - i32::from(born.year()) - i32::from(!had_birthday)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn days_and_numbers_are_each_others_inverse() {
        assert_eq!(day_number(date(1970, 1, 1)), 0);
        for day in [date(1900, 3, 1), date(1969, 12, 31), date(2000, 2, 29), date(2099, 12, 31)] {
            assert_eq!(from_day_number(day_number(day)), day);
            assert_eq!(day_number(add_days(day, 1)), day_number(day) + 1);
        }
    }

    #[test]
    fn birthdays_on_a_leap_day_are_kept_on_the_28th() {
        assert_eq!(add_years(date(2000, 2, 29), 14), date(2014, 2, 28));
        assert_eq!(age_on(date(2000, 11, 22), date(2026, 11, 21)), 25);
        assert_eq!(age_on(date(2000, 11, 21), date(2026, 11, 21)), 26);
    }
}
