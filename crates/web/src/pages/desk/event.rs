//! `/desk/events/{id}`: what was recorded, who recorded it on what evidence, what it changed, and the way back.

use super::{
    form::{Fault, Input, Shape, Typed, paper_inputs, paper_words},
    office::Office,
    shown::{FindingView, PersonChanges, PersonView, name_of, written_by},
    steps::new_id,
};
use crate::{
    AppState, Problem,
    api::second_officer,
    pages::{
        fields::Fields,
        grouped,
        reader::{Reader, Wants},
        record,
        timeline::Stretch,
    },
    views::{Page, PageProblem, Words},
};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use dancu_changes::{
    ChangeError, Command, CommandId, Compensation, Envelope, Event, EvidenceKind, FindingFilter,
};
use dancu_core::{Clock, Explain};
use dancu_identity::access::Operation;
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use std::sync::Arc;

/// Persons of one event who are shown.
const PERSONS_MAX: usize = 20;
/// Findings of the commune among which those of an event are looked for, the newest first.
const FINDINGS_MAX: usize = 200;

#[derive(Template, Serialize)]
#[template(path = "desk/event.html")]
struct EventView {
    #[serde(skip)]
    page: Page,
    office: Words,
    id: CommandId,
    title: Words,
    recorded: Timestamp,
    taken_in: Timestamp,
    officer: String,
    source_words: Words,
    reason: Option<String>,
    takes_back: Option<CommandId>,
    taken_back_by: Option<CommandId>,
    issued: Option<String>,
    issued_name: Option<String>,
    household: Option<String>,
    papers: Vec<PaperView>,
    persons: Vec<PersonView>,
    changes: Vec<PersonChanges>,
    findings: Vec<FindingView>,
    /// Whether it changed who somebody is: what was changed by two is not taken back by one.
    needs_second_officer: bool,
    may_be_taken_back: bool,
    /// Identifier of the command that would take it back.
    take_back_id: CommandId,
    inputs: Vec<Input>,
    problem: Option<PageProblem>,
}

#[derive(Serialize)]
struct PaperView {
    kind: Words,
    reference: String,
    issued: Option<Date>,
}

/// The event.
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let office = Office::of(&state, &reader, Operation::RegisterEvents)?;
    let event = own_event(&office, &id).await?;
    answer(&office, &reader, &event, &Typed::default(), None).await
}

/// Takes the event back by a new one.
pub(super) async fn take_back(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(id): Path<String>,
    Fields(typed): Fields<Typed>,
) -> Result<Response, Problem> {
    let office = Office::of(&state, &reader, Operation::RegisterEvents)?;
    let event = own_event(&office, &id).await?;
    let envelope = match compensation(&office, &event, &typed) {
        Ok(envelope) => envelope,
        Err(fault) => {
            return answer(&office, &reader, &event, &typed, Some((StatusCode::UNPROCESSABLE_ENTITY, fault)))
                .await;
        }
    };
    match state.changes.execute(&envelope).await {
        Ok(receipt) => {
            state.looks.forget(&receipt.event.persons);
            Ok(Redirect::to(&format!("/desk/events/{}", receipt.event.id)).into_response())
        }
        Err(ChangeError::Store(error)) => Err(error.into()),
        Err(error) => {
            let fault = Fault { field: None, said: error.explain() };
            answer(&office, &reader, &event, &typed, Some((StatusCode::CONFLICT, fault))).await
        }
    }
}

/// An event of the officer's own commune; others are not there.
async fn own_event(office: &Office<'_>, id: &str) -> Result<Event, Problem> {
    let id: CommandId = id.parse().map_err(|_| Problem::not_found())?;
    let found = office.state.changes.store().event(id).await?;
    found
        .map(|(event, _)| event)
        .filter(|event| event.actor.commune() == Some(office.commune))
        .ok_or_else(Problem::not_found)
}

fn compensation(office: &Office<'_>, event: &Event, typed: &Typed) -> Result<Envelope, Fault> {
    if event.command.alters_identity() {
        return Err(Fault { field: None, said: second_officer() });
    }
    let reason = typed.needed("reason")?.to_owned();
    Ok(Envelope {
        id: typed.text("id").parse().unwrap_or_else(|_| new_id(office.state)),
        actor: office.actor(),
        evidence: typed.papers()?,
        taken_at: office.state.clock.now(),
        command: Command::Compensate(Compensation { event: event.id, reason }),
    })
}

