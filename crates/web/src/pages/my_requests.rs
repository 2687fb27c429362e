//! `/citizen/requests`: my complaints, restrictions, objections and withdrawals, with the days by which they are answered
//! and carried out.

use super::{
    fields::{Fields, Params},
    paging::cut,
    reader::{Reader, Wants},
};
use crate::{
    AppState, Problem,
    api::from_logs,
    views::{Page, PageProblem, Words},
};
use askama::Template;
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use dancu_core::{Clock, PersonalNumber};
use dancu_exchange::{CaseKind, CaseMove, CaseState, Looked, PrivacyCase, PrivacyError};
use dancu_identity::access::Operation;
use dancu_ledger::Record;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const PATH: &str = "/citizen/requests";
/// Cases on a page.
const PAGE_LENGTH: usize = 25;

#[derive(Template, Serialize)]
#[template(path = "my_requests.html")]
struct MyRequestsView {
    #[serde(skip)]
    page: Page,
    problem: Option<PageProblem>,
    cases: Vec<CaseView>,
    older: Option<String>,
}

/// A case, as its person and the operator see it: without the person's number.
#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "one for each thing that may be done with it")]
pub(super) struct CaseView {
    pub id: String,
    pub kind: &'static str,
    pub kind_words: Words,
    pub state: &'static str,
    pub state_words: Words,
    pub organisation: String,
    pub contract: String,
    pub leaf: Option<u64>,
    pub consent: Option<String>,
    pub words: String,
    pub received_at: Timestamp,
    pub answer_due: Date,
    pub carry_out_due: Date,
    pub due: Date,
    pub is_open: bool,
    pub is_overdue: bool,
    pub is_extended: bool,
    pub may_say: bool,
    pub may_be_ended: bool,
    pub moves: Vec<MoveView>,
}

/// A step of a case.
#[derive(Serialize)]
pub(super) struct MoveView {
    pub to: Words,
    pub at: Timestamp,
    pub by: String,
    pub note: String,
}

#[derive(Deserialize)]
pub(super) struct Shown {
    after: Option<String>,
}

/// A new request, from one look at me.
#[derive(Deserialize)]
pub(super) struct Asked {
    kind: CaseKind,
    leaf: Leaf,
}

/// A leaf as a form sends it (text) or as JSON does (a number).
#[derive(Deserialize)]
#[serde(untagged)]
enum Leaf {
    Number(u64),
    Text(String),
}

/// What I say to my request.
#[derive(Deserialize)]
pub(super) struct Said {
    words: String,
}

/// My requests and what I do with them.
pub(super) fn routes() -> Router<Arc<AppState>> {
    let back = || async { Redirect::to(PATH) };
    Router::new()
        .route(PATH, get(show).post(open))
        .route("/citizen/requests/{id}/words", post(say).get(back))
        .route("/citizen/requests/{id}/end", post(end).get(back))
}

/// The problem of a request or a step that was not taken.
pub(super) fn problem_of(error: PrivacyError) -> Problem {
    let status = match &error {
        PrivacyError::NotFound => StatusCode::NOT_FOUND,
        PrivacyError::NotNow | PrivacyError::OwnOffice => StatusCode::CONFLICT,
        PrivacyError::Note => StatusCode::UNPROCESSABLE_ENTITY,
        PrivacyError::TooMany => StatusCode::TOO_MANY_REQUESTS,
        PrivacyError::NoDeadlines => StatusCode::INTERNAL_SERVER_ERROR,
        PrivacyError::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    match error {
        PrivacyError::Store(error) => error.into(),
        error => Problem::new(status, &error),
    }
}

/// My requests.
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Params(shown): Params<Shown>,
) -> Result<Response, Problem> {
    let number = reader.citizen(Operation::SendPrivacyRequest)?;
    let view = view(&state, &reader, number, shown.after.as_deref(), None).await?;
    Ok(reader.show(StatusCode::OK, &view))
}

