//! The queue is encrypted at rest: a commune's machine stands in an office, and commands may hold what the register seals.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use dancu_changes::CommandId;
use dancu_core::Entropy;
use std::fmt;

/// The key of a queue. Each row is bound to its identifier: moved to another one it does not open.
pub struct QueueKey(LessSafeKey);

impl fmt::Debug for QueueKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QueueKey(…)")
    }
}

impl QueueKey {
    /// From 32 secret bytes.
    pub fn new(secret: &[u8; 32]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM_SIV, secret).expect("the key has 32 bytes");
        Self(LessSafeKey::new(key))
    }

    /// Encrypts a row: nonce, then the text with its tag.
    pub(crate) fn seal(&self, id: CommandId, mut text: Vec<u8>, entropy: &dyn Entropy) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        entropy.fill(&mut nonce);
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(id.0.as_bytes()),
                &mut text,
            )
            .expect("a command is far below the cipher's limit");
        [nonce.as_slice(), &text].concat()
    }

    /// Decrypts a row; `None` when the key is another one or the row was altered.
    pub(crate) fn open(&self, id: CommandId, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut text = text.to_vec();
        let opened = self
            .0
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(id.0.as_bytes()), &mut text)
            .ok()?
            .len();
        text.truncate(opened);
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dancu_testkit::SeededEntropy;
    use jiff::Timestamp;

    #[test]
    fn a_row_opens_under_its_own_key_and_identifier_only() {
        let (key, other) = (QueueKey::new(&[1; 32]), QueueKey::new(&[2; 32]));
        let [id, another] = [[1; 10], [2; 10]].map(|random| CommandId::new(Timestamp::UNIX_EPOCH, &random));
        let sealed = key.seal(id, b"BIMAT".to_vec(), &SeededEntropy::new(1));
        assert!(!sealed.windows(5).any(|bytes| bytes == b"BIMAT"));
        assert_eq!(key.open(id, &sealed).as_deref(), Some(b"BIMAT".as_slice()));
        assert!(key.open(another, &sealed).is_none() && other.open(id, &sealed).is_none());
        for cut in 0..sealed.len() {
            assert!(key.open(id, &sealed[..cut]).is_none());
        }
    }
}
