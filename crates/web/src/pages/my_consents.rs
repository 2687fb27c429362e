//! `/citizen/consents`: who asks for my consent, what I consented to, and taking it back.

use super::{
    fields::{Fields, Params},
    paging::cut,
    reader::{Reader, Wants},
};
use crate::{
    AppState, Problem,
    api::consent_problem,
    views::{Page, PageProblem, Words},
};
use askama::Template;
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use dancu_core::{Clock, Explanation, PersonalNumber};
use dancu_exchange::{Consent, ConsentDecision, ConsentState, Field};
use dancu_identity::access::Operation;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const PATH: &str = "/citizen/consents";
/// Consents on a page.
const PAGE_LENGTH: usize = 25;

#[derive(Template, Serialize)]
#[template(path = "my_consents.html")]
struct MyConsentsView {
    #[serde(skip)]
    page: Page,
    problem: Option<PageProblem>,
    consents: Vec<ConsentView>,
    older: Option<String>,
}

/// A request or a consent, as its person sees it.
#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "one for each thing that may be done with it")]
struct ConsentView {
    id: String,
    state: &'static str,
    state_words: Words,
    organisation: Words,
    purpose: Words,
    legal_basis: String,
    contract: String,
    fields: Vec<FieldWords>,
    until: Date,
    per_day_max: u32,
    is_told_of_changes: bool,
    uses_processor: bool,
    reference: String,
    asked_at: Timestamp,
    open_until: Date,
    granted_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    may_be_granted: bool,
    may_be_refused: bool,
    may_be_withdrawn: bool,
}

#[derive(Serialize)]
struct FieldWords {
    field: &'static str,
    label: Words,
}

#[derive(Deserialize)]
pub(super) struct Shown {
    after: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Answer {
    /// Nothing is chosen beforehand, so that it may be missing.
    decision: Option<ConsentDecision>,
}

/// My requests and consents.
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Params(shown): Params<Shown>,
) -> Result<Response, Problem> {
    let number = reader.citizen(Operation::ManageOwnConsents)?;
    let view = view(&state, &reader, number, shown.after.as_deref(), None).await?;
    Ok(reader.show(StatusCode::OK, &view))
}

/// My answer to a request, or the withdrawal of a consent.
pub(super) async fn decide(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(id): Path<String>,
    Fields(answer): Fields<Answer>,
) -> Result<Response, Problem> {
    let number = reader.citizen(Operation::ManageOwnConsents)?;
    let id = id.parse().map_err(|_| Problem::not_found())?;
    let outcome = match answer.decision {
        Some(decision) => state.consents.decide(number, id, decision).await.map_err(consent_problem),
        None => Err(nothing_chosen()),
    };
    match outcome {
        Ok(consent) if reader.wants == Wants::Json => {
            Ok(Json(consent_view(consent, state.clock.today())).into_response())
        }
        Ok(_) => Ok(Redirect::to(PATH).into_response()),
        Err(problem) if reader.wants == Wants::Json || problem.status == StatusCode::NOT_FOUND => {
            Err(problem)
        }
        Err(problem) => {
            let status = problem.status;
            let problem = PageProblem::of(problem.said);
            let view = view(&state, &reader, number, None, Some(problem)).await?;
            Ok(reader.show(status, &view))
        }
    }
}

fn nothing_chosen() -> Problem {
    Problem {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        said: Explanation::new(
            "DANCU-WEB-080",
            "Bạn chưa chọn đồng ý hay không đồng ý. Hãy chọn một rồi gửi.",
            "Neither consent nor refusal was chosen. Choose one and send it.",
        ),
        retry_after_s: None,
    }
}

async fn view(
    state: &AppState,
    reader: &Reader,
    number: PersonalNumber,
    after: Option<&str>,
    problem: Option<PageProblem>,
) -> Result<MyConsentsView, Problem> {
    let after = after.map(str::parse).transpose().map_err(|_| Problem::not_found())?;
    let found = state.consents.list(number, after, PAGE_LENGTH + 1).await;
    let mut consents = found.map_err(consent_problem)?;
    let last = cut(&mut consents, PAGE_LENGTH).map(|last| last.id);
    let today = state.clock.today();
    Ok(MyConsentsView {
        page: reader.page_at(PATH),
        problem,
        consents: consents.into_iter().map(|consent| consent_view(consent, today)).collect(),
        older: last.map(|last| format!("{PATH}?after={last}")),
    })
}

fn consent_view(consent: Consent, today: Date) -> ConsentView {
    let field = |field: Field| FieldWords { field: field.as_str(), label: field.words().into() };
    ConsentView {
        id: consent.id.to_string(),
        state: consent.state.as_str(),
        state_words: state_words(&consent, today),
        may_be_granted: consent.may_be_granted(today),
        may_be_refused: consent.state == ConsentState::Asked,
        may_be_withdrawn: consent.state == ConsentState::Granted,
        organisation: (consent.terms.organisation_vi, consent.terms.organisation_en).into(),
        purpose: (consent.terms.purpose_vi, consent.terms.purpose_en).into(),
        legal_basis: consent.terms.legal_basis,
        contract: consent.contract.to_string(),
        fields: consent.terms.fields.iter().map(field).collect(),
        until: consent.terms.until,
        per_day_max: consent.terms.per_day_max,
        is_told_of_changes: consent.terms.is_told_of_changes,
        uses_processor: consent.terms.uses_processor,
        reference: consent.reference,
        asked_at: consent.asked_at,
        open_until: consent.open_until,
        granted_at: consent.granted_at,
        ended_at: consent.ended_at,
    }
}

fn state_words(consent: &Consent, today: Date) -> Words {
    match consent.state {
        ConsentState::Asked if consent.may_be_granted(today) => ("chờ bạn trả lời", "waits for your answer"),
        ConsentState::Asked => ("đã hết hạn trả lời", "the time to answer is over"),
        ConsentState::Granted if consent.is_in_force(today) => ("đang có hiệu lực", "in force"),
        ConsentState::Granted => ("đã hết hạn", "over"),
        ConsentState::Refused => ("bạn không đồng ý", "you did not consent"),
        ConsentState::Withdrawn => ("bạn đã rút lại", "you withdrew it"),
        ConsentState::Replaced => ("đã được thay bằng đề nghị sau", "a later one took its place"),
    }
    .into()
}
