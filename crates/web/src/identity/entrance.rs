//! What the endpoints here need of the whole state, and where people go once they are in.

use super::cookies;
use crate::{AppState, Problem};
use axum::{
    Json,
    extract::FromRef,
    http::{HeaderMap, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use dancu_core::Clock;
use dancu_identity::{Identity, Principal, Role, SessionToken, SignedIn};
use dancu_openid::OpenId;
use serde_json::json;
use std::sync::Arc;
use url::Url;

/// The part of the state behind sign-in; small, so that tests can build it.
#[derive(Clone)]
pub(crate) struct Entrance {
    pub identity: Arc<Identity>,
    pub clock: Arc<dyn Clock>,
    pub public_origin: Url,
    /// Who signs people in at portals; none in tests of the doors alone.
    pub openid: Option<Arc<OpenId>>,
}

impl FromRef<Arc<AppState>> for Entrance {
    fn from_ref(state: &Arc<AppState>) -> Self {
        Self {
            identity: Arc::clone(&state.identity),
            clock: Arc::clone(&state.clock),
            public_origin: state.public_origin.clone(),
            openid: Some(Arc::clone(&state.openid)),
        }
    }
}

/// The page on which someone's work begins.
pub(crate) const fn home_of(principal: &Principal) -> &'static str {
    match principal {
        Principal::Enrolling { .. } => "/sign-in/passkey",
        Principal::Citizen { .. } => "/citizen",
        Principal::Staff { role: Role::Receptionist { .. }, .. } => "/reception",
        Principal::Staff { role: Role::Officer { .. }, .. } => "/officer",
        Principal::Staff { role: Role::Operator, .. } => "/operator",
        Principal::Staff { role: Role::Agency { .. }, .. } => "/agency",
    }
}

/// How the answer goes back: a form is redirected, a script is told where to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    Redirect,
    Json,
}

impl Reply {
    /// A script sends JSON and gets it back; anything else is a form.
    pub fn of(headers: &HeaderMap) -> Self {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let is_json =
            kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json");
        if is_json { Self::Json } else { Self::Redirect }
    }

    /// Sends the browser to a page of this site.
    pub fn to(self, location: &str) -> Response {
        match self {
            Self::Redirect => Redirect::to(location).into_response(),
            Self::Json => Json(json!({ "location": location })).into_response(),
        }
    }
}

impl Entrance {
    /// Ends the session that the browser had before. What portals hold of it goes on in the new one, if it is the same
    /// person's, and else ends with it.
    async fn replace(&self, before: &SessionToken, now: &Principal) {
        let replaced = async {
            if let (Some(openid), Some(old)) = (&self.openid, self.identity.session_of(before).await?) {
                openid.replace_session(old, now).await.map_err(crate::openid::problem)?;
            }
            Ok::<_, Problem>(self.identity.sign_out(before).await?)
        };
        // The person is in; an old session that stays will end by its own clock.
        if let Err(problem) = replaced.await {
            tracing::warn!(code = problem.said.code, "the session before could not be ended");
        }
    }

    /// Ends a session and what portals hold of it, also of one that is over by its own clock. The session goes last: after
    /// a fault in between it is still there, and the next sign-out finds it.
    pub(super) async fn end(&self, token: &SessionToken) -> Result<(), Problem> {
        if let (Some(openid), Some((session, _))) = (&self.openid, self.identity.session_of(token).await?) {
            openid.end_session(session).await.map_err(crate::openid::problem)?;
        }
        self.identity.sign_out(token).await?;
        Ok(())
    }

    /// Whether cookies may travel over https only.
    pub(super) fn is_secure(&self) -> bool {
        self.public_origin.scheme() == "https"
    }

    /// The answer to someone who has just signed in: the new cookie, the way to their page; the session that the
    /// browser had before is ended.
    pub(super) async fn admit(
        &self,
        signed_in: &SignedIn,
        before: Option<SessionToken>,
        reply: Reply,
    ) -> Response {
        if let Some(before) = before {
            self.replace(&before, &signed_in.principal).await;
        }
        let length = signed_in.expires.duration_since(self.clock.now());
        let cookies = AppendHeaders([
            (header::SET_COOKIE, cookies::session(&signed_in.token, length, self.is_secure())),
            (header::SET_COOKIE, cookies::no_ceremony(self.is_secure())),
        ]);
        (cookies, reply.to(home_of(&signed_in.principal))).into_response()
    }
}
