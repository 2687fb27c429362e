//! Commits, instants and values for the suite of changes.

use dancu_changes::{
    Actor, ChangeStore, Command, CommandId, Commit, Committed, ContactChange, Cursor, Event, Guards,
    OutboxEntry,
};
use dancu_core::{CommuneCode, PersonalNumber};
use dancu_register::{
    At, Belief, Change, Contact, FactKind, FactValue, Family, HouseholdNumber, Identity, Person, Residence,
    SealedValue, believe,
};
use jiff::{
    Timestamp,
    civil::{Date, date},
};
use std::sync::Arc;
use uuid::Uuid;

pub(super) const TODAY: Date = date(2026, 11, 21);

/// A store with what the cases ask of it again and again.
pub(super) struct Desk {
    pub(super) store: Arc<dyn ChangeStore>,
}

pub(super) fn number(serial: u64) -> PersonalNumber {
    PersonalNumber::from_value(1_085_000_000 + serial).expect("a number")
}

pub(super) fn commune(code: u32) -> CommuneCode {
    CommuneCode::from_value(code).expect("a code")
}

pub(super) fn household(name: &str) -> HouseholdNumber {
    name.parse().expect("a household")
}

pub(super) fn id(serial: u128) -> CommandId {
    CommandId(Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0000 + serial))
}

/// Seconds of the day on which the tests write.
pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_200_000 + second).expect("an instant")
}

pub(super) fn contact(phone: &str) -> FactValue {
    FactValue::Contact(Contact { phone: Some(phone.to_owned()), email: None })
}

pub(super) fn identity(name: &str) -> FactValue {
    FactValue::Identity(Identity {
        name: name.parse().expect("a name"),
        sex: dancu_core::Sex::Female,
        birth_date: "1985-03-02".parse().expect("a date"),
        birth_place: Some(commune(4)),
        registration_place: None,
        origin: None,
        nationality: "VNM".parse().expect("a country"),
        old_number: None,
    })
}

pub(super) fn family(father: Option<u64>, mother: Option<u64>, spouse: Option<u64>) -> FactValue {
    let person = |serial: Option<u64>| serial.map(number);
    FactValue::Family(Family {
        marital_status: None,
        father: person(father),
        mother: person(mother),
        spouse: person(spouse),
    })
}

pub(super) fn home(code: u32, of_household: Option<&str>) -> Residence {
    Residence {
        permanent_commune: Some(commune(code)),
        permanent_address: Some(format!("Số {code}")),
        household: of_household.map(household),
        relation_to_head: None,
        temporary: None,
        file_number: None,
    }
}

pub(super) fn sealed(kind: FactKind, bytes: &[u8]) -> FactValue {
    FactValue::Sealed(SealedValue { kind, bytes: bytes.into() })
}

pub(super) fn since(value: FactValue, valid_from: Date) -> Belief {
    Belief { value, valid_from, valid_to: None }
}

/// An event of some persons that changes nothing yet. Its command only fills the place.
pub(super) fn noted(id: CommandId, second: i64, persons: &[PersonalNumber]) -> Commit {
    let on = TODAY;
    let whose = persons.first().copied().unwrap_or_else(|| number(0));
    let command = Command::ChangeContact(ContactChange { number: whose, phone: None, email: None, on });
    Commit {
        guards: Guards::default(),
        event: Event {
            id,
            recorded_at: at(second),
            taken_at: at(second - 1),
            actor: Actor::Officer { id: "staff-1".to_owned(), commune: commune(4) },
            evidence: Vec::new(),
            command,
            persons: persons.to_vec(),
            issued: None,
            household: None,
        },
        digest: [id.0.as_bytes()[15]; 32],
        changes: persons.iter().map(|number| (*number, Vec::new())).collect(),
        findings: Vec::new(),
        stays: Vec::new(),
        units: Vec::new(),
        takes_back: None,
    }
}

pub(super) fn source() -> Arc<str> {
    "change_contact:00004".into()
}

impl Desk {
    pub(super) fn new(store: Arc<dyn ChangeStore>) -> Self {
        Self { store }
    }

    /// The writes by which a person takes in beliefs, worked out from what the store holds.
    pub(super) async fn writes(&self, whose: u64, second: i64, beliefs: &[Belief]) -> Vec<Change> {
        let whose = number(whose);
        let mut history = self.store.record(whose).await.expect("reads").facts;
        history.extend(self.store.sealed_history(whose).await.expect("reads"));
        believe(&history, whose, beliefs, at(second), &source())
    }

    /// A commit about one person under the guard of their version.
    pub(super) async fn commit_of(&self, event: u128, second: i64, whose: u64, beliefs: &[Belief]) -> Commit {
        let version = self.store.record(number(whose)).await.expect("reads").version;
        let mut commit = noted(id(event), second, &[number(whose)]);
        commit.changes = vec![(number(whose), self.writes(whose, second, beliefs).await)];
        commit.guards.persons = vec![(number(whose), version)];
        commit
    }

    /// A person believes something from a second on; the second is the event's identifier too.
    pub(super) async fn state(&self, second: u32, whose: u64, beliefs: &[Belief]) {
        let commit = self.commit_of(u128::from(second), i64::from(second), whose, beliefs).await;
        assert_eq!(self.commit(commit).await, Committed::Done);
    }

    pub(super) async fn commit(&self, commit: Commit) -> Committed {
        self.store.commit(commit).await.expect("writes")
    }

    pub(super) async fn version(&self, whose: u64) -> Option<Timestamp> {
        self.store.record(number(whose)).await.expect("reads").version
    }

    pub(super) async fn person(&self, whose: u64, at: At) -> Option<Person> {
        self.store.person(number(whose), at).await.expect("reads")
    }

    pub(super) async fn phone(&self, whose: u64) -> Option<String> {
        let person = self.person(whose, At { as_of: TODAY, known_at: at(1_000_000) }).await;
        person.and_then(|person| person.contact()?.phone.clone())
    }

    /// The whole outbox.
    pub(super) async fn outbox(&self) -> Vec<OutboxEntry> {
        self.store.outbox(Cursor::default(), 100_000).await.expect("reads")
    }
}
