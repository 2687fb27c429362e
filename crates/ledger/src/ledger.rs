//! The ledger as other rooms see it: reserve a place under the limit, disclose, get the receipt.

use crate::{
    checkpoint::{LogSigner, LogVerifier},
    committer::{CommitOptions, Committer, Disclosed, Pending, Shared},
    error::LedgerError,
    metrics::{Counters, LedgerHealth, LedgerMetrics},
    node::LogNumber,
    ports::{Batch, Head, LedgerStore, QuotaCount},
    queue::{Queue, Refused},
    quota::{Exhausted, NoPlace, QuotaTable, Reservation, Short},
    record::{Draft, SealedRecord},
    shares::{LimitShares, Sharer},
    tree::Frontier,
};
use dancu_core::{Clock, Entropy, StoreError, today_in_viet_nam};
use jiff::{SignedDuration, Timestamp, civil::Date};
use std::{
    collections::HashMap,
    fmt,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    thread::JoinHandle,
};
use tokio::sync::oneshot;

/// How far the clock may lie behind the newest record at the start.
const CLOCK_BEHIND_MAX: SignedDuration = SignedDuration::from_secs(60);

/// How a ledger is run.
#[derive(Debug, Clone, Copy, Default)]
pub struct LedgerOptions {
    /// How commits are grouped.
    pub commits: CommitOptions,
    /// Start although the clock is far behind the newest record. Times then stand still until it catches up.
    pub accept_clock_behind: bool,
    /// Which log of the house it is.
    pub log: LogNumber,
}

/// The running ledger. Dropping it commits what waits and ends its thread.
pub struct Ledger {
    shared: Arc<Shared>,
    entropy: Arc<dyn Entropy>,
    verifier: LogVerifier,
    location: PathBuf,
    /// Where limits are shared with other nodes.
    sharer: Option<Sharer>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

impl Ledger {
    /// Takes up the log where the store ends, after its signature and clock were checked, and starts the
    /// committer. `location` is the store's file, for messages.
    pub fn start(
        store: Box<dyn LedgerStore>,
        location: PathBuf,
        signer: LogSigner,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        options: LedgerOptions,
    ) -> Result<Self, LedgerError> {
        Self::begin(store, location, signer, (clock, entropy), options, None)
    }

    /// As [`Self::start`], for a node among several: it counts under the limits that all of them share.
    pub fn start_sharing(
        store: Box<dyn LedgerStore>,
        location: PathBuf,
        signer: LogSigner,
        (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>),
        options: LedgerOptions,
        limits: Arc<dyn LimitShares>,
    ) -> Result<Self, LedgerError> {
        Self::begin(store, location, signer, (clock, entropy), options, Some(limits))
    }

    fn begin(
        mut store: Box<dyn LedgerStore>,
        location: PathBuf,
        signer: LogSigner,
        (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>),
        options: LedgerOptions,
        limits: Option<Arc<dyn LimitShares>>,
    ) -> Result<Self, LedgerError> {
        let head = open_head(store.as_mut(), &signer)?;
        let (now, newest) = (clock.now(), instant(head.newest_us));
        if newest.duration_since(now) > CLOCK_BEHIND_MAX && !options.accept_clock_behind {
            return Err(LedgerError::ClockBehind { newest, now });
        }
        let quotas = if limits.is_some() { QuotaTable::shared() } else { QuotaTable::default() };
        // From the newest record's day on, not from the clock's: that one may step back again.
        let newest_day = today_in_viet_nam(newest);
        let first_day = newest_day.yesterday().unwrap_or(Date::MIN);
        if let Some(limits) = &limits {
            // A start after a kill: what was held and not used is free again.
            limits.give_back_all(first_day)?;
        }
        for count in store.quota_counts(first_day)? {
            quotas.load(&count.contract, count.day, count.used);
        }
        let counters = Counters::default();
        counters.size.store(head.frontier.size(), Ordering::Release);
        let shared = Arc::new(Shared {
            queue: Queue::new(options.commits.queue_length_max),
            quotas,
            counters,
            newest_us: AtomicI64::new(head.newest_us),
            clock,
        });
        let verifier = signer.verifier().clone();
        let committer = Committer {
            shared: shared.clone(),
            store,
            location: location.clone(),
            signer,
            head,
            uncertain: None,
            options: options.commits,
            log: options.log,
        };
        let thread = std::thread::Builder::new()
            .name("ledger".to_owned())
            .spawn({
                let guard = AbandonAtEnd { shared: shared.clone(), location: location.clone() };
                move || {
                    let _guard = guard;
                    committer.run();
                }
            })
            .map_err(|error| StoreError::Failed { file: location.clone(), detail: error.to_string() })?;
        let limit_sharer =
            limits.map(|limits| Sharer::start(limits, Arc::clone(&shared), location.clone())).transpose()?;
        let thread = Mutex::new(Some(thread));
        Ok(Self { shared, entropy, verifier, location, sharer: limit_sharer, thread })
    }

