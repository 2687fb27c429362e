//! The port to whatever keeps the index.

use crate::plan::Probe;
use async_trait::async_trait;
use dancu_core::{PersonalNumber, StoreError};

/// What the index proposes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    /// Persons, each once, in the order in which they were met.
    pub numbers: Vec<PersonalNumber>,
    /// Entries that were looked at.
    pub visited: usize,
    /// Whether a bound ended the scan before its end.
    pub is_cut: bool,
}

/// How far an index is that was begun over a register with persons in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexProgress {
    /// Persons of whom entries were made since.
    pub done: u64,
    /// Whether everyone is in the index.
    pub is_complete: bool,
}

/// Keeps the index. Entries are written in the transaction of the facts from which they follow.
#[async_trait]
pub trait SearchStore: Send + Sync {
    /// The persons whose entries lie in the probes and pass their filters, until `numbers_max` are found or
    /// `visits_max` entries were looked at.
    async fn scan(
        &self,
        probes: Vec<Probe>,
        numbers_max: usize,
        visits_max: usize,
    ) -> Result<Scan, StoreError>;

    /// Key words of all names, in the order in which they came, with a number that grows: those above `after`, at most
    /// `length_max`.
    async fn words(&self, after: u64, length_max: usize) -> Result<Vec<(u64, String)>, StoreError>;

    /// How far the index is.
    async fn index_progress(&self) -> Result<IndexProgress, StoreError>;

    /// Makes the entries of at most `persons_max` further persons who were in the register before the index was.
    async fn index_more(&self, persons_max: usize) -> Result<IndexProgress, StoreError>;
}
