//! Names of persons, and when two written forms are the same Vietnamese name.

use crate::{Explain, Explanation};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use unicode_normalization::{IsNormalized, UnicodeNormalization, char::is_combining_mark, is_nfc_quick};

/// Combining marks of the five written tones: grave, acute, tilde, hook above, dot below.
const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];

/// A person's name: NFC, no blanks at its ends, single blanks inside, 1–200 characters, no control characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonName(String);

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing but blanks.
    #[error("the name is empty")]
    Empty,
    /// Over 200 characters.
    #[error("the name is longer than 200 characters")]
    TooLong,
    /// A digit, a control character or another sign that no name holds; positions count from 1.
    #[error("character {position} cannot stand in a name")]
    Character {
        /// Position, counted from 1.
        position: usize,
    },
}

impl Explain for NameError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Empty => Explanation::new("DANCU-CORE-040", "Họ tên để trống.", "The name is empty."),
            Self::TooLong => Explanation::new(
                "DANCU-CORE-041",
                "Họ tên dài quá 200 ký tự.",
                "The name is longer than 200 characters.",
            ),
            Self::Character { position } => Explanation::new(
                "DANCU-CORE-042",
                format!("Ký tự thứ {position} không thể có trong họ tên."),
                format!("Character {position} cannot stand in a name."),
            ),
        }
    }
}

/// What the comparison of a given name with the register's found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameComparison {
    /// The same name: case, normal form, blanks and the place of the tone mark do not count.
    Same,
    /// The same letters, but some words of one side carry no marks at all (`Nguyen Van An`).
    DiacriticsMissing,
    /// Another name, a contradictory mark (`Hương`, `Hường`) included.
    Differs,
}

/// One syllable's letter with what it carries; the tone is kept per syllable, since its place is a matter of taste.
#[derive(PartialEq, Eq)]
struct Letter {
    base: char,
    /// Circumflex, breve, horn or another mark that makes a letter of its own.
    mark: Option<char>,
}

#[derive(PartialEq, Eq)]
struct Syllable {
    letters: Vec<Letter>,
    tone: Option<char>,
}

/// One letter or sign for those that stand for each other: Ð (eth) and Ɖ (African d) are Đ in old code tables, and
/// apostrophes differ by keyboard. `c` is in lower case.
const fn usual(c: char) -> char {
    match c {
        'ð' | 'ɖ' => 'đ',
        '’' | '‘' | 'ʼ' => '\'',
        c => c,
    }
}

/// Syllables with their tones; a word that signs join (`Bảo-Ngọc`) has one for each part, which ends with the sign.
fn syllables(text: &str) -> Vec<Syllable> {
    let mut syllables = Vec::new();
    for word in text.split_whitespace() {
        let mut syllable = Syllable { letters: Vec::with_capacity(word.len()), tone: None };
        for c in word.nfd().flat_map(char::to_lowercase).map(usual) {
            match c {
                c if TONES.contains(&c) => syllable.tone = Some(c),
                c if is_combining_mark(c) => {
                    if let Some(letter) = syllable.letters.last_mut() {
                        letter.mark = Some(c);
                    }
                }
                'đ' => syllable.letters.push(Letter { base: 'd', mark: Some('đ') }),
                c => syllable.letters.push(Letter { base: c, mark: None }),
            }
            if matches!(c, '-' | '\'' | '.' | ',') {
                let next = Syllable { letters: Vec::new(), tone: None };
                syllables.push(std::mem::replace(&mut syllable, next));
            }
        }
        if !syllable.letters.is_empty() || syllable.tone.is_some() {
            syllables.push(syllable);
        }
    }
    syllables
}

impl Syllable {
    /// Whether it carries no mark at all, as on a keyboard without Vietnamese.
    fn is_bare(&self) -> bool {
        self.tone.is_none() && self.letters.iter().all(|letter| letter.mark.is_none())
    }

    fn same_bases(&self, other: &Self) -> bool {
        self.letters.len() == other.letters.len()
            && self.letters.iter().zip(&other.letters).all(|(a, b)| a.base == b.base)
    }
}

/// Whether `poorer` is `richer` with some syllables written bare. A syllable that keeps one mark and lacks
/// another is another word: the level tone is a tone too, so `Hương` is not an unfinished `Hường`.
fn lacks_marks_of(poorer: &[Syllable], richer: &[Syllable]) -> bool {
    poorer.len() == richer.len()
        && poorer
            .iter()
            .zip(richer)
            .all(|(poorer, richer)| poorer == richer || (poorer.is_bare() && poorer.same_bases(richer)))
}

