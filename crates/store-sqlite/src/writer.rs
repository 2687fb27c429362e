//! The one thread that writes a database: it takes what is queued, runs each piece in its own savepoint
//! inside one transaction, and answers all of them after one commit.

use crate::errors::store_error;
use dancu_core::StoreError;
use rusqlite::Connection;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender},
    },
};
use tokio::sync::oneshot;

/// What the queue carries.
pub(crate) enum Message {
    Work(Box<dyn Job>),
    /// Everything queued before is still done.
    Close,
}

/// One piece of work of unknown type.
pub(crate) trait Job: Send {
    /// Does the work and keeps its result; `false` asks for the savepoint to be rolled back.
    fn run(&mut self, connection: &Connection) -> bool;
    /// The error that `run` kept, if it failed.
    fn error(&self) -> Option<&StoreError>;
    /// Tells the caller: its own result after a commit, else the error that stopped the commit.
    fn answer(self: Box<Self>, commit: Result<(), StoreError>);
}

/// A closure with its result and the caller who waits for it.
pub(crate) struct Task<T, W> {
    work: Option<W>,
    outcome: Option<Result<T, StoreError>>,
    caller: oneshot::Sender<Result<T, StoreError>>,
    file: Arc<Path>,
}

impl<T, W> Task<T, W> {
    pub(crate) fn new(work: W, file: Arc<Path>) -> (Self, oneshot::Receiver<Result<T, StoreError>>) {
        let (caller, answer) = oneshot::channel();
        (Self { work: Some(work), outcome: None, caller, file }, answer)
    }
}

impl<T, W> Job for Task<T, W>
where
    T: Send,
    W: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        let Some(work) = self.work.take() else { return false };
        // A panic in one caller's closure must not end the thread that all callers share.
        let outcome = match catch_unwind(AssertUnwindSafe(|| work(connection))) {
            Ok(result) => result.map_err(|error| store_error(&self.file, &error)),
            Err(_) => Err(StoreError::Failed {
                file: self.file.to_path_buf(),
                detail: "a write stopped half-way by a defect of the program".to_owned(),
            }),
        };
        let done = outcome.is_ok();
        self.outcome = Some(outcome);
        done
    }

    fn error(&self) -> Option<&StoreError> {
        self.outcome.as_ref().and_then(|outcome| outcome.as_ref().err())
    }

    fn answer(self: Box<Self>, commit: Result<(), StoreError>) {
        let answer = match (self.outcome, commit) {
            (Some(Err(own)), _) => Err(own),
            (_, Err(error)) => Err(error),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(closed(&self.file)),
        };
        // A caller who went away no longer wants to know; the work stands all the same.
        let _ = self.caller.send(answer);
    }
}

/// What a caller hears who comes after the end.
pub(crate) fn closed(file: &Path) -> StoreError {
    StoreError::Failed { file: file.to_owned(), detail: "the store is closed".to_owned() }
}

/// Counts since the database was opened.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) commits: AtomicU64,
    pub(crate) jobs: AtomicU64,
    pub(crate) wal_pages: AtomicU64,
}

/// Bounds of one group and of the write-ahead log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) jobs_per_commit: usize,
    pub(crate) rows_per_commit: u64,
    pub(crate) wal_pages_soft: u64,
    pub(crate) wal_pages_hard: u64,
}

pub(crate) struct Writer {
    pub(crate) connection: Connection,
    pub(crate) file: Arc<Path>,
    pub(crate) queue: Receiver<Message>,
    /// Asks the checkpoint thread to copy pages.
    pub(crate) notices: SyncSender<()>,
    pub(crate) checkpoints: Arc<Checkpoints>,
    pub(crate) bounds: Bounds,
    pub(crate) counts: Arc<Counts>,
    /// Log pages at which the next restart is tried; rises when readers held the last one up.
    pub(crate) restart_at: u64,
}

impl Writer {
    /// Works until the queue says `Close` or all its senders are gone, then empties the log into the file.
    pub(crate) fn run(mut self) {
        let mut open = true;
        while open {
            let Ok(message) = self.queue.recv() else { break };
            match message {
                Message::Work(job) => open = self.group(job),
                Message::Close => open = false,
            }
        }
        self.checkpoints.run("TRUNCATE");
    }

