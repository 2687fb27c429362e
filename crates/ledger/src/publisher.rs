//! The thread that keeps the public log and the index less than a second behind the commits.

use crate::{error::LedgerError, public_log::PublicLog};
use dancu_core::StoreError;
use std::{
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// Pause between two rounds.
const ROUND: Duration = Duration::from_millis(200);
/// An index that only grows a little is written this often.
const FLUSH_AFTER: Duration = Duration::from_secs(5);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    woken: Condvar,
}

#[derive(Default)]
struct State {
    is_stopping: bool,
    failure: Option<LedgerError>,
}

/// The running publisher. Dropping it publishes what is left and ends its thread.
pub struct Publisher {
    log: Arc<PublicLog>,
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl std::fmt::Debug for Publisher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Publisher").finish_non_exhaustive()
    }
}

impl Publisher {
    /// Starts publishing.
    pub fn start(log: Arc<PublicLog>) -> Result<Self, StoreError> {
        let shared = Arc::new(Shared::default());
        let file = log.source.records.location();
        let thread = std::thread::Builder::new()
            .name("publisher".to_owned())
            .spawn({
                let guard = TellPanic { shared: shared.clone(), file: file.clone() };
                let log = log.clone();
                move || run(&log, &guard.shared)
            })
            .map_err(|error| StoreError::Failed { file, detail: error.to_string() })?;
        Ok(Self { log, shared, thread: Mutex::new(Some(thread)) })
    }

    /// The log that is published.
    pub const fn log(&self) -> &Arc<PublicLog> {
        &self.log
    }

    /// Why the last round failed; `None` when it did not. Every round tries again, unless a panic ended them.
    pub fn failure(&self) -> Option<LedgerError> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).failure.clone()
    }

    /// Publishes what is committed by now and ends the thread. Call after [`crate::Ledger::shut_down`].
    pub fn shut_down(&self) {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).is_stopping = true;
        self.shared.woken.notify_all();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the publisher's thread ended with a panic");
        }
    }
}

/// A publisher that ended by a panic publishes no more, and says so.
struct TellPanic {
    shared: Arc<Shared>,
    file: PathBuf,
}

impl Drop for TellPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let detail = "the publisher stopped by a defect of the program; start again".to_owned();
            let failure = StoreError::Failed { file: self.file.clone(), detail };
            let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.failure = Some(failure.into());
        }
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.shut_down();
    }
}

fn run(log: &PublicLog, shared: &Shared) {
    let mut flushed = Instant::now();
    loop {
        let state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (state, _) = shared
            .woken
            .wait_timeout_while(state, ROUND, |state| !state.is_stopping)
            .unwrap_or_else(PoisonError::into_inner);
        let is_stopping = state.is_stopping;
        drop(state);
        let may_flush = is_stopping || flushed.elapsed() >= FLUSH_AFTER;
        let outcome = round(log, may_flush);
        if may_flush {
            flushed = Instant::now();
        }
        let mut state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = &outcome
            && state.failure.as_ref() != Some(error)
        {
            tracing::error!(%error, "the public log cannot be brought up to date");
        }
        state.failure = outcome.err();
        if is_stopping {
            return;
        }
    }
}

fn round(log: &PublicLog, may_flush: bool) -> Result<(), LedgerError> {
    log.publish()?;
    if may_flush {
        log.flush_index()?;
    }
    log.index.tidy()?;
    log.source.records.maintain()?;
    Ok(())
}
