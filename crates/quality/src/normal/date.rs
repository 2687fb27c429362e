//! Days of birth in the shapes of files.

use super::{Mended, ValueFault};
use jiff::civil::Date;

/// A day as far as it was written. Kept although the calendar may not have it: a slip of the pen still agrees in part.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DayParts {
    /// 1800 to 2399.
    pub year: u16,
    /// 0 when it was not written.
    pub month: u8,
    /// 0 when it was not written.
    pub day: u8,
}

impl std::fmt::Debug for DayParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DayParts(…)")
    }
}

impl DayParts {
    /// Eight digits, `YYYYMMDD`, zeros for what is not known.
    pub fn digits(self) -> [u8; 8] {
        let part = |value: u16, place: u16| b'0' + u8::try_from(value / place % 10).unwrap_or_default();
        let (month, day) = (u16::from(self.month), u16::from(self.day));
        [
            part(self.year, 1000),
            part(self.year, 100),
            part(self.year, 10),
            part(self.year, 1),
            part(month, 10),
            part(month, 1),
            part(day, 10),
            part(day, 1),
        ]
    }

    /// Whether day, month and year are known.
    pub const fn is_whole(self) -> bool {
        self.month != 0 && self.day != 0
    }

    /// Whether it may stand for "some day of the year": many papers say 1 January where only the year is known.
    pub const fn is_first_of_january(self) -> bool {
        self.month == 1 && self.day == 1
    }
}

/// Days since 1899-12-30 that spreadsheets show when a cell's format is lost: from 1910 to 2036.
const SERIAL_DAYS: std::ops::RangeInclusive<i32> = 3_654..=49_999;

/// A year of two digits is of the last hundred years before this one, which nobody needs to move: who was born in 2027
/// and written with two digits is taken for a person of 1927, and the year is told to differ.
const SHORT_YEAR_LAST: u16 = 2026;

/// Reads a day. Day before month, as the country writes it; the other order only where the calendar leaves no choice.
/// `None` for an empty cell.
pub fn read_day(text: &str) -> Result<Option<(DayParts, Option<Mended>)>, ValueFault> {
    let text = text.trim().trim_matches(['\'', '"']);
    if text.is_empty() {
        return Ok(None);
    }
    let runs = runs_of_digits(without_time(text))?;
    let read = match runs.as_slice() {
        [one] => packed(one),
        [one, two] if one.len() == 4 => parts(one, two, "0"),
        [one, two] if two.len() == 4 => parts(two, one, "0"),
        [one, two, three] if one.len() == 4 => year_first(one, two, three),
        [one, two, three] => {
            let year = long_year(three).ok_or(ValueFault::NotADay)?;
            day_first(&year, one, two)
        }
        _ => None,
    };
    match read {
        // Nothing but zeros is an empty cell of a program that knows no empty days.
        None if runs.iter().all(|run| run.bytes().all(|digit| digit == b'0')) => Ok(None),
        None => Err(ValueFault::NotADay),
        Some(read) => Ok(Some(read)),
    }
}

/// The text before the time of day, `2026-11-22T00:00:00` or `22/11/2026 00:00`.
fn without_time(text: &str) -> &str {
    let Some(colon) = text.find(':') else {
        return text;
    };
    text[..colon].rfind(['T', ' ']).map_or(text, |end| &text[..end])
}

/// The digits, apart where a sign or a word stands between: `ngày 5 tháng 3 năm 1980` is `5`, `3`, `1980`.
fn runs_of_digits(text: &str) -> Result<Vec<&str>, ValueFault> {
    let runs: Vec<&str> =
        text.split(|sign: char| !sign.is_ascii_digit()).filter(|run| !run.is_empty()).collect();
    if runs.is_empty() || runs.len() > 3 || runs.iter().any(|run| run.len() > 8) {
        return Err(ValueFault::NotADay);
    }
    Ok(runs)
}

fn number(text: &str) -> Option<u16> {
    text.parse().ok()
}

fn long_year(text: &str) -> Option<String> {
    match text.len() {
        4 => Some(text.to_owned()),
        2 => {
            let year = number(text)?;
            let century = if 2000 + year <= SHORT_YEAR_LAST { 2000 } else { 1900 };
            Some((century + year).to_string())
        }
        _ => None,
    }
}

fn parts(year: &str, month: &str, day: &str) -> Option<(DayParts, Option<Mended>)> {
    let year = number(year).filter(|year| (1800..2400).contains(year))?;
    let (month, day) = (number(month)?, number(day)?);
    if month > 99 || day > 99 || (day != 0 && month == 0) {
        return None;
    }
    Some((DayParts { year, month: u8::try_from(month).ok()?, day: u8::try_from(day).ok()? }, None))
}

/// Day and month, in this order unless only the other one is in the calendar.
fn day_first(year: &str, day: &str, month: &str) -> Option<(DayParts, Option<Mended>)> {
    let (read, _) = parts(year, month, day)?;
    if read.month > 12 && (1..=12).contains(&read.day) && read.month <= 31 {
        let turned = DayParts { month: read.day, day: read.month, ..read };
        return Some((turned, Some(Mended::DayMonthSwapped)));
    }
    Some((read, None))
}

/// `1980-03-05`; `1980-15-03` can only be the fifteenth of March.
fn year_first(year: &str, month: &str, day: &str) -> Option<(DayParts, Option<Mended>)> {
    day_first(year, day, month)
}

