//! The port to whatever keeps the queue.

use crate::EntryState;
use async_trait::async_trait;
use dancu_changes::CommandId;
use dancu_core::StoreError;
use jiff::Timestamp;

/// Identifier of a row: that of its command.
pub type RowId = CommandId;

/// A row of the queue. What it holds is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandoverRow {
    /// Its place, given by the store.
    pub sequence: u64,
    /// The command.
    pub id: RowId,
    /// How far it is.
    pub state: EntryState,
    /// When it was taken in.
    pub queued_at: Timestamp,
    /// When it was sent last.
    pub sent_at: Option<Timestamp>,
    /// When it was answered or withdrawn.
    pub settled_at: Option<Timestamp>,
    /// How often it was sent.
    pub attempts: u32,
    /// What was taken in, sealed.
    pub taken: Vec<u8>,
    /// The answer, sealed.
    pub answer: Option<Vec<u8>>,
}

impl HandoverRow {
    /// Whether this is how the row was settled. Stores keep microseconds.
    pub fn is_settled_so(&self, to: EntryState, at: Timestamp) -> bool {
        let settled_us = self.settled_at.map(Timestamp::as_microsecond);
        self.state == to && settled_us == Some(at.as_microsecond())
    }
}

/// What keeps the queue. Every write is durable when it returns.
#[async_trait]
pub trait HandoverStore: Send + Sync {
    /// Adds a row at the end; gives the one that stands under the identifier already instead, and adds nothing.
    async fn add(
        &self,
        id: RowId,
        queued_at: Timestamp,
        taken: Vec<u8>,
    ) -> Result<Option<HandoverRow>, StoreError>;

    /// Rows that the centre still has to answer, in their order.
    async fn open_rows(&self, length_max: usize) -> Result<Vec<HandoverRow>, StoreError>;

    /// Notes that rows are being sent, before they are.
    async fn mark_sent(&self, ids: Vec<RowId>, at: Timestamp) -> Result<(), StoreError>;

    /// Settles a row if it still stands in one of the states; `false` when it does not. Settled so at this very instant
    /// already, it is `true`: the answer to the first time was lost.
    async fn settle(
        &self,
        id: RowId,
        from: Vec<EntryState>,
        to: EntryState,
        answer: Option<Vec<u8>>,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// A row.
    async fn row(&self, id: RowId) -> Result<Option<HandoverRow>, StoreError>;

    /// Rows before a place, the newest first.
    async fn rows(&self, before: Option<u64>, length_max: usize) -> Result<Vec<HandoverRow>, StoreError>;

    /// How many rows stand in a state.
    async fn count(&self, state: EntryState) -> Result<u64, StoreError>;
}
