//! Work that goes on while servers die: commands for few persons, and disclosures into the log.

use dancu_changes::{
    Actor, ChangeError, ChangeService, ChangeStore, Command, CommandId, ContactChange, Cursor, Envelope,
};
use dancu_core::{CommuneCode, PersonalNumber};
use dancu_ledger::{
    BatchTree, Channel, Draft, Frontier, Ledger, LedgerOptions, LedgerRecords, LogSigner, NodeName, Under,
    commitment, generate_key, leaf_hash,
};
use dancu_register::{
    FactKind, RegisterStore, Seals,
    csv::{COLUMNS, KnownPlaces},
    load::{LoadRequest, load},
};
use dancu_store_postgres::{PostgresLedger, PostgresStore, StoreLocation, open_ledger};
use dancu_testkit::{FakeClock, SeededEntropy};
use jiff::{Timestamp, civil::date};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::task::JoinSet;

/// Persons whose contact is changed.
pub const PERSONS: u64 = 5;
const TASKS: u64 = 4;
/// Commands of one task.
const COMMANDS: u64 = 40;
/// Disclosures that go into the log together.
const TOGETHER: u64 = 8;

pub fn number(serial: u64) -> PersonalNumber {
    PersonalNumber::from_value(79_185_000_001 + serial).unwrap()
}

struct Anywhere;

impl KnownPlaces for Anywhere {
    fn is_known(&self, _: CommuneCode) -> bool {
        true
    }
}

/// Writes a file of persons.
pub fn people(path: &Path, numbers: impl Iterator<Item = u64>) {
    let mut text = COLUMNS.iter().map(|column| column.name()).collect::<Vec<_>>().join(",");
    let rest = ",".repeat(COLUMNS.len() - 9);
    for serial in numbers {
        write!(text, "\n{},,Trần Thị Lan,F,1985-03-02,,,,VNM{rest}", number(serial)).unwrap();
    }
    std::fs::write(path, text).unwrap();
}

/// Loads a file however often it takes.
pub async fn load_all(store: PostgresStore, path: std::path::PathBuf) {
    let clock = FakeClock::at("2026-11-21T02:00:00Z");
    let request = LoadRequest { batch_rows: 100, ..LoadRequest::new(&path, date(2026, 11, 21)) };
    while load(&store, &clock, &Anywhere, &request, &mut |_| {}).await.is_err() {
        tokio::task::yield_now().await;
    }
}

/// What was acknowledged: the instant of each command.
pub type Acknowledged = BTreeMap<u64, Timestamp>;

/// Several senders of commands, each of which sends until it is told that the command is recorded.
pub struct Work {
    pub store: PostgresStore,
    service: Arc<ChangeService>,
    done: Arc<AtomicU64>,
}

impl Work {
    /// Loads the persons.
    pub async fn new(store: PostgresStore) -> Self {
        let folder = tempfile::tempdir().unwrap();
        people(&folder.path().join("first.csv"), 0..PERSONS);
        load_all(store.clone(), folder.path().join("first.csv")).await;
        let service = ChangeService::new(
            Arc::new(store.clone()),
            Arc::new(Seals::new(&[(1, [7; 32])])),
            Arc::new(FakeClock::at("2026-11-21T03:00:00Z")),
            Arc::new(SeededEntropy::new(1)),
        );
        Self { store, service: Arc::new(service), done: Arc::default() }
    }

    pub fn envelope(serial: u64) -> Envelope {
        let id = uuid::Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0000 + u128::from(serial));
        Envelope {
            id: CommandId(id),
            actor: Actor::Operator { id: "staff-1".to_owned() },
            evidence: Vec::new(),
            taken_at: "2026-11-21T02:59:00Z".parse().unwrap(),
            command: Command::ChangeContact(ContactChange {
                number: number(serial % PERSONS),
                phone: Some(format!("09{serial:08}")),
                email: None,
                on: date(2026, 11, 20),
            }),
        }
    }

    /// Counts what is acknowledged, for whoever wants to act in the middle.
    pub fn progress(&self) -> Progress {
        Progress { done: Arc::clone(&self.done), of: TASKS * COMMANDS }
    }

    /// Sends so many commands at once, each of them once; which were recorded.
    pub async fn send_each(&self, commands: u64) -> Vec<(u64, bool)> {
        let mut tasks = JoinSet::new();
        for serial in 0..commands {
            let service = Arc::clone(&self.service);
            tasks.spawn(async move { (serial, service.execute(&Self::envelope(serial)).await.is_ok()) });
        }
        tasks.join_all().await
    }

    pub async fn send_all(&self) -> Acknowledged {
        let mut tasks = JoinSet::new();
        for task in 0..TASKS {
            tasks.spawn(send(Arc::clone(&self.service), task, Arc::clone(&self.done)));
        }
        tasks.join_all().await.into_iter().flatten().collect()
    }
}

/// How far work is.
#[derive(Clone)]
pub struct Progress {
    done: Arc<AtomicU64>,
    of: u64,
}

impl Progress {
    pub fn new(of: u64) -> Self {
        Self { done: Arc::default(), of }
    }

    /// Blocks until this part of the work is done.
    pub fn wait_for(&self, part: u64, of_parts: u64) {
        while self.done.load(Ordering::Relaxed) < part * self.of / of_parts {
            std::thread::yield_now();
        }
    }
}

