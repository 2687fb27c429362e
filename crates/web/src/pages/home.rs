//! `GET /`: what this is, and the doors to each page.

use super::reader::Reader;
use crate::{AppState, Problem, views::Page};
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Serialize;
use std::sync::Arc;

#[derive(Template, Serialize)]
#[template(path = "home.html")]
struct HomeView {
    #[serde(skip)]
    page: Page,
    persons: u64,
    answers: u64,
}

/// For anyone.
pub(super) async fn show(State(state): State<Arc<AppState>>, reader: Reader) -> Result<Response, Problem> {
    let view = HomeView {
        page: reader.page_at("/"),
        persons: state.register.count_persons().await?,
        answers: state.ledger.size(),
    };
    Ok(reader.show(StatusCode::OK, &view))
}
