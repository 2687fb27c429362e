//! A desk over a register in memory: commands as their JSON, and what became of them.

use dancu_changes::{
    ChangeError, ChangeReceipt, ChangeService, ChangeStore, Command, CommandId, Envelope, Evidence,
    EvidenceKind, Finding, FindingFilter, FindingKind,
};
use dancu_core::{Clock, Explain, PersonalNumber};
use dancu_register::{
    At, Claim, Claims, FactValue, Family, FileDigest, LoadBatch, LoadProgress, LoadRow, MaritalStatus,
    Person, RegisterStore, Seals,
};
use dancu_testkit::{FakeClock, MemoryChanges, SeededEntropy};
use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, date},
};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Where the desk stands, in Hà Nội.
pub const HERE: &str = "00004";
/// Another commune of today.
pub const ELSEWHERE: &str = "26882";
pub const TODAY: Date = date(2026, 11, 22);

/// A clock, a store and the service between.
pub struct Desk {
    pub store: Arc<MemoryChanges>,
    pub clock: Arc<FakeClock>,
    pub service: ChangeService,
    count: AtomicU64,
}

impl Desk {
    pub fn open() -> Self {
        Self::with_seed(1)
    }

    pub fn with_seed(seed: u64) -> Self {
        let store = Arc::new(MemoryChanges::new());
        let clock = Arc::new(FakeClock::at("2026-11-22T02:00:00Z"));
        let service =
            ChangeService::new(store.clone(), seals(), clock.clone(), Arc::new(SeededEntropy::new(seed)));
        Self { store, clock, service, count: AtomicU64::new(0) }
    }

    /// The envelope of a command; `None` for the centre.
    pub fn envelope(&self, commune: Option<&str>, papers: &[&str], command: Value) -> Envelope {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let mut random = [0; 10];
        random[2..].copy_from_slice(&count.to_be_bytes());
        let paper = |kind: &&str| Evidence {
            kind: serde_json::from_value::<EvidenceKind>(json!(kind)).expect("a kind of paper"),
            reference: "12/2026".to_owned(),
            issued_on: None,
            sha256: None,
        };
        let actor = match commune {
            Some(commune) => json!({"role": "officer", "id": "o1", "commune": commune}),
            None => json!({"role": "operator", "id": "c1"}),
        };
        Envelope {
            id: CommandId::new(self.clock.now(), &random),
            actor: serde_json::from_value(actor).expect("an actor"),
            evidence: papers.iter().map(paper).collect(),
            taken_at: self.clock.now(),
            command: serde_json::from_value::<Command>(command).expect("a command"),
        }
    }

    pub async fn send_from(
        &self,
        commune: Option<&str>,
        papers: &[&str],
        command: Value,
    ) -> Result<ChangeReceipt, ChangeError> {
        self.clock.advance(SignedDuration::from_secs(1));
        self.service.execute(&self.envelope(commune, papers, command)).await
    }

    pub async fn send(&self, papers: &[&str], command: Value) -> Result<ChangeReceipt, ChangeError> {
        self.send_from(Some(HERE), papers, command).await
    }

    /// The command is recorded.
    pub async fn accepted(&self, papers: &[&str], command: Value) -> ChangeReceipt {
        let shown = command.to_string();
        match self.send(papers, command).await {
            Ok(receipt) => receipt,
            Err(error) => panic!("{shown}: {}", error.explain().en),
        }
    }

    /// The command is refused; its code.
    pub async fn refused(&self, papers: &[&str], command: Value) -> String {
        let shown = command.to_string();
        let events = self.store.events().len();
        let error = self.send(papers, command).await.expect_err(&shown);
        assert_eq!(self.store.events().len(), events, "nothing is recorded of a refusal");
        assert!(!error.explain().vi.is_empty());
        error.explain().code.to_owned()
    }

    pub async fn person_on(&self, number: PersonalNumber, day: Date) -> Person {
        self.seen(number, At { as_of: day, known_at: Timestamp::MAX }).await.expect("held")
    }

    pub async fn person(&self, number: PersonalNumber) -> Person {
        self.person_on(number, TODAY).await
    }

