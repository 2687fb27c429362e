//! What stores keep for searching: 18 bytes an entry, whose order as bytes is the order of the index.

use crate::words::{hash, key_words};
use dancu_core::{CommuneCode, OldNumber, PersonName, PersonalNumber};
use dancu_register::{FactKind, FactValue, KindSet};
use std::collections::BTreeSet;

/// Bytes of an entry.
pub const ENTRY_BYTES: usize = 18;
/// An entry as it is kept.
pub type EntryBytes = [u8; ENTRY_BYTES];

/// One way to a person.
///
/// As bytes, big-endian: given name (4), surname (2), birth year (2), number (5), middle names (2), commune (3). The
/// entry of an old number has a given name of zero, the old number in place of surname and year, and nothing after the
/// number. Words stand as parts of their hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    /// By an old number.
    OldNumber {
        /// The old number.
        old: OldNumber,
        /// Whose it is or was.
        number: PersonalNumber,
    },
    /// By a name.
    Name {
        /// Last word, never zero.
        given: u32,
        /// First word; zero for a name of one word.
        surname: u16,
        /// Year of birth.
        year: u16,
        /// Who bears or bore it.
        number: PersonalNumber,
        /// The words between, in any order; zero when there are none.
        middle: u16,
        /// Where the person resides or resided; zero when nowhere.
        commune: u32,
    },
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entry(…)")
    }
}

/// The given name's part of a hash.
pub(crate) fn given_part(word: u64) -> u32 {
    u32::try_from(word >> 32).unwrap_or(u32::MAX).max(1)
}

/// A surname's part of a hash.
pub(crate) fn surname_part(word: u64) -> u16 {
    u16::try_from(word & 0xFFFF).unwrap_or(u16::MAX).max(1)
}

/// The part of words between: a sum, so that their order does not count.
pub(crate) fn middle_part(words: impl IntoIterator<Item = u64>) -> u16 {
    let mut words = words.into_iter().peekable();
    if words.peek().is_none() {
        return 0;
    }
    let sum = words.fold(0_u64, u64::wrapping_add);
    u16::try_from(sum >> 48).unwrap_or(u16::MAX).max(1)
}

impl Entry {
    /// The person whom it leads to.
    pub const fn number(&self) -> PersonalNumber {
        match self {
            Self::OldNumber { number, .. } | Self::Name { number, .. } => *number,
        }
    }

    /// As it is kept.
    pub fn to_bytes(self) -> EntryBytes {
        let mut bytes = [0; ENTRY_BYTES];
        let number = self.number().value().to_be_bytes();
        bytes[8..13].copy_from_slice(&number[3..]);
        match self {
            Self::OldNumber { old, .. } => bytes[4..8].copy_from_slice(&old.value().to_be_bytes()),
            Self::Name { given, surname, year, middle, commune, .. } => {
                bytes[..4].copy_from_slice(&given.to_be_bytes());
                bytes[4..6].copy_from_slice(&surname.to_be_bytes());
                bytes[6..8].copy_from_slice(&year.to_be_bytes());
                bytes[13..15].copy_from_slice(&middle.to_be_bytes());
                bytes[15..].copy_from_slice(&commune.to_be_bytes()[1..]);
            }
        }
        bytes
    }

    /// From what is kept; `None` for bytes that [`Entry::to_bytes`] does not write.
    pub fn from_bytes(bytes: &EntryBytes) -> Option<Self> {
        let whole = |from: usize, to: usize| {
            bytes[from..to].iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte))
        };
        let number = PersonalNumber::from_value(whole(8, 13))?;
        let given = u32::try_from(whole(0, 4)).ok()?;
        if given == 0 {
            let old = OldNumber::from_value(u32::try_from(whole(4, 8)).ok()?)?;
            return Some(Self::OldNumber { old, number });
        }
        Some(Self::Name {
            given,
            surname: u16::try_from(whole(4, 6)).ok()?,
            year: u16::try_from(whole(6, 8)).ok()?,
            number,
            middle: u16::try_from(whole(13, 15)).ok()?,
            commune: u32::try_from(whole(15, 18)).ok()?,
        })
    }
}

