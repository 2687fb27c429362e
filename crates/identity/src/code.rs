//! One-time codes: twelve characters that a person reads from paper and types once.

use crate::AccountId;
use dancu_core::{Entropy, Explain, Explanation};
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use std::{fmt, str::FromStr};

/// Characters of a code. Twelve of 5 bits are 60 bits: with limited attempts no guess succeeds.
const CODE_CHARACTERS: usize = 12;
/// A text longer than this is no code, whatever blanks it has.
const TEXT_BYTES_MAX: usize = 64;
/// Crockford's base 32: without I, L, O and U, which are misread or spell words.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A code in the clear. It exists on the way to the printer and on the way from the form, never in a store.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Code([u8; CODE_CHARACTERS]);

impl Code {
    /// Draws a new code.
    pub fn draw(entropy: &dyn Entropy) -> Self {
        let mut characters = [0; CODE_CHARACTERS];
        entropy.fill(&mut characters);
        // 256 is a multiple of 32, so the remainder is as even as the bytes.
        for character in &mut characters {
            *character = ALPHABET[usize::from(*character % 32)];
        }
        Self(characters)
    }

    /// Shown in three groups: `XXXX-XXXX-XXXX`.
    pub fn shown(&self) -> String {
        let mut shown = String::with_capacity(CODE_CHARACTERS + 2);
        for (index, character) in self.0.iter().enumerate() {
            if index > 0 && index % 4 == 0 {
                shown.push('-');
            }
            shown.push(char::from(*character));
        }
        shown
    }

    /// The hash under which a store keeps the code.
    pub fn hash(&self, key: &CodeKey) -> CodeHash {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key.0).expect("HMAC takes keys of any length");
        mac.update(b"dancu one-time code v1:");
        mac.update(&self.0);
        CodeHash(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

/// Why a text cannot be a code. It tells nothing about codes that exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadCodeError {
    /// Not twelve characters, blanks and hyphens apart.
    #[error("a code has 12 characters, here are {found}")]
    Length {
        /// Characters found; 64 stands for that many or more.
        found: usize,
    },
    /// A character that codes do not use; positions count from 1, without blanks and hyphens.
    #[error("character {position} is used in no code")]
    Character {
        /// Position, counted from 1.
        position: usize,
    },
}

impl Explain for ReadCodeError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Length { found } => Explanation::new(
                "DANCU-IDENTITY-002",
                format!("Mã có 12 ký tự, ở đây có {found}. Hãy nhập lại cả ba nhóm trên giấy."),
                format!(
                    "The code has 12 characters, here are {found}. Enter all three groups from the paper."
                ),
            ),
            Self::Character { position } => Explanation::new(
                "DANCU-IDENTITY-003",
                format!("Ký tự thứ {position} không thuộc mã nào. Hãy xem lại trên giấy."),
                format!("Character {position} is used in no code. Look at the paper again."),
            ),
        }
    }
}

impl FromStr for Code {
    type Err = ReadCodeError;

    /// Reads what a person typed: either case, blanks and hyphens anywhere, `O` for `0`, `I` and `L` for `1`.
    fn from_str(text: &str) -> Result<Self, ReadCodeError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(ReadCodeError::Length { found: TEXT_BYTES_MAX });
        }
        let typed: Vec<char> =
            text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '–' | '—')).collect();
        let mut characters = [0; CODE_CHARACTERS];
        for (index, typed) in typed.iter().enumerate() {
            let meant = match typed.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            let byte = u8::try_from(meant).ok().filter(|byte| ALPHABET.contains(byte));
            let byte = byte.ok_or(ReadCodeError::Character { position: index + 1 })?;
            if let Some(place) = characters.get_mut(index) {
                *place = byte;
            }
        }
        if typed.len() == CODE_CHARACTERS {
            Ok(Self(characters))
        } else {
            Err(ReadCodeError::Length { found: typed.len() })
        }
    }
}

/// The server's key of the codes, kept outside the databases.
#[derive(Clone)]
pub struct CodeKey([u8; 32]);

impl CodeKey {
    /// Wraps 32 bytes that came from entropy.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for CodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeKey(…)")
    }
}

/// HMAC-SHA-256 of a code under the server's key: whoever steals the database cannot try codes against it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CodeHash([u8; 32]);

impl CodeHash {
    /// The bytes, for a store.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// From the bytes of a store; `None` when there are not 32.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Debug for CodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeHash(…)")
    }
}

/// A code as a store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCode {
    /// Hash of the code.
    pub hash: CodeHash,
    /// Account that it opens.
    pub account: AccountId,
    /// When it was issued.
    pub issued: Timestamp,
    /// First instant at which it no longer opens anything.
    pub expires: Timestamp,
    /// Account of the member of staff who issued it; `None` for the command line.
    pub issued_by: Option<AccountId>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(text: &str) -> Code {
        text.parse().unwrap()
    }

    #[test]
    fn reading_forgives_what_people_do() {
        let meant = code("0123-ABCD-1K0Z");
        for typed in [
            "0123abcd1k0z",
            " o123 – aBcD — lKoz ",
            "0123\tABCD\u{a0}1K0Z",
            "O123-ABCD-IKOZ",
            "0123-ABCD-LK0Z",
        ] {
            assert_eq!(code(typed), meant, "{typed}");
        }
    }

    #[test]
    fn what_is_no_code_is_said_precisely() {
        assert_eq!("".parse::<Code>(), Err(ReadCodeError::Length { found: 0 }));
        assert_eq!("0123-ABCD-1K0".parse::<Code>(), Err(ReadCodeError::Length { found: 11 }));
        assert_eq!("0123-ABCD-1K0ZZ".parse::<Code>(), Err(ReadCodeError::Length { found: 13 }));
        assert_eq!("0123-UBCD-1K0Z".parse::<Code>(), Err(ReadCodeError::Character { position: 5 }));
        assert_eq!("Đ123".parse::<Code>(), Err(ReadCodeError::Character { position: 1 }));
        assert_eq!("0".repeat(65).parse::<Code>(), Err(ReadCodeError::Length { found: 64 }));
    }

    #[test]
    fn the_hash_depends_on_code_and_key() {
        let (one, other) = (CodeKey::new([1; 32]), CodeKey::new([2; 32]));
        assert_eq!(code("0123ABCD1K0Z").hash(&one), code("o123-abcd-ik0z").hash(&one));
        assert_ne!(code("0123ABCD1K0Z").hash(&one), code("0123ABCD1K0Z").hash(&other));
        assert_ne!(code("0123ABCD1K0Z").hash(&one), code("0123ABCD1K0Y").hash(&one));
    }

    /// Entropy that hands out counting bytes.
    struct Counting;

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for (count, byte) in (250_u8..=255).chain(0..).zip(bytes) {
                *byte = count;
            }
        }
    }

    #[test]
    fn a_drawn_code_shows_and_reads_back() {
        let drawn = Code::draw(&Counting);
        assert_eq!(drawn.shown(), "TVWX-YZ01-2345");
        assert_eq!(code(&drawn.shown()), drawn);
        assert_eq!(format!("{drawn:?}"), "Code(…)");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,80}") {
            let _ = text.parse::<Code>();
        }

        #[test]
        fn what_is_shown_is_read(text in "[0-9A-HJKMNP-TV-Z]{12}") {
            prop_assert_eq!(code(&code(&text).shown()), code(&text));
            prop_assert_eq!(code(&text.to_lowercase()).shown().replace('-', ""), text);
        }
    }
}
