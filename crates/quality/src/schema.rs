//! What the columns of two files mean, and which of them are compared.

use crate::normal::PlacesOn;
use serde::{Deserialize, Serialize};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// Personal number of 12 digits; one of 9 is taken for an old number.
    Number,
    /// Number of 9 digits, of before 2016.
    OldNumber,
    /// Whole Vietnamese name.
    FullName,
    /// Surname alone.
    Surname,
    /// Middle name alone.
    MiddleName,
    /// Given name alone.
    GivenName,
    /// Day of birth.
    BirthDate,
    /// Sex.
    Sex,
    /// Telephone.
    Phone,
    /// Commune, district, province: a code of the national list, or names.
    Place,
    /// An address or another text of several words.
    Text,
    /// A postcode, a house number, a number of insurance.
    Code,
    /// One of a few values.
    Category,
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotKind {
    /// Digits that one person has.
    Number,
    /// Surname.
    Surname,
    /// Middle name.
    Middle,
    /// Given name.
    Given,
    /// Day of birth.
    Day,
    /// Sex.
    Sex,
    /// Telephone.
    Phone,
    /// Place.
    Place,
    /// Text of several words.
    Text,
    /// Code.
    Code,
    /// One of a few values.
    Category,
}

impl SlotKind {
    /// Names of the levels of agreement, best first; level 0 is "not told on one side".
    pub const fn levels(self) -> &'static [&'static str] {
        match self {
            Self::Number | Self::Phone => &["same", "one_slip", "two_slips", "differs"],
            Self::Surname | Self::Middle | Self::Given => &[
                "same",
                "marks_missing",
                "other_marks",
                "cut_short",
                "one_slip",
                "similar",
                "exchanged",
                "differs",
            ],
            Self::Day => &[
                "same",
                "same_first_of_january",
                "day_month_exchanged",
                "same_as_far_as_known",
                "one_slip",
                "two_of_three_parts",
                "same_year",
                "differs",
            ],
            Self::Sex | Self::Category => &["same", "differs"],
            Self::Place => &["same_commune", "same_province", "differs"],
            Self::Text => &["same", "close", "similar", "exchanged", "differs"],
            Self::Code => &["same", "one_slip", "differs"],
        }
    }

    /// Its word in models and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Surname => "surname",
            Self::Middle => "middle",
            Self::Given => "given",
            Self::Day => "day",
            Self::Sex => "sex",
            Self::Phone => "phone",
            Self::Place => "place",
            Self::Text => "text",
            Self::Code => "code",
            Self::Category => "category",
        }
    }

    /// Whether it is a part of a name.
    pub const fn is_name(self) -> bool {
        matches!(self, Self::Surname | Self::Middle | Self::Given)
    }
}

/// One column of the two files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// What it holds.
    pub kind: ColumnKind,
    /// Position in the left file's batches of [`crate::table::RowBatch`]; none where the file lacks it.
    pub left: Option<usize>,
    /// Position in the right file's.
    pub right: Option<usize>,
    /// Its name for reports.
    pub name: String,
}

/// What is compared with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// How.
    pub kind: SlotKind,
    /// For reports.
    pub name: String,
}

/// Where the values of one column go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// One slot.
    One(usize),
    /// Number and old number, by the count of digits.
    Numbers { personal: usize, old: usize },
    /// Surname, middle and given name.
    Names { surname: usize, middle: usize, given: usize },
}

impl Target {
    fn slots(self) -> impl Iterator<Item = usize> {
        let slots = match self {
            Self::One(slot) => [Some(slot), None, None],
            Self::Numbers { personal, old } => [Some(personal), Some(old), None],
            Self::Names { surname, middle, given } => [Some(surname), Some(middle), Some(given)],
        };
        slots.into_iter().flatten()
    }
}

/// Which side of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The first file.
    Left,
    /// The second file; the same as the first when one file is matched with itself.
    Right,
}

/// Columns, slots and what lies between.
#[derive(Debug, Clone)]
pub struct Schema {
    fields: Vec<Field>,
    targets: Vec<Target>,
    slots: Vec<Slot>,
    places_on: [PlacesOn; 2],
}

/// Slots that one schema has at most: what a comparison keeps of a pair.
pub const SLOTS_MAX: usize = 24;

