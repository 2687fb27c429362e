//! What the ledger needs of a store. All of it blocks: the callers are threads of the ledger itself, or reads
//! of a few microseconds in the caller's thread.

use crate::{node::LogNumber, tree::Frontier};
use dancu_core::{PersonalNumber, StoreError};
use jiff::civil::Date;
use std::{path::PathBuf, sync::Arc};

/// The durable end of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The tree over every record.
    pub frontier: Frontier,
    /// Its signed checkpoint.
    pub checkpoint: Arc<str>,
    /// Time of the newest record, microseconds since 1970 UTC; 0 without records.
    pub newest_us: i64,
}

/// A record on its way into the store.
#[derive(Clone, Copy)]
pub struct NewRecord<'a> {
    /// Contract it is counted under.
    pub contract: &'a str,
    /// Day it is counted on.
    pub day: Date,
    /// About whom.
    pub subject: PersonalNumber,
    /// The record's bytes.
    pub record: &'a [u8],
    /// Its salt.
    pub salt: &'a [u8; 32],
}

/// How many records a contract adds to a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaCount {
    /// The contract.
    pub contract: Arc<str>,
    /// The day in Viet Nam.
    pub day: Date,
    /// Records.
    pub used: u64,
}

/// Everything of one commit.
pub struct Batch<'a> {
    /// Index of the first record: the size of the log before.
    pub first: u64,
    /// The records, in order.
    pub records: &'a [NewRecord<'a>],
    /// What they add to the quota counts; the sum is the number of records.
    pub quotas: &'a [QuotaCount],
    /// The end of the log with them.
    pub head: &'a Head,
}

/// The writing side, used by the committer's thread alone.
pub trait LedgerStore: Send {
    /// The end of the log; `None` when nothing was ever committed.
    fn head(&mut self) -> Result<Option<Head>, StoreError>;

    /// The quota counts of a day and of all later ones.
    fn quota_counts(&mut self, from_day: Date) -> Result<Vec<QuotaCount>, StoreError>;

    /// Stores a batch, all of it or nothing; durable when it returns `Ok`. After an error the caller asks
    /// [`LedgerStore::head`] what is there.
    fn append(&mut self, batch: &Batch<'_>) -> Result<(), StoreError>;
}

/// A stored record.
#[derive(Clone, Copy)]
pub struct StoredRecord<'a> {
    /// Its index.
    pub index: u64,
    /// Contract it is counted under.
    pub contract: &'a str,
    /// Day it is counted on.
    pub day: Date,
    /// About whom.
    pub subject: PersonalNumber,
    /// The record's bytes.
    pub record: &'a [u8],
    /// Its salt.
    pub salt: &'a [u8; 32],
}

/// The reading side, beside the committer.
pub trait LedgerRecords: Send + Sync {
    /// The end of the log; `None` when nothing was ever committed.
    fn head(&self) -> Result<Option<Head>, StoreError>;

    /// Shows up to `limit` records from index `first` on, in order.
    fn scan(&self, first: u64, limit: u64, visit: &mut dyn FnMut(StoredRecord<'_>))
    -> Result<(), StoreError>;

    /// The quota counts of a day and of all later ones.
    fn quota_counts(&self, from_day: Date) -> Result<Vec<QuotaCount>, StoreError>;

    /// Work that keeps the store's files small and may run beside appends.
    fn maintain(&self) -> Result<(), StoreError>;

    /// The store's file, for messages.
    fn location(&self) -> PathBuf;
}

/// The derived index from a person to the disclosures about them.
pub trait SubjectIndex: Send + Sync {
    /// How many records, counted from the first, are in the index.
    fn cursor(&self) -> Result<u64, StoreError>;

    /// Adds (person, index) pairs and moves the cursor, in one transaction. Need not be durable at once.
    fn add(&self, entries: &[(PersonalNumber, u64)], cursor: u64) -> Result<(), StoreError>;

    /// Indexes about a person below `before`, newest first, at most `limit`.
    fn find(&self, subject: PersonalNumber, before: u64, limit: usize) -> Result<Vec<u64>, StoreError>;

    /// Shows every pair, in any order.
    fn scan(&self, visit: &mut dyn FnMut(PersonalNumber, u64)) -> Result<(), StoreError>;

    /// Work that keeps look-ups fast and may run beside them.
    fn tidy(&self) -> Result<(), StoreError>;

    /// Whether another node writes it. Whoever follows reads, and writes only what the other does not come to.
    fn is_followed(&self) -> bool {
        false
    }

    /// Forgets everything; the cursor is 0 again.
    fn clear(&self) -> Result<(), StoreError>;

    /// The index's file, for messages.
    fn location(&self) -> PathBuf;
}

/// The files of the published log, by path below its folder, e.g. `checkpoint` or `tile/0/000`.
pub trait TileFiles: Send + Sync {
    /// The whole file; `None` when there is none.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Puts a whole file in place: a reader sees the old one or the new one.
    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError>;

    /// Removes a folder with all in it, if it is there; the empty path is the whole log.
    fn remove(&self, path: &str) -> Result<(), StoreError>;

    /// Where a path lies, for messages.
    fn location(&self, path: &str) -> PathBuf;
}

/// The three stores beside the committer.
#[derive(Clone)]
pub struct LedgerParts {
    /// Which log of the house it is.
    pub log: LogNumber,
    /// The committed records.
    pub records: Arc<dyn LedgerRecords>,
    /// The public log's files, derived.
    pub tiles: Arc<dyn TileFiles>,
    /// The index by person, derived.
    pub index: Arc<dyn SubjectIndex>,
}

impl std::fmt::Debug for LedgerParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LedgerParts").field("records", &self.records.location()).finish_non_exhaustive()
    }
}
