//! The key words of all names, in memory: some thousands, looked through for those that a slip of the finger makes of
//! one another.

use crate::{SearchStore, plan::WordChoice, words::hash};
use dancu_core::StoreError;
use rapidfuzz::distance::osa;
use std::sync::{PoisonError, RwLock};

/// Words that may be meant by one of the query, the likeliest first.
const SIMILAR_MAX: usize = 48;
/// A word with so many letters may hold two slips.
const LONG_WORD_LETTERS: usize = 6;
/// Words that are kept. Beyond that further rare words are found when they are spelt right.
const WORDS_MAX: usize = 1_000_000;
/// Words that one look at the store fetches.
const BATCH: usize = 20_000;

/// Words of the register, by their length.
#[derive(Default)]
struct Words {
    by_length: Vec<Vec<Box<str>>>,
    count: usize,
    newest: u64,
}

/// The words, brought up to date from the store as they are asked for.
#[derive(Default)]
pub(crate) struct Vocabulary(RwLock<Words>);

/// Slips of the finger that a word of so many letters may hold.
pub(crate) const fn slips_max(letters: usize) -> usize {
    if letters >= LONG_WORD_LETTERS { 2 } else { 1 }
}

/// Letters left out, put in, taken for another, or exchanged with their neighbour; `None` for more than `slips_max`.
pub(crate) fn slips(a: &str, b: &str, slips_max: usize) -> Option<usize> {
    osa::distance_with_args(a.chars(), b.chars(), &osa::Args::default().score_cutoff(slips_max))
}

impl Vocabulary {
    /// Takes in the words that came since the last time.
    pub async fn refresh(&self, store: &dyn SearchStore) -> Result<(), StoreError> {
        loop {
            let (newest, count) = {
                let words = self.0.read().unwrap_or_else(PoisonError::into_inner);
                (words.newest, words.count)
            };
            if count >= WORDS_MAX {
                return Ok(());
            }
            let fresh = store.words(newest, BATCH).await?;
            let is_last = fresh.len() < BATCH;
            self.0.write().unwrap_or_else(PoisonError::into_inner).add(fresh);
            if is_last {
                return Ok(());
            }
        }
    }

    /// A word of the query with those that may be meant.
    pub fn choose(&self, key: &str) -> WordChoice {
        let letters = key.chars().count();
        let most = slips_max(letters);
        let words = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let lengths = letters.saturating_sub(most)..=letters + most;
        let mut similar: Vec<(usize, &str)> = lengths
            .filter_map(|length| words.by_length.get(length))
            .flatten()
            .filter_map(|word| Some((slips(key, word, most)?, &**word)))
            .filter(|(slips, _)| *slips > 0)
            .collect();
        similar.sort_unstable();
        similar.truncate(SIMILAR_MAX);
        WordChoice { hash: hash(key), similar: similar.into_iter().map(|(_, word)| hash(word)).collect() }
    }
}

impl Words {
    fn add(&mut self, fresh: Vec<(u64, String)>) {
        for (number, word) in fresh {
            // Two searches may bring the same words at once.
            if number <= self.newest {
                continue;
            }
            self.newest = number;
            self.count += 1;
            let letters = word.chars().count();
            if self.by_length.len() <= letters {
                self.by_length.resize_with(letters + 1, Vec::new);
            }
            self.by_length[letters].push(word.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_finger_are_counted() {
        assert_eq!(slips("hung", "hung", 1), Some(0));
        for typed in ["hun", "hungg", "hugn", "hang", "ung"] {
            assert_eq!(slips("hung", typed, 1), Some(1), "{typed}");
        }
        assert_eq!(slips("hung", "han", 1), None);
        assert_eq!(slips("nguien", "nguuein", 2), Some(2));
    }

    #[test]
    fn the_nearest_words_come_first_and_the_word_itself_not_at_all() {
        let vocabulary = Vocabulary::default();
        let words = ["phuong", "phung", "huong", "truong", "an"];
        let fresh = (1..).zip(words.map(str::to_owned)).collect::<Vec<_>>();
        vocabulary.0.write().unwrap().add(fresh.clone());
        vocabulary.0.write().unwrap().add(fresh);
        let choice = vocabulary.choose("phuong");
        assert_eq!(choice.similar, ["huong", "phung", "truong"].map(hash));
        assert_eq!(vocabulary.choose("phung").similar, [hash("phuong")]);
    }
}