impl Schema {
    /// Gives each column its slots. `None` when there are none, or more than [`SLOTS_MAX`].
    pub fn new(fields: Vec<Field>, places_on: [PlacesOn; 2]) -> Option<Self> {
        let mut slots: Vec<Slot> = Vec::new();
        let mut targets = Vec::with_capacity(fields.len());
        for field in &fields {
            targets.push(target(&mut slots, field));
        }
        let fits = !slots.is_empty() && slots.len() <= SLOTS_MAX;
        fits.then_some(Self { fields, targets, slots, places_on })
    }

    /// What is compared.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The columns.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    pub(crate) fn columns(&self, side: Side) -> impl Iterator<Item = (ColumnKind, usize, Target)> {
        let at = move |field: &Field| match side {
            Side::Left => field.left,
            Side::Right => field.right,
        };
        self.fields
            .iter()
            .zip(&self.targets)
            .filter_map(move |(field, target)| Some((field.kind, at(field)?, *target)))
    }

    pub(crate) const fn places_on(&self, side: Side) -> PlacesOn {
        match side {
            Side::Left => self.places_on[0],
            Side::Right => self.places_on[1],
        }
    }

    /// Of each slot, whether both files have a column for it: nothing else is compared.
    pub fn compared_slots(&self) -> Vec<bool> {
        let mut fed = vec![[false; 2]; self.slots.len()];
        for (field, target) in self.fields.iter().zip(&self.targets) {
            for slot in target.slots() {
                fed[slot][0] |= field.left.is_some();
                fed[slot][1] |= field.right.is_some();
            }
        }
        fed.into_iter().map(|sides| sides == [true; 2]).collect()
    }

    /// Of each field, whether its values meet any of the other file's.
    pub fn compared_fields(&self) -> Vec<bool> {
        let compared = self.compared_slots();
        self.targets.iter().map(|target| target.slots().any(|slot| compared[slot])).collect()
    }

    /// The first slot of a kind.
    pub fn slot_of(&self, kind: SlotKind) -> Option<usize> {
        self.slots.iter().position(|slot| slot.kind == kind)
    }

    /// Whether the columns are those of the country: then relatives of one household, twins among them, are in the files.
    pub fn is_vietnamese(&self) -> bool {
        self.fields.iter().any(|field| {
            matches!(field.kind, ColumnKind::FullName | ColumnKind::Number | ColumnKind::OldNumber)
        })
    }
}

/// The slots of a column; a whole name shares those of its parts with columns of the parts.
fn target(slots: &mut Vec<Slot>, field: &Field) -> Target {
    let mut add = |kind: SlotKind, name: &str, is_shared: bool| {
        let there = slots.iter().position(|slot| is_shared && slot.kind == kind && slot.name == name);
        there.unwrap_or_else(|| {
            slots.push(Slot { kind, name: name.to_owned() });
            slots.len() - 1
        })
    };
    match field.kind {
        ColumnKind::Number => Target::Numbers {
            personal: add(SlotKind::Number, "number", true),
            old: add(SlotKind::Number, "old_number", true),
        },
        ColumnKind::OldNumber => Target::One(add(SlotKind::Number, "old_number", true)),
        ColumnKind::FullName => Target::Names {
            surname: add(SlotKind::Surname, "surname", true),
            middle: add(SlotKind::Middle, "middle_name", true),
            given: add(SlotKind::Given, "given_name", true),
        },
        ColumnKind::Surname => Target::One(add(SlotKind::Surname, "surname", true)),
        ColumnKind::MiddleName => Target::One(add(SlotKind::Middle, "middle_name", true)),
        ColumnKind::GivenName => Target::One(add(SlotKind::Given, "given_name", true)),
        ColumnKind::BirthDate => Target::One(add(SlotKind::Day, &field.name, false)),
        ColumnKind::Sex => Target::One(add(SlotKind::Sex, &field.name, false)),
        ColumnKind::Phone => Target::One(add(SlotKind::Phone, &field.name, false)),
        ColumnKind::Place => Target::One(add(SlotKind::Place, &field.name, false)),
        ColumnKind::Text => Target::One(add(SlotKind::Text, &field.name, false)),
        ColumnKind::Code => Target::One(add(SlotKind::Code, &field.name, false)),
        ColumnKind::Category => Target::One(add(SlotKind::Category, &field.name, false)),
    }
}
