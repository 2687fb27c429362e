//! The ledger's records. Its ports block: the callers are threads of the ledger itself, or readers for microseconds.
//! So the work is done on a small runtime of the ledger's own, and the caller waits for the answer.

use crate::{
    DatabaseOptions, StoreLocation,
    database::{Borrowed, Database},
    errors::{Fault, Result},
    facts::{cell, number_from_sql, number_to_sql, signed, unsigned},
    limits::PostgresLimitShares,
    nodes::{PostgresLogRegistry, node_number},
    views::PostgresSubjectIndex,
};
use dancu_core::StoreError;
use dancu_ledger::{
    Batch, Frontier, Head, LedgerRecords, LedgerStore, LogNumber, NodeName, QuotaCount, StoredRecord,
};
use dancu_register::{day_from_number, day_to_number};
use deadpool_postgres::{Client, GenericClient};
use futures_util::future::BoxFuture;
use jiff::civil::Date;
use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, mpsc},
};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::types::ToSql;

/// Held for as long as a node writes its log: two writers would answer from two different trees.
const WRITER: i64 = crate::locks::Lock::Ledger.number();
/// How long a node waits for another to let go: one that died holds the lock until PostgreSQL notices.
const WRITER_WAIT: &str = "SET lock_timeout = '3s'";
/// Connections of the readers, the publisher and the writer together.
const CONNECTIONS_MAX: usize = 8;
/// Records that one scan fetches at a time.
const SCAN_ROWS: u64 = 2_000;

/// The connections with the threads that serve them.
pub(crate) struct Bridge {
    database: Arc<Database>,
    runtime: Option<Runtime>,
}

impl fmt::Debug for Bridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.database.fmt(f)
    }
}

