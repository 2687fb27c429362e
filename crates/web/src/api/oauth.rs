//! What the doors of OAuth 2 share: how a client proves itself, and how it is refused.

use super::asker::Shown;
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use dancu_core::{Explain, Explanation};
use dancu_exchange::{ClientProof, Refusal, RefusalReason};
use dancu_openid::Parameters;
use serde_json::json;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// By what a client proves itself: an assertion, or the certificate of its connection.
pub(crate) fn client_proof<'a>(
    parameters: &'a Parameters,
    shown: &Shown,
) -> Result<ClientProof<'a>, RefusalReason> {
    let client = parameters.get("client_id");
    match (parameters.get("client_assertion_type"), parameters.get("client_assertion")) {
        (Some(ASSERTION_TYPE), Some(assertion)) => Ok(ClientProof::Assertion(assertion, client)),
        // Without an assertion the connection itself has to prove the client (RFC 8705).
        (None, None) if shown.peer.0.is_some() => {
            client.map(ClientProof::Certificate).ok_or(RefusalReason::InvalidRequest)
        }
        _ => Err(RefusalReason::AssertionShape),
    }
}

/// RFC 6749 5.2, with our code and both sentences beside it.
pub(crate) fn oauth_error(status: StatusCode, error: &str, said: &Explanation) -> Response {
    let body = json!({
        "error": error, "error_description": said.en, "code": said.code, "title_vi": said.vi, "title_en": said.en,
    });
    uncached((status, Json(body)).into_response())
}

/// The same for why a client is refused.
pub(crate) fn oauth_refused(refusal: Refusal) -> Response {
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
    let mut response = oauth_error(status, error, &refusal.explain());
    if status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// An answer that nobody may keep.
pub(crate) fn uncached(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
