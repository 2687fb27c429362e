//! The room's front, and the request that a portal pushes.

use crate::{
    Asked, Keys, OpenIdError, OpenIdStore, Parameters, PortalLength, PushedRequest, Secret, SignInRules,
    sign_in_rules,
};
use dancu_core::{Clock, Entropy};
use dancu_exchange::{Caller, ClientId, Directory, KeyThumbprint, SignInWish, TokenService, VerifyService};
use dancu_identity::AccountId;
use jiff::Timestamp;
use std::sync::Arc;

/// What the room is made of.
pub struct OpenIdParts {
    /// Where requests, codes and families are kept.
    pub store: Arc<dyn OpenIdStore>,
    /// Connected clients.
    pub directory: Arc<Directory>,
    /// Who proves which client they are, and which key.
    pub tokens: Arc<TokenService>,
    /// What is told of persons.
    pub verify: Arc<VerifyService>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness of codes, tokens and names.
    pub entropy: Arc<dyn Entropy>,
    /// Keys.
    pub keys: Keys,
    /// Who we are to portals: the public origin, without a slash at its end.
    pub issuer: String,
}

/// The provider. Cheap to share behind an `Arc`; every method takes `&self`.
pub struct OpenId {
    pub(crate) store: Arc<dyn OpenIdStore>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) tokens: Arc<TokenService>,
    pub(crate) verify: Arc<VerifyService>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) keys: Keys,
    pub(crate) issuer: String,
}

/// A request that was taken in.
#[derive(Debug)]
pub struct Pushed {
    /// Its name, for the browser.
    pub request_uri: String,
    /// Seconds within which the browser must bring it.
    pub expires_in_s: i64,
}

/// Rows of a table that one transaction removes, and how many of them follow one another.
const SWEEP_ROWS_MAX: u32 = 10_000;
const SWEEPS_MAX: u32 = 20;
const REQUEST_URI_HEAD: &str = "urn:ietf:params:oauth:request_uri:";

impl OpenId {
    /// Joins the parts.
    pub fn new(parts: OpenIdParts) -> Self {
        let OpenIdParts { store, directory, tokens, verify, clock, entropy, keys, issuer } = parts;
        Self { store, directory, tokens, verify, clock, entropy, keys, issuer }
    }

    /// Who we are to portals.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The keys.
    pub const fn keys(&self) -> &Keys {
        &self.keys
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn rules(&self) -> Result<SignInRules, OpenIdError> {
        sign_in_rules(self.clock.today()).ok_or(OpenIdError::Defect("no rules of sign-in hold today"))
    }

    /// The portal with this identifier; nobody signs in at a client that is none.
    pub(crate) fn portal_of(&self, client: &ClientId) -> Result<Arc<Caller>, OpenIdError> {
        self.directory
            .caller(client)
            .filter(|caller| !caller.client.redirect_uris.is_empty() && caller.contract.sign_in.is_some())
            .ok_or(OpenIdError::NoPortal)
    }

    /// What a portal wants with a request, when its contract holds it today.
    pub(crate) fn wish_of(&self, caller: &Caller, asked: &Asked) -> Result<SignInWish, OpenIdError> {
        let terms = caller.contract.sign_in.unwrap_or_default();
        let wish = asked.scopes.wish(terms).map_err(|scope| OpenIdError::Scope(scope.as_str()))?;
        self.verify.check_sign_in(caller, wish).map_err(|_| OpenIdError::NoPortal)?;
        Ok(wish)
    }

    /// The host by which a portal's pseudonyms are told from others'.
    pub(crate) fn subject_of(&self, caller: &Caller, account: AccountId) -> String {
        let host = caller.client.redirect_uris.first().map(dancu_exchange::RedirectAddress::host);
        self.keys.subject(&host.unwrap_or_default(), account)
    }

    /// Takes a request in from a portal that proved itself. `key`: the key that the request proves, if it proves one.
    pub async fn push(
        &self,
        caller: &Caller,
        parameters: &Parameters,
        key: Option<KeyThumbprint>,
    ) -> Result<Pushed, OpenIdError> {
        let caller = self.portal_of(&caller.client.id)?;
        let today = self.clock.today();
        let _place = caller.enter(today).map_err(dancu_exchange::RefusalReason::told)?;
        let hinted = |hint: &str| {
            let (client, subject) = self.keys.hint(&self.issuer, hint)?;
            (client == caller.client.id.as_str()).then_some(subject)
        };
        let asked = Asked::read(&caller.client, parameters, key, hinted)?;
        self.wish_of(&caller, &asked)?;
        let (name, now, rules) = (Secret::draw(&*self.entropy), self.now(), self.rules()?);
        let request = PushedRequest {
            id: name.hash(),
            client: caller.client.id.clone(),
            asked,
            pushed: now,
            expires: now + rules.request,
        };
        self.store.push(request).await?;
        let request_uri = format!("{REQUEST_URI_HEAD}{}", name.as_str());
        Ok(Pushed { request_uri, expires_in_s: rules.request.as_secs() })
    }

    /// Opens what a browser brings: the name under which the sign-in goes on. Nothing is believed but a request that was
    /// pushed, and nobody is sent anywhere before it is found.
    pub async fn open(&self, parameters: &Parameters) -> Result<Secret, OpenIdError> {
        let client = parameters.need("client_id")?;
        let uri = parameters.need("request_uri")?;
        let name = uri.strip_prefix(REQUEST_URI_HEAD).and_then(Secret::read);
        let name = name.ok_or(OpenIdError::Parameter("request_uri"))?;
        let request = self.standing(&name).await?;
        if request.client.as_str() != client {
            return Err(OpenIdError::Parameter("client_id"));
        }
        let rules = self.rules()?;
        // As long as the portal was told (RFC 9126 2.2), whoever brings it.
        if self.now() >= request.pushed + rules.request {
            return Err(OpenIdError::RequestOver);
        }
        // From here on the person needs time: a reload brings the same page, not an error.
        let until = request.pushed + rules.sign_in;
        self.store.extend(name.hash(), until).await?;
        Ok(name)
    }

    /// A request that still stands.
    pub(crate) async fn standing(&self, name: &Secret) -> Result<PushedRequest, OpenIdError> {
        let found = self.store.request(name.hash()).await?;
        found.filter(|request| self.now() < request.expires).ok_or(OpenIdError::RequestOver)
    }

    /// Removes what is over, a bounded number at a time; says how many. To be called now and then.
    pub async fn sweep(&self) -> Result<u64, OpenIdError> {
        let now = self.now();
        let history_from = now.saturating_sub(self.rules()?.history).unwrap_or(Timestamp::MIN);
        let mut rows = 0;
        for _ in 0..SWEEPS_MAX {
            let swept =
                self.store.forget(now, PortalLength { history_from, rows_max: SWEEP_ROWS_MAX }).await?;
            rows += swept;
            if swept < SWEEP_ROWS_MAX.into() {
                break;
            }
        }
        Ok(rows)
    }
}
