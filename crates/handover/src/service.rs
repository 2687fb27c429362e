//! Takes commands in and hands them over.

use crate::{Answer, AnswerState, Entry, EntryState, HandoverRow, HandoverStore, QueueKey, Taken};
use async_trait::async_trait;
use dancu_changes::{CommandId, Envelope};
use dancu_core::{Clock, Entropy, Explain, Explanation, StoreError};
use jiff::Timestamp;
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

/// Commands of one round at most.
const BATCH_MAX: usize = 20;

/// The centre gave no answer that can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the centre cannot be reached: {0}")]
pub struct Unreachable(pub String);

/// The way to the centre.
#[async_trait]
pub trait Centre: Send + Sync {
    /// Sends commands, which the centre decides in their order. The answers stand in the same order; they may be
    /// fewer, when the centre stopped on its way.
    async fn send(&self, envelopes: &[Envelope]) -> Result<Vec<Answer>, Unreachable>;
}

/// A command was not taken in, or a row not moved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandoverError {
    /// The identifier was used for another command.
    #[error("the identifier belongs to another command")]
    IdentifierUsed,
    /// There is no such row, or it is too far for this.
    #[error("a row is not there or is too far")]
    TooFar,
    /// A row does not open: the key is another one.
    #[error("a row of the queue does not open")]
    Sealed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for HandoverError {
    fn explain(&self) -> Explanation {
        match self {
            Self::IdentifierUsed => Explanation::new(
                "DANCU-HANDOVER-001",
                "Mã yêu cầu này đã dùng cho một yêu cầu khác trong hàng đợi. Hãy mở lại biểu mẫu từ đầu.",
                "This identifier was used for another command in the queue. Open the form anew.",
            ),
            Self::TooFar => Explanation::new(
                "DANCU-HANDOVER-002",
                "Yêu cầu này không còn ở trạng thái cho phép rút. Hãy tải lại trang để xem trạng thái mới.",
                "This command can no longer be withdrawn. Load the page again to see how far it is.",
            ),
            Self::Sealed => Explanation::new(
                "DANCU-HANDOVER-003",
                "Không mở được hàng đợi vì khóa không đúng. Hãy khôi phục tệp `handover.key` từ bản sao lưu.",
                "The queue does not open under this key. Restore the file `handover.key` from a backup.",
            ),
            Self::Store(error) => error.explain(),
        }
    }
}

/// What one round did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// Nothing waited.
    Idle,
    /// So many were answered.
    Answered(usize),
    /// The centre could not be reached, or asked to try later.
    Later,
}

/// The wait before the next try after some that failed: a second, doubled each time, a minute at most.
pub fn back_off(failures: u32) -> Duration {
    Duration::from_secs(1_u64.checked_shl(failures.saturating_sub(1)).unwrap_or(60).min(60))
}

/// The queue of a commune.
pub struct Handover {
    store: Arc<dyn HandoverStore>,
    centre: Arc<dyn Centre>,
    key: QueueKey,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    failures: AtomicU32,
    reached: Mutex<Option<Timestamp>>,
}

impl Handover {
    /// Joins the parts.
    pub fn new(
        store: Arc<dyn HandoverStore>,
        centre: Arc<dyn Centre>,
        key: QueueKey,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let (failures, reached) = (AtomicU32::new(0), Mutex::new(None));
        Self { store, centre, key, clock, entropy, failures, reached }
    }

    /// Takes a command in; durable when it returns. Taken in twice, it stands once.
    pub async fn take(&self, taken: &Taken) -> Result<(), HandoverError> {
        let id = taken.envelope.id;
        let text = serde_json::to_vec(taken).expect("a command is plain JSON");
        let sealed = self.key.seal(id, text, &*self.entropy);
        let Some(known) = self.store.add(id, self.clock.now(), sealed).await? else { return Ok(()) };
        let known = self.open(&known)?.taken.envelope;
        let given = &taken.envelope;
        // The second click of a double one was taken in a moment later.
        let is_same =
            known.actor == given.actor && known.evidence == given.evidence && known.command == given.command;
        if is_same { Ok(()) } else { Err(HandoverError::IdentifierUsed) }
    }

