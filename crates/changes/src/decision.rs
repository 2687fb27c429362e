//! What the rules decide that a command changes.

use crate::{FindingKind, Stay, UnitChange};
use dancu_core::{CommuneCode, PersonalNumber};
use dancu_register::{Belief, FactKind, HouseholdNumber, KindSet, OpenValue};
use jiff::{Timestamp, civil::Date};
use std::collections::{BTreeMap, BTreeSet};

/// A sensitive value that is to be sealed and believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SensitiveBelief {
    /// Whose.
    pub number: PersonalNumber,
    /// Which kind; a sealed one.
    pub kind: FactKind,
    /// The value.
    pub value: OpenValue,
    /// First day.
    pub valid_from: Date,
}

/// Something odd that the rules allow and report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oddity {
    /// What.
    pub kind: FindingKind,
    /// Whose rows show it.
    pub persons: Vec<PersonalNumber>,
    /// The commune that has to look into it.
    pub owner: Option<CommuneCode>,
    /// Days late.
    pub days_late: Option<u32>,
}

/// The outcome of the rules for an allowed command.
#[derive(Debug, Clone, Default)]
pub struct Decision {
    beliefs: BTreeMap<PersonalNumber, Vec<Belief>>,
    noted: BTreeSet<PersonalNumber>,
    forgotten: BTreeMap<PersonalNumber, KindSet>,
    /// Sensitive values.
    pub sensitive: Vec<SensitiveBelief>,
    /// Persons of whom what was recorded at an instant is taken back.
    pub taken_back: Vec<(PersonalNumber, Timestamp)>,
    /// Every sensitive value of the first person is the second one's from now on, sealed for them.
    pub sealed_moved: Option<(PersonalNumber, PersonalNumber)>,
    /// A number that goes out of use for ever: nothing else may be believed of it afterwards.
    pub retired: Option<PersonalNumber>,
    /// The number that was issued.
    pub issued: Option<PersonalNumber>,
    /// The household that was formed.
    pub household: Option<HouseholdNumber>,
    /// What is odd.
    pub oddities: Vec<Oddity>,
    /// Stays.
    pub stays: Vec<Stay>,
    /// Units.
    pub units: Vec<UnitChange>,
}

impl Decision {
    /// A decision by which a number is issued.
    pub fn issuing(number: PersonalNumber) -> Self {
        Self { issued: Some(number), ..Self::default() }
    }

    /// A person is believed to be something; of two beliefs about one day the later call wins.
    pub fn believe(&mut self, number: PersonalNumber, belief: Belief) {
        self.beliefs.entry(number).or_default().push(belief);
    }

    /// Nothing of some kinds is believed of a person any more but what this decision believes anew.
    pub fn forget(&mut self, number: PersonalNumber, kinds: KindSet) {
        let forgotten = self.forgotten.entry(number).or_default();
        *forgotten = forgotten.union(kinds);
    }

    /// The kinds of which nothing is believed of a person any more.
    pub fn forgotten(&self, number: PersonalNumber) -> KindSet {
        self.forgotten.get(&number).copied().unwrap_or_default()
    }

    /// A person has a part in the event without a change of facts.
    pub fn note(&mut self, number: PersonalNumber) {
        self.noted.insert(number);
    }

    /// Something odd is reported to a commune.
    pub fn report(&mut self, kind: FindingKind, persons: &[PersonalNumber], owner: Option<CommuneCode>) {
        self.oddities.push(Oddity { kind, persons: persons.to_vec(), owner, days_late: None });
    }

    /// What is believed of a person.
    pub fn beliefs(&self, number: PersonalNumber) -> &[Belief] {
        self.beliefs.get(&number).map_or(&[], Vec::as_slice)
    }

    /// Everyone whom the event concerns, ascending.
    pub fn persons(&self) -> BTreeSet<PersonalNumber> {
        let sensitive = self.sensitive.iter().map(|belief| belief.number);
        let taken_back = self.taken_back.iter().map(|(number, _)| *number);
        self.beliefs
            .keys()
            .copied()
            .chain(self.noted.iter().copied())
            .chain(sensitive)
            .chain(taken_back)
            .chain(self.forgotten.keys().copied())
            .collect()
    }
}
