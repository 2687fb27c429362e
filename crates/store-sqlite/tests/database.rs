//! The writer thread, its group commit and its errors, on real files.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use dancu_core::StoreError;
use dancu_store_sqlite::{Database, DatabaseOptions};
use refinery::{Migration, Runner};
use std::{path::Path, sync::mpsc};
use tempfile::TempDir;

fn steps() -> Runner {
    let sql = "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;";
    Runner::new(&[Migration::unapplied("V1__note", sql).unwrap()])
}

fn open(folder: &TempDir) -> Database {
    Database::open(&folder.path().join("notes.db"), &steps(), DatabaseOptions::default()).unwrap()
}

async fn add(database: &Database, text: impl Into<String>) -> Result<(), StoreError> {
    let text = text.into();
    database
        .write(move |connection| connection.execute("INSERT INTO note(text) VALUES (?1)", [text]).map(drop))
        .await
}

fn count(database: &Database) -> i64 {
    database
        .read(|connection| connection.query_row("SELECT count(*) FROM note", [], |row| row.get(0)))
        .unwrap()
}

/// Holds the writer thread inside a write until the sender is used.
fn hold(database: &Database) -> (mpsc::Sender<()>, impl Future<Output = Result<(), StoreError>>) {
    let (release, held) = mpsc::channel::<()>();
    let waiting = database.write(move |_| {
        let _ = held.recv();
        Ok(())
    });
    (release, waiting)
}

#[tokio::test]
async fn writes_that_wait_share_one_commit() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(&folder);
    let before = database.counts();
    let (release, held) = hold(&database);
    let writes = (0..100).map(|i| add(&database, format!("note {i}")));
    // Every future is polled once, and so queued in order, before the first is let go.
    let all = async {
        let mut waiting: Vec<_> = writes.map(Box::pin).collect();
        for write in &mut waiting {
            assert!(poll_once(write.as_mut()).await.is_none(), "no answer before the commit");
        }
        release.send(()).unwrap();
        for write in waiting {
            write.await.unwrap();
        }
    };
    let (first, ()) = tokio::join!(held, all);
    first.unwrap();
    let after = database.counts();
    assert_eq!(after.jobs - before.jobs, 101);
    assert_eq!(after.commits - before.commits, 1);
    assert_eq!(count(&database), 100);
}

async fn poll_once<F: Future>(mut future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        std::task::Poll::Ready(value) => std::task::Poll::Ready(Some(value)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}

#[tokio::test]
async fn a_failing_write_takes_back_only_its_own_changes() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(&folder);
    let (release, held) = hold(&database);
    let bad = database.write(|connection| {
        connection.execute("INSERT INTO note(text) VALUES ('half')", [])?;
        connection.execute("INSERT INTO note(text) VALUES ('a')", []).map(drop)
    });
    let release = async { release.send(()).unwrap() };
    let (held, good, bad, last, ()) =
        tokio::join!(held, add(&database, "a"), bad, add(&database, "b"), release);
    assert!(held.is_ok() && good.is_ok() && last.is_ok());
    let error = bad.unwrap_err();
    assert!(matches!(error, StoreError::Failed { .. }), "{error}");
    assert!(!error.to_string().contains("'a'"), "no value of a row is told: {error}");
    assert_eq!(database.counts().commits, 1);
    assert_eq!(count(&database), 2);
}

#[tokio::test]
async fn a_panic_in_a_write_hurts_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(&folder);
    let broken = database
        .write(|connection| {
            connection.execute("INSERT INTO note(text) VALUES ('half')", [])?;
            let rows: i64 = connection.query_row("SELECT count(*) FROM note", [], |row| row.get(0))?;
            assert_eq!(rows, 0, "the test panics on purpose");
            Ok(())
        })
        .await;
    assert!(matches!(broken, Err(StoreError::Failed { .. })));
    add(&database, "after").await.unwrap();
    assert_eq!(count(&database), 1);
}

#[tokio::test]
async fn a_write_that_ends_the_shared_transaction_fails_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(&folder);
    let broken = database.write(|connection| connection.execute_batch("ROLLBACK")).await;
    assert!(matches!(broken, Err(StoreError::Failed { .. })));
    add(&database, "after").await.unwrap();
    assert_eq!(count(&database), 1);
}

