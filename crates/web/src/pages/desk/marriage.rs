//! `/desk/marriage`: two persons marry.

use super::{
    form::{Input, Read, Shape, Typed},
    office::Office,
    task::{Asked, NamedPersons, Task},
};
use dancu_changes::{Command, EvidenceKind, Marriage};

pub(super) struct MarriageTask;

/// The one.
pub(super) const MARRIAGE: MarriageTask = MarriageTask;

static ASKED: [Asked; 2] = [
    Asked::one("first", "Số định danh của bên nam", "The man's number"),
    Asked::one("second", "Số định danh của bên nữ", "The woman's number"),
];

impl Task for MarriageTask {
    fn word(&self) -> &'static str {
        "marriage"
    }

    fn title(&self) -> (&'static str, &'static str) {
        ("Đăng ký kết hôn", "Register a marriage")
    }

    fn asked(&self) -> &'static [Asked] {
        &ASKED
    }

    fn inputs(&self, office: &Office<'_>, _: &NamedPersons) -> Vec<Input> {
        let today = office.today_as_typed();
        vec![Input::new("on", Shape::Day, ("Ngày đăng ký kết hôn", "Day of the marriage")).starting(today)]
    }

    fn papers(&self) -> &'static [EvidenceKind] {
        &[EvidenceKind::Request, EvidenceKind::MaritalStatusPaper, EvidenceKind::MaritalStatusPaper]
    }

    fn command(&self, _: &Office<'_>, typed: &Typed, persons: &NamedPersons) -> Read<Command> {
        Ok(Command::RegisterMarriage(Marriage {
            first: persons.needed("first")?,
            second: persons.needed("second")?,
            on: typed.day("on")?,
        }))
    }
}
