//! The machine's doors, one endpoint a file.

mod access_history;
mod asker;
mod attest;
pub(crate) mod body;
mod changes;
mod commands;
mod connection;
mod consents;
mod evidence;
mod extracts;
mod fetch;
mod find_usage;
mod health;
mod keys;
mod limits;
mod oauth;
mod openapi;
mod products;
mod public_log;
mod sandbox;
mod statistics;
mod verify;
mod xroad;

pub(crate) use asker::{Shown, authorization, refused};
pub(crate) use body::collect;
pub(crate) use commands::second_officer;
pub use connection::breach;
pub(crate) use consents::consent_problem;
pub(crate) use evidence::evidence_of;
pub(crate) use extracts::cohort_problem;
pub(crate) use keys::key_set;
pub(crate) use limits::used_days;
pub(crate) use oauth::{client_proof, oauth_error, oauth_refused, uncached};
pub(crate) use public_log::from_logs;
pub(crate) use statistics::statistics_problem;
pub(crate) use verify::{refusal_problem, verify_problem};

use crate::AppState;
use axum::{
    Router,
    routing::{any, get, post},
};
use std::sync::Arc;

/// Endpoints for client software. They carry no cookies, so they need none of the pages' protections.
pub(crate) fn machine() -> Router<Arc<AppState>> {
    Router::new()
        .route("/v1/verify", post(verify::verify))
        .route("/v1/fetch", post(fetch::fetch))
        .route("/v1/attest", post(attest::attest))
        .route("/v1/household", post(attest::household))
        .route("/v1/access-history", post(access_history::access_history))
        .route("/v1/extracts", post(extracts::ask))
        .route("/v1/extracts/{id}", get(extracts::look))
        .route("/v1/extracts/{id}/rows", get(extracts::rows))
        .route("/v1/statistics", post(statistics::statistics))
        .route("/v1/evidence/{entry}", get(evidence::evidence))
        .route("/v1/commands", post(commands::hand_over))
        .route("/v1/consent-requests", post(consents::ask))
        .route("/v1/consent-requests/{id}", get(consents::look))
        .route("/v1/events/{id}", get(commands::event))
        .route("/v1/changes", get(changes::changes))
        .route("/v1/products", get(products::products))
        .route("/v1/limits", get(limits::limits))
        .route("/v1/connection", get(connection::connection))
        .route("/.well-known/dancu-webhook-jwks.json", get(keys::webhooks))
        .route("/.well-known/dancu-answers-jwks.json", get(keys::answers))
        .route("/openapi.json", get(async || openapi::document()))
        .route("/r1/{*service}", any(xroad::door))
        .route("/oauth/token", post(crate::openid::token))
        .route("/health", get(health::health))
}

/// The log, for everybody.
pub(crate) fn log() -> Router<Arc<AppState>> {
    Router::new().route("/log/{*path}", get(public_log::file))
}
