//! Connections, and the rules by which work is run again.
//!
//! - A read whose connection was lost is run once more, on a new one.
//! - A transaction that PostgreSQL undid because of another one is run again, a bounded number of times.
//! - A transaction that lost its connection before its commit was asked for left nothing, and is run once more.
//! - A commit without an answer may have happened. Whoever asked says how that is seen; until then nothing is repeated.

use crate::{
    connect::Servers,
    errors::{Fault, Result},
    location::StoreLocation,
    migrate::migrate,
};
use dancu_core::StoreError;
use deadpool_postgres::{
    Client, Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Transaction,
};
use futures_util::future::BoxFuture;
use std::{
    fmt,
    ops::{Deref, DerefMut},
    path::Path,
    sync::Arc,
    time::Duration,
};
use tokio_postgres::{Config, IsolationLevel};

/// Times that a transaction is run again because of others.
const CONFLICTS_MAX: u32 = 8;
/// Times that a piece of work takes a new connection because its own was lost.
const LOSSES_MAX: u32 = 1;
/// Longest wait while every connection is in use. Whoever waits longer is told to come again.
const FREE_WAIT: Duration = Duration::from_secs(1);
/// Longest wait for somebody else's lock.
const LOCK_WAIT: Duration = Duration::from_secs(30);

/// Bounds.
#[derive(Debug, Clone, Copy)]
pub struct DatabaseOptions {
    /// Connections at most.
    pub connections_max: usize,
    /// Longest time of one statement, and of a transaction in which nothing is asked.
    pub statement_time_max: Duration,
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        Self { connections_max: 16, statement_time_max: Duration::from_mins(2) }
    }
}

/// What holds for every connection. Statements and locks end rather than pile up behind one that hangs. Every statement
/// goes by a key, and its plan must not depend on statistics: right after a load there are none, and PostgreSQL then
/// reads the whole table of facts for two hundred persons, and all sources for one.
fn session(statement_time_max: Duration) -> String {
    let most_ms = statement_time_max.as_millis();
    format!(
        "SET statement_timeout = {most_ms}; SET idle_in_transaction_session_timeout = {most_ms};
         SET lock_timeout = {}; SET jit = off; SET plan_cache_mode = force_generic_plan;
         SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
         SET max_parallel_workers_per_gather = 0",
        most_ms.min(LOCK_WAIT.as_millis())
    )
}

/// What a transaction leaves.
pub(crate) enum Outcome<T> {
    /// Commit, and answer this.
    Keep(T),
    /// Undo everything, and answer this.
    Undo(T),
}

/// A transaction's work: run with its input, and run again with the same when PostgreSQL asks for it.
pub(crate) type Work<I, T> = for<'c> fn(&'c Transaction<'c>, &'c I) -> BoxFuture<'c, Result<Outcome<T>>>;
/// Looks whether a commit happened of which no answer came: the answer, or `None` when it left nothing.
pub(crate) type Settle<I, T> = for<'c> fn(&'c Client, &'c I, T) -> BoxFuture<'c, Result<Option<T>>>;

/// A database with its connections.
pub(crate) struct Database {
    pool: Pool,
    shown: Arc<Path>,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Database").field(&self.shown).finish()
    }
}

/// A connection while it is worked with. Unless it is given back, it is closed: whoever went away in the middle may
/// have left a statement that runs on it, and the next one would wait for that.
pub(crate) struct Borrowed(Option<Object>);

impl Borrowed {
    fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Deref for Borrowed {
    type Target = Client;

    fn deref(&self) -> &Client {
        self.0.as_ref().expect("it is there until it is given back")
    }
}

impl DerefMut for Borrowed {
    fn deref_mut(&mut self) -> &mut Client {
        self.0.as_mut().expect("it is there until it is given back")
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if let Some(object) = self.0.take() {
            drop(Object::take(object));
        }
    }
}

/// Why a transaction did not come to its end.
enum Stopped<T> {
    /// Nothing of it stands.
    Undone(Fault),
    /// It may stand; this would have been the answer.
    Unknown(Fault, T),
}

impl Database {
    pub(crate) async fn open(
        location: &StoreLocation,
        options: DatabaseOptions,
    ) -> std::result::Result<Self, StoreError> {
        let database = Self::connect(location, options);
        let prepare = async {
            let mut client = database.borrow().await?;
            must_be_durable(&client).await?;
            migrate(&mut client, &session(options.statement_time_max)).await?;
            // After an error the connection is closed, and with it goes the lock.
            client.give_back();
            Ok(())
        };
        prepare.await.map_err(|fault: Fault| fault.into_store_error(&database.shown))?;
        Ok(database)
    }

    /// The connections alone, each opened when it is needed first.
    pub(crate) fn connect(location: &StoreLocation, options: DatabaseOptions) -> Self {
        let servers = Servers::new(location);
        let create_wait = servers.wait_max();
        let manager_config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let pool = Pool::builder(Manager::from_connect(Config::new(), servers, manager_config))
            .max_size(options.connections_max)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(FREE_WAIT))
            .create_timeout(Some(create_wait))
            .post_create(Hook::async_fn(move |client, _| {
                let session = session(options.statement_time_max);
                Box::pin(async move { client.batch_execute(&session).await.map_err(HookError::Backend) })
            }))
            .build()
            .expect("a runtime is named for the timeouts");
        Self { pool, shown: location.shared() }
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }

    pub(crate) fn shown(&self) -> &Path {
        &self.shown
    }

    pub(crate) fn failed(&self, fault: Fault) -> StoreError {
        fault.into_store_error(&self.shown)
    }

    /// A connection for one piece of work.
    pub(crate) async fn borrow(&self) -> Result<Borrowed> {
        Ok(Borrowed(Some(self.pool.get().await?)))
    }

