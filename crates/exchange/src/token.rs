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

/// By what a client proves itself.
#[derive(Clone, Copy)]
pub enum ClientProof<'a> {
    /// An assertion that it signed, with the `client_id` parameter where one was sent.
    Assertion(&'a str, Option<&'a str>),
    /// The certificate of its connection, under this `client_id` (RFC 8705 2.2: `self_signed_tls_client_auth`).
    Certificate(&'a str),
}

impl fmt::Debug for ClientProof<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientProof(…)")
    }
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

    /// Checks what a client proves itself by, spends it, and grants a token.
    pub async fn grant(
        &self,
        proof: ClientProof<'_>,
        presented: Presented<'_>,
    ) -> Result<IssuedToken, TokenError> {
        let now = self.clock.now();
        let (caller, shown) = self.identify(proof, presented.certificate, now)?;
        self.issue(&caller, shown, presented.proof, now).await
    }

    /// The client that proved itself at another door than that of tokens. What it showed is spent.
    pub async fn authenticate(
        &self,
        proof: ClientProof<'_>,
        certificate: Option<&CertificateThumbprint>,
    ) -> Result<Arc<Caller>, TokenError> {
        let now = self.clock.now();
        let (caller, (shown, ends)) = self.identify(proof, certificate, now)?;
        let client = &caller.client.id;
        // Before anything is written: who may not ask, or asks too fast, costs no disk.
        let place = caller.enter_for_token(dancu_core::today_in_viet_nam(now));
        drop(place.map_err(|reason| self.refusals.note(now, Some(client), reason))?);
        // A handshake cannot be replayed, so that there is nothing to remember of it.
        let is_first = matches!(proof, ClientProof::Certificate(_))
            || self.store.spend_assertion(client, shown, ends).await?;
        if !is_first {
            return Err(self.refusals.note(now, Some(client), RefusalReason::AssertionReplayed).into());
        }
        Ok(caller)
    }

    /// The key that a client's request proves, spent; `None` where it proves none. `token`: the token beside it.
    pub fn prove_key(
        &self,
        caller: &Caller,
        proof: Option<ShownProof<'_>>,
        token: Option<&str>,
    ) -> Result<Option<KeyThumbprint>, Refusal> {
        let now = self.clock.now();
        let refuse = |reason| self.refusals.note(now, Some(&caller.client.id), reason);
        let Some(proof) = proof else { return Ok(None) };
        let proof = proof.check(token, now).map_err(|_| refuse(RefusalReason::KeyProof))?;
        self.spend(caller, &proof, now).map_or(Ok(Some(proof.key)), |reason| Err(refuse(reason)))
    }

    /// Who a client is, and what it showed, by name and end, so that it can be spent.
    fn identify(
        &self,
        proof: ClientProof<'_>,
        certificate: Option<&CertificateThumbprint>,
        now: Timestamp,
    ) -> Result<(Arc<Caller>, (String, Timestamp)), TokenError> {
        let refuse = |client: Option<&ClientId>, reason| self.refusals.note(now, client, reason);
        let (claimed, named) = match proof {
            ClientProof::Assertion(assertion, named) => {
                (Assertion::claimed_client(assertion).map_err(|error| refuse(None, error.into()))?, named)
            }
            ClientProof::Certificate(named) => {
                let claimed = named.parse::<ClientId>();
                (claimed.map_err(|_| refuse(None, RefusalReason::UnknownClient))?, None)
            }
        };
        if named.is_some_and(|named| named != claimed.as_str()) {
            return Err(refuse(Some(&claimed), RefusalReason::AssertionIssuer).into());
        }
        let Some(caller) = self.directory.caller(&claimed) else {
            return Err(refuse(Some(&claimed), RefusalReason::UnknownClient).into());
        };
        let ClientProof::Assertion(assertion, _) = proof else {
            if !caller.is_proven_by(certificate) {
                return Err(refuse(Some(&claimed), RefusalReason::Certificate).into());
            }
            // The handshake proved the key just now; there is nothing that could be replayed, so a fresh name is spent.
            let ends = now + SignedDuration::from_secs(self.settings.assertion.lifetime_s_max);
            return Ok((caller, (format!("tls:{}", self.random()), ends)));
        };
        let checked =
            Assertion::check(assertion, &claimed, &caller.client.keys, &self.settings.assertion, now)
                .map_err(|error| refuse(Some(&claimed), error.into()))?;
        if !caller.is_connection_theirs(certificate) {
            return Err(refuse(Some(&claimed), RefusalReason::Certificate).into());
        }
        Ok((caller, (checked.id, checked.expires)))
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
        if let Some(reason) = proof.as_ref().and_then(|proof| self.spend(caller, proof, now)) {
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
    fn spend(&self, caller: &Caller, proof: &Proof, now: Timestamp) -> Option<RefusalReason> {
        match self.spent.spend((&caller.client.id, caller.contract.per_second_max), proof, now) {
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
        match self.check_key((&caller, &known), (scheme, secret), presented.proof, now) {
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
        (caller, known): (&Caller, &Known),
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
        self.spend(caller, &proof, now)
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
