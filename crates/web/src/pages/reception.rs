//! `/reception`: the desk scans a card, sees at once whether it is good, and admits. What was scanned is never
//! written back, only the answer to it.

use super::{
    fields::{Fields, Params},
    reader::{Reader, Wants},
    verdicts,
};
use crate::{
    AppState, Problem,
    api::verify_problem,
    views::{Finding, Page, PageProblem, Words},
};
use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use dancu_core::Explanation;
use dancu_exchange::{Caller, Field};
use dancu_identity::{Principal, Role, access::Operation};
use dancu_reception::{AdmitError, Scan, ScanError, VISITS_PAGE, Visit};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Instant};

const PATH: &str = "/reception";

#[derive(Template, Serialize)]
#[template(path = "reception.html")]
struct ReceptionView {
    #[serde(skip)]
    page: Page,
    desk: Words,
    problem: Option<PageProblem>,
    check: Option<CheckView>,
    admitted: Option<VisitView>,
    visits: Vec<VisitView>,
    visits_total: u64,
    visits_newest: Option<String>,
    visits_older: Option<String>,
}

/// A card that was just scanned.
#[derive(Serialize)]
struct CheckView {
    /// Given back to admit.
    id: Option<String>,
    name: String,
    verdict: &'static str,
    headline: Words,
    advice: Words,
    notice: Option<Words>,
    card: Option<Finding>,
    life: Option<Finding>,
    fields: Vec<CardField>,
    receipt_index: u64,
}

#[derive(Serialize)]
struct CardField {
    field: &'static str,
    label: Words,
    on_card: String,
    answer: &'static str,
}

#[derive(Serialize)]
struct VisitView {
    number: u64,
    time: Timestamp,
    name: String,
    receipt_index: u64,
}

impl From<Visit> for VisitView {
    fn from(visit: Visit) -> Self {
        Self {
            number: visit.sequence.into(),
            time: visit.at,
            name: visit.masked_name,
            receipt_index: visit.leaf_index,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Shown {
    before: Option<u32>,
}

#[derive(Deserialize)]
pub(super) struct Scanned {
    scan: String,
}

#[derive(Deserialize)]
pub(super) struct Checked {
    check: String,
}

/// What stands above the list of visits.
enum Outcome {
    Nothing,
    Problem(Problem),
    Check(Box<Scan>),
    Admitted(Visit),
}

/// The desk.
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Params(shown): Params<Shown>,
) -> Result<Response, Problem> {
    let (caller, _) = desk_of(&state, &reader, Operation::ListVisits)?;
    answer(&state, &reader, &caller, Outcome::Nothing, shown.before).await
}

/// Checks a card.
pub(super) async fn scan(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Fields(scanned): Fields<Scanned>,
) -> Result<Response, Problem> {
    let (caller, staff) = desk_of(&state, &reader, Operation::ScanCard)?;
    let begun = Instant::now();
    let outcome = match state.desk.scan(&caller, &scanned.scan, &staff).await {
        Ok(scan) => {
            state.latencies.count(u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX));
            Outcome::Check(Box::new(scan))
        }
        Err(ScanError::Code(error)) => {
            Outcome::Problem(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, &error))
        }
        Err(ScanError::Verify(error)) => Outcome::Problem(verify_problem(&state, error)),
    };
    answer(&state, &reader, &caller, outcome, None).await
}

/// Admits the visitor whose card was checked. Sent twice, it shows the same visit.
pub(super) async fn admit(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Fields(checked): Fields<Checked>,
) -> Result<Response, Problem> {
    let (caller, staff) = desk_of(&state, &reader, Operation::AdmitVisit)?;
    let outcome = match state.desk.admit(&caller, &checked.check, &staff).await {
        Ok(visit) => Outcome::Admitted(visit),
        Err(error @ AdmitError::NoScan) => Outcome::Problem(Problem::new(StatusCode::CONFLICT, &error)),
        Err(AdmitError::Store(error)) => Outcome::Problem(error.into()),
    };
    answer(&state, &reader, &caller, outcome, None).await
}

