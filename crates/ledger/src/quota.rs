//! Daily limits: counted in memory before the answer, durable with the record.

use crate::shares::Share;
use dancu_core::{StoreError, VIET_NAM};
use jiff::{Timestamp, civil::Date};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// The contract's limit for the day is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the limit of the day is used up until {resets_at}")]
pub struct Exhausted {
    /// When counting starts anew: the next midnight in Viet Nam.
    pub resets_at: Timestamp,
    /// The limit of the day.
    pub limit: u64,
}

/// Why there is no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPlace {
    /// The contract's limit for the day is used up.
    #[error(transparent)]
    Exhausted(#[from] Exhausted),
    /// This node needs more of the day's limit, and where nodes share it cannot be reached.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a node has no place at hand.
#[derive(Debug)]
pub(crate) enum Short {
    /// Nobody has one.
    Exhausted(Exhausted),
    /// This node may ask for a greater share.
    Share(Arc<Counter>),
}

/// Places of a day and a contract as this node counts them, in one word: so that nobody takes a place of a share that
/// was given back in the same moment. The lower half are those in use, the upper half those held.
#[derive(Debug)]
struct Places(AtomicU64);

impl Places {
    const fn new(used: u64, held: u64) -> Self {
        Self(AtomicU64::new(Self::word(used, held)))
    }

    const fn word(used: u64, held: u64) -> u64 {
        let (used, held) =
            (if used > HELD_MAX { HELD_MAX } else { used }, if held > HELD_MAX { HELD_MAX } else { held });
        held << 32 | used
    }

    /// Places in use, and held.
    const fn read(word: u64) -> (u64, u64) {
        (word & HELD_MAX, word >> 32)
    }

    fn get(&self) -> (u64, u64) {
        Self::read(self.0.load(Ordering::Acquire))
    }

    /// Takes one place that is held, below a limit.
    fn take(&self, limit: u64) -> bool {
        let taken = |word| {
            let (used, held) = Self::read(word);
            (used < held.min(limit)).then(|| Self::word(used + 1, held))
        };
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, taken).is_ok()
    }

    fn give_back(&self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }

    /// Holds so many from now on; gives how many are in use.
    fn hold(&self, held: u64) -> u64 {
        let changed = |word| Some(Self::word(Self::read(word).0, held));
        let before = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, changed);
        Self::read(before.unwrap_or_else(|word| word)).0
    }
}

/// Most places that a node holds of a day: more than a contract can have.
pub(crate) const HELD_MAX: u64 = u32::MAX as u64;
/// How long it is believed that nobody has a place left.
const DRY_FOR: Duration = Duration::from_secs(1);

/// What one contract used on one day.
#[derive(Debug)]
pub(crate) struct Counter {
    pub contract: Arc<str>,
    pub day: Date,
    places: Places,
    /// What other nodes used, when it was last looked.
    others: AtomicU64,
    /// The limit for which this node's share was taken.
    shared_for: AtomicU64,
    /// The limit that was used up, and when that was found.
    dry: Mutex<Option<(u64, Instant)>>,
    /// Places in use when it was last looked whether any lie idle.
    seen: AtomicU64,
}

impl Counter {
    fn new(contract: Arc<str>, day: Date, used: u64, held: u64) -> Self {
        Self {
            contract,
            day,
            places: Places::new(used, held),
            others: AtomicU64::new(0),
            shared_for: AtomicU64::new(0),
            dry: Mutex::new(None),
            seen: AtomicU64::new(0),
        }
    }

    /// Takes a place of this node's share, if the share was taken for this limit.
    pub fn take(self: &Arc<Self>, limit: u64) -> Option<Reservation> {
        let is_current = self.shared_for.load(Ordering::Acquire) == limit;
        (is_current && self.places.take(limit))
            .then(|| Reservation { counter: Arc::clone(self), kept: false })
    }

    /// Nobody takes a place until [`Self::hold`]; gives how many are in use.
    pub fn close(&self) -> u64 {
        self.places.hold(0)
    }

    /// This node's share from now on.
    pub fn hold(&self, share: Share, limit: u64) {
        self.others.store(share.used_by_others, Ordering::Release);
        self.shared_for.store(limit, Ordering::Release);
        self.places.hold(share.held);
    }

