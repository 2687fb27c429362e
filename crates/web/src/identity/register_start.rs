//! `POST /passkey/register/start`: options for `navigator.credentials.create`, as `{"publicKey": …}`.

use super::{
    cookies,
    entrance::Entrance,
    visitor::{SignedIn, Source},
};
use crate::Problem;
use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

/// For anyone who is signed in or enrolling.
pub(super) async fn start(
    State(entrance): State<Entrance>,
    SignedIn(principal): SignedIn,
    Source(source): Source,
) -> Result<Response, Problem> {
    let started = entrance.identity.start_registration(Some(&principal), source).await?;
    let cookie = cookies::ceremony(&started.ceremony, entrance.is_secure());
    Ok(([(header::SET_COOKIE, cookie)], Json(started.options())).into_response())
}
