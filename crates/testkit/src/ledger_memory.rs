//! A ledger's stores in memory, and one that fails as told.

use dancu_core::{PersonalNumber, StoreError};
use dancu_ledger::{
    Batch, Head, LedgerParts, LedgerRecords, LedgerStore, LogNumber, QuotaCount, StoredRecord, SubjectIndex,
    TileFiles,
};
use jiff::civil::Date;
use std::{
    collections::{BTreeMap, VecDeque},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Row {
    contract: String,
    day: Date,
    subject: PersonalNumber,
    record: Vec<u8>,
    salt: [u8; 32],
}

#[derive(Default)]
struct Contents {
    rows: Vec<Row>,
    quotas: BTreeMap<(Date, String), u64>,
    head: Option<Head>,
}

/// Records in memory. Clones share them, so a clone is what is found after a restart.
#[derive(Clone, Default)]
pub struct MemoryLedger(Arc<Mutex<Contents>>);

impl MemoryLedger {
    /// Holds from now on what another holds: a history that was put in the place of this one.
    pub fn become_like(&self, other: &Self) {
        let contents = std::mem::take(&mut *lock(&other.0));
        *lock(&self.0) = contents;
    }
}

impl LedgerStore for MemoryLedger {
    fn head(&mut self) -> Result<Option<Head>, StoreError> {
        Ok(lock(&self.0).head.clone())
    }

    fn quota_counts(&mut self, from_day: Date) -> Result<Vec<QuotaCount>, StoreError> {
        LedgerRecords::quota_counts(self, from_day)
    }

    fn append(&mut self, batch: &Batch<'_>) -> Result<(), StoreError> {
        let mut contents = lock(&self.0);
        assert_eq!(batch.first, contents.rows.len() as u64, "a batch begins where the log ends");
        contents.rows.extend(batch.records.iter().map(|new| Row {
            contract: new.contract.to_owned(),
            day: new.day,
            subject: new.subject,
            record: new.record.to_vec(),
            salt: *new.salt,
        }));
        for quota in batch.quotas {
            *contents.quotas.entry((quota.day, quota.contract.to_string())).or_default() += quota.used;
        }
        contents.head = Some(batch.head.clone());
        Ok(())
    }
}

impl LedgerRecords for MemoryLedger {
    fn head(&self) -> Result<Option<Head>, StoreError> {
        Ok(lock(&self.0).head.clone())
    }

    fn scan(
        &self,
        first: u64,
        limit: u64,
        visit: &mut dyn FnMut(StoredRecord<'_>),
    ) -> Result<(), StoreError> {
        let skip = usize::try_from(first).unwrap_or(usize::MAX);
        let take = usize::try_from(limit).unwrap_or(usize::MAX);
        for (index, row) in (first..).zip(lock(&self.0).rows.iter().skip(skip).take(take)) {
            visit(StoredRecord {
                index,
                contract: &row.contract,
                day: row.day,
                subject: row.subject,
                record: &row.record,
                salt: &row.salt,
            });
        }
        Ok(())
    }

    fn quota_counts(&self, from_day: Date) -> Result<Vec<QuotaCount>, StoreError> {
        let contents = lock(&self.0);
        let counts = contents.quotas.range((from_day, String::new())..);
        Ok(counts
            .map(|((day, contract), used)| QuotaCount {
                contract: contract.as_str().into(),
                day: *day,
                used: *used,
            })
            .collect())
    }

    fn maintain(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn location(&self) -> PathBuf {
        "memory/ledger.db".into()
    }
}

/// Files in memory.
#[derive(Clone, Default)]
pub struct MemoryTiles(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

impl MemoryTiles {
    /// Changes a file behind the ledger's back; `None` takes it away. Gives what was there.
    pub fn tamper(&self, path: &str, bytes: Option<Vec<u8>>) -> Option<Vec<u8>> {
        match bytes {
            Some(bytes) => lock(&self.0).insert(path.to_owned(), bytes),
            None => lock(&self.0).remove(path),
        }
    }

    /// Every path there is, in order.
    pub fn paths(&self) -> Vec<String> {
        lock(&self.0).keys().cloned().collect()
    }
}

impl TileFiles for MemoryTiles {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(lock(&self.0).get(path).cloned())
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        lock(&self.0).insert(path.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn remove(&self, path: &str) -> Result<(), StoreError> {
        let below = format!("{path}/");
        lock(&self.0).retain(|file, _| !path.is_empty() && !file.starts_with(&below));
        Ok(())
    }

    fn location(&self, path: &str) -> PathBuf {
        PathBuf::from("memory/log").join(path)
    }
}

#[derive(Default)]
struct Pairs {
    pairs: Vec<(PersonalNumber, u64)>,
    cursor: u64,
}

/// The index by person in memory.
#[derive(Clone, Default)]
pub struct MemoryIndex(Arc<Mutex<Pairs>>);

impl SubjectIndex for MemoryIndex {
    fn cursor(&self) -> Result<u64, StoreError> {
        Ok(lock(&self.0).cursor)
    }

    fn add(&self, entries: &[(PersonalNumber, u64)], cursor: u64) -> Result<(), StoreError> {
        let mut held = lock(&self.0);
        held.pairs.extend_from_slice(entries);
        held.cursor = cursor;
        Ok(())
    }

    fn find(&self, subject: PersonalNumber, before: u64, limit: usize) -> Result<Vec<u64>, StoreError> {
        let held = lock(&self.0);
        let mut found: Vec<u64> = held
            .pairs
            .iter()
            .filter(|(whose, index)| *whose == subject && *index < before)
            .map(|(_, index)| *index)
            .collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        found.truncate(limit);
        Ok(found)
    }

    fn scan(&self, visit: &mut dyn FnMut(PersonalNumber, u64)) -> Result<(), StoreError> {
        lock(&self.0).pairs.iter().for_each(|(subject, index)| visit(*subject, *index));
        Ok(())
    }

    fn tidy(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn clear(&self) -> Result<(), StoreError> {
        *lock(&self.0) = Pairs::default();
        Ok(())
    }

    fn location(&self) -> PathBuf {
        "memory/views.db".into()
    }
}

/// The three memory stores together.
pub fn memory_ledger_parts(records: &MemoryLedger, tiles: &MemoryTiles, index: &MemoryIndex) -> LedgerParts {
    LedgerParts {
        log: LogNumber::FIRST,
        records: Arc::new(records.clone()),
        tiles: Arc::new(tiles.clone()),
        index: Arc::new(index.clone()),
    }
}

/// How a commit goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitFault {
    /// Nothing is stored and the store says so.
    Refused,
    /// All is stored, yet the store says it is not.
    StoredButRefused,
    /// Nothing is stored, and the next question to the store fails too.
    RefusedAndSilent,
    /// All is stored, yet the store says it is not, and the next question to it fails too.
    StoredAndSilent,
}

/// A writing side that fails as planned: one entry a commit, `None` for a commit that succeeds. When the plan
/// is used up every commit succeeds.
pub struct FaultyLedger<S> {
    store: S,
    plan: Arc<Mutex<VecDeque<Option<CommitFault>>>>,
    is_silent: bool,
}

impl<S> FaultyLedger<S> {
    /// Puts a plan before a store. The plan can be added to while the ledger runs.
    pub fn new(store: S, plan: Arc<Mutex<VecDeque<Option<CommitFault>>>>) -> Self {
        Self { store, plan, is_silent: false }
    }
}

fn full() -> StoreError {
    StoreError::Full { file: "memory/ledger.db".into() }
}

impl<S: LedgerStore> LedgerStore for FaultyLedger<S> {
    fn head(&mut self) -> Result<Option<Head>, StoreError> {
        if std::mem::take(&mut self.is_silent) { Err(full()) } else { self.store.head() }
    }

    fn quota_counts(&mut self, from_day: Date) -> Result<Vec<QuotaCount>, StoreError> {
        self.store.quota_counts(from_day)
    }

    fn append(&mut self, batch: &Batch<'_>) -> Result<(), StoreError> {
        let fault = lock(&self.plan).pop_front().flatten();
        let Some(fault) = fault else { return self.store.append(batch) };
        self.is_silent = matches!(fault, CommitFault::RefusedAndSilent | CommitFault::StoredAndSilent);
        if matches!(fault, CommitFault::StoredButRefused | CommitFault::StoredAndSilent) {
            self.store.append(batch)?;
        }
        Err(full())
    }
}
