//! `/sandbox`: persons of the synthetic country, for whoever tries a client's software.

use super::reader::Reader;
use crate::{AppState, Problem, views::Page};
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use dancu_exchange::SamplePerson;
use dancu_identity::access::Operation;
use serde::Serialize;
use std::sync::Arc;

#[derive(Template, Serialize)]
#[template(path = "sandbox.html")]
struct SandboxView {
    #[serde(skip)]
    page: Page,
    persons: Vec<SamplePerson>,
}

/// The page.
pub(super) async fn show(State(state): State<Arc<AppState>>, reader: Reader) -> Result<Response, Problem> {
    reader.may(Operation::SeeSandbox)?;
    let persons = state.sandbox.sandbox().await?.samples().to_vec();
    Ok(reader.show(StatusCode::OK, &SandboxView { page: reader.page_at("/sandbox"), persons }))
}
