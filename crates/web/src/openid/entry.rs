//! Where browsers come in from portals: `/oauth/authorize` and `/oauth/logout`, by a link or a form of another site.
//!
//! Our session cookie does not travel from other sites, and so nobody's session is known here. Each door checks what was
//! brought and shows a page of ours that leads on at once; from there the cookie travels.

use super::problem;
use crate::{
    AppState, Problem,
    api::collect,
    pages::{Reader, confirm_sign_out, lead_on},
};
use axum::{
    body::Body,
    extract::{RawQuery, State},
    response::Response,
};
use dancu_openid::Parameters;
use std::sync::Arc;

const BODY_BYTES_MAX: usize = 16 * 1024;

/// A browser brings the name of a pushed request.
pub(super) async fn authorize(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    open(&state, &reader, query.unwrap_or_default().as_bytes()).await
}

/// The same by a form.
pub(super) async fn authorize_form(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    body: Body,
) -> Result<Response, Problem> {
    open(&state, &reader, &collect(body, BODY_BYTES_MAX).await?).await
}

async fn open(state: &AppState, reader: &Reader, text: &[u8]) -> Result<Response, Problem> {
    let parameters = Parameters::read(text).map_err(problem)?;
    let name = state.openid.open(&parameters).await.map_err(problem)?;
    Ok(lead_on(reader, name.as_str()))
}

/// A browser brings a portal's wish that the person signs out.
pub(super) async fn log_out(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    ask(&state, &reader, query.unwrap_or_default().as_bytes())
}

/// The same by a form.
pub(super) async fn log_out_form(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    body: Body,
) -> Result<Response, Problem> {
    ask(&state, &reader, &collect(body, BODY_BYTES_MAX).await?)
}

fn ask(state: &AppState, reader: &Reader, text: &[u8]) -> Result<Response, Problem> {
    let parameters = Parameters::read(text).map_err(problem)?;
    let wish = state.openid.read_sign_out(&parameters).map_err(problem)?;
    Ok(confirm_sign_out(reader, &wish))
}
