//! Ages in groups of five years.

use dancu_core::PartialDate;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Five years of age, as the United Nations' Principles and Recommendations for Population Censuses group them: 0–4 to 95–99, and
/// 100 and over. Never narrower: with ages that each table chose for itself, two tables would differ by one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AgeBand(u8);

impl AgeBand {
    /// Years of one group.
    const YEARS: i16 = 5;
    /// The last, which is open.
    const LAST: u8 = 20;

    /// The group of somebody who was born then, on a day. `None` where the part of the birth date that is known fits two groups.
    pub fn of(birth: PartialDate, on: Date) -> Option<Self> {
        let (first, last) = birth.days();
        let (youngest, oldest) = (Self::of_day(last, on), Self::of_day(first, on));
        youngest.filter(|_| youngest == oldest)
    }

    fn of_day(birth: Date, on: Date) -> Option<Self> {
        let had_birthday = (on.month(), on.day()) >= (birth.month(), birth.day());
        let years = on.year() - birth.year() - i16::from(!had_birthday);
        let band = u8::try_from(years / Self::YEARS).ok().filter(|_| years >= 0)?;
        Some(Self(band.min(Self::LAST)))
    }
}

impl fmt::Display for AgeBand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = i16::from(self.0) * Self::YEARS;
        if self.0 >= Self::LAST {
            write!(f, "{from}+")
        } else {
            write!(f, "{from}-{}", from + Self::YEARS - 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    const ON: Date = date(2026, 11, 1);

    fn band(birth: &str) -> Option<String> {
        AgeBand::of(birth.parse().unwrap(), ON).map(|band| band.to_string())
    }

    #[test]
    fn a_birthday_begins_the_next_group_on_its_day() {
        assert_eq!(band("2021-11-02").as_deref(), Some("0-4"));
        assert_eq!(band("2021-11-01").as_deref(), Some("5-9"));
        assert_eq!(band("1926-11-02").as_deref(), Some("95-99"));
        assert_eq!(band("1926-11-01").as_deref(), Some("100+"));
        assert_eq!(band("1900-01-01").as_deref(), Some("100+"));
        assert_eq!(band("2026-11-02"), None, "not born yet");
    }

    #[test]
    fn who_was_born_in_a_year_is_in_a_group_when_every_day_of_it_is() {
        assert_eq!(band("2000").as_deref(), Some("25-29"));
        assert_eq!(band("2001"), None, "24 or 25");
        assert_eq!(band("2001-10").as_deref(), Some("25-29"));
    }

    proptest! {
        #[test]
        fn a_group_holds_five_years(years in 0_i16..100, days in 0_i64..365) {
            let birth = ON.saturating_sub(jiff::Span::new().years(years)).saturating_sub(jiff::Span::new().days(days));
            let group = AgeBand::of(PartialDate::from(birth), ON).unwrap().to_string();
            prop_assert_eq!(group, format!("{}-{}", years / 5 * 5, years / 5 * 5 + 4));
        }
    }
}
