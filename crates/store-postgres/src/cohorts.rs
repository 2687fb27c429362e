//! Extracts of cohorts.

use crate::{
    PostgresStore,
    database::Outcome,
    errors::Result,
    facts::{cell, limit, number_from_sql, number_to_sql, signed, unsigned},
    lists::{from_json, one, to_json},
};
use async_trait::async_trait;
use dancu_core::StoreError;
use dancu_exchange::{CohortExtract, CohortRow, CohortStore, ContractId, ExtractId, OpenBounds};
use deadpool_postgres::{GenericClient, Transaction};
use jiff::Timestamp;
use tokio_postgres::{Row, types::ToSql};

type Answer<T> = std::result::Result<T, StoreError>;

/// Held while a contract's extracts are counted and one is added.
const ADDING: i64 = crate::locks::Lock::CohortQueue.number();

#[async_trait]
impl CohortStore for PostgresStore {
    async fn add_extract(&self, extract: CohortExtract, bounds: OpenBounds) -> Answer<bool> {
        self.database
            .write(&(extract, bounds), |transaction, (extract, bounds)| {
                Box::pin(async move { Ok(Outcome::Keep(add(transaction, extract, *bounds).await?)) })
            })
            .await
    }

    async fn save_extract(&self, extract: CohortExtract, rows: Vec<CohortRow>) -> Answer<bool> {
        self.database
            .write(&(extract, rows), |transaction, (extract, rows)| {
                Box::pin(async move { Ok(Outcome::Keep(save(transaction, extract, rows).await?)) })
            })
            .await
    }

    async fn extract(&self, id: ExtractId) -> Answer<Option<CohortExtract>> {
        self.database
            .read(&id, |client, id| {
                Box::pin(one(client, "SELECT body FROM cohort_extract WHERE id = $1", id.0))
            })
            .await
    }

    async fn open_extract(&self, contract: &ContractId, reference: &str) -> Answer<Option<CohortExtract>> {
        self.database
            .read(&(contract.clone(), reference.to_owned()), |client, (contract, reference)| {
                Box::pin(async move {
                    let sql = "SELECT body FROM cohort_extract
                               WHERE contract = $1 AND reference = $2 AND is_open";
                    let statement = client.prepare_cached(sql).await?;
                    let row = client.query_opt(&statement, &[&contract.as_str(), reference]).await?;
                    row.map(|row| from_json(&row)).transpose()
                })
            })
            .await
    }

    async fn extracts(
        &self,
        waits: bool,
        after: Option<ExtractId>,
        length_max: usize,
    ) -> Answer<Vec<CohortExtract>> {
        self.database
            .read_snapshot(&(waits, after, length_max), |transaction, (waits, after, length_max)| {
                Box::pin(list(transaction, *waits, *after, *length_max))
            })
            .await
    }

    async fn extracts_to_work_on(&self, now: Timestamp, length_max: usize) -> Answer<Vec<CohortExtract>> {
        self.database
            .read(&(now.as_microsecond(), limit(length_max)), |client, (now, length)| {
                Box::pin(async move {
                    let sql = "SELECT body FROM cohort_extract WHERE works OR ends_us <= $1
                               ORDER BY asked_us, id LIMIT $2";
                    let statement = client.prepare_cached(sql).await?;
                    let rows = client.query(&statement, &[now, length]).await?;
                    rows.iter().map(from_json).collect()
                })
            })
            .await
    }

    async fn extract_rows(&self, id: ExtractId, after: u64, length_max: usize) -> Answer<Vec<CohortRow>> {
        self.database
            .read(&(id, signed(after), limit(length_max)), |client, (id, after, length)| {
                Box::pin(async move {
                    let sql = "SELECT sequence, number, entry FROM cohort_row
                               WHERE extract = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";
                    let statement = client.prepare_cached(sql).await?;
                    let rows =
                        client.query(&statement, &[&id.0.as_bytes().as_slice(), after, length]).await?;
                    rows.iter().map(row).collect()
                })
            })
            .await
    }

    async fn remove_extract_rows(&self, id: ExtractId, rows_max: u32) -> Answer<u64> {
        self.database
            .write(&(id, i64::from(rows_max)), |transaction, (id, most)| {
                Box::pin(async move {
                    let sql = "DELETE FROM cohort_row WHERE extract = $1 AND sequence IN
                                   (SELECT sequence FROM cohort_row WHERE extract = $1 ORDER BY sequence LIMIT $2)";
                    let statement = transaction.prepare_cached(sql).await?;
                    let removed =
                        transaction.execute(&statement, &[&id.0.as_bytes().as_slice(), most]).await?;
                    Ok(Outcome::Keep(removed))
                })
            })
            .await
    }
}

