//! `GET /.well-known/openid-configuration` and its twin of RFC 8414; the keys of statements about sign-ins.

use crate::{AppState, api::key_set};
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use std::sync::Arc;

/// What is here.
pub(super) async fn metadata(State(state): State<Arc<AppState>>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, state.openid.metadata().to_string()).into_response()
}

/// The public keys with which statements about sign-ins are signed (RFC 7517): the one that signs, the next one, and those
/// of before.
pub(super) async fn keys(State(state): State<Arc<AppState>>) -> Response {
    key_set(&state.openid.keys().public_set())
}
