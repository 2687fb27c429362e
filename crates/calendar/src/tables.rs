//! The tables of `data/` from which the calendar is made, built into the program.

use dancu_core::{Dated, DatedTable};
use jiff::civil::{Date, Time, Weekday};
use serde::{Deserialize, de::DeserializeOwned};

/// By what a holiday goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reckoning {
    Solar,
    Lunar,
}

/// One rule of `holidays.csv`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Rule {
    /// The holiday; rows of one identifier follow each other in time.
    pub id: String,
    pub name_vi: String,
    pub name_en: String,
    pub calendar: Reckoning,
    pub month: u8,
    pub day: u8,
    /// Days off before that day.
    pub days_before: u8,
    /// Days off in all.
    pub days: u8,
    /// For Monday to Sunday, on which side of the day one more is off; empty for none.
    pub neighbour_by_weekday: String,
    pub valid_from: Date,
    pub valid_to: Option<Date>,
    pub legal_reference: String,
}

impl Rule {
    pub fn holds_on(&self, day: Date) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|end| day < end)
    }

    /// On which side the neighbour is off when the day itself falls on a weekday.
    pub fn neighbour(&self, weekday: Weekday) -> Option<i64> {
        let place = usize::try_from(weekday.to_monday_zero_offset()).ok()?;
        self.neighbour_by_weekday.split(' ').nth(place)?.parse().ok()
    }
}

/// What the official list of a year makes of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ListedKind {
    Off,
    Worked,
}

/// One row of `holiday_years.csv`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Listed {
    pub day: Date,
    pub kind: ListedKind,
    /// The holiday whose computed days of that year this list replaces; empty for a swap of days.
    pub holiday: String,
    pub name_vi: String,
    pub name_en: String,
    pub legal_reference: String,
}

/// One row of `rest_days.csv`.
#[derive(Debug, Clone, Deserialize)]
struct RestRow {
    weekday: String,
    valid_from: Date,
    valid_to: Option<Date>,
    legal_reference: String,
}

/// One row of `intake_rules.csv`.
#[derive(Debug, Clone, Deserialize)]
struct IntakeRow {
    received_until: String,
    valid_from: Date,
    valid_to: Option<Date>,
    legal_reference: String,
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Tables {
    pub rules: Vec<Rule>,
    pub listed: Vec<Listed>,
    /// Weekly days of rest.
    pub rest: Vec<Dated<Weekday>>,
    /// Until when what is received counts for the same day.
    pub received_until: DatedTable<Time>,
}

impl Tables {
    pub fn read() -> Self {
        let rest = rows(include_str!("../../../data/rest_days.csv")).into_iter().map(|row: RestRow| Dated {
            value: weekday(&row.weekday),
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            legal_reference: row.legal_reference,
        });
        let intake =
            rows(include_str!("../../../data/intake_rules.csv")).into_iter().map(|row: IntakeRow| Dated {
                value: format!("{}:00", row.received_until).parse().expect("tests read the built-in table"),
                valid_from: row.valid_from,
                valid_to: row.valid_to,
                legal_reference: row.legal_reference,
            });
        Self {
            rules: rows(include_str!("../../../data/holidays.csv")),
            listed: rows(include_str!("../../../data/holiday_years.csv")),
            rest: rest.collect(),
            received_until: DatedTable::new(intake.collect()).expect("tests read the built-in table"),
        }
    }
}

fn rows<T: DeserializeOwned>(text: &str) -> Vec<T> {
    let rows: Result<Vec<T>, csv::Error> = csv::Reader::from_reader(text.as_bytes()).deserialize().collect();
    rows.expect("tests read the built-in table")
}

fn weekday(word: &str) -> Weekday {
    match word {
        "monday" => Weekday::Monday,
        "tuesday" => Weekday::Tuesday,
        "wednesday" => Weekday::Wednesday,
        "thursday" => Weekday::Thursday,
        "friday" => Weekday::Friday,
        "saturday" => Weekday::Saturday,
        _ => Weekday::Sunday,
    }
}