impl PersonName {
    /// Compares the register's name with a given one.
    pub fn compare(&self, given: &Self) -> NameComparison {
        if self.0 == given.0 {
            return NameComparison::Same;
        }
        let held = syllables(&self.0);
        let given = syllables(&given.0);
        if held == given {
            NameComparison::Same
        } else if lacks_marks_of(&given, &held) || lacks_marks_of(&held, &given) {
            NameComparison::DiacriticsMissing
        } else {
            NameComparison::Differs
        }
    }

    /// The name as text, for the person's own view and for storage.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name with each word but the first cut to its initial: `Nguyễn V. A.`
    pub fn masked(&self) -> String {
        let mut words = self.0.split(' ');
        let mut masked = words.next().unwrap_or_default().to_owned();
        for word in words {
            masked.push(' ');
            masked.extend(word.chars().next());
            masked.push('.');
        }
        masked
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(…)")
    }
}

impl FromStr for PersonName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let mut name = String::with_capacity(text.len());
        for word in text.split_whitespace() {
            if !name.is_empty() {
                name.push(' ');
            }
            name.push_str(word);
        }
        if is_nfc_quick(name.chars()) != IsNormalized::Yes {
            name = name.nfc().collect();
        }
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        let mut length = 0;
        for (index, c) in name.chars().enumerate() {
            let fits =
                is_letter(c) || is_combining_mark(c) || matches!(c, ' ' | '\'' | '’' | '‘' | '-' | '.' | ',');
            if !fits {
                return Err(NameError::Character { position: index + 1 });
            }
            length = index + 1;
        }
        if length > 200 { Err(NameError::TooLong) } else { Ok(Self(name)) }
    }
}

/// Letters of any script; those of Vietnamese without a look into the tables of Unicode, since names are read
/// for every answer.
fn is_letter(c: char) -> bool {
    match c {
        'a'..='z' | 'A'..='Z' | 'À'..='Ö' | 'Ø'..='ö' | 'ø'..='ʯ' | 'Ḁ'..='ỿ' => true,
        c => c.is_alphabetic(),
    }
}

impl TryFrom<String> for PersonName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<PersonName> for String {
    fn from(name: PersonName) -> String {
        name.0
    }
}

/// The text in composed letters (NFC), as everything is stored.
pub fn composed(text: &str) -> String {
    text.nfc().collect()
}

/// Folds text for look-ups: lower case, no diacritics, đ as d, single blanks. `NGUYỄN  Văn` gives `nguyen van`.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        for c in word.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
            let c = usual(c);
            folded.push(if c == 'đ' { 'd' } else { c });
        }
    }
    folded
}

