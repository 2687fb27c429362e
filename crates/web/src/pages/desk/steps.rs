//! The three steps of every task: who, what, and a look at what will be recorded. Nothing is kept between them but what
//! the form itself carries; the command's identifier is drawn with the first one.

use super::{
    form::{Fault, Input, Typed},
    office::Office,
    shown::{FindingView, PersonChanges, PersonView, foreseen},
    task::{Named, NamedPersons, Task, inputs_of},
};
use crate::{
    AppState, Problem,
    pages::{
        fields::Fields,
        reader::{Reader, Wants},
    },
    views::{Page, PageProblem, Words},
};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use dancu_changes::{ChangeError, CommandId, Common, Envelope, Event, Foreseen, Refusal};
use dancu_core::{Clock, Entropy, Explain, Explanation};
use dancu_handover::Taken;
use dancu_identity::access::Operation;
use serde::Serialize;
use std::sync::Arc;

/// The step that a button asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    /// Who.
    Persons,
    /// What.
    Details,
    /// What will be recorded.
    Check,
    /// Do it.
    Record,
}

impl Step {
    fn of(text: &str) -> Self {
        match text {
            "details" => Self::Details,
            "check" => Self::Check,
            "record" => Self::Record,
            _ => Self::Persons,
        }
    }
}

#[derive(Template, Serialize)]
#[template(path = "desk/task.html")]
struct TaskView {
    #[serde(skip)]
    page: Page,
    office: Words,
    task: &'static str,
    title: Words,
    step: &'static str,
    id: String,
    problems: Vec<SummaryLine>,
    /// The event that this form became before, when it was sent again with something else in it.
    recorded_before: Option<String>,
    persons: Vec<PersonView>,
    notes: Vec<Words>,
    inputs: Vec<Input>,
    #[serde(skip)]
    carried: Vec<(String, String)>,
    answers: Vec<Answer>,
    changes: Vec<PersonChanges>,
    findings: Vec<FindingView>,
    hands_over: bool,
}

/// A line of the summary of what is wrong.
#[derive(Serialize)]
struct SummaryLine {
    text: Words,
    code: &'static str,
    field: Option<String>,
}

/// What was typed, in words.
#[derive(Serialize)]
struct Answer {
    label: Words,
    value: Words,
}

/// The form as far as it is.
struct Form<'s> {
    office: Office<'s>,
    reader: &'s Reader,
    task: &'static dyn Task,
    id: CommandId,
    typed: Typed,
    persons: NamedPersons,
    notes: Vec<Words>,
}

/// The first step, with a new identifier.
pub(super) async fn begin(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(word): Path<String>,
) -> Result<Response, Problem> {
    let form = Form::of(&state, &reader, &word, Typed::default())?;
    Ok(form.ask_persons(&[]))
}

/// Every further step.
pub(super) async fn submit(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(word): Path<String>,
    Fields(typed): Fields<Typed>,
) -> Result<Response, Problem> {
    let mut form = Form::of(&state, &reader, &word, typed)?;
    let step = Step::of(form.typed.text("step"));
    if step == Step::Persons {
        return Ok(form.ask_persons(&[]));
    }
    if let Err(fault) = form.look().await? {
        return Ok(form.refuse_persons(fault));
    }
    if step == Step::Details {
        return Ok(form.ask_details(&[]));
    }
    let envelope = match form.envelope() {
        Ok(envelope) => envelope,
        Err(fault) => return Ok(form.refuse_details(StatusCode::UNPROCESSABLE_ENTITY, fault)),
    };
    match step {
        Step::Record => form.record(envelope).await,
        _ => form.show_check(&envelope).await,
    }
}

impl<'s> Form<'s> {
    fn of(state: &'s AppState, reader: &'s Reader, word: &str, typed: Typed) -> Result<Self, Problem> {
        let office = Office::of(state, reader, Operation::RegisterEvents)?;
        let task = super::task(word).ok_or_else(Problem::not_found)?;
        let id = typed.text("id").parse().unwrap_or_else(|_| new_id(state));
        Ok(Self { office, reader, task, id, typed, persons: NamedPersons::default(), notes: Vec::new() })
    }

