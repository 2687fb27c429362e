//! `/officer/search`: an officer finds a person whose number is not at hand. Names travel in forms, never in an address;
//! every person in the list is in the log before the list is shown.

use super::{
    fields::Fields,
    officer::{office_of, reference},
    reader::{Reader, Wants},
};
use crate::{
    AppState, Problem,
    api::refusal_problem,
    views::{Page, PageProblem, Words},
};
use askama::Template;
use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use dancu_core::{Explanation, PartialDate, Sex};
use dancu_exchange::{Caller, ClientId, LifeAnswer, Refusal};
use dancu_identity::{Principal, access::Operation};
use dancu_places::Places;
use dancu_register::Life;
use dancu_search::{
    FoundBy, FoundPerson, Likeness, NumberStanding, Opened, Purpose, QueryText, SearchError, SearchPage,
    Searcher,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const PATH: &str = "/officer/search";
/// The client of the exchange under whose contract officers search.
const CLIENT: &str = "officer-search";

#[derive(Template, Serialize)]
#[template(path = "search.html")]
struct SearchView {
    #[serde(skip)]
    page: Page,
    office: Words,
    problem: Option<PageProblem>,
    /// What was typed, for the form alone.
    #[serde(skip)]
    typed: Asked,
    found: Option<FoundView>,
    opened: Option<OpenedView>,
}

/// What the form says.
#[derive(Clone, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    purpose: String,
    #[serde(flatten)]
    query: QueryText,
}

#[derive(Deserialize)]
pub(super) struct OtherPage {
    list: String,
    page: String,
}

#[derive(Deserialize)]
pub(super) struct Picked {
    reference: String,
}

#[derive(Serialize)]
struct FoundView {
    list: String,
    page: u64,
    pages: u64,
    total: u64,
    /// More fit than the list holds.
    is_cut: bool,
    /// Whether everyone in the register could be found.
    is_index_complete: bool,
    previous: Option<usize>,
    next: Option<usize>,
    people: Vec<PersonRow>,
}

#[derive(Serialize)]
struct PersonRow {
    reference: String,
    name: String,
    number_masked: String,
    birth_date: PartialDate,
    sex: Words,
    commune: Option<Words>,
    life: &'static str,
    is_number_in_use: bool,
    likeness: Likeness,
    found_by: FoundBy,
    notes: Vec<Words>,
    receipt_index: u64,
}

#[derive(Serialize)]
struct OpenedView {
    number: String,
    receipt_index: u64,
}

/// The pages of the search.
pub(super) fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route(PATH, get(show).post(search))
        .route("/officer/search/page", post(page).get(|| async { Redirect::to(PATH) }))
        .route("/officer/search/open", post(open).get(|| async { Redirect::to(PATH) }))
}

/// Whether a problem is at a field.
#[expect(clippy::ref_option, reason = "the template passes a reference to the field of the view")]
fn is_at(problem: &Option<PageProblem>, field: &str) -> bool {
    problem.as_ref().is_some_and(|problem| problem.field == Some(field))
}

/// The form.
async fn show(reader: Reader) -> Result<Response, Problem> {
    let officer = reader.may(Operation::SearchPersons)?;
    Ok(reader.show(StatusCode::OK, &view(&reader, officer)))
}

/// A new list.
async fn search(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Fields(asked): Fields<Asked>,
) -> Result<Response, Problem> {
    let officer = reader.may(Operation::SearchPersons)?;
    let caller = caller(&state)?;
    let id = reference(officer);
    let searcher = Searcher { caller: &caller, officer: &id };
    let read = asked.query.read().and_then(|query| Ok((query, Purpose::read(&asked.purpose)?)));
    let found = match read {
        Ok((query, purpose)) => state.search.search(searcher, &query, purpose).await,
        Err(error) => Err(error.into()),
    };
    let view = SearchView { typed: asked, ..view(&reader, officer) };
    Ok(answer(&state, &reader, view, found.map(|found| (Some(found.into()), None))))
}

/// Another page of a list.
async fn page(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Fields(other): Fields<OtherPage>,
) -> Result<Response, Problem> {
    let officer = reader.may(Operation::SearchPersons)?;
    let caller = caller(&state)?;
    let id = reference(officer);
    let searcher = Searcher { caller: &caller, officer: &id };
    // What is no number is a page that no list has.
    let number = other.page.parse().unwrap_or(0);
    let found = state.search.page(searcher, &other.list, number).await;
    Ok(answer(&state, &reader, view(&reader, officer), found.map(|found| (Some(found.into()), None))))
}

/// The whole number of the one who was meant.
async fn open(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Fields(picked): Fields<Picked>,
) -> Result<Response, Problem> {
    let officer = reader.may(Operation::SearchPersons)?;
    let caller = caller(&state)?;
    let id = reference(officer);
    let searcher = Searcher { caller: &caller, officer: &id };
    let opened = state.search.open(searcher, &picked.reference).await;
    Ok(answer(&state, &reader, view(&reader, officer), opened.map(|opened| (None, Some(opened.into())))))
}

