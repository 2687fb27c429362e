//! `/agency`: an agency's own connections. What it applied for and how far that is, use against limits, notices, refusals,
//! and the form by which it applies for a new one or rewrites what is still open.

use super::{
    fields::Fields,
    life::{self, Sent, Wanted},
    reader::{Reader, Wants},
};
use crate::{
    AppState, Problem,
    views::{Page, PageProblem, Words},
};
use askama::Template;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Multipart, Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use dancu_alarms::Alarm;
use dancu_core::Explain;
use dancu_exchange::{
    Author, Caller, Caseload, Client, ClientKey, Connection, ConnectionsDocument, Contract, DocumentError,
    EvidenceFile, Field, FieldSet, OrganisationId, RefusalEntry, Side, Stage, Standing,
};
use dancu_identity::access::Operation;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

const PATH: &str = "/agency";
/// Connections that are listed; an agency has a handful.
const ROWS_MAX: usize = 100;
/// Of the newest refusals of all clients so many are looked through for the agency's own …
const REFUSALS_READ: u32 = 2_000;
/// … and so many are shown.
const REFUSALS_MAX: usize = 20;

/// The pages of this file.
pub(super) fn routes() -> Router<Arc<AppState>> {
    let files = post(attach).layer(DefaultBodyLimit::max(life::FORM_BYTES_MAX));
    Router::new()
        .route(PATH, get(show))
        .route("/agency/applications", post(apply).get(async || Redirect::to(PATH)))
        .route("/agency/connections/{contract}", get(connection).post(act))
        .route("/agency/connections/{contract}/keys", post(keys).get(async || Redirect::to(PATH)))
        .route("/agency/connections/{contract}/files", files)
        .route("/agency/connections/{contract}/files/{sequence}", get(file))
}

