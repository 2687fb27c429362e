//! `POST /passkey/sign-in/start`: options for `navigator.credentials.get`, as `{"publicKey": …}`. Nothing is typed:
//! the device offers the passkeys that it has for this site.

use super::{cookies, entrance::Entrance, visitor::Source};
use crate::Problem;
use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

/// For anyone.
pub(super) async fn start(
    State(entrance): State<Entrance>,
    Source(source): Source,
) -> Result<Response, Problem> {
    let started = entrance.identity.start_sign_in(source)?;
    let cookie = cookies::ceremony(&started.ceremony, entrance.is_secure());
    Ok(([(header::SET_COOKIE, cookie)], Json(started.options())).into_response())
}
