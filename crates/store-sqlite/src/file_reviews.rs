//! Doubtful pairs of files, on `register.db`.

use crate::{SqliteStore, changes::limit, events::body};
use async_trait::async_trait;
use dancu_core::StoreError;
use dancu_exchange::{
    ContractId, DecidedPair, DoubtfulPair, FilePairId, FileReviewStore, PairState, ReviewerCount,
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Result, params};

type Outcome<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl FileReviewStore for SqliteStore {
    async fn add_pairs(&self, pairs: Vec<DoubtfulPair>) -> Outcome<u64> {
        self.database().write(move |connection| add(connection, &pairs)).await
    }

    async fn pair(&self, id: FilePairId) -> Outcome<Option<DoubtfulPair>> {
        self.database().read(|connection| {
            connection
                .prepare_cached("SELECT body FROM file_pair WHERE id = ?1")?
                .query_row([id.0.as_bytes()], |row| body(row, 0))
                .optional()
        })
    }

    async fn waiting_pairs(
        &self,
        by: &str,
        after: Option<FilePairId>,
        length_max: usize,
    ) -> Outcome<Vec<DoubtfulPair>> {
        self.database().read_snapshot(|connection| waiting(connection, by, after, length_max))
    }

    async fn save_pair(&self, pair: DoubtfulPair) -> Outcome<bool> {
        self.database().write(move |connection| save(connection, &pair)).await
    }

    async fn decided_pairs(
        &self,
        contract: &ContractId,
        after: Option<FilePairId>,
        length_max: usize,
    ) -> Outcome<Vec<DecidedPair>> {
        let last = after.map_or_else(Vec::new, |id| id.0.as_bytes().to_vec());
        self.database().read(|connection| {
            connection
                .prepare_cached(
                    "SELECT body FROM file_pair WHERE contract = ?1 AND NOT is_waiting AND id > ?2
                     ORDER BY id LIMIT ?3",
                )?
                .query_map(params![contract.as_str(), last, limit(length_max)], |row| {
                    body::<DoubtfulPair>(row, 0).map(|pair| pair.as_decided())
                })?
                .collect()
        })
    }

    async fn reviewer_counts(&self, since: Timestamp, length_max: usize) -> Outcome<Vec<ReviewerCount>> {
        self.database().read(|connection| {
            connection
                .prepare_cached(
                    "SELECT staff, count(*) FROM file_pair_decision WHERE decided_us >= ?1
                     GROUP BY staff ORDER BY staff LIMIT ?2",
                )?
                .query_map(params![since.as_microsecond(), limit(length_max)], |row| {
                    Ok(ReviewerCount { by: row.get(0)?, decisions: row.get(1)? })
                })?
                .collect()
        })
    }
}

fn json(pair: &DoubtfulPair) -> String {
    serde_json::to_string(pair).expect("a pair is plain JSON")
}

fn add(connection: &Connection, pairs: &[DoubtfulPair]) -> Result<u64> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO file_pair (id, contract, is_waiting, queued_us, version, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
    )?;
    let mut added = 0;
    for pair in pairs {
        added += statement.execute(params![
            pair.id.0.as_bytes(),
            pair.contract.as_str(),
            pair.state == PairState::Waiting,
            pair.queued_at.as_microsecond(),
            pair.version,
            json(pair),
        ])? as u64;
    }
    Ok(added)
}

fn waiting(
    connection: &Connection,
    by: &str,
    after: Option<FilePairId>,
    length_max: usize,
) -> Result<Vec<DoubtfulPair>> {
    let (from, last) = match after {
        None => (i64::MIN, Vec::new()),
        Some(id) => {
            let known = connection
                .prepare_cached("SELECT queued_us FROM file_pair WHERE id = ?1")?
                .query_row([id.0.as_bytes()], |row| row.get(0))
                .optional()?;
            let Some(queued) = known else { return Ok(Vec::new()) };
            (queued, id.0.as_bytes().to_vec())
        }
    };
    connection
        .prepare_cached(
            "SELECT body FROM file_pair WHERE is_waiting AND (queued_us, id) > (?1, ?2)
               AND NOT EXISTS (SELECT 1 FROM file_pair_decision WHERE pair = file_pair.id AND staff = ?3)
             ORDER BY queued_us, id LIMIT ?4",
        )?
        .query_map(params![from, last, by, limit(length_max)], |row| body(row, 0))?
        .collect()
}

fn save(connection: &Connection, pair: &DoubtfulPair) -> Result<bool> {
    let saved = connection
        .prepare_cached(
            "UPDATE file_pair SET is_waiting = ?2, version = ?3, body = ?4 WHERE id = ?1 AND version = ?3 - 1",
        )?
        .execute(params![
            pair.id.0.as_bytes(),
            pair.state == PairState::Waiting,
            pair.version,
            json(pair)
        ])?;
    if saved == 0 {
        return Ok(false);
    }
    if let Some(last) = pair.decisions.last() {
        connection
            .prepare_cached("INSERT INTO file_pair_decision (pair, staff, decided_us) VALUES (?1, ?2, ?3)")?
            .execute(params![pair.id.0.as_bytes(), last.by, last.at.as_microsecond()])?;
    }
    Ok(true)
}
