//! `/desk/absence` and `/desk/return`: someone is away for a time, and back.

use super::{
    form::{Input, Read, Shape, Typed},
    office::Office,
    task::{Asked, NamedPersons, Task},
};
use dancu_changes::{AbsenceNotice, Command, EvidenceKind, PersonOn};

pub(super) struct AbsenceTask;
pub(super) struct ReturnTask;

/// Away.
pub(super) const ABSENCE: AbsenceTask = AbsenceTask;
/// Back.
pub(super) const RETURN: ReturnTask = ReturnTask;

static ASKED: [Asked; 1] = [Asked::one("number", "Số định danh", "Personal number")];

impl Task for AbsenceTask {
    fn word(&self) -> &'static str {
        "absence"
    }

    fn title(&self) -> (&'static str, &'static str) {
        ("Khai báo tạm vắng", "Declare an absence")
    }

    fn asked(&self) -> &'static [Asked] {
        &ASKED
    }

    fn inputs(&self, office: &Office<'_>, _: &NamedPersons) -> Vec<Input> {
        vec![
            Input::new("from", Shape::Day, ("Vắng từ ngày", "First day away"))
                .starting(office.today_as_typed()),
            Input::new("until", Shape::Day, ("Ngày về", "First day back")).optional(),
            Input::new("reason", Shape::Text, ("Lý do", "Reason")).optional(),
        ]
    }

    fn papers(&self) -> &'static [EvidenceKind] {
        &[EvidenceKind::Request]
    }

    fn command(&self, _: &Office<'_>, typed: &Typed, persons: &NamedPersons) -> Read<Command> {
        let reason = Some(typed.text("reason")).filter(|text| !text.is_empty());
        Ok(Command::DeclareAbsence(AbsenceNotice {
            number: persons.needed("number")?,
            from: typed.day("from")?,
            until: typed.maybe_day("until")?,
            reason: reason.map(str::to_owned),
        }))
    }
}

impl Task for ReturnTask {
    fn word(&self) -> &'static str {
        "return"
    }

    fn title(&self) -> (&'static str, &'static str) {
        ("Kết thúc tạm vắng", "End an absence")
    }

    fn asked(&self) -> &'static [Asked] {
        &ASKED
    }

    fn inputs(&self, office: &Office<'_>, _: &NamedPersons) -> Vec<Input> {
        vec![Input::new("on", Shape::Day, ("Ngày về", "First day back")).starting(office.today_as_typed())]
    }

    fn papers(&self) -> &'static [EvidenceKind] {
        &[EvidenceKind::Request]
    }

    fn command(&self, _: &Office<'_>, typed: &Typed, persons: &NamedPersons) -> Read<Command> {
        Ok(Command::EndAbsence(PersonOn { number: persons.needed("number")?, on: typed.day("on")? }))
    }
}
