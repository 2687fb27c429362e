//! `ledger.db`: the disclosure records, their counts and the end of the log.
//!
//! One connection writes, in the committer's thread. Nothing but appends happens there, except for a moment
//! when the write-ahead log has grown long.

use crate::{
    connection::{ConnectionRole, open_connection},
    errors::{migration_error, store_error},
    migrate::ledger_migrations,
    tiles::LogFolder,
    views::SqliteSubjectIndex,
};
use dancu_core::{PersonalNumber, StoreError};
use dancu_ledger::{
    Batch, Frontier, Head, KnownLog, LedgerParts, LedgerRecords, LedgerStore, LogNumber, LogRegistry,
    NewRecord, QuotaCount, StoredRecord,
};
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params, types::Type};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

/// Connections for reading: the publisher, and a few pages at a time.
const READERS: usize = 3;
/// Frames of the write-ahead log (4 KiB each) from which the side thread copies them into the file.
const WAL_FRAMES_COPIED: usize = 1_024;
/// Frames from which the writer is asked to finish the copy, so that the log starts anew.
const WAL_FRAMES_LONG: i64 = 16_384;

/// What the writer and the side thread tell each other about the write-ahead log.
#[derive(Debug, Default)]
struct WalState {
    /// Frames written since the side thread last copied, about.
    new_frames: AtomicUsize,
    /// The log is long and nearly all of it is copied: the writer should copy the rest before it goes on.
    is_long: AtomicBool,
}

/// Opens `ledger.db` for writing, creates or upgrades it, and gives the writer and the readers.
pub fn open_ledger(file: &Path) -> Result<(SqliteLedgerStore, SqliteLedgerRecords), StoreError> {
    let mut connection = open_connection(file, ConnectionRole::Writer)?;
    ledger_migrations().run(&mut connection).map_err(|error| migration_error(file, &error))?;
    let wal = Arc::new(WalState::default());
    let records = SqliteLedgerRecords::open(file, LogNumber::FIRST, wal.clone())?;
    Ok((SqliteLedgerStore { connection, file: file.to_owned(), wal }, records))
}

/// Opens all of a ledger in a data folder, which the caller has locked: `ledger.db`, `views.db` and `log/`.
/// Gives the committer's store and the parts beside it.
pub fn open_ledger_parts(folder: &Path) -> Result<(SqliteLedgerStore, LedgerParts), StoreError> {
    let (store, records) = open_ledger(&folder.join("ledger.db"))?;
    let tiles = Arc::new(LogFolder::open(&folder.join("log"))?);
    let index = Arc::new(SqliteSubjectIndex::open(&folder.join("views.db"))?);
    Ok((store, LedgerParts { log: LogNumber::FIRST, records: Arc::new(records), tiles, index }))
}

/// The logs that a data folder holds: the one that is written here, and those of other nodes that a copy out of a
/// database brought. Nobody writes those any more.
#[derive(Debug)]
pub struct SqliteLogRegistry {
    folder: PathBuf,
    connection: Mutex<Connection>,
}

impl SqliteLogRegistry {
    /// Over a folder whose `ledger.db` is open already.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let connection = open_connection(&folder.join("ledger.db"), ConnectionRole::Writer)?;
        Ok(Self { folder: folder.to_owned(), connection: Mutex::new(connection) })
    }

    fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        work(&connection).map_err(|error| store_error(&self.folder.join("ledger.db"), &error))
    }
}

impl LogRegistry for SqliteLogRegistry {
    fn logs(&self) -> Result<Vec<KnownLog>, StoreError> {
        self.with(|connection| {
            let mut select = connection.prepare("SELECT number, name, verifier FROM node ORDER BY number")?;
            let logs = select.query_map([], |row| {
                let (number, name): (u16, String) = (row.get(0)?, row.get(1)?);
                Ok(KnownLog {
                    number: LogNumber::new(number).ok_or_else(|| unreadable(0, Type::Integer))?,
                    name: name.parse().map_err(|_| unreadable(1, Type::Text))?,
                    verifier: row.get(2)?,
                })
            })?;
            logs.collect()
        })
    }

    /// No other node runs over files, so nobody has other keys.
    fn announce(
        &self,
        log: LogNumber,
        verifier: &str,
        keys: &str,
    ) -> Result<Option<dancu_ledger::NodeName>, StoreError> {
        // One that says what it said before waits for no writer.
        if self.logs()?.iter().any(|known| known.number == log && known.verifier.as_deref() == Some(verifier))
        {
            return Ok(None);
        }
        self.with(|connection| {
            connection
                .execute(
                    "INSERT INTO node (number, name, verifier, keys) VALUES (?1, 'main', ?2, ?3)
                     ON CONFLICT (number) DO UPDATE SET verifier = excluded.verifier, keys = excluded.keys",
                    params![log.get(), verifier, keys],
                )
                .map(|_| None)
        })
    }

