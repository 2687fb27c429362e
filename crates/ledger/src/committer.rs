//! The group commit: one thread turns whatever waits into one durable transaction and one signature.

use crate::{
    checkpoint::LogSigner,
    hash::{Base64Bytes, Hash, leaf_hash},
    ledger::instant,
    metrics::Counters,
    node::LogNumber,
    ports::{Batch, Head, LedgerStore, NewRecord, QuotaCount},
    queue::Queue,
    quota::{Counter, QuotaTable, Reservation},
    receipt::Receipt,
    record::SealedRecord,
    tree::BatchTree,
};
use dancu_core::{Clock, PersonalNumber, StoreError, today_in_viet_nam};
use jiff::Timestamp;
use std::{
    collections::HashMap,
    fmt,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// A record that waits for its commit.
pub(crate) struct Pending {
    pub record: SealedRecord,
    pub subject: PersonalNumber,
    pub reservation: Reservation,
    pub reply: oneshot::Sender<Result<Disclosed, StoreError>>,
}

/// What all records of one commit share: the tree's new nodes and the signed checkpoint.
struct CommitView {
    tree: BatchTree,
    checkpoint: Arc<str>,
    log: LogNumber,
}

/// A disclosure that is durable. The receipt is put together when it is asked for, in the asker's thread.
#[derive(Clone)]
pub struct Disclosed {
    index: u64,
    record: Vec<u8>,
    salt: [u8; 32],
    view: Arc<CommitView>,
}

impl fmt::Debug for Disclosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disclosed").field("index", &self.index).finish_non_exhaustive()
    }
}

impl Disclosed {
    /// The entry's number in the house.
    pub fn entry(&self) -> u64 {
        self.view.log.entry(self.index)
    }

    /// The receipt with its inclusion proof.
    pub fn into_receipt(self) -> Receipt {
        let proof = self.view.tree.proof(self.index).expect("the leaf is one of this commit's");
        Receipt {
            entry: self.view.log.entry(self.index),
            leaf_index: self.index,
            tree_size: self.view.tree.after().size(),
            inclusion_proof: proof.into_iter().map(Base64Bytes).collect(),
            checkpoint: self.view.checkpoint.to_string(),
            salt: Base64Bytes(self.salt),
            record: String::from_utf8(self.record).expect("a record was written as JSON"),
        }
    }
}

/// How commits are grouped.
#[derive(Debug, Clone, Copy)]
pub struct CommitOptions {
    /// Records of one commit at most.
    pub batch_max: usize,
    /// Under load: how long to wait at most for as many records as came last, microseconds.
    pub linger_us: u64,
    /// Records that may wait; one more is refused with [`StoreError::Overloaded`].
    pub queue_length_max: usize,
}

impl Default for CommitOptions {
    fn default() -> Self {
        Self { batch_max: 1_024, linger_us: 300, queue_length_max: 16_384 }
    }
}

/// What the callers and the committer share.
pub(crate) struct Shared {
    pub queue: Queue<Pending>,
    pub quotas: QuotaTable,
    pub counters: Counters,
    /// Time of the newest record, microseconds since 1970 UTC.
    pub newest_us: AtomicI64,
    pub clock: Arc<dyn Clock>,
}

impl Shared {
    /// The ledger's time: the clock's, but never before the newest record.
    pub fn now(&self) -> Timestamp {
        self.clock.now().max(instant(self.newest_us.load(Ordering::Acquire)))
    }
}

/// Pause between two empty commits while commits fail.
const PROBE_PAUSE: Duration = Duration::from_secs(1);
/// Every so many commits, the full linger is spent to see how many records come in it.
const PROBE_EVERY: u64 = 16;

/// The committer's own state, alive in its thread.
pub(crate) struct Committer {
    pub shared: Arc<Shared>,
    pub store: Box<dyn LedgerStore>,
    pub location: PathBuf,
    pub signer: LogSigner,
    pub head: Head,
    pub uncertain: Option<Uncertain>,
    pub options: CommitOptions,
    pub log: LogNumber,
}

/// A commit that the store answered with an error. It may be there all the same, so its places under the
/// limits stay taken until the store has said what it holds.
pub(crate) struct Uncertain {
    head: Head,
    reservations: Vec<Reservation>,
}

impl Committer {
    /// Commits until the queue is closed and empty.
    pub fn run(mut self) {
        let mut batch: Vec<Pending> = Vec::new();
        let mut last_count = 0;
        let batch_max = self.options.batch_max;
        for round in 0_u64.. {
            self.probe_while_failing();
            // Alone, a record goes at once. When records came together before, more are on their way: as many
            // as last time are awaited, and now and then all that come, so that groups grow with the load.
            let linger = if last_count > 1 { self.options.linger_us } else { 0 };
            let enough = if round.is_multiple_of(PROBE_EVERY) { batch_max } else { last_count };
            let linger = Duration::from_micros(linger);
            if !self.shared.queue.receive(&mut batch, enough.min(batch_max), linger, batch_max) {
                return;
            }
            last_count = batch.len();
            let started = Instant::now();
            match self.settle().and_then(|()| self.commit(&mut batch)) {
                Ok(view) => {
                    let took_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
                    self.shared.counters.committed(batch.len() as u64, self.head.frontier.size(), took_us);
                    answer(&mut batch, &Arc::new(view));
                }
                Err(error) => self.refuse(&mut batch, &error),
            }
        }
    }

