//! `/desk`: the officer's tasks by key, what was recorded here lately, and how far the hand-over is.

use super::{TASKS, handover::QueueView, office::Office};
use crate::{
    AppState, Problem,
    pages::{fields::Params, paging::cut, reader::Reader},
    views::{Page, Words},
};
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use dancu_changes::{CommandId, Event, recent_events};
use dancu_core::Clock;
use dancu_identity::access::Operation;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const PATH: &str = "/desk";
/// Events on a page.
const PAGE_LENGTH: usize = 20;
/// Persons of one event who are named on the list.
const PERSONS_MAX: usize = 4;

#[derive(Template, Serialize)]
#[template(path = "desk/start.html")]
struct StartView {
    #[serde(skip)]
    page: Page,
    office: Words,
    tasks: Vec<TaskLink>,
    queue: Option<QueueView>,
    /// None on a commune's own node: what it hands over is recorded at the centre.
    recent: Option<RecentView>,
}

#[derive(Serialize)]
struct TaskLink {
    key: usize,
    title: Words,
    url: String,
}

/// What the commune's own officers recorded within the last days.
#[derive(Serialize)]
struct RecentView {
    since: Date,
    events: Vec<EventLine>,
    newest: Option<String>,
    older: Option<String>,
}

/// One event: enough to find it again. Who is concerned stands on its own page, where the look is logged.
#[derive(Serialize)]
struct EventLine {
    id: CommandId,
    url: String,
    title: Words,
    recorded: Timestamp,
    officer: String,
    persons: Vec<String>,
    /// Further persons.
    persons_more: u64,
}

#[derive(Deserialize)]
pub(super) struct Shown {
    after: Option<String>,
}

/// The start page.
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Params(shown): Params<Shown>,
) -> Result<Response, Problem> {
    let office = Office::of(&state, &reader, Operation::RegisterEvents)?;
    let link = |(place, task): (usize, &&dyn super::Task)| TaskLink {
        key: place + 1,
        title: task.title().into(),
        url: format!("/desk/{}", task.word()),
    };
    let recent = match state.handover {
        Some(_) => None,
        None => Some(recent(&office, shown.after.as_deref()).await?),
    };
    let view = StartView {
        page: reader.page_at(PATH),
        office: office.name(),
        tasks: TASKS.iter().enumerate().map(link).collect(),
        queue: QueueView::of(&state).await?,
        recent,
    };
    Ok(reader.show(StatusCode::OK, &view))
}

async fn recent(office: &Office<'_>, after: Option<&str>) -> Result<RecentView, Problem> {
    let state = office.state;
    let after: Option<CommandId> = match after {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| Problem::not_found())?),
    };
    let store = &**state.changes.store();
    let found = recent_events(store, office.commune, state.clock.today(), after, PAGE_LENGTH + 1).await?;
    let mut events = found.events;
    let last = cut(&mut events, PAGE_LENGTH).map(|event| event.id);
    Ok(RecentView {
        since: found.since,
        events: events.iter().map(EventLine::of).collect(),
        newest: after.map(|_| PATH.to_owned()),
        older: last.map(|last| format!("{PATH}?after={last}")),
    })
}

impl EventLine {
    fn of(event: &Event) -> Self {
        let more = event.persons.len().saturating_sub(PERSONS_MAX);
        Self {
            id: event.id,
            url: format!("/desk/events/{}", event.id),
            title: event.command.title().into(),
            recorded: event.recorded_at,
            officer: event.actor.id().to_owned(),
            persons: event.persons.iter().take(PERSONS_MAX).map(|number| number.masked()).collect(),
            persons_more: u64::try_from(more).unwrap_or(u64::MAX),
        }
    }
}