    fn open(&self, log: &KnownLog) -> Result<dancu_ledger::FollowedParts, StoreError> {
        let file = self.folder.join("ledger.db");
        let records = SqliteLedgerRecords::open(&file, log.number, Arc::default())?;
        let index = SqliteSubjectIndex::open(&self.folder.join(format!("views-{}.db", log.name)))?;
        Ok((Arc::new(records), Arc::new(index)))
    }
}

/// The writing side of `ledger.db`.
#[derive(Debug)]
pub struct SqliteLedgerStore {
    connection: Connection,
    file: PathBuf,
    wal: Arc<WalState>,
}

impl SqliteLedgerStore {
    /// Lets the file grow to so many pages at most; one more is refused as a full disk is.
    pub fn limit_pages(&mut self, pages_max: u32) -> Result<(), StoreError> {
        self.connection
            .pragma_update_and_check(None, "max_page_count", pages_max, |_| Ok(()))
            .map_err(|error| store_error(&self.file, &error))
    }

    fn write(&mut self, batch: &Batch<'_>) -> rusqlite::Result<()> {
        if self.wal.is_long.swap(false, Ordering::AcqRel) {
            checkpoint(&self.connection)?;
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        insert_records(&transaction, batch)?;
        {
            let mut add = transaction.prepare_cached(
                "INSERT INTO quota (day, contract, node, used, leased) VALUES (?1, ?2, 0, ?3, ?3)
                 ON CONFLICT (day, contract, node) DO UPDATE
                   SET used = used + excluded.used, leased = leased + excluded.leased",
            )?;
            for quota in batch.quotas {
                add.execute(params![day_number(quota.day), &*quota.contract, signed(quota.used)])?;
            }
            let mut set = transaction.prepare_cached(
                "INSERT INTO head (node, size, peaks, checkpoint, newest_us) VALUES (0, ?1, ?2, ?3, ?4)
                 ON CONFLICT (node) DO UPDATE SET size = excluded.size, peaks = excluded.peaks,
                   checkpoint = excluded.checkpoint, newest_us = excluded.newest_us",
            )?;
            let head = batch.head;
            let peaks = head.frontier.peaks().concat();
            set.execute(params![signed(head.frontier.size()), peaks, &*head.checkpoint, head.newest_us])?;
        }
        transaction.commit()
    }
}

fn insert_records(connection: &Connection, batch: &Batch<'_>) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO record (idx, contract, day, subject, record, salt) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (index, new) in (batch.first..).zip(batch.records) {
        let NewRecord { contract, day, subject, record, salt } = new;
        insert.execute(params![
            signed(index),
            contract,
            day_number(*day),
            signed(subject.value()),
            record,
            salt.as_slice()
        ])?;
    }
    Ok(())
}

impl LedgerStore for SqliteLedgerStore {
    fn head(&mut self) -> Result<Option<Head>, StoreError> {
        read_head(&self.connection, LogNumber::FIRST).map_err(|error| store_error(&self.file, &error))
    }

    fn quota_counts(&mut self, from_day: Date) -> Result<Vec<QuotaCount>, StoreError> {
        read_quotas(&self.connection, from_day, LogNumber::FIRST)
            .map_err(|error| store_error(&self.file, &error))
    }

    fn append(&mut self, batch: &Batch<'_>) -> Result<(), StoreError> {
        self.write(batch).map_err(|error| store_error(&self.file, &error))?;
        let bytes: usize = batch.records.iter().map(|new| new.record.len() + 64).sum();
        self.wal.new_frames.fetch_add(bytes / 4_096 + 3, Ordering::Relaxed);
        Ok(())
    }
}

/// The reading side of `ledger.db`.
#[derive(Debug)]
pub struct SqliteLedgerRecords {
    file: PathBuf,
    log: LogNumber,
    readers: Vec<Mutex<Connection>>,
    next: AtomicUsize,
    /// Copies the write-ahead log into the file, beside the writer.
    copier: Mutex<Connection>,
    wal: Arc<WalState>,
}

impl SqliteLedgerRecords {
    fn open(file: &Path, log: LogNumber, wal: Arc<WalState>) -> Result<Self, StoreError> {
        let reader = |_| Ok(Mutex::new(open_connection(file, ConnectionRole::Reader)?));
        let readers = (0..READERS).map(reader).collect::<Result<_, StoreError>>()?;
        let copier = Mutex::new(open_connection(file, ConnectionRole::Writer)?);
        Ok(Self { file: file.to_owned(), log, readers, next: AtomicUsize::new(0), copier, wal })
    }

    /// A reader that is free; if none is, the next in turn.
    fn reader(&self) -> MutexGuard<'_, Connection> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        for offset in 0..self.readers.len() {
            match self.readers[(first + offset) % self.readers.len()].try_lock() {
                Ok(reader) => return reader,
                Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        self.readers[first % self.readers.len()].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, error: &rusqlite::Error) -> StoreError {
        store_error(&self.file, error)
    }
}

