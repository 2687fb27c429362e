//! `POST /sign-out`: ends the session and forgets the cookie, whether or not there was one.

use super::{
    cookies,
    entrance::{Entrance, Reply},
    visitor::TokenInHand,
};
use crate::Problem;
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};

/// Back to the first page. The cookie is forgotten even when the session's end cannot be written.
pub(super) async fn sign_out(
    State(entrance): State<Entrance>,
    TokenInHand(token): TokenInHand,
    headers: HeaderMap,
) -> Response {
    let ended = match token {
        Some(token) => entrance.identity.sign_out(&token).await,
        None => Ok(()),
    };
    let answer = match ended {
        Ok(()) => Reply::of(&headers).to("/"),
        Err(error) => Problem::from(error).into_response(),
    };
    ([(header::SET_COOKIE, cookies::no_session(entrance.is_secure()))], answer).into_response()
}
