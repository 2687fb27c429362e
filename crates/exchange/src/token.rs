//! Access tokens: granted against a signed assertion, kept as a hash, good for minutes.

use crate::{
    Assertion, AssertionRules, Caller, CertificateThumbprint, ClientId, Directory, ExchangeStore,
    KeyThumbprint, RefusalLog, RefusalReason, ShownProof, StoredToken, TokenGrant,
    dpop::{Proof, Spending, SpentProofs},
    refusal::Refusal,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dancu_core::{Clock, Entropy, StoreError};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};
use subtle::ConstantTimeEq;

/// Tokens kept in memory; beyond it they are read from the store.
const CACHE_MAX: usize = 100_000;

/// How tokens are granted.
#[derive(Debug, Clone)]
pub struct TokenSettings {
    /// What assertions must keep to.
    pub assertion: AssertionRules,
    /// How long a token is good, in seconds.
    pub lifetime_s: i64,
}

/// A token to be handed to its client, once.
pub struct IssuedToken {
    /// The token itself, 256 random bits in base64url.
    pub secret: String,
    /// Seconds for which it is good.
    pub lifetime_s: i64,
    /// How it is to be used.
    pub scheme: Scheme,
}

/// How a token is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// By whoever bears it (RFC 6750).
    Bearer,
    /// With a proof of the key to which it is bound (RFC 9449).
    Dpop,
}

impl Scheme {
    /// The word in `Authorization` and in `token_type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }
}

/// What a request shows beside its token or assertion.
#[derive(Debug, Clone, Copy, Default)]
pub struct Presented<'a> {
    /// The certificate of its connection.
    pub certificate: Option<&'a CertificateThumbprint>,
    /// Its proof of a key.
    pub proof: Option<ShownProof<'a>>,
}

/// A token as it is remembered.
#[derive(Debug, Clone)]
struct Known {
    client: ClientId,
    expires: Timestamp,
    key: Option<KeyThumbprint>,
}

impl Known {
    fn of(token: &StoredToken) -> Self {
        Self { client: token.client.clone(), expires: token.expires, key: token.key }
    }
}

impl fmt::Debug for IssuedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IssuedToken(…)")
    }
}

/// Why no token was granted.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Refused; the reason is in the refusal log.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store could not keep it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Grants tokens and recognises them.
pub struct TokenService {
    store: Arc<dyn ExchangeStore>,
    directory: Arc<Directory>,
    refusals: Arc<RefusalLog>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    settings: TokenSettings,
    cache: RwLock<HashMap<[u8; 32], Known>>,
    spent: SpentProofs,
}

impl TokenService {
    /// Puts the service together.
    pub fn new(
        store: Arc<dyn ExchangeStore>,
        directory: Arc<Directory>,
        refusals: Arc<RefusalLog>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        settings: TokenSettings,
    ) -> Self {
        Self {
            store,
            directory,
            refusals,
            clock,
            entropy,
            settings,
            cache: RwLock::default(),
            spent: SpentProofs::default(),
        }
    }

    /// Checks an assertion, spends it, and grants a token. `named` is the `client_id` parameter, where given.
    pub async fn grant(
        &self,
        assertion: &str,
        named: Option<&str>,
        presented: Presented<'_>,
    ) -> Result<IssuedToken, TokenError> {
        let now = self.clock.now();
        let refuse = |client: Option<&ClientId>, reason| Err(self.refusals.note(now, client, reason).into());
        let claimed = match Assertion::claimed_client(assertion) {
            Ok(claimed) => claimed,
            Err(error) => return refuse(None, error.into()),
        };
        if named.is_some_and(|named| named != claimed.as_str()) {
            return refuse(Some(&claimed), RefusalReason::AssertionIssuer);
        }
        let Some(caller) = self.directory.caller(&claimed) else {
            return refuse(Some(&claimed), RefusalReason::UnknownClient);
        };
        let checked =
            Assertion::check(assertion, &claimed, &caller.client.keys, &self.settings.assertion, now);
        let checked = match checked {
            Ok(checked) => checked,
            Err(error) => return refuse(Some(&claimed), error.into()),
        };
        if !caller.is_connection_theirs(presented.certificate) {
            return refuse(Some(&claimed), RefusalReason::Certificate);
        }
        self.issue(&caller, (checked.id, checked.expires), presented.proof, now).await
    }

    /// Grants a token to a client whose connection's certificate is registered (RFC 8705 2.2:
    /// `self_signed_tls_client_auth`).
    pub async fn grant_to_certificate(
        &self,
        named: &str,
        presented: Presented<'_>,
    ) -> Result<IssuedToken, TokenError> {
        let now = self.clock.now();
        let refuse = |client: Option<&ClientId>, reason| Err(self.refusals.note(now, client, reason).into());
        let Ok(claimed) = named.parse::<ClientId>() else {
            return refuse(None, RefusalReason::UnknownClient);
        };
        let Some(caller) = self.directory.caller(&claimed) else {
            return refuse(Some(&claimed), RefusalReason::UnknownClient);
        };
        if !caller.is_proven_by(presented.certificate) {
            return refuse(Some(&claimed), RefusalReason::Certificate);
        }
        // The handshake proved the key just now; there is nothing that could be replayed, so a fresh name is spent.
        let id = format!("tls:{}", self.random());
        let ends = now + SignedDuration::from_secs(self.settings.assertion.lifetime_s_max);
        self.issue(&caller, (id, ends), presented.proof, now).await
    }