fn view(reader: &Reader, officer: &Principal) -> SearchView {
    SearchView {
        page: reader.page_at(PATH),
        office: office_of(officer),
        problem: None,
        typed: Asked::default(),
        found: None,
        opened: None,
    }
}

fn answer(
    state: &AppState,
    reader: &Reader,
    mut view: SearchView,
    outcome: Result<(Option<FoundView>, Option<OpenedView>), SearchError>,
) -> Response {
    let error = match outcome {
        Ok((found, opened)) => {
            (view.found, view.opened) = (found, opened);
            return reader.show(StatusCode::OK, &view);
        }
        Err(error) => error,
    };
    let field = if let SearchError::Query(error) = &error { Some(error.field()) } else { None };
    let problem = problem(state, error);
    if reader.wants == Wants::Json {
        return problem.into_response();
    }
    let status = problem.status;
    view.problem = Some(PageProblem { field, ..PageProblem::of(problem.said) });
    reader.show(status, &view)
}

fn problem(state: &AppState, error: SearchError) -> Problem {
    let error = match error {
        SearchError::Store(error) => return Problem::from(error),
        error => error,
    };
    match &error {
        SearchError::Query(error) => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error),
        SearchError::Refused(refusal) => refusal_problem(*refusal),
        SearchError::DailyLimit { resets_at } => {
            let seconds = resets_at.duration_since(state.clock.now()).as_secs().max(1);
            refusal_problem(Refusal::DailyLimit).retry_after(u32::try_from(seconds).unwrap_or(u32::MAX))
        }
        SearchError::TooFast { retry_after_s } | SearchError::OfficerDay { retry_after_s } => {
            Problem::new(StatusCode::TOO_MANY_REQUESTS, &error).retry_after(*retry_after_s)
        }
        SearchError::ListEnded | SearchError::Store(_) => Problem::new(StatusCode::CONFLICT, &error),
    }
}

fn caller(state: &AppState) -> Result<Arc<Caller>, Problem> {
    let client: Option<ClientId> = CLIENT.parse().ok();
    client.and_then(|client| state.directory.caller(&client)).ok_or_else(|| Problem {
        status: StatusCode::SERVICE_UNAVAILABLE,
        said: Explanation::new(
            "DANCU-SEARCH-020",
            "Chưa có hợp đồng cho việc tra cứu công dân (officer-search). Hãy báo người vận hành.",
            "There is no contract for searching persons (officer-search). Tell the operator.",
        ),
        retry_after_s: None,
    })
}

impl From<SearchPage> for FoundView {
    fn from(found: SearchPage) -> Self {
        let count = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
        Self {
            page: count(found.page),
            pages: count(found.pages),
            total: count(found.total),
            is_cut: found.is_cut,
            is_index_complete: found.is_index_complete,
            previous: found.previous(),
            next: found.next(),
            list: found.list,
            people: found.people.into_iter().map(PersonRow::from).collect(),
        }
    }
}

impl From<Opened> for OpenedView {
    fn from(opened: Opened) -> Self {
        Self { number: opened.number.to_string(), receipt_index: opened.receipt_index }
    }
}

impl From<FoundPerson> for PersonRow {
    fn from(person: FoundPerson) -> Self {
        Self {
            notes: notes(&person),
            reference: person.reference,
            name: person.name.as_str().to_owned(),
            number_masked: person.number_masked,
            birth_date: person.birth_date,
            sex: match person.sex {
                Sex::Male => ("Nam", "Male").into(),
                Sex::Female => ("Nữ", "Female").into(),
            },
            commune: person.commune.map(|code| {
                Words::same(Places::national().describe(code).unwrap_or_else(|| code.to_string()))
            }),
            life: LifeAnswer::from(person.life).as_str(),
            is_number_in_use: person.standing == NumberStanding::InUse,
            likeness: person.likeness,
            found_by: person.found_by,
            receipt_index: person.receipt_index,
        }
    }
}

/// What an officer should see before picking this one.
fn notes(person: &FoundPerson) -> Vec<Words> {
    let life = match person.life {
        Life::Alive => None,
        Life::Dead { .. } => Some(("Đã mất", "Dead")),
        Life::Missing { .. } => Some(("Mất tích", "Missing")),
    };
    let standing = match person.standing {
        NumberStanding::InUse => None,
        NumberStanding::OutOfUse => Some(("Số định danh không còn dùng", "Number out of use")),
    };
    let found_by = match person.found_by {
        FoundBy::Present => None,
        FoundBy::OtherName => Some(("Trùng tên gọi khác", "Found by another name")),
        FoundBy::Former => Some(("Trùng tên hoặc số cũ", "Found by a former name or number")),
    };
    let likeness = match person.likeness {
        Likeness::Same | Likeness::MarksMissing => None,
        Likeness::OtherMarks => Some(("Khác dấu", "Other marks")),
        Likeness::OtherOrder => Some(("Khác thứ tự hoặc thiếu chữ", "Other order, or words not given")),
        Likeness::OtherSpelling => Some(("Khác chính tả", "Other spelling")),
    };
    [life, standing, found_by, likeness].into_iter().flatten().map(Words::from).collect()
}
