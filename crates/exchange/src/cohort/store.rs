//! The store port of extracts.

use super::{CohortExtract, ExtractId};
use crate::ContractId;
use async_trait::async_trait;
use dancu_core::{PersonalNumber, StoreError};
use jiff::Timestamp;
use std::fmt;

/// A row of an extract: about whom, and which entry of the log says that it was told. Values are read anew from the
/// register each time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CohortRow {
    /// Its place, from 1 without gaps.
    pub sequence: u64,
    /// About whom.
    pub number: PersonalNumber,
    /// The entry's number in the house.
    pub entry: u64,
}

impl fmt::Debug for CohortRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CohortRow").field("sequence", &self.sequence).finish_non_exhaustive()
    }
}

/// How many extracts a contract may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenBounds {
    /// Under way at once.
    pub open_max: u32,
    /// Asked for since an instant.
    pub asked_max: u32,
    /// That instant.
    pub since: Timestamp,
}

/// Keeps extracts and their rows.
#[async_trait]
pub trait CohortStore: Send + Sync {
    /// Adds an extract. `false`, and nothing is written, when its contract has as many as it may have, or one under way
    /// with the same reference.
    async fn add_extract(&self, extract: CohortExtract, bounds: OpenBounds) -> Result<bool, StoreError>;

    /// Replaces an extract that has the version before the one given, and adds rows, in one transaction. `false`, and
    /// nothing is written: somebody was quicker.
    async fn save_extract(&self, extract: CohortExtract, rows: Vec<CohortRow>) -> Result<bool, StoreError>;

    /// The extract with this identifier.
    async fn extract(&self, id: ExtractId) -> Result<Option<CohortExtract>, StoreError>;

    /// The extract of a contract that is under way with a reference.
    async fn open_extract(
        &self,
        contract: &ContractId,
        reference: &str,
    ) -> Result<Option<CohortExtract>, StoreError>;

    /// Extracts that wait for an officer, or all others, the newest first; behind one that was shown before, even if it is on
    /// the other list by now; at most `length_max`.
    async fn extracts(
        &self,
        waits: bool,
        after: Option<ExtractId>,
        length_max: usize,
    ) -> Result<Vec<CohortExtract>, StoreError>;

    /// Extracts with which the program has something to do now, the oldest first; at most `length_max`.
    async fn extracts_to_work_on(
        &self,
        now: Timestamp,
        length_max: usize,
    ) -> Result<Vec<CohortExtract>, StoreError>;

    /// Rows of an extract behind one of them, in order; at most `length_max`.
    async fn extract_rows(
        &self,
        id: ExtractId,
        after: u64,
        length_max: usize,
    ) -> Result<Vec<CohortRow>, StoreError>;

    /// Removes rows of an extract, at most `rows_max`; says how many.
    async fn remove_extract_rows(&self, id: ExtractId, rows_max: u32) -> Result<u64, StoreError>;
}
