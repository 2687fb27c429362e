//! A small town to move about in. All persons are made up.

use dancu_changes::{
    Actor, Address, ChangeError, ChangeReceipt, ChangeService, ChangeStore, Command, CommandId, Common,
    Envelope, Evidence, EvidenceKind, Member, PermanentMove, Refusal, ResidenceRefusal,
};
use dancu_core::{CommuneCode, PartialDate, PersonalNumber, Sex};
use dancu_register::{
    At, Claim, Claims, CountryCode, FactValue, FileDigest, HouseholdNumber, Identity, Life, LoadBatch,
    LoadProgress, LoadRow, Person, RegisterStore, Relation, Residence, Seals, TemporaryResidence,
};
use dancu_testkit::{FakeClock, MemoryChanges, SeededEntropy};
use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, date},
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use uuid::Uuid;

pub(crate) const TODAY: Date = date(2026, 11, 22);
/// Phường Ba Đình, Hà Nội.
pub(crate) const BA_DINH: &str = "00004";
/// Phường Ngọc Hà, Hà Nội.
pub(crate) const NGOC_HA: &str = "00008";
/// Phường An Hội Tây, Thành phố Hồ Chí Minh.
pub(crate) const AN_HOI_TAY: &str = "26882";

pub(crate) struct Town {
    pub(crate) store: Arc<MemoryChanges>,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) service: ChangeService,
    commands: AtomicU64,
}

/// Somebody who is loaded.
#[derive(Clone)]
pub(crate) struct Loaded {
    pub(crate) serial: u64,
    pub(crate) birth_year: i16,
    pub(crate) home: Residence,
    pub(crate) since: Date,
    pub(crate) died: Option<Date>,
}

pub(crate) fn number(serial: u64) -> PersonalNumber {
    PersonalNumber::from_value(1_085_000_000 + serial).unwrap()
}

pub(crate) fn code(text: &str) -> CommuneCode {
    text.parse().unwrap()
}

pub(crate) fn household(text: &str) -> HouseholdNumber {
    text.parse().unwrap()
}

pub(crate) fn at(commune: &str, line: &str) -> Address {
    Address { commune: code(commune), line: line.to_owned() }
}

pub(crate) fn member(serial: u64, relation_to_head: Relation) -> Member {
    Member { number: number(serial), relation_to_head }
}

pub(crate) const NOWHERE: Residence = Residence {
    permanent_commune: None,
    permanent_address: None,
    household: None,
    relation_to_head: None,
    temporary: None,
    file_number: None,
};

/// Somebody of a household of Ba Đình at `Số 1`, born in 1985, there since 2020.
pub(crate) fn resident(serial: u64, book: &str, relation: Relation) -> Loaded {
    let home = Residence {
        permanent_commune: Some(code(BA_DINH)),
        permanent_address: Some("Số 1".to_owned()),
        household: Some(household(book)),
        relation_to_head: Some(relation),
        ..NOWHERE
    };
    Loaded { serial, birth_year: 1985, home, since: date(2020, 1, 1), died: None }
}

/// Somebody at the same address without a household.
pub(crate) fn lodger(serial: u64) -> Loaded {
    let mut loaded = resident(serial, "X", Relation::Other);
    (loaded.home.household, loaded.home.relation_to_head) = (None, None);
    loaded
}

impl Town {
    pub(crate) fn new() -> Self {
        Self::on(Arc::new(MemoryChanges::new()))
    }

    /// Another process on the same store.
    pub(crate) fn of_another_node(&self) -> Self {
        Self::on(Arc::clone(&self.store))
    }

    fn on(store: Arc<MemoryChanges>) -> Self {
        let clock = Arc::new(FakeClock::at("2026-11-22T02:00:00Z"));
        let seals = Arc::new(Seals::new(&[(1, [7; 32])]));
        let entropy = Arc::new(SeededEntropy::new(3));
        let service = ChangeService::new(store.clone(), seals, clock.clone(), entropy);
        Self { store, clock, service, commands: AtomicU64::new(1) }
    }

    /// The town with a family of three in household `H-1`: head, spouse, child.
    pub(crate) async fn with_a_family() -> Self {
        let town = Self::new();
        let relations = [(1, Relation::Head), (2, Relation::Spouse), (3, Relation::Child)];
        let people: Vec<Loaded> =
            relations.into_iter().map(|(serial, relation)| resident(serial, "H-1", relation)).collect();
        town.load(&people).await;
        town
    }

