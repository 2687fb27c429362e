//! Numbers, days and instants as each language writes them.

use crate::Language;
use dancu_core::{PartialDate, VIET_NAM};
use jiff::{
    Timestamp,
    civil::{Date, DateTime},
};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Digits in groups of three: `100.000`, `100,000`.
pub(crate) fn number(value: u64, language: Language) -> String {
    let separator = if language.is_vietnamese() { '.' } else { ',' };
    let digits = value.to_string();
    let mut written = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            written.push(separator);
        }
        written.push(digit);
    }
    written
}

/// At most two decimals: `1,25` and `1.25`.
pub(crate) fn decimal(value: f64, language: Language) -> String {
    let written = format!("{value:.2}");
    let (whole, decimals) = written.split_once('.').unwrap_or((&written, ""));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), |whole| number(whole, language));
    match decimals.trim_end_matches('0') {
        "" => whole,
        decimals if language.is_vietnamese() => format!("{whole},{decimals}"),
        decimals => format!("{whole}.{decimals}"),
    }
}

/// `21/11/2026`, `21 November 2026`.
pub(crate) fn day(date: Date, language: Language) -> String {
    partial(date.into(), language)
}

/// A day, a month or a year, as far as it is known.
pub(crate) fn partial(date: PartialDate, language: Language) -> String {
    let (year, month, day) = (date.year(), date.month(), date.whole().map(Date::day));
    let name = month.and_then(|month| MONTHS.get(usize::try_from(month - 1).ok()?));
    match (month, day, name) {
        (Some(month), Some(day), Some(name)) => {
            if language.is_vietnamese() {
                format!("{day:02}/{month:02}/{year}")
            } else {
                format!("{day} {name} {year}")
            }
        }
        (Some(month), None, Some(name)) => {
            if language.is_vietnamese() {
                format!("{month:02}/{year}")
            } else {
                format!("{name} {year}")
            }
        }
        _ => year.to_string(),
    }
}

fn in_viet_nam(instant: Timestamp) -> DateTime {
    VIET_NAM.to_datetime(instant)
}

/// The hour in Viet Nam: `14:05:09`.
pub(crate) fn time(instant: Timestamp) -> String {
    let local = in_viet_nam(instant);
    format!("{:02}:{:02}:{:02}", local.hour(), local.minute(), local.second())
}

/// Day and hour in Viet Nam: `21/11/2026 14:05:09`, `21 November 2026, 14:05:09`.
pub(crate) fn instant(instant: Timestamp, language: Language) -> String {
    let between = if language.is_vietnamese() { " " } else { ", " };
    format!("{}{between}{}", day(in_viet_nam(instant).date(), language), time(instant))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{English, Vietnamese};

    #[test]
    fn numbers_are_grouped_as_the_language_does() {
        for (value, vietnamese, english) in
            [(0, "0", "0"), (999, "999", "999"), (1204, "1.204", "1,204"), (100_000, "100.000", "100,000")]
        {
            assert_eq!(
                (number(value, Vietnamese), number(value, English)),
                (vietnamese.into(), english.into())
            );
        }
        assert_eq!(number(12_345_678, Vietnamese), "12.345.678");
        assert_eq!(decimal(1_204.25, Vietnamese), "1.204,25");
        assert_eq!(decimal(1.5, English), "1.5");
        assert_eq!(decimal(0.0, English), "0");
    }

    #[test]
    fn days_are_written_as_far_as_they_are_known() {
        for (text, vietnamese, english) in [
            ("1990-05-02", "02/05/1990", "2 May 1990"),
            ("1990-05", "05/1990", "May 1990"),
            ("1990", "1990", "1990"),
        ] {
            let date: PartialDate = text.parse().unwrap();
            assert_eq!(
                (partial(date, Vietnamese), partial(date, English)),
                (vietnamese.into(), english.into())
            );
        }
    }

    #[test]
    fn instants_are_those_of_viet_nam() {
        let late: Timestamp = "2026-11-21T17:05:09Z".parse().unwrap();
        assert_eq!(instant(late, Vietnamese), "22/11/2026 00:05:09");
        assert_eq!(instant(late, English), "22 November 2026, 00:05:09");
    }
}
