//! Rows in code tables of before Unicode: `V¨n` for Văn. None of them is stored.

use dancu_core::{LegacyEncoding, LegacyText, check_name, check_text, legacy_readings};
use std::{collections::HashSet, sync::LazyLock};
use unicode_normalization::UnicodeNormalization;

/// Grave, acute, tilde, hook above, dot below.
const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];

/// Common surnames, middle names and given names.
fn listed() -> impl Iterator<Item = &'static str> {
    const LISTS: [&str; 3] = [
        include_str!("../../../../data/synth_surnames.csv"),
        include_str!("../../../../data/synth_middle_names.csv"),
        include_str!("../../../../data/synth_given_names.csv"),
    ];
    let lines = LISTS.into_iter().flat_map(|list| list.lines().skip(1));
    lines.filter_map(|line| line.split(',').next())
}

/// Their syllables, small, each with its tone at the end.
static COMMON: LazyLock<HashSet<String>> = LazyLock::new(|| listed().flat_map(syllables).collect());

fn syllables(name: &str) -> impl Iterator<Item = String> {
    name.split(|sign: char| sign.is_ascii() && !sign.is_ascii_alphabetic())
        .filter(|word| !word.is_empty())
        .map(tone_last)
}

/// A syllable with its tone at the end, so that `hoà` and `hòa` are one.
fn tone_last(word: &str) -> String {
    let (tones, letters): (Vec<char>, Vec<char>) =
        word.nfd().flat_map(char::to_lowercase).partition(|sign| TONES.contains(sign));
    letters.into_iter().chain(tones).collect()
}

/// A name of a file. Beside what its letters tell, a file is also told by its words: `Vò Dòng` could be Vietnamese, but
/// nobody is called so, and many are called Vũ Dũng. One strange word is no proof: people are called Vi Thô and Ma Chí Hoà.
pub(super) fn check_name_of_file(name: &str) -> Result<(), LegacyText> {
    check_name(name)?;
    let readings = legacy_readings(name).into_iter().filter(|(table, _)| *table != LegacyEncoding::Utf8);
    for (table, reading) in readings {
        if is_only_meant(name, &reading) {
            return Err(LegacyText(table));
        }
    }
    Ok(())
}

/// Whether a reading is made of common names, and at least two words of what stands there, all that differ from it, are not.
fn is_only_meant(name: &str, reading: &str) -> bool {
    let differing: Vec<String> = syllables(name)
        .zip(syllables(reading))
        .filter(|(stands, meant)| stands != meant)
        .map(|(stands, _)| stands)
        .collect();
    differing.len() >= 2
        && syllables(reading).all(|word| COMMON.contains(&word))
        && !differing.iter().any(|word| COMMON.contains(word))
}

/// A row that is no UTF-8, byte for byte: most files that are none were written in TCVN3. A field that is UTF-8 by itself
/// tells nothing of the one that is not.
pub(super) fn check_bytes(row: &[u8]) -> Result<(), LegacyText> {
    let strange = row.split(|byte| *byte == b',').filter(|field| str::from_utf8(field).is_err());
    strange
        .map(|field| field.iter().copied().map(char::from).collect::<String>())
        .try_for_each(|field| check_text(&field))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names() -> impl Strategy<Value = String> {
        let all: Vec<String> = listed().flat_map(str::split_whitespace).map(str::to_lowercase).collect();
        proptest::collection::vec(proptest::sample::select(all), 2..5).prop_map(|words| words.join(" "))
    }

    /// Words that cannot be told from names as they stand.
    fn is_ambiguous(shown: &str, name: &str) -> bool {
        let differing: Vec<String> = syllables(shown)
            .zip(syllables(name))
            .filter(|(one, other)| one != other)
            .map(|(one, _)| one)
            .collect();
        differing.len() < 2 || differing.iter().any(|word| COMMON.contains(word))
    }

    /// As a program of Latin letters shows the bytes of TCVN3.
    fn shown(name: &str) -> String {
        let sign = |letter: char| {
            let codes = (0xA1_u8..=0xFE).map(char::from);
            let mut meaning = codes.map(|sign| (sign, legacy_readings(&sign.to_string())));
            meaning
                .find(|(_, means)| means.contains(&(LegacyEncoding::Tcvn3, letter.to_string())))
                .map_or(letter, |(sign, _)| sign)
        };
        name.chars().map(sign).collect()
    }

    #[test]
    fn names_that_letters_alone_do_not_tell_are_told_by_their_words() {
        assert_eq!(check_name_of_file("Vò Dòng"), Err(LegacyText(LegacyEncoding::Tcvn3)));
        for name in [
            "Hoàng Hà",
            "Lê Hùng",
            "Müller",
            "Lý",
            "François",
            "Trần Dòng",
            "Łukasz",
            "Hoàng Hoà",
            "Danh Hoà",
            "Ma Chí Hoà",
            "Vi Thô",
            "Ksor Nô",
            "Kim Só",
            "Nay Hoà",
            "Võ Nô",
            "Lý Thuý",
            "Siu Mô",
        ] {
            assert_eq!(check_name_of_file(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn rows_in_bytes_of_tcvn3_are_recognised_and_other_bytes_are_not() {
        assert!(check_bytes(b"001085000001,Nguy\xd4n V\xa8n An,M").is_err());
        assert!(check_bytes(b"001085000001,M\xfcller,M").is_ok());
        assert!(check_bytes(b"\xff\xfe\x00").is_ok());
        let torn = ["001085000001,Tr".as_bytes(), b"\xff\xfe", "n,Số 5 phố Đội Cấn".as_bytes()].concat();
        assert!(check_bytes(&torn).is_ok(), "the address is sound: the row is in Unicode, and damaged");
    }

    proptest! {
        #[test]
        fn every_common_name_in_tcvn3_is_recognised_and_none_as_it_is(name in names()) {
            prop_assert_eq!(check_name_of_file(&name), Ok(()));
            let shown = shown(&name);
            // One strange word, signs that mean themselves, and words that are common either way, tell nobody anything.
            if !is_ambiguous(&shown, &name) {
                prop_assert_eq!(check_name_of_file(&shown), Err(LegacyText(LegacyEncoding::Tcvn3)), "{}", shown);
            }
        }
    }
}