    /// Reads the numbers and looks at whom they name.
    async fn look(&mut self) -> Result<Result<(), Fault>, Problem> {
        let may_be_elsewhere = self.office.state.handover.is_some();
        for asked in self.task.asked() {
            let numbers = match self.typed.numbers(asked.name) {
                Ok(numbers) => numbers,
                Err(fault) => return Ok(Err(fault)),
            };
            if numbers.is_empty() && !asked.may_be_empty {
                return Ok(Err(Fault::missing(asked.name)));
            }
            if numbers.len() > asked.count_max {
                return Ok(Err(too_many(asked.name, asked.count_max)));
            }
            for number in numbers {
                let shown = self.office.look(number, &self.id).await?;
                let is_held = shown.person.as_ref().is_some_and(|person| person.identity().is_some());
                if !is_held && !may_be_elsewhere {
                    return Ok(Err(Fault::at(asked.name, Problem::nobody().said)));
                }
                if !is_held {
                    self.notes.push(
                        (
                            "Bản sổ tại xã không có người này; trung tâm sẽ kiểm tra khi nhận.",
                            "The commune's copy does not hold this person; the centre will check on arrival.",
                        )
                            .into(),
                    );
                }
                let (field, label) = (asked.name, asked.label);
                self.persons.0.push(Named { field, label, is_implied: false, shown });
            }
        }
        if let Some((asked, number)) = self.task.implied(&self.typed, &self.persons) {
            let shown = self.office.look(number, &self.id).await?;
            self.persons.0.push(Named { field: asked.name, label: asked.label, is_implied: true, shown });
        }
        Ok(Ok(()))
    }

    fn envelope(&self) -> Result<Envelope, Fault> {
        let command = self.task.command(&self.office, &self.typed, &self.persons)?;
        Ok(Envelope {
            id: self.id,
            actor: self.office.actor(),
            evidence: self.typed.papers()?,
            taken_at: self.office.state.clock.now(),
            command,
        })
    }

    /// Tries the rules and shows what would be recorded.
    async fn show_check(mut self, envelope: &Envelope) -> Result<Response, Problem> {
        let state = self.office.state;
        let hands_over = state.handover.is_some();
        match state.changes.check(envelope).await {
            Ok(Foreseen::Known(event)) => Ok(to_event(&event)),
            Ok(Foreseen::New { changes, issued, findings }) => {
                let source = Event::source(&envelope.command, &envelope.actor);
                let seen = foreseen(&self.office, &changes, issued, &source, &self.id).await?;
                let findings = findings.iter().map(FindingView::from).collect();
                Ok(self.confirm(seen, findings))
            }
            Err(error) if hands_over && self.centre_decides(&error) => {
                Ok(self.confirm(Vec::new(), Vec::new()))
            }
            Err(error) => self.refuse_change(&error),
        }
    }

    /// Whether a refusal by the commune's copy is left to the centre: the copy lacks somebody, or the officer says so.
    fn centre_decides(&mut self, error: &ChangeError) -> bool {
        let ChangeError::Refused(refusal) = error else { return false };
        let lacks = matches!(refusal, Refusal::Common(Common::NotHeld { .. }));
        if lacks || self.typed.is_ticked("centre_decides") {
            self.notes.push(
                (
                    "Chưa kiểm tra được tại xã; trung tâm sẽ quyết định khi nhận.",
                    "It could not be checked here; the centre will decide on arrival.",
                )
                    .into(),
            );
            return true;
        }
        false
    }

    /// Records, or keeps for the centre. Sent twice, it is one event.
    async fn record(mut self, envelope: Envelope) -> Result<Response, Problem> {
        let state = self.office.state;
        if let Some(handover) = &state.handover {
            if let Err(error) = state.changes.check(&envelope).await
                && !self.centre_decides(&error)
            {
                return self.refuse_change(&error);
            }
            let failed = |error| Problem::new(StatusCode::CONFLICT, &error);
            handover.take(&self.taken(envelope)).await.map_err(failed)?;
            // The refused one that this stands in place of needs nobody's attention any more.
            if let Ok(replaced) = self.typed.text("replaces").parse() {
                handover.withdraw_refused(replaced).await.map_err(failed)?;
            }
            return Ok(Redirect::to("/desk/handover").into_response());
        }
        match state.changes.execute(&envelope).await {
            Ok(receipt) => {
                state.looks.forget(&receipt.event.persons);
                Ok(to_event(&receipt.event))
            }
            Err(error) => self.refuse_change(&error),
        }
    }