async fn answer(
    office: &Office<'_>,
    reader: &Reader,
    event: &Event,
    typed: &Typed,
    fault: Option<(StatusCode, Fault)>,
) -> Result<Response, Problem> {
    let status = match fault {
        Some((status, fault)) if reader.wants == Wants::Json => {
            return Ok(Problem { status, said: fault.said, retry_after_s: None }.into_response());
        }
        Some((status, _)) => status,
        None => StatusCode::OK,
    };
    let store = office.state.changes.store();
    let taken_back_by = store.taken_back_by(event.id).await?;
    let source = Event::source(&event.command, &event.actor);
    let (mut persons, mut changes, mut issued_name) = (Vec::new(), Vec::new(), None);
    for number in event.persons.iter().take(PERSONS_MAX) {
        // What an event changed is read off the record, so the look at the person comes first.
        let shown = office.look(*number, &event.id).await?;
        let history = office.state.register.history(*number).await?;
        let groups: Vec<Stretch> =
            written_by(&history, event.recorded_at, &source).map(Stretch::of).collect();
        let name = name_of(&shown);
        if event.issued == Some(*number) {
            issued_name.clone_from(&name);
        }
        persons.push(PersonView::of(&shown));
        if !groups.is_empty() {
            changes.push(PersonChanges { number: Some(grouped(*number)), name, groups });
        }
    }
    let filter = FindingFilter { owner: Some(office.commune), ..FindingFilter::default() };
    let findings = store.findings(filter, None, FINDINGS_MAX).await?;
    let findings = findings.iter().filter(|finding| finding.event == Some(event.id));
    let (reason, takes_back) = match &event.command {
        Command::Compensate(compensation) => (Some(compensation.reason.clone()), Some(compensation.event)),
        _ => (None, None),
    };
    let view = EventView {
        page: Page { path: format!("/desk/events/{}", event.id), ..reader.page.clone() },
        office: office.name(),
        id: event.id,
        title: event.command.title().into(),
        recorded: event.recorded_at,
        taken_in: event.taken_at,
        officer: event.actor.id().to_owned(),
        source_words: record::source_words(&source),
        reason,
        takes_back,
        taken_back_by,
        issued: event.issued.map(grouped),
        issued_name,
        household: event.household.as_ref().map(ToString::to_string),
        papers: papers(event),
        persons,
        changes,
        findings: findings.map(FindingView::from).collect(),
        needs_second_officer: event.command.alters_identity(),
        may_be_taken_back: taken_back_by.is_none() && can_be_taken_back(&event.command),
        take_back_id: typed.text("id").parse().unwrap_or_else(|_| new_id(office.state)),
        inputs: inputs(typed, fault.as_ref().map(|(_, fault)| fault)),
        problem: fault.map(|(_, fault)| problem(fault)),
    };
    Ok(reader.show(status, &view))
}

fn problem(fault: Fault) -> PageProblem {
    PageProblem { field: fault.field.map(|_| "reason"), ..PageProblem::of(fault.said) }
}

fn papers(event: &Event) -> Vec<PaperView> {
    let view = |paper: &dancu_changes::Evidence| PaperView {
        kind: paper_words(paper.kind),
        reference: paper.reference.clone(),
        issued: paper.issued_on,
    };
    event.evidence.iter().map(view).collect()
}

/// Taking back is not taken back; units and stays pass by themselves; who somebody is goes by way of a correction.
fn can_be_taken_back(command: &Command) -> bool {
    let passes = matches!(command, Command::Compensate(_) | Command::MergeUnits(_) | Command::NotifyStay(_));
    !passes && !command.alters_identity()
}

fn inputs(typed: &Typed, fault: Option<&Fault>) -> Vec<Input> {
    let reason = Input::new("reason", Shape::Text, ("Lý do thu hồi", "Why it is taken back"))
        .hint("Không ghi dữ liệu cá nhân.", "Write no personal data.");
    let mut inputs = vec![reason];
    inputs.extend(paper_inputs(&[EvidenceKind::Decision, EvidenceKind::Judgment]).into_iter().take(3));
    for input in &mut inputs {
        if !typed.is_empty(&input.name) {
            input.value = typed.text(&input.name).to_owned();
        }
        if let Some(fault) = fault.filter(|fault| fault.field.as_deref() == Some(&*input.name)) {
            input.problem = Some(PageProblem::of(fault.said.clone()));
        }
    }
    inputs
}
