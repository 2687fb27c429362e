//! `/officer/findings`: what is odd in the register, for the commune that has to look into it and for the centre.

use super::{
    desk,
    fields::{Fields, Params},
    paging::cut,
    reader::{Reader, Wants},
};
use crate::{
    AppState, Problem,
    views::{Page, PageProblem, Words},
};
use askama::Template;
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use dancu_changes::{
    Actor, FileStatement, Finding, FindingError, FindingFilter, FindingId, FindingKind, FindingService,
    FindingState,
};
use dancu_core::{Clock, PersonalNumber};
use dancu_identity::{Principal, Role, access::Operation};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const PATH: &str = "/officer/findings";
/// Findings on a page.
const PAGE_LENGTH: usize = 25;

#[derive(Template, Serialize)]
#[template(path = "findings.html")]
struct FindingsView {
    #[serde(skip)]
    page: Page,
    problem: Option<PageProblem>,
    /// Only an officer opens a person's file from here.
    #[serde(skip)]
    opens_files: bool,
    #[serde(skip)]
    states: Vec<Choice>,
    #[serde(skip)]
    kinds: Vec<Choice>,
    findings: Vec<FindingView>,
    older: Option<String>,
}

/// One way to narrow the list down.
struct Choice {
    label: Words,
    url: String,
    is_chosen: bool,
}

#[derive(Serialize)]
struct FindingView {
    id: String,
    kind: &'static str,
    kind_words: Words,
    state: &'static str,
    state_words: Words,
    commune: Option<String>,
    found_at: Timestamp,
    due: Date,
    is_overdue: bool,
    days_late: Option<u64>,
    statement: Option<FileStatement>,
    persons: Vec<Named>,
    steps: Vec<Step>,
    moves: Vec<MoveView>,
}

/// A person whom a finding or a proposal names, as lists show them. The whole number is told by opening the file, which is
/// in the log first.
#[derive(Serialize)]
pub(super) struct Named {
    /// Which of those who are named, from 0: what the file is asked for by.
    pub place: usize,
    pub masked: String,
}

impl Named {
    pub fn all(numbers: &[PersonalNumber]) -> Vec<Self> {
        let named = numbers.iter().enumerate();
        named.map(|(place, number)| Self { place, masked: number.masked() }).collect()
    }
}

/// A button.
#[derive(Serialize)]
struct Step {
    to: &'static str,
    #[serde(skip)]
    label: Words,
}

/// What somebody did.
#[derive(Serialize)]
pub(super) struct MoveView {
    pub to: Words,
    pub at: Timestamp,
    pub by: String,
    pub note: String,
}

#[derive(Deserialize)]
pub(super) struct Shown {
    state: Option<String>,
    kind: Option<String>,
    after: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    to: String,
    #[serde(default)]
    note: String,
}

/// Who acts: an officer for the commune, an operator for the centre.
pub(super) fn actor(principal: &Principal) -> Result<Actor, Problem> {
    match principal {
        Principal::Staff { id, role: Role::Officer { commune, .. }, .. } => {
            Ok(Actor::Officer { id: id.to_string(), commune: *commune })
        }
        Principal::Staff { id, role: Role::Operator, .. } => Ok(Actor::Operator { id: id.to_string() }),
        _ => Err(Problem::not_allowed()),
    }
}

fn service(state: &AppState) -> FindingService {
    FindingService::new(Arc::clone(state.changes.store()), Arc::clone(&state.clock))
}

/// The list.
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Params(shown): Params<Shown>,
) -> Result<Response, Problem> {
    let actor = actor(reader.may(Operation::ViewFindings)?)?;
    let view = view(&state, &reader, &actor, &shown, None).await?;
    Ok(reader.show(StatusCode::OK, &view))
}