    pub fn exhausted(&self, limit: u64) -> Exhausted {
        Exhausted { resets_at: day_end(self.day), limit }
    }

    /// Notes that nobody has a place left.
    pub fn run_dry(&self, limit: u64) {
        *self.dry.lock().unwrap_or_else(PoisonError::into_inner) = Some((limit, Instant::now()));
    }

    fn is_dry(&self, limit: u64) -> bool {
        let dry = *self.dry.lock().unwrap_or_else(PoisonError::into_inner);
        dry.is_some_and(|(of, since)| of == limit && since.elapsed() < DRY_FOR)
    }

    /// Whether places are held that nobody took since the last time this was asked.
    pub fn is_idle(&self) -> bool {
        let (used, held) = self.places.get();
        self.seen.swap(used, Ordering::AcqRel) == used && held > used
    }

    pub fn set_others(&self, used: u64) {
        self.others.store(used, Ordering::Release);
    }

    fn used(&self) -> u64 {
        self.places.get().0 + self.others.load(Ordering::Acquire)
    }
}

/// A counted place under a limit. Given back when dropped, kept when the record it was taken for is durable.
#[derive(Debug)]
pub struct Reservation {
    counter: Arc<Counter>,
    kept: bool,
}

impl Reservation {
    /// The contract it counts for.
    pub fn contract(&self) -> &str {
        &self.counter.contract
    }

    /// The day it counts on.
    pub fn day(&self) -> Date {
        self.counter.day
    }

    pub(crate) fn counter(&self) -> &Arc<Counter> {
        &self.counter
    }

    pub(crate) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.kept {
            self.counter.places.give_back();
        }
    }
}

/// The counters of each day, by contract.
type Days = HashMap<Date, HashMap<Arc<str>, Arc<Counter>>>;

/// The counts of the present day (and of the day before, for what is still on its way).
#[derive(Debug, Default)]
pub(crate) struct QuotaTable {
    days: Mutex<Days>,
    /// Whether other nodes count under the same limits: then this one holds only what it took.
    is_shared: bool,
}

