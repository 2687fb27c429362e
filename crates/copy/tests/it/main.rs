//! Files to a database and back: the same rows, the same answers; broken off anywhere, it goes on.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use async_trait::async_trait;
use dancu_changes::{Actor, ChangeService, ChangeStore, Command, CommandId, ContactChange, Cursor, Envelope};
use dancu_copy::{Cell, CopyError, Kind, Place, Row, RowStore, TABLES, Table, TableReport, copy};
use dancu_core::{CommuneCode, PersonalNumber, StoreError};
use dancu_feed::{FeedStore, LetterChange, Subscriber};
use dancu_handover::{EntryState, HandoverStore};
use dancu_identity::{Account, AccountId, IdentityStore, Role, StaffProfile, Subject};
use dancu_register::{
    RegisterStore, Seals,
    csv::{COLUMNS, KnownPlaces},
    load::{LoadRequest, load},
};
use dancu_store_postgres::{DatabaseOptions, PostgresStore};
use dancu_store_sqlite::{SqliteHandover, SqliteRows, SqliteStore};
use dancu_testkit::{FakeClock, PostgresCluster, SeededEntropy};
use jiff::civil::date;
use std::{
    cmp::Ordering::{Equal, Greater, Less},
    fmt::Write as _,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// More than one portion.
const PERSONS: u64 = 1_200;
const EVENTS: u64 = 40;

fn number(serial: u64) -> PersonalNumber {
    PersonalNumber::from_value(79_185_000_001 + serial).unwrap()
}

struct Anywhere;

impl KnownPlaces for Anywhere {
    fn is_known(&self, _: CommuneCode) -> bool {
        true
    }
}

fn change(store: &Arc<dyn ChangeStore>) -> ChangeService {
    ChangeService::new(
        Arc::clone(store),
        Arc::new(Seals::new(&[(1, [7; 32])])),
        Arc::new(FakeClock::at("2026-11-21T03:00:00Z")),
        Arc::new(SeededEntropy::new(1)),
    )
}

fn envelope(serial: u64) -> Envelope {
    Envelope {
        id: CommandId(uuid::Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0000 + u128::from(serial))),
        actor: Actor::Operator { id: "staff-1".to_owned() },
        evidence: Vec::new(),
        taken_at: "2026-11-21T02:59:00Z".parse().unwrap(),
        command: Command::ChangeContact(ContactChange {
            number: number(serial % 7),
            phone: Some(format!("09{serial:08}")),
            email: None,
            on: date(2026, 11, 20),
        }),
    }
}

/// A store of files with persons, a rejected row, events and an account.
async fn fill(folder: &Path) {
    let store = SqliteStore::open(folder, dancu_store_sqlite::DatabaseOptions::default()).unwrap();
    let mut text = COLUMNS.iter().map(|column| column.name()).collect::<Vec<_>>().join(",");
    let rest = ",".repeat(COLUMNS.len() - 9);
    for serial in 0..PERSONS {
        write!(text, "\n{},,Trần Thị Lan,F,1985-03-02,,,,VNM{rest}", number(serial)).unwrap();
    }
    write!(text, "\n12,,Trần Thị Lan,F,1985-03-02,,,,VNM{rest}").unwrap();
    let path = folder.join("people.csv");
    std::fs::write(&path, text).unwrap();
    let clock = FakeClock::at("2026-11-21T02:00:00Z");
    let request = LoadRequest::new(&path, date(2026, 11, 21));
    load(&store, &clock, &Anywhere, &request, &mut |_| {}).await.unwrap();
    let changes: Arc<dyn ChangeStore> = Arc::new(store.clone());
    let service = change(&changes);
    for serial in 0..EVENTS {
        service.execute(&envelope(serial)).await.unwrap();
    }
    let profile = StaffProfile {
        id: "an.nguyen".parse().unwrap(),
        name: "Nguyễn An".parse().unwrap(),
        role: Role::Operator,
    };
    let account = Account {
        id: AccountId::from_bytes(&[9; 16]).unwrap(),
        subject: Subject::Staff(profile),
        opened: "2026-11-21T02:00:00Z".parse().unwrap(),
    };
    store.put_staff(account).await.unwrap();
    store.database().close();
    let queue = SqliteHandover::open(folder).unwrap();
    let instant = "2026-11-21T02:00:00Z".parse().unwrap();
    for serial in 0..3 {
        queue.add(envelope(serial).id, instant, vec![7; 40]).await.unwrap();
    }
    queue.mark_sent(vec![envelope(1).id], instant).await.unwrap();
}

async fn copied(from: &dyn RowStore, to: &dyn RowStore) -> Result<Vec<TableReport>, CopyError> {
    copy(from, to, &mut |_| {}).await
}

