//! `/citizen/corrections`: I propose that something about me be set right, and see how far it is.

use super::{
    corrections::{ProposalView, problem_of, proposal_view, service},
    fields::{Fields, Params},
    reader::{Reader, Wants},
};
use crate::{
    AppState, Problem,
    views::{Page, PageProblem},
};
use askama::Template;
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use dancu_changes::{
    Command, CommandId, ContactChange, Evidence, EvidenceKind, IdentityCorrection, IdentityFields, Proposal,
    ProposalFilter, ProposalId, ProposedBy,
};
use dancu_core::{Clock, Entropy, Explain, PersonalNumber};
use dancu_identity::{Principal, access::Operation};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::{str::FromStr, sync::Arc};

const PATH: &str = "/citizen/corrections";
/// Proposals on a page.
const PAGE_LENGTH: usize = 25;

#[derive(Template, Serialize)]
#[template(path = "my_corrections.html")]
struct MyCorrectionsView {
    #[serde(skip)]
    page: Page,
    problem: Option<PageProblem>,
    /// Under which the next proposal is sent, so that pressing twice proposes once.
    new_id: String,
    #[serde(skip)]
    typed: Typed,
    /// Working days within which the commune decides.
    working_days: Option<u64>,
    proposals: Vec<ProposalView>,
    older: Option<String>,
}

/// What stands in the forms. Empty fields are not to be corrected; of the contact, an empty field means none.
#[derive(Clone, Default, Deserialize)]
pub(super) struct Typed {
    id: String,
    /// `identity` or `contact`.
    what: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    birth_date: String,
    #[serde(default)]
    sex: String,
    #[serde(default)]
    paper: String,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    email: String,
}

#[derive(Deserialize)]
pub(super) struct Shown {
    after: Option<String>,
}

fn myself(reader: &Reader) -> Result<PersonalNumber, Problem> {
    match reader.may(Operation::ProposeCorrection)? {
        Principal::Citizen { number, .. } => Ok(*number),
        _ => Err(Problem::not_allowed()),
    }
}

/// My proposals and the forms.
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Params(shown): Params<Shown>,
) -> Result<Response, Problem> {
    let number = myself(&reader)?;
    let view = view(&state, &reader, number, shown.after.as_deref(), Typed::default(), None).await?;
    Ok(reader.show(StatusCode::OK, &view))
}

/// A new proposal.
pub(super) async fn propose(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Fields(typed): Fields<Typed>,
) -> Result<Response, Problem> {
    let number = myself(&reader)?;
    let id: ProposalId = typed.id.parse().map_err(|_| Problem::bad_body("id"))?;
    let outcome = match read(&typed, number, &state) {
        Ok((change, evidence)) => {
            let by = ProposedBy::Citizen { number };
            let proposed = service(&state).propose(id, by, change, evidence).await;
            proposed.map_err(|error| (None, problem_of(error)))
        }
        Err((field, problem)) => Err((Some(field), problem)),
    };
    match outcome {
        Ok(proposal) if reader.wants == Wants::Json => {
            let view = mine(proposal, state.clock.today());
            Ok((StatusCode::CREATED, Json(view)).into_response())
        }
        Ok(_) => Ok(Redirect::to(PATH).into_response()),
        Err((_, problem)) if reader.wants == Wants::Json => Err(problem),
        Err((field, problem)) => {
            let status = problem.status;
            let said = PageProblem { code: problem.said.code, text: problem.said.into(), field };
            let view = view(&state, &reader, number, None, typed, Some(said)).await?;
            Ok(reader.show(status, &view))
        }
    }
}

/// I take a proposal back.
pub(super) async fn withdraw(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let number = myself(&reader)?;
    let id = id.parse().map_err(|_| Problem::not_found())?;
    let withdrawn = service(&state).withdraw(id, &ProposedBy::Citizen { number }).await;
    let proposal = withdrawn.map_err(problem_of)?;
    if reader.wants == Wants::Json {
        return Ok(Json(mine(proposal, state.clock.today())).into_response());
    }
    Ok(Redirect::to(PATH).into_response())
}

type Unread = (&'static str, Problem);

fn read(typed: &Typed, number: PersonalNumber, state: &AppState) -> Result<(Command, Vec<Evidence>), Unread> {
    if typed.what == "contact" {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let (phone, email) = (given(&typed.phone), given(&typed.email));
        let on = state.clock.today();
        return Ok((Command::ChangeContact(ContactChange { number, phone, email, on }), Vec::new()));
    }
    let fields = IdentityFields {
        name: maybe("name", &typed.name)?,
        sex: maybe("sex", &typed.sex)?,
        birth_date: maybe("birth_date", &typed.birth_date)?,
        ..IdentityFields::default()
    };
    let reference = typed.paper.trim().to_owned();
    let paper = Evidence { kind: EvidenceKind::CivilStatusPaper, reference, issued_on: None, sha256: None };
    let evidence = if paper.reference.is_empty() { Vec::new() } else { vec![paper] };
    Ok((Command::CorrectIdentity(IdentityCorrection { number, fields }), evidence))
}

fn maybe<T: FromStr<Err: Explain>>(field: &'static str, text: &str) -> Result<Option<T>, Unread> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = |error: T::Err| (field, Problem::new(StatusCode::UNPROCESSABLE_ENTITY, &error));
    text.parse().map(Some).map_err(wrong)
}

/// A proposal as I see it: what was done, not which officer did it, and no step of theirs.
fn mine(proposal: Proposal, today: Date) -> ProposalView {
    let mut view = proposal_view(proposal, today);
    view.moves.iter_mut().for_each(|step| step.by.clear());
    view.next_step = "";
    view
}

async fn view(
    state: &AppState,
    reader: &Reader,
    number: PersonalNumber,
    after: Option<&str>,
    typed: Typed,
    problem: Option<PageProblem>,
) -> Result<MyCorrectionsView, Problem> {
    let after = match after {
        None => None,
        Some(word) => Some(word.parse().map_err(|_| Problem::not_found())?),
    };
    let filter = ProposalFilter { owner: None, number: Some(number), state: None };
    let found = service(state).list(filter, after, PAGE_LENGTH + 1).await;
    let mut proposals = found.map_err(problem_of)?;
    let has_more = proposals.len() > PAGE_LENGTH;
    proposals.truncate(PAGE_LENGTH);
    let last = proposals.last().filter(|_| has_more).map(|last| last.id);
    let today = state.clock.today();
    let mut random = [0; 10];
    state.entropy.fill(&mut random);
    Ok(MyCorrectionsView {
        page: reader.page_at(PATH),
        problem,
        new_id: CommandId::new(state.clock.now(), &random).to_string(),
        typed,
        working_days: service(state).decision_working_days().map(u64::from),
        proposals: proposals.into_iter().map(|proposal| mine(proposal, today)).collect(),
        older: last.map(|last| format!("{PATH}?after={last}")),
    })
}
