//! The store port of the reception desk.

use async_trait::async_trait;
use dancu_core::StoreError;
use dancu_exchange::OrganisationId;
use jiff::{Timestamp, civil::Date};
use std::fmt;

/// An admission that is to be kept.
#[derive(Clone, PartialEq, Eq)]
pub struct NewVisit {
    /// Whose desk.
    pub organisation: OrganisationId,
    /// The civil day in Viet Nam.
    pub day: Date,
    /// When.
    pub at: Timestamp,
    /// The disclosure by which the person was checked.
    pub leaf_index: u64,
    /// Surname and initials, for calling.
    pub masked_name: String,
    /// Who admitted.
    pub staff: String,
}

impl fmt::Debug for NewVisit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewVisit").field("leaf_index", &self.leaf_index).finish_non_exhaustive()
    }
}

/// An admission with its number.
#[derive(Clone, PartialEq, Eq)]
pub struct Visit {
    /// Counts from 1 each day at each organisation.
    pub sequence: u32,
    /// When.
    pub at: Timestamp,
    /// The disclosure by which the person was checked.
    pub leaf_index: u64,
    /// Surname and initials, for calling.
    pub masked_name: String,
}

impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visit").field("sequence", &self.sequence).finish_non_exhaustive()
    }
}

/// Keeps visits.
#[async_trait]
pub trait ReceptionStore: Send + Sync {
    /// Gives the next number of the day. The same disclosure admitted again gives the same visit.
    async fn admit(&self, visit: NewVisit) -> Result<Visit, StoreError>;

    /// The visits of a day, newest first, below `before` where given; at most `rows_max`.
    async fn visits(
        &self,
        organisation: &OrganisationId,
        day: Date,
        before: Option<u32>,
        rows_max: u32,
    ) -> Result<Vec<Visit>, StoreError>;

    /// How many were admitted on a day.
    async fn visit_count(&self, organisation: &OrganisationId, day: Date) -> Result<u32, StoreError>;
}