    /// Hands over what waits, in its order, one round. A row is noted as sent before it is: a node that is killed in
    /// between sends it again, and the centre knows it.
    pub async fn round(&self) -> Result<Round, HandoverError> {
        let rows = self.store.open_rows(BATCH_MAX).await?;
        if rows.is_empty() {
            return Ok(Round::Idle);
        }
        let entries: Vec<Entry> = rows.iter().map(|row| self.open(row)).collect::<Result<_, _>>()?;
        let ids = entries.iter().map(|entry| entry.id).collect();
        self.store.mark_sent(ids, self.clock.now()).await?;
        let envelopes: Vec<Envelope> = entries.into_iter().map(|entry| entry.taken.envelope).collect();
        let Ok(answers) = self.centre.send(&envelopes).await else {
            self.failures.fetch_add(1, Ordering::Relaxed);
            return Ok(Round::Later);
        };
        let mut settled = 0;
        for (envelope, answer) in envelopes.iter().zip(&answers) {
            if answer.id != envelope.id || answer.state == AnswerState::Later {
                break;
            }
            self.settle(answer).await?;
            settled += 1;
        }
        if settled == 0 {
            self.failures.fetch_add(1, Ordering::Relaxed);
            return Ok(Round::Later);
        }
        self.failures.store(0, Ordering::Relaxed);
        *self.reached.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.clock.now());
        Ok(Round::Answered(settled))
    }

    async fn settle(&self, answer: &Answer) -> Result<(), HandoverError> {
        let to = match answer.state {
            AnswerState::Accepted | AnswerState::Known => EntryState::Accepted,
            AnswerState::Refused => EntryState::Refused,
            AnswerState::Later => return Ok(()),
        };
        let text = serde_json::to_vec(answer).expect("an answer is plain JSON");
        let sealed = self.key.seal(answer.id, text, &*self.entropy);
        let from = vec![EntryState::Waiting, EntryState::Sent];
        self.store.settle(answer.id, from, to, Some(sealed), self.clock.now()).await?;
        Ok(())
    }

    /// Takes a command back that was refused, or that was never sent. One that was sent may be recorded already.
    pub async fn withdraw(&self, id: CommandId) -> Result<(), HandoverError> {
        let Some(row) = self.store.row(id).await? else { return Err(HandoverError::TooFar) };
        let from = vec![EntryState::Waiting, EntryState::Refused];
        let is_done =
            self.store.settle(id, from, EntryState::Withdrawn, row.answer, self.clock.now()).await?;
        if is_done { Ok(()) } else { Err(HandoverError::TooFar) }
    }

    /// Takes a refused command back because another one stands in its place; one that is not refused stays as it is.
    pub async fn withdraw_refused(&self, id: CommandId) -> Result<(), HandoverError> {
        let Some(row) = self.store.row(id).await? else { return Ok(()) };
        let from = vec![EntryState::Refused];
        self.store.settle(id, from, EntryState::Withdrawn, row.answer, self.clock.now()).await?;
        Ok(())
    }

    /// A page of the queue, the newest first.
    pub async fn page(&self, before: Option<u64>, length_max: usize) -> Result<Vec<Entry>, HandoverError> {
        let rows = self.store.rows(before, length_max).await?;
        rows.iter().map(|row| self.open(row)).collect()
    }

    /// One command of the queue.
    pub async fn entry(&self, id: CommandId) -> Result<Option<Entry>, HandoverError> {
        self.store.row(id).await?.map(|row| self.open(&row)).transpose()
    }

    /// How many commands stand in a state.
    pub async fn count(&self, state: EntryState) -> Result<u64, HandoverError> {
        Ok(self.store.count(state).await?)
    }

    /// Rounds in a row that reached nobody.
    pub fn failures(&self) -> u32 {
        self.failures.load(Ordering::Relaxed)
    }

    /// When the centre last answered.
    pub fn reached(&self) -> Option<Timestamp> {
        *self.reached.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, row: &HandoverRow) -> Result<Entry, HandoverError> {
        let taken = self.key.open(row.id, &row.taken);
        let taken = taken.and_then(|text| serde_json::from_slice(&text).ok()).ok_or(HandoverError::Sealed)?;
        let answer = match &row.answer {
            None => None,
            Some(sealed) => {
                let text = self.key.open(row.id, sealed).ok_or(HandoverError::Sealed)?;
                Some(serde_json::from_slice(&text).map_err(|_| HandoverError::Sealed)?)
            }
        };
        Ok(Entry {
            sequence: row.sequence,
            id: row.id,
            taken,
            state: row.state,
            queued_at: row.queued_at,
            sent_at: row.sent_at,
            settled_at: row.settled_at,
            attempts: row.attempts,
            answer,
        })
    }
}

#[cfg(test)]
#[path = "service_tests.rs"]
mod tests;
