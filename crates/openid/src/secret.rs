//! 256 random bits that open something, and the digest under which a store keeps them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dancu_core::Entropy;
use sha2::{Digest, Sha256};
use std::fmt;

/// Names of pushed requests, codes and access tokens. Whoever holds one may use it, as far as it reaches.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Characters of its text.
    pub const LENGTH: usize = 43;

    /// Draws a new one.
    pub fn draw(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes);
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads what somebody sent; `None` for what [`draw`](Self::draw) never makes.
    pub fn read(text: &str) -> Option<Self> {
        let bytes = (text.len() == Self::LENGTH).then(|| URL_SAFE_NO_PAD.decode(text).ok())??;
        (bytes.len() == 32).then(|| Self(text.to_owned()))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digest under which a store keeps it. It has 256 bits, so that a plain hash cannot be searched.
    pub fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(&self.0).into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// SHA-256 of a secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// The bytes, for a store.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// From the bytes of a store; `None` when there are not 32.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}