async fn send(service: Arc<ChangeService>, task: u64, done: Arc<AtomicU64>) -> Acknowledged {
    let mut acknowledged = BTreeMap::new();
    for turn in 0..COMMANDS {
        let serial = turn * TASKS + task;
        let receipt = loop {
            match service.execute(&Work::envelope(serial)).await {
                Ok(receipt) => break receipt,
                Err(ChangeError::Refused(refusal)) => panic!("{refusal}"),
                Err(_) => tokio::task::yield_now().await,
            }
        };
        acknowledged.insert(serial, receipt.event.recorded_at);
        done.fetch_add(1, Ordering::Relaxed);
    }
    acknowledged
}

/// What was acknowledged is there, and facts, events and the feed say the same.
pub async fn check_is_whole(store: &PostgresStore, acknowledged: &Acknowledged) {
    for (serial, recorded_at) in acknowledged {
        let (event, _) =
            store.event(Work::envelope(*serial).id).await.unwrap().expect("what was acknowledged is there");
        assert_eq!(event.recorded_at, *recorded_at);
    }
    let outbox = store.outbox(Cursor::default(), 1_000_000).await.unwrap();
    let told: BTreeSet<_> = outbox.iter().map(|entry| (entry.number, entry.event)).collect();
    assert_eq!(told.len(), outbox.len(), "nothing is told twice");
    assert_eq!(outbox.len() as u64, TASKS * COMMANDS);
    for whose in (0..PERSONS).map(number) {
        let events = store.events_of(whose, None, 1_000_000).await.unwrap();
        let of_person = outbox.iter().filter(|entry| entry.number == whose);
        let in_feed: Vec<_> = of_person.map(|entry| (entry.event, entry.recorded_at)).collect();
        let in_list: Vec<_> = events.iter().rev().map(|event| (event.id, event.recorded_at)).collect();
        assert_eq!(in_feed, in_list, "the feed tells each event in its order");
        let history = store.history(whose).await.unwrap();
        let contacts: Vec<_> = history.iter().filter(|fact| fact.value.kind() == FactKind::Contact).collect();
        assert_eq!(contacts.len(), events.len(), "each event wrote one value");
        assert_eq!(contacts.iter().filter(|fact| fact.recorded_to.is_none()).count(), 1);
        let last = events.first().map(|event| event.recorded_at);
        assert_eq!(store.record(whose).await.unwrap().version, last);
    }
}

/// Puts disclosures into the log until the progress is whole, and looks that every receipt is of a record that stands in
/// its place, each once, under one tree, with as many counted as there are.
pub fn disclose_and_check(location: &StoreLocation, progress: &Progress) {
    let PostgresLedger { store, records, .. } = open_ledger(location, &NodeName::default()).unwrap();
    let keys = generate_key("dancu.example/log", &SeededEntropy::new(7)).unwrap();
    let ledger = Ledger::start(
        Box::new(store),
        records.location(),
        LogSigner::new(&keys).unwrap(),
        Arc::new(FakeClock::at("2026-11-21T02:00:00Z")),
        Arc::new(SeededEntropy::new(2)),
        LedgerOptions::default(),
    )
    .unwrap();
    let mut acknowledged = BTreeMap::new();
    let mut attempts = 0_u64;
    while progress.done.load(Ordering::Relaxed) < progress.of {
        let submitted: Vec<_> =
            (attempts..attempts + TOGETHER).map(|attempt| submit(&ledger, attempt)).collect();
        attempts += TOGETHER;
        for disclosed in submitted.into_iter().filter_map(|answer| answer.blocking_recv().unwrap().ok()) {
            let receipt = disclosed.into_receipt();
            receipt.verify(ledger.verifier()).unwrap();
            acknowledged.insert(receipt.leaf_index, receipt.record.into_bytes());
            progress.done.fetch_add(1, Ordering::Relaxed);
        }
    }
    ledger.shut_down();
    let (mut stored, mut leaves) = (BTreeMap::new(), Vec::new());
    records
        .scan(0, u64::MAX, &mut |record| {
            leaves.push(leaf_hash(&commitment(record.salt, record.record)));
            stored.insert(record.index, record.record.to_vec());
        })
        .unwrap();
    for (index, record) in &acknowledged {
        assert_eq!(stored.get(index), Some(record), "a record stands where its receipt says");
    }
    assert!(acknowledged.len() as u64 >= progress.of);
    assert_eq!(stored.values().collect::<BTreeSet<_>>().len(), stored.len(), "no attempt is recorded twice");
    let head = records.head().unwrap().unwrap();
    assert_eq!(head.frontier, *BatchTree::append(&Frontier::default(), leaves).after());
    let counted: u64 = records.quota_counts(date(2026, 1, 1)).unwrap().iter().map(|count| count.used).sum();
    assert_eq!(counted, stored.len() as u64, "what is counted is what was recorded");
}

type Waiting = tokio::sync::oneshot::Receiver<Result<dancu_ledger::Disclosed, dancu_core::StoreError>>;

fn submit(ledger: &Ledger, attempt: u64) -> Waiting {
    let reference = format!("HS-{attempt}");
    let draft = Draft {
        organisation_id: "benh-vien",
        organisation_name: "Bệnh viện thử nghiệm",
        client: "benh-vien-api",
        subject: number(attempt % PERSONS),
        purpose: "patient_admission",
        legal_basis: "Luật thử nghiệm",
        asked: vec!["name"],
        outcome: vec![("name", "match")],
        channel: Channel::Reception,
        reference: &reference,
        under: Under::default(),
    };
    ledger.submit(draft, ledger.reserve("c-1", u64::MAX).unwrap()).unwrap()
}
