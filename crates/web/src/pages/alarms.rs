//! `/operator/alarms`: looks that fall outside of the work for which somebody may look. What was seen and by how much, never
//! whom it was about; who decides it, lowers a limit at once, or gives notice.

use super::{
    alarm_view::{self, AlarmView, AlarmsView},
    fields::{Fields, Params},
    life,
    paging::cut,
    reader::{Reader, Wants},
};
use crate::{AppState, Problem, api::verify_problem, views::PageProblem};
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use dancu_alarms::{ALARM_CLIENT, Alarm, AlarmError, AlarmId, AlarmList, AlarmService, AlarmState, Measure};
use dancu_core::{Clock, Explain, Explanation, VIET_NAM};
use dancu_exchange::{Author, Ceiling, ClientId, LifeError};
use dancu_identity::access::Operation;
use dancu_ledger::{Disclosure, LedgerError};
use jiff::{Timestamp, civil::Date};
use serde::Deserialize;
use std::sync::Arc;

pub(super) const PATH: &str = "/operator/alarms";
/// The lists by the words of the address.
const LISTS: [(&str, AlarmList); 3] =
    [("open", AlarmList::Open), ("decided", AlarmList::Decided), ("notice", AlarmList::NoticeOwed)];
/// Alarms on a page.
const PAGE_LENGTH: usize = 25;
/// Looks of the evidence that are shown at once: each is a disclosure of its own.
const LOOKS_MAX: usize = 20;

/// The pages of this file.
pub(super) fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route(PATH, get(list))
        .route("/operator/alarms/{id}", get(show).post(act))
        .route("/operator/alarms/{id}/looks", post(looks).get(back))
}

async fn back(Path(id): Path<String>) -> Result<Redirect, Problem> {
    let id: AlarmId = id.parse().map_err(|_| Problem::not_found())?;
    Ok(Redirect::to(&address(id)))
}

/// Where an alarm is looked at.
pub(super) fn address(id: AlarmId) -> String {
    format!("{PATH}/{id}")
}

#[derive(Deserialize)]
struct Shown {
    list: Option<String>,
    after: Option<String>,
}

/// A list of alarms.
async fn list(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Params(shown): Params<Shown>,
) -> Result<Response, Problem> {
    reader.may(Operation::HandleAlarms)?;
    let named = shown.list.as_deref().unwrap_or("open");
    let (word, list) = LISTS.into_iter().find(|(word, _)| *word == named).ok_or_else(Problem::not_found)?;
    let after = shown.after.map(|id| id.parse()).transpose().map_err(|_| Problem::not_found())?;
    let mut alarms = state.alarms.list(list, after, PAGE_LENGTH + 1).await.map_err(problem_of)?;
    let end = cut(&mut alarms, PAGE_LENGTH).map(|end| end.id);
    let older = end.map(|end| format!("{PATH}?list={word}&after={end}"));
    let now = state.clock.now();
    let view = AlarmsView::new(reader.page_at(PATH), word, &alarms, older, now);
    Ok(reader.show(StatusCode::OK, &view))
}

/// One alarm.
async fn show(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let author = life::author(reader.may(Operation::HandleAlarms)?)?;
    let alarm = find(&state, &id).await?;
    Ok(reader.show(StatusCode::OK, &view(&state, &reader, &author, alarm).await?))
}

async fn find(state: &AppState, id: &str) -> Result<Alarm, Problem> {
    let id = id.parse().map_err(|_| Problem::not_found())?;
    state.alarms.alarm(id).await.map_err(problem_of)
}

async fn view(
    state: &AppState,
    reader: &Reader,
    author: &Author,
    alarm: Alarm,
) -> Result<AlarmView, Problem> {
    let connection = match state.alarms.connection(&alarm).await {
        Ok(connection) => Some(connection),
        Err(AlarmError::NoContract) => None,
        Err(error) => return Err(problem_of(error)),
    };
    let may_decide = !AlarmService::concerns(&alarm, author);
    let page = reader.page_at(&address(alarm.id));
    Ok(alarm_view::of(page, alarm, connection.as_ref(), may_decide, state.clock.now()))
}

/// What somebody does about an alarm.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// `take`, `explained`, `upheld`, `open`, `tighten`, `lift`, `suspend` or `notify`.
    step: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    daily_limit: String,
    #[serde(default)]
    per_second_max: String,
    /// Last day of the ceiling.
    #[serde(default)]
    until: String,
}

async fn act(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(id): Path<String>,
    Fields(wanted): Fields<Wanted>,
) -> Result<Response, Problem> {
    let author = life::author(reader.may(Operation::HandleAlarms)?)?;
    let before = find(&state, &id).await?;
    match (done(&state, &author, before.id, &wanted).await, reader.wants) {
        (Ok(alarm), Wants::Json) => {
            Ok(reader.show(StatusCode::OK, &view(&state, &reader, &author, alarm).await?))
        }
        (Ok(alarm), Wants::Html) => Ok(Redirect::to(&address(alarm.id)).into_response()),
        (Err(problem), Wants::Json) => Err(problem),
        (Err(problem), Wants::Html) => {
            let mut view = view(&state, &reader, &author, before).await?;
            let status = problem.status;
            view.problem = Some(PageProblem::of(problem.said));
            Ok(reader.show(status, &view))
        }
    }
}

