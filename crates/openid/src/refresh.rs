//! Refresh tokens: made of the family, its generation and a keyed digest of both.
//!
//! Nothing of them is kept but the generation, which a database may tell to whoever reads it. The next token of a family
//! can be made again, so that a portal whose answer was lost gets the very same one, and two refreshes at once end in one.

use crate::FamilyId;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::fmt;
use subtle::ConstantTimeEq;

/// A refresh token that was found genuine. Whether it is the family's newest is for the store to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshToken {
    /// What it renews.
    pub family: FamilyId,
    /// How often that was renewed before it.
    pub generation: u32,
}

const BYTES: usize = 16 + 4 + 32;

/// The key of refresh tokens.
#[derive(Clone)]
pub(crate) struct RefreshKey(pub [u8; 32]);

impl fmt::Debug for RefreshKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshKey(…)")
    }
}

impl RefreshToken {
    pub(crate) fn to_text(self, key: &RefreshKey) -> String {
        let mut bytes = [0; BYTES];
        bytes[..16].copy_from_slice(self.family.as_bytes());
        bytes[16..20].copy_from_slice(&self.generation.to_be_bytes());
        let digest = digest(key, &bytes[..20]);
        bytes[20..].copy_from_slice(&digest);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    pub(crate) fn read(text: &str, key: &RefreshKey) -> Option<Self> {
        let bytes: [u8; BYTES] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let is_genuine = bool::from(digest(key, &bytes[..20]).ct_eq(&bytes[20..]));
        let family = FamilyId::from_bytes(&bytes[..16])?;
        let generation = u32::from_be_bytes(bytes[16..20].try_into().ok()?);
        is_genuine.then_some(Self { family, generation })
    }
}

fn digest(key: &RefreshKey, bytes: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.0).expect("HMAC takes keys of any length");
    mac.update(b"dancu refresh token v1:");
    mac.update(bytes);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_token_reads_back_and_a_touched_one_does_not(
            family: [u8; 16], generation: u32, place in 0..BYTES, bit in 0..8_u8
        ) {
            let key = RefreshKey([9; 32]);
            let token = RefreshToken { family: FamilyId::from_bytes(&family).unwrap(), generation };
            let text = token.to_text(&key);
            prop_assert_eq!(RefreshToken::read(&text, &key), Some(token));
            prop_assert_eq!(RefreshToken::read(&text, &RefreshKey([8; 32])), None);
            let mut bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
            bytes[place] ^= 1 << bit;
            prop_assert_eq!(RefreshToken::read(&URL_SAFE_NO_PAD.encode(bytes), &key), None);
        }

        #[test]
        fn no_other_text_is_a_token(text in "\\PC{0,80}") {
            prop_assert_eq!(RefreshToken::read(&text, &RefreshKey([9; 32])), None);
        }
    }
}
