//! `views.db`: the derived index from a person to the disclosures about them. Delete it and it is built again.

use crate::{
    connection::{ConnectionRole, open_connection},
    errors::{io_error, migration_error, store_error},
    migrate::views_migrations,
};
use dancu_core::{PersonalNumber, StoreError};
use dancu_ledger::SubjectIndex;
use rusqlite::{Connection, TransactionBehavior, params};
use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// As many runs of like size are merged into one. A size class spans the same factor.
const RUNS_MERGED: i64 = 16;
/// Runs of so many entries or more are left as they are: merging them would take seconds.
const ENTRIES_MERGED_MAX: i64 = 1 << 20;
/// Pages of the write-ahead log after which it is copied into the file.
const WAL_PAGES: i64 = 4_096;

/// The index by person in `views.db`.
#[derive(Debug)]
pub struct SqliteSubjectIndex {
    file: PathBuf,
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
}

impl SqliteSubjectIndex {
    /// Opens or creates the file. One that is no database any more is replaced: all of it is derived.
    pub fn open(file: &Path) -> Result<Self, StoreError> {
        match Self::open_held(file) {
            Err(StoreError::Corrupt { file, detail }) => {
                tracing::warn!(file = %file.display(), detail, "the index by person is damaged: built again");
                remove(&file)?;
                Self::open_held(&file)
            }
            opened => opened,
        }
    }

    fn open_held(file: &Path) -> Result<Self, StoreError> {
        let mut writer = open_connection(file, ConnectionRole::Writer)?;
        views_migrations().run(&mut writer).map_err(|error| migration_error(file, &error))?;
        let relax = |writer: &Connection| {
            // Derived data: a commit that a power cut takes away is built again from the records.
            writer.pragma_update(None, "synchronous", "NORMAL")?;
            writer.pragma_update_and_check(None, "wal_autocheckpoint", WAL_PAGES, |_| Ok(()))
        };
        relax(&writer).map_err(|error| store_error(file, &error))?;
        let reader = open_connection(file, ConnectionRole::Reader)?;
        Ok(Self { file: file.to_owned(), writer: Mutex::new(writer), reader: Mutex::new(reader) })
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        work(&lock(&self.reader)).map_err(|error| store_error(&self.file, &error))
    }

    fn write(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> Result<(), StoreError> {
        let mut writer = lock(&self.writer);
        let run = || {
            let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
            work(&transaction)?;
            transaction.commit()
        };
        run().map_err(|error| store_error(&self.file, &error))
    }
}

/// Removes a database with what lies beside it.
fn remove(file: &Path) -> Result<(), StoreError> {
    for side in ["", "-wal", "-shm"] {
        let mut path = file.as_os_str().to_owned();
        path.push(side);
        let path = PathBuf::from(path);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(io_error(&path, &error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl SubjectIndex for SqliteSubjectIndex {
    fn cursor(&self) -> Result<u64, StoreError> {
        self.read(|reader| reader.query_row("SELECT next FROM cursor", [], |row| row.get::<_, i64>(0)))
            .map(|next| u64::try_from(next).unwrap_or(0))
    }

    fn add(&self, entries: &[(PersonalNumber, u64)], cursor: u64) -> Result<(), StoreError> {
        self.write(|writer| {
            if !entries.is_empty() {
                let run = new_run(writer)?;
                let mut insert =
                    writer.prepare_cached("INSERT INTO entry (run, subject, idx) VALUES (?1, ?2, ?3)")?;
                for (subject, index) in entries {
                    insert.execute(params![run, signed(subject.value()), signed(*index)])?;
                }
                writer.execute(
                    "INSERT INTO run (run, entries) VALUES (?1, ?2)",
                    params![run, signed(entries.len() as u64)],
                )?;
            }
            writer.execute("UPDATE cursor SET next = ?1", [signed(cursor)])?;
            Ok(())
        })
    }

    fn find(&self, subject: PersonalNumber, before: u64, limit: usize) -> Result<Vec<u64>, StoreError> {
        self.read(|reader| {
            let mut select = reader.prepare_cached(
                "SELECT entry.idx FROM run CROSS JOIN entry
                 WHERE entry.run = run.run AND entry.subject = ?1 AND entry.idx < ?2
                 ORDER BY entry.idx DESC LIMIT ?3",
            )?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let found = select.query_map(params![signed(subject.value()), signed(before), limit], |row| {
                row.get::<_, i64>(0)
            })?;
            found.map(|index| Ok(index?.unsigned_abs())).collect()
        })
    }

    fn scan(&self, visit: &mut dyn FnMut(PersonalNumber, u64)) -> Result<(), StoreError> {
        self.read(|reader| {
            // Only what a look-up finds: entries of a run that is not listed are lost to it.
            let mut select = reader
                .prepare_cached("SELECT subject, idx FROM run CROSS JOIN entry WHERE entry.run = run.run")?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let (subject, index): (i64, i64) = (row.get(0)?, row.get(1)?);
                let subject = u64::try_from(subject).ok().and_then(PersonalNumber::from_value);
                if let (Some(subject), Ok(index)) = (subject, u64::try_from(index)) {
                    visit(subject, index);
                }
            }
            Ok(())
        })
    }

    fn tidy(&self) -> Result<(), StoreError> {
        let mut class_start = 1;
        while class_start < ENTRIES_MERGED_MAX {
            let class_end = class_start * RUNS_MERGED;
            let is_due = self.read(|reader| {
                let count = "SELECT count(*) >= ?3 FROM run WHERE entries >= ?1 AND entries < ?2";
                reader
                    .prepare_cached(count)?
                    .query_row([class_start, class_end, RUNS_MERGED], |row| row.get(0))
            })?;
            if is_due {
                self.write(|writer| merge(writer, class_start, class_end))?;
            }
            class_start = class_end;
        }
        Ok(())
    }

    fn clear(&self) -> Result<(), StoreError> {
        self.write(|writer| {
            writer.execute_batch("DELETE FROM entry; DELETE FROM run; UPDATE cursor SET next = 0")
        })
    }

    fn location(&self) -> PathBuf {
        self.file.clone()
    }
}

/// A number above all others, so that a run is written at the end of the file.
fn new_run(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT coalesce(max(run), 0) + 1 FROM run", [], |row| row.get(0))
}

/// Merges all runs of a size class into one.
fn merge(connection: &Connection, class_start: i64, class_end: i64) -> rusqlite::Result<()> {
    let merged = new_run(connection)?;
    connection.execute(
        "INSERT INTO entry (run, subject, idx)
         SELECT ?3, subject, idx FROM entry
         WHERE run IN (SELECT run FROM run WHERE entries >= ?1 AND entries < ?2)
         ORDER BY subject, idx",
        [class_start, class_end, merged],
    )?;
    connection.execute(
        "DELETE FROM entry WHERE run IN (SELECT run FROM run WHERE entries >= ?1 AND entries < ?2)",
        [class_start, class_end],
    )?;
    let entries: i64 = connection.query_row(
        "SELECT coalesce(sum(entries), 0) FROM run WHERE entries >= ?1 AND entries < ?2",
        [class_start, class_end],
        |row| row.get(0),
    )?;
    connection.execute("DELETE FROM run WHERE entries >= ?1 AND entries < ?2", [class_start, class_end])?;
    connection.execute("INSERT INTO run (run, entries) VALUES (?1, ?2)", [merged, entries])?;
    Ok(())
}
