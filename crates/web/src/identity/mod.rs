//! The ways in and out: one-time codes, passkeys, sessions. One endpoint a file.

mod body;
mod code;
mod cookies;
mod entrance;
mod refusal;
mod register_finish;
mod register_start;
mod sessions;
mod sign_in_finish;
mod sign_in_start;
mod sign_out;
mod visitor;

#[cfg(test)]
mod tests;

pub(crate) use entrance::{Entrance, home_of};
pub(crate) use sign_out::end_session;
pub(crate) use visitor::{TokenInHand, Visitor, permit};

use axum::{
    Router,
    extract::FromRef,
    http::{HeaderValue, header},
    routing::{get, post},
};
use tower_http::set_header::SetResponseHeaderLayer;

/// A passkey's answer is some 2 KiB; a code a few bytes.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// The endpoints. Those that change something belong behind `same_origin::guard`.
pub(crate) fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Entrance: FromRef<S>,
{
    Router::new()
        .route("/sign-in/code", post(code::redeem))
        .route("/passkey/register/start", post(register_start::start))
        .route("/passkey/register/finish", post(register_finish::finish))
        .route("/passkey/sign-in/start", post(sign_in_start::start))
        .route("/passkey/sign-in/finish", post(sign_in_finish::finish))
        .route("/sign-out", post(sign_out::sign_out))
        .route("/sessions", get(sessions::list))
        .layer(SetResponseHeaderLayer::overriding(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ))
}