    /// The command with its form, so that it can be corrected after a refusal.
    fn taken(&self, envelope: Envelope) -> Taken {
        let own = ["id", "step", "replaces"];
        let form = self.typed.all().filter(|(name, _)| !own.contains(name));
        let form = form.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Taken { envelope, task: self.task.word().to_owned(), form }
    }

    fn ask_persons(&self, faults: &[Fault]) -> Response {
        let inputs: Vec<Input> = self.task.asked().iter().map(super::task::Asked::input).collect();
        self.show(Step::Persons, inputs, faults, |_| {})
    }

    fn ask_details(&self, faults: &[Fault]) -> Response {
        let mut inputs = inputs_of(self.task, &self.office, &self.persons);
        if self.office.state.handover.is_some() && !faults.is_empty() {
            inputs.push(Input::new(
                "centre_decides",
                super::form::Shape::Tick,
                (
                    "Bản sổ tại xã có thể đã cũ: vẫn chuyển, để trung tâm quyết định",
                    "The commune's copy may be out of date: hand over anyway, the centre decides",
                ),
            ));
        }
        self.show(Step::Details, inputs, faults, |_| {})
    }

    fn confirm(&self, changes: Vec<PersonChanges>, findings: Vec<FindingView>) -> Response {
        self.show(Step::Check, Vec::new(), &[], |view| {
            let mut inputs = inputs_of(self.task, &self.office, &self.persons);
            fill(&mut inputs, &self.typed);
            inputs.retain(|input| !input.value.is_empty() && !is_paper_without_number(input, &self.typed));
            view.answers =
                inputs.into_iter().map(|input| Answer { value: input.said(), label: input.label }).collect();
            view.changes = changes;
            view.findings = findings;
        })
    }

    fn refuse_persons(&self, fault: Fault) -> Response {
        match self.reader.wants {
            Wants::Json => problem(StatusCode::UNPROCESSABLE_ENTITY, fault.said).into_response(),
            Wants::Html => with(StatusCode::UNPROCESSABLE_ENTITY, self.ask_persons(&[fault])),
        }
    }

    fn refuse_details(&self, status: StatusCode, fault: Fault) -> Response {
        match self.reader.wants {
            Wants::Json => problem(status, fault.said).into_response(),
            Wants::Html => with(status, self.ask_details(&[fault])),
        }
    }