    fn random(&self) -> String {
        let mut random = [0; 32];
        self.entropy.fill(&mut random);
        URL_SAFE_NO_PAD.encode(random)
    }

    /// A token for a client that proved itself by `shown`, which is spent with it, for as long as it could be shown again; bound
    /// to the key that it proves, if it proves one.
    async fn issue(
        &self,
        caller: &Caller,
        (shown, shown_expires): (String, Timestamp),
        proof: Option<ShownProof<'_>>,
        now: Timestamp,
    ) -> Result<IssuedToken, TokenError> {
        let claimed = caller.client.id.clone();
        let refuse = |client: Option<&ClientId>, reason| Err(self.refusals.note(now, client, reason).into());
        // Only a client that proved itself may use up its own limits.
        if let Err(reason) = caller.enter_for_token(dancu_core::today_in_viet_nam(now)) {
            return refuse(Some(&claimed), reason);
        }
        let proof = match proof.map(|proof| proof.check(None, now)).transpose() {
            Ok(None) if caller.client.dpop_bound_access_tokens => {
                return refuse(Some(&claimed), RefusalReason::KeyProof);
            }
            Ok(proof) => proof,
            Err(_) => return refuse(Some(&claimed), RefusalReason::KeyProof),
        };
        if let Some(reason) = proof.as_ref().and_then(|proof| self.spend(&claimed, proof, now)) {
            return refuse(Some(&claimed), reason);
        }
        let secret = self.random();
        let token = StoredToken {
            hash: Sha256::digest(&secret).into(),
            client: claimed.clone(),
            expires: now + SignedDuration::from_secs(self.settings.lifetime_s),
            key: proof.map(|proof| proof.key),
        };
        let (hash, known) = (token.hash, Known::of(&token));
        match self.store.grant_token(shown, shown_expires, token).await? {
            TokenGrant::Replayed => return refuse(Some(&claimed), RefusalReason::AssertionReplayed),
            TokenGrant::Granted => self.remember(hash, known, now),
        }
        let scheme = if proof.is_some() { Scheme::Dpop } else { Scheme::Bearer };
        Ok(IssuedToken { secret, lifetime_s: self.settings.lifetime_s, scheme })
    }

    /// Why a proof cannot be taken, if it was shown before or cannot be remembered.
    fn spend(&self, client: &ClientId, proof: &Proof, now: Timestamp) -> Option<RefusalReason> {
        match self.spent.spend(client, proof, now) {
            Spending::First => None,
            Spending::Again => Some(RefusalReason::KeyProofReplayed),
            Spending::Full => Some(RefusalReason::TooFast),
        }
    }

    /// The caller whose token this is.
    pub async fn caller(
        &self,
        scheme: Scheme,
        secret: &str,
        presented: Presented<'_>,
    ) -> Result<Arc<Caller>, TokenError> {
        let now = self.clock.now();
        let refuse = |client: Option<&ClientId>, reason| Err(self.refusals.note(now, client, reason).into());
        let Some(known) = self.known(secret, now).await?.filter(|known| now < known.expires) else {
            return refuse(None, RefusalReason::Token);
        };
        let Some(caller) = self.directory.caller(&known.client) else {
            return refuse(Some(&known.client), RefusalReason::Token);
        };
        if !caller.is_connection_theirs(presented.certificate) {
            return refuse(Some(&known.client), RefusalReason::TokenCertificate);
        }
        // A token of before the client worked with bound ones alone.
        if caller.client.dpop_bound_access_tokens && known.key.is_none() {
            return refuse(Some(&known.client), RefusalReason::TokenKey);
        }
        match self.check_key(&known, (scheme, secret), presented.proof, now) {
            None => Ok(caller),
            Some(reason) => refuse(Some(&known.client), reason),
        }
    }

    async fn known(&self, secret: &str, now: Timestamp) -> Result<Option<Known>, StoreError> {
        let hash: [u8; 32] = Sha256::digest(secret).into();
        let known = self.cache.read().unwrap_or_else(PoisonError::into_inner).get(&hash).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let known = self.store.token(hash, now).await?.map(|token| Known::of(&token));
        if let Some(known) = &known {
            self.remember(hash, known.clone(), now);
        }
        Ok(known)
    }

    /// Why a token may not be used in this way, if it may not.
    fn check_key(
        &self,
        known: &Known,
        (scheme, secret): (Scheme, &str),
        proof: Option<ShownProof<'_>>,
        now: Timestamp,
    ) -> Option<RefusalReason> {
        let key = match (known.key, scheme) {
            (None, Scheme::Bearer) => return None,
            (None, Scheme::Dpop) => return Some(RefusalReason::Token),
            (Some(_), Scheme::Bearer) => return Some(RefusalReason::TokenKey),
            (Some(key), Scheme::Dpop) => key,
        };
        let Some(Ok(proof)) = proof.map(|proof| proof.check(Some(secret), now)) else {
            return Some(RefusalReason::KeyProof);
        };
        if !bool::from(proof.key.ct_eq(&key)) {
            return Some(RefusalReason::TokenKey);
        }
        // Remembered only now: whoever has no token cannot fill the memory.
        self.spend(&known.client, &proof, now)
    }

    fn remember(&self, hash: [u8; 32], known: Known, now: Timestamp) {
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= CACHE_MAX {
            cache.retain(|_, known| now < known.expires);
        }
        if cache.len() < CACHE_MAX {
            cache.insert(hash, known);
        }
    }
}