impl QuotaTable {
    /// A table of a node among several.
    pub fn shared() -> Self {
        Self { is_shared: true, ..Self::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Days> {
        self.days.lock().unwrap_or_else(PoisonError::into_inner)
    }

    const fn held_at_first(&self) -> u64 {
        if self.is_shared { 0 } else { HELD_MAX }
    }

    /// Takes over durable counts at the start.
    pub fn load(&self, contract: &str, day: Date, used: u64) {
        let counter = Counter::new(contract.into(), day, used, self.held_at_first());
        self.lock().entry(day).or_default().insert(counter.contract.clone(), Arc::new(counter));
    }

    /// The counter of a contract and a day.
    pub fn counter(&self, contract: &str, day: Date) -> Arc<Counter> {
        let mut days = self.lock();
        let counters = days.entry(day).or_default();
        if let Some(counter) = counters.get(contract) {
            return counter.clone();
        }
        let counter = Arc::new(Counter::new(contract.into(), day, 0, self.held_at_first()));
        counters.insert(counter.contract.clone(), counter.clone());
        counter
    }

    /// Every counter there is.
    pub fn counters(&self) -> Vec<Arc<Counter>> {
        self.lock().values().flat_map(HashMap::values).cloned().collect()
    }

    /// Nothing is held any more until it is asked for again: whether what was held still is, is not sure.
    pub fn distrust(&self) {
        if self.is_shared {
            for counter in self.counters() {
                counter.close();
            }
        }
    }

    /// Drops the counts of days that can no more be counted on: the log has a record of `day`, and its time never
    /// steps back. The day before is kept, for what is still on its way. The clock alone drops nothing: it may leap
    /// ahead for a moment.
    pub fn forget_before(&self, day: Date) {
        let first_kept = day.yesterday().unwrap_or(Date::MIN);
        self.lock().retain(|held, _| *held >= first_kept);
    }

    /// Takes one place of the contract's limit on a day.
    pub fn take(&self, contract: &str, day: Date, limit: u64) -> Result<Reservation, Short> {
        let counter = self.counter(contract, day);
        if !self.is_shared {
            // What others used came with a copy of the store, and no longer changes.
            let of_own = limit.saturating_sub(counter.others.load(Ordering::Acquire));
            let is_taken = counter.places.take(of_own);
            let exhausted = Short::Exhausted(counter.exhausted(limit));
            return if is_taken { Ok(Reservation { counter, kept: false }) } else { Err(exhausted) };
        }
        match counter.take(limit) {
            Some(reservation) => Ok(reservation),
            None if counter.is_dry(limit) => Err(Short::Exhausted(counter.exhausted(limit))),
            None => Err(Short::Share(counter)),
        }
    }

    /// Takes one place of what this node holds already.
    pub fn reserve(&self, contract: &str, day: Date, limit: u64) -> Result<Reservation, Exhausted> {
        self.take(contract, day, limit).map_err(|short| match short {
            Short::Exhausted(exhausted) => exhausted,
            Short::Share(counter) => counter.exhausted(limit),
        })
    }

    /// What a contract used on a day at all nodes, this node's answers on their way included.
    pub fn used(&self, contract: &str, day: Date) -> u64 {
        let days = self.lock();
        let counter = days.get(&day).and_then(|counters| counters.get(contract));
        counter.map_or(0, |counter| counter.used())
    }

    /// What every contract used on a day.
    pub fn all(&self, day: Date) -> Vec<(String, u64)> {
        let days = self.lock();
        let counters = days.get(&day).into_iter().flat_map(HashMap::values);
        let mut all: Vec<(String, u64)> =
            counters.map(|counter| (counter.contract.to_string(), counter.used())).collect();
        all.sort();
        all
    }
}

/// The midnight in Viet Nam that ends a day.
fn day_end(day: Date) -> Timestamp {
    let tomorrow = day.tomorrow().unwrap_or(Date::MAX);
    VIET_NAM.to_timestamp(tomorrow.to_datetime(jiff::civil::Time::midnight())).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const DAY: Date = date(2026, 11, 21);

    #[test]
    fn a_limit_is_never_exceeded_and_what_is_given_back_can_be_taken_again() {
        let table = QuotaTable::default();
        let first = table.reserve("C-1", DAY, 2).unwrap();
        table.reserve("C-1", DAY, 2).unwrap().keep();
        let refused = table.reserve("C-1", DAY, 2).unwrap_err();
        assert_eq!(refused.resets_at, "2026-11-21T17:00:00Z".parse().unwrap());
        drop(first);
        assert_eq!(table.used("C-1", DAY), 1);
        table.reserve("C-1", DAY, 2).unwrap().keep();
        assert!(table.reserve("C-1", DAY, 2).is_err());
        assert!(table.reserve("C-2", DAY, 1).is_ok());
        assert!(table.reserve("C-1", date(2026, 11, 22), 1).is_ok());
        assert!(table.reserve("C-3", DAY, 0).is_err());
    }

    #[test]
    fn counts_of_long_ago_are_dropped_from_memory_and_loaded_ones_go_on() {
        let table = QuotaTable::default();
        table.load("C-1", DAY, 9);
        assert!(table.reserve("C-1", DAY, 9).is_err());
        table.reserve("C-1", DAY, 10).unwrap().keep();
        assert_eq!(table.all(DAY), [("C-1".to_owned(), 10)]);
        table.reserve("C-1", date(2026, 11, 22), 1).unwrap().keep();
        assert_eq!(table.used("C-1", DAY), 10);
        table.forget_before(date(2026, 11, 22));
        assert_eq!(table.used("C-1", DAY), 10);
        table.forget_before(date(2026, 11, 23));
        assert_eq!((table.used("C-1", DAY), table.used("C-1", date(2026, 11, 22))), (0, 1));
    }

    #[test]
    fn many_threads_take_exactly_the_limit() {
        let table = QuotaTable::default();
        let taken: usize = std::thread::scope(|scope| {
            let takers: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        (0..1000)
                            .filter_map(|_| table.reserve("C", DAY, 1500).ok().map(Reservation::keep))
                            .count()
                    })
                })
                .collect();
            takers.into_iter().map(|taker| taker.join().unwrap()).sum()
        });
        assert_eq!(taken, 1500);
    }
}