/// The kinds of facts by which a person is found: a store that writes one of them writes entries too.
pub const fn searchable_kinds() -> KindSet {
    KindSet::EMPTY.with(FactKind::Identity).with(FactKind::Residence).with(FactKind::OtherName)
}

/// What a person can be found by, collected from facts of any time: former names and residences stay in the index.
#[derive(Clone, Default)]
pub struct Traits {
    names: Vec<PersonName>,
    years: BTreeSet<u16>,
    communes: BTreeSet<u32>,
    old_numbers: BTreeSet<OldNumber>,
    has_identity: bool,
    has_residence: bool,
}

impl std::fmt::Debug for Traits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Traits(…)")
    }
}

impl Traits {
    /// Entries of one person at most: whoever had very many names and homes is found by the first of them.
    const ENTRIES_MAX: usize = 128;

    /// Takes in what a fact says. Facts of other kinds say nothing here.
    pub fn take(&mut self, value: &FactValue) {
        match value {
            FactValue::Identity(identity) => {
                self.has_identity = true;
                self.name(&identity.name);
                self.years.insert(u16::try_from(identity.birth_date.year()).unwrap_or(0));
                self.old_numbers.extend(identity.old_number);
            }
            FactValue::OtherName(other) => {
                if let Some(name) = &other.name {
                    self.name(name);
                }
            }
            FactValue::Residence(home) => {
                self.has_residence = true;
                self.communes.extend(home.permanent_commune.map(CommuneCode::value));
                self.communes.extend(home.temporary.as_ref().map(|temporary| temporary.commune.value()));
            }
            _ => {}
        }
    }

    fn name(&mut self, name: &PersonName) {
        if !self.names.contains(name) {
            self.names.push(name.clone());
        }
    }

    /// Whether facts of both main kinds were taken in, so that nothing else of the person need be read.
    pub const fn is_whole(&self) -> bool {
        self.has_identity && self.has_residence
    }

    /// The entries, and each key word to `word`.
    pub fn entries(&self, number: PersonalNumber, mut word: impl FnMut(&str)) -> Vec<EntryBytes> {
        let mut entries: Vec<EntryBytes> =
            self.old_numbers.iter().map(|old| Entry::OldNumber { old: *old, number }.to_bytes()).collect();
        let nowhere = BTreeSet::from([0]);
        let communes = if self.communes.is_empty() { &nowhere } else { &self.communes };
        for name in &self.names {
            let keys = key_words(name.as_str());
            for key in &keys {
                word(key);
            }
            let hashes: Vec<u64> = keys.iter().map(|key| hash(key)).collect();
            let Some((last, before)) = hashes.split_last() else { continue };
            let surname = before.first().map_or(0, |word| surname_part(*word));
            let middle = middle_part(before.iter().skip(1).copied());
            for year in &self.years {
                for commune in communes {
                    let (given, year, commune) = (given_part(*last), *year, *commune);
                    let entry = Entry::Name { given, surname, year, number, middle, commune };
                    entries.push(entry.to_bytes());
                }
            }
        }
        entries.truncate(Self::ENTRIES_MAX);
        entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn entries_are_read_back_and_keep_their_order(
            a in (1_u32.., any::<u16>(), any::<u16>(), 1_u64..1_000_000_000_000, any::<u16>(), 0_u32..100_000),
            b in (1_u32.., any::<u16>(), any::<u16>(), 1_u64..1_000_000_000_000, any::<u16>(), 0_u32..100_000),
        ) {
            let entry = |(given, surname, year, number, middle, commune)| {
                let number = PersonalNumber::from_value(number).expect("in range");
                Entry::Name { given, surname, year, number, middle, commune }
            };
            let (a, b) = (entry(a), entry(b));
            prop_assert_eq!(Entry::from_bytes(&a.to_bytes()), Some(a));
            prop_assert_eq!(a.to_bytes().cmp(&b.to_bytes()), a.cmp(&b));
        }

        #[test]
        fn old_numbers_are_read_back(old in 1_u32..1_000_000_000, number in 1_u64..1_000_000_000_000) {
            let old = OldNumber::from_value(old).expect("in range");
            let entry = Entry::OldNumber { old, number: PersonalNumber::from_value(number).expect("in range") };
            prop_assert_eq!(Entry::from_bytes(&entry.to_bytes()), Some(entry));
        }
    }
}