impl Bridge {
    /// Does work on the runtime while the caller waits.
    pub(crate) fn wait<T: Send + 'static>(
        &self,
        work: impl FnOnce(Arc<Database>) -> BoxFuture<'static, std::result::Result<T, StoreError>>,
    ) -> std::result::Result<T, StoreError> {
        let database = Arc::clone(&self.database);
        let stopped = || self.database.failed(Fault::Defect("the ledger's connections are closed"));
        let runtime = self.runtime.as_ref().ok_or_else(stopped)?;
        let (answer, answered) = mpsc::sync_channel(1);
        let work = work(database);
        // Whoever no longer waits does not want the answer.
        runtime.spawn(async move { drop(answer.send(work.await)) });
        answered.recv().unwrap_or_else(|_| Err(stopped()))
    }

    pub(crate) fn location(&self) -> PathBuf {
        self.database.shown().to_owned()
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        // A runtime may not be waited for where a future may be polled, and the last owner may be there.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The ledger's tables as a node works with them.
#[derive(Debug)]
pub struct PostgresLedger {
    /// Which log of the house is this node's.
    pub log: LogNumber,
    /// The committer's store.
    pub store: PostgresLedgerStore,
    /// The readers of this node's log.
    pub records: PostgresLedgerRecords,
    /// The index by person of this node's log.
    pub index: PostgresSubjectIndex,
    /// The logs of all nodes.
    pub registry: PostgresLogRegistry,
}

/// Opens the ledger's tables for a node, which has its number from then on. Of nodes with the same name one at a time
/// is let in.
pub fn open_ledger(
    location: &StoreLocation,
    node: &NodeName,
) -> std::result::Result<PostgresLedger, StoreError> {
    let shown = location.shown().to_owned();
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("ledger-postgres")
        .enable_all()
        .build()
        .map_err(|error| StoreError::Failed { file: shown, detail: error.to_string() })?;
    let options = DatabaseOptions { connections_max: CONNECTIONS_MAX, ..DatabaseOptions::default() };
    let (answer, answered) = mpsc::sync_channel(1);
    let place = location.clone();
    runtime.spawn(async move { drop(answer.send(Database::open(&place, options).await)) });
    let database = answered.recv().unwrap_or_else(|_| {
        let detail = "the ledger's threads ended".to_owned();
        Err(StoreError::Failed { file: location.shown().to_owned(), detail })
    })?;
    let bridge = Arc::new(Bridge { database: Arc::new(database), runtime: Some(runtime) });
    let log = node_number(&bridge, node)?;
    let mut store = PostgresLedgerStore { bridge: Arc::clone(&bridge), log, is_sharing: false, writer: None };
    store.take_writer()?;
    Ok(PostgresLedger {
        log,
        store,
        records: PostgresLedgerRecords { bridge: Arc::clone(&bridge), log },
        index: PostgresSubjectIndex::new(Arc::clone(&bridge), log),
        registry: PostgresLogRegistry::new(bridge),
    })
}

/// The lock of a node's log. The first one's is that of the time when there was one log, so that a node of that release
/// keeps this one out, and the other way round.
pub(crate) fn writer_lock(log: LogNumber) -> i64 {
    i64::from(log.get()) << 48 | WRITER
}

/// The writing side.
#[derive(Debug)]
pub struct PostgresLedgerStore {
    bridge: Arc<Bridge>,
    log: LogNumber,
    is_sharing: bool,
    /// The connection that holds the writer's lock.
    writer: Option<Arc<Writer>>,
}

/// It is closed when it is let go: nobody else may come by the lock.
struct Writer(Borrowed);

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

impl PostgresLedgerStore {
    /// Where this node shares limits with the others. From now on nothing is counted for which no place was taken
    /// there: the database itself refuses it with its record.
    pub fn share_limits(&mut self) -> PostgresLimitShares {
        self.is_sharing = true;
        PostgresLimitShares::new(Arc::clone(&self.bridge), self.log)
    }

    /// The connection that holds the lock. A lost one is replaced; while another node holds the lock, it is refused.
    fn take_writer(&mut self) -> std::result::Result<Arc<Writer>, StoreError> {
        if let Some(writer) = self.writer.as_ref().filter(|writer| !writer.0.is_closed()) {
            return Ok(Arc::clone(writer));
        }
        self.writer = None;
        let lock = writer_lock(self.log);
        let writer = self.bridge.wait(move |database| {
            Box::pin(async move {
                let take = async {
                    let writer = database.borrow().await?;
                    writer.batch_execute(WRITER_WAIT).await?;
                    writer.query("SELECT pg_advisory_lock($1)", &[&lock]).await?;
                    Ok(Arc::new(Writer(writer)))
                };
                take.await.map_err(|fault: Fault| {
                    let is_held_elsewhere = fault.is_lock_timeout();
                    let file = database.shown().to_owned();
                    if is_held_elsewhere { StoreError::InUse { file } } else { database.failed(fault) }
                })
            })
        })?;
        self.writer = Some(Arc::clone(&writer));
        Ok(writer)
    }

    /// A server that takes no writes any more may have been replaced by another one: the next time it is looked for.
    fn looked_at<T>(
        &mut self,
        answer: std::result::Result<T, StoreError>,
    ) -> std::result::Result<T, StoreError> {
        if matches!(answer, Err(StoreError::ReadOnly { .. })) {
            self.writer = None;
        }
        answer
    }
}

impl Drop for PostgresLedgerStore {
    fn drop(&mut self) {
        let Some(writer) = self.writer.take() else { return };
        let lock = writer_lock(self.log);
        // Whoever opens the log next need not wait. A lock that cannot be given back ends with its connection.
        let _ = self.bridge.wait(move |database| {
            Box::pin(async move {
                let given_back = writer.0.query("SELECT pg_advisory_unlock($1)", &[&lock]).await;
                given_back.map(drop).map_err(|error| database.failed(error.into()))
            })
        });
    }
}

impl LedgerStore for PostgresLedgerStore {
    fn head(&mut self) -> std::result::Result<Option<Head>, StoreError> {
        let writer = self.take_writer()?;
        let log = self.log;
        let head = self.bridge.wait(move |database| {
            Box::pin(async move { head(&*writer.0, log).await.map_err(|fault| database.failed(fault)) })
        });
        self.looked_at(head)
    }

    fn quota_counts(&mut self, from_day: Date) -> std::result::Result<Vec<QuotaCount>, StoreError> {
        let log = self.log;
        self.bridge.wait(move |database| Box::pin(quota_counts(database, from_day, log)))
    }

    fn append(&mut self, batch: &Batch<'_>) -> std::result::Result<(), StoreError> {
        let writer = self.take_writer()?;
        let columns = Columns::of(batch, self.log, self.is_sharing);
        let appended = self.bridge.wait(move |database| {
            Box::pin(async move { append(&writer.0, &columns).await.map_err(|fault| database.failed(fault)) })
        });
        self.looked_at(appended)
    }
}

/// A batch, one column each.
struct Columns {
    node: i32,
    is_sharing: bool,
    first: i64,
    contracts: Vec<String>,
    days: Vec<i32>,
    subjects: Vec<i64>,
    records: Vec<Vec<u8>>,
    salts: Vec<Vec<u8>>,
    quota_days: Vec<i32>,
    quota_contracts: Vec<String>,
    quota_used: Vec<i64>,
    size: i64,
    peaks: Vec<u8>,
    checkpoint: String,
    newest_us: i64,
}

impl Columns {
    fn of(batch: &Batch<'_>, log: LogNumber, is_sharing: bool) -> Self {
        let records = batch.records;
        Self {
            node: i32::from(log.get()),
            is_sharing,
            first: signed(log.entry(batch.first)),
            contracts: records.iter().map(|new| new.contract.to_owned()).collect(),
            days: records.iter().map(|new| day_number(new.day)).collect(),
            subjects: records.iter().map(|new| number_to_sql(new.subject)).collect(),
            records: records.iter().map(|new| new.record.to_vec()).collect(),
            salts: records.iter().map(|new| new.salt.to_vec()).collect(),
            quota_days: batch.quotas.iter().map(|quota| day_number(quota.day)).collect(),
            quota_contracts: batch.quotas.iter().map(|quota| quota.contract.to_string()).collect(),
            quota_used: batch.quotas.iter().map(|quota| signed(quota.used)).collect(),
            size: signed(batch.head.frontier.size()),
            peaks: batch.head.frontier.peaks().concat(),
            checkpoint: batch.head.checkpoint.to_string(),
            newest_us: batch.head.newest_us,
        }
    }
}

/// Appends in one statement, which PostgreSQL commits by itself: one way there and back, whatever the batch holds.
/// A record that is there already, by an answer that was lost, stops all of it.
async fn append(writer: &Client, columns: &Columns) -> Result<()> {
    let sql = "WITH records AS (
            INSERT INTO record (idx, contract, day, subject, record, salt)
            SELECT $1::bigint + place - 1, contract, day, subject, record, salt
            FROM unnest($2::text[], $3::integer[], $4::bigint[], $5::bytea[], $6::bytea[]) WITH ORDINALITY
                AS new (contract, day, subject, record, salt, place)
        ), counts AS (
            INSERT INTO quota (day, contract, node, used, leased)
            SELECT day, contract, $14, used, used
            FROM unnest($7::integer[], $8::text[], $9::bigint[]) AS new (day, contract, used)
            ON CONFLICT (day, contract, node) DO UPDATE
                SET used = quota.used + excluded.used, leased = CASE WHEN $15 THEN quota.leased
                    ELSE greatest(quota.leased, quota.used + excluded.used) END
        )
        INSERT INTO head (node, size, peaks, checkpoint, newest_us) VALUES ($14, $10, $11, $12, $13)
        ON CONFLICT (node) DO UPDATE SET size = excluded.size, peaks = excluded.peaks,
            checkpoint = excluded.checkpoint, newest_us = excluded.newest_us";
    let statement = writer.prepare_cached(sql).await?;
    let parameters: [&(dyn ToSql + Sync); 15] = [
        &columns.first,
        &columns.contracts,
        &columns.days,
        &columns.subjects,
        &columns.records,
        &columns.salts,
        &columns.quota_days,
        &columns.quota_contracts,
        &columns.quota_used,
        &columns.size,
        &columns.peaks,
        &columns.checkpoint,
        &columns.newest_us,
        &columns.node,
        &columns.is_sharing,
    ];
    writer.execute(&statement, &parameters).await?;
    Ok(())
}

