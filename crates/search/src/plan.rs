//! From a query to stretches of the index: the name as it stands, then its words in other orders, then with one word
//! mistyped. What is looked up is bounded before it is looked up.

use crate::{
    entry::{Entry, EntryBytes, given_part, middle_part, surname_part},
    words::hash,
};
use dancu_core::{OldNumber, PersonalNumber};

/// A stretch of the index, both ends within it, and what an entry there must fulfil.
#[derive(Clone, PartialEq, Eq)]
pub struct Probe {
    /// First bytes.
    pub from: EntryBytes,
    /// Last bytes.
    pub to: EntryBytes,
    /// Which of them are meant.
    pub filter: Filter,
}

impl std::fmt::Debug for Probe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Probe(…)")
    }
}

/// What an entry must fulfil beyond lying in the stretch.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Filter {
    year: Option<u16>,
    /// Any of these; empty: all.
    middles: Vec<u16>,
    /// Any of these, ascending; empty: all.
    communes: Vec<u32>,
}

impl Filter {
    /// Whether an entry is meant.
    pub fn keeps(&self, entry: &Entry) -> bool {
        match entry {
            Entry::OldNumber { .. } => true,
            Entry::Name { year, middle, commune, .. } => {
                self.year.is_none_or(|wanted| wanted == *year)
                    && (self.middles.is_empty() || self.middles.contains(middle))
                    && (self.communes.is_empty() || self.communes.binary_search(commune).is_ok())
            }
        }
    }
}

/// A word of the query with the words of the register that may be meant.
#[derive(Clone)]
pub(crate) struct WordChoice {
    pub hash: u64,
    /// Hashes of words that differ by a slip of the finger, the likeliest first.
    pub similar: Vec<u64>,
}

impl WordChoice {
    pub fn exact(key: &str) -> Self {
        Self { hash: hash(key), similar: Vec::new() }
    }
}

/// Conditions that entries can be asked for.
#[derive(Clone, Default)]
pub(crate) struct Conditions {
    pub year: Option<u16>,
    pub communes: Vec<u32>,
}

/// Where an old number stands.
pub(crate) fn old_number(old: OldNumber) -> Probe {
    let end = |number| {
        let number = PersonalNumber::from_value(number).expect("both ends of the range are numbers");
        Entry::OldNumber { old, number }.to_bytes()
    };
    Probe { from: end(1), to: end(999_999_999_999), filter: Filter::default() }
}

/// The name as it is written, in the order of most names: surname, middle names, given name.
pub(crate) fn as_written(words: &[WordChoice], conditions: &Conditions) -> Vec<Probe> {
    let hashes: Vec<u64> = words.iter().map(|word| word.hash).collect();
    arranged(&hashes, 0, hashes.len() - 1, conditions).into_iter().collect()
}

/// Every other choice of surname and given name among the words.
pub(crate) fn reordered(words: &[WordChoice], conditions: &Conditions) -> Vec<Probe> {
    let hashes: Vec<u64> = words.iter().map(|word| word.hash).collect();
    let last = hashes.len() - 1;
    let pairs = (0..hashes.len()).flat_map(|surname| (0..hashes.len()).map(move |given| (surname, given)));
    pairs
        .filter(|(surname, given)| surname != given && (*surname, *given) != (0, last))
        .filter_map(|(surname, given)| arranged(&hashes, surname, given, conditions))
        .collect()
}

/// The name in its order with one word replaced by a similar one.
pub(crate) fn mistyped(words: &[WordChoice], conditions: &Conditions) -> Vec<Probe> {
    let hashes: Vec<u64> = words.iter().map(|word| word.hash).collect();
    let last = hashes.len() - 1;
    let mut probes = Vec::new();
    for place in [last, 0].into_iter().take(hashes.len()) {
        for similar in &words[place].similar {
            let mut other = hashes.clone();
            other[place] = *similar;
            probes.extend(arranged(&other, 0, last, conditions));
        }
    }
    // Words between share the stretch of the index: one look with all that may be meant.
    if let Some(mut probe) = arranged(&hashes, 0, last, conditions)
        && hashes.len() > 2
    {
        let between = &words[1..last];
        let middles = between.iter().enumerate().flat_map(|(place, word)| {
            word.similar.iter().map(move |similar| {
                let others = between.iter().enumerate().filter(move |(other, _)| *other != place);
                middle_part(others.map(|(_, word)| word.hash).chain([*similar]))
            })
        });
        probe.filter.middles = middles.collect();
        if !probe.filter.middles.is_empty() {
            probes.push(probe);
        }
    }
    probes
}

/// One word alone is a given name, under any surname.
fn arranged(hashes: &[u64], surname: usize, given: usize, conditions: &Conditions) -> Option<Probe> {
    let given_hash = given_part(*hashes.get(given)?);
    let mut filter =
        Filter { year: conditions.year, middles: Vec::new(), communes: conditions.communes.clone() };
    let (surnames, years) = if hashes.len() == 1 {
        ((0, u16::MAX), (0, u16::MAX))
    } else {
        let between = hashes.iter().enumerate().filter(|(place, _)| *place != surname && *place != given);
        // Two words leave the middle names open; three and more say them.
        if hashes.len() > 2 {
            filter.middles = vec![middle_part(between.map(|(_, word)| *word))];
        }
        let surname = surname_part(hashes[surname]);
        ((surname, surname), conditions.year.map_or((0, u16::MAX), |year| (year, year)))
    };
    let end = |surname: u16, year: u16, rest: u8| {
        let mut bytes = [rest; crate::ENTRY_BYTES];
        bytes[..4].copy_from_slice(&given_hash.to_be_bytes());
        bytes[4..6].copy_from_slice(&surname.to_be_bytes());
        bytes[6..8].copy_from_slice(&year.to_be_bytes());
        bytes
    };
    Some(Probe { from: end(surnames.0, years.0, 0), to: end(surnames.1, years.1, u8::MAX), filter })
}
