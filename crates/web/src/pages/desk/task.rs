//! What one task of the desk is: whom it asks for, what it asks, and the command that comes of it.

use super::{
    form::{Fault, Input, Read, Shape, Typed, paper_inputs},
    office::Office,
};
use dancu_changes::{Command, EvidenceKind};
use dancu_core::PersonalNumber;
use dancu_exchange::ShownPerson;
use dancu_register::{HouseholdNumber, Person, Relation};
use std::sync::Arc;

/// A field of the first step: whose matter it is.
pub(super) struct Asked {
    pub name: &'static str,
    pub label: (&'static str, &'static str),
    pub hint: Option<(&'static str, &'static str)>,
    /// Numbers at most.
    pub count_max: usize,
    pub may_be_empty: bool,
}

impl Asked {
    /// One person who has to be named.
    pub const fn one(name: &'static str, vi: &'static str, en: &'static str) -> Self {
        Self { name, label: (vi, en), hint: None, count_max: 1, may_be_empty: false }
    }

    pub const fn optional(mut self) -> Self {
        self.may_be_empty = true;
        self
    }

    pub const fn hint(mut self, vi: &'static str, en: &'static str) -> Self {
        self.hint = Some((vi, en));
        self
    }

    pub const fn many(mut self, count_max: usize) -> Self {
        self.count_max = count_max;
        self
    }

    pub fn input(&self) -> Input {
        let shape = if self.count_max > 1 { Shape::Numbers } else { Shape::Number };
        let mut input = Input::new(self.name, shape, self.label);
        input.hint = self.hint.map(Into::into);
        input.may_be_empty = self.may_be_empty;
        input
    }
}

/// A person whom the officer named.
pub(super) struct Named {
    /// The field of the first step.
    pub field: &'static str,
    pub label: (&'static str, &'static str),
    /// Whether the register named them, not the officer.
    pub is_implied: bool,
    pub shown: Arc<ShownPerson>,
}

/// Everyone whom the officer named, in the order of the fields.
#[derive(Default)]
pub(super) struct NamedPersons(pub Vec<Named>);

impl NamedPersons {
    /// The first person of a field.
    pub fn of(&self, field: &str) -> Option<&Named> {
        self.0.iter().find(|named| named.field == field)
    }

    /// The number in a field.
    pub fn number(&self, field: &str) -> Option<PersonalNumber> {
        self.of(field).map(|named| named.shown.number)
    }

    /// The number in a field that has to be filled.
    pub fn needed(&self, field: &str) -> Read<PersonalNumber> {
        self.number(field).ok_or_else(|| Fault::missing(field))
    }

    /// What the register holds of the first person of a field.
    pub fn person(&self, field: &str) -> Option<&Person> {
        self.of(field)?.shown.person.as_ref()
    }

    /// All numbers of a field.
    pub fn numbers(&self, field: &str) -> Vec<PersonalNumber> {
        self.0.iter().filter(|named| named.field == field).map(|named| named.shown.number).collect()
    }

    /// The household of the first person of a field.
    pub fn household(&self, field: &str) -> Option<HouseholdNumber> {
        self.person(field)?.residence()?.household.clone()
    }
}

/// A task of the desk.
pub(super) trait Task: Sync {
    /// The last part of its address.
    fn word(&self) -> &'static str;

    /// What it is called.
    fn title(&self) -> (&'static str, &'static str);

    /// Whose matter it is.
    fn asked(&self) -> &'static [Asked];

    /// Someone whom the register names once it knows the others: the field, and who.
    fn implied(&self, _typed: &Typed, _persons: &NamedPersons) -> Option<(&'static Asked, PersonalNumber)> {
        None
    }

    /// What is asked beside.
    fn inputs(&self, office: &Office<'_>, persons: &NamedPersons) -> Vec<Input>;

    /// The papers that it usually comes with.
    fn papers(&self) -> &'static [EvidenceKind];

    /// The command.
    fn command(&self, office: &Office<'_>, typed: &Typed, persons: &NamedPersons) -> Read<Command>;
}

/// All inputs of the second step.
pub(super) fn inputs_of(task: &dyn Task, office: &Office<'_>, persons: &NamedPersons) -> Vec<Input> {
    let mut inputs = task.inputs(office, persons);
    inputs.extend(paper_inputs(task.papers()));
    inputs
}

/// An address: commune and line below it.
pub(super) fn address_inputs(office: &Office<'_>) -> [Input; 2] {
    [
        Input::new("commune", Shape::Text, ("Xã, phường", "Commune"))
            .hint("Mã 5 số, hoặc tên kèm tỉnh.", "Five digits, or the name with the province.")
            .starting(office.commune.to_string()),
        Input::new("line", Shape::Text, ("Số nhà, đường, thôn", "House, street, hamlet")),
    ]
}

/// The address that was typed.
pub(super) fn address(typed: &Typed) -> Read<dancu_changes::Address> {
    Ok(dancu_changes::Address { commune: typed.commune("commune")?, line: typed.needed("line")?.to_owned() })
}

/// The words for what someone is to the head of a household.
pub(super) fn relations() -> impl Iterator<Item = (String, crate::views::Words)> {
    Relation::ALL
        .iter()
        .map(|relation| (relation.as_str().to_owned(), crate::pages::record::relation_words(*relation)))
}
