//! `/desk/death`: a death is registered.

use super::{
    form::{Input, Read, Shape, Typed},
    office::Office,
    task::{Asked, NamedPersons, Task},
};
use dancu_changes::{Command, Death, EvidenceKind};

pub(super) struct DeathTask;

/// The one.
pub(super) const DEATH: DeathTask = DeathTask;

static ASKED: [Asked; 1] = [Asked::one("number", "Số định danh của người đã mất", "Number of the deceased")];

impl Task for DeathTask {
    fn word(&self) -> &'static str {
        "death"
    }

    fn title(&self) -> (&'static str, &'static str) {
        ("Đăng ký khai tử", "Register a death")
    }

    fn asked(&self) -> &'static [Asked] {
        &ASKED
    }

    fn inputs(&self, office: &Office<'_>, _: &NamedPersons) -> Vec<Input> {
        vec![
            Input::new("on", Shape::Day, ("Ngày mất", "Day of death")),
            Input::new("place", Shape::Text, ("Nơi mất (xã, phường)", "Commune of death"))
                .optional()
                .starting(office.commune.to_string()),
        ]
    }

    fn papers(&self) -> &'static [EvidenceKind] {
        &[EvidenceKind::DeathNotice, EvidenceKind::Request]
    }

    fn command(&self, _: &Office<'_>, typed: &Typed, persons: &NamedPersons) -> Read<Command> {
        Ok(Command::RegisterDeath(Death {
            number: persons.needed("number")?,
            on: typed.day("on")?,
            place: typed.maybe_commune("place")?,
        }))
    }
}
