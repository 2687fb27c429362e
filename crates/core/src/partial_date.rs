//! Dates of birth of which only the year, or year and month, may be known.

use crate::{Explain, Explanation};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A day, a month or a year. 1 January is kept as written: whether it stands for "unknown" is for matching to weigh.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PartialDate {
    year: i16,
    month: Option<i8>,
    day: Option<i8>,
}

/// Why a text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PartialDateError {
    /// None of the accepted shapes.
    #[error("not one of the shapes YYYY-MM-DD, YYYY-MM, YYYY, dd/MM/yyyy, ddMMyyyy")]
    Shape,
    /// No such day in the calendar, such as 31 February.
    #[error("no such day in the calendar")]
    NoSuchDay,
}

impl Explain for PartialDateError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Shape => Explanation::new(
                "DANCU-CORE-030",
                "Ngày phải viết dạng YYYY-MM-DD, YYYY-MM, YYYY hoặc dd/MM/yyyy.",
                "A date must be written YYYY-MM-DD, YYYY-MM, YYYY or dd/MM/yyyy.",
            ),
            Self::NoSuchDay => Explanation::new(
                "DANCU-CORE-031",
                "Ngày này không có trong lịch. Hãy kiểm tra lại ngày và tháng.",
                "This day is not in the calendar. Check the day and the month.",
            ),
        }
    }
}

impl PartialDate {
    /// Years that the register accepts: everyone alive, their parents, and the coming centuries.
    const YEARS: std::ops::RangeInclusive<i16> = 1800..=2399;

    /// Checks the parts: a day needs its month, and the day must be in the calendar.
    pub fn new(year: i16, month: Option<i8>, day: Option<i8>) -> Result<Self, PartialDateError> {
        if !Self::YEARS.contains(&year) || (day.is_some() && month.is_none()) {
            return Err(PartialDateError::NoSuchDay);
        }
        Date::new(year, month.unwrap_or(1), day.unwrap_or(1)).map_err(|_| PartialDateError::NoSuchDay)?;
        Ok(Self { year, month, day })
    }

    /// The year, always known.
    pub const fn year(self) -> i16 {
        self.year
    }

    /// The month, when it is known.
    pub const fn month(self) -> Option<i8> {
        self.month
    }

    /// The first day that it can mean.
    pub fn first_day(self) -> Date {
        Date::constant(self.year, self.month.unwrap_or(1), self.day.unwrap_or(1))
    }

    /// The whole date, when day and month are known.
    pub fn whole(self) -> Option<Date> {
        self.day.map(|_| self.first_day())
    }

    /// The first and the last day that it can mean.
    pub fn days(self) -> (Date, Date) {
        let first = self.first_day();
        let last = match (self.day, self.month) {
            (Some(_), _) => first,
            (None, Some(_)) => first.last_of_month(),
            (None, None) => first.last_of_year(),
        };
        (first, last)
    }

    /// Whether both could be the same day, as far as each is known.
    pub fn agrees_with(self, other: Self) -> bool {
        fn same(a: Option<i8>, b: Option<i8>) -> bool {
            match (a, b) {
                (Some(a), Some(b)) => a == b,
                _ => true,
            }
        }
        self.year == other.year && same(self.month, other.month) && same(self.day, other.day)
    }
}

impl From<Date> for PartialDate {
    fn from(date: Date) -> Self {
        Self { year: date.year(), month: Some(date.month()), day: Some(date.day()) }
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        if let Some(month) = self.month {
            write!(f, "-{month:02}")?;
        }
        if let Some(day) = self.day {
            write!(f, "-{day:02}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PartialDate(…)")
    }
}

/// Reads a run of ASCII digits of exactly the stated length.
fn number<T: FromStr>(text: &str, digits: usize) -> Result<T, PartialDateError> {
    if text.len() != digits || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(PartialDateError::Shape);
    }
    text.parse().map_err(|_| PartialDateError::Shape)
}

impl FromStr for PartialDate {
    type Err = PartialDateError;

    fn from_str(text: &str) -> Result<Self, PartialDateError> {
        let text = text.trim();
        if !text.is_ascii() {
            return Err(PartialDateError::Shape);
        }
        if let [day, month, year] = text.split('/').collect::<Vec<_>>()[..] {
            return Self::new(number(year, 4)?, Some(number(month, 2)?), Some(number(day, 2)?));
        }
        match text.split('-').collect::<Vec<_>>()[..] {
            [year, month, day] => Self::new(number(year, 4)?, Some(number(month, 2)?), Some(number(day, 2)?)),
            [year, month] => Self::new(number(year, 4)?, Some(number(month, 2)?), None),
            [packed] if packed.len() == 8 => Self::new(
                number(&packed[4..], 4)?,
                Some(number(&packed[2..4], 2)?),
                Some(number(&packed[..2], 2)?),
            ),
            [year] => Self::new(number(year, 4)?, None, None),
            _ => Err(PartialDateError::Shape),
        }
    }
}

impl TryFrom<String> for PartialDate {
    type Error = PartialDateError;

    fn try_from(text: String) -> Result<Self, PartialDateError> {
        text.parse()
    }
}

impl From<PartialDate> for String {
    fn from(date: PartialDate) -> String {
        date.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<String, PartialDateError> {
        text.parse::<PartialDate>().map(|date| date.to_string())
    }

    #[test]
    fn every_accepted_shape_is_read() {
        assert_eq!(read("1990-05-02").unwrap(), "1990-05-02");
        assert_eq!(read("02/05/1990").unwrap(), "1990-05-02");
        assert_eq!(read("02051990").unwrap(), "1990-05-02");
        assert_eq!(read("1990-05").unwrap(), "1990-05");
        assert_eq!(read(" 1990 ").unwrap(), "1990");
    }

    #[test]
    fn days_outside_the_calendar_are_told_apart_from_other_shapes() {
        for text in ["1990-02-31", "2023-02-29", "31/04/2000", "1990-13", "00001990", "1700"] {
            assert_eq!(read(text).unwrap_err(), PartialDateError::NoSuchDay, "{text}");
        }
        for text in
            ["", "2/5/1990", "90-05-02", "1990-5-2", "1990/05/02x", "năm 1990", "1990-05-02-01", "-1990"]
        {
            assert_eq!(read(text).unwrap_err(), PartialDateError::Shape, "{text}");
        }
        assert!(read("2024-02-29").is_ok());
    }

    #[test]
    fn a_year_agrees_with_its_days_only() {
        let year: PartialDate = "1990".parse().unwrap();
        assert!(year.agrees_with("1990-05-02".parse().unwrap()));
        assert!(!year.agrees_with("1991-05-02".parse().unwrap()));
        assert!(!PartialDate::agrees_with("1990-05-02".parse().unwrap(), "1990-02-05".parse().unwrap()));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(year in 1800_i16..2400, month in 1_i8..13, day in 1_i8..32) {
            if let Ok(date) = PartialDate::new(year, Some(month), Some(day)) {
                prop_assert_eq!(date.to_string().parse::<PartialDate>().unwrap(), date);
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,16}") {
            let _ = text.parse::<PartialDate>();
        }
    }
}
