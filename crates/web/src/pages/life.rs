//! `/operator/connections/{contract}`: the life of one connection. Its steps with who and when, the review with its
//! checklist, files and signatures, and the steps that may be taken from here.

use super::{
    fields::Fields,
    life_view::{self, LifeView},
    reader::{Reader, Wants},
};
use crate::{AppState, Problem, products::contract_products, views::PageProblem};
use axum::{
    Router,
    extract::{DefaultBodyLimit, Multipart, Path, State, multipart::MultipartError},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use dancu_core::Explain;
use dancu_exchange::{Author, Connection, EvidenceFile, LifeError, Part, Side, Verdict};
use dancu_identity::{Principal, Role, access::Operation};
use serde::Deserialize;
use std::sync::Arc;

/// A file and what stands around it in a form.
pub(super) const FORM_BYTES_MAX: usize = Connection::FILE_BYTES_MAX + 64 * 1024;

/// The pages of this file.
pub(super) fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/operator/connections/{contract}", get(show).post(act))
        .route(
            "/operator/connections/{contract}/files",
            post(attach).layer(DefaultBodyLimit::max(FORM_BYTES_MAX)),
        )
        .route("/operator/connections/{contract}/files/{sequence}", get(file))
}

/// Who acts on a connection, as its history names them.
pub(super) fn author(principal: &Principal) -> Result<Author, Problem> {
    match principal {
        Principal::Staff { id, name, role: Role::Operator, .. } => {
            Ok(Author { id: id.to_string(), name: name.as_str().to_owned(), side: Side::Operator })
        }
        Principal::Staff { id, name, role: Role::Agency { organisation }, .. } => {
            let organisation = organisation.parse().map_err(|_| Problem::not_allowed())?;
            let side = Side::Agency { organisation };
            Ok(Author { id: id.to_string(), name: name.as_str().to_owned(), side })
        }
        _ => Err(Problem::not_allowed()),
    }
}

/// The page.
async fn show(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(contract): Path<String>,
) -> Result<Response, Problem> {
    let author = author(reader.may(Operation::ReviewConnections)?)?;
    let connection = find(&state, &contract).await?;
    let path = path(&connection);
    Ok(reader.show(StatusCode::OK, &view(&state, &reader, &author, &connection, path).await?))
}

/// A step, an answer or a signature.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    #[serde(default)]
    step: Option<String>,
    #[serde(default)]
    ground: String,
    #[serde(default)]
    item: Option<String>,
    #[serde(default)]
    verdict: Option<Verdict>,
    #[serde(default)]
    note: String,
    #[serde(default)]
    sign: Option<Part>,
}

/// Does one thing.
async fn act(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(contract): Path<String>,
    Fields(wanted): Fields<Wanted>,
) -> Result<Response, Problem> {
    let author = author(reader.may(Operation::ReviewConnections)?)?;
    let connection = find(&state, &contract).await?;
    let outcome = done(&state, &author, &connection, &wanted).await?;
    told(&state, &reader, &author, (connection, path), outcome).await
}

/// What became of a step, an answer or a signature.
pub(super) async fn done(
    state: &AppState,
    author: &Author,
    connection: &Connection,
    wanted: &Wanted,
) -> Result<Result<(), LifeError>, Problem> {
    let life = &state.life;
    Ok(match (&wanted.step, &wanted.item, wanted.sign) {
        (Some(to), None, None) => {
            let to = to.parse().map_err(|_| Problem::bad_body("step"))?;
            life.step(connection, author, to, &wanted.ground).await
        }
        (None, Some(item), None) => {
            let verdict = wanted.verdict.ok_or_else(|| Problem::bad_body("verdict"))?;
            life.answer(connection, author, item, (verdict, &wanted.note)).await
        }
        (None, None, Some(part)) => life.sign(connection, author, part).await,
        _ => return Err(Problem::bad_body("step, item or sign")),
    })
}

/// Attaches a file to an item.
async fn attach(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(contract): Path<String>,
    form: Multipart,
) -> Result<Response, Problem> {
    let author = author(reader.may(Operation::ReviewConnections)?)?;
    let connection = find(&state, &contract).await?;
    let sent = Sent::read(form).await?;
    let file = EvidenceFile { name: &sent.name, content: &sent.content };
    let outcome = state.life.attach(&connection, &author, &sent.item, file).await;
    told(&state, &reader, &author, (connection, path), outcome).await
}

