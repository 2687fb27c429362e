//! `/desk/handover`: the commands that this commune took in for the centre, and how far each is.

use super::office::Office;
use crate::{
    AppState, Problem,
    pages::{
        fields::{Fields, Params},
        reader::Reader,
    },
    views::{Page, Words},
};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use dancu_changes::CommandId;
use dancu_handover::{Entry, EntryState, Handover, HandoverError};
use dancu_identity::access::Operation;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const PATH: &str = "/desk/handover";
/// Commands of one page.
const PAGE_LENGTH: usize = 20;

#[derive(Template, Serialize)]
#[template(path = "desk/handover.html")]
struct HandoverView {
    #[serde(skip)]
    page: Page,
    office: Words,
    queue: QueueView,
    entries: Vec<EntryView>,
    newest: Option<String>,
    older: Option<String>,
}

/// How the queue stands.
#[derive(Serialize)]
pub(super) struct QueueView {
    pub waiting: u64,
    pub sent: u64,
    pub refused: u64,
    /// When the centre last answered; none since the start.
    pub reached: Option<Timestamp>,
    pub is_reached: bool,
}

impl QueueView {
    /// The queue of a commune's node; none at the centre.
    pub async fn of(state: &AppState) -> Result<Option<Self>, Problem> {
        let Some(handover) = &state.handover else { return Ok(None) };
        Ok(Some(Self {
            waiting: handover.count(EntryState::Waiting).await.map_err(problem)?,
            sent: handover.count(EntryState::Sent).await.map_err(problem)?,
            refused: handover.count(EntryState::Refused).await.map_err(problem)?,
            reached: handover.reached(),
            is_reached: handover.failures() == 0,
        }))
    }
}

#[derive(Serialize)]
struct EntryView {
    id: CommandId,
    title: Words,
    state: EntryState,
    state_words: Words,
    taken_in: Timestamp,
    sent: Option<Timestamp>,
    settled: Option<Timestamp>,
    attempts: u64,
    issued: Option<String>,
    problem: Option<Reason>,
    may_be_withdrawn: bool,
    /// The form to correct it by: its address and fields.
    correct_url: Option<String>,
    #[serde(skip)]
    form: Vec<(String, String)>,
}

#[derive(Serialize)]
struct Reason {
    code: String,
    text: Words,
}

impl EntryView {
    fn is_good(&self) -> bool {
        self.state == EntryState::Accepted
    }

    fn is_bad(&self) -> bool {
        self.state == EntryState::Refused
    }

    fn of(entry: Entry) -> Self {
        let is_refused = entry.state == EntryState::Refused;
        let answer = entry.answer.as_ref();
        let event = answer.and_then(|answer| answer.event.as_ref());
        let reason = answer.and_then(|answer| answer.problem.clone());
        Self {
            id: entry.id,
            title: entry.taken.envelope.command.title().into(),
            state: entry.state,
            state_words: state_words(entry.state),
            taken_in: entry.queued_at,
            sent: entry.sent_at,
            settled: entry.settled_at,
            attempts: entry.attempts.into(),
            issued: event.and_then(|event| event.issued).map(crate::pages::grouped),
            problem: reason
                .map(|reason| Reason { code: reason.code, text: (reason.title_vi, reason.title_en).into() }),
            may_be_withdrawn: matches!(entry.state, EntryState::Waiting | EntryState::Refused),
            correct_url: is_refused.then(|| format!("/desk/{}", entry.taken.task)),
            form: entry.taken.form.into_iter().collect(),
        }
    }
}

fn state_words(state: EntryState) -> Words {
    match state {
        EntryState::Waiting => ("Chờ gửi", "Waiting"),
        EntryState::Sent => ("Đã gửi, chờ trả lời", "Sent, not answered yet"),
        EntryState::Accepted => ("Trung tâm đã ghi nhận", "Accepted by the centre"),
        EntryState::Refused => ("Trung tâm từ chối", "Refused by the centre"),
        EntryState::Withdrawn => ("Đã rút", "Withdrawn"),
    }
    .into()
}

#[derive(Deserialize)]
pub(super) struct Shown {
    before: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct Act {
    action: String,
}

/// The queue.
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Params(shown): Params<Shown>,
) -> Result<Response, Problem> {
    let office = Office::of(&state, &reader, Operation::RegisterEvents)?;
    let handover = queue_of(&state)?;
    let Some(queue) = QueueView::of(&state).await? else { return Err(Problem::not_found()) };
    let entries = handover.page(shown.before, PAGE_LENGTH).await.map_err(problem)?;
    let is_full = entries.len() == PAGE_LENGTH;
    let oldest = entries.last().map(|entry| entry.sequence).filter(|oldest| is_full && *oldest > 1);
    let view = HandoverView {
        page: reader.page_at(PATH),
        office: office.name(),
        queue,
        entries: entries.into_iter().map(EntryView::of).collect(),
        newest: shown.before.map(|_| PATH.to_owned()),
        older: oldest.map(|oldest| format!("{PATH}?before={oldest}")),
    };
    Ok(reader.show(StatusCode::OK, &view))
}

/// Withdraws a command.
pub(super) async fn act(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(id): Path<String>,
    Fields(act): Fields<Act>,
) -> Result<Response, Problem> {
    Office::of(&state, &reader, Operation::RegisterEvents)?;
    let id: CommandId = id.parse().map_err(|_| Problem::not_found())?;
    if act.action != "withdraw" {
        return Err(Problem::bad_body("action"));
    }
    queue_of(&state)?.withdraw(id).await.map_err(problem)?;
    Ok(Redirect::to(PATH).into_response())
}

/// The centre itself hands nothing over.
fn queue_of(state: &AppState) -> Result<&Handover, Problem> {
    state.handover.as_deref().ok_or_else(Problem::not_found)
}

fn problem(error: HandoverError) -> Problem {
    match error {
        HandoverError::Store(error) => error.into(),
        error @ HandoverError::Sealed => Problem::new(StatusCode::SERVICE_UNAVAILABLE, &error),
        error => Problem::new(StatusCode::CONFLICT, &error),
    }
}
