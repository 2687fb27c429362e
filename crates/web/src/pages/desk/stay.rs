//! `/desk/stay`: a host tells who stays under the roof.

use super::{
    form::{Input, Read, Shape, Typed},
    office::Office,
    task::{Asked, NamedPersons, Task, address, address_inputs},
};
use dancu_changes::{Command, EvidenceKind, StayNotice};

pub(super) struct StayTask;

/// The one.
pub(super) const STAY: StayTask = StayTask;

static ASKED: [Asked; 1] =
    [Asked::one("number", "Số định danh của người lưu trú", "Number of the one who stays")];

impl Task for StayTask {
    fn word(&self) -> &'static str {
        "stay"
    }

    fn title(&self) -> (&'static str, &'static str) {
        ("Thông báo lưu trú", "Notify a stay")
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
        &[EvidenceKind::Request]
    }

    fn command(&self, _: &Office<'_>, typed: &Typed, persons: &NamedPersons) -> Read<Command> {
        Ok(Command::NotifyStay(StayNotice {
            number: persons.needed("number")?,
            address: address(typed)?,
            from: typed.day("from")?,
            until: typed.day("until")?,
        }))
    }
}
