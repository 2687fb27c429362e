//! Vietnamese names of persons, taken apart into surname, middle and given name.

use super::{Mended, ValueFault};
use dancu_core::{check_name, composed, fold, legacy_readings, name_key};
use rustc_hash::FxHashMap;
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

/// Surnames by which a name that begins otherwise is told to stand in the western order: the commonest, which hardly
/// anybody bears as a given name alone.
pub const SURNAMES_MAJOR: [&str; 12] =
    ["Nguyễn", "Trần", "Phạm", "Huỳnh", "Võ", "Phan", "Bùi", "Đặng", "Đỗ", "Ngô", "Dương", "Đinh"];

/// The same as keys, and folded for names that are written without marks.
static MAJOR: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let keys = SURNAMES_MAJOR.into_iter().map(key_of_word);
    keys.flat_map(|key| [fold(&key), key]).collect()
});

/// How much commoner a surname has to be than another to be taken for the surname where it stands last.
const LIKELIER: u32 = 20;

/// Words that nobody keeps: a reader's memory is emptied when it holds more.
const WORDS_REMEMBERED: usize = 200_000;

/// Surnames, folded, with their commoner weight of north and south.
static SURNAMES: LazyLock<HashMap<String, u32>> = LazyLock::new(|| {
    let lines = include_str!("../../../../data/synth_surnames.csv").lines().skip(1);
    let mut weights = HashMap::new();
    for line in lines {
        let mut fields = line.split(',');
        let name = fields.next().unwrap_or_default();
        let weight: u32 = fields.take(2).filter_map(|field| field.parse().ok()).max().unwrap_or_default();
        let known = weights.entry(folded_word(name)).or_insert(0);
        *known = weight.max(*known);
    }
    weights
});

/// Surnames that stand behind the given name, as the Ê Đê and their neighbours write it.
static SURNAMES_LAST: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let lines = include_str!("../../../../data/synth_surnames.csv").lines().skip(1);
    lines
        .filter(|line| line.ends_with("surname_last"))
        .filter_map(|line| line.split(',').next())
        .map(folded_word)
        .collect()
});

fn folded_word(word: &str) -> String {
    fold(&key_of_word(word))
}

/// A name as keys: lower case, tones at the end of each syllable, `y` as `i` where both are written for one sound. Words
/// that were cut short end with a dot (`ng.`). Folding a key (`dancu_core::fold`) gives the key without marks.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct NormalName {
    /// First of the name; empty when the name has one word.
    pub surname: String,
    /// Everything between, words apart by blanks; may be empty.
    pub middle: String,
    /// What tells persons apart.
    pub given: String,
}

impl std::fmt::Debug for NormalName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NormalName(…)")
    }
}