    /// The ledger's time: the clock's, but never before the newest record.
    pub fn now(&self) -> Timestamp {
        self.shared.now()
    }

    /// The day in Viet Nam on which answers are counted at present.
    pub fn counting_day(&self) -> Date {
        today_in_viet_nam(self.now())
    }

    /// How far the clock is behind the newest record; zero when it is not.
    pub fn clock_behind_by(&self) -> SignedDuration {
        self.now().duration_since(self.shared.clock.now()).max(SignedDuration::ZERO)
    }

    /// Takes one place under a contract's daily limit. Dropping the reservation gives it back. Among several nodes it
    /// mostly is one of those that this node holds; else more of them are asked for first.
    pub async fn take_place(&self, contract: &str, limit: u64) -> Result<Reservation, NoPlace> {
        match (self.shared.quotas.take(contract, self.counting_day(), limit), &self.sharer) {
            (Ok(reservation), _) => Ok(reservation),
            (Err(Short::Exhausted(exhausted)), _) => Err(exhausted.into()),
            (Err(Short::Share(counter)), Some(sharer)) => sharer.take(counter, limit).await,
            (Err(Short::Share(counter)), None) => Err(counter.exhausted(limit).into()),
        }
    }

    /// What other logs of this house say that was used; for a house whose other nodes run no more.
    pub fn count_others(&self, counts: impl IntoIterator<Item = QuotaCount>) {
        let mut days = HashMap::<(Arc<str>, Date), u64>::new();
        for QuotaCount { contract, day, used } in counts {
            *days.entry((contract, day)).or_default() += used;
        }
        for ((contract, day), used) in days {
            self.shared.quotas.counter(&contract, day).set_others(used);
        }
    }

    /// Takes one of the places that this node holds already: all there are, where it is alone.
    pub fn reserve(&self, contract: &str, limit: u64) -> Result<Reservation, Exhausted> {
        self.shared.quotas.reserve(contract, self.counting_day(), limit)
    }

    /// What a contract used on the present day, answers on their way included; of other nodes as it was a second ago.
    pub fn used_today(&self, contract: &str) -> u64 {
        self.shared.quotas.used(contract, self.counting_day())
    }

    /// What every contract that was used on the present day used, by identifier.
    pub fn all_used_today(&self) -> Vec<(String, u64)> {
        self.shared.quotas.all(self.counting_day())
    }

    /// Puts a disclosure into the log under a reserved place. When this returns `Ok`, record, leaf and quota
    /// count are durable and the answer may be released. After an error nothing was counted.
    ///
    /// A caller that goes away while it waits leaves the disclosure in the log.
    pub async fn disclose(
        &self,
        draft: Draft<'_>,
        reservation: Reservation,
    ) -> Result<Disclosed, StoreError> {
        let waiting = self.submit(draft, reservation)?;
        waiting.await.unwrap_or_else(|_| Err(self.closed()))
    }