/// Digits without a sign between: a year, a month, a day, or what a spreadsheet counts.
fn packed(text: &str) -> Option<(DayParts, Option<Mended>)> {
    match text.len() {
        4 => parts(text, "0", "0"),
        5 => serial(text),
        6 if number(&text[..4]).is_some_and(|year| (1900..=2100).contains(&year)) => {
            parts(&text[..4], &text[4..], "0")
        }
        6 => day_first(&long_year(&text[4..])?, &text[..2], &text[2..4]),
        8 => {
            let is_year_first = number(&text[..4]).is_some_and(|year| (1850..=2100).contains(&year));
            let day_month_year = || day_first(&text[4..], &text[..2], &text[2..4]);
            let in_calendar = |read: &(DayParts, Option<Mended>)| is_in_calendar(read.0);
            if is_year_first {
                let read = year_first(&text[..4], &text[4..6], &text[6..]);
                // `19051980` is a year first only by chance.
                match (read, day_month_year()) {
                    (Some(read), Some(other)) if !in_calendar(&read) && in_calendar(&other) => Some(other),
                    (read, _) => read,
                }
            } else {
                day_month_year()
            }
        }
        7 => day_first(&text[3..], &text[..1], &text[1..3]),
        _ => None,
    }
}

fn is_in_calendar(parts: DayParts) -> bool {
    let (Ok(year), Ok(month), Ok(day)) =
        (i16::try_from(parts.year), i8::try_from(parts.month.max(1)), i8::try_from(parts.day.max(1)))
    else {
        return false;
    };
    Date::new(year, month, day).is_ok()
}

/// The day that a spreadsheet counts so.
fn serial(text: &str) -> Option<(DayParts, Option<Mended>)> {
    let days: i32 = text.parse().ok().filter(|days| SERIAL_DAYS.contains(days))?;
    let day = jiff::civil::date(1899, 12, 30)
        .checked_add(jiff::SignedDuration::from_hours(24 * i64::from(days)))
        .ok()?;
    let parts = DayParts {
        year: u16::try_from(day.year()).ok()?,
        month: u8::try_from(day.month()).ok()?,
        day: u8::try_from(day.day()).ok()?,
    };
    Some((parts, None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> (u16, u8, u8) {
        let (parts, _) = read_day(text).unwrap().unwrap();
        (parts.year, parts.month, parts.day)
    }

    #[test]
    fn every_shape_of_one_day_is_that_day() {
        for text in [
            "05/03/1980",
            "5/3/1980",
            "05-03-1980",
            "5.3.1980",
            "1980-03-05",
            "1980/3/5",
            "05031980",
            "19800305",
            "5/3/80",
            "050380",
            "5031980",
            "ngày 5 tháng 3 năm 1980",
            "1980-03-05T00:00:00",
            "05/03/1980 00:00",
            "'05/03/1980",
            "29285",
        ] {
            assert_eq!(read(text), (1980, 3, 5), "{text}");
        }
    }

    #[test]
    fn parts_that_are_not_known_stay_unknown() {
        assert_eq!(read("1950"), (1950, 0, 0));
        assert_eq!(read("00/00/1950"), (1950, 0, 0));
        assert_eq!(read("03/1950"), (1950, 3, 0));
        assert_eq!(read("1950-03"), (1950, 3, 0));
        assert_eq!(read("195003"), (1950, 3, 0));
        assert_eq!(read_day("00000000"), Ok(None));
        assert_eq!(read_day("  "), Ok(None));
    }

    #[test]
    fn the_other_order_is_read_only_where_the_calendar_leaves_no_choice() {
        let swapped = Some(Mended::DayMonthSwapped);
        assert_eq!(read_day("03/25/1980").unwrap().unwrap().1, swapped);
        assert_eq!(read("03/25/1980"), (1980, 3, 25));
        assert_eq!(read("1980-25-03"), (1980, 3, 25));
        assert_eq!(read("03/05/1980"), (1980, 5, 3));
    }

    #[test]
    fn a_slip_keeps_what_was_written() {
        assert_eq!(read("19811372"), (1981, 13, 72));
        assert_eq!(read("31/02/1980"), (1980, 2, 31));
    }

    #[test]
    fn years_of_two_digits_belong_to_the_last_hundred_years() {
        assert_eq!(read("01/02/26").0, 2026);
        assert_eq!(read("01/02/27").0, 1927);
    }

    #[test]
    fn what_is_no_day_is_set_aside() {
        for text in ["abc", "1/2/3/4", "99", "12345678901", "1500"] {
            assert_eq!(read_day(text), Err(ValueFault::NotADay), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_day_reads_back_from_its_digits(year in 1800_u16..2400, month in 1_u8..=12, day in 1_u8..=28) {
            let parts = DayParts { year, month, day };
            let text = format!("{year:04}-{month:02}-{day:02}");
            prop_assert_eq!(read_day(&text).unwrap().unwrap().0, parts);
            let text = format!("{day:02}/{month:02}/{year:04}");
            prop_assert_eq!(read_day(&text).unwrap().unwrap().0, parts);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,24}") {
            let _ = read_day(&text);
        }

        #[test]
        fn no_figures_panic(text in "[0-9/.: -]{0,16}") {
            let _ = read_day(&text);
        }
    }
}
