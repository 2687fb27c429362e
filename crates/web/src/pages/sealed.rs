//! `/officer/sealed`: sealed values of one person, read by an officer who has the right to it and states why. The number
//! travels in the form, never in an address; the reading is in the log before anything is shown.

use super::{
    fields::Fields,
    officer::{office_of, reference},
    reader::{Reader, Wants},
    record,
};
use crate::{
    AppState, Problem,
    api::{from_logs, verify_problem},
    views::{Page, PageProblem, Words},
};
use askama::Template;
use axum::{
    Router,
    extract::{Path, State, rejection::PathRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use dancu_core::{Explanation, PersonalNumber};
use dancu_exchange::{
    Caller, ClientId, OpenedFact, OpenedGroup, Reason, SealedError, SealedGroup, ShownSealed,
};
use dancu_identity::{Principal, Role, access::Operation};
use dancu_ledger::Disclosure;
use dancu_register::{ImageKind, SealError, Sensitive};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

const PATH: &str = "/officer/sealed";

#[derive(Template, Serialize)]
#[template(path = "sealed.html")]
struct SealedView {
    #[serde(skip)]
    page: Page,
    office: Words,
    purpose: Words,
    legal_basis: String,
    /// The groups that the contract names.
    groups: Vec<Choice>,
    problem: Option<PageProblem>,
    #[serde(skip)]
    number: String,
    #[serde(skip)]
    reason: String,
    shown: Option<ShownView>,
}

#[derive(Serialize)]
struct Choice {
    word: &'static str,
    label: Words,
    #[serde(skip)]
    is_ticked: bool,
}

#[derive(Serialize)]
struct ShownView {
    number: String,
    rows: Vec<SealedRow>,
    receipt_index: u64,
}

/// A group as a page shows it.
#[derive(Serialize)]
pub(super) struct SealedRow {
    pub group: &'static str,
    pub label: Words,
    /// `shown`, `held`, `not_held` or `unreadable`.
    pub state: &'static str,
    /// Of a text its words, of everything else what there is to say of it.
    pub value: Words,
    /// Where the picture is, when there is one.
    pub picture: Option<String>,
    /// Whether every browser shows pictures of this form.
    #[serde(skip)]
    pub is_shown_by_browsers: bool,
    pub since: Option<Date>,
    pub recorded: Option<Timestamp>,
    pub source_words: Option<Words>,
}

/// What the form says; each group is a box of its own.
#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    number: String,
    #[serde(default)]
    reason: String,
    /// `begin` comes from a person's file: the number is known, the reason is not.
    #[serde(default)]
    step: String,
    #[serde(flatten)]
    groups: BTreeMap<String, String>,
}

impl Asked {
    fn groups(&self) -> BTreeSet<SealedGroup> {
        let ticked = self.groups.iter().filter(|(_, value)| *value == "yes");
        ticked.filter_map(|(word, _)| word.parse().ok()).collect()
    }
}

/// The pages of sealed values.
pub(super) fn routes() -> Router<Arc<AppState>> {
    Router::new().route(PATH, get(show).post(read)).route("/officer/sealed/portraits/{index}", get(portrait))
}

/// The officer with the contract under which the right was given.
fn office<'r>(state: &AppState, reader: &'r Reader) -> Result<(&'r Principal, Arc<Caller>), Problem> {
    let officer = reader.may(Operation::ReadSealed)?;
    let Some(Role::Officer { sealed_client: Some(client), .. }) = officer.role() else {
        return Err(Problem::not_allowed());
    };
    let client: Option<ClientId> = client.parse().ok();
    let caller = client.and_then(|client| state.directory.caller(&client)).ok_or_else(without_contract)?;
    Ok((officer, caller))
}

/// As [`office`], for an attempt to read: one without the right to it is a refusal that the operator sees.
fn reading_office<'r>(state: &AppState, reader: &'r Reader) -> Result<(&'r Principal, Arc<Caller>), Problem> {
    office(state, reader).inspect_err(|problem| {
        if reader.principal.is_some() && problem.status == StatusCode::FORBIDDEN {
            state.sealed.note_without_right();
        }
    })
}

/// The form.
async fn show(State(state): State<Arc<AppState>>, reader: Reader) -> Result<Response, Problem> {
    let (officer, caller) = office(&state, &reader)?;
    Ok(reader.show(StatusCode::OK, &view(&reader, officer, &caller, &BTreeSet::new())))
}

/// One reading.
async fn read(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Fields(asked): Fields<Asked>,
) -> Result<Response, Problem> {
    let (officer, caller) = reading_office(&state, &reader)?;
    let groups = asked.groups();
    let mut view = view(&reader, officer, &caller, &groups);
    if asked.step == "begin" {
        view.number = asked.number;
        return Ok(reader.show(StatusCode::OK, &view));
    }
    let (field, problem) = match reading(&state, officer, &caller, &asked, &groups).await {
        Ok(shown) => {
            view.shown = Some(shown.into());
            return Ok(reader.show(StatusCode::OK, &view));
        }
        Err(found) => found,
    };
    if reader.wants == Wants::Json {
        return Err(problem);
    }
    let status = problem.status;
    view.problem = Some(PageProblem { field, ..PageProblem::of(problem.said) });
    (view.number, view.reason) = (asked.number, asked.reason);
    Ok(reader.show(status, &view))
}

