//! Signing out because a portal asks for it (OpenID Connect RP-Initiated Logout 1.0).

use crate::{OpenId, OpenIdError, Parameters};
use dancu_exchange::{Caller, RedirectAddress};
use std::{fmt, sync::Arc};
use url::Url;

/// A wish to sign out that was read. Where it leads is registered, or it leads nowhere.
#[derive(Clone, Default)]
pub struct SignOut {
    /// The portal that asks, where one is named.
    pub caller: Option<Arc<Caller>>,
    /// Where the browser goes then.
    pub redirect: Option<RedirectAddress>,
    /// Handed back as it came.
    pub state: Option<String>,
}

impl fmt::Debug for SignOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignOut(…)")
    }
}

impl OpenId {
    /// Reads a wish to sign out. What is wrong is said here and sends nobody anywhere.
    pub fn read_sign_out(&self, parameters: &Parameters) -> Result<SignOut, OpenIdError> {
        let hint = parameters.get("id_token_hint");
        let hinted = hint
            .map(|hint| self.keys.hint(&self.issuer, hint).ok_or(OpenIdError::Parameter("id_token_hint")));
        let hinted = hinted.transpose()?.map(|(client, _)| client);
        let named = parameters.get("client_id");
        if let (Some(hinted), Some(named)) = (&hinted, named)
            && hinted != named
        {
            return Err(OpenIdError::Parameter("client_id"));
        }
        let client = hinted.as_deref().or(named).map(|id| {
            let id = id.parse().map_err(|_| OpenIdError::Parameter("client_id"))?;
            self.portal_of(&id).map_err(|_| OpenIdError::Parameter("client_id"))
        });
        let caller = client.transpose()?;
        let state = parameters.get("state").filter(|state| state.len() <= 1024).map(str::to_owned);
        let Some(wanted) = parameters.get("post_logout_redirect_uri") else {
            return Ok(SignOut { caller, redirect: None, state });
        };
        let registered = |caller: &Arc<Caller>| {
            let all = &caller.client.post_logout_redirect_uris;
            all.iter().find(|address| address.as_str() == wanted).cloned()
        };
        let redirect = caller.as_ref().and_then(registered);
        let redirect = redirect.ok_or(OpenIdError::Parameter("post_logout_redirect_uri"))?;
        Ok(SignOut { caller, redirect: Some(redirect), state })
    }
}

impl SignOut {
    /// Where the browser goes once the session has ended; `None`: it stays here.
    pub fn address(&self) -> Option<String> {
        let mut url = Url::parse(self.redirect.as_ref()?.as_str()).ok()?;
        if let Some(state) = &self.state {
            url.query_pairs_mut().append_pair("state", state);
        }
        Some(url.into())
    }
}
