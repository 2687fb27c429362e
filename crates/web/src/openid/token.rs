//! `POST /oauth/token`: an access token for a client that signs an assertion (RFC 6749 4.4, RFC 7523 2.2), bound
//! to a key where the request proves one (RFC 9449); tokens of a person who signed in, for a code or a refresh token.

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
use dancu_exchange::{RefusalReason, TokenError};
use dancu_openid::{Parameters, Tokens};
use serde_json::json;
use std::sync::Arc;

/// Assertions are below 4 KiB with any accepted key.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// The token endpoint. A client proves itself by an assertion, or by the certificate of its connection.
pub(crate) async fn token(
    State(state): State<Arc<AppState>>,
    shown: Shown,
    body: Body,
) -> Result<Response, Refused> {
    let bytes = collect(body, BODY_BYTES_MAX).await?;
    let refuse = |reason: RefusalReason| {
        Refused::Client(TokenError::Refused(state.refusals.note(state.clock.now(), None, reason)))
    };
    // A doubled parameter is refused (RFC 6749 3.2): which of the two counts must not be a guess.
    let parameters = Parameters::read(&bytes).map_err(|_| refuse(RefusalReason::InvalidRequest))?;
    let grant = parameters.get("grant_type").ok_or_else(|| refuse(RefusalReason::InvalidRequest))?;
    if !matches!(grant, "client_credentials" | "authorization_code" | "refresh_token") {
        return Err(refuse(RefusalReason::UnsupportedGrant));
    }
    let proof = client_proof(&parameters, &shown).map_err(refuse)?;
    if grant == "client_credentials" {
        let issued = state.tokens.grant(proof, shown.presented()).await?;
        let told = json!({
            "access_token": issued.secret, "token_type": issued.scheme.as_str(), "expires_in": issued.lifetime_s,
        });
        return Ok(uncached((StatusCode::OK, Json(told)).into_response()));
    }
    let caller = state.tokens.authenticate(proof, shown.presented().certificate).await?;
    let tokens = if grant == "authorization_code" {
        state.openid.exchange(&caller, &parameters, shown.presented()).await?
    } else {
        state.openid.refresh(&caller, &parameters, shown.presented()).await?
    };
    Ok(granted(&tokens))
}

fn granted(tokens: &Tokens) -> Response {
    let mut told = json!({
        "access_token": tokens.access_token,
        "token_type": tokens.scheme.as_str(),
        "expires_in": tokens.expires_in_s,
        "refresh_token": tokens.refresh_token,
        "scope": tokens.scopes.to_string(),
    });
    if let Some(statement) = &tokens.id_token {
        told["id_token"] = json!(statement);
    }
    uncached((StatusCode::OK, Json(told)).into_response())
}