/// A request about one look at me. Everybody else's looks, and those that are not to be seen yet, are not there.
pub(super) async fn open(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Fields(asked): Fields<Asked>,
) -> Result<Response, Problem> {
    let number = reader.citizen(Operation::SendPrivacyRequest)?;
    let leaf = match asked.leaf {
        Leaf::Number(leaf) => leaf,
        Leaf::Text(text) => text.parse().map_err(|_| Problem::not_found())?,
    };
    // A withdrawal comes from the consent, not from a look.
    if asked.kind == CaseKind::Withdraw {
        return Err(Problem::bad_body("kind"));
    }
    let today = state.clock.today();
    let found = from_logs(&state, move |logs| logs.disclosure(leaf)).await?;
    let orders = state.orders.withholding(number).await?;
    let is_mine = |record: &Record| record.subject == number && record.is_visible_on(today, &orders);
    let record = Some(found.record).filter(is_mine);
    let record = record.ok_or_else(Problem::not_found)?;
    let identifier = |_| Problem::fault();
    let looked = Looked {
        leaf,
        organisation: record.organisation.id.parse().map_err(identifier)?,
        organisation_name: record.organisation.name,
        client: record.client.parse().map_err(identifier)?,
        contract: record.contract.parse().map_err(identifier)?,
    };
    let outcome = state.privacy.open(number, asked.kind, looked).await;
    answer(&state, &reader, number, (StatusCode::CREATED, outcome)).await
}

/// My own words to a request.
pub(super) async fn say(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(id): Path<String>,
    Fields(said): Fields<Said>,
) -> Result<Response, Problem> {
    let number = reader.citizen(Operation::SendPrivacyRequest)?;
    let id = id.parse().map_err(|_| Problem::not_found())?;
    let outcome = state.privacy.say(number, id, &said.words).await;
    answer(&state, &reader, number, (StatusCode::OK, outcome)).await
}

/// I take a request back, or end a restriction.
pub(super) async fn end(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let number = reader.citizen(Operation::SendPrivacyRequest)?;
    let id = id.parse().map_err(|_| Problem::not_found())?;
    let outcome = state.privacy.end(number, id).await;
    answer(&state, &reader, number, (StatusCode::OK, outcome)).await
}

async fn answer(
    state: &AppState,
    reader: &Reader,
    number: PersonalNumber,
    (status, outcome): (StatusCode, Result<PrivacyCase, PrivacyError>),
) -> Result<Response, Problem> {
    match outcome.map_err(problem_of) {
        Ok(case) if reader.wants == Wants::Json => {
            Ok((status, Json(mine(case, state.clock.today()))).into_response())
        }
        Ok(case) => Ok(Redirect::to(&format!("{PATH}#r-{}", case.id)).into_response()),
        Err(problem) if reader.wants == Wants::Json || problem.status == StatusCode::NOT_FOUND => {
            Err(problem)
        }
        Err(problem) => {
            let status = problem.status;
            let problem = PageProblem::of(problem.said);
            let view = view(state, reader, number, None, Some(problem)).await?;
            Ok(reader.show(status, &view))
        }
    }
}

async fn view(
    state: &AppState,
    reader: &Reader,
    number: PersonalNumber,
    after: Option<&str>,
    problem: Option<PageProblem>,
) -> Result<MyRequestsView, Problem> {
    let after = after.map(str::parse).transpose().map_err(|_| Problem::not_found())?;
    let mut cases = state.privacy.mine(number, after, PAGE_LENGTH + 1).await.map_err(problem_of)?;
    let last = cut(&mut cases, PAGE_LENGTH).map(|last| last.id);
    let today = state.clock.today();
    Ok(MyRequestsView {
        page: reader.page_at(PATH),
        problem,
        cases: cases.into_iter().map(|case| mine(case, today)).collect(),
        older: last.map(|last| format!("{PATH}?after={last}")),
    })
}

/// A case as its person sees it: what was done, not which of the operator's people did it.
fn mine(case: PrivacyCase, today: Date) -> CaseView {
    let mut view = case_view(case, today);
    view.moves.iter_mut().for_each(|step| step.by.clear());
    view
}

/// A case for a page.
pub(super) fn case_view(case: PrivacyCase, today: Date) -> CaseView {
    CaseView {
        id: case.id.to_string(),
        kind: case.kind.as_str(),
        kind_words: case.kind.words().into(),
        state: case.state.as_str(),
        state_words: case.state.words().into(),
        due: case.due(),
        is_open: case.state.is_open(),
        is_overdue: case.is_overdue(today),
        may_say: case.state == CaseState::Received && case.words.is_empty(),
        may_be_ended: case.may_be_ended(),
        organisation: case.organisation_name,
        contract: case.contract.to_string(),
        leaf: case.leaf,
        consent: case.consent.map(|consent| consent.to_string()),
        words: case.words,
        received_at: case.received_at,
        answer_due: case.answer_due,
        carry_out_due: case.carry_out_due,
        is_extended: case.is_extended,
        moves: case.moves.into_iter().map(move_view).collect(),
    }
}

fn move_view(step: CaseMove) -> MoveView {
    MoveView { to: step.to.words().into(), at: step.at, by: step.by, note: step.note }
}
