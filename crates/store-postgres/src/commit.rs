//! Changes on their way into the database: those that wait at the same time are committed together.
//!
//! A flush of the disk and a dozen statements cost nearly the same for one change as for thirty. Whoever comes while
//! nothing is under way is committed at once and alone; whoever comes meanwhile waits for the next turn.

use crate::{
    commit_batch::{Prepared, Together, commit_together, settle},
    database::Database,
    errors::{Fault, Result},
    fact_writer::source_number,
    facts::cell,
};
use dancu_changes::{CommandId, Commit, Committed, Event};
use dancu_core::StoreError;
use deadpool_postgres::GenericClient;
use std::{
    collections::{HashSet, VecDeque},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::{Semaphore, oneshot};

type Answer<T> = std::result::Result<T, StoreError>;

/// Commits of one transaction. Each holds some ten of PostgreSQL's locks.
const BATCH_LENGTH_MAX: usize = 32;
/// Transactions under way at once: one can wait for the disk while the other one works.
const BATCHES_AT_ONCE: usize = 2;
/// Commits that wait; one more is refused at once.
const WAITING_MAX: usize = 4_096;

/// A commit that waits, and who waits for its answer.
struct Waiting {
    prepared: Arc<Prepared>,
    answer: oneshot::Sender<Answer<Committed>>,
}

/// The queue in front of the database.
pub(crate) struct Committer {
    database: Arc<Database>,
    waiting: Mutex<VecDeque<Waiting>>,
    turns: Arc<Semaphore>,
}

impl fmt::Debug for Committer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Committer")
    }
}

impl Committer {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database, waiting: Mutex::default(), turns: Arc::new(Semaphore::new(BATCHES_AT_ONCE)) }
    }

    /// Applies a change. It is applied also when nobody waits for the answer any more.
    pub(crate) async fn commit(self: &Arc<Self>, commit: Commit) -> Answer<Committed> {
        let prepared = Prepared::new(commit).map_err(|fault| self.database.failed(fault))?;
        let (answer, told) = oneshot::channel();
        {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.len() >= WAITING_MAX {
                return Err(StoreError::Overloaded);
            }
            waiting.push_back(Waiting { prepared: Arc::new(prepared), answer });
        }
        self.take_turn();
        // Without an answer the task ended by a defect, and nobody knows what stands.
        told.await.unwrap_or_else(|_| Err(self.database.failed(Fault::Defect("a commit was given up"))))
    }

    /// Commits what waits, unless enough are at it.
    fn take_turn(self: &Arc<Self>) {
        let Ok(turn) = Arc::clone(&self.turns).try_acquire_owned() else { return };
        let committer = Arc::clone(self);
        // A task of its own: whoever asked may go away in the middle, and the others' answers with it.
        tokio::spawn(async move {
            loop {
                let batch = committer.next_batch();
                if batch.is_empty() {
                    break;
                }
                committer.commit_batch(batch).await;
            }
            drop(turn);
            // Whoever came between the last look and the end of the turn found no turn to take.
            if committer.is_anyone_waiting() {
                committer.take_turn();
            }
        });
    }

    fn is_anyone_waiting(&self) -> bool {
        !self.waiting.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// The longest waiting commits that lock nothing in common. One that has to wait keeps its place, and nobody passes it
    /// who wants what it wants.
    fn next_batch(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken: HashSet<String> = HashSet::new();
        let (mut batch, mut rest) = (Vec::new(), VecDeque::new());
        while batch.len() < BATCH_LENGTH_MAX {
            let Some(next) = waiting.pop_front() else { break };
            let is_free = next.prepared.locks.iter().all(|lock| !taken.contains(lock));
            taken.extend(next.prepared.locks.iter().cloned());
            if is_free {
                batch.push(next);
            } else {
                rest.push_back(next);
            }
        }
        rest.append(&mut waiting);
        *waiting = rest;
        batch
    }

    async fn commit_batch(&self, batch: Vec<Waiting>) {
        let prepared: Vec<_> = batch.iter().map(|one| Arc::clone(&one.prepared)).collect();
        let answers = match self.write(&prepared).await {
            Ok(Some(answers)) => answers.into_iter().map(Ok).collect(),
            Err(error) if !is_of_one(&error) || batch.len() == 1 => vec![Err(error); batch.len()],
            // What is wrong with one of them must not hold up the others.
            Ok(None) | Err(_) => self.write_apart(&prepared).await,
        };
        for (one, answer) in batch.into_iter().zip(answers) {
            // Nobody may be waiting any more.
            let _ = one.answer.send(answer);
        }
    }

    async fn write_apart(&self, batch: &[Arc<Prepared>]) -> Vec<Answer<Committed>> {
        let mut answers = Vec::with_capacity(batch.len());
        for one in batch.chunks(1) {
            let answer = self.write(one).await.and_then(|answers| {
                let answer = answers.and_then(|mut answers| answers.pop());
                answer.ok_or_else(|| self.database.failed(Fault::Defect("a commit has no answer")))
            });
            answers.push(answer);
        }
        answers
    }

    /// One transaction; the answers, or nothing when each has to be written for itself.
    async fn write(&self, batch: &[Arc<Prepared>]) -> Answer<Option<Vec<Committed>>> {
        let batch = batch.to_vec();
        loop {
            let together = self
                .database
                .write_settled(
                    &batch,
                    |transaction, batch| Box::pin(commit_together(transaction, batch)),
                    |client, batch, answer| Box::pin(settle(client, batch, answer)),
                )
                .await?;
            match together {
                Together::Answered(answers) => return Ok(Some(answers)),
                Together::Apart => return Ok(None),
                Together::SourcesMissing(names) => self.add_sources(&names).await?,
            }
        }
    }

    /// Gives sources of facts their numbers, outside of any transaction that may be undone.
    async fn add_sources(&self, names: &[String]) -> Answer<()> {
        self.database
            .read(&names, |client, names| {
                Box::pin(async {
                    for name in *names {
                        source_number(client, name).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}

/// Whether an error may be about one commit alone, and not about the database.
const fn is_of_one(error: &StoreError) -> bool {
    matches!(error, StoreError::Failed { .. } | StoreError::Corrupt { .. })
}

const EVENT_SQL: &str = "SELECT body, digest FROM event WHERE id = $1";

/// An event with the digest of its command.
pub(crate) async fn event(client: &impl GenericClient, id: CommandId) -> Result<Option<(Event, [u8; 32])>> {
    let statement = client.prepare_cached(EVENT_SQL).await?;
    let Some(row) = client.query_opt(&statement, &[&id.0.as_bytes().as_slice()]).await? else {
        return Ok(None);
    };
    let digest: &[u8] = cell(&row, 1)?;
    let digest = digest.try_into().map_err(|_| Fault::Damaged("the digest of an event"))?;
    Ok(Some((event_from_json(cell(&row, 0)?)?, digest)))
}

pub(crate) fn event_from_json(body: &str) -> Result<Event> {
    serde_json::from_str(body).map_err(|_| Fault::Damaged("the body of an event"))
}
