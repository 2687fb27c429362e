//! Texts of other kinds.

use super::ValueFault;
use dancu_core::{Sex, fold};

/// An address, a suburb, a code: folded, signs as blanks, single blanks.
pub fn plain_text(text: &str) -> String {
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
        fn plain_text_is_idempotent_and_its_own_decomposed_self(text in "\\PC{0,40}") {
            let once = plain_text(&text);
            prop_assert_eq!(plain_text(&once), once.clone());
            let decomposed: String = text.nfd().collect();
            let composed: String = text.nfc().collect();
            prop_assert_eq!(plain_text(&decomposed), plain_text(&composed));
        }
    }
}