    /// While commits fail and nobody asks, tries an empty one now and then, so that the health tells when the
    /// trouble is over: a load balancer that keeps callers away would otherwise never learn of it.
    fn probe_while_failing(&mut self) {
        while self.shared.counters.is_failing() && !self.shared.queue.wait(PROBE_PAUSE) {
            let started = Instant::now();
            if self.settle().and_then(|()| self.commit_nothing()).is_ok() {
                let took_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
                self.shared.counters.committed(0, self.head.frontier.size(), took_us);
                tracing::info!("records can be committed again");
            }
        }
    }

    fn commit_nothing(&mut self) -> Result<(), StoreError> {
        let head = &self.head;
        self.store.append(&Batch { first: head.frontier.size(), records: &[], quotas: &[], head })
    }

    /// Tells every caller of a batch that it failed, after its places under the limits were given back.
    fn refuse(&mut self, batch: &mut Vec<Pending>, error: &StoreError) {
        if self.shared.counters.failed(error, self.shared.clock.now()) {
            tracing::error!(%error, "records cannot be committed");
        }
        let (reservations, replies): (Vec<_>, Vec<_>) =
            batch.drain(..).map(|pending| (pending.reservation, pending.reply)).unzip();
        match &mut self.uncertain {
            Some(uncertain) if uncertain.reservations.is_empty() => {
                uncertain.reservations = reservations;
                // Mostly the store can say at once what it holds; if not, the next batch asks again.
                if let Err(again) = self.settle() {
                    tracing::warn!(error = %again, "the store cannot say what it holds");
                }
            }
            // The batch never reached the store.
            _ => drop(reservations),
        }
        for reply in replies {
            let _ = reply.send(Err(error.clone()));
        }
    }

    /// After a failure: asks the store what it holds.
    fn settle(&mut self) -> Result<(), StoreError> {
        let Some(uncertain) = &self.uncertain else { return Ok(()) };
        let held = self.store.head()?;
        let is_there = held.as_ref() == Some(&uncertain.head);
        if !is_there && held.as_ref() != Some(&self.head) {
            let detail = "the end of the log is not the one that was written".to_owned();
            return Err(StoreError::Corrupt { file: self.location.clone(), detail });
        }
        if let (true, Some(uncertain)) = (is_there, self.uncertain.take()) {
            // The records stay, with their counts: the answers were withheld, but the log may only grow.
            uncertain.reservations.into_iter().for_each(Reservation::keep);
            self.shared.newest_us.fetch_max(uncertain.head.newest_us, Ordering::AcqRel);
            self.shared.counters.size.store(uncertain.head.frontier.size(), Ordering::Release);
            self.head = uncertain.head;
        }
        self.uncertain = None;
        Ok(())
    }

    fn commit(&mut self, batch: &mut [Pending]) -> Result<CommitView, StoreError> {
        let mut newest_us = self.head.newest_us;
        for pending in batch.iter_mut() {
            if pending.record.time_us < newest_us {
                pending.record.restamp(newest_us);
            }
            newest_us = pending.record.time_us;
        }
        let leaves: Vec<Hash> = batch.iter().map(|pending| leaf_hash(&pending.record.commitment)).collect();
        let tree = BatchTree::append(&self.head.frontier, leaves);
        let checkpoint = self.signer.sign(tree.after());
        let head = Head { frontier: tree.after().clone(), checkpoint: checkpoint.clone(), newest_us };
        let records: Vec<NewRecord<'_>> = batch.iter().map(new_record).collect();
        let quotas = count_quotas(batch);
        let first = tree.first();
        if let Err(error) =
            self.store.append(&Batch { first, records: &records, quotas: &quotas, head: &head })
        {
            self.uncertain = Some(Uncertain { head, reservations: Vec::new() });
            // While the store was away, others may have taken what this node held and had not used.
            self.shared.quotas.distrust();
            return Err(error);
        }
        self.head = head;
        self.shared.newest_us.fetch_max(newest_us, Ordering::AcqRel);
        self.shared.quotas.forget_before(today_in_viet_nam(instant(newest_us)));
        Ok(CommitView { tree, checkpoint, log: self.log })
    }
}

fn new_record(pending: &Pending) -> NewRecord<'_> {
    NewRecord {
        contract: pending.reservation.contract(),
        day: pending.reservation.day(),
        subject: pending.subject,
        record: &pending.record.bytes,
        salt: &pending.record.salt,
    }
}

fn count_quotas(batch: &[Pending]) -> Vec<QuotaCount> {
    // One counter stands for one contract and day, so its address is the key.
    let mut counts: HashMap<*const Counter, QuotaCount> = HashMap::new();
    for pending in batch {
        let counter = pending.reservation.counter();
        let new = || QuotaCount { contract: counter.contract.clone(), day: counter.day, used: 0 };
        counts.entry(Arc::as_ptr(counter)).or_insert_with(new).used += 1;
    }
    counts.into_values().collect()
}

fn answer(batch: &mut Vec<Pending>, view: &Arc<CommitView>) {
    for (index, pending) in (view.tree.first()..).zip(batch.drain(..)) {
        pending.reservation.keep();
        let SealedRecord { bytes: record, salt, .. } = pending.record;
        // A caller that went away does not matter: the disclosure is in the log.
        let _ = pending.reply.send(Ok(Disclosed { index, record, salt, view: view.clone() }));
    }
}
