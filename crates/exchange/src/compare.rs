//! Compares a given value with the register's, field by field.

use crate::Field;
use dancu_core::{
    CommuneCode, Explain, Explanation, NameComparison, OldNumber, PartialDate, PartialDateError, PersonName,
    Sex, fold,
};
use dancu_places::Places;
use dancu_register::{CountryCode, Person};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::{fmt, ops::RangeInclusive};

/// The answer for one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The given value is the register's.
    Match,
    /// The name has the same letters, but marks are missing on one side.
    MatchWithoutDiacritics,
    /// The given value is not the register's.
    Differs,
    /// The register holds no value.
    NotHeld,
}

impl Answer {
    /// The word in the API and in the disclosure's record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::MatchWithoutDiacritics => "match_without_diacritics",
            Self::Differs => "differs",
            Self::NotHeld => "not_held",
        }
    }

    const fn of(same: bool) -> Self {
        if same { Self::Match } else { Self::Differs }
    }
}

/// A value that was given for one field, read into its type.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Given {
    Name(PersonName),
    BirthDate(PartialDate),
    Sex(Sex),
    Residence(String),
    OldNumber(OldNumber),
    CardIssued(Date),
    CardExpires(Date),
    BirthPlace(CommuneCode),
    Nationality(CountryCode),
    Phone(String),
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Given(…)")
    }
}

/// Longest text of one field, in bytes.
const TEXT_BYTES_MAX: usize = 1024;
/// Digits of a telephone number (ITU-T E.164 allows 15).
const PHONE_DIGITS: RangeInclusive<usize> = 8..=15;

impl Given {
    /// Reads the text of a field. `None` for what is told or shown and never given.
    pub(crate) fn read(field: Field, text: &str) -> Option<Result<Self, Explanation>> {
        fn parse<T: std::str::FromStr<Err: Explain>>(text: &str) -> Result<T, Explanation> {
            text.trim().parse().map_err(|error: T::Err| error.explain())
        }
        if text.len() > TEXT_BYTES_MAX {
            return Some(Err(Explanation::new(
                "DANCU-EXCHANGE-030",
                format!("Giá trị dài quá {TEXT_BYTES_MAX} byte."),
                format!("The value is longer than {TEXT_BYTES_MAX} bytes."),
            )));
        }
        let whole_day =
            |text: &str| parse::<PartialDate>(text)?.whole().ok_or_else(|| PartialDateError::Shape.explain());
        Some(match field {
            Field::Name => parse(text).map(Self::Name),
            Field::BirthDate => parse(text).map(Self::BirthDate),
            Field::Sex => parse(text).map(Self::Sex),
            Field::Residence => Ok(Self::Residence(plain_address(text))),
            Field::OldNumber => parse(text).map(Self::OldNumber),
            Field::CardIssued => whole_day(text).map(Self::CardIssued),
            Field::CardExpires => whole_day(text).map(Self::CardExpires),
            Field::BirthPlace => parse(text).map(Self::BirthPlace),
            Field::Nationality => parse(&text.to_uppercase()).map(Self::Nationality),
            Field::Phone => read_phone(text).map(Self::Phone),
            Field::CardStatus
            | Field::LifeStatus
            | Field::Origin
            | Field::Household
            | Field::Family
            | Field::History => return None,
        })
    }
}

/// An address for comparison: folded, without punctuation, since printers and typists place commas at will.
fn plain_address(text: &str) -> String {
    // Decomposed marks are not alphanumeric, and belong to the letter before them.
    let keeps = |c: char| c.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&c);
    fold(&text.chars().map(|c| if keeps(c) { c } else { ' ' }).collect::<String>())
}

/// A telephone number for comparison: digits only, `+84` as the leading zero.
fn plain_phone(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    match digits.strip_prefix("84") {
        Some(rest) if text.trim_start().starts_with('+') || digits.len() == 11 => format!("0{rest}"),
        _ => digits,
    }
}

