//! Values that are kept encrypted and apart: ethnicity, religion, blood group, portrait, fingerprints.
//!
//! Sealing is deterministic (AES-256-GCM-SIV, RFC 8452, with a nonce derived from the value), so that the same
//! statement about the same person is seen to be the same without opening it. Person and kind are bound into the
//! seal: a value moved to another row does not open. The key never stands in a store.

use crate::kinds::FactKind;
use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};
use dancu_core::{Explain, Explanation, PersonalNumber};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::{fmt, sync::Arc};

/// A sealed value as stores keep it.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedValue {
    /// What it is of.
    pub kind: FactKind,
    /// Format (1), number of the key, nonce (12 bytes), ciphertext with its tag.
    pub bytes: Arc<[u8]>,
}

impl fmt::Debug for SealedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedValue").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// The opened value. Prints nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenValue(pub Vec<u8>);

impl fmt::Debug for OpenValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenValue(…)")
    }
}

/// A sealed value cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The key with which it was sealed is not here.
    #[error("the key of a sealed value is missing")]
    KeyMissing,
    /// It is another person's, another kind's, or damaged.
    #[error("a sealed value does not open")]
    Damaged,
    /// It opens, but what is in it is no value of its kind.
    #[error("a sealed value opens and is no value of its kind")]
    Form,
}

impl Explain for SealError {
    fn explain(&self) -> Explanation {
        match self {
            Self::KeyMissing => Explanation::new(
                "DANCU-REG-050",
                "Thiếu khóa để mở dữ liệu nhạy cảm. Hãy khôi phục tệp khóa trong thư mục khóa.",
                "The key that opens sensitive data is missing. Restore its file in the folder of keys.",
            ),
            Self::Damaged => Explanation::new(
                "DANCU-REG-051",
                "Dữ liệu nhạy cảm không mở được vì đã bị thay đổi. Hãy khôi phục từ bản sao lưu.",
                "Sensitive data does not open because it was altered. Restore it from a backup.",
            ),
            Self::Form => Explanation::new(
                "DANCU-REG-052",
                "Dữ liệu nhạy cảm mở được nhưng sai định dạng. Hãy ghi lại giá trị này tại bàn làm việc của xã.",
                "Sensitive data opens but has not the form of its kind. State the value again at the commune's desk.",
            ),
        }
    }
}

/// Seals and opens values. The keys come from outside the store.
pub struct Seals {
    /// The one that seals first, then earlier ones that still open.
    keys: Vec<Key>,
}

struct Key {
    id: u8,
    aead: LessSafeKey,
    nonces: [u8; 32],
    digests: [u8; 32],
}

impl fmt::Debug for Seals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seals(…)")
    }
}

const FORMAT: u8 = 1;
const HEAD: usize = 14;

impl Seals {
    /// Keys with their numbers, the present one first. Panics without any: that is a fault of the program.
    pub fn new(keys: &[(u8, [u8; 32])]) -> Self {
        assert!(!keys.is_empty(), "a key is needed to seal with");
        let keys = keys.iter().map(|(id, secret)| Key {
            id: *id,
            aead: LessSafeKey::new(
                UnboundKey::new(&AES_256_GCM_SIV, &keyed(secret, &[b"seal"])).expect("the key has 32 bytes"),
            ),
            nonces: keyed(secret, &[b"nonce"]),
            digests: keyed(secret, &[b"digest"]),
        });
        Self { keys: keys.collect() }
    }

    /// Seals a value of a person. Panics for a kind that is not sealed.
    pub fn seal(&self, number: PersonalNumber, kind: FactKind, value: &OpenValue) -> SealedValue {
        assert!(kind.is_sealed(), "only sealed kinds are sealed");
        let key = &self.keys[0];
        let about = about(number, kind);
        let nonce: [u8; 12] = keyed(&key.nonces, &[&about, &value.0])[..12].try_into().expect("twelve bytes");
        let mut sealed = value.0.clone();
        key.aead
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(about), &mut sealed)
            .expect("the value is far below the cipher's limit");
        let bytes: Vec<u8> = [FORMAT, key.id].into_iter().chain(nonce).chain(sealed).collect();
        SealedValue { kind, bytes: bytes.into() }
    }

    /// Opens a value of a person.
    pub fn open(&self, number: PersonalNumber, value: &SealedValue) -> Result<OpenValue, SealError> {
        let Some((&[FORMAT, id, ref nonce @ ..], sealed)) = value.bytes.split_first_chunk::<HEAD>() else {
            return Err(SealError::Damaged);
        };
        let nonce: [u8; 12] = *nonce;
        let key = self.keys.iter().find(|key| key.id == id).ok_or(SealError::KeyMissing)?;
        let mut opened = sealed.to_vec();
        let length = key
            .aead
            .open_in_place(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(about(number, value.kind)),
                &mut opened,
            )
            .map_err(|_| SealError::Damaged)?
            .len();
        opened.truncate(length);
        Ok(OpenValue(opened))
    }

    /// A digest that nobody without the key can test guesses against.
    pub fn digest(&self, bytes: &[u8]) -> [u8; 32] {
        keyed(&self.keys[0].digests, &[bytes])
    }

    /// Whether bytes have a digest that was made with any of the keys.
    pub fn digest_agrees(&self, bytes: &[u8], digest: &[u8; 32]) -> bool {
        self.keys.iter().any(|key| keyed(&key.digests, &[bytes]) == *digest)
    }
}

fn about(number: PersonalNumber, kind: FactKind) -> [u8; 9] {
    let mut about = [kind.code(); 9];
    about[1..].copy_from_slice(&number.value().to_be_bytes());
    about
}

fn keyed(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length fits");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: u64) -> PersonalNumber {
        PersonalNumber::from_value(value).unwrap()
    }

    #[test]
    fn a_value_opens_for_its_person_and_kind_only() {
        let seals = Seals::new(&[(1, [7; 32])]);
        let value = OpenValue("Kinh".into());
        let sealed = seals.seal(number(5), FactKind::Ethnicity, &value);
        assert_eq!(seals.open(number(5), &sealed), Ok(value.clone()));
        assert_eq!(
            seals.seal(number(5), FactKind::Ethnicity, &value),
            sealed,
            "the same is seen to be the same"
        );
        assert_eq!(seals.open(number(6), &sealed), Err(SealError::Damaged));
        let moved = SealedValue { kind: FactKind::Religion, ..sealed.clone() };
        assert_eq!(seals.open(number(5), &moved), Err(SealError::Damaged));
        assert!(!sealed.bytes.windows(4).any(|bytes| bytes == b"Kinh"));
        for cut in 0..sealed.bytes.len() {
            let cut = SealedValue { bytes: sealed.bytes[..cut].into(), ..sealed.clone() };
            assert!(seals.open(number(5), &cut).is_err());
        }
    }

    #[test]
    fn an_earlier_key_still_opens_and_a_lost_one_is_named() {
        let old = Seals::new(&[(1, [7; 32])]);
        let sealed = old.seal(number(5), FactKind::BloodGroup, &OpenValue(b"O+".to_vec()));
        let both = Seals::new(&[(2, [8; 32]), (1, [7; 32])]);
        assert!(both.open(number(5), &sealed).is_ok());
        assert_eq!(Seals::new(&[(2, [8; 32])]).open(number(5), &sealed), Err(SealError::KeyMissing));
        assert!(both.digest_agrees(b"x", &old.digest(b"x")));
        assert!(!both.digest_agrees(b"y", &old.digest(b"x")));
    }
}
