//! The form of a name in which writings of one name meet: lower case, no marks, `y` as `i`, signs that join left out.

use dancu_core::fold;

/// Words of a name that count, and letters of one word. Names may have 200 characters; a search needs no more.
pub(crate) const WORDS_MAX: usize = 8;
pub(crate) const LETTERS_MAX: usize = 24;

/// The words of a name as keys: `Nguyễn  THÚY Bảo-Ngọc` gives `nguien`, `thui`, `bao`, `ngoc`.
///
/// `y` becomes `i`, since *Lý* and *Lí* are one name to some writers; it makes some names meet that differ (*Tây*,
/// *Tài*), which the ranking parts again.
pub fn key_words(name: &str) -> Vec<String> {
    split(name).map(|word| key_word(&word)).filter(|word| !word.is_empty()).take(WORDS_MAX).collect()
}

/// The words of a name, folded: what [`key_words`] starts from.
pub(crate) fn split(name: &str) -> impl Iterator<Item = String> {
    name.split(|c: char| c.is_whitespace() || matches!(c, '-' | '.' | ','))
        .filter(|word| !word.is_empty())
        .map(fold)
}

/// The key of one folded word.
pub(crate) fn key_word(folded: &str) -> String {
    let letters = folded.chars().filter(|c| c.is_alphanumeric()).map(|c| if c == 'y' { 'i' } else { c });
    letters.take(LETTERS_MAX).collect()
}

/// FNV-1a with 64 bits. It stands in stores, so it is written out here and never changes; two words that share a hash
/// cost a look at a wrong person's facts, no more.
pub(crate) fn hash(key: &str) -> u64 {
    key.bytes()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn writings_of_one_name_meet() {
        for (one, other) in [
            ("Nguyễn Văn Hòa", "NGUYEN  van Hoà"),
            ("Đỗ Thúy Ngà", "Do Thuý Nga"),
            ("Lý Mỹ Kỳ", "Lí Mĩ Kì"),
            ("H'Hen Niê", "H’HEN NIÊ"),
            ("Bảo-Ngọc", "Bảo Ngọc"),
        ] {
            assert_eq!(key_words(one), key_words(other));
        }
        assert_eq!(key_words("Trần Thị Lan"), ["tran", "thi", "lan"]);
        assert_eq!(key_words(" - . "), [""; 0]);
        assert_eq!(hash("nguien"), 0xB22F_EAFF_A833_47D7, "the hash stands in stores");
    }

    proptest! {
        #[test]
        fn no_text_panics_and_everything_is_bounded(text in "\\PC{0,300}") {
            let words = key_words(&text);
            prop_assert!(words.len() <= WORDS_MAX);
            prop_assert!(words.iter().all(|word| (1..=LETTERS_MAX).contains(&word.chars().count())));
        }
    }
}
