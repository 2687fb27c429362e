//! `/operator/file-pairs`: doubtful pairs of files that are matched. An officer of the centre sees the row beside the person,
//! which is a look like any other and in the log before it is shown, and says whether they are one.

use super::{
    fields::{Fields, Params},
    file_pair_words::{level_words, reason_words, slot_words, weight_words},
    paging::cut,
    reader::{Reader, Wants},
};
use crate::{
    AppState, Problem,
    api::verify_problem,
    looks::LookKey,
    views::{Page, PageProblem, Words},
};
use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use dancu_core::{Clock, Explanation};
use dancu_exchange::{
    Caller, DoubtfulPair, Field, FieldSet, FileMatchTerms, FilePairId, FileReviewError, PairReason,
    PairVerdict, SlotSaid, residence_line,
};
use dancu_identity::{Principal, access::Operation};
use dancu_register::Person;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const PATH: &str = "/operator/file-pairs";
/// The client of the exchange under whose contract officers see the persons of doubtful pairs.
const CLIENT: &str = "match-desk";
/// Pairs on a page.
const PAGE_LENGTH: usize = 25;
/// Officers whose decisions are counted on a page.
const OFFICERS_MAX: usize = 100;
/// The time over which they are counted.
const COUNTED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The pages of this file.
pub(super) fn routes() -> Router<Arc<AppState>> {
    Router::new().route(PATH, get(list)).route("/operator/file-pairs/{id}", get(show).post(decide))
}

#[derive(Template, Serialize)]
#[template(path = "operator_file_pairs.html")]
struct QueueView {
    #[serde(skip)]
    page: Page,
    pairs: Vec<WaitingView>,
    officers: Vec<OfficerView>,
    older: Option<String>,
}

/// A pair of the queue. Nothing of the person, and of the row its key.
#[derive(Serialize)]
struct WaitingView {
    id: String,
    organisation: Words,
    file: String,
    key: String,
    reason: Words,
    percent: u64,
    queued_at: Timestamp,
}

#[derive(Serialize)]
struct OfficerView {
    id: String,
    decisions: u64,
}

#[derive(Template, Serialize)]
#[template(path = "operator_file_pair.html")]
struct PairView {
    #[serde(skip)]
    page: Page,
    problem: Option<PageProblem>,
    pair: WaitingView,
    second_review: bool,
    cells: Vec<(String, String)>,
    person: Vec<(Words, String)>,
    slots: Vec<SlotView>,
    same: Vec<ReasonView>,
    different: Vec<ReasonView>,
}

#[derive(Serialize)]
struct SlotView {
    slot: Words,
    level: Words,
    weight: Words,
    /// Whether it speaks for one person; nothing where it says little.
    speaks_for: Option<bool>,
}

#[derive(Serialize)]
struct ReasonView {
    word: &'static str,
    words: Words,
}

