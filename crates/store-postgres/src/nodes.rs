//! The nodes of a house and their logs.

use crate::{
    database::Outcome,
    errors::{Fault, Result},
    facts::cell,
    ledger::{Bridge, PostgresLedgerRecords, writer_lock},
    views::PostgresSubjectIndex,
};
use dancu_core::StoreError;
use dancu_ledger::{FollowedParts, KnownLog, LogNumber, LogRegistry, NodeName};
use deadpool_postgres::{GenericClient, Transaction};
use futures_util::future::BoxFuture;
use std::sync::Arc;

/// Held while a node is given its number.
const NUMBERING: i64 = crate::locks::Lock::NodeNumbers.number();

/// The number of a node's log; a name that is new gets the next one.
pub(crate) fn node_number(bridge: &Bridge, node: &NodeName) -> std::result::Result<LogNumber, StoreError> {
    let name = node.as_str().to_owned();
    bridge.wait(move |database| Box::pin(async move { database.write(&name, number).await }))
}

fn number<'c>(
    transaction: &'c Transaction<'c>,
    name: &'c String,
) -> BoxFuture<'c, Result<Outcome<LogNumber>>> {
    Box::pin(async move {
        transaction.query("SELECT pg_advisory_xact_lock($1)", &[&NUMBERING]).await?;
        let sql = "INSERT INTO node (number, name)
                   SELECT CASE WHEN $1 = $2 THEN 0 ELSE 1 + coalesce(max(number), 0) END, $1 FROM node
                   ON CONFLICT (name) DO NOTHING";
        transaction.execute(sql, &[name, &NodeName::MAIN]).await?;
        let row = transaction.query_one("SELECT number FROM node WHERE name = $1", &[name]).await?;
        Ok(Outcome::Keep(log_number(cell(&row, 0)?)?))
    })
}

fn log_number(number: i32) -> Result<LogNumber> {
    let number = u16::try_from(number).ok().and_then(LogNumber::new);
    number.ok_or(Fault::Damaged("the number of a node"))
}

/// The logs of all nodes of a database.
#[derive(Debug)]
pub struct PostgresLogRegistry {
    bridge: Arc<Bridge>,
}

impl PostgresLogRegistry {
    pub(crate) const fn new(bridge: Arc<Bridge>) -> Self {
        Self { bridge }
    }
}

impl LogRegistry for PostgresLogRegistry {
    fn logs(&self) -> std::result::Result<Vec<KnownLog>, StoreError> {
        self.bridge.wait(|database| {
            Box::pin(async move { database.read(&(), |client, ()| Box::pin(logs(client))).await })
        })
    }

    fn announce(
        &self,
        log: LogNumber,
        verifier: &str,
        keys: &str,
    ) -> std::result::Result<Option<NodeName>, StoreError> {
        let row = (i32::from(log.get()), verifier.to_owned(), keys.to_owned());
        self.bridge.wait(move |database| Box::pin(async move { database.write(&row, announce).await }))
    }

    fn open(&self, log: &KnownLog) -> std::result::Result<FollowedParts, StoreError> {
        let records = PostgresLedgerRecords::new(Arc::clone(&self.bridge), log.number);
        let index = PostgresSubjectIndex::followed(Arc::clone(&self.bridge), log.number);
        Ok((Arc::new(records), Arc::new(index)))
    }
}

async fn logs(client: &impl GenericClient) -> Result<Vec<KnownLog>> {
    let statement = client.prepare_cached("SELECT number, name, verifier FROM node ORDER BY number").await?;
    let rows = client.query(&statement, &[]).await?;
    rows.iter()
        .map(|row| {
            let name: String = cell(row, 1)?;
            Ok(KnownLog {
                number: log_number(cell(row, 0)?)?,
                name: name.parse().map_err(|_| Fault::Damaged("the name of a node"))?,
                verifier: cell(row, 2)?,
            })
        })
        .collect()
}

fn announce<'c>(
    transaction: &'c Transaction<'c>,
    (number, verifier, keys): &'c (i32, String, String),
) -> BoxFuture<'c, Result<Outcome<Option<NodeName>>>> {
    Box::pin(async move {
        transaction.query("SELECT pg_advisory_xact_lock($1)", &[&NUMBERING]).await?;
        let sql = "SELECT number, name FROM node WHERE number <> $1 AND keys <> $2";
        for row in transaction.query(sql, &[number, keys]).await? {
            let lock = writer_lock(log_number(cell(&row, 0)?)?);
            let is_free = transaction.query_one("SELECT pg_try_advisory_xact_lock($1)", &[&lock]).await?;
            // Whoever runs no more is told the same when it starts again.
            if !cell::<bool>(&is_free, 0)? {
                let name: String = cell(&row, 1)?;
                return Ok(Outcome::Undo(Some(
                    name.parse().map_err(|_| Fault::Damaged("the name of a node"))?,
                )));
            }
        }
        let sql = "UPDATE node SET verifier = $2, keys = $3 WHERE number = $1";
        transaction.execute(sql, &[number, verifier, keys]).await?;
        Ok(Outcome::Keep(None))
    })
}
