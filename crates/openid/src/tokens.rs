//! Tokens: the exchange of a code, renewal, what a token is worth, and its end.

use crate::{
    AccessToken, Binding, CodeUse, Family, OpenId, OpenIdError, Parameters, RefreshToken, Rotation, Scopes,
    Secret, StoredCode, asked::is_verifier, keys::IdToken, metadata::AUTHENTICATION_METHODS,
};
use dancu_exchange::{Caller, Presented, Scheme, SignInAnswer};
use serde_json::{Value, json};
use std::{fmt, sync::Arc};
use subtle::ConstantTimeEq;

/// What a portal gets for a code or a refresh token.
pub struct Tokens {
    /// Opens what was agreed, with the key to which it is bound.
    pub access_token: String,
    /// How it is used.
    pub scheme: Scheme,
    /// Seconds for which it is good.
    pub expires_in_s: i64,
    /// Gets the next ones.
    pub refresh_token: String,
    /// The statement about the sign-in; only for a code.
    pub id_token: Option<String>,
    /// What was granted.
    pub scopes: Scopes,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(…)")
    }
}

/// An access token that was found good, with whose it is.
#[derive(Debug)]
pub struct Access {
    /// The portal.
    pub caller: Arc<Caller>,
    token: AccessToken,
    family: Family,
}

impl OpenId {
    /// Exchanges a code (RFC 6749 4.1.3) for a portal that proved itself.
    pub async fn exchange(
        &self,
        caller: &Caller,
        parameters: &Parameters,
        presented: Presented<'_>,
    ) -> Result<Tokens, OpenIdError> {
        let caller = self.portal_of(&caller.client.id)?;
        let _place = caller.enter(self.clock.today()).map_err(dancu_exchange::RefusalReason::told)?;
        let code = parameters.need("code")?;
        let redirect = parameters.need("redirect_uri")?;
        let verifier = parameters.need("code_verifier")?;
        let binding = self.binding(&caller, presented)?;
        let stored = match Secret::read(code) {
            Some(code) => self.store.code(code.hash()).await?,
            None => None,
        };
        let stored = stored.filter(|code| code.client == caller.client.id).ok_or(OpenIdError::Grant)?;
        self.end_if_used(&stored).await?;
        let asked = &stored.grant.asked;
        let is_theirs = asked.redirect.as_str() == redirect && is_verifier(&asked.challenge, verifier);
        if self.now() >= stored.expires || !is_theirs || !holds_key(asked.key, binding) {
            return Err(OpenIdError::Grant);
        }
        let (now, rules) = (self.now(), self.rules()?);
        let (secret, token) = self.new_token(stored.family, asked.scopes, binding)?;
        let exchanged = CodeUse {
            hash: stored.hash,
            at: now,
            family_expires: now + rules.family,
            families_max: rules.families_max,
            token,
        };
        let Some(family) = self.store.exchange(exchanged).await? else {
            // Somebody was quicker, or the person disconnected the portal: either way nothing of it may stand.
            self.store.end_family(stored.family, now).await?;
            return Err(OpenIdError::Grant);
        };
        let id_token = self.id_token(&caller, &family, asked.nonce.as_deref())?;
        self.tokens(&family, &secret, token, Some(id_token))
    }

    /// A code that is shown once more may be in two hands: what it began ends (RFC 6749 4.1.2).
    async fn end_if_used(&self, code: &StoredCode) -> Result<(), OpenIdError> {
        if code.used.is_some() {
            self.store.end_family(code.family, self.now()).await?;
            return Err(OpenIdError::Grant);
        }
        Ok(())
    }

    /// Renews tokens (RFC 6749 6) for a portal that proved itself. Each refresh token is good once. The last but one is
    /// taken for a short time, for the same answer: its portal did not get it, or asked twice at once. An older one may be
    /// in two hands: everything ends.
    pub async fn refresh(
        &self,
        caller: &Caller,
        parameters: &Parameters,
        presented: Presented<'_>,
    ) -> Result<Tokens, OpenIdError> {
        let caller = self.portal_of(&caller.client.id)?;
        let _place = caller.enter(self.clock.today()).map_err(dancu_exchange::RefusalReason::told)?;
        let shown = RefreshToken::read(parameters.need("refresh_token")?, self.keys.refresh());
        let shown = shown.ok_or(OpenIdError::Grant)?;
        let binding = self.binding(&caller, presented)?;
        let wanted = parameters.get("scope").map(Scopes::read);
        // The second look is after another one has renewed it in between.
        for _ in 0..2 {
            let family = self.store.family(shown.family).await?;
            let family =
                family.filter(|family| family.client == caller.client.id).ok_or(OpenIdError::Grant)?;
            let scopes = wanted.unwrap_or(family.terms.scopes);
            if !scopes.are_within(family.terms.scopes) || scopes == Scopes::default() {
                return Err(OpenIdError::Scope("scope"));
            }
            let is_newest = self.check_generation(&family, shown).await?;
            let (secret, token) = self.new_token(family.id, scopes, binding)?;
            let rotation =
                Rotation { family: family.id, seen: shown.generation, is_newest, at: self.now(), token };
            if self.store.rotate(rotation).await? {
                let family = Family { generation: shown.generation + 1, ..family };
                return self.tokens(&family, &secret, token, None);
            }
        }
        Err(OpenIdError::Grant)
    }