impl LedgerRecords for SqliteLedgerRecords {
    fn head(&self) -> Result<Option<Head>, StoreError> {
        read_head(&self.reader(), self.log).map_err(|error| self.failed(&error))
    }

    fn scan(
        &self,
        first: u64,
        limit: u64,
        visit: &mut dyn FnMut(StoredRecord<'_>),
    ) -> Result<(), StoreError> {
        scan(&self.reader(), self.log, (first, limit), visit).map_err(|error| self.failed(&error))
    }

    fn quota_counts(&self, from_day: Date) -> Result<Vec<QuotaCount>, StoreError> {
        read_quotas(&self.reader(), from_day, self.log).map_err(|error| self.failed(&error))
    }

    fn maintain(&self) -> Result<(), StoreError> {
        if self.wal.new_frames.load(Ordering::Relaxed) < WAL_FRAMES_COPIED {
            return Ok(());
        }
        self.wal.new_frames.store(0, Ordering::Relaxed);
        let copier = self.copier.lock().unwrap_or_else(PoisonError::into_inner);
        let frames = checkpoint(&copier).map_err(|error| self.failed(&error))?;
        if frames >= WAL_FRAMES_LONG {
            self.wal.is_long.store(true, Ordering::Release);
        }
        Ok(())
    }

    fn location(&self) -> PathBuf {
        self.file.clone()
    }
}

/// Copies the write-ahead log into the file, as far as that stops nobody. Gives the frames in the log.
fn checkpoint(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(1))
}

fn read_head(connection: &Connection, log: LogNumber) -> rusqlite::Result<Option<Head>> {
    connection
        .prepare_cached("SELECT size, peaks, checkpoint, newest_us FROM head WHERE node = ?1")?
        .query_row([log.get()], |row| {
            let (peaks, rest) = row.get_ref(1)?.as_blob()?.as_chunks::<32>();
            let frontier =
                Frontier::from_parts(unsigned(row, 0)?, peaks.to_vec()).filter(|_| rest.is_empty());
            let checkpoint: String = row.get(2)?;
            Ok(Head {
                frontier: frontier.ok_or_else(|| unreadable(1, Type::Blob))?,
                checkpoint: checkpoint.into(),
                newest_us: row.get(3)?,
            })
        })
        .optional()
}

fn read_quotas(connection: &Connection, from_day: Date, log: LogNumber) -> rusqlite::Result<Vec<QuotaCount>> {
    let mut select = connection.prepare_cached(
        "SELECT contract, day, used FROM quota WHERE day >= ?1 AND node = ?2 AND used > 0
         ORDER BY day, contract",
    )?;
    let counts = select.query_map(params![day_number(from_day), log.get()], |row| {
        let contract: String = row.get(0)?;
        Ok(QuotaCount { contract: contract.into(), day: read_day(row, 1)?, used: unsigned(row, 2)? })
    })?;
    counts.collect()
}

fn scan(
    connection: &Connection,
    log: LogNumber,
    (first, limit): (u64, u64),
    visit: &mut dyn FnMut(StoredRecord<'_>),
) -> rusqlite::Result<()> {
    let mut select = connection.prepare_cached(
        "SELECT idx, contract, day, subject, record, salt FROM record
         WHERE idx >= ?1 AND idx < ?2 ORDER BY idx LIMIT ?3",
    )?;
    let entries = log.entries();
    let mut rows = select.query(params![signed(log.entry(first)), signed(entries.end), signed(limit)])?;
    while let Some(row) = rows.next()? {
        let subject = PersonalNumber::from_value(unsigned(row, 3)?);
        let salt = row.get_ref(5)?.as_blob()?;
        visit(StoredRecord {
            index: unsigned(row, 0)? - entries.start,
            contract: row.get_ref(1)?.as_str()?,
            day: read_day(row, 2)?,
            subject: subject.ok_or_else(|| unreadable(3, Type::Integer))?,
            record: row.get_ref(4)?.as_blob()?,
            salt: salt.try_into().map_err(|_| unreadable(5, Type::Blob))?,
        });
    }
    Ok(())
}

/// SQLite's integers are signed; sizes and indexes stay far below their end.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, value))
}

fn unreadable(column: usize, found: Type) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(column, "ledger".to_owned(), found)
}

/// A day as yyyymmdd; days before our era count as the first.
fn day_number(day: Date) -> i64 {
    if day.year() < 0 {
        return 0;
    }
    i64::from(dancu_register::day_to_number(day))
}

fn read_day(row: &Row<'_>, column: usize) -> rusqlite::Result<Date> {
    let number: i64 = row.get(column)?;
    let part = |value: i64| i8::try_from(value % 100).ok();
    let day = i16::try_from(number / 10_000).ok().zip(part(number / 100)).zip(part(number));
    day.and_then(|((year, month), day)| Date::new(year, month, day).ok())
        .ok_or_else(|| unreadable(column, Type::Integer))
}
