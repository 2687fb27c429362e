//! The personal number of 12 digits and the old number of 9.

use crate::{Explain, Explanation, Sex};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Why a text is no number of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not the stated count of digits.
    #[error("expected {expected} digits, found {found} characters")]
    Length {
        /// Digits that such a number has.
        expected: usize,
        /// Characters found.
        found: usize,
    },
    /// A character other than `0`–`9`; positions count from 1.
    #[error("character {position} is no digit")]
    NotADigit {
        /// Position, counted from 1.
        position: usize,
    },
    /// All digits are zero.
    #[error("all digits are zero")]
    Zero,
}

impl Explain for NumberError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Length { expected, found } => Explanation::new(
                "DANCU-CORE-001",
                format!("Số phải có đúng {expected} chữ số, ở đây có {found} ký tự. Hãy quét hoặc nhập lại."),
                format!(
                    "The number must have exactly {expected} digits, here are {found} characters. Scan or enter it again."
                ),
            ),
            Self::NotADigit { position } => Explanation::new(
                "DANCU-CORE-002",
                format!("Ký tự thứ {position} không phải là chữ số. Hãy quét hoặc nhập lại."),
                format!("Character {position} is not a digit. Scan or enter it again."),
            ),
            Self::Zero => Explanation::new(
                "DANCU-CORE-003",
                "Số toàn chữ số 0 không phải là số của ai. Hãy kiểm tra lại nguồn dữ liệu.",
                "A number of zeros only belongs to nobody. Check the source of the data.",
            ),
        }
    }
}

fn digits(text: &str, expected: usize) -> Result<u64, NumberError> {
    if let Some(position) = text.chars().position(|c| !c.is_ascii_digit()) {
        return Err(NumberError::NotADigit { position: position + 1 });
    }
    if text.len() != expected {
        return Err(NumberError::Length { expected, found: text.len() });
    }
    let value = text.bytes().fold(0_u64, |value, byte| value * 10 + u64::from(byte - b'0'));
    if value == 0 { Err(NumberError::Zero) } else { Ok(value) }
}

/// Số định danh cá nhân: 12 digits `PPP G YY NNNNNN`, without a check digit.
///
/// `PPP` is the place of birth registration on the day of issue, `G` century and sex, `YY` the birth year.
/// Places merge and persons' sex may be corrected, so nothing of it is taken for a present fact, and an
/// unknown prefix is no error (Decree 137/2015, art. 13).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonalNumber(u64);

impl PersonalNumber {
    /// How many digits a personal number has.
    pub const DIGITS: usize = 12;

    /// The number as a whole number, without its leading zeros.
    pub const fn value(self) -> u64 {
        self.0
    }

    /// From the whole number; `None` for zero or more than 12 digits.
    pub const fn from_value(value: u64) -> Option<Self> {
        if value == 0 || value >= 1_000_000_000_000 { None } else { Some(Self(value)) }
    }

    /// Puts the parts together: place (three digits), sex, four-digit birth year from 1900 to 2399,
    /// six-digit sequence. `None` when a part is out of its range or all is zero.
    pub fn from_parts(place: u16, sex: Sex, birth_year: i16, sequence: u32) -> Option<Self> {
        if place > 999 || sequence > 999_999 || !(1900..2400).contains(&birth_year) {
            return None;
        }
        let birth_year = u64::from(birth_year.unsigned_abs());
        let century_digit = (birth_year / 100 - 19) * 2 + u64::from(sex == Sex::Female);
        let leading = u64::from(place) * 1000 + century_digit * 100 + birth_year % 100;
        Self::from_value(leading * 1_000_000 + u64::from(sequence))
    }

    /// The three-digit place of birth registration, as it was on the day of issue.
    #[expect(clippy::cast_possible_truncation, reason = "three digits fit")]
    pub const fn issued_place(self) -> u16 {
        (self.0 / 1_000_000_000) as u16
    }

    /// The sex that was registered on the day of issue.
    pub const fn issued_sex(self) -> Sex {
        if (self.0 / 100_000_000).is_multiple_of(2) { Sex::Male } else { Sex::Female }
    }

