//! The CSV file, one row a person, in the columns that `dancu load` reads.

use crate::{
    block::{Block, Details},
    error::SynthError,
    person::{Known, Life, Person},
    residence::Stay,
    sealed::Sealed,
};
use std::{
    fmt::{self, Display, Write as _},
    io::Write,
};

/// The columns in their order.
pub const COLUMNS: [&str; 31] = [
    "number",
    "old_number",
    "full_name",
    "sex",
    "birth_date",
    "birth_place",
    "registration_place",
    "origin",
    "nationality",
    "marital_status",
    "father",
    "mother",
    "spouse",
    "permanent_commune",
    "permanent_address",
    "permanent_since",
    "household",
    "relation_to_head",
    "previous_commune",
    "previous_address",
    "previous_since",
    "temporary_commune",
    "temporary_address",
    "temporary_since",
    "phone",
    "email",
    "card_issued",
    "card_expires",
    "card_state",
    "life_status",
    "life_date",
];

/// The columns whose values the register seals.
pub const SEALED_COLUMNS: [&str; 2] = ["ethnicity", "blood_group"];

/// Shown with ten digits.
struct HouseholdNumber(u64);

impl Display for HouseholdNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:010}", self.0)
    }
}

/// Writes rows without an allocation a field.
pub struct Rows<W: Write> {
    writer: csv::Writer<W>,
    field: String,
}

impl<W: Write> Rows<W> {
    /// Begins with the names of the columns.
    pub fn new(out: W, with_sealed: bool) -> Result<Self, SynthError> {
        let mut writer = csv::WriterBuilder::new().buffer_capacity(1 << 18).from_writer(out);
        let behind = if with_sealed { SEALED_COLUMNS.as_slice() } else { &[] };
        writer.write_record(COLUMNS.iter().chain(behind))?;
        Ok(Self { writer, field: String::new() })
    }

    /// Writes household after household, then the dead and the missing.
    pub fn block(&mut self, block: &Block, sealed: Option<&[Sealed]>) -> Result<(), SynthError> {
        for household in &block.households.list {
            for member in &household.members {
                self.person(block, sealed, *member)?;
            }
        }
        for (index, household) in block.households.of.iter().enumerate() {
            if household.is_none() {
                self.person(block, sealed, index)?;
            }
        }
        Ok(())
    }

    /// Hands everything on.
    pub fn finish(mut self) -> Result<(), SynthError> {
        Ok(self.writer.flush()?)
    }

    fn show(&mut self, value: impl Display) -> Result<(), SynthError> {
        self.field.clear();
        write!(self.field, "{value}").expect("memory takes every text");
        Ok(self.writer.write_field(&self.field)?)
    }

    fn show_if(&mut self, value: Option<impl Display>) -> Result<(), SynthError> {
        match value {
            Some(value) => self.show(value),
            None => self.text(""),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), SynthError> {
        Ok(self.writer.write_field(text)?)
    }

    fn person(&mut self, block: &Block, sealed: Option<&[Sealed]>, index: usize) -> Result<(), SynthError> {
        let (person, details) = (&block.people[index], &block.details[index]);
        let number_of = |person: Option<usize>| person.map(|person| block.details[person].birth.number);
        self.identity(person, details)?;
        self.text(person.status.as_str())?;
        self.show_if(number_of(person.father))?;
        self.show_if(number_of(person.mother))?;
        self.show_if(number_of(person.spouse()))?;
        self.residence(details)?;
        self.text(details.phone.as_deref().unwrap_or_default())?;
        self.text(details.email.as_deref().unwrap_or_default())?;
        self.show_if(details.card.and_then(|card| card.issued))?;
        self.show_if(details.card.and_then(|card| card.expires))?;
        self.text(details.card.map_or("", |card| card.state.as_str()))?;
        let (status, day) = match person.life {
            Life::Alive => ("alive", None),
            Life::Dead(day) => ("dead", Some(day)),
            Life::Missing(day) => ("missing", Some(day)),
        };
        self.text(status)?;
        self.show_if(day)?;
        if let Some(sealed) = sealed {
            self.text(sealed[index].ethnicity)?;
            self.text(sealed[index].blood_group)?;
        }
        Ok(self.writer.write_record(None::<&[u8]>)?)
    }

    fn identity(&mut self, person: &Person, details: &Details) -> Result<(), SynthError> {
        self.show(details.birth.number)?;
        self.show_if(details.old_number)?;
        self.text(&details.name)?;
        self.text(person.sex.letter())?;
        let born = person.born;
        match person.known {
            Known::Day => self.show(born)?,
            Known::Month => self.show(format_args!("{:04}-{:02}", born.year(), born.month()))?,
            Known::Year => self.show(format_args!("{:04}", born.year()))?,
        }
        self.show_if(details.birth.place)?;
        self.show_if(details.birth.registration)?;
        self.show(details.origin)?;
        self.text("VNM")
    }

    fn residence(&mut self, details: &Details) -> Result<(), SynthError> {
        let residence = &details.residence;
        self.stay(Some(&residence.permanent))?;
        self.show_if(residence.household.map(|(number, _)| HouseholdNumber(number)))?;
        self.text(residence.household.map_or("", |(_, relation)| relation.as_str()))?;
        self.stay(residence.previous.as_ref())?;
        self.stay(residence.temporary.as_ref())
    }

    fn stay(&mut self, stay: Option<&Stay>) -> Result<(), SynthError> {
        self.show_if(stay.map(|stay| stay.commune))?;
        self.text(stay.map_or("", |stay| &stay.address))?;
        self.show_if(stay.map(|stay| stay.since))
    }
}
