//! What was used of products.

use crate::{
    PostgresStore,
    database::Outcome,
    errors::{Fault, Result},
    facts::{cell, day_from_sql, unsigned},
};
use async_trait::async_trait;
use dancu_core::StoreError;
use dancu_exchange::{ContractId, Usage, UsageStore};
use dancu_register::day_to_number;
use deadpool_postgres::{GenericClient, Transaction};
use jiff::civil::Date;

type Answer<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl UsageStore for PostgresStore {
    async fn usage_cursor(&self, log: &str) -> Answer<u64> {
        self.database.read(&log.to_owned(), |client, log| Box::pin(cursor(client, log))).await
    }

    async fn add_usage(&self, log: &str, from: u64, to: u64, rows: Vec<Usage>) -> Answer<bool> {
        self.database
            .write(&(log.to_owned(), from, to, rows), |transaction, (log, from, to, rows)| {
                Box::pin(add(transaction, log, (*from, *to), rows))
            })
            .await
    }

    async fn forget_usage(&self, log: &str) -> Answer<()> {
        self.database
            .write(&log.to_owned(), |transaction, log| {
                Box::pin(async move {
                    lock(transaction, log).await?;
                    for sql in [
                        "DELETE FROM product_usage WHERE log = $1",
                        "DELETE FROM usage_cursor WHERE log = $1",
                    ] {
                        let statement = transaction.prepare_cached(sql).await?;
                        transaction.execute(&statement, &[log]).await?;
                    }
                    Ok(Outcome::Keep(()))
                })
            })
            .await
    }

    async fn usage(&self, contract: &ContractId, from: Date) -> Answer<Vec<Usage>> {
        self.database
            .read(&(contract.clone(), from), |client, (contract, from)| {
                Box::pin(async move {
                    let sql =
                        "SELECT day, product, sum(answers)::bigint, sum(fields)::bigint FROM product_usage
                               WHERE contract = $1 AND day >= $2 GROUP BY day, product ORDER BY day, product";
                    let statement = client.prepare_cached(sql).await?;
                    let rows = client.query(&statement, &[&contract.as_str(), &day_to_number(*from)]).await?;
                    let read = |row| {
                        let product: &str = cell(row, 1)?;
                        Ok(Usage {
                            contract: contract.clone(),
                            product: product.parse().map_err(|_| Fault::Damaged("a product"))?,
                            day: day_from_sql(cell(row, 0)?)?,
                            answers: unsigned(cell(row, 2)?)?,
                            fields: unsigned(cell(row, 3)?)?,
                        })
                    };
                    rows.iter().map(read).collect()
                })
            })
            .await
    }
}

/// Whoever counts the same log waits for the end of this transaction.
async fn lock(transaction: &Transaction<'_>, log: &str) -> Result<()> {
    let statement =
        transaction.prepare_cached("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))").await?;
    transaction.execute(&statement, &[&log]).await?;
    Ok(())
}

async fn cursor(client: &impl GenericClient, log: &str) -> Result<u64> {
    let statement = client.prepare_cached("SELECT counted FROM usage_cursor WHERE log = $1").await?;
    let row = client.query_opt(&statement, &[&log]).await?;
    row.map_or(Ok(0), |row| unsigned(cell(&row, 0)?))
}

async fn add(
    transaction: &Transaction<'_>,
    log: &str,
    (from, to): (u64, u64),
    rows: &[Usage],
) -> Result<Outcome<bool>> {
    lock(transaction, log).await?;
    if cursor(transaction, log).await? != from {
        return Ok(Outcome::Undo(false));
    }
    let sql = "INSERT INTO product_usage (log, contract, day, product, answers, fields)
               VALUES ($1, $2, $3, $4, $5, $6)
               ON CONFLICT (log, contract, day, product)
               DO UPDATE SET answers = product_usage.answers + excluded.answers,
                             fields = product_usage.fields + excluded.fields";
    let statement = transaction.prepare_cached(sql).await?;
    for row in rows {
        let (contract, day, product) = (row.contract.as_str(), day_to_number(row.day), row.product.as_str());
        let (answers, fields) = (row.answers.cast_signed(), row.fields.cast_signed());
        transaction.execute(&statement, &[&log, &contract, &day, &product, &answers, &fields]).await?;
    }
    let sql = "INSERT INTO usage_cursor (log, counted) VALUES ($1, $2)
               ON CONFLICT (log) DO UPDATE SET counted = excluded.counted";
    let statement = transaction.prepare_cached(sql).await?;
    transaction.execute(&statement, &[&log, &to.cast_signed()]).await?;
    Ok(Outcome::Keep(true))
}