#[derive(Deserialize)]
struct Shown {
    after: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decided {
    verdict: PairVerdict,
    reason: PairReason,
}

/// Who decides: the id of an officer with the right to.
fn staff(reader: &Reader) -> Result<String, Problem> {
    match reader.may(Operation::ReviewFilePairs)? {
        Principal::Staff { id, .. } => Ok(id.to_string()),
        _ => Err(Problem::not_allowed()),
    }
}

fn parsed(id: &str) -> Result<FilePairId, Problem> {
    id.parse().map_err(|_| Problem::not_found())
}

async fn list(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Params(shown): Params<Shown>,
) -> Result<Response, Problem> {
    let by = staff(&reader)?;
    let after = shown.after.as_deref().map(parsed).transpose()?;
    let store = state.file_reviews.store();
    let mut pairs = store.waiting_pairs(&by, after, PAGE_LENGTH + 1).await?;
    let last = cut(&mut pairs, PAGE_LENGTH).map(|last| last.id);
    let since = state.clock.now().saturating_sub(COUNTED).unwrap_or(Timestamp::MIN);
    let officers = store.reviewer_counts(since, OFFICERS_MAX).await?;
    let view = QueueView {
        page: reader.page_at(PATH),
        pairs: pairs.iter().map(|pair| waiting_view(&state, pair)).collect(),
        officers: officers
            .into_iter()
            .map(|officer| OfficerView { id: officer.by, decisions: officer.decisions })
            .collect(),
        older: last.map(|last| format!("{PATH}?after={last}")),
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

async fn decide(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(id): Path<String>,
    Fields(decided): Fields<Decided>,
) -> Result<Response, Problem> {
    let (by, id) = (staff(&reader)?, parsed(&id)?);
    match state.file_reviews.decide(&by, id, (decided.verdict, decided.reason)).await {
        Ok(()) if reader.wants == Wants::Json => Ok(StatusCode::NO_CONTENT.into_response()),
        Ok(()) => Ok(Redirect::to(PATH).into_response()),
        Err(FileReviewError::Reason) if reader.wants != Wants::Json => {
            let problem = review_problem(FileReviewError::Reason);
            let (status, said) = (problem.status, PageProblem::of(problem.said));
            let view = one(&state, &reader, (&by, id), Some(said)).await?;
            Ok(reader.show(status, &view))
        }
        Err(error) => Err(review_problem(error)),
    }
}

fn review_problem(error: FileReviewError) -> Problem {
    let status = match &error {
        FileReviewError::NotFound => StatusCode::NOT_FOUND,
        FileReviewError::NotNow => StatusCode::CONFLICT,
        FileReviewError::Reason => StatusCode::UNPROCESSABLE_ENTITY,
        FileReviewError::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    match error {
        FileReviewError::Store(error) => error.into(),
        error => Problem::new(status, &error),
    }
}

/// The pair with the person, who is looked at once by each officer for each pair.
async fn one(
    state: &AppState,
    reader: &Reader,
    (by, id): (&str, FilePairId),
    problem: Option<PageProblem>,
) -> Result<PairView, Problem> {
    let pair = state.file_reviews.waiting(by, id).await.map_err(review_problem)?;
    let gone = || review_problem(FileReviewError::NotNow);
    let agency = agency(state, &pair).ok_or_else(gone)?;
    let of_file: FieldSet =
        FileMatchTerms::MATCHED.into_iter().filter(|field| agency.contract.fields.contains(*field)).collect();
    // Whoever restricted questions of this agency since, or withdrew the consent, is shown to nobody for it.
    if !state.verify.may_tell(&agency, pair.number, of_file).await? {
        return Err(gone());
    }
    let person = look(state, by, &pair, of_file).await?;
    Ok(PairView {
        page: reader.page_at(&format!("{PATH}/{id}")),
        problem,
        second_review: pair.second_review,
        person,
        slots: pair.slots.iter().filter_map(slot_view).collect(),
        same: reasons(PairVerdict::Same),
        different: reasons(PairVerdict::Different),
        pair: waiting_view(state, &pair),
        cells: pair.cells,
    })
}

/// Looks at the person, under the desk's own contract, in the log first.
async fn look(
    state: &AppState,
    by: &str,
    pair: &DoubtfulPair,
    of_file: FieldSet,
) -> Result<Vec<(Words, String)>, Problem> {
    let desk = CLIENT.parse().ok().and_then(|client| state.directory.caller(&client));
    let desk = desk.ok_or_else(Problem::match_desk_without_contract)?;
    let fields: FieldSet = of_file.iter().filter(|field| desk.contract.fields.contains(*field)).collect();
    let matter = format!("file_pair {}", pair.id);
    let key: LookKey = (by.to_owned(), matter.clone(), pair.number, fields);
    let shown = if let Some(shown) = state.looks.held(&key, &*state.clock) {
        shown
    } else {
        let shown = state.verify.show_person(&desk, pair.number, fields, &format!("{by} {matter}")).await;
        let shown = Arc::new(shown.map_err(|error| verify_problem(state, error))?);
        state.looks.hold(key, Arc::clone(&shown), &*state.clock);
        shown
    };
    let number = (Words::from(("Số định danh", "Personal number")), pair.number.to_string());
    let told = |field: Field| {
        let value = shown.person.as_ref().and_then(|person| value(person, field)).unwrap_or_default();
        (Words::from(field.words()), value)
    };
    Ok(std::iter::once(number).chain(fields.iter().map(told)).collect())
}

/// What the register holds of a field.
fn value(person: &Person, field: Field) -> Option<String> {
    let identity = person.identity();
    match field {
        Field::Name => identity.map(|identity| identity.name.as_str().to_owned()),
        Field::BirthDate => identity.map(|identity| identity.birth_date.to_string()),
        Field::Sex => identity.map(|identity| identity.sex.letter().to_string()),
        Field::OldNumber => identity?.old_number.map(|number| number.to_string()),
        Field::Phone => person.contact()?.phone.clone(),
        Field::Residence => {
            let home = person.residence()?;
            Some(residence_line(home.permanent_address.as_deref(), home.permanent_commune?))
        }
        _ => None,
    }
}

/// The agency whose file it is, while its contract is the pair's.
fn agency(state: &AppState, pair: &DoubtfulPair) -> Option<Arc<Caller>> {
    let caller = state.directory.caller(&pair.client)?;
    (caller.contract.id == pair.contract && caller.contract.file_match.is_some()).then_some(caller)
}

fn waiting_view(state: &AppState, pair: &DoubtfulPair) -> WaitingView {
    let organisation = agency(state, pair).map_or_else(
        || Words::same(pair.contract.to_string()),
        |caller| (caller.organisation.name_vi.clone(), caller.organisation.name_en.clone()).into(),
    );
    WaitingView {
        id: pair.id.to_string(),
        organisation,
        file: pair.file.clone(),
        key: pair.key.clone(),
        reason: reason_words(&pair.reason),
        percent: u64::from(pair.probability_ppm / 10_000),
        queued_at: pair.queued_at,
    }
}

fn slot_view(said: &SlotSaid) -> Option<SlotView> {
    let level = said.level.as_deref()?;
    let (weight, speaks_for) = weight_words(said.weight);
    Some(SlotView { slot: slot_words(&said.slot), level: level_words(level), weight, speaks_for })
}

fn reasons(verdict: PairVerdict) -> Vec<ReasonView> {
    let fitting = PairReason::ALL.into_iter().filter(|reason| reason.fits(verdict));
    fitting.map(|reason| ReasonView { word: reason.as_str(), words: reason.words().into() }).collect()
}

impl Problem {
    /// No contract lets officers see the persons of doubtful pairs.
    fn match_desk_without_contract() -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            said: Explanation::new(
                "DANCU-WEB-121",
                "Chưa có hợp đồng cho việc xem xét cặp nghi ngờ (match-desk). Hãy lập hợp đồng rồi thử lại.",
                "There is no contract for deciding doubtful pairs (match-desk). Connect it, then try again.",
            ),
            retry_after_s: None,
        }
    }
}