#[tokio::test]
async fn a_full_disk_is_told_and_work_goes_on_when_there_is_space_again() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(&folder);
    let limit = |pages: i64| {
        database.write(move |connection| {
            connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
        })
    };
    add(&database, "kept").await.unwrap();
    limit(8).await.unwrap();
    let big = "x".repeat(100_000);
    let full = add(&database, big.clone()).await.unwrap_err();
    assert_eq!(full, StoreError::Full { file: folder.path().join("notes.db") });
    assert_eq!(count(&database), 1);
    limit(1_000_000).await.unwrap();
    add(&database, big).await.unwrap();
    assert_eq!(count(&database), 2);
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(&folder);
    database.write(|connection| connection.pragma_update(None, "query_only", true)).await.unwrap();
    let error = add(&database, "a").await.unwrap_err();
    assert_eq!(error, StoreError::ReadOnly { file: folder.path().join("notes.db") });
    assert_eq!(count(&database), 0, "reads still work");
}

#[test]
fn a_damaged_file_is_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.db");
    std::fs::write(&path, vec![7; 20_000]).unwrap();
    let error = Database::open(&path, &steps(), DatabaseOptions::default()).unwrap_err();
    assert!(matches!(&error, StoreError::Corrupt { file, .. } if *file == path), "{error}");
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_loses_nothing_that_it_took() {
    let folder = tempfile::tempdir().unwrap();
    let options = DatabaseOptions { queue_length_max: 1, ..DatabaseOptions::default() };
    let database = Database::open(&folder.path().join("notes.db"), &steps(), options).unwrap();
    let (started, running) = mpsc::channel::<()>();
    let (release, held) = mpsc::channel::<()>();
    let first = database.write(move |_| {
        let _ = started.send(());
        let _ = held.recv();
        Ok(())
    });
    let mut first = Box::pin(first);
    assert!(poll_once(first.as_mut()).await.is_none());
    running.recv().unwrap();
    let mut second = Box::pin(add(&database, "waits"));
    assert!(poll_once(second.as_mut()).await.is_none());
    assert_eq!(add(&database, "one too many").await.unwrap_err(), StoreError::Overloaded);
    release.send(()).unwrap();
    first.await.unwrap();
    second.await.unwrap();
    assert_eq!(count(&database), 1);
}

#[tokio::test]
async fn closing_finishes_what_is_queued_and_empties_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.db");
    let database = open(&folder);
    let mut waiting: Vec<_> = (0..50).map(|i| Box::pin(add(&database, format!("{i}")))).collect();
    for write in &mut waiting {
        let _ = poll_once(write.as_mut()).await;
    }
    database.close();
    assert_eq!(wal_bytes(&path), 0);
    assert!(matches!(add(&database, "late").await, Err(StoreError::Failed { .. })));
    assert_eq!(count(&database), 50, "reads still work");
    drop(waiting);
    drop(database);
    assert_eq!(count(&open(&folder)), 50);
}

fn wal_bytes(path: &Path) -> u64 {
    std::fs::metadata(path.with_extension("db-wal")).map_or(0, |meta| meta.len())
}

#[tokio::test]
async fn the_write_ahead_log_stays_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.db");
    let options = DatabaseOptions { wal_pages_soft: 50, wal_pages_hard: 200, ..DatabaseOptions::default() };
    let database = Database::open(&path, &steps(), options).unwrap();
    for i in 0..400 {
        add(&database, format!("{i} {}", "x".repeat(20_000))).await.unwrap();
        let pages = database.counts().wal_pages;
        // One transaction of at most 30 pages more than the bound.
        assert!(pages <= 230, "{pages} pages after note {i}");
    }
    assert!(wal_bytes(&path) < 240 * 4_200, "{} bytes", wal_bytes(&path));
}

#[tokio::test]
async fn a_snapshot_does_not_see_what_is_written_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let database = std::sync::Arc::new(open(&folder));
    add(&database, "a").await.unwrap();
    let other = std::sync::Arc::clone(&database);
    let task = tokio::task::spawn_blocking(move || {
        other.read_snapshot(|connection| {
            let count = || connection.query_row("SELECT count(*) FROM note", [], |row| row.get::<_, i64>(0));
            let before = count()?;
            tokio::runtime::Handle::current().block_on(add(&other, "b")).unwrap();
            Ok((before, count()?))
        })
    });
    assert_eq!(task.await.unwrap().unwrap(), (1, 1));
    assert_eq!(count(&database), 2);
}
