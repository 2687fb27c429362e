//! Vietnamese text in the code tables of before Unicode, read as if it were Latin: `NguyÔn V¨n` for Nguyễn Văn.
//!
//! TCVN3 (the "ABC" fonts, TCVN 5712:1993) gives every letter with its marks one byte from A1 on; VNI writes a letter and a
//! second one for its marks; UTF-8 read as Windows-1252 shows two or three signs for each letter. A text is recognised when
//! what it means in such a table is Vietnamese and what stands there is not. Where both are, as in `Hoàng` (Hồng in VNI),
//! nobody can tell, and the text is taken as it stands.

mod readings;
mod syllable;

pub use readings::LegacyEncoding;

use crate::{Explain, Explanation};
use syllable::is_syllable;

/// A text is written in a code table of before Unicode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} and no Unicode", .0.as_str())]
pub struct LegacyText(pub LegacyEncoding);

impl Explain for LegacyText {
    fn explain(&self) -> Explanation {
        let table = self.0.as_str();
        Explanation::new(
            "DANCU-CORE-043",
            format!(
                "Chữ ở ô này theo bảng mã {table}, không phải Unicode. Hãy chuyển sang Unicode dựng sẵn (ví dụ bằng bộ chuyển mã của UniKey) rồi gửi hoặc nạp lại."
            ),
            format!(
                "The text is in {table} and not in Unicode. Convert it to Unicode (NFC), for instance with the converter of UniKey, and send or load it again."
            ),
        )
    }
}

/// Recognises a name in an old code table. Every word has to be Vietnamese in it, so that names of other languages
/// (`Müller`, `François`) are left alone.
pub fn check_name(text: &str) -> Result<(), LegacyText> {
    let is_name = |reading: &str| words(reading).all(is_syllable);
    recognise(text, is_name)
}

/// Recognises an address or another text in an old code table: most words with a mark have to be Vietnamese in it.
pub fn check_text(text: &str) -> Result<(), LegacyText> {
    let is_text = |reading: &str| {
        let (sound, all) = marked(reading)
            .fold((0, 0), |(sound, all), word| (sound + u32::from(is_syllable(word)), all + 1));
        sound * 2 > all
    };
    recognise(text, is_text)
}

/// What a text means in each of the old code tables; empty for text that none of them can have written, which is nearly
/// all of it.
pub fn legacy_readings(text: &str) -> Vec<(LegacyEncoding, String)> {
    if !readings::may_be_legacy(text) {
        return Vec::new();
    }
    LegacyEncoding::ALL.into_iter().filter_map(|table| Some((table, table.read(text)?))).collect()
}

fn recognise(text: &str, is_vietnamese: impl Fn(&str) -> bool) -> Result<(), LegacyText> {
    for (table, reading) in legacy_readings(text) {
        let is_told = match table {
            // Bytes that are UTF-8 by chance are none.
            LegacyEncoding::Utf8 => true,
            LegacyEncoding::Tcvn3 | LegacyEncoding::Vni => !stands_as_it_is(text) && is_vietnamese(&reading),
        };
        if is_told {
            return Err(LegacyText(table));
        }
    }
    Ok(())
}

/// Whether every word with a mark is Vietnamese as it stands.
fn stands_as_it_is(text: &str) -> bool {
    marked(text).all(|word| {
        let mut letters = word.chars();
        letters.next();
        // A capital behind a small letter is no writing of ours: `NguyÔn`.
        let rest = letters.as_str();
        let is_mixed = rest.chars().any(char::is_uppercase) && word.chars().any(char::is_lowercase);
        // Eth stands for Đ in much text of Unicode, too.
        !is_mixed && is_syllable(&word.replace(['Ð', 'ð'], "đ"))
    })
}

/// Words with a mark. A sign that stands alone, as in `khu ½`, tells nothing.
fn marked(text: &str) -> impl Iterator<Item = &str> {
    words(text).filter(|word| !word.is_ascii() && word.chars().nth(1).is_some())
}

/// Words of letters; whatever is not ASCII counts as a letter, since signs stand for letters in these tables.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|sign: char| sign.is_ascii() && !sign.is_ascii_alphabetic() || sign == '\u{a0}')
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