/// A store that fails at the n-th portion: before it is written, or after it is and before that is told.
struct Failing<'a> {
    store: &'a dyn RowStore,
    calls: AtomicU64,
    fails_at: u64,
    after_commit: bool,
}

#[async_trait]
impl RowStore for Failing<'_> {
    fn name(&self) -> String {
        self.store.name()
    }

    async fn rows(
        &self,
        table: &'static Table,
        after: Option<&[Cell]>,
        length_max: usize,
    ) -> Result<Vec<Row>, StoreError> {
        self.store.rows(table, after, length_max).await
    }

    async fn last_key(&self, table: &'static Table) -> Result<Option<Vec<Cell>>, StoreError> {
        self.store.last_key(table).await
    }

    async fn add_rows(&self, table: &'static Table, rows: Vec<Row>) -> Result<(), StoreError> {
        if self.calls.fetch_add(1, Ordering::Relaxed) != self.fails_at {
            return self.store.add_rows(table, rows).await;
        }
        if self.after_commit {
            self.store.add_rows(table, rows).await?;
        }
        Err(StoreError::Overloaded)
    }

    async fn copied_from(&self) -> Result<Option<String>, StoreError> {
        self.store.copied_from().await
    }

    async fn set_copied_from(&self, source: Option<String>) -> Result<(), StoreError> {
        self.store.set_copied_from(source).await
    }

    async fn derive(&self) -> Result<(), StoreError> {
        self.store.derive().await
    }
}