/// The fields of the form with a file.
#[derive(Default)]
pub(super) struct Sent {
    pub item: String,
    pub name: String,
    pub content: Vec<u8>,
}

impl Sent {
    pub async fn read(mut form: Multipart) -> Result<Self, Problem> {
        let mut sent = Self::default();
        let wrong = |error: MultipartError| {
            if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, &LifeError::File)
            } else {
                Problem::bad_body("form")
            }
        };
        while let Some(field) = form.next_field().await.map_err(wrong)? {
            match field.name() {
                Some("item") => sent.item = field.text().await.map_err(wrong)?,
                Some("file") => {
                    sent.name = field.file_name().unwrap_or_default().to_owned();
                    sent.content = field.bytes().await.map_err(wrong)?.to_vec();
                }
                _ => return Err(Problem::bad_body("form")),
            }
        }
        Ok(sent)
    }
}

/// A file, to be saved.
async fn file(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path((contract, sequence)): Path<(String, u32)>,
) -> Result<Response, Problem> {
    reader.may(Operation::ReviewConnections)?;
    let connection = find(&state, &contract).await?;
    download(&state, &connection, sequence).await
}

pub(super) async fn download(
    state: &AppState,
    connection: &Connection,
    sequence: u32,
) -> Result<Response, Problem> {
    let content = state.life.store().evidence(&connection.contract.id, sequence).await?;
    let content = content.ok_or_else(Problem::not_found)?;
    // Never shown in the browser: what an agency sends is no page of ours. The name is on the page.
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment")),
    ];
    Ok((headers, content).into_response())
}

pub(super) async fn find(state: &AppState, contract: &str) -> Result<Connection, Problem> {
    let id = contract.parse().map_err(|_| Problem::not_found())?;
    state.life.connection(&id).await?.ok_or_else(Problem::not_found)
}

/// Where an operator finds a connection.
fn path(connection: &Connection) -> String {
    format!("/operator/connections/{}", connection.contract.id)
}

/// What the page shows under an address.
pub(super) async fn view(
    state: &AppState,
    reader: &Reader,
    author: &Author,
    connection: &Connection,
    path: String,
) -> Result<LifeView, Problem> {
    let products = contract_products(state, &connection.contract).await?;
    let page = reader.page_at(&path);
    Ok(life_view::of(page, path, author, (connection, products), state.clock.today()))
}

/// The page after what was done, or with what stood in the way.
pub(super) async fn told(
    state: &AppState,
    reader: &Reader,
    author: &Author,
    (before, path): (Connection, fn(&Connection) -> String),
    outcome: Result<(), LifeError>,
) -> Result<Response, Problem> {
    let address = path(&before);
    let Err(error) = outcome else {
        tracing::info!(contract = %before.contract.id, "a connection's history goes on");
        if reader.wants == Wants::Html {
            return Ok(Redirect::to(&address).into_response());
        }
        let after = find(state, before.contract.id.as_str()).await?;
        return Ok(reader.show(StatusCode::OK, &view(state, reader, author, &after, address).await?));
    };
    let problem = refused(error);
    if reader.wants == Wants::Json {
        return Err(problem);
    }
    let mut view = view(state, reader, author, &before, address).await?;
    let status = problem.status;
    view.problem = Some(PageProblem::of(problem.said));
    Ok(reader.show(status, &view))
}

fn refused(error: LifeError) -> Problem {
    let status = match &error {
        LifeError::NotTheirs | LifeError::Drafter | LifeError::SamePerson => StatusCode::FORBIDDEN,
        LifeError::Ground
        | LifeError::Ceiling
        | LifeError::NoSuchItem
        | LifeError::FoundOut
        | LifeError::Note
        | LifeError::File => StatusCode::UNPROCESSABLE_ENTITY,
        LifeError::NoStep { .. }
        | LifeError::ReviewOpen { .. }
        | LifeError::NotUnderReview
        | LifeError::Full
        | LifeError::Changed
        | LifeError::NoRules => StatusCode::CONFLICT,
        LifeError::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    match error {
        LifeError::Store(error) => error.into(),
        error => Problem { status, said: error.explain(), retry_after_s: None },
    }
}