    /// The birth year that was registered on the day of issue (1900–2399).
    #[expect(clippy::cast_possible_truncation, reason = "four digits fit")]
    pub const fn issued_birth_year(self) -> i16 {
        let century = self.0 / 100_000_000 % 10 / 2;
        (1900 + century * 100 + self.0 / 1_000_000 % 100) as i16
    }

    /// The number with all but its last three digits hidden, for lists that others can see.
    pub fn masked(self) -> String {
        format!("•••••••••{:03}", self.0 % 1000)
    }
}

impl fmt::Display for PersonalNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

impl fmt::Debug for PersonalNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalNumber(…)")
    }
}

impl FromStr for PersonalNumber {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        digits(text, Self::DIGITS).map(Self)
    }
}

impl TryFrom<String> for PersonalNumber {
    type Error = NumberError;

    fn try_from(text: String) -> Result<Self, NumberError> {
        text.parse()
    }
}

impl From<PersonalNumber> for String {
    fn from(number: PersonalNumber) -> String {
        number.to_string()
    }
}

/// Số CMND: the nine digits of the identity papers before 2016. Its leading zeros count.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OldNumber(u32);

impl OldNumber {
    /// How many digits an old number has.
    pub const DIGITS: usize = 9;

    /// The number as a whole number, without its leading zeros.
    pub const fn value(self) -> u32 {
        self.0
    }

    /// From the whole number; `None` for zero or more than 9 digits.
    pub const fn from_value(value: u32) -> Option<Self> {
        if value == 0 || value >= 1_000_000_000 { None } else { Some(Self(value)) }
    }
}

impl fmt::Display for OldNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:09}", self.0)
    }
}

impl fmt::Debug for OldNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OldNumber(…)")
    }
}

impl FromStr for OldNumber {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        let value = digits(text, Self::DIGITS)?;
        u32::try_from(value).map(Self).map_err(|_| NumberError::Zero)
    }
}

impl TryFrom<String> for OldNumber {
    type Error = NumberError;

    fn try_from(text: String) -> Result<Self, NumberError> {
        text.parse()
    }
}

impl From<OldNumber> for String {
    fn from(number: OldNumber) -> String {
        number.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_number_is_read_back_as_written(value in 1_u64..1_000_000_000_000) {
            let number = PersonalNumber::from_value(value).unwrap();
            prop_assert_eq!(number.to_string().len(), 12);
            prop_assert_eq!(number.to_string().parse::<PersonalNumber>().unwrap(), number);
        }

        #[test]
        fn parts_come_back_from_the_number(
            place in 1_u16..1000, male: bool, year in 1900_i16..2400, sequence in 0_u32..1_000_000,
        ) {
            let sex = if male { Sex::Male } else { Sex::Female };
            let number = PersonalNumber::from_parts(place, sex, year, sequence).unwrap();
            prop_assert_eq!(number.issued_place(), place);
            prop_assert!(number.issued_sex() == sex);
            prop_assert_eq!(number.issued_birth_year(), year);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,20}") {
            let _ = text.parse::<PersonalNumber>();
            let _ = text.parse::<OldNumber>();
        }
    }

    #[test]
    fn errors_say_where() {
        assert_eq!(
            "00108500000".parse::<PersonalNumber>().unwrap_err(),
            NumberError::Length { expected: 12, found: 11 }
        );
        assert_eq!(
            "0010850000O1".parse::<PersonalNumber>().unwrap_err(),
            NumberError::NotADigit { position: 11 }
        );
        assert_eq!("000000000000".parse::<PersonalNumber>().unwrap_err(), NumberError::Zero);
        assert_eq!(
            "٠٠١٠٨٥٠٠٠٠٠١".parse::<PersonalNumber>().unwrap_err(),
            NumberError::NotADigit { position: 1 }
        );
    }

    #[test]
    fn the_table_of_centuries_and_sexes_agrees() {
        for line in include_str!("../../../data/century_sex.csv").lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let year: i16 = fields[2].parse().unwrap();
            let number = PersonalNumber::from_parts(1, fields[1].parse().unwrap(), year + 85, 7).unwrap();
            assert_eq!(&number.to_string()[3..4], fields[0]);
            assert_eq!(fields[3].parse::<i16>().unwrap(), year + 99);
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let number: PersonalNumber = "001085000001".parse().unwrap();
        assert!(!format!("{number:?}").contains("085"));
        assert_eq!(number.masked(), "•••••••••001");
    }
}
