//! `/desk`: the officer's tasks by key, what was recorded here lately, and how far the hand-over is.

use super::{TASKS, handover::QueueView, office::Office};
use crate::{
    AppState, Problem,
    pages::reader::Reader,
    views::{Page, Words},
};
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use dancu_identity::access::Operation;
use serde::Serialize;
use std::sync::Arc;

const PATH: &str = "/desk";

#[derive(Template, Serialize)]
#[template(path = "desk/start.html")]
struct StartView {
    #[serde(skip)]
    page: Page,
    office: Words,
    tasks: Vec<TaskLink>,
    queue: Option<QueueView>,
}

#[derive(Serialize)]
struct TaskLink {
    key: usize,
    title: Words,
    url: String,
}

/// The start page.
pub(super) async fn show(State(state): State<Arc<AppState>>, reader: Reader) -> Result<Response, Problem> {
    let office = Office::of(&state, &reader, Operation::RegisterEvents)?;
    let link = |(place, task): (usize, &&dyn super::Task)| TaskLink {
        key: place + 1,
        title: task.title().into(),
        url: format!("/desk/{}", task.word()),
    };
    let view = StartView {
        page: reader.page_at(PATH),
        office: office.name(),
        tasks: TASKS.iter().enumerate().map(link).collect(),
        queue: QueueView::of(&state).await?,
    };
    Ok(reader.show(StatusCode::OK, &view))
}
