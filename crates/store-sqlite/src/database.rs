//! One SQLite file: a writer thread with group commit, and a pool of readers used in the caller's own thread.

use crate::{
    connection::{ConnectionRole, open_connection},
    errors::{migration_error, store_error},
    writer::{Bounds, Checkpoints, Counts, Message, Task, Writer, closed},
};
use dancu_core::StoreError;
use rusqlite::Connection;
use std::{
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

/// How long the writer waits for readers when it must restart the write-ahead log.
const RESTART_PATIENCE: Duration = Duration::from_millis(250);

/// How a database is run.
#[derive(Debug, Clone, Copy)]
pub struct DatabaseOptions {
    /// Connections for reading; more callers than that wait for each other.
    pub readers: usize,
    /// Writes that may wait; one more is refused with [`StoreError::Overloaded`].
    pub queue_length_max: usize,
    /// Writes that share one commit at most.
    pub jobs_per_commit_max: usize,
    /// Changed rows after which a group is closed, so that a bulk load does not hold up others for long.
    pub rows_per_commit_max: u64,
    /// Pages of the write-ahead log (4 KiB each) above which they are copied into the file beside the writer.
    pub wal_pages_soft: u64,
    /// Pages above which the writer itself stops to empty the log.
    pub wal_pages_hard: u64,
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            readers: cores + 2,
            queue_length_max: 4_096,
            jobs_per_commit_max: 1_024,
            rows_per_commit_max: 100_000,
            // 64 and 256 MiB. A load of 300,000 persons in random order took 14.7 s with 16 and 128 MiB, 8.7 s with
            // these and 8.5 s with four times as much: pages are written to often before they are copied once.
            wal_pages_soft: 16_384,
            wal_pages_hard: 65_536,
        }
    }
}

/// What a database did since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatabaseCounts {
    /// Transactions committed, each one flush to the disk.
    pub commits: u64,
    /// Writes that they held.
    pub jobs: u64,
    /// Pages in the write-ahead log after the last commit.
    pub wal_pages: u64,
}