/// A given telephone number. The register's is free text, often a dash or a word, and no such text may agree.
fn read_phone(text: &str) -> Result<String, Explanation> {
    let digits = plain_phone(text);
    if PHONE_DIGITS.contains(&digits.len()) {
        return Ok(digits);
    }
    Err(Explanation::new(
        "DANCU-EXCHANGE-032",
        "Số điện thoại phải có từ 8 đến 15 chữ số.",
        "A telephone number has 8 to 15 digits.",
    ))
}

/// Compares one given value with what the register holds of a person.
pub(crate) fn compare(person: &Person, given: &Given) -> Answer {
    let identity = person.identity();
    let held = |same: Option<bool>| same.map_or(Answer::NotHeld, Answer::of);
    match given {
        Given::Name(name) => match identity.map(|identity| identity.name.compare(name)) {
            Some(NameComparison::Same) => Answer::Match,
            Some(NameComparison::DiacriticsMissing) => Answer::MatchWithoutDiacritics,
            Some(NameComparison::Differs) => Answer::Differs,
            None => Answer::NotHeld,
        },
        Given::BirthDate(date) => {
            held(identity.map(|identity| birth_date_matches(identity.birth_date, *date)))
        }
        Given::Sex(sex) => held(identity.map(|identity| identity.sex == *sex)),
        Given::OldNumber(number) => {
            held(identity.and_then(|identity| identity.old_number).map(|old| old == *number))
        }
        Given::BirthPlace(place) => {
            held(identity.and_then(|identity| identity.birth_place).map(|birth_place| birth_place == *place))
        }
        Given::Nationality(code) => held(identity.map(|identity| *code == identity.nationality)),
        Given::Residence(address) => held(person.residence().and_then(|residence| {
            let commune = residence.permanent_commune?;
            let whole = residence_line(residence.permanent_address.as_deref(), commune);
            Some(*address == plain_address(&whole) || *address == commune.to_string())
        })),
        Given::CardIssued(day) => held(person.card().map(|card| card.issued == Some(*day))),
        Given::CardExpires(day) => held(person.card().map(|card| card.expires == Some(*day))),
        Given::Phone(phone) => held(
            person
                .contact()
                .and_then(|contact| contact.phone.as_deref())
                .map(|held| plain_phone(held) == *phone),
        ),
    }
}

/// Whether an answer makes it plain that the caller holds this person's data. The number itself tells the birth year,
/// so where the register knows no day, an agreeing birth date shows nothing.
pub(crate) fn identifies(person: &Person, field: Field, answer: Answer) -> bool {
    let agrees = matches!(answer, Answer::Match | Answer::MatchWithoutDiacritics);
    let has_birth_day = || person.identity().is_some_and(|identity| identity.birth_date.whole().is_some());
    agrees && field.identifies() && (field != Field::BirthDate || has_birth_day())
}

/// A residence in one line, as cards print it.
pub fn residence_line(address: Option<&str>, commune: CommuneCode) -> String {
    let place = Places::national().describe(commune).unwrap_or_else(|| commune.to_string());
    match address {
        Some(address) if !address.is_empty() => format!("{address}, {place}"),
        _ => place,
    }
}

/// As far as the register knows the date. A given year alone does not match a whole date: it is guessed too easily.
fn birth_date_matches(held: PartialDate, given: PartialDate) -> bool {
    held == given || (held.whole().is_none() && given.whole().is_some() && held.agrees_with(given))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_telephone_number_has_digits() {
        for (text, digits) in [("0912 345 678", "0912345678"), ("+84 912.345.678", "0912345678")] {
            assert_eq!(Given::read(Field::Phone, text), Some(Ok(Given::Phone(digits.to_owned()))));
        }
        for text in ["", "-", "không có", "0", "1234567", &"1".repeat(16)] {
            let refused = Given::read(Field::Phone, text).unwrap().unwrap_err();
            assert_eq!(refused.code, "DANCU-EXCHANGE-032", "{text}");
        }
    }
}
