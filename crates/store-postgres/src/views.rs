//! The derived index from a person to the disclosures about them.

use crate::{
    database::{Database, Outcome},
    errors::{Fault, Result},
    facts::{cell, limit, number_from_sql, number_to_sql, signed, unsigned},
    ledger::Bridge,
};
use dancu_core::{PersonalNumber, StoreError};
use dancu_ledger::SubjectIndex;
use deadpool_postgres::{GenericClient, Transaction};
use std::{path::PathBuf, sync::Arc};

/// Entries that one scan fetches at a time.
const SCAN_ROWS: usize = 5_000;

/// The index by person.
#[derive(Debug)]
pub struct PostgresSubjectIndex {
    bridge: Arc<Bridge>,
}

impl PostgresSubjectIndex {
    pub(crate) const fn new(bridge: Arc<Bridge>) -> Self {
        Self { bridge }
    }
}

/// Entries on their way, one column each, with the cursor behind them.
struct Addition {
    subjects: Vec<i64>,
    indexes: Vec<i64>,
    cursor: i64,
}

impl SubjectIndex for PostgresSubjectIndex {
    fn cursor(&self) -> std::result::Result<u64, StoreError> {
        self.bridge.wait(|database| {
            Box::pin(async move {
                database
                    .read(&(), |client, ()| {
                        Box::pin(async {
                            let row = client.query_one("SELECT next FROM disclosure_cursor", &[]).await?;
                            unsigned(cell(&row, 0)?)
                        })
                    })
                    .await
            })
        })
    }

    fn add(&self, entries: &[(PersonalNumber, u64)], cursor: u64) -> std::result::Result<(), StoreError> {
        let addition = Addition {
            subjects: entries.iter().map(|(subject, _)| number_to_sql(*subject)).collect(),
            indexes: entries.iter().map(|(_, index)| signed(*index)).collect(),
            cursor: signed(cursor),
        };
        self.bridge.wait(move |database| Box::pin(write(database, addition, add)))
    }

    fn find(
        &self,
        subject: PersonalNumber,
        before: u64,
        length_max: usize,
    ) -> std::result::Result<Vec<u64>, StoreError> {
        let whose = (number_to_sql(subject), signed(before), limit(length_max));
        self.bridge.wait(move |database| {
            Box::pin(async move {
                database
                    .read(&whose, |client, (subject, before, length_max)| {
                        Box::pin(async move {
                            let sql = "SELECT idx FROM disclosure_of_person WHERE subject = $1 AND idx < $2
                                       ORDER BY idx DESC LIMIT $3";
                            let statement = client.prepare_cached(sql).await?;
                            let rows = client.query(&statement, &[subject, before, length_max]).await?;
                            rows.iter().map(|row| unsigned(cell(row, 0)?)).collect()
                        })
                    })
                    .await
            })
        })
    }

    fn scan(&self, visit: &mut dyn FnMut(PersonalNumber, u64)) -> std::result::Result<(), StoreError> {
        let mut after = (-1_i64, -1_i64);
        loop {
            let portion = self.bridge.wait(move |database| {
                Box::pin(async move {
                    database.read(&after, |client, after| Box::pin(portion(client, *after))).await
                })
            })?;
            for (subject, index) in &portion {
                visit(*subject, *index);
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

    fn clear(&self) -> std::result::Result<(), StoreError> {
        let nothing = Addition { subjects: Vec::new(), indexes: Vec::new(), cursor: 0 };
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
        // Derived data: a commit that a power cut takes away is built again from the records.
        transaction.batch_execute("SET LOCAL synchronous_commit = off").await?;
        let sql = "INSERT INTO disclosure_of_person (subject, idx)
                   SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS new (subject, idx) ORDER BY subject, idx
                   ON CONFLICT DO NOTHING";
        let statement = transaction.prepare_cached(sql).await?;
        transaction.execute(&statement, &[&addition.subjects, &addition.indexes]).await?;
        let statement = transaction.prepare_cached("UPDATE disclosure_cursor SET next = $1").await?;
        match transaction.execute(&statement, &[&addition.cursor]).await? {
            1 => Ok(Outcome::Keep(())),
            _ => Err(Fault::Defect("the cursor of the index by person is missing")),
        }
    })
}

fn clear<'c>(
    transaction: &'c Transaction<'c>,
    _: &'c Addition,
) -> futures_util::future::BoxFuture<'c, Result<Outcome<()>>> {
    Box::pin(async move {
        let sql = "DELETE FROM disclosure_of_person; UPDATE disclosure_cursor SET next = 0";
        transaction.batch_execute(sql).await?;
        Ok(Outcome::Keep(()))
    })
}

async fn portion(
    client: &impl GenericClient,
    (subject, index): (i64, i64),
) -> Result<Vec<(PersonalNumber, u64)>> {
    let sql = "SELECT subject, idx FROM disclosure_of_person WHERE (subject, idx) > ($1, $2)
               ORDER BY subject, idx LIMIT $3";
    let statement = client.prepare_cached(sql).await?;
    let rows = client.query(&statement, &[&subject, &index, &limit(SCAN_ROWS)]).await?;
    rows.iter().map(|row| Ok((number_from_sql(cell(row, 0)?)?, unsigned(cell(row, 1)?)?))).collect()
}
