//! Extracts of cohorts, on `register.db`.

use crate::{
    SqliteStore,
    changes::limit,
    events::body,
    facts::{number_from_sql, number_to_sql},
};
use async_trait::async_trait;
use dancu_core::StoreError;
use dancu_exchange::{CohortExtract, CohortRow, CohortStore, ContractId, ExtractId, OpenBounds};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Result, params};

type Outcome<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl CohortStore for SqliteStore {
    async fn add_extract(&self, extract: CohortExtract, bounds: OpenBounds) -> Outcome<bool> {
        self.database().write(move |connection| add(connection, &extract, bounds)).await
    }

    async fn save_extract(&self, extract: CohortExtract, rows: Vec<CohortRow>) -> Outcome<bool> {
        self.database().write(move |connection| save(connection, &extract, &rows)).await
    }

    async fn extract(&self, id: ExtractId) -> Outcome<Option<CohortExtract>> {
        self.database().read(|connection| {
            connection
                .prepare_cached("SELECT body FROM cohort_extract WHERE id = ?1")?
                .query_row([id.0.as_bytes()], |row| body(row, 0))
                .optional()
        })
    }

    async fn open_extract(&self, contract: &ContractId, reference: &str) -> Outcome<Option<CohortExtract>> {
        self.database().read(|connection| {
            connection
                .prepare_cached(
                    "SELECT body FROM cohort_extract WHERE contract = ?1 AND reference = ?2 AND is_open",
                )?
                .query_row([contract.as_str(), reference], |row| body(row, 0))
                .optional()
        })
    }

    async fn extracts(
        &self,
        waits: bool,
        after: Option<ExtractId>,
        length_max: usize,
    ) -> Outcome<Vec<CohortExtract>> {
        self.database().read_snapshot(|connection| list(connection, waits, after, length_max))
    }

    async fn extracts_to_work_on(&self, now: Timestamp, length_max: usize) -> Outcome<Vec<CohortExtract>> {
        self.database().read(|connection| {
            connection
                .prepare_cached(TO_WORK_ON)?
                .query_map(params![now.as_microsecond(), limit(length_max)], |row| body(row, 0))?
                .collect()
        })
    }

    async fn extract_rows(&self, id: ExtractId, after: u64, length_max: usize) -> Outcome<Vec<CohortRow>> {
        self.database().read(|connection| {
            connection
                .prepare_cached(
                    "SELECT sequence, number, entry FROM cohort_row
                     WHERE extract = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3",
                )?
                .query_map(params![id.0.as_bytes(), signed(after), limit(length_max)], |row| {
                    Ok(CohortRow {
                        sequence: row.get(0)?,
                        number: number_from_sql(row, 1)?,
                        entry: row.get(2)?,
                    })
                })?
                .collect()
        })
    }

    async fn remove_extract_rows(&self, id: ExtractId, rows_max: u32) -> Outcome<u64> {
        self.database()
            .write(move |connection| {
                let removed = connection
                    .prepare_cached(
                        "DELETE FROM cohort_row WHERE extract = ?1 AND sequence IN
                             (SELECT sequence FROM cohort_row WHERE extract = ?1 ORDER BY sequence LIMIT ?2)",
                    )?
                    .execute(params![id.0.as_bytes(), rows_max])?;
                Ok(removed as u64)
            })
            .await
    }
}

/// Asked each second: through an index for each of both, for an `OR` of them goes through all there ever were.
const TO_WORK_ON: &str = "SELECT body FROM cohort_extract WHERE id IN (
         SELECT id FROM cohort_extract WHERE works UNION ALL SELECT id FROM cohort_extract WHERE ends_us <= ?1
     ) ORDER BY asked_us, id LIMIT ?2";

/// A place that is greater than any stays behind every row.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn json(extract: &CohortExtract) -> String {
    serde_json::to_string(extract).expect("an extract is plain JSON")
}

fn add(connection: &Connection, extract: &CohortExtract, bounds: OpenBounds) -> Result<bool> {
    let added = connection
        .prepare_cached(
            "INSERT INTO cohort_extract
                 (id, contract, reference, is_open, waits, works, ends_us, asked_us, version, body)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10
             WHERE (SELECT count(*) FROM cohort_extract WHERE contract = ?2 AND is_open) < ?11
               AND (SELECT count(*) FROM cohort_extract WHERE contract = ?2 AND asked_us > ?12) < ?13
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            extract.id.0.as_bytes(),
            extract.contract.as_str(),
            extract.reference,
            extract.state.is_open(),
            extract.state.waits(),
            extract.works(),
            extract.ends_at().map(Timestamp::as_microsecond),
            extract.asked_at.as_microsecond(),
            extract.version,
            json(extract),
            bounds.open_max,
            bounds.since.as_microsecond(),
            bounds.asked_max,
        ])?;
    Ok(added == 1)
}

fn save(connection: &Connection, extract: &CohortExtract, rows: &[CohortRow]) -> Result<bool> {
    let saved = connection
        .prepare_cached(
            "UPDATE cohort_extract SET is_open = ?2, waits = ?3, works = ?4, ends_us = ?5, version = ?6,
                 body = ?7 WHERE id = ?1 AND version = ?6 - 1",
        )?
        .execute(params![
            extract.id.0.as_bytes(),
            extract.state.is_open(),
            extract.state.waits(),
            extract.works(),
            extract.ends_at().map(Timestamp::as_microsecond),
            extract.version,
            json(extract),
        ])?;
    if saved == 0 {
        return Ok(false);
    }
    let mut statement = connection.prepare_cached(
        "INSERT INTO cohort_row (extract, sequence, number, entry) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for row in rows {
        let columns = params![extract.id.0.as_bytes(), row.sequence, number_to_sql(row.number), row.entry];
        statement.execute(columns)?;
    }
    Ok(true)
}

fn list(
    connection: &Connection,
    waits: bool,
    after: Option<ExtractId>,
    length_max: usize,
) -> Result<Vec<CohortExtract>> {
    let (before, last) = match after {
        None => (i64::MAX, [u8::MAX; 16]),
        Some(id) => {
            let known = connection
                .prepare_cached("SELECT asked_us FROM cohort_extract WHERE id = ?1")?
                .query_row([id.0.as_bytes()], |row| row.get(0))
                .optional()?;
            let Some(asked) = known else { return Ok(Vec::new()) };
            (asked, *id.0.as_bytes())
        }
    };
    connection
        .prepare_cached(
            "SELECT body FROM cohort_extract WHERE waits = ?1 AND (asked_us, id) < (?2, ?3)
             ORDER BY asked_us DESC, id DESC LIMIT ?4",
        )?
        .query_map(params![waits, before, last, limit(length_max)], |row| body(row, 0))?
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_do_is_found_through_indexes() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../migrations/register/V16__cohorts.sql")).unwrap();
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {TO_WORK_ON}")).unwrap();
        let steps = statement.query_map(params![1, 1], |row| row.get("detail")).unwrap();
        let steps: Vec<String> = steps.collect::<Result<_>>().unwrap();
        for index in ["cohort_extract_working", "cohort_extract_ending"] {
            assert!(steps.iter().any(|step| step.contains(index)), "{steps:?}");
        }
        let scans = |step: &String| step.starts_with("SCAN") && !step.contains("cohort_extract_working");
        assert!(!steps.iter().any(scans), "{steps:?}");
    }
}