/// One key for all spellings of the same words: lower case, each syllable with its tone at the end, so that the place of
/// the tone mark, case, normal form and blanks do not count. `Hoà`, `HÒA` and `hòa` have the same key; `Hoa` has another.
pub fn name_key(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !key.is_empty() {
            key.push(' ');
        }
        for syllable in syllables(word) {
            for letter in &syllable.letters {
                // The stroke of đ is no mark that stands behind a letter.
                if letter.mark == Some('đ') {
                    key.push('đ');
                    continue;
                }
                key.push(letter.base);
                key.extend(letter.mark);
            }
            key.extend(syllable.tone);
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn compare(held: &str, given: &str) -> NameComparison {
        held.parse::<PersonName>().unwrap().compare(&given.parse().unwrap())
    }

    #[test]
    fn case_normal_form_blanks_and_tone_place_do_not_count() {
        let decomposed: String = "Nguyễn Văn Hòa".nfd().collect();
        for given in ["NGUYỄN VĂN HÒA", "nguyễn  văn hoà", "Nguyễn Văn Hoà", &decomposed, " Nguyễn Văn Hòa "]
        {
            assert_eq!(compare("Nguyễn Văn Hòa", given), NameComparison::Same, "{given}");
        }
        assert_eq!(compare("Đỗ Thúy Ngà", "ĐỖ THUÝ NGÀ"), NameComparison::Same);
    }

    #[test]
    fn letters_and_signs_that_look_alike_count_as_one() {
        // Ð (eth) and Ɖ (African d) stand for Đ in old code tables; apostrophes differ by keyboard.
        for given in ["Ðỗ Văn Ðức", "ĐỖ VĂN ÐỨC", "ðỗ văn ɖức", "Ɖỗ Văn Ɖức"] {
            assert_eq!(compare("Đỗ Văn Đức", given), NameComparison::Same, "{given}");
        }
        assert_eq!(compare("Do Van Duc", "Ðỗ Văn Ðức"), NameComparison::DiacriticsMissing);
        for given in ["H’Hen Niê", "HʼHen Niê", "H\u{2018}Hen Niê", "H'HEN NIÊ"] {
            assert_eq!(compare("H'Hen Niê", given), NameComparison::Same, "{given}");
        }
        assert_eq!(fold("Ðỗ H’Hen"), "do h'hen");
    }

    #[test]
    fn each_part_of_a_joined_word_has_its_own_tone() {
        assert_eq!(compare("Bảo-Ngọc", "Bao-Ngọc"), NameComparison::DiacriticsMissing);
        assert_eq!(compare("Bảo-Ngọc", "Báo-Ngọc"), NameComparison::Differs);
        assert_eq!(compare("Bảo-Ngọc", "Baọ-Ngỏc"), NameComparison::Differs);
        assert_eq!(compare("Bảo-Ngọc", "BẢO-NGỌC"), NameComparison::Same);
        assert_eq!(compare("Bảo-Ngọc", "Bảo Ngọc"), NameComparison::Differs);
        assert_eq!(compare("Y'Thìn", "Y'Thín"), NameComparison::Differs);
    }

    #[test]
    fn missing_marks_are_their_own_answer_and_other_marks_another_name() {
        for given in ["Nguyen Van Huong", "Nguyễn Van Huong", "nguyen van hường"] {
            assert_eq!(compare("Nguyễn Văn Hường", given), NameComparison::DiacriticsMissing, "{given}");
        }
        for (held, given) in [("Hường", "Hương"), ("Hường", "Hưởng"), ("Đồng", "Đông"), ("Hường", "Huờng")]
        {
            assert_eq!(compare(held, given), NameComparison::Differs, "{held} {given}");
        }
        assert_eq!(compare("Trần Thị Lan", "Trần Lan"), NameComparison::Differs);
        assert_eq!(compare("Trần Thị Lan", "Lan Trần Thị"), NameComparison::Differs);
        assert_eq!(compare("Do Van An", "Đỗ Văn Ân"), NameComparison::DiacriticsMissing);
    }

    #[test]
    fn names_with_other_signs_are_refused_with_their_place() {
        assert_eq!("Nguyễn\u{7}An".parse::<PersonName>().unwrap_err(), NameError::Character { position: 7 });
        assert_eq!("An2".parse::<PersonName>().unwrap_err(), NameError::Character { position: 3 });
        assert_eq!(" \t".parse::<PersonName>().unwrap_err(), NameError::Empty);
        assert_eq!("a".repeat(201).parse::<PersonName>().unwrap_err(), NameError::TooLong);
        assert!("H'Hen Niê".parse::<PersonName>().is_ok());
        assert_eq!("Nguyễn Văn An".parse::<PersonName>().unwrap().masked(), "Nguyễn V. A.");
    }

    #[test]
    fn the_short_cut_for_letters_is_right() {
        for c in '\0'..='\u{2fff}' {
            assert_eq!(is_letter(c), c.is_alphabetic(), "{c:?}");
        }
    }

    #[test]
    fn names_that_are_the_same_have_the_same_key_and_others_another() {
        assert_eq!(name_key("Thúy  HOÀ"), name_key("thuý hòa"));
        assert_eq!(name_key("Ðức"), name_key("Đức"));
        for (one, other) in [("Hương", "Hường"), ("Đồng", "Đông"), ("Đan", "Dan"), ("An", "Ân")] {
            assert_ne!(name_key(one), name_key(other), "{one} {other}");
        }
        assert_eq!(fold(&name_key("Nguyễn Đức")), "nguyen duc");
    }

    #[test]
    fn folding_is_for_look_ups() {
        assert_eq!(fold("  NGUYỄN  Đức Ước "), "nguyen duc uoc");
    }

    proptest! {
        #[test]
        fn a_name_is_the_same_as_its_decomposed_upper_case_self(name in "[A-ZĐÂa-zđơưăêôâáàảãạ]{1,8}( [a-zđơưăêôâếềểễệ]{1,6}){0,3}") {
            let held: PersonName = name.parse().unwrap();
            let shouted: String = name.to_uppercase().nfd().collect();
            prop_assert_eq!(held.compare(&shouted.parse().unwrap()), NameComparison::Same);
        }

        #[test]
        fn comparison_is_symmetric(a in "[aăâàáeêìiyoôơuư đ]{1,12}", b in "[aăâàáeêìiyoôơuư đ]{1,12}") {
            if let (Ok(a), Ok(b)) = (a.parse::<PersonName>(), b.parse::<PersonName>()) {
                prop_assert_eq!(a.compare(&b), b.compare(&a));
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = text.parse::<PersonName>();
            let _ = fold(&text);
        }
    }
}
