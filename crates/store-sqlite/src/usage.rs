//! What was used of products, on `register.db`.

use crate::{SqliteStore, exchange::damaged};
use async_trait::async_trait;
use dancu_core::StoreError;
use dancu_exchange::{ContractId, Usage, UsageStore};
use dancu_register::{day_from_number, day_to_number};
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, params};

type Outcome<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl UsageStore for SqliteStore {
    async fn usage_cursor(&self, log: &str) -> Outcome<u64> {
        self.database().read(|connection| cursor(connection, log))
    }

    async fn add_usage(&self, log: &str, from: u64, to: u64, rows: Vec<Usage>) -> Outcome<bool> {
        let log = log.to_owned();
        self.database()
            .write(move |connection| {
                if cursor(connection, &log)? != from {
                    return Ok(false);
                }
                let mut add = connection.prepare_cached(
                    "INSERT INTO product_usage (log, contract, day, product, answers, fields)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                     ON CONFLICT (log, contract, day, product)
                     DO UPDATE SET answers = answers + excluded.answers, fields = fields + excluded.fields",
                )?;
                for row in &rows {
                    let (contract, day) = (row.contract.as_str(), day_to_number(row.day));
                    let (answers, fields) = (row.answers.cast_signed(), row.fields.cast_signed());
                    add.execute(params![log, contract, day, row.product.as_str(), answers, fields])?;
                }
                connection.execute(
                    "INSERT INTO usage_cursor (log, counted) VALUES (?1, ?2)
                     ON CONFLICT (log) DO UPDATE SET counted = excluded.counted",
                    params![log, to.cast_signed()],
                )?;
                Ok(true)
            })
            .await
    }

    async fn forget_usage(&self, log: &str) -> Outcome<()> {
        let log = log.to_owned();
        self.database()
            .write(move |connection| {
                connection.execute("DELETE FROM product_usage WHERE log = ?1", params![log])?;
                connection.execute("DELETE FROM usage_cursor WHERE log = ?1", params![log])?;
                Ok(())
            })
            .await
    }

    async fn usage(&self, contract: &ContractId, from: Date) -> Outcome<Vec<Usage>> {
        self.database().read(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT day, product, sum(answers), sum(fields) FROM product_usage
                 WHERE contract = ?1 AND day >= ?2 GROUP BY day, product ORDER BY day, product",
            )?;
            let rows = select.query_map(params![contract.as_str(), day_to_number(from)], |row| {
                let product: String = row.get(1)?;
                Ok(Usage {
                    contract: contract.clone(),
                    product: product.parse().map_err(|_| damaged(1))?,
                    day: day_from_number(row.get(0)?).ok_or_else(|| damaged(0))?,
                    answers: row.get(2)?,
                    fields: row.get(3)?,
                })
            })?;
            rows.collect()
        })
    }
}

fn cursor(connection: &Connection, log: &str) -> rusqlite::Result<u64> {
    let counted = connection
        .prepare_cached("SELECT counted FROM usage_cursor WHERE log = ?1")?
        .query_row(params![log], |row| row.get(0))
        .optional()?;
    Ok(counted.unwrap_or_default())
}
