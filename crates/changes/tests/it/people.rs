//! Synthetic persons put into a register in memory, fact by fact.

use dancu_changes::{
    Actor, ChangeService, ChangeStore, Command, CommandId, Commit, Committed, Event, Guards, Judgment,
    JudgmentMatter,
};
use dancu_core::{CommuneCode, PartialDate, PersonalNumber, Sex};
use dancu_register::{
    Belief, CountryCode, Fact, FactValue, Family, Identity, Relation, Residence, Seals, believe, record_time,
};
use dancu_testkit::{FakeClock, MemoryChanges, SeededEntropy};
use jiff::{Timestamp, civil::Date};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// A commune of today: Phường Ba Đình.
pub const HERE: &str = "00004";
/// Another one: Phường Ngọc Hà.
pub const THERE: &str = "00008";

/// A register in memory with what is needed to change it. Monday 9 March 2026, nine in the morning.
pub struct Town {
    pub store: Arc<MemoryChanges>,
    pub clock: Arc<FakeClock>,
    pub seals: Arc<Seals>,
    puts: AtomicU64,
}

pub fn number(text: &str) -> PersonalNumber {
    text.parse().unwrap()
}

pub fn commune(text: &str) -> CommuneCode {
    text.parse().unwrap()
}

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub fn officer(id: &str, code: &str) -> Actor {
    Actor::Officer { id: id.to_owned(), commune: commune(code) }
}

pub fn identity(name: &str, sex: Sex, born: &str) -> Identity {
    Identity {
        name: name.parse().unwrap(),
        sex,
        birth_date: born.parse::<PartialDate>().unwrap(),
        birth_place: Some(commune(HERE)),
        registration_place: Some(commune(HERE)),
        origin: None,
        nationality: "VNM".parse::<CountryCode>().unwrap(),
        old_number: None,
    }
}

pub fn family(father: Option<&str>, mother: Option<&str>, spouse: Option<&str>) -> FactValue {
    let parse = |text: Option<&str>| text.map(number);
    FactValue::Family(Family {
        marital_status: None,
        father: parse(father),
        mother: parse(mother),
        spouse: parse(spouse),
    })
}

pub fn home(code: &str, household: Option<&str>, relation: Option<Relation>) -> FactValue {
    FactValue::Residence(Residence {
        permanent_commune: Some(commune(code)),
        permanent_address: Some("Số 1".to_owned()),
        household: household.map(|text| text.parse().unwrap()),
        relation_to_head: relation,
        temporary: None,
        file_number: None,
    })
}

impl Town {
    pub fn new() -> Self {
        Self {
            store: Arc::new(MemoryChanges::new()),
            clock: Arc::new(FakeClock::at("2026-03-09T02:00:00Z")),
            seals: Arc::new(Seals::new(&[(1, [7; 32])])),
            puts: AtomicU64::new(1),
        }
    }

    /// The service over a store, for instance one that fails.
    pub fn changes_over(&self, store: Arc<dyn ChangeStore>) -> Arc<ChangeService> {
        let entropy = Arc::new(SeededEntropy::new(7));
        Arc::new(ChangeService::new(store, self.seals.clone(), self.clock.clone(), entropy))
    }

    pub fn changes(&self) -> Arc<ChangeService> {
        self.changes_over(self.store.clone())
    }

    /// A person with identity and permanent residence since birth.
    pub async fn person(&self, text: &str, name: &str, sex: Sex, born: &str, code: &str) {
        self.put(text, FactValue::Identity(identity(name, sex, born)), born).await;
        self.put(text, home(code, None, None), born).await;
    }

    pub async fn put(&self, text: &str, value: FactValue, from: &str) {
        self.put_from(text, value, from, "load:people.csv:0").await;
    }

    /// Believes something of a person from a day on, as a source stated it.
    pub async fn put_from(&self, text: &str, value: FactValue, from: &str, source: &str) {
        let from = from.parse::<PartialDate>().unwrap().first_day();
        let (number, existing) = (number(text), self.facts(text).await);
        let count = self.puts.fetch_add(1, Ordering::Relaxed);
        // What was loaded was known long before the day of the test.
        let loaded: Timestamp = "2025-08-01T00:00:00Z".parse().unwrap();
        let recorded_at = record_time(&existing, loaded);
        let belief = Belief { value, valid_from: from, valid_to: None };
        let writes = believe(&existing, number, &[belief], recorded_at, &source.into());
        let event = Event {
            id: CommandId(uuid::Uuid::from_u128(u128::from(count))),
            recorded_at,
            taken_at: recorded_at,
            actor: Actor::Operator { id: "loader".to_owned() },
            evidence: Vec::new(),
            command: Command::NoteJudgment(Judgment {
                number,
                matter: JudgmentMatter::ForeignDecision,
                on: from,
            }),
            persons: vec![number],
            issued: None,
            household: None,
        };
        let commit = Commit {
            guards: Guards::default(),
            event,
            digest: [0; 32],
            changes: vec![(number, writes)],
            findings: Vec::new(),
            stays: Vec::new(),
            units: Vec::new(),
            takes_back: None,
        };
        assert_eq!(self.store.commit(commit).await.unwrap(), Committed::Done);
    }

    pub async fn facts(&self, text: &str) -> Vec<Fact> {
        self.store.record(number(text)).await.unwrap().facts
    }

    /// Events that a service recorded, those of the loader left out.
    pub fn events(&self) -> Vec<Event> {
        let events = self.store.events().into_iter();
        events.filter(|event| event.actor.id() != "loader").collect()
    }
}
