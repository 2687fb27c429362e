//! The process dies at any byte it writes, again and again, while it records changes: whatever was acknowledged is
//! there once, and sending everything again gives the same events.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use dancu_changes::{
    Actor, ChangeService, ChangeStore, Command, CommandId, Compensation, ContactChange, Cursor, Envelope,
    OtherNameStatement, SharedStatement, shared_items,
};
use dancu_core::PersonalNumber;
use dancu_register::{
    FactKind, RegisterStore, Seals,
    csv::{COLUMNS, KnownPlaces},
    load::{LoadRequest, load},
};
use dancu_store_sqlite::{DatabaseOptions, SqliteStore};
use dancu_testkit::{FakeClock, SeededEntropy};
use jiff::civil::date;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    io::{BufRead, BufReader, Write as _},
    ops::Range,
    path::Path,
    process::{Child, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

const KILLS: u64 = 40;
const PERSONS: u64 = 6;
/// Commands of one life; more than any life lasts.
const COMMANDS: u64 = 2_000;
/// Commands that are on their way at the same time.
const TASKS: u64 = 6;
/// The latest point of a kill, in bytes written after the start: some dozen commands.
const BYTES_MAX: u64 = 1_500_000;
/// Longest wait for a process. Reached only when something is broken.
const TIME_MAX: Duration = Duration::from_mins(4);

fn number(serial: u64) -> PersonalNumber {
    PersonalNumber::from_value(79_185_000_001 + serial % PERSONS).unwrap()
}

fn open(folder: &Path) -> (Arc<SqliteStore>, Arc<ChangeService>) {
    let store = Arc::new(SqliteStore::open(folder, DatabaseOptions::default()).unwrap());
    let service = ChangeService::new(
        Arc::clone(&store) as Arc<dyn ChangeStore>,
        Arc::new(Seals::new(&[(1, [7; 32])])),
        Arc::new(FakeClock::at("2026-11-21T03:00:00Z")),
        Arc::new(SeededEntropy::new(1)),
    );
    (store, Arc::new(service))
}

fn id(serial: u64) -> CommandId {
    CommandId(uuid::Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0000 + u128::from(serial)))
}

/// The command of a serial: always the same, so that it can be sent again. Every fifth takes back the one before the
/// last, which is another person's and may have been built upon.
fn envelope(serial: u64) -> Envelope {
    let (whose, on) = (number(serial), date(2026, 11, 20));
    let command = match serial % 5 {
        0 => Command::StateOtherName(OtherNameStatement {
            number: whose,
            name: format!("Trần Thị {}", ["Lan", "Mai", "Cúc"][(serial / 5 % 3) as usize]).parse().ok(),
            on,
        }),
        1 => Command::StateShared(SharedStatement {
            number: whose,
            items: vec![(shared_items::codes().next().unwrap().to_owned(), format!("{serial}"))],
            on,
        }),
        4 => Command::Compensate(Compensation { event: id(serial - 2), reason: "Nhập nhầm".to_owned() }),
        _ => {
            let phone = Some(format!("09{serial:08}"));
            Command::ChangeContact(ContactChange { number: whose, phone, email: None, on })
        }
    };
    Envelope {
        id: id(serial),
        actor: Actor::Operator { id: "staff-1".to_owned() },
        evidence: Vec::new(),
        taken_at: "2026-11-21T02:59:00Z".parse().unwrap(),
        command,
    }
}

/// One life: records commands from a serial on, and says which are durable. Started by the test below, which tells
/// the folder and the first serial on the standard input.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
#[ignore = "the process that the next test kills"]
async fn records_until_it_is_killed() {
    let mut said = String::new();
    std::io::stdin().read_line(&mut said).unwrap();
    // Nothing is said when somebody runs the ignored tests.
    let Some((first, folder)) = said.trim().split_once(' ') else { return };
    let first: u64 = first.parse().unwrap();
    let (_, service) = open(Path::new(folder));
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let service = Arc::clone(&service);
        tasks.spawn(async move {
            for turn in 0..COMMANDS / TASKS {
                let serial = first + turn * TASKS + task;
                // A refusal is an answer too: what was to be taken back may not be there, or be built upon.
                let Ok(receipt) = service.execute(&envelope(serial)).await else { continue };
                let line = format!("recorded {serial} {}\n", receipt.event.recorded_at.as_microsecond());
                std::io::stderr().lock().write_all(line.as_bytes()).unwrap();
            }
        });
    }
    tasks.join_all().await;
}

/// Bytes that a process has handed to `write` and its like; `None` when it has ended.
fn written(child: &Child) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{}/io", child.id())).ok()?;
    text.lines().find_map(|line| line.strip_prefix("wchar: ")?.trim().parse().ok())
}

