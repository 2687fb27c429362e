//! What the rules may look at: persons, households and relatives, read once and remembered, so that the commit can be
//! guarded by exactly what was seen.

use crate::{ChangeStore, CommandId, Event, Guards, Record, Units};
use dancu_core::{CommuneCode, PersonalNumber, StoreError, today_in_viet_nam};
use dancu_register::{At, HouseholdNumber, Link, Person, links, person_at};
use jiff::{Timestamp, civil::Date};
use std::{collections::BTreeMap, sync::Arc};

/// Persons that one household or one person's relatives may number; more is a fault of the data and is refused.
pub const CIRCLE_MAX: usize = 1_000;

/// The register as one command sees it.
pub struct World<'s> {
    store: &'s dyn ChangeStore,
    /// The instant of the decision.
    pub now: Timestamp,
    /// The day of the decision in Viet Nam.
    pub today: Date,
    /// The day on which the desk took the command in; today for whoever only looks.
    pub(crate) taken_on: Date,
    /// The units of the country through time.
    pub units: Arc<Units>,
    persons: BTreeMap<PersonalNumber, Record>,
    households: BTreeMap<HouseholdNumber, Vec<PersonalNumber>>,
    relatives: BTreeMap<PersonalNumber, Vec<PersonalNumber>>,
}

impl<'s> World<'s> {
    /// A world of which nothing was looked at yet.
    pub async fn open(store: &'s dyn ChangeStore, now: Timestamp) -> Result<Self, StoreError> {
        let units = Units::new(store.unit_changes().await?);
        Ok(Self::with_units(store, now, Arc::new(units)))
    }

    /// A world of which the units alone are known. What is decided on units of before is found by the guards.
    pub(crate) fn with_units(store: &'s dyn ChangeStore, now: Timestamp, units: Arc<Units>) -> Self {
        let (persons, households, relatives) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let today = today_in_viet_nam(now);
        Self { store, now, today, taken_on: today, units, persons, households, relatives }
    }

    /// A person's record; empty for a number that the register never held.
    pub async fn record(&mut self, number: PersonalNumber) -> Result<&Record, StoreError> {
        if !self.persons.contains_key(&number) {
            let record = self.store.record(number).await?;
            self.persons.insert(number, record);
        }
        Ok(&self.persons[&number])
    }

    /// Looks at the records of persons of whom several are going to be asked for, in one go.
    pub async fn look_at(&mut self, numbers: &[PersonalNumber]) -> Result<(), StoreError> {
        let mut unseen: Vec<PersonalNumber> = numbers.to_vec();
        unseen.retain(|number| !self.persons.contains_key(number));
        if unseen.len() > 1 {
            let records = self.store.records(&unseen).await?;
            self.persons.extend(unseen.into_iter().zip(records));
        }
        Ok(())
    }

    /// A record that was looked at before.
    pub fn seen(&self, number: PersonalNumber) -> Option<&Record> {
        self.persons.get(&number)
    }

    /// The person on a day as known now; `None` when nothing is known of them on that day.
    pub async fn person_on(
        &mut self,
        number: PersonalNumber,
        day: Date,
    ) -> Result<Option<Person>, StoreError> {
        let at = At { as_of: day, known_at: Timestamp::MAX };
        Ok(person_at(&self.record(number).await?.facts, at))
    }

    /// The person today.
    pub async fn person(&mut self, number: PersonalNumber) -> Result<Option<Person>, StoreError> {
        self.person_on(number, self.today).await
    }

    /// Whether a household was ever there.
    pub async fn household_is_known(&mut self, household: &HouseholdNumber) -> Result<bool, StoreError> {
        Ok(!self.ever_in(household).await?.is_empty())
    }

    /// Who belongs to a household on a day, ascending by number.
    pub async fn members_on(
        &mut self,
        household: &HouseholdNumber,
        day: Date,
    ) -> Result<Vec<Person>, StoreError> {
        let mut members = Vec::new();
        let ever = self.ever_in(household).await?;
        self.look_at(&ever).await?;
        for number in ever {
            let Some(person) = self.person_on(number, day).await? else { continue };
            if person.residence().is_some_and(|home| home.household.as_ref() == Some(household)) {
                members.push(person);
            }
        }
        Ok(members)
    }

