//! `/desk/persons`: a person's file and history for a matter in hand, as of any day and as known on any other. The number
//! travels in the form, never in an address.

use super::{
    form::{Fault, Typed},
    office::{Office, SHOWN},
    shown::PersonView,
    steps::new_id,
};
use crate::{
    AppState, Problem,
    pages::{
        fields::Fields,
        grouped,
        history::{self, Days},
        reader::{Reader, Wants},
        record::{self, FactGroup},
        timeline::Happening,
    },
    views::{Page, PageProblem, Words},
};
use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use dancu_core::{CommuneCode, PersonalNumber};
use dancu_exchange::Field;
use dancu_identity::access::Operation;
use jiff::civil::Date;
use serde::Serialize;
use std::{fmt::Display, sync::Arc};

const PATH: &str = "/desk/persons";

#[derive(Template, Serialize)]
#[template(path = "desk/person.html")]
struct FileView {
    #[serde(skip)]
    page: Page,
    office: Words,
    id: String,
    #[serde(skip)]
    number: String,
    problem: Option<PageProblem>,
    file: Option<File>,
}

#[derive(Serialize)]
struct File {
    person: PersonView,
    as_of: Date,
    known_on: Date,
    record: Vec<FactGroup>,
    happenings: Vec<Happening>,
    has_more: bool,
}

/// Whose file?
pub(super) async fn ask(State(state): State<Arc<AppState>>, reader: Reader) -> Result<Response, Problem> {
    let office = Office::of(&state, &reader, Operation::ReadPersonFile)?;
    Ok(answer(&office, &reader, new_id(&state).to_string(), String::new(), None, None))
}

/// The file.
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Fields(typed): Fields<Typed>,
) -> Result<Response, Problem> {
    let office = Office::of(&state, &reader, Operation::ReadPersonFile)?;
    let matter = typed.text("id").parse().unwrap_or_else(|_| new_id(&state));
    let number = typed.text("number").to_owned();
    match file(&office, &typed, &matter).await? {
        Ok(file) => Ok(answer(&office, &reader, matter.to_string(), number, None, Some(file))),
        Err(fault) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            if reader.wants == Wants::Json {
                return Ok(Problem { status, said: fault.said, retry_after_s: None }.into_response());
            }
            let mut page = answer(&office, &reader, matter.to_string(), number, Some(fault), None);
            *page.status_mut() = status;
            Ok(page)
        }
    }
}

/// The commune of an officer who may read files.
pub(in crate::pages) fn reading_commune(state: &AppState, reader: &Reader) -> Result<CommuneCode, Problem> {
    Office::of(state, reader, Operation::ReadPersonFile).map(|office| office.commune)
}

/// The file of a person whom something else names, as of today, in the matter of that.
pub(in crate::pages) async fn open_file(
    state: &AppState,
    reader: &Reader,
    number: PersonalNumber,
    matter: &str,
) -> Result<Response, Problem> {
    let office = Office::of(state, reader, Operation::ReadPersonFile)?;
    let days = Days::read("", "", &*state.clock).map_err(|said| Problem {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        said,
        retry_after_s: None,
    })?;
    let file = file_of(&office, number, days, &matter).await?.ok_or_else(Problem::nobody)?;
    Ok(answer(&office, reader, matter.to_owned(), number.to_string(), None, Some(file)))
}

async fn file(
    office: &Office<'_>,
    typed: &Typed,
    matter: &dancu_changes::CommandId,
) -> Result<Result<File, Fault>, Problem> {
    let state = office.state;
    let numbers = match typed.numbers("number") {
        Ok(numbers) => numbers,
        Err(fault) => return Ok(Err(fault)),
    };
    let [number] = numbers[..] else { return Ok(Err(Fault::missing("number"))) };
    let days = match Days::read(typed.text("as_of"), typed.text("known_at"), &*state.clock) {
        Ok(days) => days,
        Err(said) => return Ok(Err(Fault { field: None, said })),
    };
    let found = file_of(office, number, days, matter).await?;
    Ok(found.ok_or_else(|| Fault::at("number", Problem::nobody().said)))
}

/// The file; `None` when the register holds nobody under the number.
async fn file_of(
    office: &Office<'_>,
    number: PersonalNumber,
    days: Days,
    matter: &impl Display,
) -> Result<Option<File>, Problem> {
    let state = office.state;
    let fields = SHOWN.into_iter().chain([Field::History]).collect();
    let shown = office.look_at(number, matter, fields).await?;
    if shown.history.is_empty() {
        return Ok(None);
    }
    let (happenings, has_more) =
        history::happenings_of(state, number, &shown.history, jiff::Timestamp::MAX).await?;
    Ok(Some(File {
        person: PersonView::of(&shown),
        as_of: days.at.as_of,
        known_on: days.known_on,
        record: record::groups(&shown.history, days.at),
        happenings,
        has_more,
    }))
}

fn answer(
    office: &Office<'_>,
    reader: &Reader,
    id: String,
    number: String,
    fault: Option<Fault>,
    file: Option<File>,
) -> Response {
    let number = match number.split_whitespace().collect::<String>().parse() {
        Ok(number) => grouped(number),
        Err(_) => number,
    };
    let problem = fault
        .map(|fault| PageProblem { field: fault.field.map(|_| "number"), ..PageProblem::of(fault.said) });
    let view = FileView { page: reader.page_at(PATH), office: office.name(), id, number, problem, file };
    reader.show(StatusCode::OK, &view)
}