    pub async fn seen(&self, number: PersonalNumber, at: At) -> Option<Person> {
        self.store.person(number, at).await.expect("reads")
    }

    pub async fn findings(&self, kind: FindingKind) -> Vec<Finding> {
        let filter = FindingFilter { kind: Some(kind), ..FindingFilter::default() };
        self.store.findings(filter, None, 100).await.expect("reads")
    }

    /// Someone who has a number and no home.
    pub async fn issue(&self, name: &str, sex: &str, born: &str) -> PersonalNumber {
        let receipt = self.accepted(&["civil_status_paper"], issue(name, sex, born)).await;
        receipt.event.issued.expect("a number")
    }

    /// Someone who lives here, at the head of a household.
    pub async fn resident(&self, name: &str, sex: &str, born: &str) -> PersonalNumber {
        let number = self.issue(name, sex, born).await;
        self.house(&[(number, "head")]).await;
        number
    }

    /// They live here together.
    pub async fn house(&self, members: &[(PersonalNumber, &str)]) {
        let movers: Vec<Value> = members
            .iter()
            .map(|(number, relation)| json!({"number": number, "relation_to_head": relation}))
            .collect();
        let line = format!("Số {} phố Hàng Bông", self.count.load(Ordering::Relaxed));
        let command = json!({
            "command": "register_permanent_residence", "movers": movers,
            "address": {"commune": HERE, "line": line}, "on": "2025-08-01",
        });
        self.accepted(&["dwelling_paper"], command).await;
    }

    /// A file of today says who is married to whom; nothing of when.
    pub async fn load_married(&self, number: PersonalNumber, spouse: Option<PersonalNumber>) {
        let family =
            Family { marital_status: Some(MaritalStatus::Married), father: None, mother: None, spouse };
        let claims = Claims {
            number,
            born: date(1990, 1, 1),
            claims: vec![Claim { value: FactValue::Family(family), since: None, until: None }],
        };
        let done = LoadProgress { bytes: 1, lines: 1, rows: 1, ..LoadProgress::default() };
        let mut file = [0; 32];
        file[..8].copy_from_slice(&number.value().to_be_bytes());
        let batch = LoadBatch {
            file: FileDigest(file),
            source: "load:people.csv:07".into(),
            effective: TODAY,
            recorded_at: self.clock.now(),
            text: Vec::new(),
            rows: vec![LoadRow { line: 2, claims, at: 0..0 }],
            rejects: Vec::new(),
            before: LoadProgress::default(),
            after: done,
        };
        assert_eq!(self.store.apply(batch).await.expect("writes").changed, 1);
    }

    /// A married couple with a household: husband and wife, born 1990 and 1992, married 2018.
    pub async fn couple(&self) -> (PersonalNumber, PersonalNumber) {
        let husband = self.issue("Trần Văn Bình", "M", "1990-05-06").await;
        let wife = self.issue("Lê Thị Hoa", "F", "1992-03-04").await;
        self.house(&[(husband, "head"), (wife, "spouse")]).await;
        self.accepted(&[], marry(husband, wife, "2018-06-01")).await;
        (husband, wife)
    }
}

pub fn seals() -> Arc<Seals> {
    Arc::new(Seals::new(&[(1, [7; 32])]))
}

pub fn issue(name: &str, sex: &str, born: &str) -> Value {
    json!({
        "command": "issue_number", "name": name, "sex": sex, "birth_date": born, "number_place": 1,
        "nationality": "VNM",
    })
}

pub fn birth(
    name: &str,
    born: &str,
    mother: Option<PersonalNumber>,
    father: Option<PersonalNumber>,
) -> Value {
    json!({
        "command": "register_birth", "name": name, "sex": "F", "birth_date": born, "birth_place": HERE,
        "nationality": "VNM", "mother": mother, "father": father,
    })
}

pub fn marry(first: PersonalNumber, second: PersonalNumber, on: &str) -> Value {
    json!({"command": "register_marriage", "first": first, "second": second, "on": on})
}

/// The object with a field set.
pub fn with(mut command: Value, field: &str, value: Value) -> Value {
    command[field] = value;
    command
}
