//! Numbers that are unique by construction, with memory that does not grow with the country.
//!
//! Each kind counts from zero within its own space and maps the count one-to-one onto that space by a multiplier
//! coprime to its size, so that neighbours in the file do not have neighbouring numbers.

use crate::error::SynthError;
use dancu_core::{OldNumber, PersonalNumber, Sex};

/// Sequences of one place, sex and birth year.
const SEQUENCES: u32 = 1_000_000;
/// Coprime to ten, so it maps 0..10^n onto itself.
const MULTIPLIER: u64 = 618_033_989;
const FIRST_YEAR: i16 = 1900;
const YEARS: usize = 200;
const PLACES: usize = 1_000;
/// Old numbers below one prefix of two digits.
const OLD_SERIALS: u32 = 10_000_000;
/// First three digits of mobile numbers in use.
const PHONE_PREFIXES: [u16; 33] = [
    32, 33, 34, 35, 36, 37, 38, 39, 52, 56, 58, 59, 70, 76, 77, 78, 79, 81, 82, 83, 84, 85, 86, 88, 89, 90,
    91, 93, 94, 96, 97, 98, 99,
];
/// Numbers below one mobile prefix.
const PHONE_SERIALS: u64 = 10_000_000;
/// Household numbers have ten digits.
const HOUSEHOLDS: u64 = 10_000_000_000;

/// Counts of what was given out.
#[derive(Debug)]
pub struct Numbers {
    /// By place, then year, then sex. Pages of places that no one was born in stay untouched.
    personal: Vec<u32>,
    old: [u32; 100],
    phones: u64,
    households: u64,
    emails: u64,
}

fn scatter(count: u64, offset: u64, space: u64) -> u64 {
    let product = u128::from(count) * u128::from(MULTIPLIER) + u128::from(offset);
    u64::try_from(product % u128::from(space)).expect("below a u64")
}

impl Numbers {
    /// Nothing given out yet.
    pub fn new() -> Self {
        Self { personal: vec![0; PLACES * YEARS * 2], old: [0; 100], phones: 0, households: 0, emails: 0 }
    }

    /// A personal number that no one has.
    pub fn personal(&mut self, place: u16, sex: Sex, year: i16) -> Result<PersonalNumber, SynthError> {
        let used_up = || SynthError::NumbersUsedUp { kind: "personal numbers of a place and year" };
        let years = usize::try_from(year - FIRST_YEAR).map_err(|_| used_up())?;
        let cell = (usize::from(place) * YEARS + years) * 2 + usize::from(sex == Sex::Female);
        let count = self.personal.get_mut(cell).ok_or_else(used_up)?;
        if *count == SEQUENCES {
            return Err(used_up());
        }
        let sequence = scatter(u64::from(*count), cell as u64 * 7_919, u64::from(SEQUENCES));
        *count += 1;
        let sequence = u32::try_from(sequence).expect("below a million");
        PersonalNumber::from_parts(place, sex, year, sequence).ok_or_else(used_up)
    }

    /// An old number that no one has. Serial zero is left out.
    pub fn old(&mut self, prefix: u8) -> Result<OldNumber, SynthError> {
        let used_up = || SynthError::NumbersUsedUp { kind: "old numbers of a province" };
        let count = self.old.get_mut(usize::from(prefix)).ok_or_else(used_up)?;
        *count += 1;
        if *count == OLD_SERIALS {
            return Err(used_up());
        }
        let serial = scatter(u64::from(*count), 0, u64::from(OLD_SERIALS));
        let serial = u32::try_from(serial).expect("seven digits");
        OldNumber::from_value(u32::from(prefix) * OLD_SERIALS + serial).ok_or_else(used_up)
    }

    /// A telephone number that no one has, in national form.
    pub fn phone(&mut self) -> Result<String, SynthError> {
        let space = PHONE_SERIALS * PHONE_PREFIXES.len() as u64;
        if self.phones == space {
            return Err(SynthError::NumbersUsedUp { kind: "telephone numbers" });
        }
        let drawn = scatter(self.phones, 271_828_183, space);
        self.phones += 1;
        let prefix = usize::try_from(drawn / PHONE_SERIALS).expect("a table's index");
        Ok(format!("0{}{:07}", PHONE_PREFIXES[prefix], drawn % PHONE_SERIALS))
    }

    /// A household number that no household has, ten digits.
    pub fn household(&mut self) -> Result<u64, SynthError> {
        self.households += 1;
        if self.households == HOUSEHOLDS {
            return Err(SynthError::NumbersUsedUp { kind: "household numbers" });
        }
        Ok(scatter(self.households, 0, HOUSEHOLDS))
    }

    /// A number for the next e-mail address.
    pub fn email(&mut self) -> u64 {
        self.emails += 1;
        self.emails
    }

    /// Households so far.
    pub fn households(&self) -> u64 {
        self.households
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_whole_cell_is_given_out_without_a_repetition_and_then_ends() {
        let mut numbers = Numbers::new();
        let mut seen = HashSet::new();
        for _ in 0..SEQUENCES {
            assert!(seen.insert(numbers.personal(1, Sex::Female, 1987).unwrap()));
        }
        assert!(numbers.personal(1, Sex::Female, 1987).is_err());
        assert!(numbers.personal(1, Sex::Male, 1987).is_ok());
    }

    #[test]
    fn old_numbers_phones_and_households_do_not_repeat() {
        let mut numbers = Numbers::new();
        let (mut old, mut phones, mut households) = (HashSet::new(), HashSet::new(), HashSet::new());
        for _ in 0..50_000 {
            let number = numbers.old(1).unwrap();
            assert!(number.to_string().starts_with("01"));
            assert!(old.insert(number));
            let phone = numbers.phone().unwrap();
            assert_eq!(phone.len(), 10);
            assert!(phones.insert(phone));
            assert!(households.insert(numbers.household().unwrap()));
        }
    }

    #[test]
    fn the_spaces_have_no_common_factor_with_the_multiplier() {
        for prime in [2, 3, 5, 11] {
            assert_ne!(MULTIPLIER % prime, 0, "{prime}");
        }
    }
}