async fn postgres(cluster: &PostgresCluster) -> PostgresStore {
    let location = cluster.url(&cluster.create_database("template0")).parse().unwrap();
    PostgresStore::open(&location, DatabaseOptions::default()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_to_a_database_and_back_is_the_same_and_goes_on_being_used() {
    let (first, last) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fill(first.path()).await;
    let cluster = PostgresCluster::start();
    let from = SqliteRows::open(first.path()).unwrap();
    let to = postgres(&cluster).await;
    let there = copied(&from, &to).await.unwrap();
    let rows = |name: &str| there.iter().find(|report| report.table == name).unwrap().rows;
    assert_eq!((rows("event"), rows("outbox"), rows("load_reject"), rows("account")), (EVENTS, EVENTS, 1, 1));
    assert_eq!(to.count_persons().await.unwrap(), PERSONS);
    assert_eq!(copied(&from, &to).await.unwrap(), there, "run again it is the same");

    let other = SqliteRows::open(last.path()).unwrap();
    assert_eq!(copied(&to, &other).await.unwrap(), there, "back again it is the same");
    other.close();
    let files = SqliteStore::open(last.path(), dancu_store_sqlite::DatabaseOptions::default()).unwrap();
    assert_eq!(files.count_persons().await.unwrap(), PERSONS);
    for serial in [0, 3, 900] {
        let history = files.history(number(serial)).await.unwrap();
        assert_eq!(to.history(number(serial)).await.unwrap(), history);
        assert_eq!(
            to.record(number(serial)).await.unwrap().version,
            files.record(number(serial)).await.unwrap().version
        );
    }
    // So does the queue of a commune: what was open is, and what is added comes last.
    let sent = to.row(envelope(1).id).await.unwrap().unwrap();
    assert_eq!((sent.sequence, sent.state, sent.attempts), (2, EntryState::Sent, 1));
    to.add(envelope(9).id, "2026-11-21T03:00:00Z".parse().unwrap(), vec![8]).await.unwrap();
    assert_eq!(
        to.open_rows(9).await.unwrap().last().map(|row| (row.sequence, row.id)),
        Some((4, envelope(9).id))
    );
    // The database goes on: guards hold, identifiers are known, the feed continues behind what was copied.
    let end = to.outbox_end().await.unwrap();
    let changes: Arc<dyn ChangeStore> = Arc::new(to.clone());
    let service = change(&changes);
    assert!(service.execute(&envelope(5)).await.unwrap().was_known);
    assert!(!service.execute(&envelope(EVENTS)).await.unwrap().was_known);
    let news = to.outbox(end, 10).await.unwrap();
    assert_eq!(news.iter().map(|entry| entry.event).collect::<Vec<_>>(), [envelope(EVENTS).id]);
    assert!(matches!(copied(&from, &to).await, Err(CopyError::NotEmpty { .. })), "what is in use stays");
    let whole = to.outbox(Cursor::default(), 1_000).await.unwrap();
    assert_eq!(whole.len() as u64, EVENTS + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_missed_changes_before_a_copy_has_missed_them_after_it_too() {
    let cluster = PostgresCluster::start();
    let (database, folder) = (postgres(&cluster).await, tempfile::tempdir().unwrap());
    let source = tempfile::tempdir().unwrap();
    fill(source.path()).await;
    copied(&SqliteRows::open(source.path()).unwrap(), &database).await.unwrap();
    let changes: Arc<dyn ChangeStore> = Arc::new(database.clone());
    let service = change(&changes);
    let mut cursors = vec![];
    for serial in EVENTS..EVENTS + 4 {
        service.execute(&envelope(serial)).await.unwrap();
        cursors.push(database.outbox_end().await.unwrap());
    }
    let everything = "2100-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(database.remove_outbox(everything, 42).await.unwrap(), 42);
    for (place, client) in ["late", "level", "ahead"].into_iter().enumerate() {
        let subscriber = Subscriber::new(client.parse().unwrap(), cursors[place]);
        database.save_subscriber(subscriber, LetterChange::Keep).await.unwrap();
    }
    let (files, back) = (SqliteRows::open(folder.path()).unwrap(), postgres(&cluster).await);
    let there = copied(&database, &files).await.unwrap();
    assert_eq!(copied(&files, &back).await.unwrap(), there, "the places are the same further on");
    files.close();
    let files = SqliteStore::open(folder.path(), dancu_store_sqlite::DatabaseOptions::default()).unwrap();
    let stores: [(&dyn ChangeStore, &dyn FeedStore); 2] = [(&files, &files), (&back, &back)];
    for (changes, feed) in stores {
        let start = changes.outbox_start().await.unwrap();
        let mut orders = vec![];
        for client in ["late", "level", "ahead"] {
            let cursor = feed.subscriber(&client.parse().unwrap()).await.unwrap().unwrap().cursor;
            orders.push((cursor.cmp(&start), changes.outbox(cursor, 9).await.unwrap().len()));
        }
        assert_eq!(orders, [(Less, 2), (Equal, 2), (Greater, 1)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_broken_off_anywhere_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path()).await;
    let cluster = PostgresCluster::start();
    let from = SqliteRows::open(folder.path()).unwrap();
    let target = tempfile::tempdir().unwrap();
    let (files, database) = (SqliteRows::open(target.path()).unwrap(), postgres(&cluster).await);
    let targets: [&dyn RowStore; 2] = [&files, &database];
    for to in targets {
        for turn in 0.. {
            let failing =
                Failing { store: to, calls: AtomicU64::new(0), fails_at: 1, after_commit: turn % 2 == 0 };
            match copied(&from, &failing).await {
                Ok(reports) => {
                    assert_eq!(reports.len(), TABLES.len());
                    assert!(turn > 3, "it was broken off before");
                    break;
                }
                Err(error) => {
                    assert_eq!(error, CopyError::Store(StoreError::Overloaded));
                    assert!(matches!(copied(to, &from).await, Err(CopyError::Unfinished { .. })));
                }
            }
        }
        assert_eq!(to.copied_from().await.unwrap(), None);
    }
}

/// What a copy leaves behind: it is made anew from the rest.
const NOT_COPIED: &[&str] = &[
    "entry",
    "run",
    "cursor",
    "search_block",
    "search_new",
    "search_place",
    "search_progress",
    "search_run",
    "search_word",
    "person_count",
];

#[test]
fn every_table_of_the_embedded_store_is_copied_or_known_to_be_made_anew() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../store-sqlite/migrations");
    let mut seen = 0;
    for folder in std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()) {
        for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let text = std::fs::read_to_string(&file).unwrap();
            for name in text.lines().filter_map(|line| line.strip_prefix("CREATE TABLE ")) {
                let name = name.split([' ', '(']).next().unwrap();
                let is_copied = TABLES.iter().any(|table| table.name == name);
                assert!(is_copied != NOT_COPIED.contains(&name), "{name} of {}", file.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 40, "{seen} tables");
}

#[test]
fn every_column_of_a_copied_table_is_copied() {
    let folder = tempfile::tempdir().unwrap();
    drop(SqliteStore::open(folder.path(), dancu_store_sqlite::DatabaseOptions::default()).unwrap());
    let database = rusqlite::Connection::open(folder.path().join("register.db")).unwrap();
    let mut seen = 0;
    for table in TABLES.iter().filter(|table| table.place == Place::Register) {
        let mut statement = database.prepare("SELECT name FROM pragma_table_info(?1)").unwrap();
        let columns: Vec<String> =
            statement.query_map([table.name], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        for column in &columns {
            // A place in the outbox is one column or two.
            let is_it = |(name, kind): &(&str, Kind)| {
                name == column || matches!(kind, Kind::Position(half) if half == column)
            };
            let is_copied = table.columns.iter().any(is_it);
            assert!(is_copied, "{column} of {}", table.name);
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen} columns");
}
