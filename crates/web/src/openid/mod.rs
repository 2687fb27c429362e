//! The doors of the OpenID provider: those of portals' software here, and where browsers come in from portals.

mod client;
mod discovery;
mod entry;
mod refusal;
mod token;
mod user_info;

pub(crate) use refusal::problem;
pub(crate) use token::token;

use crate::AppState;
use axum::{
    Router,
    routing::{get, post},
};
use std::sync::Arc;

/// Endpoints for portals' software. They carry no cookies, so they need none of the pages' protections.
pub(crate) fn machine() -> Router<Arc<AppState>> {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery::metadata))
        .route("/.well-known/oauth-authorization-server", get(discovery::metadata))
        .route("/.well-known/dancu-sign-in-jwks.json", get(discovery::keys))
        .route("/oauth/par", post(client::push))
        .route("/oauth/introspect", post(client::introspect))
        .route("/oauth/revoke", post(client::revoke))
        .route("/oauth/userinfo", get(user_info::user_info).post(user_info::user_info))
}

/// Where browsers come in from portals, by a link or a form of another site: these change nothing and read no cookie,
/// and so stand before the guard against other sites.
pub(crate) fn entries() -> Router<Arc<AppState>> {
    Router::new()
        .route("/oauth/authorize", get(entry::authorize).post(entry::authorize_form))
        .route("/oauth/logout", get(entry::log_out).post(entry::log_out_form))
}