async fn done(state: &AppState, by: &Author, id: AlarmId, wanted: &Wanted) -> Result<Alarm, Problem> {
    let alarms = &state.alarms;
    let outcome = match wanted.step.as_str() {
        "take" => alarms.take(id, by).await,
        "tighten" => alarms.measure(id, by, Measure::Tighten(ceiling(wanted)?), &wanted.note).await,
        "lift" => alarms.measure(id, by, Measure::Lift, &wanted.note).await,
        "suspend" => alarms.measure(id, by, Measure::Suspend, &wanted.note).await,
        "notify" => alarms.notify(id, by, &wanted.note).await,
        step => {
            let to: AlarmState = step.parse().map_err(|()| Problem::bad_body("step"))?;
            alarms.decide(id, by, to, &wanted.note).await
        }
    };
    outcome.map_err(problem_of)
}

/// The ceiling of a form: it holds until the end of its last day in Viet Nam.
fn ceiling(wanted: &Wanted) -> Result<Ceiling, Problem> {
    let number = |name, text: &str| text.trim().parse().map_err(|_| Problem::bad_body(name));
    let last: Date = wanted.until.trim().parse().map_err(|_| Problem::bad_body("until"))?;
    let end = last.tomorrow().ok().and_then(|day| VIET_NAM.to_timestamp(day.at(0, 0, 0, 0)).ok());
    Ok(Ceiling {
        daily_limit: number("daily_limit", &wanted.daily_limit)?,
        per_second_max: number("per_second_max", &wanted.per_second_max)?,
        until: end.unwrap_or(Timestamp::MAX),
    })
}

/// Shows the looks behind an alarm: who, when, for what, and of whom the last three digits. Each is in the log before it is
/// shown, as every other look at a person is.
async fn looks(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let author = life::author(reader.may(Operation::HandleAlarms)?)?;
    let alarm = find(&state, &id).await?;
    if AlarmService::concerns(&alarm, &author) {
        return Err(problem_of(AlarmError::Concerned));
    }
    let client: Option<ClientId> = ALARM_CLIENT.parse().ok();
    let caller = client.and_then(|client| state.directory.caller(&client));
    let caller = caller.ok_or_else(Problem::alarm_desk_not_connected)?;
    let places: Vec<(String, u64)> =
        alarm.evidence.places.iter().map(|place| (place.log.clone(), place.index)).collect();
    let all = Arc::clone(&state);
    let read = move || -> Result<Vec<Disclosure>, LedgerError> {
        // The looks may be in the log of any node.
        let logs = all.logs.all()?;
        let shown = places.iter().filter_map(|(origin, index)| {
            let log = logs.iter().find(|log| log.verifier().origin() == origin)?;
            Some(log.disclosure(*index))
        });
        shown.take(LOOKS_MAX).collect()
    };
    let read = tokio::task::spawn_blocking(read).await.map_err(|_| Problem::fault())?;
    let disclosures = read.map_err(|error| Problem::new(StatusCode::SERVICE_UNAVAILABLE, &error))?;
    let stated = format!("{}: {}", author.id, alarm.id);
    let shown = state.verify.show_looks(&caller, &disclosures, &stated).await;
    shown.map_err(|error| verify_problem(&state, error))?;
    let mut view = view(&state, &reader, &author, alarm).await?;
    view.looks = Some(disclosures.into_iter().map(alarm_view::look).collect());
    Ok(reader.show(StatusCode::OK, &view))
}

fn problem_of(error: AlarmError) -> Problem {
    let status = match error {
        AlarmError::Store(error) | AlarmError::Life(LifeError::Store(error)) => return error.into(),
        AlarmError::NoSuchAlarm => StatusCode::NOT_FOUND,
        AlarmError::Concerned | AlarmError::Life(LifeError::NotTheirs) => StatusCode::FORBIDDEN,
        AlarmError::Note | AlarmError::Life(LifeError::Ground | LifeError::Ceiling) => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        AlarmError::NoSuchStep | AlarmError::Changed | AlarmError::NoContract | AlarmError::Life(_) => {
            StatusCode::CONFLICT
        }
    };
    Problem { status, said: error.explain(), retry_after_s: None }
}

impl Problem {
    /// No contract lets operators see the looks behind an alarm.
    fn alarm_desk_not_connected() -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            said: Explanation::new(
                "DANCU-WEB-093",
                "Chưa có hợp đồng cho việc kiểm tra cảnh báo (alarm-desk). Hãy lập hợp đồng rồi thử lại.",
                "There is no contract for looking into alarms (alarm-desk). Connect it, then try again.",
            ),
            retry_after_s: None,
        }
    }
}
