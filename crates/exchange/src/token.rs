//! Access tokens: granted against a signed assertion, kept as a hash, good for minutes.

use crate::{
    Assertion, AssertionRules, Caller, CertificateThumbprint, ClientId, Directory, ExchangeStore, RefusalLog,
    RefusalReason, StoredToken, TokenGrant, refusal::Refusal,
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
    cache: RwLock<HashMap<[u8; 32], (ClientId, Timestamp)>>,
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
        Self { store, directory, refusals, clock, entropy, settings, cache: RwLock::default() }
    }

    /// Checks an assertion, spends it, and grants a token. `named` is the `client_id` parameter, where given.
    /// `certificate` is that of the connection.
    pub async fn grant(
        &self,
        assertion: &str,
        named: Option<&str>,
        certificate: Option<&CertificateThumbprint>,
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
        if !caller.is_connection_theirs(certificate) {
            return refuse(Some(&claimed), RefusalReason::Certificate);
        }
        self.issue(&caller, checked.id, checked.expires, now).await
    }

    /// Grants a token to a client whose connection's certificate is registered (RFC 8705 2.2:
    /// `self_signed_tls_client_auth`).
    pub async fn grant_to_certificate(
        &self,
        named: &str,
        certificate: Option<&CertificateThumbprint>,
    ) -> Result<IssuedToken, TokenError> {
        let now = self.clock.now();
        let refuse = |client: Option<&ClientId>, reason| Err(self.refusals.note(now, client, reason).into());
        let Ok(claimed) = named.parse::<ClientId>() else {
            return refuse(None, RefusalReason::UnknownClient);
        };
        let Some(caller) = self.directory.caller(&claimed) else {
            return refuse(Some(&claimed), RefusalReason::UnknownClient);
        };
        if !caller.is_proven_by(certificate) {
            return refuse(Some(&claimed), RefusalReason::Certificate);
        }
        // The handshake proved the key just now; there is nothing that could be replayed, so a fresh name is spent.
        let id = format!("tls:{}", self.random());
        let ends = now + SignedDuration::from_secs(self.settings.assertion.lifetime_s_max);
        self.issue(&caller, id, ends, now).await
    }

    fn random(&self) -> String {
        let mut random = [0; 32];
        self.entropy.fill(&mut random);
        URL_SAFE_NO_PAD.encode(random)
    }

    /// A token for a client that proved itself; `proof` is spent with it, for as long as it could be shown again.
    async fn issue(
        &self,
        caller: &Caller,
        proof: String,
        proof_expires: Timestamp,
        now: Timestamp,
    ) -> Result<IssuedToken, TokenError> {
        let claimed = caller.client.id.clone();
        let refuse = |client: Option<&ClientId>, reason| Err(self.refusals.note(now, client, reason).into());
        // Only a client that proved itself may use up its own limits.
        if let Err(reason) = caller.enter_for_token(dancu_core::today_in_viet_nam(now)) {
            return refuse(Some(&claimed), reason);
        }
        let secret = self.random();
        let token = StoredToken {
            hash: Sha256::digest(&secret).into(),
            client: claimed.clone(),
            expires: now + SignedDuration::from_secs(self.settings.lifetime_s),
        };
        let (hash, expires) = (token.hash, token.expires);
        match self.store.grant_token(proof, proof_expires, token).await? {
            TokenGrant::Replayed => return refuse(Some(&claimed), RefusalReason::AssertionReplayed),
            TokenGrant::Granted => self.remember(hash, claimed, expires, now),
        }
        Ok(IssuedToken { secret, lifetime_s: self.settings.lifetime_s })
    }

    /// The caller whose token this is, over a connection with this certificate.
    pub async fn caller(
        &self,
        secret: &str,
        certificate: Option<&CertificateThumbprint>,
    ) -> Result<Arc<Caller>, TokenError> {
        let now = self.clock.now();
        let hash: [u8; 32] = Sha256::digest(secret).into();
        let known = self.cache.read().unwrap_or_else(PoisonError::into_inner).get(&hash).cloned();
        let (client, expires) = match known {
            Some(known) => known,
            None => match self.store.token(hash, now).await? {
                Some(token) => {
                    self.remember(hash, token.client.clone(), token.expires, now);
                    (token.client, token.expires)
                }
                None => return Err(self.refusals.note(now, None, RefusalReason::Token).into()),
            },
        };
        match self.directory.caller(&client) {
            Some(caller) if now < expires && caller.is_connection_theirs(certificate) => Ok(caller),
            Some(_) if now < expires => {
                Err(self.refusals.note(now, Some(&client), RefusalReason::TokenCertificate).into())
            }
            _ => Err(self.refusals.note(now, Some(&client), RefusalReason::Token).into()),
        }
    }

    fn remember(&self, hash: [u8; 32], client: ClientId, expires: Timestamp, now: Timestamp) {
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= CACHE_MAX {
            cache.retain(|_, (_, expires)| now < *expires);
        }
        if cache.len() < CACHE_MAX {
            cache.insert(hash, (client, expires));
        }
    }
}
