//! `/operator/privacy`: persons' requests by their last day, late ones first.

use super::{
    fields::{Fields, Params},
    my_requests::{CaseView, case_view, problem_of},
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
use dancu_core::Clock;
use dancu_exchange::{CaseKind, CaseProgress, CaseState, CaseStep, PrivacyCase};
use dancu_identity::{Principal, access::Operation};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const PATH: &str = "/operator/privacy";
/// Cases on a page.
const PAGE_LENGTH: usize = 25;

#[derive(Template, Serialize)]
#[template(path = "operator_privacy.html")]
struct PrivacyView {
    #[serde(skip)]
    page: Page,
    problem: Option<PageProblem>,
    shows_settled: bool,
    cases: Vec<HandledCase>,
    older: Option<String>,
}

#[derive(Serialize)]
struct HandledCase {
    #[serde(flatten)]
    case: CaseView,
    steps: Vec<StepView>,
}

#[derive(Serialize)]
struct StepView {
    step: &'static str,
    label: Words,
}

#[derive(Deserialize)]
pub(super) struct Shown {
    after: Option<String>,
    list: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Stepped {
    step: CaseStep,
    #[serde(default)]
    note: String,
}

/// The cases.
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Params(shown): Params<Shown>,
) -> Result<Response, Problem> {
    reader.may(Operation::HandlePrivacyRequests)?;
    let progress = match shown.list.as_deref() {
        None | Some("open") => CaseProgress::Open,
        Some("settled") => CaseProgress::Settled,
        Some(_) => return Err(Problem::not_found()),
    };
    let view = view(&state, &reader, progress, shown.after.as_deref(), None).await?;
    Ok(reader.show(StatusCode::OK, &view))
}

/// A step of a case.
pub(super) async fn step(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(id): Path<String>,
    Fields(stepped): Fields<Stepped>,
) -> Result<Response, Problem> {
    let by = match reader.may(Operation::HandlePrivacyRequests)? {
        Principal::Staff { id, .. } => id.to_string(),
        _ => return Err(Problem::not_allowed()),
    };
    let id = id.parse().map_err(|_| Problem::not_found())?;
    let outcome = state.privacy.step(&by, id, stepped.step, &stepped.note).await;
    match outcome.map_err(problem_of) {
        Ok(case) if reader.wants == Wants::Json => {
            Ok(Json(handled(case, state.clock.today())).into_response())
        }
        Ok(_) => Ok(Redirect::to(PATH).into_response()),
        Err(problem) if reader.wants == Wants::Json || problem.status == StatusCode::NOT_FOUND => {
            Err(problem)
        }
        Err(problem) => {
            let status = problem.status;
            let problem = PageProblem::of(problem.said);
            let view = view(&state, &reader, CaseProgress::Open, None, Some(problem)).await?;
            Ok(reader.show(status, &view))
        }
    }
}

async fn view(
    state: &AppState,
    reader: &Reader,
    progress: CaseProgress,
    after: Option<&str>,
    problem: Option<PageProblem>,
) -> Result<PrivacyView, Problem> {
    let after = after.map(str::parse).transpose().map_err(|_| Problem::not_found())?;
    let mut cases = state.privacy.due(progress, after, PAGE_LENGTH + 1).await.map_err(problem_of)?;
    let last = cut(&mut cases, PAGE_LENGTH).map(|last| last.id);
    let today = state.clock.today();
    let shows_settled = progress == CaseProgress::Settled;
    let shown_list = if shows_settled { "settled" } else { "open" };
    Ok(PrivacyView {
        page: reader.page_at(PATH),
        problem,
        shows_settled,
        cases: cases.into_iter().map(|case| handled(case, today)).collect(),
        older: last.map(|last| format!("{PATH}?list={shown_list}&after={last}")),
    })
}

fn handled(case: PrivacyCase, today: Date) -> HandledCase {
    let steps: &[CaseStep] = match case.state {
        CaseState::Received if case.kind == CaseKind::Withdraw => &[CaseStep::Answer, CaseStep::Extend],
        CaseState::Received => &[CaseStep::Answer, CaseStep::Refuse, CaseStep::Extend],
        CaseState::Answered => &[CaseStep::CarryOut, CaseStep::Extend],
        CaseState::CarriedOut | CaseState::Refused | CaseState::Ended => &[],
    };
    let may_be_put_off = !case.is_extended && case.carry_out_due >= today;
    let is_open = |step: &&CaseStep| may_be_put_off || **step != CaseStep::Extend;
    let steps = steps.iter().filter(is_open).map(|step| step_view(*step)).collect();
    HandledCase { case: case_view(case, today), steps }
}

fn step_view(step: CaseStep) -> StepView {
    let (step, vi, en) = match step {
        CaseStep::Answer => ("answer", "Chấp nhận và trả lời", "Accept and answer"),
        CaseStep::CarryOut => ("carry_out", "Đã thực hiện xong", "It was carried out"),
        CaseStep::Refuse => ("refuse", "Từ chối, nêu căn cứ", "Refuse with the ground"),
        CaseStep::Extend => ("extend", "Gia hạn một lần, nêu lý do", "Put off once with the reason"),
    };
    StepView { step, label: (vi, en).into() }
}
