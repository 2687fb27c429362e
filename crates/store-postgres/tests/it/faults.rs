//! The server dies, again and again, while changes and loads are on their way: what was acknowledged is there, and
//! nothing is there twice.

use crate::cluster::{Server, open};
use dancu_changes::{Actor, ChangeService, ChangeStore, Command, CommandId, ContactChange, Cursor, Envelope};
use dancu_core::{CommuneCode, PersonalNumber};
use dancu_register::{
    FactKind, RegisterStore, Seals,
    csv::{COLUMNS, KnownPlaces},
    load::{LoadRequest, load},
};
use dancu_store_postgres::PostgresStore;
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
use tokio::task::{JoinSet, spawn_blocking};

const KILLS: u64 = 4;
const PERSONS: u64 = 5;
const TASKS: u64 = 4;
/// Commands of one task.
const COMMANDS: u64 = 40;
/// Rows of the file that is loaded meanwhile.
const ROWS: u64 = 1_500;

fn number(serial: u64) -> PersonalNumber {
    PersonalNumber::from_value(79_185_000_001 + serial).unwrap()
}

fn envelope(serial: u64) -> Envelope {
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

struct Anywhere;

impl KnownPlaces for Anywhere {
    fn is_known(&self, _: CommuneCode) -> bool {
        true
    }
}

fn people(path: &Path, numbers: impl Iterator<Item = u64>) {
    let mut text = COLUMNS.iter().map(|column| column.name()).collect::<Vec<_>>().join(",");
    let rest = ",".repeat(COLUMNS.len() - 9);
    for serial in numbers {
        write!(text, "\n{},,Trần Thị Lan,F,1985-03-02,,,,VNM{rest}", number(serial)).unwrap();
    }
    std::fs::write(path, text).unwrap();
}

/// Loads a file however often it takes.
async fn load_all(store: PostgresStore, path: std::path::PathBuf) {
    let clock = FakeClock::at("2026-11-21T02:00:00Z");
    let request = LoadRequest { batch_rows: 100, ..LoadRequest::new(&path, date(2026, 11, 21)) };
    while load(&store, &clock, &Anywhere, &request, &mut |_| {}).await.is_err() {
        tokio::task::yield_now().await;
    }
}

/// Sends commands, each until it is recorded; what was acknowledged.
async fn send(service: Arc<ChangeService>, task: u64, done: Arc<AtomicU64>) -> BTreeMap<u64, Timestamp> {
    let mut acknowledged = BTreeMap::new();
    for turn in 0..COMMANDS {
        let serial = turn * TASKS + task;
        let receipt = loop {
            match service.execute(&envelope(serial)).await {
                Ok(receipt) => break receipt,
                Err(dancu_changes::ChangeError::Refused(refusal)) => panic!("{refusal}"),
                Err(_) => tokio::task::yield_now().await,
            }
        };
        acknowledged.insert(serial, receipt.event.recorded_at);
        done.fetch_add(1, Ordering::Relaxed);
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_dies_loses_nothing_and_doubles_nothing() {
    let server = Arc::new(spawn_blocking(Server::start).await.unwrap());
    let store = open(&server.new_location());
    let folder = tempfile::tempdir().unwrap();
    people(&folder.path().join("first.csv"), 0..PERSONS);
    load_all(store.clone(), folder.path().join("first.csv")).await;
    people(&folder.path().join("second.csv"), PERSONS..PERSONS + ROWS);
    let loading = tokio::spawn(load_all(store.clone(), folder.path().join("second.csv")));
    let service = Arc::new(ChangeService::new(
        Arc::new(store.clone()),
        Arc::new(Seals::new(&[(1, [7; 32])])),
        Arc::new(FakeClock::at("2026-11-21T03:00:00Z")),
        Arc::new(SeededEntropy::new(1)),
    ));
    let done = Arc::new(AtomicU64::new(0));
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        tasks.spawn(send(Arc::clone(&service), task, Arc::clone(&done)));
    }
    let killer = {
        let (server, done) = (Arc::clone(&server), Arc::clone(&done));
        spawn_blocking(move || {
            for kill in 1..=KILLS {
                while done.load(Ordering::Relaxed) < kill * TASKS * COMMANDS / (KILLS + 1) {
                    std::thread::yield_now();
                }
                if kill % 2 == 0 {
                    server.cluster.kill();
                } else {
                    server.cluster.stop_immediately();
                }
                server.cluster.resume();
            }
        })
    };
    let acknowledged: BTreeMap<u64, Timestamp> = tasks.join_all().await.into_iter().flatten().collect();
    killer.await.unwrap();
    loading.await.unwrap();
    assert_eq!(store.count_persons().await.unwrap(), PERSONS + ROWS);
    for serial in PERSONS..PERSONS + ROWS {
        assert_eq!(store.history(number(serial)).await.unwrap().len(), 1, "loaded once");
    }
    for (serial, recorded_at) in &acknowledged {
        let (event, _) =
            store.event(envelope(*serial).id).await.unwrap().expect("what was acknowledged is there");
        assert_eq!(event.recorded_at, *recorded_at);
    }
    check_is_whole(&store).await;
}

/// Facts, events and the feed say the same.
async fn check_is_whole(store: &PostgresStore) {
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
