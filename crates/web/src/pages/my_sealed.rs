//! `/citizen/sealed`: the sealed values of my own record. `/citizen/sealed/portrait`: my portrait.

use super::{
    reader::Reader,
    sealed::{SealedRow, picture, problem_of},
};
use crate::{AppState, Problem, views::Page};
use askama::Template;
use axum::{Router, extract::State, http::StatusCode, response::Response, routing::get};
use dancu_identity::access::Operation;
use serde::Serialize;
use std::sync::Arc;

const PATH: &str = "/citizen/sealed";

#[derive(Template, Serialize)]
#[template(path = "my_sealed.html")]
struct MySealedView {
    #[serde(skip)]
    page: Page,
    rows: Vec<SealedRow>,
}

/// My sealed values.
pub(super) fn routes() -> Router<Arc<AppState>> {
    Router::new().route(PATH, get(show)).route("/citizen/sealed/portrait", get(portrait))
}

async fn show(State(state): State<Arc<AppState>>, reader: Reader) -> Result<Response, Problem> {
    let number = reader.citizen(Operation::ReadOwnSealed)?;
    let groups = state.sealed.own(number).await?;
    let row = |(group, found)| SealedRow::of(group, found, "/citizen/sealed/portrait");
    let rows = groups.into_iter().map(row).collect();
    Ok(reader.show(StatusCode::OK, &MySealedView { page: reader.page_at(PATH), rows }))
}

async fn portrait(State(state): State<Arc<AppState>>, reader: Reader) -> Result<Response, Problem> {
    let number = reader.citizen(Operation::ReadOwnSealed)?;
    let found = state.sealed.own_portrait(number).await.map_err(|error| problem_of(&state, error))?;
    let (kind, bytes) = found.ok_or_else(Problem::not_found)?;
    Ok(picture(kind, bytes))
}