#[derive(Template, Serialize)]
#[template(path = "agency.html")]
struct AgencyView {
    #[serde(skip)]
    page: Page,
    problem: Option<PageProblem>,
    organisation: String,
    connections: Vec<RowView>,
    /// Of the agencies below.
    below: Vec<BelowView>,
    notices: Vec<BreachView>,
    refusals: Vec<RefusalView>,
    /// Fields that can be asked for.
    #[serde(skip)]
    fields: Vec<(&'static str, Words)>,
}

#[derive(Serialize)]
struct RowView {
    contract: String,
    client: String,
    purpose: Words,
    stage: Stage,
    stage_words: Words,
    used_today: u64,
    daily_limit: u64,
    /// The ground of a suspension, and when the agency was told.
    notice: Option<NoticeView>,
}

/// A connection of an agency below: how far it is and what it uses, not its papers.
#[derive(Serialize)]
struct BelowView {
    organisation: Words,
    contract: String,
    purpose: Words,
    stage: Stage,
    #[serde(skip)]
    stage_words: Words,
    used_today: u64,
    daily_limit: u64,
}

/// What the agency was told of a breach.
#[derive(Serialize)]
struct BreachView {
    contract: Option<String>,
    what: Words,
    day: Date,
    words: String,
    given_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct NoticeView {
    ground: String,
    given_at: Timestamp,
}

#[derive(Serialize)]
struct RefusalView {
    time: Timestamp,
    client: String,
    code: &'static str,
    words: Words,
}

/// Whose pages these are.
fn agency(reader: &Reader) -> Result<(Author, OrganisationId), Problem> {
    let author = life::author(reader.may(Operation::ManageOwnConnections)?)?;
    match &author.side {
        Side::Agency { organisation } => {
            let organisation = organisation.clone();
            Ok((author, organisation))
        }
        _ => Err(Problem::not_allowed()),
    }
}

async fn show(State(state): State<Arc<AppState>>, reader: Reader) -> Result<Response, Problem> {
    let (_, organisation) = agency(&reader)?;
    Ok(reader.show(StatusCode::OK, &view(&state, &reader, &organisation).await?))
}

async fn view(
    state: &AppState,
    reader: &Reader,
    organisation: &OrganisationId,
) -> Result<AgencyView, Problem> {
    let stages = state.exchange_store.stages().await?;
    let stages: HashMap<_, _> = stages.into_iter().map(|row| (row.step.contract.clone(), row)).collect();
    let below = below(state, organisation);
    let (_, clients, mut contracts) = state.exchange_store.connections().await?;
    let is_own = |client: &dancu_exchange::ClientId| {
        clients.iter().any(|row| row.id == *client && row.organisation == *organisation)
    };
    contracts.retain(|contract| is_own(&contract.client));
    contracts.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    let connections = contracts.into_iter().take(ROWS_MAX).map(|contract| {
        let last = stages.get(&contract.id);
        let standing = last.map_or(Standing::DRAFT, Standing::of);
        let step = last.and_then(|row| Some((row.step.at, row.step.step()?)));
        let suspended = step.filter(|(_, step)| step.to == Stage::Suspended);
        RowView {
            used_today: state.ledger.used_today(contract.id.as_str()),
            daily_limit: standing.limited(contract.clone()).daily_limit.into(),
            contract: contract.id.to_string(),
            client: contract.client.to_string(),
            purpose: (contract.purpose_vi, contract.purpose_en).into(),
            stage: standing.stage,
            stage_words: standing.stage.words().into(),
            notice: suspended.map(|(at, step)| NoticeView { ground: step.ground.clone(), given_at: at }),
        }
    });
    let refusals = state.exchange_store.refusals(REFUSALS_READ).await?;
    let own = refusals.iter().filter(|entry| entry.client.as_ref().is_some_and(is_own));
    let notices = state.alarms.notices(organisation).await?;
    Ok(AgencyView {
        notices: notices.into_iter().filter_map(breach_view).collect(),
        page: reader.page_at(PATH),
        problem: None,
        organisation: organisation.to_string(),
        connections: connections.collect(),
        below,
        refusals: own.take(REFUSALS_MAX).map(refusal_view).collect(),
        fields: Field::ALL
            .into_iter()
            .filter(|field| !field.is_shown_only())
            .map(|field| (field.as_str(), field.words().into()))
            .collect(),
    })
}

/// The connections of the agencies below one, by agency and contract.
fn below(state: &AppState, organisation: &OrganisationId) -> Vec<BelowView> {
    let callers = state.directory.all();
    let mut below: Vec<_> = callers.values().filter(|caller| caller.above.contains(organisation)).collect();
    below.sort_unstable_by_key(|caller| (&caller.organisation.id, &caller.contract.id));
    below.truncate(ROWS_MAX);
    below.into_iter().map(|caller| below_view(state, caller)).collect()
}

fn below_view(state: &AppState, caller: &Caller) -> BelowView {
    let (contract, organisation) = (&caller.contract, &caller.organisation);
    BelowView {
        organisation: (organisation.name_vi.clone(), organisation.name_en.clone()).into(),
        contract: contract.id.to_string(),
        purpose: (contract.purpose_vi.clone(), contract.purpose_en.clone()).into(),
        stage: caller.standing.stage,
        stage_words: caller.standing.stage.words().into(),
        used_today: state.ledger.used_today(contract.id.as_str()),
        daily_limit: contract.daily_limit.into(),
    }
}

/// What the agency reads of an alarm: kind, day and words, not which looks they were.
fn breach_view(alarm: Alarm) -> Option<BreachView> {
    let notice = alarm.care.notice?;
    Some(BreachView {
        contract: alarm.found.contract.as_ref().map(ToString::to_string),
        what: alarm.found.kind.words().into(),
        day: alarm.found.day,
        words: notice.words,
        given_at: notice.given_at,
    })
}

/// What the caller was told; the true reason stays with the operators.
fn refusal_view(entry: &RefusalEntry) -> RefusalView {
    let said = entry.reason.told().explain();
    RefusalView {
        time: entry.at,
        client: entry.client.as_ref().map(ToString::to_string).unwrap_or_default(),
        code: said.code,
        words: said.into(),
    }
}

/// An application: what an agency may ask for by itself. Everything else of a contract an operator writes.
#[derive(Deserialize)]
pub(super) struct Application {
    contract: String,
    client: String,
    legal_basis: String,
    purpose_vi: String,
    purpose_en: String,
    valid_from: String,
    #[serde(default)]
    valid_to: String,
    /// Days for which answers are kept.
    retention_days: String,
    service_hours: String,
    visits_per_day: String,
    queries_per_100_visits: String,
    branches: String,
    opening_hours: String,
    peak_hour_percent: String,
    busiest_day_percent: String,
    growth_percent_per_year: String,
    /// Public keys, as a JSON Web Key Set or a list; none until the agency has them.
    #[serde(default)]
    keys: String,
    /// `field_name=on` for each field that is asked for.
    #[serde(flatten)]
    chosen: BTreeMap<String, String>,
}

impl Application {
    fn document(
        &self,
        organisation: &OrganisationId,
        kept: Option<Client>,
        today: Date,
    ) -> Result<ConnectionsDocument, Problem> {
        let fields = Field::ALL.into_iter().filter(|field| {
            !field.is_shown_only()
                && self.chosen.get(&format!("field_{}", field.as_str())).is_some_and(|on| on == "on")
        });
        let fields: FieldSet = fields.collect();
        let caseload = Caseload {
            stated_on: today,
            visits_per_day: number("visits_per_day", &self.visits_per_day)?,
            queries_per_100_visits: number("queries_per_100_visits", &self.queries_per_100_visits)?,
            branches: number("branches", &self.branches)?,
            opening_hours: number("opening_hours", &self.opening_hours)?,
            peak_hour_percent: number("peak_hour_percent", &self.peak_hour_percent)?,
            busiest_day_percent: number("busiest_day_percent", &self.busiest_day_percent)?,
            growth_percent_per_year: number("growth_percent_per_year", &self.growth_percent_per_year)?,
        };
        let contract: Contract = serde_json::from_value(serde_json::json!({
            "id": self.contract.trim(), "client": self.client.trim(), "legal_basis": self.legal_basis.trim(),
            "purpose_vi": self.purpose_vi.trim(), "purpose_en": self.purpose_en.trim(), "fields": fields,
            "caseload": caseload, "valid_from": self.valid_from.trim(),
            "valid_to": Some(self.valid_to.trim()).filter(|day| !day.is_empty()),
            "retention_days": number::<u32>("retention_days", &self.retention_days)?,
            "service_hours": self.service_hours.trim(),
        }))
        .map_err(|_| Problem::bad_body("contract, valid_from, valid_to"))?;
        // What the operators set on a client, such as a suspension, an application leaves as it is.
        let kept = kept.unwrap_or_else(|| Client {
            id: contract.client.clone(),
            organisation: organisation.clone(),
            keys: Vec::new(),
            dpop_bound_access_tokens: false,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            suspended: None,
        });
        let keys = if self.keys.trim().is_empty() { kept.keys } else { read_keys(&self.keys)? };
        let client = Client { keys, ..kept };
        Ok(ConnectionsDocument {
            organisations: Vec::new(),
            clients: vec![client],
            contracts: vec![contract],
        })
    }
}

/// A value of the form that is no free text.
fn number<T: std::str::FromStr>(name: &'static str, text: &str) -> Result<T, Problem> {
    text.trim().parse().map_err(|_| Problem::bad_body(name))
}

/// A JSON Web Key Set, a list of keys, or one key.
fn read_keys(text: &str) -> Result<Vec<ClientKey>, Problem> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Sent {
        Set { keys: Vec<serde_json::Value> },
        List(Vec<serde_json::Value>),
        One(serde_json::Value),
    }
    let wrong = |_| Problem::bad_body("keys");
    let keys = match serde_json::from_str(text).map_err(wrong)? {
        Sent::Set { keys } | Sent::List(keys) => keys,
        Sent::One(key) => vec![key],
    };
    keys.into_iter().map(|key| serde_json::from_value(key).map_err(wrong)).collect()
}

/// Applies for a connection, or rewrites one that is still open.
async fn apply(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Fields(application): Fields<Application>,
) -> Result<Response, Problem> {
    let (author, organisation) = agency(&reader)?;
    let outcome = send(&state, &author, &organisation, &application).await;
    match (outcome, reader.wants) {
        (Ok(contract), Wants::Html) => {
            Ok(Redirect::to(&format!("{PATH}/connections/{contract}")).into_response())
        }
        (Ok(contract), Wants::Json) => shown(&state, &reader, &author, &contract).await,
        (Err(problem), Wants::Json) => Err(problem),
        (Err(problem), Wants::Html) => {
            let mut view = view(&state, &reader, &organisation).await?;
            let status = problem.status;
            view.problem = Some(PageProblem::at("contract", problem.said));
            Ok(reader.show(status, &view))
        }
    }
}

async fn send(
    state: &AppState,
    author: &Author,
    organisation: &OrganisationId,
    application: &Application,
) -> Result<String, Problem> {
    let (_, clients, _) = state.exchange_store.connections().await?;
    let client = clients.into_iter().find(|row| row.id.as_str() == application.client.trim());
    // Another's software is as good as not there: an application must not tell whose names are taken by what.
    if client.as_ref().is_some_and(|client| client.organisation != *organisation) {
        return Err(Problem::not_found());
    }
    let document = application.document(organisation, client, state.clock.today())?;
    keep(state, author, document).await?;
    Ok(application.contract.trim().to_owned())
}

async fn keep(state: &AppState, author: &Author, document: ConnectionsDocument) -> Result<(), Problem> {
    let applied = document.apply(state.life.store(), &state.directory, author, state.clock.now()).await;
    applied.map_err(|error| match error {
        DocumentError::Store(error) => error.into(),
        error => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, &error),
    })
}

