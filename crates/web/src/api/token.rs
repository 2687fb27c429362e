//! `POST /oauth/token`: an access token for a client that signs an assertion (RFC 6749 4.4, RFC 7523 2.2), bound
//! to a key where the request proves one (RFC 9449).

use super::asker::Shown;
use crate::{AppState, Problem, api::body::collect};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use dancu_core::Explain;
use dancu_exchange::{Refusal, RefusalReason, TokenError};
use serde_json::json;
use std::{collections::HashMap, sync::Arc};

/// Assertions are below 2 KiB with any accepted key.
const BODY_BYTES_MAX: usize = 16 * 1024;
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The token endpoint. A client proves itself by an assertion, or by the certificate of its connection.
pub(crate) async fn token(State(state): State<Arc<AppState>>, shown: Shown, body: Body) -> Response {
    let outcome = match collect(body, BODY_BYTES_MAX).await {
        Ok(bytes) => grant(&state, &shown, &bytes).await,
        Err(problem) => return problem.into_response(),
    };
    outcome.unwrap_or_else(|error| match error {
        TokenError::Refused(refusal) => refused(refusal),
        TokenError::Store(error) => Problem::from(error).into_response(),
    })
}

async fn grant(state: &AppState, shown: &Shown, bytes: &[u8]) -> Result<Response, TokenError> {
    let refuse =
        |reason: RefusalReason| TokenError::Refused(state.refusals.note(state.clock.now(), None, reason));
    let mut form: HashMap<String, String> = HashMap::new();
    for (key, value) in url::form_urlencoded::parse(bytes) {
        // A doubled parameter is refused (RFC 6749 3.2): which of the two counts must not be a guess.
        if form.insert(key.into_owned(), value.into_owned()).is_some() {
            return Err(refuse(RefusalReason::InvalidRequest));
        }
    }
    let parameter = |name: &str| form.get(name).map(String::as_str).filter(|value| !value.is_empty());
    match parameter("grant_type") {
        Some("client_credentials") => {}
        Some(_) => return Err(refuse(RefusalReason::UnsupportedGrant)),
        None => return Err(refuse(RefusalReason::InvalidRequest)),
    }
    let issued = match (parameter("client_assertion_type"), parameter("client_assertion")) {
        (Some(ASSERTION_TYPE), Some(assertion)) => {
            state.tokens.grant(assertion, parameter("client_id"), shown.presented()).await?
        }
        // Without an assertion the connection itself has to prove the client (RFC 8705).
        (None, None) if shown.peer.0.is_some() => {
            let Some(client) = parameter("client_id") else {
                return Err(refuse(RefusalReason::InvalidRequest));
            };
            state.tokens.grant_to_certificate(client, shown.presented()).await?
        }
        _ => return Err(refuse(RefusalReason::AssertionShape)),
    };
    let body = json!({ "access_token": issued.secret, "token_type": issued.scheme.as_str(), "expires_in": issued.lifetime_s });
    Ok(uncached((StatusCode::OK, Json(body)).into_response()))
}

/// RFC 6749 5.2, with our code and both sentences beside it.
fn refused(refusal: Refusal) -> Response {
    let (status, error) = match refusal {
        Refusal::InvalidClient | Refusal::InvalidToken => (StatusCode::UNAUTHORIZED, "invalid_client"),
        Refusal::NotInContract
        | Refusal::ProductNotInContract
        | Refusal::HouseRule
        | Refusal::NoConsent
        | Refusal::Draft
        | Refusal::SandboxOnly
        | Refusal::Suspended
        | Refusal::Ended
        | Refusal::PilotOver => (StatusCode::BAD_REQUEST, "unauthorized_client"),
        Refusal::InvalidProof => (StatusCode::BAD_REQUEST, "invalid_dpop_proof"),
        Refusal::UnsupportedGrant => (StatusCode::BAD_REQUEST, "unsupported_grant_type"),
        Refusal::InvalidRequest => (StatusCode::BAD_REQUEST, "invalid_request"),
        Refusal::DailyLimit | Refusal::TooFast => (StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable"),
    };
    let said = refusal.explain();
    let body = json!({
        "error": error, "error_description": said.en, "code": said.code, "title_vi": said.vi, "title_en": said.en,
    });
    let mut response = uncached((status, Json(body)).into_response());
    if status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

fn uncached(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