    /// Who names a person as father, mother, spouse or representative on a day, with the link.
    pub async fn related_on(
        &mut self,
        number: PersonalNumber,
        day: Date,
    ) -> Result<Vec<(Person, Link)>, StoreError> {
        let mut related = Vec::new();
        let ever = self.ever_related(number).await?;
        self.look_at(&ever).await?;
        for other in ever {
            let Some(person) = self.person_on(other, day).await? else { continue };
            for kind in dancu_register::FactKind::ALL {
                let named = person.held(kind).map(|held| links(&held.value)).unwrap_or_default();
                let links = named.into_iter().filter(|(named, _)| *named == number).map(|(_, link)| link);
                related.extend(links.map(|link| (person.clone(), link)));
            }
        }
        Ok(related)
    }

    /// Everyone who ever named a person as a relative, whatever is believed now.
    pub async fn ever_related(&mut self, number: PersonalNumber) -> Result<Vec<PersonalNumber>, StoreError> {
        if !self.relatives.contains_key(&number) {
            let ever = self.store.ever_related(number, CIRCLE_MAX + 1).await?;
            self.relatives.insert(number, ever);
        }
        Ok(self.relatives[&number].clone())
    }

    /// The children of a person: those who name them as father or mother on a day.
    pub async fn children_on(
        &mut self,
        number: PersonalNumber,
        day: Date,
    ) -> Result<Vec<Person>, StoreError> {
        let related = self.related_on(number, day).await?;
        let is_child = |link| matches!(link, Link::Father | Link::Mother);
        Ok(related.into_iter().filter(|(_, link)| is_child(*link)).map(|(person, _)| person).collect())
    }

    /// An event.
    pub async fn event(&self, id: CommandId) -> Result<Option<Event>, StoreError> {
        Ok(self.store.event(id).await?.map(|(event, _)| event))
    }

    /// The event that took another one back.
    pub async fn taken_back_by(&self, id: CommandId) -> Result<Option<CommandId>, StoreError> {
        self.store.taken_back_by(id).await
    }

    /// Whether a unit bears the code on a day: in the table that is built in, or by a merge since.
    pub fn commune_is_known(&self, code: CommuneCode, day: Date) -> bool {
        self.units.is_known(code, day)
    }

    /// The codes that a code written on a day has today: itself, or those of the units that took its place.
    pub fn present_codes(&self, code: CommuneCode, written_on: Date) -> Vec<CommuneCode> {
        self.units.present(code, written_on, self.today)
    }

    /// What must still hold when the decision is written.
    pub fn guards(&self) -> Guards {
        let count = |numbers: &Vec<PersonalNumber>| numbers.len() as u64;
        Guards {
            persons: self.persons.iter().map(|(number, record)| (*number, record.version)).collect(),
            households: self.households.iter().map(|(number, ever)| (number.clone(), count(ever))).collect(),
            relatives: self.relatives.iter().map(|(number, ever)| (*number, count(ever))).collect(),
            units: Some(self.units.changes().len() as u64),
        }
    }

    /// Everyone who ever was in a household, ascending; one more than [`CIRCLE_MAX`] when there are more.
    pub async fn ever_in(&mut self, household: &HouseholdNumber) -> Result<Vec<PersonalNumber>, StoreError> {
        if !self.households.contains_key(household) {
            // Whoever asks who was in a household looks at them next.
            let ever = self.store.household_records(household, CIRCLE_MAX + 1).await?;
            let numbers = ever.iter().map(|(number, _)| *number).collect();
            for (number, record) in ever {
                // What was seen first is what the guards hold against.
                self.persons.entry(number).or_insert(record);
            }
            self.households.insert(household.clone(), numbers);
        }
        Ok(self.households[household].clone())
    }

    /// Whether a household or a circle of relatives that was looked at is larger than any real one.
    pub fn is_beyond_bounds(&self) -> bool {
        self.households.values().chain(self.relatives.values()).any(|ever| ever.len() > CIRCLE_MAX)
    }
}
