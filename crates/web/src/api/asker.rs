//! Who asks: the client whose token a request bears, alone or with the proof of its key.

use super::verify::refusal_problem;
use crate::{AppState, Problem, tls::Peer};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
};
use dancu_core::Clock;
use dancu_exchange::{
    Caller, InFlight, PROOF_ALGORITHMS, Presented, Refusal, RefusalReason, Scheme, ShownProof, TokenError,
};
use std::{convert::Infallible, sync::Arc};
use url::Url;

/// The header with a proof of a key (RFC 9449).
const PROOF: &str = "dpop";

/// The client that a request comes from.
pub(crate) struct Asker(pub Arc<Caller>);

impl FromRequestParts<Arc<AppState>> for Asker {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Response> {
        let shown = Shown::of(parts, state);
        let Some((scheme, secret)) = authorization(&parts.headers) else {
            return Err(refused(state.refusals.note(state.clock.now(), None, RefusalReason::Token)));
        };
        state.tokens.caller(scheme, secret, shown.presented()).await.map(Self).map_err(|error| match error {
            TokenError::Refused(refusal) => refused(refusal),
            TokenError::Store(error) => Problem::from(error).into_response(),
        })
    }
}

/// What a request shows beside its token or assertion.
pub(crate) struct Shown {
    pub peer: Peer,
    /// The proof, the method and the address for which it must be.
    proof: Option<(String, String, Url)>,
}

impl Shown {
    fn of(parts: &Parts, state: &AppState) -> Self {
        let peer = parts.extensions.get::<Peer>().copied().unwrap_or_default();
        let mut proofs = parts.headers.get_all(PROOF).iter();
        let first = proofs.next().map(|first| {
            // Of two proofs neither counts, and an empty one is none (RFC 9449 4.3).
            let is_alone = proofs.next().is_none();
            let jwt = first.to_str().ok().filter(|_| is_alone).unwrap_or_default().to_owned();
            let mut url = state.public_origin.clone();
            url.set_path(parts.uri.path());
            (jwt, parts.method.as_str().to_owned(), url)
        });
        Self { peer, proof: first }
    }

    pub fn presented(&self) -> Presented<'_> {
        let proof = self.proof.as_ref().map(|(jwt, method, url)| ShownProof { jwt, method, url });
        Presented { certificate: self.peer.0.as_ref(), proof }
    }
}

impl FromRequestParts<Arc<AppState>> for Shown {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Infallible> {
        Ok(Self::of(parts, state))
    }
}

/// How a request's token is used, and its secret.
pub(crate) fn authorization(headers: &HeaderMap) -> Option<(Scheme, &str)> {
    let (word, secret) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let scheme = [Scheme::Bearer, Scheme::Dpop];
    let scheme = scheme.into_iter().find(|scheme| word.eq_ignore_ascii_case(scheme.as_str()))?;
    Some((scheme, secret.trim()))
}

/// A place for one request that is counted here alone. A client that was suspended with a token in hand has none.
#[expect(clippy::result_large_err, reason = "the error is the response, as of every handler")]
pub(crate) fn enter<'c>(state: &AppState, caller: &'c Caller) -> Result<InFlight<'c>, Response> {
    caller
        .enter(state.clock.today())
        .map_err(|reason| refused(state.refusals.note(state.clock.now(), Some(&caller.client.id), reason)))
}

/// A refusal with its challenge.
pub(crate) fn refused(refusal: Refusal) -> Response {
    let mut response = refusal_problem(refusal).into_response();
    let proof = format!("DPoP error=\"invalid_dpop_proof\", algs=\"{PROOF_ALGORITHMS}\"");
    let challenge = match refusal {
        Refusal::InvalidToken => HeaderValue::from_static("Bearer error=\"invalid_token\""),
        Refusal::InvalidProof => HeaderValue::from_str(&proof).expect("words and quotes"),
        _ => return response,
    };
    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    response
}
