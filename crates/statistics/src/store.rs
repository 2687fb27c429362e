//! The port to whatever keeps the counts.

use crate::Cube;
use async_trait::async_trait;
use dancu_core::StoreError;
use jiff::{Timestamp, civil::Date};

/// Which counts there are. A day that was forgotten and counted anew is known at another instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// The day for which the register was read: the first of a month.
    pub day: Date,
    /// What the register knew when it was.
    pub known_at: Timestamp,
}

/// The counts of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Census {
    /// Which.
    pub counted: Counted,
    /// The counts.
    pub cube: Cube,
}

/// Keeps what was counted. A day is counted once: all nodes tell the same of it, for good.
#[async_trait]
pub trait StatisticsStore: Send + Sync {
    /// Keeps the counts of a day; says whether they were the first of that day. Others are not kept.
    async fn keep_census(&self, census: Census) -> Result<bool, StoreError>;

    /// The counts of a day.
    async fn census(&self, day: Date) -> Result<Option<Census>, StoreError>;

    /// What was counted, the newest day first, at most `length_max`.
    async fn counted(&self, length_max: usize) -> Result<Vec<Counted>, StoreError>;

    /// Forgets the counts of a day, so that it is counted anew; says whether there were any.
    async fn forget_census(&self, day: Date) -> Result<bool, StoreError>;
}
