//! A count, and how it is told.

use dancu_core::PersonalNumber;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::fmt;

/// Gives each person a number that looks drawn at random and is always the same. Whoever had the key could undo the rounding, so it
/// stands outside of the store.
pub struct RecordKeys([u8; 32]);

impl fmt::Debug for RecordKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordKeys(…)")
    }
}

impl RecordKeys {
    /// From a secret.
    pub const fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// A person's.
    pub fn of(&self, number: PersonalNumber) -> u64 {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(b"dancu statistics v1:");
        mac.update(&number.value().to_be_bytes());
        let bytes = mac.finalize().into_bytes();
        u64::from_be_bytes(bytes[..8].try_into().expect("eight of thirty-two bytes"))
    }
}

/// How many persons, and the sum of their keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Persons, exactly. It is told to nobody.
    pub(crate) persons: u64,
    pub(crate) key: u64,
}

impl Tally {
    /// One person.
    pub const fn one(key: u64) -> Self {
        Self { persons: 1, key }
    }

    /// Both together, of persons who differ.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self { persons: self.persons + other.persons, key: self.key.wrapping_add(other.key) }
    }

    /// The count as a multiple of a base, rounded up as often as it is nearer to the next one: on the average nothing is added
    /// or taken away. Whether up is decided by the sum of the keys, so the same persons give the same count in whichever table, on
    /// whichever day and however often one asks, and the average of many answers tells no more than one (Thompson, Broadfoot and Elazar,
    /// *Methodology for the Automatic Confidentialisation of Statistical Outputs from Remote Servers*, 2013: cell keys; random
    /// rounding as of Statistics New Zealand).
    pub const fn rounded(self, base: u64) -> u64 {
        let rest = self.persons % base;
        // The key as a number from 0 to below the base.
        let draw = ((self.key as u128 * base as u128) >> 64) as u64;
        let below = self.persons - rest;
        if draw < rest { below + base } else { below }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_is_the_persons_own_and_the_houses() {
        let [one, other] = ["001090000001", "001090000002"].map(|number| number.parse().unwrap());
        let keys = RecordKeys::new([1; 32]);
        assert_eq!(keys.of(one), keys.of(one));
        assert_ne!(keys.of(one), keys.of(other));
        assert_ne!(keys.of(one), RecordKeys::new([2; 32]).of(one));
        assert_eq!(format!("{keys:?}"), "RecordKeys(…)");
    }

    #[test]
    fn nothing_is_added_or_taken_away_on_the_average() {
        let keys = RecordKeys::new([7; 32]);
        let number = |serial: u64| format!("001090{serial:06}").parse().unwrap();
        let draws = 20_000;
        for persons in 1..=5_u64 {
            let told: u64 = (0..draws)
                .map(|draw| {
                    let person = |place| Tally::one(keys.of(number(draw * 5 + place)));
                    (0..persons).map(person).fold(Tally::default(), Tally::with).rounded(5)
                })
                .sum();
            // Ten standard deviations of the mean are 0.18.
            let mean_centi = told * 100 / draws;
            assert!(mean_centi.abs_diff(persons * 100) <= 18, "{persons}: {mean_centi}");
        }
    }

    proptest! {
        #[test]
        fn a_count_is_told_as_a_multiple_less_than_a_base_away(persons in 0..10_000_000_u64, key: u64, base in 1..50_u64) {
            let told = Tally { persons, key }.rounded(base);
            prop_assert_eq!(told % base, 0);
            prop_assert!(told.abs_diff(persons) < base);
            prop_assert!(persons % base != 0 || told == persons);
        }

        #[test]
        fn the_order_of_persons_does_not_matter(keys in prop::collection::vec(any::<u64>(), 0..40)) {
            let sum = |keys: &[u64]| keys.iter().map(|key| Tally::one(*key)).fold(Tally::default(), Tally::with);
            let backwards: Vec<u64> = keys.iter().rev().copied().collect();
            prop_assert_eq!(sum(&keys), sum(&backwards));
        }
    }
}
