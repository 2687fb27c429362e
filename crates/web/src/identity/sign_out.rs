//! `POST /sign-out`: ends the session and forgets the cookie, whether or not there was one.

use super::{
    cookies,
    entrance::{Entrance, Reply},
    visitor::TokenInHand,
};
use crate::{AppState, Problem};
use axum::{
    extract::{FromRef, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use dancu_identity::SessionToken;
use std::sync::Arc;

/// Back to the first page. The cookie is forgotten even when the session's end cannot be written.
pub(super) async fn sign_out(
    State(entrance): State<Entrance>,
    TokenInHand(token): TokenInHand,
    headers: HeaderMap,
) -> Response {
    let ended = match token {
        Some(token) => entrance.end(&token).await,
        None => Ok(()),
    };
    let answer = match ended {
        Ok(()) => Reply::of(&headers).to("/"),
        Err(problem) => problem.into_response(),
    };
    ([(header::SET_COOKIE, cookies::no_session(entrance.is_secure()))], answer).into_response()
}

/// Ends the session that a browser has, and gives the line that forgets its cookie.
pub(crate) async fn end_session(
    state: &Arc<AppState>,
    token: Option<SessionToken>,
) -> Result<String, Problem> {
    let entrance = Entrance::from_ref(state);
    if let Some(token) = token {
        entrance.end(&token).await?;
    }
    Ok(cookies::no_session(entrance.is_secure()))
}