    /// Runs the first piece and all that is queued behind it, up to the bounds, and commits once.
    /// Returns whether the queue stays open.
    fn group(&mut self, first: Box<dyn Job>) -> bool {
        let mut open = true;
        let mut done: Vec<Box<dyn Job>> = Vec::with_capacity(16);
        let mut commit = self.execute("BEGIN IMMEDIATE");
        let changes_before = self.connection.total_changes();
        let mut next = Some(first);
        while let Some(mut job) = next.take() {
            if commit.is_ok() {
                commit = self.run_in_savepoint(&mut *job);
            }
            done.push(job);
            let rows = self.connection.total_changes() - changes_before;
            if commit.is_err()
                || done.len() >= self.bounds.jobs_per_commit
                || rows >= self.bounds.rows_per_commit
            {
                break;
            }
            match self.queue.try_recv() {
                Ok(Message::Work(job)) => next = Some(job),
                Ok(Message::Close) => open = false,
                Err(_) => {}
            }
        }
        let commit = commit.and_then(|()| self.execute("COMMIT"));
        if commit.is_err() && !self.connection.is_autocommit() {
            // Nothing of the group was acknowledged, so nothing is lost by this.
            let _ = self.execute("ROLLBACK");
        }
        self.counts.commits.fetch_add(u64::from(commit.is_ok()), Ordering::Relaxed);
        self.counts.jobs.fetch_add(done.len() as u64, Ordering::Relaxed);
        for job in done {
            job.answer(commit.clone());
        }
        self.bound_the_log();
        open
    }

    /// A failing piece takes back its own changes only. An error comes back when the whole transaction is gone:
    /// SQLite ends it by itself on a full disk, an I/O error or lack of memory.
    fn run_in_savepoint(&self, job: &mut dyn Job) -> Result<(), StoreError> {
        self.execute("SAVEPOINT piece")?;
        let done = job.run(&self.connection);
        if self.connection.is_autocommit() {
            return Err(job.error().cloned().unwrap_or_else(|| StoreError::Failed {
                file: self.file.to_path_buf(),
                detail: "a write ended the transaction that it shares".to_owned(),
            }));
        }
        if !done {
            self.execute("ROLLBACK TO piece")?;
        }
        self.execute("RELEASE piece")
    }

    /// Keeps the write-ahead log bounded. Above the soft bound the checkpoint thread copies pages beside us;
    /// above the hard bound the writer stops, copies the rest and starts the log again.
    fn bound_the_log(&mut self) {
        let pages = self.counts.wal_pages.load(Ordering::Relaxed);
        if pages < self.bounds.wal_pages_soft {
            self.restart_at = self.bounds.wal_pages_hard;
        } else if pages < self.restart_at {
            // A full notice box means that one is already on its way.
            let _ = self.notices.try_send(());
        } else if self.checkpoints.run("RESTART") {
            self.restart_at = self.bounds.wal_pages_hard;
            self.counts.wal_pages.store(0, Ordering::Relaxed);
        } else {
            self.restart_at = pages + self.bounds.wal_pages_soft;
        }
    }

    fn execute(&self, sql: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute([]))
            .map(|_| ())
            .map_err(|error| store_error(&self.file, &error))
    }
}

/// The connection that moves pages from the write-ahead log into the file. The checkpoint thread and the writer
/// take turns with it: SQLite refuses a second checkpoint at the same time without waiting.
pub(crate) struct Checkpoints {
    connection: Mutex<Connection>,
    file: Arc<Path>,
}

impl Checkpoints {
    /// `connection` should wait for readers briefly: a writer waits with it.
    pub(crate) fn new(connection: Connection, file: Arc<Path>) -> Self {
        Self { connection: Mutex::new(connection), file }
    }

    /// Runs a checkpoint in one of SQLite's modes; returns whether every page was moved. A failure is told in
    /// the log of the program and loses nothing: the pages stay where they are.
    pub(crate) fn run(&self, mode: &str) -> bool {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let complete = connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
            let (busy, pages, moved): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(busy == 0 && pages == moved)
        });
        complete.unwrap_or_else(|error| {
            let error = store_error(&self.file, &error);
            tracing::warn!(file = %self.file.display(), %error, mode, "checkpoint failed; it is tried again");
            false
        })
    }
}
