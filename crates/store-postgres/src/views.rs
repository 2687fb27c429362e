//! The derived index from a person to the disclosures about them.

use crate::{
    database::{Database, Outcome},
    errors::Result,
    facts::{cell, limit, number_from_sql, number_to_sql, signed, unsigned},
    ledger::Bridge,
};
use dancu_core::{PersonalNumber, StoreError};
use dancu_ledger::{LogNumber, SubjectIndex};
use deadpool_postgres::{GenericClient, Transaction};
use std::{path::PathBuf, sync::Arc};

/// Entries that one scan fetches at a time.
const SCAN_ROWS: usize = 5_000;

/// The index by person of one log.
#[derive(Debug)]
pub struct PostgresSubjectIndex {
    bridge: Arc<Bridge>,
    log: LogNumber,
    is_followed: bool,
}

impl PostgresSubjectIndex {
    pub(crate) const fn new(bridge: Arc<Bridge>, log: LogNumber) -> Self {
        Self { bridge, log, is_followed: false }
    }

    /// Of a log that another node writes.
    pub(crate) const fn followed(bridge: Arc<Bridge>, log: LogNumber) -> Self {
        Self { bridge, log, is_followed: true }
    }

    /// The leaf of an entry of this log.
    fn leaf(&self, entry: u64) -> u64 {
        entry - self.log.entries().start
    }

    fn range(&self) -> (i64, i64) {
        let entries = self.log.entries();
        (signed(entries.start), signed(entries.end))
    }

    fn addition(&self, entries: &[(PersonalNumber, u64)], cursor: u64) -> Addition {
        Addition {
            subjects: entries.iter().map(|(subject, _)| number_to_sql(*subject)).collect(),
            entries: entries.iter().map(|(_, index)| signed(self.log.entry(*index))).collect(),
            cursor: signed(cursor),
            node: i32::from(self.log.get()),
            range: self.range(),
        }
    }
}

/// Entries on their way, one column each, with the cursor behind them.
struct Addition {
    subjects: Vec<i64>,
    entries: Vec<i64>,
    cursor: i64,
    node: i32,
    /// The numbers that entries of the log have.
    range: (i64, i64),
}

impl SubjectIndex for PostgresSubjectIndex {
    fn cursor(&self) -> std::result::Result<u64, StoreError> {
        let node = i32::from(self.log.get());
        self.bridge.wait(move |database| {
            Box::pin(async move {
                database
                    .read(&node, |client, node| {
                        Box::pin(async move {
                            let sql =
                                "SELECT coalesce((SELECT next FROM disclosure_cursor WHERE node = $1), 0)";
                            let statement = client.prepare_cached(sql).await?;
                            unsigned(cell(&client.query_one(&statement, &[node]).await?, 0)?)
                        })
                    })
                    .await
            })
        })
    }

    fn add(&self, entries: &[(PersonalNumber, u64)], cursor: u64) -> std::result::Result<(), StoreError> {
        let addition = self.addition(entries, cursor);
        self.bridge.wait(move |database| Box::pin(write(database, addition, add)))
    }

    fn find(
        &self,
        subject: PersonalNumber,
        before: u64,
        length_max: usize,
    ) -> std::result::Result<Vec<u64>, StoreError> {
        let (start, end) = (signed(self.log.entries().start), signed(self.log.entry(before)));
        let whose = (number_to_sql(subject), start, end, limit(length_max));
        let found = self.bridge.wait(move |database| {
            Box::pin(
                async move { database.read(&whose, |client, whose| Box::pin(find(client, *whose))).await },
            )
        })?;
        Ok(found.into_iter().map(|entry| self.leaf(entry)).collect())
    }

    fn scan(&self, visit: &mut dyn FnMut(PersonalNumber, u64)) -> std::result::Result<(), StoreError> {
        let (mut after, range) = ((-1_i64, -1_i64), self.range());
        loop {
            let portion = self.bridge.wait(move |database| {
                Box::pin(async move {
                    let input = (after, range);
                    database
                        .read(&input, |client, (after, range)| Box::pin(portion(client, *after, *range)))
                        .await
                })
            })?;
            for (subject, entry) in &portion {
                visit(*subject, self.leaf(*entry));
            }
            match portion.last() {
                Some((subject, index)) if portion.len() == SCAN_ROWS => {
                    after = (number_to_sql(*subject), signed(*index));
                }
                _ => return Ok(()),
            }
        }
    }

