//! `/operator/extracts`: extracts of cohorts that wait for an approval. Two different officers approve each by the law
//! behind it, its criteria and a rounded count; nobody sees who stands in it.

use super::{
    fields::{Fields, Params},
    paging::cut,
    reader::{Reader, Wants},
};
use crate::{
    AppState, Problem,
    api::cohort_problem,
    views::{Page, PageProblem, Words},
};
use askama::Template;
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use dancu_core::{Clock, Sex};
use dancu_exchange::{Born, CohortError, CohortExtract, ExtractId, ExtractState, Field, cohort_rules};
use dancu_identity::{Principal, access::Operation};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const PATH: &str = "/operator/extracts";
/// Extracts on a page.
const PAGE_LENGTH: usize = 25;

/// The pages of this file.
pub(super) fn routes() -> Router<Arc<AppState>> {
    Router::new().route(PATH, get(list)).route("/operator/extracts/{id}", get(show).post(step))
}

#[derive(Template, Serialize)]
#[template(path = "operator_extracts.html")]
struct ExtractsView {
    #[serde(skip)]
    page: Page,
    shows_others: bool,
    extracts: Vec<ExtractView>,
    older: Option<String>,
}

#[derive(Template, Serialize)]
#[template(path = "operator_extract.html")]
struct OneExtractView {
    #[serde(skip)]
    page: Page,
    problem: Option<PageProblem>,
    extract: ExtractView,
}

#[derive(Serialize)]
struct ExtractView {
    id: String,
    organisation: Words,
    contract: String,
    reference: String,
    legal_basis: String,
    purpose: Words,
    /// First and last day of birth.
    born_from: Date,
    born_to: Date,
    /// The ages that were asked for, and the day on which they are reckoned.
    ages: Option<AgesView>,
    #[serde(skip)]
    sex_words: Words,
    sex: Option<Sex>,
    places: Vec<PlaceView>,
    fields: Vec<Words>,
    as_of: Date,
    asked_at: Timestamp,
    state: ExtractState,
    state_words: Words,
    due: Option<Timestamp>,
    /// Persons and those whom the register cannot decide on, rounded up; none while they are counted.
    persons_at_most: Option<u64>,
    undecided_at_most: Option<u64>,
    moves: Vec<MoveView>,
    may_approve: bool,
    may_refuse: bool,
}

#[derive(Serialize)]
struct AgesView {
    from: u8,
    to: u8,
    on: Date,
}

#[derive(Serialize)]
struct PlaceView {
    code: String,
    name: String,
}

#[derive(Serialize)]
struct MoveView {
    at: Timestamp,
    by: String,
    to: Words,
    note: String,
}