impl NormalName {
    /// Surname, middle and given name, apart by blanks.
    pub fn joined(&self) -> String {
        let parts = [self.surname.as_str(), &self.middle, &self.given];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// Whether a word that was cut short (`ng.`) can be this one, both without marks.
pub fn fits_cut(cut: &str, word: &str) -> bool {
    cut.strip_suffix('.').is_some_and(|start| !start.is_empty() && word.starts_with(start))
}

#[derive(Clone)]
struct Word {
    key: Box<str>,
    /// As it stands it is no Vietnamese, and in an old code table it is.
    is_legacy: bool,
}

/// Reads names and remembers the words, of which a country has a few thousand.
#[derive(Default)]
pub struct NameReader {
    words: FxHashMap<Box<str>, Word>,
}

impl NameReader {
    /// Reads a full name. `None` for an empty cell.
    pub fn read(&mut self, text: &str) -> Result<Option<(NormalName, Option<Mended>)>, ValueFault> {
        let text = &*in_composed(without_brackets(text));
        if text.trim().is_empty() {
            return Ok(None);
        }
        let mut keys = Vec::with_capacity(5);
        let mut mended = None;
        if !self.keys(text, &mut keys) {
            keys.clear();
            self.keys(&recoded(text), &mut keys);
            mended = Some(Mended::Recoded);
        }
        if keys.is_empty() {
            return Err(ValueFault::NotAName);
        }
        drop_title(&mut keys);
        if turn(&mut keys) {
            mended = mended.or(Some(Mended::OrderTurned));
        }
        Ok(Some((parts(&keys), mended)))
    }

    /// One name column of its own, such as a surname; `None` for an empty cell.
    pub fn read_words(&mut self, text: &str) -> Option<String> {
        let text = &*in_composed(text);
        let mut keys = Vec::with_capacity(3);
        if !self.keys(text, &mut keys) {
            keys.clear();
            self.keys(&recoded(text), &mut keys);
        }
        (!keys.is_empty()).then(|| keys.join(" "))
    }

    /// The keys of the words; false when the text has to be read in an old code table.
    fn keys(&mut self, text: &str, keys: &mut Vec<String>) -> bool {
        let mut is_sound = true;
        for (raw, is_cut) in words(text) {
            let word = self.word(raw);
            is_sound &= !word.is_legacy;
            if word.key.is_empty() {
                continue;
            }
            let is_cut = is_cut && word.key.chars().count() <= 3 || has_no_vowel(&word.key);
            keys.push(if is_cut { format!("{}.", word.key) } else { word.key.to_string() });
        }
        is_sound
    }

    fn word(&mut self, raw: &str) -> Word {
        if let Some(word) = self.words.get(raw) {
            return word.clone();
        }
        if self.words.len() >= WORDS_REMEMBERED {
            self.words.clear();
        }
        let is_legacy = !raw.is_ascii() && check_name(raw).is_err();
        let word = Word { key: key_of_word(raw).into(), is_legacy };
        self.words.insert(raw.into(), word.clone());
        word
    }
}

/// In composed letters, as nearly all of it is already.
fn in_composed(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_mark) { Cow::Owned(composed(text)) } else { Cow::Borrowed(text) }
}

/// What stands in brackets is a nickname or a remark.
fn without_brackets(text: &str) -> &str {
    text.split_once(['(', '[']).map_or(text, |(before, _)| before)
}

/// The text as it was meant: as a whole where all of it is in one table, else word by word.
fn recoded(text: &str) -> String {
    let read = |text: &str| -> Option<String> {
        let table = check_name(text).err()?.0;
        legacy_readings(text).into_iter().find(|(other, _)| *other == table).map(|(_, reading)| reading)
    };
    read(text).unwrap_or_else(|| {
        let words = text.split_whitespace().map(|word| read(word).unwrap_or_else(|| word.to_owned()));
        words.collect::<Vec<_>>().join(" ")
    })
}

/// The words, and whether a dot ended each. Apostrophes stand within words (`H'Hen`), every other sign between them.
fn words(text: &str) -> impl Iterator<Item = (&str, bool)> {
    text.split_inclusive(|sign: char| {
        sign.is_whitespace() || matches!(sign, '.' | ',' | '-' | '–' | ';' | '/' | '_' | '"' | '\u{200b}')
    })
    .filter_map(|piece| {
        let is_cut = piece.ends_with('.');
        let word = piece.trim_end_matches(|sign: char| {
            sign.is_whitespace() || matches!(sign, '.' | ',' | '-' | '–' | ';' | '/' | '_' | '"' | '\u{200b}')
        });
        (!word.is_empty()).then_some((word, is_cut))
    })
}

fn key_of_word(word: &str) -> String {
    let key: String = name_key(word).chars().filter(|sign| sign.is_alphabetic() || is_mark(*sign)).collect();
    plain_y(key)
}

const fn is_mark(sign: char) -> bool {
    matches!(sign, '\u{300}'..='\u{36f}')
}

/// `ly` and `li` are one sound, `thuy` and `thui` are two: `y` becomes `i` where it is the only vowel, or behind `qu`.
fn plain_y(key: String) -> String {
    let end = key.trim_end_matches(is_mark).len();
    let Some(start) = key[..end].strip_suffix('y') else {
        return key;
    };
    let before = if start == "qu" { "" } else { start };
    if before.chars().any(|letter| is_vowel(letter) || is_mark(letter)) {
        return key;
    }
    format!("{start}i{}", &key[end..])
}

const fn is_vowel(letter: char) -> bool {
    matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}

/// `ng` and `v` are no syllables: somebody cut them short.
fn has_no_vowel(key: &str) -> bool {
    key.chars().count() <= 4
        && !key.chars().any(|letter| is_vowel(letter) || is_mark(letter) || !letter.is_ascii())
}

/// `Ông Nguyễn Văn An`: the address goes where a surname follows.
fn drop_title(keys: &mut Vec<String>) {
    let is_title = keys.first().is_some_and(|first| matches!(fold(first).as_str(), "ong" | "ba"));
    if is_title && keys.len() >= 3 && is_surname(&keys[1]) {
        keys.remove(0);
    }
}

fn is_surname(key: &str) -> bool {
    SURNAMES.contains_key(&fold(key)) || key.ends_with('.')
}

/// Whether a first word is far more likely a given name than a surname beside this last word: nearly every word is
/// somebody's surname.
fn is_given_beside(first: &str, last: &str) -> bool {
    let weight = |word: &str| SURNAMES.get(word).copied().unwrap_or_default();
    !first.ends_with('.') && weight(last) >= LIKELIER * weight(&fold(first)).max(1)
}

/// Brings the surname to the front where it stands last; says whether it did.
fn turn(keys: &mut [String]) -> bool {
    let [first, .., last] = &*keys else {
        return false;
    };
    let is_major = MAJOR.contains(last.as_str());
    let last = fold(last);
    let is_highland = SURNAMES_LAST.contains(&last) && !is_surname(first);
    let may_be_given = if keys.len() > 2 { is_given_beside(first, &last) } else { !is_surname(first) };
    let is_western = may_be_given && is_major;
    if !is_highland && !is_western {
        return false;
    }
    // `An Văn Nguyễn` is turned as a whole, of `Văn An Nguyễn` only the surname is.
    let is_reversed = keys.len() == 3 && matches!(fold(&keys[1]).as_str(), "van" | "thi");
    if is_reversed && is_western {
        keys.reverse();
    } else {
        keys.rotate_right(1);
    }
    true
}

fn parts(keys: &[String]) -> NormalName {
    match keys {
        [] => NormalName::default(),
        [given] => NormalName { given: given.clone(), ..NormalName::default() },
        [surname, middle @ .., given] => {
            NormalName { surname: surname.clone(), middle: middle.join(" "), given: given.clone() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    fn read(text: &str) -> NormalName {
        NameReader::default().read(text).unwrap().unwrap().0
    }

    #[test]
    fn spellings_of_one_name_have_one_key() {
        let usual = read("Nguyễn Thị Thúy Hòa");
        for text in [
            "NGUYỄN THỊ THUÝ HOÀ",
            " nguyễn  thị thúy hòa ",
            "Nguyễn Thị Thúy Hòa (Bé)",
            "Bà Nguyễn Thị Thuý Hòa",
        ] {
            assert_eq!(read(text).joined(), usual.joined(), "{text}");
        }
        assert_eq!(read("Lý Mỹ Quý"), read("Lí Mĩ Quí"));
        assert_ne!(read("Trần Thúy"), read("Trần Thúi"));
        assert_eq!(read("Ðỗ Ðức"), read("Đỗ Đức"));
    }

    #[test]
    fn marks_are_kept_in_the_key_and_lost_when_it_is_folded() {
        let (one, other) = (read("Trần Thị Hương"), read("Trần Thị Hường"));
        assert_ne!(one.given, other.given);
        assert_eq!(fold(&one.given), fold(&other.given));
    }

    #[test]
    fn old_code_tables_are_read() {
        let usual = read("Nguyễn Văn Dũng");
        for text in ["NguyÔn V¨n Dòng", "Nguyeãn Vaên Duõng", "Nguyá»…n VÄƒn DÅ©ng"] {
            let (name, mended) = NameReader::default().read(text).unwrap().unwrap();
            assert_eq!((name, mended), (usual.clone(), Some(Mended::Recoded)), "{text}");
        }
        assert_eq!(read("Nguyễn V¨n Dũng"), usual, "residue in one word");
    }

    #[test]
    fn words_cut_short_are_known_as_such() {
        for text in ["Ng. V. An", "Ng.V.An", "Ng V An"] {
            let name = read(text);
            assert_eq!((&*name.surname, &*name.middle, &*name.given), ("ng.", "v.", "an"), "{text}");
        }
        assert!(fits_cut("ng.", "nguyen") && fits_cut("v.", "van"));
        assert!(!fits_cut("ng.", "tran") && !fits_cut("ng", "nguyen") && !fits_cut(".", "an"));
    }

    #[test]
    fn the_surname_comes_first_whatever_the_order() {
        let usual = read("Nguyễn Văn Hùng");
        assert_eq!(read("Hùng Văn Nguyễn"), usual);
        assert_eq!(read("Văn Hùng Nguyễn"), usual);
        assert_eq!(read("Y Thìn Niê").surname, read("Niê").given);
        assert_eq!(read("Trần Lê").surname, read("Trần").given);
        // Đăng is a given name and Đặng a surname.
        assert_eq!(read("Xyz Hoài Đăng").given, read("Đăng").given);
    }

    #[test]
    fn what_is_no_name_is_set_aside() {
        assert_eq!(NameReader::default().read("123 ..").map(|_| ()), Err(ValueFault::NotAName));
        assert!(NameReader::default().read("  ").unwrap().is_none());
    }

    /// Names of syllables that people bear; letters thrown together can be residue of an old code table by chance.
    fn names() -> impl Strategy<Value = String> {
        let column = |text: &'static str| -> Vec<&'static str> {
            text.lines().skip(1).filter_map(|line| line.split(',').next()).collect()
        };
        let tables = [
            include_str!("../../../../data/synth_surnames.csv"),
            include_str!("../../../../data/synth_middle_names.csv"),
            include_str!("../../../../data/synth_given_names.csv"),
        ];
        let parts = tables.map(|table| proptest::sample::select(column(table)));
        parts.prop_map(|parts| parts.join(" "))
    }

    proptest! {
        #[test]
        fn a_key_read_again_is_itself(name in names()) {
            let mut reader = NameReader::default();
            let once = reader.read(&name).unwrap().unwrap().0;
            let again = reader.read(&once.joined()).unwrap().unwrap().0;
            prop_assert_eq!(again, once);
        }

        #[test]
        fn normal_forms_and_case_do_not_count(name in names()) {
            let mut reader = NameReader::default();
            let usual = reader.read(&name).unwrap().unwrap().0;
            for other in [name.nfd().collect::<String>(), name.to_uppercase(), name.to_lowercase().nfd().collect()] {
                prop_assert_eq!(&reader.read(&other).unwrap().unwrap().0, &usual);
            }
        }

        #[test]
        fn no_text_panics_and_memory_changes_nothing(texts in proptest::collection::vec("\\PC{0,24}", 1..6)) {
            let mut reader = NameReader::default();
            for text in texts.iter().chain(&texts) {
                prop_assert_eq!(reader.read(text), NameReader::default().read(text));
            }
        }
    }
}