fn row(row: &Row) -> Result<CohortRow> {
    Ok(CohortRow {
        sequence: unsigned(cell(row, 0)?)?,
        number: number_from_sql(cell(row, 1)?)?,
        entry: unsigned(cell(row, 2)?)?,
    })
}

async fn add(transaction: &Transaction<'_>, extract: &CohortExtract, bounds: OpenBounds) -> Result<bool> {
    // Two that count at once would both find a place.
    transaction.query("SELECT pg_advisory_xact_lock($1)", &[&ADDING]).await?;
    let sql = "INSERT INTO cohort_extract
                   (id, contract, reference, is_open, waits, works, ends_us, asked_us, version, body)
               SELECT $1::bytea, $2::text, $3::text, $4::boolean, $5::boolean, $6::boolean, $7::bigint,
                      $8::bigint, $9::bigint, $10::text
               WHERE (SELECT count(*) FROM cohort_extract WHERE contract = $2 AND is_open) < $11
                 AND (SELECT count(*) FROM cohort_extract WHERE contract = $2 AND asked_us > $12) < $13
               ON CONFLICT DO NOTHING";
    let statement = transaction.prepare_cached(sql).await?;
    let columns: [&(dyn ToSql + Sync); 13] = [
        &extract.id.0.as_bytes().as_slice(),
        &extract.contract.as_str(),
        &extract.reference,
        &extract.state.is_open(),
        &extract.state.waits(),
        &extract.works(),
        &extract.ends_at().map(Timestamp::as_microsecond),
        &extract.asked_at.as_microsecond(),
        &signed(extract.version),
        &to_json(extract)?,
        &i64::from(bounds.open_max),
        &bounds.since.as_microsecond(),
        &i64::from(bounds.asked_max),
    ];
    Ok(transaction.execute(&statement, &columns).await? == 1)
}

async fn save(transaction: &Transaction<'_>, extract: &CohortExtract, rows: &[CohortRow]) -> Result<bool> {
    let sql =
        "UPDATE cohort_extract SET is_open = $2, waits = $3, works = $4, ends_us = $5, version = $6::bigint,
                   body = $7 WHERE id = $1 AND version = $6::bigint - 1";
    let statement = transaction.prepare_cached(sql).await?;
    let columns: [&(dyn ToSql + Sync); 7] = [
        &extract.id.0.as_bytes().as_slice(),
        &extract.state.is_open(),
        &extract.state.waits(),
        &extract.works(),
        &extract.ends_at().map(Timestamp::as_microsecond),
        &signed(extract.version),
        &to_json(extract)?,
    ];
    if transaction.execute(&statement, &columns).await? == 0 {
        return Ok(false);
    }
    let sequences: Vec<i64> = rows.iter().map(|row| signed(row.sequence)).collect();
    let numbers: Vec<i64> = rows.iter().map(|row| number_to_sql(row.number)).collect();
    let entries: Vec<i64> = rows.iter().map(|row| signed(row.entry)).collect();
    let sql = "INSERT INTO cohort_row (extract, sequence, number, entry)
               SELECT $1, one.sequence, one.number, one.entry
               FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) AS one (sequence, number, entry)";
    let statement = transaction.prepare_cached(sql).await?;
    let id = extract.id.0.as_bytes().as_slice();
    transaction.execute(&statement, &[&id, &sequences, &numbers, &entries]).await?;
    Ok(true)
}

async fn list(
    client: &impl GenericClient,
    waits: bool,
    after: Option<ExtractId>,
    length_max: usize,
) -> Result<Vec<CohortExtract>> {
    let (mut before, mut last) = (i64::MAX, [u8::MAX; 16]);
    if let Some(id) = after {
        let statement = client.prepare_cached("SELECT asked_us FROM cohort_extract WHERE id = $1").await?;
        let row = client.query_opt(&statement, &[&id.0.as_bytes().as_slice()]).await?;
        let Some(row) = row else { return Ok(Vec::new()) };
        (before, last) = (cell(&row, 0)?, *id.0.as_bytes());
    }
    let sql = "SELECT body FROM cohort_extract WHERE waits = $1 AND (asked_us, id) < ($2, $3)
               ORDER BY asked_us DESC, id DESC LIMIT $4";
    let statement = client.prepare_cached(sql).await?;
    let rows = client.query(&statement, &[&waits, &before, &last.as_slice(), &limit(length_max)]).await?;
    rows.iter().map(from_json).collect()
}