    /// Whether a refresh token is the newest of its family, or the one before it and shown again at once.
    async fn check_generation(&self, family: &Family, shown: RefreshToken) -> Result<bool, OpenIdError> {
        let now = self.now();
        if family.ended.is_some() || now >= family.expires || shown.generation == u32::MAX {
            return Err(OpenIdError::Grant);
        }
        if shown.generation == family.generation {
            return Ok(true);
        }
        let is_before = shown.generation.checked_add(1) == Some(family.generation);
        if is_before && now.duration_since(family.rotated) < self.rules()?.refresh_retry {
            return Ok(false);
        }
        self.store.end_family(family.id, now).await?;
        Err(OpenIdError::Grant)
    }

    /// What a token is bound to: the key that the request proves, or the certificate of the connection.
    fn binding(&self, caller: &Caller, presented: Presented<'_>) -> Result<Binding, OpenIdError> {
        if let Some(key) = self.tokens.prove_key(caller, presented.proof, None)? {
            return Ok(Binding::Key(key));
        }
        match presented.certificate {
            Some(certificate)
                if caller.is_proven_by(Some(certificate)) && !caller.client.dpop_bound_access_tokens =>
            {
                Ok(Binding::Certificate(*certificate))
            }
            _ => Err(OpenIdError::KeyNeeded),
        }
    }

    fn new_token(
        &self,
        family: crate::FamilyId,
        scopes: Scopes,
        binding: Binding,
    ) -> Result<(Secret, AccessToken), OpenIdError> {
        let secret = Secret::draw(&*self.entropy);
        let expires = self.now() + self.rules()?.access_token;
        let token = AccessToken { hash: secret.hash(), family, expires, scopes, binding };
        Ok((secret, token))
    }

    fn tokens(
        &self,
        family: &Family,
        secret: &Secret,
        token: AccessToken,
        id_token: Option<String>,
    ) -> Result<Tokens, OpenIdError> {
        let refresh = RefreshToken { family: family.id, generation: family.generation };
        Ok(Tokens {
            access_token: secret.as_str().to_owned(),
            scheme: scheme_of(token.binding),
            expires_in_s: self.rules()?.access_token.as_secs(),
            refresh_token: refresh.to_text(self.keys.refresh()),
            id_token,
            scopes: token.scopes,
        })
    }

    fn id_token(&self, caller: &Caller, family: &Family, nonce: Option<&str>) -> Result<String, OpenIdError> {
        let now = self.now();
        let token = IdToken {
            iss: &self.issuer,
            sub: &self.subject_of(caller, family.account),
            aud: caller.client.id.as_str(),
            exp: (now + self.rules()?.id_token).as_second(),
            iat: now.as_second(),
            auth_time: family.terms.signed_in.as_second(),
            nonce,
            acr: family.terms.level.to_string(),
            amr: AUTHENTICATION_METHODS,
        };
        self.keys.sign(&token).map_err(|_| OpenIdError::Defect("the key cannot sign"))
    }

    /// What an access token is worth in a request that shows this beside it.
    pub async fn access(
        &self,
        scheme: Scheme,
        secret: &str,
        presented: Presented<'_>,
    ) -> Result<Access, OpenIdError> {
        let found = match Secret::read(secret) {
            Some(secret) => self.store.token(secret.hash()).await?,
            None => None,
        };
        let (token, family) = found.ok_or(OpenIdError::Token)?;
        if !self.stands(&token, &family) || scheme != scheme_of(token.binding) {
            return Err(OpenIdError::Token);
        }
        let caller = self.portal_of(&family.client).map_err(|_| OpenIdError::Token)?;
        let is_by_certificate = matches!(token.binding, Binding::Certificate(_));
        if !caller.is_connection_theirs(presented.certificate)
            || (caller.client.dpop_bound_access_tokens && is_by_certificate)
        {
            return Err(OpenIdError::Token);
        }
        match token.binding {
            Binding::Key(key) => {
                let proven = self.tokens.prove_key(&caller, presented.proof, Some(secret))?;
                if !proven.is_some_and(|proven| bool::from(proven.ct_eq(&key))) {
                    return Err(OpenIdError::Token);
                }
            }
            Binding::Certificate(bound) => {
                let is_it = presented.certificate.is_some_and(|shown| bool::from(shown.ct_eq(&bound)));
                if !is_it || !caller.is_proven_by(presented.certificate) {
                    return Err(OpenIdError::Token);
                }
            }
        }
        Ok(Access { caller, token, family })
    }

    fn stands(&self, token: &AccessToken, family: &Family) -> bool {
        let now = self.now();
        now < token.expires && now < family.expires && family.ended.is_none()
    }

