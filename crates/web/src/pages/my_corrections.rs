//! `/citizen/corrections`: I propose that something about me be set right, and see how far it is.

use super::{
    correction_form::{self, Section},
    corrections::{ProposalView, problem_of, proposal_view, service},
    desk::form::{Fault, Typed},
    fields::{Fields, Params},
    paging::cut,
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
use dancu_changes::{CommandId, Proposal, ProposalFilter, ProposalId, ProposedBy};
use dancu_core::{Clock, Entropy, PersonalNumber};
use dancu_identity::access::Operation;
use dancu_register::At;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

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
    /// What may be proposed, with what the register holds now.
    sections: Vec<Section>,
    /// Working days within which the commune decides.
    working_days: Option<u64>,
    proposals: Vec<ProposalView>,
    older: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Shown {
    after: Option<String>,
}

/// My proposals and the forms.
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Params(shown): Params<Shown>,
) -> Result<Response, Problem> {
    let number = reader.citizen(Operation::ProposeCorrection)?;
    let view = view(&state, &reader, number, shown.after.as_deref(), &Typed::default(), None).await?;
    Ok(reader.show(StatusCode::OK, &view))
}

/// A new proposal.
pub(super) async fn propose(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Fields(typed): Fields<Typed>,
) -> Result<Response, Problem> {
    let number = reader.citizen(Operation::ProposeCorrection)?;
    let id: ProposalId = typed.text("id").parse().map_err(|_| Problem::bad_body("id"))?;
    let outcome = match correction_form::read(&typed, number, state.clock.today()) {
        Ok((change, evidence)) => {
            let by = ProposedBy::Citizen { number };
            let proposed = service(&state).propose(id, by, change, evidence).await;
            proposed.map_err(|error| {
                let problem = problem_of(error);
                (problem.status, Fault { field: None, said: problem.said })
            })
        }
        Err(fault) => Err((StatusCode::UNPROCESSABLE_ENTITY, fault)),
    };
    match outcome {
        Ok(proposal) if reader.wants == Wants::Json => {
            let view = mine(proposal, state.clock.today());
            Ok((StatusCode::CREATED, Json(view)).into_response())
        }
        Ok(_) => Ok(Redirect::to(PATH).into_response()),
        Err((status, fault)) if reader.wants == Wants::Json => {
            Err(Problem { status, said: fault.said, retry_after_s: None })
        }
        Err((status, fault)) => {
            let view = view(&state, &reader, number, None, &typed, Some(fault)).await?;
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
    let number = reader.citizen(Operation::ProposeCorrection)?;
    let id = id.parse().map_err(|_| Problem::not_found())?;
    let withdrawn = service(&state).withdraw(id, &ProposedBy::Citizen { number }).await;
    let proposal = withdrawn.map_err(problem_of)?;
    if reader.wants == Wants::Json {
        return Ok(Json(mine(proposal, state.clock.today())).into_response());
    }
    Ok(Redirect::to(PATH).into_response())
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
    typed: &Typed,
    fault: Option<Fault>,
) -> Result<MyCorrectionsView, Problem> {
    let after = match after {
        None => None,
        Some(word) => Some(word.parse().map_err(|_| Problem::not_found())?),
    };
    let filter = ProposalFilter { owner: None, number: Some(number), state: None };
    let found = service(state).list(filter, after, PAGE_LENGTH + 1).await;
    let mut proposals = found.map_err(problem_of)?;
    let last = cut(&mut proposals, PAGE_LENGTH).map(|last| last.id);
    let today = state.clock.today();
    let at = At { as_of: today, known_at: state.clock.now() };
    let me = state.register.person(number, at).await?;
    let sections = correction_form::sections(me.as_ref(), typed, fault.as_ref());
    let mut random = [0; 10];
    state.entropy.fill(&mut random);
    Ok(MyCorrectionsView {
        page: reader.page_at(PATH),
        problem: fault.map(problem_at),
        new_id: CommandId::new(state.clock.now(), &random).to_string(),
        sections,
        working_days: service(state).decision_working_days().map(u64::from),
        proposals: proposals.into_iter().map(|proposal| mine(proposal, today)).collect(),
        older: last.map(|last| format!("{PATH}?after={last}")),
    })
}

/// The problem at the head of the page, leading to its field. Only names that the forms have lead anywhere.
fn problem_at(fault: Fault) -> PageProblem {
    let field = fault.field.as_deref().and_then(correction_form::known_field);
    PageProblem { field, ..PageProblem::of(fault.said) }
}