    /// A refusal beside the field that it names.
    fn refuse_change(&self, error: &ChangeError) -> Result<Response, Problem> {
        let status = match error {
            ChangeError::Store(error) => return Err(error.clone().into()),
            ChangeError::Contended | ChangeError::Sealed(_) => StatusCode::SERVICE_UNAVAILABLE,
            ChangeError::Refused(Refusal::Common(Common::IdentifierUsed)) => StatusCode::CONFLICT,
            ChangeError::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let said = error.explain();
        let inputs = inputs_of(self.task, &self.office, &self.persons);
        let asked = self.task.asked().iter().map(super::task::Asked::input);
        let fields: Vec<Input> = inputs.into_iter().chain(asked).collect();
        Ok(self.refuse_details(status, beside_its_field(said, &fields)))
    }

    fn show(
        &self,
        step: Step,
        mut inputs: Vec<Input>,
        faults: &[Fault],
        finish: impl FnOnce(&mut TaskView),
    ) -> Response {
        fill(&mut inputs, &self.typed);
        for fault in faults {
            let input = inputs.iter_mut().find(|input| fault.field.as_deref() == Some(&*input.name));
            if let Some(input) = input {
                input.problem = Some(PageProblem::of(fault.said.clone()));
            }
        }
        let first = inputs.iter().position(|input| input.problem.is_some()).unwrap_or(0);
        if let Some(input) = inputs.get_mut(first) {
            input.is_first = true;
        }
        let is_visible = |name: &str| inputs.iter().any(|input| input.name == name);
        let own = ["id", "step"];
        // A box that stands on the page and is not ticked is not sent, so the carried one must not stand beside it.
        let carried = self
            .typed
            .all()
            .filter(|(name, value)| !own.contains(name) && !is_visible(name) && !value.is_empty());
        let carried = carried.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let summary = faults.iter().map(|fault| SummaryLine {
            text: fault.said.clone().into(),
            code: fault.said.code,
            field: fault.field.clone().filter(|field| is_visible(field)),
        });
        let is_used = faults.iter().any(|fault| fault.said.code == Common::IdentifierUsed.explain().code);
        let mut view = TaskView {
            page: Page { path: format!("/desk/{}", self.task.word()), ..self.reader.page.clone() },
            office: self.office.name(),
            task: self.task.word(),
            title: self.task.title().into(),
            step: match step {
                Step::Persons => "persons",
                Step::Details => "details",
                Step::Check | Step::Record => "check",
            },
            id: self.id.to_string(),
            recorded_before: is_used.then(|| format!("/desk/events/{}", self.id)),
            problems: summary.collect(),
            persons: self.persons.0.iter().map(PersonView::named).collect(),
            notes: self.notes.clone(),
            inputs,
            carried,
            answers: Vec::new(),
            changes: Vec::new(),
            findings: Vec::new(),
            hands_over: self.office.state.handover.is_some(),
        };
        finish(&mut view);
        self.reader.show(StatusCode::OK, &view)
    }
}

/// A new identifier.
pub(super) fn new_id(state: &AppState) -> CommandId {
    let mut random = [0; 10];
    state.entropy.fill(&mut random);
    CommandId::new(state.clock.now(), &random)
}

fn to_event(event: &Event) -> Response {
    Redirect::to(&format!("/desk/events/{}", event.id)).into_response()
}

fn with(status: StatusCode, mut answer: Response) -> Response {
    *answer.status_mut() = status;
    answer
}

fn problem(status: StatusCode, said: Explanation) -> Problem {
    Problem { status, said, retry_after_s: None }
}

/// What was typed takes the place of what stood there to begin with. A box keeps its tick; all else what was typed,
/// also when it was emptied.
fn fill(inputs: &mut [Input], typed: &Typed) {
    for input in inputs {
        let was_sent = typed.all().any(|(name, _)| name == input.name);
        if was_sent {
            input.value = typed.text(&input.name).to_owned();
        }
    }
}

/// A kind of paper is always chosen; without a number there is no paper.
fn is_paper_without_number(input: &Input, typed: &Typed) -> bool {
    let place = input.name.strip_prefix("paper_").and_then(|rest| rest.split_once('_'));
    place.is_some_and(|(place, _)| typed.is_empty(&format!("paper_{place}_reference")))
}

/// Refusals name the field in backquotes, by the house's rule for messages. On the page it bears its label.
fn beside_its_field(mut said: Explanation, fields: &[Input]) -> Fault {
    let named = said.en.split('`').nth(1).map(str::to_owned);
    let found = named.as_deref().and_then(|word| fields.iter().find(|input| input.name == word));
    let Some(input) = found else { return Fault { field: None, said } };
    let quoted = format!("`{}`", input.name);
    said.vi = said.vi.replace(&quoted, &format!("“{}”", input.label.vi));
    said.en = said.en.replace(&quoted, &format!("“{}”", input.label.en));
    Fault { field: Some(input.name.clone()), said }
}

fn too_many(field: &str, count_max: usize) -> Fault {
    Fault::at(
        field,
        Explanation::new(
            "DANCU-WEB-064",
            format!("Tối đa {count_max} số mỗi lần. Hãy chia thành nhiều lần đăng ký."),
            format!("At most {count_max} numbers at a time. Register the others afterwards."),
        ),
    )
}
