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

/// Back to the first page.
pub(super) async fn sign_out(
    State(entrance): State<Entrance>,
    TokenInHand(token): TokenInHand,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(token) = token {
        entrance.identity.sign_out(&token).await?;
    }
    let cookie = cookies::no_session(entrance.is_secure());
    Ok(([(header::SET_COOKIE, cookie)], Reply::of(&headers).to("/")).into_response())
}