/// One life up to its end by SIGKILL; the serials that it acknowledged, with their times of record.
fn life(folder: &Path, first: u64, bytes: u64) -> BTreeMap<u64, i64> {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["records_until_it_is_killed", "--exact", "--ignored", "--nocapture"]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{first} {}", folder.display()).unwrap();
    let output = BufReader::new(child.stderr.take().unwrap());
    let reader = std::thread::spawn(move || {
        let lines = output.lines().map_while(Result::ok);
        // The last line may be cut, which then lacks digits of its instant.
        let whole = lines.filter_map(|line| {
            let (serial, instant) = line.strip_prefix("recorded ")?.split_once(' ')?;
            (instant.len() == 16).then(|| (serial.parse().unwrap(), instant.parse().unwrap()))
        });
        whole.collect()
    });
    let until = Instant::now() + TIME_MAX;
    while written(&child).is_some_and(|written| written < bytes) {
        assert!(child.try_wait().unwrap().is_none(), "the process ended by itself");
        assert!(Instant::now() < until, "the process does not write");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

/// The persons, loaded from a file.
async fn create(folder: &Path) {
    struct Anywhere;
    impl KnownPlaces for Anywhere {
        fn is_known(&self, _: dancu_core::CommuneCode) -> bool {
            true
        }
    }
    let mut text = COLUMNS.iter().map(|column| column.name()).collect::<Vec<_>>().join(",");
    for serial in 0..PERSONS {
        let rest = ",".repeat(COLUMNS.len() - 9);
        write!(text, "\n{},,Trần Thị Lan,F,1985-03-02,,,,VNM{rest}", number(serial)).unwrap();
    }
    let path = folder.join("people.csv");
    std::fs::write(&path, text).unwrap();
    let (store, _) = open(folder);
    let clock = FakeClock::at("2026-11-21T02:00:00Z");
    let request = LoadRequest::new(&path, date(2026, 11, 21));
    let report = load(&*store, &clock, &Anywhere, &request, &mut |_| {}).await.unwrap();
    assert_eq!(report.added, PERSONS);
    store.database().close();
}

/// Everything acknowledged is there; all sent again, each is one event, and what was acknowledged is the same.
async fn check_and_send_again(folder: &Path, acknowledged: &BTreeMap<u64, i64>, sent: Range<u64>) {
    let (store, service) = open(folder);
    for (serial, instant) in acknowledged {
        let (event, _) = store.event(id(*serial)).await.unwrap().expect("what was acknowledged is there");
        assert_eq!(event.recorded_at.as_microsecond(), *instant);
    }
    for serial in sent {
        let before = store.event(id(serial)).await.unwrap();
        let Ok(receipt) = service.execute(&envelope(serial)).await else {
            assert!(before.is_none(), "a recorded command is never refused");
            continue;
        };
        assert_eq!(receipt.was_known, before.is_some());
        assert!(before.is_none_or(|(event, _)| event == receipt.event));
    }
    check_is_whole(&store).await;
    store.database().close();
}

/// Facts, events and the feed say the same.
async fn check_is_whole(store: &SqliteStore) {
    let outbox = store.outbox(Cursor::default(), 1_000_000).await.unwrap();
    let told: BTreeSet<_> = outbox.iter().map(|entry| (entry.number, entry.event)).collect();
    assert_eq!(told.len(), outbox.len(), "nothing is told twice");
    let mut events_of_all = 0;
    for whose in (0..PERSONS).map(number) {
        let events = store.events_of(whose, None, 1_000_000).await.unwrap();
        events_of_all += events.len();
        let of_person = outbox.iter().filter(|entry| entry.number == whose);
        let in_feed: Vec<_> = of_person.map(|entry| (entry.event, entry.recorded_at)).collect();
        let in_list: Vec<_> = events.iter().rev().map(|event| (event.id, event.recorded_at)).collect();
        assert_eq!(in_feed, in_list, "the feed tells each event in its order");
        let history = store.history(whose).await.unwrap();
        let instants: BTreeSet<_> = events.iter().map(|event| event.recorded_at).collect();
        let loaded = |source: &str| source.starts_with("load:");
        assert!(history.iter().all(|fact| loaded(&fact.source) || instants.contains(&fact.recorded_from)));
        assert!(history.iter().filter_map(|fact| fact.recorded_to).all(|end| instants.contains(&end)));
        for kind in FactKind::ALL {
            let believed =
                history.iter().filter(|fact| fact.value.kind() == kind && fact.recorded_to.is_none());
            assert!(believed.count() <= 1, "one value of a kind is believed: all hold from one day");
        }
        if let Some(last) = events.first() {
            assert_eq!(store.record(whose).await.unwrap().version, Some(last.recorded_at));
        }
    }
    assert_eq!(outbox.len(), events_of_all);
    let sound: String = store
        .database()
        .read(|connection| connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)))
        .unwrap();
    assert_eq!(sound, "ok");
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_or_doubled_when_the_process_is_killed_40_times() {
    let folder = tempfile::tempdir().unwrap();
    create(folder.path()).await;
    let (mut all, mut first) = (BTreeMap::new(), 0);
    for kill in 0..KILLS {
        // Spread over the life without two at one point.
        let bytes = kill.wrapping_mul(0x9E37_79B9_7F4A_7C15) % BYTES_MAX;
        let acknowledged = life(folder.path(), first, bytes);
        let sent_to = acknowledged.keys().next_back().map_or(first, |last| last + 1 + TASKS);
        check_and_send_again(folder.path(), &acknowledged, first..sent_to).await;
        all.extend(acknowledged);
        first = sent_to;
    }
    assert!(all.len() as u64 > KILLS * 2, "only {} commands: the lives are too short", all.len());
    eprintln!("{KILLS} kills, {} commands acknowledged by those who were killed", all.len());
    check_and_send_again(folder.path(), &all, 0..first).await;
}
