//! `GET /sign-in`, `/sign-in/code`, `/sign-in/passkey`: the ways in. What they send goes to `crate::identity`.

use super::reader::Reader;
use crate::{
    AppState, Problem,
    identity::home_of,
    views::{Page, PageProblem, PageUser, Words},
};
use askama::Template;
use axum::{Router, http::StatusCode, response::Response, routing::get};
use dancu_identity::{Principal, access::Operation};
use serde::Serialize;
use std::sync::Arc;

#[derive(Template, Serialize)]
#[template(path = "sign_in.html")]
struct SignInView {
    #[serde(skip)]
    page: Page,
}

#[derive(Template, Serialize)]
#[template(path = "sign_in_code.html")]
pub(super) struct SignInCodeView {
    #[serde(skip)]
    page: Page,
    problem: Option<PageProblem>,
}

#[derive(Template, Serialize)]
#[template(path = "sign_in_passkey.html")]
struct SignInPasskeyView {
    #[serde(skip)]
    page: Page,
    /// Whom the passkey will be for.
    name: Words,
    /// Whether it is needed to go on; staff may do without one.
    is_needed: bool,
    home: &'static str,
}

/// The ways in.
pub(super) fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/sign-in", get(ways))
        .route("/sign-in/code", get(code))
        .route("/sign-in/passkey", get(passkey))
}

/// The two ways in.
async fn ways(reader: Reader) -> Response {
    reader.show(StatusCode::OK, &SignInView { page: reader.page_at("/sign-in") })
}

/// The form for a one-time code.
async fn code(reader: Reader) -> Response {
    reader.show(StatusCode::OK, &SignInCodeView { page: reader.page_at("/sign-in/code"), problem: None })
}

/// The same form after a code that opened nothing.
pub(super) fn wrong_code(reader: &Reader, problem: &Problem) -> SignInCodeView {
    let problem = Some(PageProblem::at("code", problem.said.clone()));
    SignInCodeView { page: reader.page_at("/sign-in/code"), problem }
}

/// Making a passkey: all that an enrolling citizen may do, and an offer to everybody else.
async fn passkey(reader: Reader) -> Result<Response, Problem> {
    let principal = reader.may(Operation::RegisterPasskey)?;
    let page = reader.page_at("/sign-in/passkey");
    let name = page.user.as_ref().map_or_else(|| Words::same(""), |user: &PageUser| user.name.clone());
    let is_needed = matches!(principal, Principal::Enrolling { .. });
    let view = SignInPasskeyView { page, name, is_needed, home: home_of(principal) };
    Ok(reader.show(StatusCode::OK, &view))
}
