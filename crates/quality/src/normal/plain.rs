//! Texts of other kinds.

use super::ValueFault;
use dancu_core::{Sex, fold};
use std::sync::LazyLock;

/// Letters up to here are folded by a look into a table: Latin, Vietnamese included.
const TABLE: u32 = 0x1F00;

/// What one letter folds to, where that is one letter or digit; a blank for signs, nothing for marks behind a letter.
static FOLDED: LazyLock<Vec<Option<char>>> = LazyLock::new(|| {
    let of_letter = |code| {
        let folded = slowly(&char::from_u32(code)?.to_string());
        let mut letters = folded.chars();
        match (letters.next(), letters.next()) {
            (Some(letter), None) => Some(letter),
            (None, _) if code < 0x300 => Some(' '),
            _ => None,
        }
    };
    (0..TABLE).map(of_letter).collect()
});

/// An address, a suburb, a code: folded, signs as blanks, single blanks.
pub fn plain_text(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match FOLDED.get(letter as usize) {
            Some(Some(' ')) => {
                if !plain.is_empty() && !plain.ends_with(' ') {
                    plain.push(' ');
                }
            }
            Some(Some(folded)) => plain.push(*folded),
            _ => return slowly(text),
        }
    }
    if plain.ends_with(' ') {
        plain.pop();
    }
    plain
}

fn slowly(text: &str) -> String {
    let folded = fold(text);
    let mut plain = String::with_capacity(folded.len());
    for word in folded.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if !plain.is_empty() {
            plain.push(' ');
        }
        plain.push_str(word);
    }
    plain
}

/// Sex in the words and figures of files: `Nam`, `Nữ`, `M`, `F`, `1` and `0` or `2`.
pub fn read_sex(text: &str) -> Result<Option<Sex>, ValueFault> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if let Ok(sex) = text.parse::<Sex>() {
        return Ok(Some(sex));
    }
    match fold(text).as_str() {
        "1" | "trai" | "ong" | "man" | "boy" => Ok(Some(Sex::Male)),
        "0" | "2" | "gai" | "ba" | "w" | "woman" | "girl" | "n÷" => Ok(Some(Sex::Female)),
        _ => Err(ValueFault::NotASex),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    #[test]
    fn signs_and_marks_do_not_count_in_addresses() {
        assert_eq!(plain_text("Số 5/12, ngõ  Chùa-Láng"), "so 5 12 ngo chua lang");
        assert_eq!(plain_text(" , "), "");
    }

    #[test]
    fn sexes_are_read_in_words_and_figures() {
        for text in ["Nữ", "NỮ", "f", "0", "2", "gái"] {
            assert_eq!(read_sex(text).unwrap().unwrap().letter(), "F", "{text}");
        }
        assert_eq!(read_sex("1").unwrap().unwrap().letter(), "M");
        assert!(read_sex(" ").unwrap().is_none());
        assert_eq!(read_sex("x").map(|_| ()), Err(ValueFault::NotASex));
    }

    proptest! {
        #[test]
        fn the_table_folds_as_the_letters_do(text in "[ -~à-ỹÀ-ỸđĐ,.\u{300}-\u{323}]{0,30}") {
            prop_assert_eq!(plain_text(&text), slowly(&text));
        }

        #[test]
        fn plain_text_is_idempotent_and_its_own_decomposed_self(text in "\\PC{0,40}") {
            let once = plain_text(&text);
            prop_assert_eq!(plain_text(&once), once.clone());
            let decomposed: String = text.nfd().collect();
            prop_assert_eq!(&once, &slowly(&text));
            let composed: String = text.nfc().collect();
            prop_assert_eq!(plain_text(&decomposed), plain_text(&composed));
        }
    }
}