async fn reading(
    state: &AppState,
    officer: &Principal,
    caller: &Caller,
    asked: &Asked,
    groups: &BTreeSet<SealedGroup>,
) -> Result<ShownSealed, (Option<&'static str>, Problem)> {
    // People type the groups that the card prints.
    let digits: String = asked.number.split_whitespace().collect();
    let number: PersonalNumber = digits.parse().map_err(|error: dancu_core::NumberError| {
        (Some("number"), Problem::new(StatusCode::UNPROCESSABLE_ENTITY, &error))
    })?;
    let shown = async {
        let reason = Reason::read(&asked.reason)?;
        state.sealed.show(caller, &reference(officer), number, groups, &reason).await
    };
    shown.await.map_err(|error| {
        let field = match error {
            SealedError::Reason => Some("reason"),
            SealedError::NoGroup => caller.contract.sealed.first().map(|group| group.as_str()),
            _ => None,
        };
        (field, problem_of(state, error))
    })
}

/// The portrait of a reading, named by its receipt: for the officer who made it, while the look lasts.
async fn portrait(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    index: Result<Path<u64>, PathRejection>,
) -> Result<Response, Problem> {
    let (officer, caller) = reading_office(&state, &reader)?;
    let Path(index) = index.map_err(|_| Problem::not_found())?;
    let Disclosure { record, .. } = from_logs(&state, move |logs| logs.disclosure(index)).await?;
    let found = state.sealed.shown_portrait(&caller, &reference(officer), &record).await;
    let (kind, bytes) = found.map_err(|error| problem_of(&state, error))?.ok_or_else(Problem::not_found)?;
    Ok(picture(kind, bytes))
}

/// A picture as its own media type and nothing else, kept by nobody on the way.
pub(super) fn picture(kind: ImageKind, bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind.media_type()),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox; frame-ancestors 'none'"),
        (header::CONTENT_DISPOSITION, "inline"),
    ];
    let mut response = bytes.into_response();
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// What is told of an error; a value that does not open is the operator's to mend.
pub(super) fn problem_of(state: &AppState, error: SealedError) -> Problem {
    let status = match &error {
        SealedError::Reason | SealedError::NoGroup => StatusCode::UNPROCESSABLE_ENTITY,
        SealedError::Seal(error) => {
            note_unreadable(*error);
            StatusCode::SERVICE_UNAVAILABLE
        }
        SealedError::Verify(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    match (error.explained(), error) {
        (_, SealedError::Verify(error)) => verify_problem(state, error),
        (Some(said), _) => Problem { status, said, retry_after_s: None },
        (None, _) => Problem::fault(),
    }
}

fn note_unreadable(error: SealError) {
    tracing::error!(code = dancu_core::Explain::explain(&error).code, %error, "sealed value");
}

fn without_contract() -> Problem {
    Problem {
        status: StatusCode::SERVICE_UNAVAILABLE,
        said: Explanation::new(
            "DANCU-WEB-069",
            "Hợp đồng cho việc xem dữ liệu niêm phong của bạn chưa được kết nối. Hãy báo người vận hành.",
            "The contract under which you may read sealed data is not connected. Tell the operator.",
        ),
        retry_after_s: None,
    }
}

fn view(reader: &Reader, officer: &Principal, caller: &Caller, ticked: &BTreeSet<SealedGroup>) -> SealedView {
    let contract = &caller.contract;
    SealedView {
        page: reader.page_at(PATH),
        office: office_of(officer),
        purpose: (contract.purpose_vi.clone(), contract.purpose_en.clone()).into(),
        legal_basis: contract.legal_basis.clone(),
        groups: contract
            .sealed
            .iter()
            .map(|group| Choice {
                word: group.as_str(),
                label: group.words().into(),
                is_ticked: ticked.contains(group),
            })
            .collect(),
        problem: None,
        number: String::new(),
        reason: String::new(),
        shown: None,
    }
}

impl From<ShownSealed> for ShownView {
    fn from(shown: ShownSealed) -> Self {
        let picture = format!("{PATH}/portraits/{}", shown.receipt_index);
        let row = |opened: OpenedGroup| SealedRow::of(opened.group, Ok(opened.held), &picture);
        Self {
            number: super::grouped(shown.number),
            rows: shown.groups.into_iter().map(row).collect(),
            receipt_index: shown.receipt_index,
        }
    }
}

impl SealedRow {
    /// A group with what was found of it.
    pub fn of(group: SealedGroup, found: Result<Option<OpenedFact>, SealError>, picture: &str) -> Self {
        let mut row = Self {
            group: group.as_str(),
            label: group.words().into(),
            state: "not_held",
            value: ("Chưa có dữ liệu", "Not held").into(),
            picture: None,
            is_shown_by_browsers: false,
            since: None,
            recorded: None,
            source_words: None,
        };
        let fact = match found {
            Ok(Some(fact)) => fact,
            Ok(None) => return row,
            Err(error) => {
                note_unreadable(error);
                row.state = "unreadable";
                row.value = dancu_core::Explain::explain(&error).into();
                return row;
            }
        };
        row.since = Some(fact.since);
        row.recorded = Some(fact.recorded);
        row.source_words = Some(record::source_words(&fact.source));
        (row.state, row.value) = match fact.value {
            // The list of peoples has a word for foreigners that is none of a language.
            Sensitive::Text(text) if group == SealedGroup::Ethnicity && text == "foreign" => {
                ("shown", ("Người nước ngoài", "Foreigner").into())
            }
            Sensitive::Text(text) => ("shown", Words::same(text)),
            Sensitive::Image(kind, _) => {
                row.picture = Some(picture.to_owned());
                row.is_shown_by_browsers = kind != ImageKind::Jpeg2000;
                ("shown", ("Ảnh chân dung", "Portrait").into())
            }
            Sensitive::Templates => ("held", ("Có lưu; không bao giờ hiển thị", "Held; never shown").into()),
        };
        row
    }
}