    /// What the bearer of an access token is told of the person: the pseudonym, and the values with their receipt.
    pub async fn user_info(&self, access: &Access) -> Result<(String, Option<SignInAnswer>), OpenIdError> {
        let (caller, family) = (&access.caller, &access.family);
        let subject = self.subject_of(caller, family.account);
        let terms = caller.contract.sign_in.unwrap_or_default();
        // A contract may hold less than at the sign-in, and the person may have agreed to less: what is gone is not told.
        let scopes = access.token.scopes;
        let wish = scopes.wish(terms).map_err(|scope| OpenIdError::Scope(scope.as_str()))?;
        let portal = self.store.portal(family.account, &caller.client.id).await?;
        let is_agreed = portal.is_some_and(|portal| wish.is_within(portal.wish));
        if !is_agreed {
            return Err(OpenIdError::Token);
        }
        if wish.is_empty() {
            self.verify.check_sign_in(caller, wish).map_err(|_| OpenIdError::NoPortal)?;
            return Ok((subject, None));
        }
        let answer = self.verify.tell_signed_in(caller, family.number, wish, "").await?;
        Ok((subject, Some(answer)))
    }

    /// What a token is worth (RFC 7662), for a client that proved itself. Only the portal that holds it, and other clients
    /// of the same organisation, learn that it is worth anything.
    pub async fn introspect(&self, caller: &Caller, parameters: &Parameters) -> Result<Value, OpenIdError> {
        let text = parameters.need("token")?;
        let today = self.clock.today();
        let inactive = json!({ "active": false });
        let may_know = |family: &Family| {
            let owner = self.portal_of(&family.client).ok();
            owner.filter(|owner| {
                owner.client.organisation == caller.client.organisation && owner.check_standing(today).is_ok()
            })
        };
        if let Some(shown) = RefreshToken::read(text, self.keys.refresh()) {
            let family = self.store.family(shown.family).await?;
            let live = family.filter(|family| {
                let is_over = family.ended.is_some() || self.now() >= family.expires;
                !is_over && shown.generation == family.generation
            });
            let Some((family, owner)) =
                live.and_then(|family| may_know(&family).map(|owner| (family, owner)))
            else {
                return Ok(inactive);
            };
            let mut told = self.told(&owner, &family, family.terms.scopes);
            told["exp"] = json!(family.expires.as_second());
            return Ok(told);
        }
        let found = match Secret::read(text) {
            Some(secret) => self.store.token(secret.hash()).await?,
            None => None,
        };
        let Some((token, family)) = found.filter(|(token, family)| self.stands(token, family)) else {
            return Ok(inactive);
        };
        let Some(owner) = may_know(&family) else { return Ok(inactive) };
        let mut told = self.told(&owner, &family, token.scopes);
        told["exp"] = json!(token.expires.as_second());
        told["token_type"] = json!(scheme_of(token.binding).as_str());
        told["cnf"] = confirmation(token.binding);
        Ok(told)
    }

    fn told(&self, owner: &Caller, family: &Family, scopes: Scopes) -> Value {
        json!({
            "active": true,
            "iss": self.issuer,
            "client_id": owner.client.id,
            "sub": self.subject_of(owner, family.account),
            "scope": scopes.to_string(),
            "acr": family.terms.level,
            "auth_time": family.terms.signed_in.as_second(),
        })
    }

    /// Ends a token (RFC 7009) for a client that proved itself. One that is unknown, or another's, has ended as far as they
    /// are concerned.
    pub async fn revoke(&self, caller: &Caller, parameters: &Parameters) -> Result<(), OpenIdError> {
        let text = parameters.need("token")?;
        if let Some(shown) = RefreshToken::read(text, self.keys.refresh()) {
            let family = self.store.family(shown.family).await?;
            if family.is_some_and(|family| family.client == caller.client.id) {
                self.store.end_family(shown.family, self.now()).await?;
            }
        } else if let Some(secret) = Secret::read(text) {
            let found = self.store.token(secret.hash()).await?;
            if found.is_some_and(|(_, family)| family.client == caller.client.id) {
                self.store.end_token(secret.hash()).await?;
            }
        }
        Ok(())
    }
}

/// Whether what the code was bound to, if anything, is the key that is proven now.
fn holds_key(bound: Option<[u8; 32]>, binding: Binding) -> bool {
    match (bound, binding) {
        (None, _) => true,
        (Some(bound), Binding::Key(key)) => bool::from(bound.ct_eq(&key)),
        (Some(_), Binding::Certificate(_)) => false,
    }
}

const fn scheme_of(binding: Binding) -> Scheme {
    match binding {
        Binding::Key(_) => Scheme::Dpop,
        Binding::Certificate(_) => Scheme::Bearer,
    }
}

fn confirmation(binding: Binding) -> Value {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    match binding {
        Binding::Key(key) => json!({ "jkt": URL_SAFE_NO_PAD.encode(key) }),
        Binding::Certificate(shown) => json!({ "x5t#S256": URL_SAFE_NO_PAD.encode(shown) }),
    }
}