/// An open database. Dropping it finishes every queued write.
pub struct Database {
    file: Arc<Path>,
    queue: SyncSender<Message>,
    readers: Vec<Mutex<Connection>>,
    readers_beside_writes: Vec<Mutex<Connection>>,
    next_reader: AtomicUsize,
    counts: Arc<Counts>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Database {
    /// Opens or creates the file, brings its schema up to date and starts the threads.
    pub fn open(
        path: &Path,
        migrations: &refinery::Runner,
        options: DatabaseOptions,
    ) -> Result<Self, StoreError> {
        let mut connection = open_connection(path, ConnectionRole::Writer)?;
        migrations.run(&mut connection).map_err(|error| migration_error(path, &error))?;
        let file: Arc<Path> = path.into();
        let counts = Arc::new(Counts::default());
        let seen = Arc::clone(&counts);
        connection
            .wal_hook(Some(move |_: &mut _, pages: i32| {
                seen.wal_pages.store(u64::try_from(pages).unwrap_or(0), Ordering::Relaxed);
                Ok(())
            }))
            .map_err(|error| store_error(path, &error))?;
        let open_readers = |role| -> Result<Vec<_>, StoreError> {
            (0..options.readers.max(1)).map(|_| open_connection(path, role).map(Mutex::new)).collect()
        };
        let readers = open_readers(ConnectionRole::Reader)?;
        let readers_beside_writes = open_readers(ConnectionRole::ReaderBesideWrites)?;
        let checkpoints = open_connection(path, ConnectionRole::Writer)?;
        checkpoints.busy_timeout(RESTART_PATIENCE).map_err(|error| store_error(path, &error))?;
        let checkpoints = Arc::new(Checkpoints::new(checkpoints, Arc::clone(&file)));
        let (queue, messages) = sync_channel(options.queue_length_max.max(1));
        let (notices, asked) = sync_channel(1);
        let writer = Writer {
            connection,
            file: Arc::clone(&file),
            queue: messages,
            notices,
            checkpoints: Arc::clone(&checkpoints),
            bounds: Bounds {
                jobs_per_commit: options.jobs_per_commit_max.max(1),
                rows_per_commit: options.rows_per_commit_max,
                wal_pages_soft: options.wal_pages_soft,
                wal_pages_hard: options.wal_pages_hard,
            },
            counts: Arc::clone(&counts),
            restart_at: options.wal_pages_hard,
        };
        let threads = vec![
            spawn("store-writer", path, move || writer.run())?,
            spawn("store-checkpoints", path, move || {
                while asked.recv().is_ok() {
                    checkpoints.run("PASSIVE");
                }
            })?,
        ];
        let threads = Mutex::new(threads);
        let next_reader = AtomicUsize::new(0);
        Ok(Self { file, queue, readers, readers_beside_writes, next_reader, counts, threads })
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Counts since the database was opened.
    pub fn counts(&self) -> DatabaseCounts {
        DatabaseCounts {
            commits: self.counts.commits.load(Ordering::Relaxed),
            jobs: self.counts.jobs.load(Ordering::Relaxed),
            wal_pages: self.counts.wal_pages.load(Ordering::Relaxed),
        }
    }

    /// Queues a closure for the writer thread; it runs in the order of the calls.
    ///
    /// Queued closures share one transaction and one flush, each in its own savepoint: an `Err` takes back what
    /// this closure changed and nothing else. The answer comes after the commit is on the disk. A closure that
    /// returns `Ok` with a refusal inside keeps its changes, so it must refuse before it changes anything.
    ///
    /// When the caller is dropped while waiting, the work is done all the same.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (task, answer) = Task::new(work, Arc::clone(&self.file));
        self.queue.try_send(Message::Work(Box::new(task))).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Overloaded,
            TrySendError::Disconnected(_) => closed(&self.file),
        })?;
        answer.await.unwrap_or_else(|_| Err(closed(&self.file)))
    }

    /// Runs a read in the caller's thread: microseconds, so no other thread is asked.
    ///
    /// Each statement sees the last commit; two statements in one closure may see two different ones. Use
    /// [`Database::read_snapshot`] when they must agree.
    pub fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        work(&self.one_of(&self.readers)).map_err(|error| store_error(&self.file, &error))
    }

    /// Like [`Database::read`], with every statement of the closure on the same commit.
    pub fn read_snapshot<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.read(|connection| on_one_commit(connection, work))
    }

    /// Like [`Database::read_snapshot`], for reads of which a write follows, and so a commit before the next of them.
    pub fn read_beside_writes<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        on_one_commit(&self.one_of(&self.readers_beside_writes), work)
            .map_err(|error| store_error(&self.file, &error))
    }

    /// A free reader, or the next in turn when all are busy.
    fn one_of<'r>(&self, readers: &'r [Mutex<Connection>]) -> MutexGuard<'r, Connection> {
        let start = self.next_reader.fetch_add(1, Ordering::Relaxed);
        let count = readers.len();
        for step in 0..count {
            if let Ok(reader) = readers[start.wrapping_add(step) % count].try_lock() {
                return reader;
            }
        }
        // A reader whose user panicked is sound: rusqlite resets its statements as they are dropped.
        readers[start % count].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finishes every queued write, empties the write-ahead log and stops the threads. Later writes fail; reads
    /// still work. Blocks until done; a second call does nothing.
    pub fn close(&self) {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        if threads.is_empty() {
            return;
        }
        // Fails only when the writer is gone already.
        let _ = self.queue.send(Message::Close);
        for thread in threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.close();
    }
}

fn on_one_commit<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let transaction = connection.unchecked_transaction()?;
    let value = work(&transaction)?;
    transaction.commit()?;
    Ok(value)
}

fn spawn(
    name: &str,
    path: &Path,
    work: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, StoreError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|error| StoreError::Failed { file: path.to_owned(), detail: error.to_string() })
}
