//! Daily limits: counted in memory before the answer, durable with the record.

use dancu_core::VIET_NAM;
use jiff::{Timestamp, civil::Date};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
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

/// What one contract used on one day.
#[derive(Debug)]
pub(crate) struct Counter {
    pub contract: Arc<str>,
    pub day: Date,
    used: AtomicU64,
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
            self.counter.used.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// The counters of each day, by contract.
type Days = HashMap<Date, HashMap<Arc<str>, Arc<Counter>>>;

/// The counts of the present day (and of the day before, for what is still on its way).
#[derive(Debug, Default)]
pub(crate) struct QuotaTable {
    days: Mutex<Days>,
}

impl QuotaTable {
    fn lock(&self) -> MutexGuard<'_, Days> {
        self.days.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over durable counts at the start.
    pub fn load(&self, contract: &str, day: Date, used: u64) {
        let counter = Counter { contract: contract.into(), day, used: AtomicU64::new(used) };
        self.lock().entry(day).or_default().insert(counter.contract.clone(), Arc::new(counter));
    }

    fn counter(&self, contract: &str, day: Date) -> Arc<Counter> {
        let mut days = self.lock();
        let counters = days.entry(day).or_default();
        if let Some(counter) = counters.get(contract) {
            return counter.clone();
        }
        let counter = Arc::new(Counter { contract: contract.into(), day, used: AtomicU64::new(0) });
        counters.insert(counter.contract.clone(), counter.clone());
        counter
    }

    /// Drops the counts of days that can no more be counted on: the log has a record of `day`, and its time never
    /// steps back. The day before is kept, for what is still on its way. The clock alone drops nothing: it may leap
    /// ahead for a moment.
    pub fn forget_before(&self, day: Date) {
        let first_kept = day.yesterday().unwrap_or(Date::MIN);
        self.lock().retain(|held, _| *held >= first_kept);
    }

    /// Takes one place of the contract's limit on a day.
    pub fn reserve(&self, contract: &str, day: Date, limit: u64) -> Result<Reservation, Exhausted> {
        let counter = self.counter(contract, day);
        let below = |used| (used < limit).then_some(used + 1);
        match counter.used.fetch_update(Ordering::AcqRel, Ordering::Acquire, below) {
            Ok(_) => Ok(Reservation { counter, kept: false }),
            Err(_) => Err(Exhausted { resets_at: day_end(day), limit }),
        }
    }

    /// What a contract used on a day, answers on their way included.
    pub fn used(&self, contract: &str, day: Date) -> u64 {
        let days = self.lock();
        let counter = days.get(&day).and_then(|counters| counters.get(contract));
        counter.map_or(0, |counter| counter.used.load(Ordering::Acquire))
    }

    /// What every contract used on a day.
    pub fn all(&self, day: Date) -> Vec<(String, u64)> {
        let days = self.lock();
        let counters = days.get(&day).into_iter().flat_map(HashMap::values);
        let mut all: Vec<(String, u64)> = counters
            .map(|counter| (counter.contract.to_string(), counter.used.load(Ordering::Acquire)))
            .collect();
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
