//! Daily limits that the nodes of a house share.

use crate::{
    database::{Database, Outcome},
    errors::Result,
    facts::{cell, signed, unsigned},
    ledger::{Bridge, day_number, writer_lock},
};
use dancu_core::StoreError;
use dancu_ledger::{LimitShares, LogNumber, QuotaCount, Share, ShareAsk, share_of};
use deadpool_postgres::{GenericClient, Transaction};
use futures_util::future::BoxFuture;
use jiff::civil::Date;
use std::sync::Arc;

/// With the contract's name: held while a node's share of its limits is reckoned, so that no two are at once.
const SHARING: i32 = 0x6461_6e63;

/// The shares of the nodes in the table of counts: what a node holds stands beside what it used.
#[derive(Debug)]
pub struct PostgresLimitShares {
    bridge: Arc<Bridge>,
    log: LogNumber,
}

impl PostgresLimitShares {
    pub(crate) const fn new(bridge: Arc<Bridge>, log: LogNumber) -> Self {
        Self { bridge, log }
    }

    fn node(&self) -> i32 {
        i32::from(self.log.get())
    }
}

/// A question on its way.
struct Question {
    contract: String,
    day: i32,
    node: i32,
    limit: u64,
    in_use: u64,
}

impl LimitShares for PostgresLimitShares {
    fn take(&self, ask: &ShareAsk<'_>) -> std::result::Result<Share, StoreError> {
        let question = Question {
            contract: ask.contract.to_owned(),
            day: day_number(ask.day),
            node: self.node(),
            limit: ask.limit,
            in_use: ask.in_use,
        };
        self.bridge.wait(move |database| Box::pin(async move { database.write(&question, take).await }))
    }

    fn give_back(&self, contract: &str, day: Date, in_use: u64) -> std::result::Result<(), StoreError> {
        let row = (contract.to_owned(), day_number(day), self.node(), signed(in_use));
        self.bridge.wait(move |database| {
            Box::pin(async move {
                database.write(&row, |transaction, row| Box::pin(give_back(transaction, row))).await
            })
        })
    }

    fn give_back_all(&self, from_day: Date) -> std::result::Result<(), StoreError> {
        let row = (day_number(from_day), self.node());
        self.bridge.wait(move |database| {
            Box::pin(async move {
                let given_back = database.write(&row, |transaction, (day, node)| {
                    Box::pin(async move {
                        let sql =
                            "UPDATE quota SET leased = used WHERE day >= $1 AND node = $2 AND leased > used";
                        transaction.execute(sql, &[day, node]).await?;
                        Ok(Outcome::Keep(()))
                    })
                });
                given_back.await
            })
        })
    }

    fn used_by_others(&self, day: Date) -> std::result::Result<Vec<QuotaCount>, StoreError> {
        let node = self.node();
        self.bridge.wait(move |database| Box::pin(used_by_others(database, day, node)))
    }
}

async fn give_back(
    transaction: &Transaction<'_>,
    (contract, day, node, in_use): &(String, i32, i32, i64),
) -> Result<Outcome<()>> {
    let sql = "UPDATE quota SET leased = greatest(used, $4)
               WHERE contract = $1 AND day = $2 AND node = $3 AND leased > $4";
    transaction.execute(sql, &[contract, day, node, in_use]).await?;
    Ok(Outcome::Keep(()))
}

/// Places of a day and a contract.
#[derive(Default)]
struct Held {
    by_node: u64,
    by_others: u64,
    used_by_others: u64,
    /// Other nodes that hold more than they used.
    unused_of: Vec<i32>,
}

fn take<'c>(
    transaction: &'c Transaction<'c>,
    question: &'c Question,
) -> BoxFuture<'c, Result<Outcome<Share>>> {
    Box::pin(async move {
        let Question { contract, day, node, limit, in_use } = question;
        // Each statement sees what was committed before it: nobody else reckons from here on.
        let sql = "SELECT pg_advisory_xact_lock($1, hashtext($2))";
        transaction.query(sql, &[&SHARING, contract]).await?;
        let mut held = read(transaction, question).await?;
        if *in_use >= limit.saturating_sub(held.by_others) && reclaim(transaction, question, &held).await? {
            held = read(transaction, question).await?;
        }
        let share = share_of(*in_use, limit.saturating_sub(held.by_others), held.by_node);
        let sql = "INSERT INTO quota (day, contract, node, used, leased) VALUES ($1, $2, $3, 0, $4)
                   ON CONFLICT (day, contract, node) DO UPDATE SET leased = greatest(quota.used, excluded.leased)";
        transaction.execute(sql, &[day, contract, node, &signed(share)]).await?;
        Ok(Outcome::Keep(Share { held: share, used_by_others: held.used_by_others }))
    })
}

async fn read(transaction: &Transaction<'_>, question: &Question) -> Result<Held> {
    let sql = "SELECT node, used, leased FROM quota WHERE day = $1 AND contract = $2";
    let statement = transaction.prepare_cached(sql).await?;
    let mut held = Held::default();
    for row in transaction.query(&statement, &[&question.day, &question.contract]).await? {
        let node: i32 = cell(&row, 0)?;
        let (used, leased) = (unsigned(cell(&row, 1)?)?, unsigned(cell(&row, 2)?)?);
        if node == question.node {
            held.by_node = leased;
        } else {
            held.by_others += leased;
            held.used_by_others += used;
            held.unused_of.extend((leased > used).then_some(node));
        }
    }
    Ok(held)
}

/// Frees what nodes hold that run no more: whoever runs has the lock of its log, and writes nothing without it.
async fn reclaim(transaction: &Transaction<'_>, question: &Question, held: &Held) -> Result<bool> {
    let mut is_any = false;
    for node in &held.unused_of {
        let Some(log) = u16::try_from(*node).ok().and_then(LogNumber::new) else { continue };
        let lock = writer_lock(log);
        let row = transaction.query_one("SELECT pg_try_advisory_xact_lock($1)", &[&lock]).await?;
        if cell(&row, 0)? {
            let sql = "UPDATE quota SET leased = used WHERE day = $1 AND contract = $2 AND node = $3";
            transaction.execute(sql, &[&question.day, &question.contract, node]).await?;
            is_any = true;
        }
    }
    Ok(is_any)
}

async fn used_by_others(
    database: Arc<Database>,
    day: Date,
    node: i32,
) -> std::result::Result<Vec<QuotaCount>, StoreError> {
    let counts = database
        .read(&(day_number(day), node), |client, (day, node)| {
            Box::pin(async move {
                let sql = "SELECT contract, sum(used)::bigint FROM quota WHERE day = $1 AND node <> $2
                           GROUP BY contract HAVING sum(used) > 0 ORDER BY contract";
                let statement = client.prepare_cached(sql).await?;
                let rows = client.query(&statement, &[day, node]).await?;
                rows.iter()
                    .map(|row| Ok((cell::<String>(row, 0)?, unsigned(cell(row, 1)?)?)))
                    .collect::<Result<Vec<_>>>()
            })
        })
        .await?;
    Ok(counts
        .into_iter()
        .map(|(contract, used)| QuotaCount { contract: contract.into(), day, used })
        .collect())
}
