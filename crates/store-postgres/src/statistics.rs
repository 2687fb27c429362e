//! Numbers of persons by month.

use crate::{
    PostgresStore,
    database::Outcome,
    errors::{Fault, Result},
    facts::{cell, day_from_sql, instant_from_sql, limit},
};
use async_trait::async_trait;
use dancu_core::StoreError;
use dancu_register::day_to_number;
use dancu_statistics::{Census, Counted, Cube, StatisticsStore};
use deadpool_postgres::GenericClient;
use jiff::civil::Date;
use tokio_postgres::Row;

type Answer<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl StatisticsStore for PostgresStore {
    async fn keep_census(&self, kept: Census) -> Answer<bool> {
        let row =
            (day_to_number(kept.counted.day), kept.counted.known_at.as_microsecond(), kept.cube.to_text());
        self.database
            .write(&row, |transaction, (day, known_at, cells)| {
                Box::pin(async move {
                    let sql = "INSERT INTO census (day, known_at, cells) VALUES ($1, $2, $3)
                               ON CONFLICT (day) DO NOTHING";
                    let statement = transaction.prepare_cached(sql).await?;
                    Ok(Outcome::Keep(transaction.execute(&statement, &[day, known_at, cells]).await? > 0))
                })
            })
            .await
    }

    async fn census(&self, day: Date) -> Answer<Option<Census>> {
        self.database
            .read(&day_to_number(day), |client, day| {
                Box::pin(async move {
                    let sql = "SELECT day, known_at, cells FROM census WHERE day = $1";
                    let statement = client.prepare_cached(sql).await?;
                    client.query_opt(&statement, &[day]).await?.map(|row| census(&row)).transpose()
                })
            })
            .await
    }

    async fn counted(&self, length_max: usize) -> Answer<Vec<Counted>> {
        self.database
            .read(&limit(length_max), |client, length| {
                Box::pin(async move {
                    let sql = "SELECT day, known_at FROM census ORDER BY day DESC LIMIT $1";
                    let statement = client.prepare_cached(sql).await?;
                    let rows = client.query(&statement, &[length]).await?;
                    rows.iter().map(counted).collect()
                })
            })
            .await
    }

    async fn forget_census(&self, day: Date) -> Answer<bool> {
        self.database
            .write(&day_to_number(day), |transaction, day| {
                Box::pin(async move {
                    let statement = transaction.prepare_cached("DELETE FROM census WHERE day = $1").await?;
                    Ok(Outcome::Keep(transaction.execute(&statement, &[day]).await? > 0))
                })
            })
            .await
    }
}

fn counted(row: &Row) -> Result<Counted> {
    Ok(Counted { day: day_from_sql(cell(row, 0)?)?, known_at: instant_from_sql(cell(row, 1)?)? })
}

fn census(row: &Row) -> Result<Census> {
    let cells: &str = cell(row, 2)?;
    Ok(Census { counted: counted(row)?, cube: Cube::from_text(cells).ok_or(Fault::Damaged("a census"))? })
}
