//! The store port of alarms.

use crate::{Alarm, AlarmId};
use async_trait::async_trait;
use dancu_core::{PersonalNumber, StoreError};
use dancu_exchange::OrganisationId;
use jiff::{Timestamp, civil::Date};

/// How far the watch is in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmCursor {
    /// Which log, by its origin.
    pub log: String,
    /// The day that is under way in it.
    pub day: Date,
    /// The first leaf of that day, from where a watch that starts begins to read.
    pub day_start: u64,
    /// The first leaf that was never looked at.
    pub next: u64,
}

/// Which alarms a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AlarmList {
    /// Those that nobody decided.
    #[default]
    Open,
    /// Those that were decided.
    Decided,
    /// Those of whose breach the agency was not told yet, the earliest last day first.
    NoticeOwed,
}

/// Keeps alarms, how far the watch is, and which number is a member of staff's own.
#[async_trait]
pub trait AlarmStore: Send + Sync {
    /// How far the watch is in each log.
    async fn alarm_cursors(&self) -> Result<Vec<AlarmCursor>, StoreError>;

    /// Adds alarms that are new, renews the evidence of those that nobody decided, and moves a cursor, in one transaction.
    /// How many were new.
    async fn save_watch(&self, alarms: Vec<Alarm>, cursor: AlarmCursor) -> Result<u64, StoreError>;

    /// The alarm with this identifier.
    async fn alarm(&self, id: AlarmId) -> Result<Option<Alarm>, StoreError>;

    /// Alarms of a list, behind one that was shown before; at most `length_max`. Newest first, but for owed notices.
    async fn alarms(
        &self,
        list: AlarmList,
        after: Option<AlarmId>,
        length_max: usize,
    ) -> Result<Vec<Alarm>, StoreError>;

    /// Writes what people did about an alarm that was still at the version before. False: somebody was quicker.
    async fn save_alarm(&self, alarm: Alarm) -> Result<bool, StoreError>;

    /// Alarms of whose breach an agency was told, the last told first; at most `length_max`.
    async fn notices(
        &self,
        organisation: &OrganisationId,
        length_max: usize,
    ) -> Result<Vec<Alarm>, StoreError>;

    /// Alarms whose notice is to be delivered to a webhook by now, the longest waiting first.
    async fn notices_to_deliver(&self, now: Timestamp, length_max: usize) -> Result<Vec<Alarm>, StoreError>;

    /// The personal number of a member of staff, as it was declared for this watch alone.
    async fn own_number(&self, staff: &str) -> Result<Option<PersonalNumber>, StoreError>;

    /// Declares the personal number of a member of staff; nothing takes it away.
    async fn put_own_number(&self, staff: &str, number: Option<PersonalNumber>) -> Result<(), StoreError>;
}