#[derive(Deserialize)]
struct Shown {
    after: Option<String>,
    list: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    Approve,
    Refuse,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stepped {
    step: Step,
    #[serde(default)]
    note: String,
}

/// Who decides: the id of an officer at the centre.
fn staff(reader: &Reader) -> Result<String, Problem> {
    match reader.may(Operation::DecideExtracts)? {
        Principal::Staff { id, .. } => Ok(id.to_string()),
        _ => Err(Problem::not_allowed()),
    }
}

async fn list(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Params(shown): Params<Shown>,
) -> Result<Response, Problem> {
    let by = staff(&reader)?;
    let (waits, name) = match shown.list.as_deref() {
        None | Some("waiting") => (true, "waiting"),
        Some("others") => (false, "others"),
        Some(_) => return Err(Problem::not_found()),
    };
    let after = shown.after.as_deref().map(str::parse).transpose().map_err(|_| Problem::not_found())?;
    let mut extracts = state.cohorts.list(waits, after, PAGE_LENGTH + 1).await.map_err(cohort_problem)?;
    let last = cut(&mut extracts, PAGE_LENGTH).map(|last| last.id);
    let view = ExtractsView {
        page: reader.page_at(PATH),
        shows_others: !waits,
        extracts: extracts.into_iter().map(|extract| extract_view(&state, extract, &by)).collect(),
        older: last.map(|last| format!("{PATH}?list={name}&after={last}")),
    };
    Ok(reader.show(StatusCode::OK, &view))
}

async fn show(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let by = staff(&reader)?;
    let view = one(&state, &reader, (&by, parsed(&id)?), None).await?;
    Ok(reader.show(StatusCode::OK, &view))
}

async fn step(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(id): Path<String>,
    Fields(stepped): Fields<Stepped>,
) -> Result<Response, Problem> {
    let by = staff(&reader)?;
    let id = parsed(&id)?;
    let outcome = match stepped.step {
        Step::Approve => state.cohorts.approve(&by, id).await,
        Step::Refuse => state.cohorts.refuse(&by, id, &stepped.note).await,
    };
    match outcome {
        Ok(extract) if reader.wants == Wants::Json => {
            Ok(Json(extract_view(&state, extract, &by)).into_response())
        }
        Ok(_) => Ok(Redirect::to(PATH).into_response()),
        Err(error) => failed(&state, &reader, (&by, id), error).await,
    }
}

/// The page again with the problem; for software, and where there is nothing to show, the problem alone.
async fn failed(
    state: &AppState,
    reader: &Reader,
    (by, id): (&str, ExtractId),
    error: CohortError,
) -> Result<Response, Problem> {
    let problem = cohort_problem(error);
    if reader.wants == Wants::Json || problem.status == StatusCode::NOT_FOUND {
        return Err(problem);
    }
    let status = problem.status;
    let view = one(state, reader, (by, id), Some(PageProblem::of(problem.said))).await?;
    Ok(reader.show(status, &view))
}

fn parsed(id: &str) -> Result<ExtractId, Problem> {
    id.parse().map_err(|_| Problem::not_found())
}

async fn one(
    state: &AppState,
    reader: &Reader,
    (by, id): (&str, ExtractId),
    problem: Option<PageProblem>,
) -> Result<OneExtractView, Problem> {
    let extract = state.cohorts.extract(id).await.map_err(cohort_problem)?;
    let page = reader.page_at(&format!("{PATH}/{id}"));
    Ok(OneExtractView { page, problem, extract: extract_view(state, extract, by) })
}

fn extract_view(state: &AppState, extract: CohortExtract, by: &str) -> ExtractView {
    let caller = state.directory.caller(&extract.client);
    let caller = caller.filter(|caller| caller.contract.id == extract.contract);
    let gone = || Words::same(extract.contract.to_string());
    let organisation = caller.as_ref().map_or_else(gone, |caller| {
        let organisation = &caller.organisation;
        (organisation.name_vi.clone(), organisation.name_en.clone()).into()
    });
    let contract = caller.as_ref().map(|caller| &caller.contract);
    let step = cohort_rules(state.clock.today()).map_or(1, |rules| rules.count_step);
    let is_counted = extract.state != ExtractState::Asked;
    let waits = extract.state.waits() && state.clock.now() < extract.due;
    let (born_from, born_to) = extract.criteria.born.days();
    let place =
        |place: &dancu_exchange::AttestedPlace| PlaceView { code: place.to_string(), name: place.name() };
    ExtractView {
        organisation,
        legal_basis: contract.map(|contract| contract.legal_basis.clone()).unwrap_or_default(),
        purpose: contract
            .map_or_else(gone, |contract| (contract.purpose_vi.clone(), contract.purpose_en.clone()).into()),
        born_from,
        born_to,
        ages: match extract.criteria.born {
            Born::Ages { from, to, on } => Some(AgesView { from, to, on }),
            Born::BirthDates { .. } => None,
        },
        sex_words: match extract.criteria.sex {
            None => ("Nam và nữ", "Men and women"),
            Some(Sex::Male) => ("Nam", "Men"),
            Some(Sex::Female) => ("Nữ", "Women"),
        }
        .into(),
        sex: extract.criteria.sex,
        places: extract.criteria.places.iter().map(place).collect(),
        fields: extract.fields.iter().map(Field::words).map(Words::from).collect(),
        as_of: extract.as_of,
        asked_at: extract.asked_at,
        state: extract.state,
        state_words: extract.state.words().into(),
        due: extract.ends_at(),
        persons_at_most: is_counted.then(|| extract.persons_rounded(step)),
        undecided_at_most: is_counted.then(|| extract.undecided_rounded(step)),
        may_approve: waits && !extract.approvals.iter().any(|approval| approval.by == by),
        may_refuse: waits,
        id: extract.id.to_string(),
        contract: extract.contract.to_string(),
        reference: extract.reference,
        moves: extract
            .moves
            .into_iter()
            .map(|one| MoveView { at: one.at, by: one.by, to: one.to.words().into(), note: one.note })
            .collect(),
    }
}
