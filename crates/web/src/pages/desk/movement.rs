//! `/desk/move`: permanent residence. Persons move together, into a household or to form one.

use super::{
    form::{Input, Read, Shape, Typed},
    office::Office,
    task::{Asked, NamedPersons, Task, address, address_inputs, relations},
};
use dancu_changes::{Command, EvidenceKind, Member, PermanentMove};
use dancu_register::Relation;

pub(super) struct MoveTask;

/// The one.
pub(super) const MOVEMENT: MoveTask = MoveTask;

const MOVERS: &str = "movers";
const HOST: &str = "host";

static ASKED: [Asked; 2] = [
    Asked::one(MOVERS, "Số định danh của những người chuyển đến", "Numbers of those who move")
        .many(10)
        .hint("Mỗi dòng một số.", "One number a line."),
    Asked::one(
        HOST,
        "Số định danh của một người trong hộ sẽ vào",
        "Number of a member of the household to join",
    )
    .optional()
    .hint("Để trống nếu lập hộ mới.", "Leave empty to form a new household."),
];

impl Task for MoveTask {
    fn word(&self) -> &'static str {
        "move"
    }

    fn title(&self) -> (&'static str, &'static str) {
        ("Đăng ký thường trú", "Register permanent residence")
    }

    fn asked(&self) -> &'static [Asked] {
        &ASKED
    }

    fn inputs(&self, office: &Office<'_>, persons: &NamedPersons) -> Vec<Input> {
        let joins = persons.household(HOST).is_some();
        let mut inputs =
            vec![Input::new("on", Shape::Day, ("Từ ngày", "From")).starting(office.today_as_typed())];
        for (place, number) in persons.numbers(MOVERS).into_iter().enumerate() {
            let named = persons.0.iter().find(|named| named.shown.number == number);
            let name = named
                .and_then(|named| named.shown.person.as_ref()?.identity())
                .map_or_else(|| number.to_string(), |identity| identity.name.as_str().to_owned());
            let first = match (joins, place) {
                (false, 0) => Relation::Head,
                _ => Relation::Other,
            };
            let input = Input::new(format!("relation_{}", place + 1), Shape::Choice, ("", ""));
            let label = (format!("{name} là gì với chủ hộ"), format!("{name} is to the head")).into();
            inputs.push(Input { label, ..input.of(relations()).starting(first.as_str()) });
        }
        if !joins {
            inputs.extend(address_inputs(office));
        }
        let file =
            Input::new("file_number", Shape::Text, ("Số hồ sơ cư trú", "Number of the residence file"));
        inputs.push(file.optional());
        inputs
    }

    fn papers(&self) -> &'static [EvidenceKind] {
        &[EvidenceKind::Request, EvidenceKind::DwellingPaper, EvidenceKind::Consent]
    }

    fn command(&self, _: &Office<'_>, typed: &Typed, persons: &NamedPersons) -> Read<Command> {
        let mut movers = Vec::new();
        for (place, number) in persons.numbers(MOVERS).into_iter().enumerate() {
            let relation_to_head = typed.parsed(&format!("relation_{}", place + 1))?;
            movers.push(Member { number, relation_to_head });
        }
        let household = persons.household(HOST);
        let address = if household.is_some() { None } else { Some(address(typed)?) };
        let file_number = Some(typed.text("file_number")).filter(|text| !text.is_empty());
        Ok(Command::RegisterPermanentResidence(PermanentMove {
            movers,
            household,
            address,
            file_number: file_number.map(str::to_owned),
            on: typed.day("on")?,
        }))
    }
}
