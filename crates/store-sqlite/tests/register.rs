//! The register's contract on SQLite, and what is particular to it.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use dancu_core::{Clock, CommuneCode, PersonalNumber, StoreError};
use dancu_register::{
    At, KindSet, RegisterStore,
    csv::{COLUMNS, KnownPlaces},
    load::{LoadError, LoadReport, LoadRequest, load},
};
use dancu_store_sqlite::{DatabaseOptions, SqliteStore};
use dancu_testkit::{FakeClock, changes_suite, register_suite};
use jiff::civil::date;
use std::fmt::Write;
use tempfile::TempDir;

fn open() -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (SqliteStore::open(folder.path(), DatabaseOptions::default()).unwrap(), folder)
}

#[tokio::test]
async fn the_register_keeps_its_contract() {
    register_suite(open).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn changes_keep_their_contract() {
    changes_suite(open).await;
}

struct Anywhere;

impl KnownPlaces for Anywhere {
    fn is_known(&self, _: CommuneCode) -> bool {
        true
    }
}

/// A file of persons with the first nine columns filled.
fn people(count: u64) -> String {
    let mut text = COLUMNS.iter().map(|column| column.name()).collect::<Vec<_>>().join(",");
    for serial in 1..=count {
        let rest = ",".repeat(COLUMNS.len() - 9);
        write!(text, "\n{:012},,Trần Thị Lan,F,1985-03-02,,,,VNM{rest}", 79_185_000_000 + serial).unwrap();
    }
    text
}

async fn load_text(store: &SqliteStore, folder: &TempDir, text: &str) -> Result<LoadReport, LoadError> {
    let path = folder.path().join("people.csv");
    std::fs::write(&path, text).unwrap();
    let request = LoadRequest { batch_rows: 50, ..LoadRequest::new(&path, date(2026, 11, 21)) };
    load(store, &FakeClock::at("2026-11-21T02:00:00Z"), &Anywhere, &request, &mut |_| {}).await
}

#[tokio::test]
async fn a_load_that_meets_a_full_disk_goes_on_when_there_is_space() {
    let (store, folder) = open();
    let text = people(500);
    let limit = async |pages: i64| {
        store
            .database()
            .write(move |connection| {
                connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
            })
            .await
            .unwrap();
    };
    let pages: i64 =
        store.database().read(|c| c.query_row("PRAGMA page_count", [], |row| row.get(0))).unwrap();
    limit(pages + 6).await;
    let stopped = load_text(&store, &folder, &text).await.unwrap_err();
    let file = folder.path().join("register.db");
    assert!(
        matches!(&stopped, LoadError::Store(StoreError::Full { file: full }) if *full == file),
        "{stopped}"
    );
    let kept = store.count_persons().await.unwrap();
    assert!(kept > 0 && kept < 500 && kept.is_multiple_of(50), "whole batches are kept: {kept}");
    limit(1_000_000).await;
    let report = load_text(&store, &folder, &text).await.unwrap();
    assert_eq!((report.added, report.progress.rows), (500 - kept, 500));
    assert_eq!(store.count_persons().await.unwrap(), 500);
}

#[tokio::test]
async fn a_damaged_value_is_told_without_what_it_holds() {
    let (store, folder) = open();
    load_text(&store, &folder, &people(1)).await.unwrap();
    store
        .database()
        .write(|connection| connection.execute("UPDATE fact SET value = '[\"Trần 079\"]'", []))
        .await
        .unwrap();
    let clock = FakeClock::at("2026-11-21T02:00:00Z");
    let at = At { as_of: clock.today(), known_at: clock.now() };
    let number = PersonalNumber::from_value(79_185_000_001).unwrap();
    let error = store.person_now(number, at, KindSet::ALL).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    assert!(!error.to_string().contains("079"), "{error}");
}
