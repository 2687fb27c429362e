//! Signed tokens as clients send them: JWS in its compact form (RFC 7515), checked with a key that is known before.

use crate::ClientKey;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::{Deserialize, de::DeserializeOwned};

/// A token that was taken apart. Nothing of it is believed yet.
#[derive(Debug)]
pub(crate) struct Jws<'a> {
    pub head: Head,
    message: &'a str,
    signature: &'a str,
}

/// What stands in the head.
#[derive(Debug, Deserialize)]
pub(crate) struct Head {
    pub alg: String,
    pub typ: Option<String>,
    pub kid: Option<String>,
    pub jwk: Option<serde_json::Value>,
    /// Extensions that must be understood: we know none.
    pub crit: Option<serde_json::Value>,
}

impl<'a> Jws<'a> {
    /// Takes a token apart; `None` when it is none.
    pub fn read(token: &'a str) -> Option<Self> {
        let (message, signature) = token.rsplit_once('.')?;
        let (head, claims) = message.split_once('.')?;
        let head = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head).ok()?).ok()?;
        (!claims.contains('.')).then_some(Self { head, message, signature })
    }

    /// Whether a key made the signature. The algorithm is the key's; the head may only name that one.
    pub fn is_signed_by(&self, key: &ClientKey) -> bool {
        let Ok(decoding_key) = DecodingKey::from_jwk(key.jwk()) else { return false };
        names_algorithm(&self.head.alg, key.algorithm())
            && jsonwebtoken::crypto::verify(
                self.signature,
                self.message.as_bytes(),
                &decoding_key,
                key.algorithm(),
            )
            .unwrap_or(false)
    }

    /// The claims, as they stand.
    pub fn claims<T: DeserializeOwned>(&self) -> Option<T> {
        let (_, claims) = self.message.split_once('.')?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }
}

/// Whether a word of a head means the algorithm of a key: for Ed25519 the old word and the one of RFC 9864.
pub(crate) fn names_algorithm(word: &str, algorithm: Algorithm) -> bool {
    match algorithm {
        Algorithm::ES256 => word == "ES256",
        Algorithm::PS256 => word == "PS256",
        Algorithm::EdDSA => word == "EdDSA" || word == "Ed25519",
        _ => false,
    }
}