/// A step of one finding.
pub(super) async fn step(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(id): Path<String>,
    Fields(wanted): Fields<Wanted>,
) -> Result<Response, Problem> {
    let actor = actor(reader.may(Operation::MoveFindings)?)?;
    let id = id.parse().map_err(|_| Problem::not_found())?;
    let to = wanted.to.parse::<FindingState>().map_err(|()| Problem::bad_body("to"))?;
    match service(&state).step(&actor, id, to, &wanted.note).await {
        Ok(finding) if reader.wants == Wants::Json => {
            Ok(Json(finding_view(finding, state.clock.today())).into_response())
        }
        Ok(_) => Ok(Redirect::to(PATH).into_response()),
        Err(error) => {
            let problem = problem_of(error);
            if reader.wants == Wants::Json {
                return Err(problem);
            }
            let status = problem.status;
            let said = PageProblem::of(problem.said);
            let shown = Shown { state: None, kind: None, after: None };
            let view = view(&state, &reader, &actor, &shown, Some(said)).await?;
            Ok(reader.show(status, &view))
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Whom {
    place: String,
}

/// Opens the file of a person whom a finding of the officer's commune names: a look, in the log before it is shown.
pub(super) async fn open(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(id): Path<String>,
    Fields(whom): Fields<Whom>,
) -> Result<Response, Problem> {
    let commune = desk::reading_commune(&state, &reader)?;
    let id: FindingId = id.parse().map_err(|_| Problem::not_found())?;
    let finding = state.changes.store().finding(id).await?;
    let finding = finding.filter(|finding| finding.owner == Some(commune)).ok_or_else(Problem::not_found)?;
    let place: usize = whom.place.parse().map_err(|_| Problem::bad_body("place"))?;
    let number = *finding.persons.get(place).ok_or_else(Problem::not_found)?;
    desk::open_file(&state, &reader, number, &id.to_string()).await
}

fn problem_of(error: FindingError) -> Problem {
    let status = match error {
        FindingError::Store(error) => return error.into(),
        FindingError::NoSuchFinding => StatusCode::NOT_FOUND,
        FindingError::NoSuchStep | FindingError::Moved => StatusCode::CONFLICT,
        FindingError::Note => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Problem::new(status, &error)
}

async fn view(
    state: &AppState,
    reader: &Reader,
    actor: &Actor,
    shown: &Shown,
    problem: Option<PageProblem>,
) -> Result<FindingsView, Problem> {
    let wanted_state = match shown.state.as_deref() {
        None => Some(FindingState::Open),
        Some("all") => None,
        Some(word) => Some(word.parse().map_err(|()| Problem::not_found())?),
    };
    let wanted_kind = match shown.kind.as_deref() {
        None => None,
        Some(word) => Some(word.parse::<FindingKind>().map_err(|()| Problem::not_found())?),
    };
    let after = match shown.after.as_deref() {
        None => None,
        Some(word) => Some(word.parse().map_err(|_| Problem::not_found())?),
    };
    let filter = FindingFilter { owner: None, state: wanted_state, kind: wanted_kind };
    let mut findings =
        service(state).list(actor, filter, after, PAGE_LENGTH + 1).await.map_err(problem_of)?;
    let last = cut(&mut findings, PAGE_LENGTH).map(|last| last.id);
    let today = state.clock.today();
    let of_state = [None].into_iter().chain(FindingState::ALL.map(Some));
    let of_kind = [None].into_iter().chain(FindingKind::ALL.iter().copied().map(Some));
    Ok(FindingsView {
        page: reader.page_at(PATH),
        problem,
        opens_files: actor.commune().is_some(),
        states: of_state
            .map(|choice| Choice {
                label: choice.map_or_else(|| ("Tất cả", "All").into(), |choice| choice.words().into()),
                url: address(choice, wanted_kind),
                is_chosen: choice == wanted_state,
            })
            .collect(),
        kinds: of_kind
            .map(|choice| Choice {
                label: choice
                    .map_or_else(|| ("Mọi loại", "Every kind").into(), |choice| choice.words().into()),
                url: address(wanted_state, choice),
                is_chosen: choice == wanted_kind,
            })
            .collect(),
        findings: findings.into_iter().map(|finding| finding_view(finding, today)).collect(),
        older: last.map(|last| format!("{}&after={last}", address(wanted_state, wanted_kind))),
    })
}

fn address(state: Option<FindingState>, kind: Option<FindingKind>) -> String {
    let state = state.map_or("all", FindingState::as_str);
    let kind = kind.map_or_else(String::new, |kind| format!("&kind={}", kind.as_str()));
    format!("{PATH}?state={state}{kind}")
}

fn finding_view(finding: Finding, today: Date) -> FindingView {
    let is_overdue = finding.is_overdue(today);
    let steps = match finding.state {
        FindingState::Open => {
            [FindingState::InHand, FindingState::Resolved, FindingState::Dismissed].as_slice()
        }
        FindingState::InHand => &[FindingState::Resolved, FindingState::Dismissed, FindingState::Open],
        FindingState::Resolved | FindingState::Dismissed => &[FindingState::Open],
    };
    FindingView {
        id: finding.id.to_string(),
        kind: finding.kind.as_str(),
        kind_words: finding.kind.words().into(),
        state: finding.state.as_str(),
        state_words: finding.state.words().into(),
        commune: finding.owner.map(|commune| commune.to_string()),
        found_at: finding.found_at,
        due: finding.due,
        is_overdue,
        days_late: finding.days_late.map(u64::from),
        statement: finding.statement,
        persons: Named::all(&finding.persons),
        steps: steps.iter().map(|to| Step { to: to.as_str(), label: label(*to) }).collect(),
        moves: finding
            .moves
            .into_iter()
            .map(|step| MoveView { to: step.to.words().into(), at: step.at, by: step.by, note: step.note })
            .collect(),
    }
}

fn label(to: FindingState) -> Words {
    match to {
        FindingState::Open => ("Mở lại", "Open again").into(),
        FindingState::InHand => ("Nhận xử lý", "Take in hand").into(),
        FindingState::Resolved => ("Đã xử lý xong", "Resolved").into(),
        FindingState::Dismissed => ("Không phải lỗi", "Dismiss").into(),
    }
}