/// Public keys to be exchanged.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewKeys {
    keys: String,
}

/// Exchanges the client's keys.
async fn keys(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(contract): Path<String>,
    Fields(sent): Fields<NewKeys>,
) -> Result<Response, Problem> {
    let (author, organisation) = agency(&reader)?;
    let connection = own(&state, &organisation, &contract).await?;
    let clients = vec![Client { keys: read_keys(&sent.keys)?, ..connection.client }];
    keep(&state, &author, ConnectionsDocument { clients, ..ConnectionsDocument::default() }).await?;
    match reader.wants {
        Wants::Html => Ok(Redirect::to(&format!("{PATH}/connections/{contract}")).into_response()),
        Wants::Json => shown(&state, &reader, &author, &contract).await,
    }
}

/// One connection; another agency's is as good as not there.
async fn own(state: &AppState, organisation: &OrganisationId, contract: &str) -> Result<Connection, Problem> {
    let connection = life::find(state, contract).await?;
    if connection.organisation.id == *organisation { Ok(connection) } else { Err(Problem::not_found()) }
}

async fn connection(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(contract): Path<String>,
) -> Result<Response, Problem> {
    let (author, _) = agency(&reader)?;
    shown(&state, &reader, &author, &contract).await
}

async fn shown(
    state: &AppState,
    reader: &Reader,
    author: &Author,
    contract: &str,
) -> Result<Response, Problem> {
    let (_, organisation) = agency(reader)?;
    let connection = own(state, &organisation, contract).await?;
    let path = path(&connection);
    Ok(reader.show(StatusCode::OK, &life::view(state, reader, author, &connection, path).await?))
}

fn path(connection: &Connection) -> String {
    format!("{PATH}/connections/{}", connection.contract.id)
}

/// Takes a step that is the agency's.
async fn act(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(contract): Path<String>,
    Fields(wanted): Fields<Wanted>,
) -> Result<Response, Problem> {
    let (author, organisation) = agency(&reader)?;
    let connection = own(&state, &organisation, &contract).await?;
    let outcome = life::done(&state, &author, &connection, &wanted).await?;
    life::told(&state, &reader, &author, (connection, path), outcome).await
}

async fn attach(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(contract): Path<String>,
    form: Multipart,
) -> Result<Response, Problem> {
    let (author, organisation) = agency(&reader)?;
    let connection = own(&state, &organisation, &contract).await?;
    let sent = Sent::read(form).await?;
    let file = EvidenceFile { name: &sent.name, content: &sent.content };
    let outcome = state.life.attach(&connection, &author, &sent.item, file).await;
    life::told(&state, &reader, &author, (connection, path), outcome).await
}

async fn file(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path((contract, sequence)): Path<(String, u32)>,
) -> Result<Response, Problem> {
    let (_, organisation) = agency(&reader)?;
    let connection = own(&state, &organisation, &contract).await?;
    life::download(&state, &connection, sequence).await
}
