//! `/desk/temporary` and `/desk/temporary-end`: temporary residence begins and ends.

use super::{
    form::{Input, Read, Shape, Typed},
    office::Office,
    task::{Asked, NamedPersons, Task, address, address_inputs},
};
use dancu_changes::{Command, EvidenceKind, PersonOn, TemporaryStay};

pub(super) struct TemporaryTask;
pub(super) struct EndTemporaryTask;

/// It begins.
pub(super) const TEMPORARY: TemporaryTask = TemporaryTask;
/// It ends.
pub(super) const END_TEMPORARY: EndTemporaryTask = EndTemporaryTask;

static ASKED: [Asked; 1] =
    [Asked::one("numbers", "Số định danh của những người tạm trú", "Numbers of those who stay")
        .many(10)
        .hint("Mỗi dòng một số.", "One number a line.")];
static ASKED_ONE: [Asked; 1] = [Asked::one("number", "Số định danh", "Personal number")];

impl Task for TemporaryTask {
    fn word(&self) -> &'static str {
        "temporary"
    }

    fn title(&self) -> (&'static str, &'static str) {
        ("Đăng ký tạm trú", "Register temporary residence")
    }

    fn asked(&self) -> &'static [Asked] {
        &ASKED
    }

    fn inputs(&self, office: &Office<'_>, _: &NamedPersons) -> Vec<Input> {
        let [commune, line] = address_inputs(office);
        vec![
            commune,
            line,
            Input::new("from", Shape::Day, ("Từ ngày", "First day")).starting(office.today_as_typed()),
            Input::new("until", Shape::Day, ("Đến trước ngày", "First day after it")),
        ]
    }

    fn papers(&self) -> &'static [EvidenceKind] {
        &[EvidenceKind::Request, EvidenceKind::DwellingPaper]
    }

    fn command(&self, _: &Office<'_>, typed: &Typed, persons: &NamedPersons) -> Read<Command> {
        Ok(Command::RegisterTemporaryResidence(TemporaryStay {
            numbers: persons.numbers("numbers"),
            address: address(typed)?,
            from: typed.day("from")?,
            until: typed.day("until")?,
        }))
    }
}

impl Task for EndTemporaryTask {
    fn word(&self) -> &'static str {
        "temporary-end"
    }

    fn title(&self) -> (&'static str, &'static str) {
        ("Xóa đăng ký tạm trú", "End temporary residence")
    }

    fn asked(&self) -> &'static [Asked] {
        &ASKED_ONE
    }

    fn inputs(&self, office: &Office<'_>, _: &NamedPersons) -> Vec<Input> {
        vec![Input::new("on", Shape::Day, ("Từ ngày", "From")).starting(office.today_as_typed())]
    }

    fn papers(&self) -> &'static [EvidenceKind] {
        &[EvidenceKind::Request]
    }

    fn command(&self, _: &Office<'_>, typed: &Typed, persons: &NamedPersons) -> Read<Command> {
        Ok(Command::EndTemporaryResidence(PersonOn {
            number: persons.needed("number")?,
            on: typed.day("on")?,
        }))
    }
}