/// The reading side of one log.
#[derive(Debug)]
pub struct PostgresLedgerRecords {
    bridge: Arc<Bridge>,
    log: LogNumber,
}

impl PostgresLedgerRecords {
    pub(crate) const fn new(bridge: Arc<Bridge>, log: LogNumber) -> Self {
        Self { bridge, log }
    }
}

impl LedgerRecords for PostgresLedgerRecords {
    fn head(&self) -> std::result::Result<Option<Head>, StoreError> {
        let log = self.log;
        self.bridge.wait(move |database| {
            Box::pin(async move { database.read(&log, |client, log| Box::pin(head(client, *log))).await })
        })
    }

    fn scan(
        &self,
        first: u64,
        limit: u64,
        visit: &mut dyn FnMut(StoredRecord<'_>),
    ) -> std::result::Result<(), StoreError> {
        let end = first.saturating_add(limit);
        let mut next = first;
        while next < end {
            let rows = (end - next).min(SCAN_ROWS);
            let log = self.log;
            let range = (log.entry(next), log.entries().end);
            let range = (signed(range.0), signed(range.1), signed(rows));
            let portion = self.bridge.wait(move |database| {
                Box::pin(async move {
                    database.read(&range, |client, range| Box::pin(scan(client, *range))).await
                })
            })?;
            for record in &portion {
                let index = record.entry - log.entries().start;
                next = index + 1;
                visit(StoredRecord {
                    index,
                    contract: &record.contract,
                    day: record.day,
                    subject: record.subject,
                    record: &record.record,
                    salt: &record.salt,
                });
            }
            if (portion.len() as u64) < rows {
                break;
            }
        }
        Ok(())
    }

    fn quota_counts(&self, from_day: Date) -> std::result::Result<Vec<QuotaCount>, StoreError> {
        let log = self.log;
        self.bridge.wait(move |database| Box::pin(quota_counts(database, from_day, log)))
    }

    /// PostgreSQL keeps its own files small.
    fn maintain(&self) -> std::result::Result<(), StoreError> {
        Ok(())
    }

    fn location(&self) -> PathBuf {
        self.bridge.location()
    }
}

/// A record as it came from PostgreSQL.
struct OwnedRecord {
    entry: u64,
    contract: String,
    day: Date,
    subject: dancu_core::PersonalNumber,
    record: Vec<u8>,
    salt: [u8; 32],
}

async fn scan(client: &impl GenericClient, (first, end, rows): (i64, i64, i64)) -> Result<Vec<OwnedRecord>> {
    let sql = "SELECT idx, contract, day, subject, record, salt FROM record
               WHERE idx >= $1 AND idx < $2 ORDER BY idx LIMIT $3";
    let statement = client.prepare_cached(sql).await?;
    let found = client.query(&statement, &[&first, &end, &rows]).await?;
    found
        .iter()
        .map(|row| {
            let salt: &[u8] = cell(row, 5)?;
            Ok(OwnedRecord {
                entry: unsigned(cell(row, 0)?)?,
                contract: cell(row, 1)?,
                day: read_day(cell(row, 2)?)?,
                subject: number_from_sql(cell(row, 3)?)?,
                record: cell(row, 4)?,
                salt: salt.try_into().map_err(|_| Fault::Damaged("the salt of a record"))?,
            })
        })
        .collect()
}

async fn head(client: &impl GenericClient, log: LogNumber) -> Result<Option<Head>> {
    let sql = "SELECT size, peaks, checkpoint, newest_us FROM head WHERE node = $1";
    let statement = client.prepare_cached(sql).await?;
    let Some(row) = client.query_opt(&statement, &[&i32::from(log.get())]).await? else { return Ok(None) };
    let (peaks, rest) = cell::<&[u8]>(&row, 1)?.as_chunks::<32>();
    let frontier = Frontier::from_parts(unsigned(cell(&row, 0)?)?, peaks.to_vec());
    let frontier = frontier.filter(|_| rest.is_empty()).ok_or(Fault::Damaged("the end of the log"))?;
    let checkpoint: String = cell(&row, 2)?;
    Ok(Some(Head { frontier, checkpoint: checkpoint.into(), newest_us: cell(&row, 3)? }))
}

async fn quota_counts(
    database: Arc<Database>,
    from_day: Date,
    log: LogNumber,
) -> std::result::Result<Vec<QuotaCount>, StoreError> {
    database
        .read(&(day_number(from_day), i32::from(log.get())), |client, (from_day, node)| {
            Box::pin(async move {
                let sql = "SELECT contract, day, used FROM quota WHERE day >= $1 AND node = $2 AND used > 0
                           ORDER BY day, contract";
                let statement = client.prepare_cached(sql).await?;
                let rows = client.query(&statement, &[from_day, node]).await?;
                rows.iter()
                    .map(|row| {
                        let contract: String = cell(row, 0)?;
                        Ok(QuotaCount {
                            contract: contract.into(),
                            day: read_day(cell(row, 1)?)?,
                            used: unsigned(cell(row, 2)?)?,
                        })
                    })
                    .collect()
            })
        })
        .await
}

/// A day as yyyymmdd; days before our era count as the first.
pub(crate) fn day_number(day: Date) -> i32 {
    if day.year() < 0 { 0 } else { day_to_number(day) }
}

fn read_day(number: i32) -> Result<Date> {
    day_from_number(number).ok_or(Fault::Damaged("a column of days"))
}
