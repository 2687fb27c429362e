//! Proofs that a request comes from whoever holds the key to which a token is bound: DPoP (RFC 9449). A token that is bound
//! is worth nothing to whoever steals it alone.

use crate::{ClientId, ClientKey, jws::Jws};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jsonwebtoken::jwk::ThumbprintHash;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};
use subtle::ConstantTimeEq;
use url::Url;

/// SHA-256 thumbprint of a key (RFC 7638), to which a token is bound (`jkt`).
pub type KeyThumbprint = [u8; 32];

/// Seconds for which a proof is good, from when it was made.
const AGE_S_MAX: i64 = 60;
/// Difference of clocks that is forgiven, in seconds.
const SKEW_S_MAX: i64 = 30;
/// Longest proof; one with an RSA key of 4096 bits is below 2 KiB.
const PROOF_BYTES_MAX: usize = 4 * 1024;

/// Algorithms of proofs, as a challenge names them.
pub const PROOF_ALGORITHMS: &str = "ES256 PS256 Ed25519 EdDSA";

/// A proof as it came with a request.
#[derive(Debug, Clone, Copy)]
pub struct ShownProof<'a> {
    /// The header `DPoP`.
    pub jwt: &'a str,
    /// The request's method.
    pub method: &'a str,
    /// The request's address, without what stands behind a question mark.
    pub url: &'a Url,
}

/// A proof that was found good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Proof {
    /// The key that made it.
    pub key: KeyThumbprint,
    /// Its name under that key, hashed.
    name: [u8; 16],
}

/// A proof that is none: of another form, request, token or time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotProven;

#[derive(Deserialize)]
struct Claims {
    htm: String,
    htu: String,
    iat: f64,
    jti: String,
    ath: Option<String>,
}

impl ShownProof<'_> {
    /// Checks everything but that it is shown for the first time. `token`: the access token beside it, if there is one.
    pub(crate) fn check(&self, token: Option<&str>, now: Timestamp) -> Result<Proof, NotProven> {
        if self.jwt.len() > PROOF_BYTES_MAX {
            return Err(NotProven);
        }
        let proof = Jws::read(self.jwt).ok_or(NotProven)?;
        let key = proven_key(&proof)?;
        let claims: Claims = proof.claims().ok_or(NotProven)?;
        let is_of_this_request = claims.htm == self.method && is_same(&claims.htu, self.url);
        let is_of_this_token = match (token, &claims.ath) {
            (None, _) => true,
            (Some(token), Some(hash)) => {
                let expected = URL_SAFE_NO_PAD.encode(Sha256::digest(token));
                bool::from(expected.as_bytes().ct_eq(hash.as_bytes()))
            }
            (Some(_), None) => false,
        };
        let now_s = now.as_second();
        #[expect(clippy::cast_precision_loss, reason = "seconds of this century fit many times")]
        let is_of_now = (claims.iat - now_s as f64) <= SKEW_S_MAX as f64
            && (now_s as f64 - claims.iat) <= (AGE_S_MAX + SKEW_S_MAX) as f64;
        let is_named = (1..=128).contains(&claims.jti.len());
        if !(is_of_this_request && is_of_this_token && is_of_now && is_named) {
            return Err(NotProven);
        }
        let thumbprint = key.jwk().thumbprint(ThumbprintHash::SHA256).map_err(|_| NotProven)?;
        let key = read_thumbprint(&thumbprint).ok_or(NotProven)?;
        let digest: [u8; 32] = Sha256::new().chain_update(key).chain_update(&claims.jti).finalize().into();
        let mut name = [0; 16];
        name.copy_from_slice(&digest[..16]);
        Ok(Proof { key, name })
    }
}

/// The key that stands in the head of a proof, when it made the signature.
fn proven_key(proof: &Jws<'_>) -> Result<ClientKey, NotProven> {
    if proof.head.typ.as_deref() != Some("dpop+jwt") || proof.head.crit.is_some() {
        return Err(NotProven);
    }
    let key = proof.head.jwk.clone().and_then(|key| ClientKey::try_from(key).ok()).ok_or(NotProven)?;
    if proof.is_signed_by(&key) { Ok(key) } else { Err(NotProven) }
}

/// Reads a thumbprint from base64url.
pub(crate) fn read_thumbprint(text: &str) -> Option<KeyThumbprint> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// Whether a proof names this address; what stands behind `?` and `#` does not count (RFC 9449 4.3).
fn is_same(named: &str, asked: &Url) -> bool {
    let bare = |mut url: Url| {
        url.set_query(None);
        url.set_fragment(None);
        url
    };
    Url::parse(named).is_ok_and(|named| bare(named) == bare(asked.clone()))
}

/// Names of proofs shown lately. A proof is taken once by one node.
#[derive(Debug, Default)]
pub(crate) struct SpentProofs(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    since_s: i64,
    young: HashSet<[u8; 16]>,
    old: HashSet<[u8; 16]>,
    /// Names of the young generation by client.
    counts: HashMap<ClientId, u64>,
}

/// What became of a proof that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spending {
    /// It was not shown before.
    First,
    /// It was.
    Again,
    /// There is no room to remember it, so it cannot be taken.
    Full,
}

impl SpentProofs {
    /// Seconds for which each generation takes names: as long as a proof could be shown again.
    const GENERATION_S: i64 = AGE_S_MAX + 2 * SKEW_S_MAX;
    /// Names of a generation at most, some 24 MiB: more than 8,000 requests a second with proofs.
    const NAMES_MAX: usize = 1 << 20;

    /// `per_second_max`: requests of the client's contract. No client keeps more names than it may make requests, and twice
    /// that for those that are refused, so that none uses up the room of the others.
    pub fn spend(
        &self,
        (client, per_second_max): (&ClientId, u32),
        proof: &Proof,
        now: Timestamp,
    ) -> Spending {
        let share = u64::from(per_second_max.max(1)) * 2 * Self::GENERATION_S.unsigned_abs();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now_s = now.as_second();
        if now_s >= kept.since_s + Self::GENERATION_S {
            // After a pause of two generations nothing old could be shown again either; clearing it is not needed for truth.
            kept.old = std::mem::take(&mut kept.young);
            kept.counts.clear();
            kept.since_s = now_s;
        }
        if kept.old.contains(&proof.name) || kept.young.contains(&proof.name) {
            return Spending::Again;
        }
        let is_full = kept.young.len() >= Self::NAMES_MAX;
        let count = kept.counts.entry(client.clone()).or_default();
        if is_full || *count >= share {
            return Spending::Full;
        }
        *count += 1;
        kept.young.insert(proof.name);
        Spending::First
    }
}

#[cfg(test)]
#[path = "dpop_tests.rs"]
mod tests;
