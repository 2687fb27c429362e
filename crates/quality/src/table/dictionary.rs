//! Values by number: each different text once, so that a column is a list of numbers and equal values have equal ones.

use hashbrown::HashTable;
use rustc_hash::FxHasher;
use std::hash::Hasher;

/// Texts with numbers from 1; 0 is "not told".
#[derive(Default)]
pub(crate) struct Dictionary {
    texts: String,
    /// Where each text ends; the first entry is that of number 0, the empty text.
    ends: Vec<usize>,
    table: HashTable<u32>,
}

/// The hash of a text, the same in every run.
pub(crate) fn hash_of(text: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text);
    // The low bits of this hash are poor, and tables look at them.
    mix(hasher.finish())
}

/// Spreads the bits of a number over all of it (`SplitMix64`).
pub(crate) const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

impl Dictionary {
    /// How many numbers there are, that of the empty text included.
    pub fn len(&self) -> usize {
        self.ends.len().max(1)
    }

    /// The text of a number.
    pub fn text(&self, number: u32) -> &str {
        let at = number as usize;
        if at == 0 {
            return "";
        }
        &self.texts[self.ends[at - 1]..self.ends[at]]
    }

    /// The number of a text, a new one if it is the first time.
    pub fn number(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        if self.ends.is_empty() {
            self.ends.push(0);
        }
        let (bytes, ends) = (self.texts.as_bytes(), &self.ends);
        let at = |number: u32| &bytes[ends[number as usize - 1]..ends[number as usize]];
        let hash = hash_of(text.as_bytes());
        if let Some(number) = self.table.find(hash, |number| at(*number) == text.as_bytes()) {
            return *number;
        }
        let number =
            u32::try_from(self.ends.len()).expect("rows are counted in 32 bits, so are their values");
        self.texts.push_str(text);
        self.ends.push(self.texts.len());
        let (bytes, ends) = (self.texts.as_bytes(), &self.ends);
        let at = |number: u32| &bytes[ends[number as usize - 1]..ends[number as usize]];
        self.table.insert_unique(hash, number, |number| hash_of(at(*number)));
        number
    }

    /// The numbers that another dictionary's texts have here, by their numbers there.
    pub fn adopt(&mut self, other: &Self) -> Vec<u32> {
        (0..other.len()).map(|number| self.number(other.text(u32::try_from(number).unwrap_or(0)))).collect()
    }

    /// Gives back what only finding texts needs.
    pub fn freeze(&mut self) {
        self.table = HashTable::new();
        self.texts.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equal_texts_have_equal_numbers_and_others_others(texts in proptest::collection::vec("[a-c]{0,3}", 0..60)) {
            let mut dictionary = Dictionary::default();
            let numbers: Vec<u32> = texts.iter().map(|text| dictionary.number(text)).collect();
            for (text, number) in texts.iter().zip(&numbers) {
                prop_assert_eq!(dictionary.text(*number), text);
            }
            let mut other = Dictionary::default();
            other.number("b");
            let map = other.adopt(&dictionary);
            for (text, number) in texts.iter().zip(&numbers) {
                prop_assert_eq!(other.text(map[*number as usize]), text);
            }
        }
    }
}
