//! A person as the register knew them at one point of both time axes.

use crate::{
    facts::{
        Absence, Card, Contact, CurrentPlace, Fact, FactValue, Family, Identity, Life, NumberState,
        OtherName, Representation, Residence, Shared, TemporaryResidence,
    },
    kinds::FactKind,
};
use dancu_core::PersonalNumber;
use jiff::{Timestamp, civil::Date};

/// A point on both time axes: what held on a day, as it was known at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// The day on which the facts hold.
    pub as_of: Date,
    /// The instant at which the register believed them.
    pub known_at: Timestamp,
}

impl At {
    /// Whether a fact holds at this point.
    pub fn sees(&self, fact: &Fact) -> bool {
        self.lies_in((fact.valid_from, fact.valid_to), (fact.recorded_from, fact.recorded_to))
    }

    /// Whether it lies in a stretch of days and a stretch of instants; each ends before its second value, if it has one.
    pub fn lies_in(&self, valid: (Date, Option<Date>), recorded: (Timestamp, Option<Timestamp>)) -> bool {
        valid.0 <= self.as_of
            && valid.1.is_none_or(|end| self.as_of < end)
            && recorded.0 <= self.known_at
            && recorded.1.is_none_or(|end| self.known_at < end)
    }
}

/// A fact that holds, with the time since it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held<T> {
    /// What is stated.
    pub value: T,
    /// First day on which it holds.
    pub valid_from: Date,
    /// When the register began to believe it.
    pub recorded_from: Timestamp,
}

/// What is known of one person at one point of time: at most one fact a kind, and only the kinds asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The person's number.
    pub number: PersonalNumber,
    held: [Option<Box<Held<FactValue>>>; FactKind::ALL.len()],
}

macro_rules! accessor {
    ($(#[$doc:meta])* $name:ident, $variant:ident) => {
        $(#[$doc])*
        pub fn $name(&self) -> Option<&$variant> {
            match &self.held(FactKind::$variant)?.value {
                FactValue::$variant(value) => Some(value),
                _ => None,
            }
        }
    };
}

impl Person {
    /// A person of whom nothing is known yet.
    pub fn new(number: PersonalNumber) -> Self {
        Self { number, held: [const { None }; FactKind::ALL.len()] }
    }

    /// Puts a fact in; of two facts of one kind the later recorded one stays. Sealed values are not held.
    pub fn hold(&mut self, fact: Held<FactValue>) {
        let Some(slot) = self.held.get_mut(usize::from(fact.value.kind().code()) - 1) else { return };
        if slot.as_ref().is_none_or(|held| held.recorded_from <= fact.recorded_from) {
            *slot = Some(Box::new(fact));
        }
    }

    /// The fact of a kind with its times.
    pub fn held(&self, kind: FactKind) -> Option<&Held<FactValue>> {
        self.held.get(usize::from(kind.code()) - 1)?.as_deref()
    }

    accessor!(
        /// Who the person is.
        identity, Identity
    );
    accessor!(
        /// Whom the person belongs to.
        family, Family
    );
    accessor!(
        /// Where the person lives.
        residence, Residence
    );
    accessor!(
        /// The person's card.
        card, Card
    );
    accessor!(
        /// How the person is reached.
        contact, Contact
    );

    accessor!(
        /// Another name.
        other_name, OtherName
    );
    accessor!(
        /// A declared absence.
        absence, Absence
    );
    accessor!(
        /// Where the person stays otherwise.
        current_place, CurrentPlace
    );
    accessor!(
        /// Who acts for the person.
        representation, Representation
    );
    accessor!(
        /// What other databases share.
        shared, Shared
    );

    /// What became of the number; in use when nothing else is stated. Meaningful only if [`FactKind::Number`] was
    /// asked for.
    pub fn number_state(&self) -> NumberState {
        match self.held(FactKind::Number).map(|held| &held.value) {
            Some(FactValue::Number(state)) => *state,
            _ => NumberState::InUse,
        }
    }

    /// Whether the person lives; alive when nothing else is stated. Meaningful only if [`FactKind::Life`] was
    /// asked for.
    pub fn life(&self) -> Life {
        match self.held(FactKind::Life).map(|held| &held.value) {
            Some(FactValue::Life(life)) => *life,
            _ => Life::Alive,
        }
    }

    /// Whether somebody lives under the number. Meaningful only if both kinds were asked for.
    pub fn is_alive(&self) -> bool {
        let is_in_use = matches!(self.number_state(), NumberState::InUse | NumberState::InPlaceOf(_));
        is_in_use && matches!(self.life(), Life::Alive)
    }
}

impl Residence {
    /// The temporary residence, if it has begun by a day.
    pub fn temporary_on(&self, day: Date) -> Option<&TemporaryResidence> {
        self.temporary.as_ref().filter(|temporary| temporary.since.is_none_or(|since| since <= day))
    }
}

/// The person at one point of time from their whole history; `None` when nothing is known of them there.
pub fn person_at(facts: &[Fact], at: At) -> Option<Person> {
    let mut person: Option<Person> = None;
    for fact in facts.iter().filter(|fact| at.sees(fact) && !fact.value.kind().is_sealed()) {
        person.get_or_insert_with(|| Person::new(fact.number)).hold(Held {
            value: fact.value.clone(),
            valid_from: fact.valid_from,
            recorded_from: fact.recorded_from,
        });
    }
    person
}