    /// One tree that PostgreSQL keeps in order by itself.
    fn tidy(&self) -> std::result::Result<(), StoreError> {
        Ok(())
    }

    fn is_followed(&self) -> bool {
        self.is_followed
    }

    fn clear(&self) -> std::result::Result<(), StoreError> {
        let nothing = self.addition(&[], 0);
        self.bridge.wait(move |database| Box::pin(write(database, nothing, clear)))
    }

    fn location(&self) -> PathBuf {
        self.bridge.location()
    }
}

type Change =
    for<'c> fn(&'c Transaction<'c>, &'c Addition) -> futures_util::future::BoxFuture<'c, Result<Outcome<()>>>;

async fn write(
    database: Arc<Database>,
    addition: Addition,
    change: Change,
) -> std::result::Result<(), StoreError> {
    database.write(&addition, change).await
}

/// Adds entries in the order of the key. What a lost answer left is left as it is: the cursor says where it ended.
fn add<'c>(
    transaction: &'c Transaction<'c>,
    addition: &'c Addition,
) -> futures_util::future::BoxFuture<'c, Result<Outcome<()>>> {
    Box::pin(async move {
        // Derived data, and yet flushed: were it lost while its node lives, the node would never write it again.
        let sql = "INSERT INTO disclosure_of_person (subject, idx)
                   SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS new (subject, idx) ORDER BY subject, idx
                   ON CONFLICT DO NOTHING";
        let statement = transaction.prepare_cached(sql).await?;
        transaction.execute(&statement, &[&addition.subjects, &addition.entries]).await?;
        // Whoever follows the log may have written farther in its stead.
        let sql = "INSERT INTO disclosure_cursor AS held (node, next) VALUES ($2, $1)
                   ON CONFLICT (node) DO UPDATE SET next = greatest(held.next, excluded.next)";
        let statement = transaction.prepare_cached(sql).await?;
        transaction.execute(&statement, &[&addition.cursor, &addition.node]).await?;
        Ok(Outcome::Keep(()))
    })
}

fn clear<'c>(
    transaction: &'c Transaction<'c>,
    addition: &'c Addition,
) -> futures_util::future::BoxFuture<'c, Result<Outcome<()>>> {
    Box::pin(async move {
        let (start, end) = &addition.range;
        let sql = "DELETE FROM disclosure_of_person WHERE idx >= $1 AND idx < $2";
        transaction.execute(sql, &[start, end]).await?;
        let sql = "UPDATE disclosure_cursor SET next = 0 WHERE node = $1";
        transaction.execute(sql, &[&addition.node]).await?;
        Ok(Outcome::Keep(()))
    })
}

async fn find(
    client: &impl GenericClient,
    (subject, start, end, length_max): (i64, i64, i64, i64),
) -> Result<Vec<u64>> {
    let sql = "SELECT idx FROM disclosure_of_person WHERE subject = $1 AND idx >= $2 AND idx < $3
               ORDER BY idx DESC LIMIT $4";
    let statement = client.prepare_cached(sql).await?;
    let rows = client.query(&statement, &[&subject, &start, &end, &length_max]).await?;
    rows.iter().map(|row| unsigned(cell(row, 0)?)).collect()
}

async fn portion(
    client: &impl GenericClient,
    (subject, entry): (i64, i64),
    (start, end): (i64, i64),
) -> Result<Vec<(PersonalNumber, u64)>> {
    let sql = "SELECT subject, idx FROM disclosure_of_person
               WHERE (subject, idx) > ($1, $2) AND idx >= $3 AND idx < $4 ORDER BY subject, idx LIMIT $5";
    let statement = client.prepare_cached(sql).await?;
    let rows = client.query(&statement, &[&subject, &entry, &start, &end, &limit(SCAN_ROWS)]).await?;
    rows.iter().map(|row| Ok((number_from_sql(cell(row, 0)?)?, unsigned(cell(row, 1)?)?))).collect()
}