    /// Drops connections that nobody uses: when one was lost, the others most likely are too.
    fn forget_idle(&self) {
        self.pool.retain(|_, _| false);
    }

    /// Runs a read.
    pub(crate) async fn read<I: Sync, T>(
        &self,
        input: &I,
        work: for<'c> fn(&'c Client, &'c I) -> BoxFuture<'c, Result<T>>,
    ) -> std::result::Result<T, StoreError> {
        let mut losses = 0;
        loop {
            let outcome = async {
                let client = self.borrow().await?;
                let outcome = work(&client, input).await;
                client.give_back();
                outcome
            };
            match outcome.await {
                Err(fault) if fault.is_lost() && losses < LOSSES_MAX => {
                    losses += 1;
                    self.forget_idle();
                }
                outcome => return outcome.map_err(|fault| self.failed(fault)),
            }
        }
    }

    /// Runs a read whose statements all see the same commits.
    pub(crate) async fn read_snapshot<I: Sync, T>(
        &self,
        input: &I,
        work: for<'c> fn(&'c Transaction<'c>, &'c I) -> BoxFuture<'c, Result<T>>,
    ) -> std::result::Result<T, StoreError> {
        let mut losses = 0;
        loop {
            let outcome = async {
                let mut client = self.borrow().await?;
                let outcome = snapshot(&mut client, input, work).await;
                client.give_back();
                outcome
            };
            match outcome.await {
                Err(fault) if fault.is_lost() && losses < LOSSES_MAX => {
                    losses += 1;
                    self.forget_idle();
                }
                outcome => return outcome.map_err(|fault| self.failed(fault)),
            }
        }
    }

    /// Runs a transaction. A commit without an answer is an error: whoever asked looks what stands.
    pub(crate) async fn write<I: Sync, T: Send>(
        &self,
        input: &I,
        work: Work<I, T>,
    ) -> std::result::Result<T, StoreError> {
        self.run(input, work, None).await
    }

    /// Runs a transaction of which it can be seen whether it was committed.
    pub(crate) async fn write_settled<I: Sync, T: Send>(
        &self,
        input: &I,
        work: Work<I, T>,
        settle: Settle<I, T>,
    ) -> std::result::Result<T, StoreError> {
        self.run(input, work, Some(settle)).await
    }

    async fn run<I: Sync, T: Send>(
        &self,
        input: &I,
        work: Work<I, T>,
        settle: Option<Settle<I, T>>,
    ) -> std::result::Result<T, StoreError> {
        let (mut conflicts, mut losses) = (0, 0);
        loop {
            let (fault, answer) = match self.attempt(input, work).await {
                Ok(answer) => return Ok(answer),
                Err(Stopped::Undone(fault)) => (fault, None),
                Err(Stopped::Unknown(fault, answer)) => (fault, Some(answer)),
            };
            if fault.is_conflict() && answer.is_none() && conflicts < CONFLICTS_MAX {
                conflicts += 1;
                continue;
            }
            if !fault.is_lost() || losses >= LOSSES_MAX {
                return Err(self.failed(fault));
            }
            losses += 1;
            self.forget_idle();
            let Some(answer) = answer else { continue };
            let Some(settle) = settle else { return Err(self.failed(fault)) };
            let look = async {
                let client = self.borrow().await?;
                let found = settle(&client, input, answer).await;
                client.give_back();
                found
            };
            if let Some(answer) = look.await.map_err(|fault| self.failed(fault))? {
                return Ok(answer);
            }
        }
    }

    async fn attempt<I: Sync, T: Send>(
        &self,
        input: &I,
        work: Work<I, T>,
    ) -> std::result::Result<T, Stopped<T>> {
        let mut client = self.borrow().await.map_err(Stopped::Undone)?;
        let outcome = attempt(&mut client, input, work).await;
        client.give_back();
        outcome
    }
}

async fn snapshot<I: Sync, T>(
    client: &mut Client,
    input: &I,
    work: for<'c> fn(&'c Transaction<'c>, &'c I) -> BoxFuture<'c, Result<T>>,
) -> Result<T> {
    let builder = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead);
    let transaction = builder.read_only(true).start().await?;
    let value = work(&transaction, input).await?;
    transaction.commit().await?;
    Ok(value)
}

async fn attempt<I: Sync, T: Send>(
    client: &mut Client,
    input: &I,
    work: Work<I, T>,
) -> std::result::Result<T, Stopped<T>> {
    let undone = |fault: Fault| Stopped::Undone(fault);
    let transaction = client.transaction().await.map_err(|error| undone(error.into()))?;
    match work(&transaction, input).await.map_err(undone)? {
        Outcome::Undo(answer) => {
            transaction.rollback().await.map_err(|error| undone(error.into()))?;
            Ok(answer)
        }
        Outcome::Keep(answer) => match transaction.commit().await.map_err(Fault::from) {
            Ok(()) => Ok(answer),
            // PostgreSQL itself said that it did not commit.
            Err(fault) if !fault.is_lost() => Err(Stopped::Undone(fault)),
            Err(fault) => Err(Stopped::Unknown(fault, answer)),
        },
    }
}

/// A server that acknowledges what a crash may take away is none for this work.
async fn must_be_durable(client: &Client) -> Result<()> {
    let sql = "SELECT current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on'
                   AND current_setting('synchronous_commit') <> 'off'";
    let is_durable: bool = client.query_one(sql, &[]).await?.try_get(0)?;
    let why =
        "fsync, full_page_writes or synchronous_commit is off: a crash would lose what was acknowledged";
    if is_durable { Ok(()) } else { Err(Fault::Defect(why)) }
}
