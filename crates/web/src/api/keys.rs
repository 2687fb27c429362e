//! Our public keys, for whoever checks what we signed.

use crate::AppState;
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use std::sync::Arc;

/// The public keys with which answers are signed (RFC 7517).
pub(super) async fn answers(State(state): State<Arc<AppState>>) -> Response {
    key_set(&state.answer_key.public_set())
}

pub(crate) fn key_set(keys: &serde_json::Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/jwk-set+json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, keys.to_string()).into_response()
}

/// The public keys with which deliveries to webhooks are signed (RFC 7517).
pub(super) async fn webhooks(State(state): State<Arc<AppState>>) -> Response {
    key_set(&state.webhook_key.public_set())
}
