//! `POST /oauth/par` (RFC 9126), `/oauth/introspect` (RFC 7662), `/oauth/revoke` (RFC 7009): for clients that prove
//! themselves as at `/oauth/token`.

use super::refusal::Refused;
use crate::{
    AppState,
    api::{Shown, client_proof, collect, uncached},
};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use dancu_exchange::{Caller, TokenError};
use dancu_openid::Parameters;
use serde_json::json;
use std::sync::Arc;

/// An assertion, and a request with every parameter.
const BODY_BYTES_MAX: usize = 32 * 1024;

/// What a client sent, and who it is.
async fn asked(state: &AppState, shown: &Shown, body: Body) -> Result<(Parameters, Arc<Caller>), Refused> {
    let bytes = collect(body, BODY_BYTES_MAX).await?;
    let parameters = Parameters::read(&bytes)?;
    let proof = client_proof(&parameters, shown);
    let proof =
        proof.map_err(|reason| TokenError::Refused(state.refusals.note(state.clock.now(), None, reason)))?;
    let caller = state.tokens.authenticate(proof, shown.presented().certificate).await?;
    Ok((parameters, caller))
}

/// Takes a request in; its name is for the browser.
pub(super) async fn push(
    State(state): State<Arc<AppState>>,
    shown: Shown,
    body: Body,
) -> Result<Response, Refused> {
    let (parameters, caller) = asked(&state, &shown, body).await?;
    let key = state.tokens.prove_key(&caller, shown.presented().proof, None);
    let key = key.map_err(TokenError::Refused)?;
    let pushed = state.openid.push(&caller, &parameters, key).await?;
    let told = json!({ "request_uri": pushed.request_uri, "expires_in": pushed.expires_in_s });
    Ok(uncached((StatusCode::CREATED, Json(told)).into_response()))
}

/// What a token is worth.
pub(super) async fn introspect(
    State(state): State<Arc<AppState>>,
    shown: Shown,
    body: Body,
) -> Result<Response, Refused> {
    let (parameters, caller) = asked(&state, &shown, body).await?;
    let told = state.openid.introspect(&caller, &parameters).await?;
    Ok(uncached(Json(told).into_response()))
}

/// Ends a token. Whoever asks learns nothing of tokens that are not theirs.
pub(super) async fn revoke(
    State(state): State<Arc<AppState>>,
    shown: Shown,
    body: Body,
) -> Result<Response, Refused> {
    let (parameters, caller) = asked(&state, &shown, body).await?;
    state.openid.revoke(&caller, &parameters).await?;
    Ok(uncached(StatusCode::OK.into_response()))
}