    /// Puts several disclosures into the log, in few commits. When this returns `Ok`, all are durable. After an error
    /// some may be: none of the answers leaves, and a record of an answer that did not leave harms nobody.
    pub async fn disclose_all(
        &self,
        drafts: impl IntoIterator<Item = (Draft<'_>, Reservation)>,
    ) -> Result<Vec<Disclosed>, StoreError> {
        let waiting: Vec<_> = drafts
            .into_iter()
            .map(|(draft, reservation)| self.submit(draft, reservation))
            .collect::<Result<_, _>>()?;
        let mut disclosed = Vec::with_capacity(waiting.len());
        for one in waiting {
            disclosed.push(one.await.unwrap_or_else(|_| Err(self.closed()))?);
        }
        Ok(disclosed)
    }

    /// Queues a disclosure; its outcome comes through the channel. Refused at once with
    /// [`StoreError::Overloaded`] when the queue is full.
    pub fn submit(
        &self,
        draft: Draft<'_>,
        reservation: Reservation,
    ) -> Result<oneshot::Receiver<Result<Disclosed, StoreError>>, StoreError> {
        let mut salt = [0; 32];
        self.entropy.fill(&mut salt);
        // Records keep microseconds; the bytes of the time have a fixed place for them.
        let time = instant(self.now().as_microsecond().max(0));
        let subject = draft.subject;
        let record = SealedRecord::new(draft, reservation.contract(), reservation.day(), time, salt);
        let (reply, waiting) = oneshot::channel();
        match self.shared.queue.push(Pending { record, subject, reservation, reply }) {
            Ok(()) => Ok(waiting),
            Err(Refused::Full) => {
                self.shared.counters.overloaded.fetch_add(1, Ordering::Relaxed);
                Err(StoreError::Overloaded)
            }
            Err(Refused::Closed) => Err(self.closed()),
        }
    }

    /// How many records are in the log.
    pub fn size(&self) -> u64 {
        self.shared.counters.size.load(Ordering::Acquire)
    }

    /// The log's verifier key.
    pub const fn verifier(&self) -> &LogVerifier {
        &self.verifier
    }

    /// Counts for the operator.
    pub fn metrics(&self) -> LedgerMetrics {
        self.shared.counters.snapshot(self.shared.queue.len() as u64)
    }

    /// Whether records can be committed at present.
    pub fn health(&self) -> LedgerHealth {
        self.shared.counters.health()
    }

    /// Refuses new records, commits those that wait, and ends the thread. Blocks for that long.
    pub fn shut_down(&self) {
        if let Some(sharer) = &self.sharer {
            sharer.shut_down();
        }
        self.shared.queue.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return };
        if thread.join().is_err() {
            tracing::error!("the committer's thread ended with a panic");
        }
        let from_day = self.counting_day().yesterday().unwrap_or(Date::MIN);
        // Nothing is on its way any more. What cannot be given back now, others take, or the next start does it.
        if let Some(Err(error)) = self.sharer.as_ref().map(|sharer| sharer.give_back_all(from_day)) {
            tracing::warn!(%error, "unused places of today's limits could not be given back");
        }
    }

    /// What a caller hears whose disclosure met the end of the ledger.
    pub fn closed(&self) -> StoreError {
        StoreError::Failed { file: self.location.clone(), detail: "the ledger is shut down".to_owned() }
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.shut_down();
    }
}

/// However the committer's thread ends, nobody waits for it afterwards, and the health tells of a panic.
struct AbandonAtEnd {
    shared: Arc<Shared>,
    location: PathBuf,
}

impl Drop for AbandonAtEnd {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let detail = "the committer stopped by a defect of the program; start again".to_owned();
            let error = StoreError::Failed { file: self.location.clone(), detail };
            self.shared.counters.failed(&error, self.shared.clock.now());
        }
        self.shared.queue.abandon();
    }
}

/// The instant of a time in the log; times beyond the calendar cannot be in it.
pub(crate) fn instant(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
}

/// The end of the log, verified. An empty log gets its first checkpoint.
fn open_head(store: &mut dyn LedgerStore, signer: &LogSigner) -> Result<Head, LedgerError> {
    let Some(head) = store.head()? else {
        let frontier = Frontier::default();
        let head = Head { checkpoint: signer.sign(&frontier), frontier, newest_us: 0 };
        store.append(&Batch { first: 0, records: &[], quotas: &[], head: &head })?;
        return Ok(head);
    };
    verify_head(&head, signer.verifier())?;
    Ok(head)
}

/// Checks that the stored checkpoint is ours and of the stored tree.
pub(crate) fn verify_head(head: &Head, verifier: &LogVerifier) -> Result<(), LedgerError> {
    let Some(signed) = verifier.open(&head.checkpoint) else {
        return Err(LedgerError::Signature { verifier_key: verifier.as_str().to_owned() });
    };
    if signed.size != head.frontier.size() || signed.root != head.frontier.root() {
        let detail = format!("signed size {}, stored size {}", signed.size, head.frontier.size());
        return Err(LedgerError::Tree { detail });
    }
    Ok(())
}
