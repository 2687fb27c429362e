//! What the operator sees of the committer.

use dancu_core::StoreError;
use jiff::Timestamp;
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

/// Counts since the start, and the last commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LedgerMetrics {
    /// Commits, each one flush to the disk and one signature.
    pub commits: u64,
    /// Commits that the store refused.
    pub failed_commits: u64,
    /// Records appended since the start.
    pub appended: u64,
    /// Records in the log.
    pub size: u64,
    /// Records in the last commit.
    pub last_batch: u64,
    /// Records in the largest commit.
    pub largest_batch: u64,
    /// How long the last commit took, microseconds.
    pub last_commit_us: u64,
    /// Sum of all commits' durations, microseconds.
    pub commit_us_total: u64,
    /// Records waiting for the next commit.
    pub queue_length: u64,
    /// Records refused because the queue was full.
    pub overloaded: u64,
}

/// Whether records can be committed at present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerHealth {
    /// The last commit succeeded.
    Working,
    /// Commits fail; each new record tries again.
    Failing {
        /// What the store says.
        error: StoreError,
        /// Since when.
        since: Timestamp,
    },
}

/// The counters behind [`LedgerMetrics`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub commits: AtomicU64,
    pub failed_commits: AtomicU64,
    pub appended: AtomicU64,
    pub size: AtomicU64,
    pub last_batch: AtomicU64,
    pub largest_batch: AtomicU64,
    pub last_commit_us: AtomicU64,
    pub commit_us_total: AtomicU64,
    pub overloaded: AtomicU64,
    failing: Mutex<Option<(StoreError, Timestamp)>>,
}

impl Counters {
    pub fn committed(&self, count: u64, size: u64, took_us: u64) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.appended.fetch_add(count, Ordering::Relaxed);
        self.last_batch.store(count, Ordering::Relaxed);
        self.largest_batch.fetch_max(count, Ordering::Relaxed);
        self.last_commit_us.store(took_us, Ordering::Relaxed);
        self.commit_us_total.fetch_add(took_us, Ordering::Relaxed);
        self.size.store(size, Ordering::Release);
        *self.failing.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Notes a failure; true when the one before was a success.
    pub fn failed(&self, error: &StoreError, now: Timestamp) -> bool {
        self.failed_commits.fetch_add(1, Ordering::Relaxed);
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let since = failing.as_ref().map_or(now, |(_, since)| *since);
        let is_new = failing.is_none();
        *failing = Some((error.clone(), since));
        is_new
    }

    pub fn is_failing(&self) -> bool {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub fn health(&self) -> LedgerHealth {
        match self.failing.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            None => LedgerHealth::Working,
            Some((error, since)) => LedgerHealth::Failing { error, since },
        }
    }

    pub fn snapshot(&self, queue_length: u64) -> LedgerMetrics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        LedgerMetrics {
            commits: read(&self.commits),
            failed_commits: read(&self.failed_commits),
            appended: read(&self.appended),
            size: read(&self.size),
            last_batch: read(&self.last_batch),
            largest_batch: read(&self.largest_batch),
            last_commit_us: read(&self.last_commit_us),
            commit_us_total: read(&self.commit_us_total),
            queue_length,
            overloaded: read(&self.overloaded),
        }
    }
}