/// The caller for whom the receptionist works, and the receptionist's staff id.
fn desk_of(
    state: &AppState,
    reader: &Reader,
    operation: Operation,
) -> Result<(Arc<Caller>, String), Problem> {
    let principal = reader.may(operation)?;
    let Principal::Staff { id, role: Role::Receptionist { organisation, client }, .. } = principal else {
        return Err(Problem::not_allowed());
    };
    // A client that went to another organisation does not take the receptionists of the old one along.
    let caller = client
        .parse()
        .ok()
        .and_then(|client| state.directory.caller(&client))
        .filter(|caller| caller.organisation.id.as_str() == organisation);
    Ok((caller.ok_or_else(Problem::desk_not_connected)?, id.to_string()))
}

async fn answer(
    state: &AppState,
    reader: &Reader,
    caller: &Caller,
    outcome: Outcome,
    before: Option<u32>,
) -> Result<Response, Problem> {
    let status = match &outcome {
        Outcome::Problem(problem) if reader.wants == Wants::Json => {
            return Ok(problem.clone().into_response());
        }
        Outcome::Problem(problem) => problem.status,
        _ => StatusCode::OK,
    };
    let (visits, total) = state.desk.today(&caller.organisation.id, before).await?;
    let is_full = visits.len() == VISITS_PAGE as usize;
    let oldest = visits.last().map(|visit| visit.sequence).filter(|oldest| is_full && *oldest > 1);
    let organisation = &caller.organisation;
    let mut view = ReceptionView {
        page: reader.page_at(PATH),
        desk: (organisation.name_vi.clone(), organisation.name_en.clone()).into(),
        problem: None,
        check: None,
        admitted: None,
        visits: visits.into_iter().map(VisitView::from).collect(),
        visits_total: total.into(),
        visits_newest: before.map(|_| PATH.to_owned()),
        visits_older: oldest.map(|oldest| format!("{PATH}?before={oldest}")),
    };
    match outcome {
        Outcome::Nothing => {}
        Outcome::Problem(problem) => view.problem = Some(PageProblem::at("scan", problem.said)),
        Outcome::Check(scan) => view.check = Some(check(*scan)),
        Outcome::Admitted(visit) => view.admitted = Some(visit.into()),
    }
    Ok(reader.show(status, &view))
}

fn check(scan: Scan) -> CheckView {
    CheckView {
        name: scan.card.name.as_str().to_owned(),
        verdict: verdicts::code(scan.verdict),
        headline: verdicts::headline(&scan),
        advice: verdicts::advice(&scan),
        notice: scan.notice.map(|notice| notice.sentences().into()),
        card: verdicts::card(&scan.answer),
        life: verdicts::life(&scan.answer),
        fields: card_fields(&scan),
        receipt_index: scan.answer.receipt.entry,
        id: scan.ticket,
    }
}

/// What the card says, line by line, with the register's answer. What the contract leaves out was not asked.
fn card_fields(scan: &Scan) -> Vec<CardField> {
    let card = &scan.card;
    let dotted = |date: jiff::civil::Date| format!("{:02}/{:02}/{}", date.day(), date.month(), date.year());
    let birth = card.birth_date.whole().map_or_else(|| card.birth_date.to_string(), dotted);
    let values = [
        (Field::Name, Some(card.name.as_str().to_owned())),
        (Field::BirthDate, Some(birth)),
        (Field::Sex, Some(card.sex.vietnamese().to_owned())),
        (Field::Residence, Some(card.residence.clone())),
        (Field::OldNumber, card.old_number.map(|number| number.to_string())),
        (Field::CardIssued, Some(dotted(card.issued))),
    ];
    let answer_to = |field: Field| scan.answer.answers.iter().find(|(asked, _)| *asked == field);
    values
        .into_iter()
        .filter_map(|(field, value)| {
            Some(CardField {
                field: field.as_str(),
                label: field.words().into(),
                on_card: value?,
                answer: answer_to(field).map_or("not_allowed", |(_, answer)| answer.as_str()),
            })
        })
        .collect()
}

impl Problem {
    /// The receptionist's organisation has no desk that may ask.
    fn desk_not_connected() -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            said: Explanation::new(
                "DANCU-WEB-020",
                "Quầy này chưa được kết nối hoặc chưa có hợp đồng. Hãy báo người vận hành.",
                "This desk is not connected or has no contract. Tell the operator.",
            ),
            retry_after_s: None,
        }
    }
}
