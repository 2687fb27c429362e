//! The store port of the feed: where each subscriber stands, and what could not be delivered.

use crate::PostFailure;
use async_trait::async_trait;
use dancu_changes::Cursor;
use dancu_core::StoreError;
use dancu_exchange::ClientId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Identifies a batch for good, and the dead letter that it may become. The receiver knows a repetition by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeadLetterId(pub Uuid);

impl fmt::Display for DeadLetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for DeadLetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeadLetterId({self})")
    }
}

impl FromStr for DeadLetterId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// Changes that were told and are on their way to a webhook. The same bytes are sent until they arrive, so that a
/// change is recorded once however often it is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Batch {
    /// Identifier.
    pub id: DeadLetterId,
    /// The JSON that is sent.
    pub body: Vec<u8>,
    /// How many changes.
    pub length: u32,
    /// Of the stretch behind this entry,
    pub after: Cursor,
    /// up to this one.
    pub through: Cursor,
    /// The dead letter that it replays.
    pub replays: Option<DeadLetterId>,
    /// Under which terms of the contract it was told, as text that is compared.
    pub terms: String,
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Batch({}, {} changes)", self.id, self.length)
    }
}

/// Why nothing is delivered to a subscriber any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// It answered 410: it wants no more.
    Gone,
}

/// Where a subscriber stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscriber {
    /// The client.
    pub client: ClientId,
    /// Everything up to here is delivered, dead, or concerned others.
    pub cursor: Cursor,
    /// What is on its way.
    pub batch: Option<Batch>,
    /// Attempts that failed since the last success.
    pub failures: u32,
    /// When the first of them failed.
    pub first_failed_at: Option<Timestamp>,
    /// Why the last of them failed.
    pub last_failure: Option<PostFailure>,
    /// Not before.
    pub next_try_at: Option<Timestamp>,
    /// When something last arrived.
    pub delivered_at: Option<Timestamp>,
    /// Why nothing is delivered any more.
    pub stopped: Option<StopReason>,
    /// Counts the saves, so that of two who save at once one is refused.
    pub version: u64,
}

impl Subscriber {
    /// A subscriber that is seen for the first time: it is told of what changes from now on.
    pub const fn new(client: ClientId, cursor: Cursor) -> Self {
        Self {
            client,
            cursor,
            batch: None,
            failures: 0,
            first_failed_at: None,
            last_failure: None,
            next_try_at: None,
            delivered_at: None,
            stopped: None,
            version: 0,
        }
    }
}

/// Why a batch was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub struct DeadReason {
    /// Attempts.
    pub attempts: u32,
    /// Why the last one failed.
    pub failure: PostFailure,
}

/// Whether somebody wants a dead letter sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterState {
    /// Nobody has asked.
    Dead,
    /// The courier sends it again before anything else of this subscriber.
    Replaying,
}

/// A stretch of changes that could not be delivered. It holds no personal data: at a replay the stretch is told anew,
/// with what is known then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// That of the batch.
    pub id: DeadLetterId,
    /// For whom it was.
    pub client: ClientId,
    /// The stretch behind this entry,
    pub after: Cursor,
    /// up to this one.
    pub through: Cursor,
    /// Changes that were to be delivered.
    pub length: u32,
    /// When it was given up.
    pub died_at: Timestamp,
    /// Why.
    pub reason: DeadReason,
    /// Whether it is sent again.
    pub state: LetterState,
}

/// What a save does to the dead letters, in the same transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LetterChange {
    /// Nothing.
    Keep,
    /// Adds one, or replaces it by its identifier.
    Put(DeadLetter),
    /// Takes one away: it arrived.
    Remove(DeadLetterId),
}

/// What became of a save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// It is durable.
    Done,
    /// Somebody else saved this subscriber meanwhile; nothing was written.
    Stale,
}

/// Keeps where subscribers stand. Every write is one transaction, durable when it returns.
#[async_trait]
pub trait FeedStore: Send + Sync {
    /// A subscriber.
    async fn subscriber(&self, client: &ClientId) -> Result<Option<Subscriber>, StoreError>;

    /// Subscribers in the order of their identifiers, after one of them, at most `length_max`.
    async fn subscribers(
        &self,
        after: Option<&ClientId>,
        length_max: usize,
    ) -> Result<Vec<Subscriber>, StoreError>;

    /// Keeps a subscriber whose `version` is that of the stored one, or 0 for a new one, and counts the version up;
    /// with it changes a dead letter.
    async fn save_subscriber(
        &self,
        subscriber: Subscriber,
        letters: LetterChange,
    ) -> Result<Saved, StoreError>;

    /// Dead letters in the order of their identifiers, which is that of their making, after one of them, at most
    /// `length_max`; of all clients or of one.
    async fn dead_letters(
        &self,
        client: Option<&ClientId>,
        after: Option<DeadLetterId>,
        length_max: usize,
    ) -> Result<Vec<DeadLetter>, StoreError>;

    /// How many dead letters there are.
    async fn count_dead_letters(&self) -> Result<u64, StoreError>;

    /// The first dead letter of a client that is to be sent again.
    async fn next_replay(&self, client: &ClientId) -> Result<Option<DeadLetter>, StoreError>;

    /// Has a dead letter sent again; `false` when there is none.
    async fn replay(&self, id: DeadLetterId) -> Result<bool, StoreError>;

    /// Begins to deliver again to a subscriber that was stopped, at once; also ends the wait of one that failed.
    /// `false` when there is none.
    async fn resume(&self, client: &ClientId) -> Result<bool, StoreError>;
}