    /// Loads people as a file would.
    pub(crate) async fn load(&self, people: &[Loaded]) {
        self.clock.advance(SignedDuration::from_secs(1));
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&self.commands.fetch_add(1, Ordering::Relaxed).to_le_bytes());
        let rows: Vec<LoadRow> = people
            .iter()
            .zip(2..)
            .map(|(loaded, line)| LoadRow { line, claims: claims(loaded), at: 0..0 })
            .collect();
        let after = LoadProgress { rows: rows.len() as u64, complete: true, ..LoadProgress::default() };
        let batch = LoadBatch {
            file: FileDigest(digest),
            source: format!("load:{}", digest[0]).into(),
            effective: TODAY,
            recorded_at: dancu_core::Clock::now(&*self.clock),
            text: Vec::new(),
            rows,
            rejects: Vec::new(),
            before: LoadProgress::default(),
            after,
        };
        let outcome = self.store.apply(batch).await.unwrap();
        assert!(outcome.applied && outcome.progress.rejected == 0);
    }

    pub(crate) fn next_id(&self) -> CommandId {
        let serial = self.commands.fetch_add(1, Ordering::Relaxed);
        CommandId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(serial)))
    }

    pub(crate) fn envelope(&self, actor: Actor, papers: &[EvidenceKind], command: Command) -> Envelope {
        let evidence = papers.iter().map(|kind| Evidence {
            kind: *kind,
            reference: "Giấy số 1".to_owned(),
            issued_on: None,
            sha256: None,
        });
        let taken_at = dancu_core::Clock::now(&*self.clock);
        Envelope { id: self.next_id(), actor, evidence: evidence.collect(), taken_at, command }
    }

    /// An officer of a commune sends a command with every kind of paper that residence asks for.
    pub(crate) async fn send(&self, commune: &str, command: Command) -> Result<ChangeReceipt, ChangeError> {
        use EvidenceKind::{Consent, Decision, DwellingPaper, Judgment, Request};
        self.send_with(commune, &[DwellingPaper, Consent, Request, Decision, Judgment], command).await
    }

    pub(crate) async fn send_with(
        &self,
        commune: &str,
        papers: &[EvidenceKind],
        command: Command,
    ) -> Result<ChangeReceipt, ChangeError> {
        self.clock.advance(SignedDuration::from_secs(1));
        let actor = Actor::Officer { id: "can-bo-1".to_owned(), commune: code(commune) };
        self.service.execute(&self.envelope(actor, papers, command)).await
    }

    pub(crate) async fn operate(&self, command: Command) -> Result<ChangeReceipt, ChangeError> {
        self.clock.advance(SignedDuration::from_secs(1));
        let actor = Actor::Operator { id: "trung-tam-1".to_owned() };
        self.service.execute(&self.envelope(actor, &[], command)).await
    }

    /// The persons move to an address of their own.
    pub(crate) async fn settle(
        &self,
        movers: &[Member],
        address: Address,
        on: Date,
    ) -> Result<ChangeReceipt, ChangeError> {
        let commune = address.commune.to_string();
        self.send(&commune, moving(movers, None, Some(address), on)).await
    }

    pub(crate) async fn person_on(&self, serial: u64, as_of: Date) -> Option<Person> {
        self.store.person(number(serial), At { as_of, known_at: Timestamp::MAX }).await.unwrap()
    }

    /// Where somebody lives on a day.
    pub(crate) async fn home_on(&self, serial: u64, as_of: Date) -> Residence {
        let person = self.person_on(serial, as_of).await;
        person.and_then(|person| person.residence().cloned()).unwrap_or(NOWHERE)
    }

    /// The members of a household on a day with what they are in it.
    pub(crate) async fn members_on(&self, book: &HouseholdNumber, day: Date) -> Vec<(u64, Relation)> {
        let mut members = Vec::new();
        for number in self.store.ever_in_household(book, 1_000).await.unwrap() {
            let serial = number.value() - 1_085_000_000;
            let home = self.home_on(serial, day).await;
            if home.household.as_ref() == Some(book) {
                members.push((serial, home.relation_to_head.unwrap()));
            }
        }
        members
    }
}

pub(crate) fn moving(
    movers: &[Member],
    household: Option<HouseholdNumber>,
    address: Option<Address>,
    on: Date,
) -> Command {
    let movers = movers.to_vec();
    Command::RegisterPermanentResidence(PermanentMove { movers, household, address, file_number: None, on })
}

fn claims(loaded: &Loaded) -> Claims {
    let number = number(loaded.serial);
    let born = PartialDate::new(loaded.birth_year, Some(6), Some(15)).unwrap();
    let identity = Identity {
        name: "Lê Thị Mai".parse().unwrap(),
        sex: Sex::Female,
        birth_date: born,
        birth_place: None,
        registration_place: None,
        origin: None,
        nationality: CountryCode::VIET_NAM,
        old_number: None,
    };
    let claim = |value, since| Claim { value, since, until: None };
    let mut claims = vec![
        claim(FactValue::Identity(identity), None),
        claim(FactValue::Residence(loaded.home.clone()), Some(loaded.since)),
    ];
    if let Some(date) = loaded.died {
        claims.push(claim(FactValue::Life(Life::Dead { date: Some(date) }), Some(date)));
    }
    Claims { number, born: born.first_day(), claims }
}

pub(crate) fn temporary(commune: &str, line: &str, since: Date) -> TemporaryResidence {
    TemporaryResidence { commune: code(commune), address: Some(line.to_owned()), since: Some(since) }
}

/// The refusal by the rules of residence.
#[track_caller]
pub(crate) fn refused(outcome: Result<ChangeReceipt, ChangeError>) -> ResidenceRefusal {
    match outcome {
        Err(ChangeError::Refused(Refusal::Residence(refusal))) => refusal,
        other => panic!("no refusal by the rules of residence: {other:?}"),
    }
}

/// The refusal that any command can meet.
#[track_caller]
pub(crate) fn refused_commonly(outcome: Result<ChangeReceipt, ChangeError>) -> Common {
    match outcome {
        Err(ChangeError::Refused(Refusal::Common(refusal))) => refusal,
        other => panic!("no common refusal: {other:?}"),
    }
}
