//! Doubtful pairs of files.

use crate::{
    PostgresStore,
    database::Outcome,
    errors::Result,
    facts::{cell, limit, signed, unsigned},
    lists::{from_json, one, to_json},
};
use async_trait::async_trait;
use dancu_core::StoreError;
use dancu_exchange::{
    ContractId, DecidedPair, DoubtfulPair, FilePairId, FileReviewStore, PairState, ReviewerCount,
};
use deadpool_postgres::{GenericClient, Transaction};
use jiff::Timestamp;

type Answer<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl FileReviewStore for PostgresStore {
    async fn add_pairs(&self, pairs: Vec<DoubtfulPair>) -> Answer<u64> {
        self.database
            .write(&pairs, |transaction, pairs| {
                Box::pin(async move { Ok(Outcome::Keep(add(transaction, pairs).await?)) })
            })
            .await
    }

    async fn pair(&self, id: FilePairId) -> Answer<Option<DoubtfulPair>> {
        self.database
            .read(&id, |client, id| Box::pin(one(client, "SELECT body FROM file_pair WHERE id = $1", id.0)))
            .await
    }

    async fn waiting_pairs(
        &self,
        by: &str,
        after: Option<FilePairId>,
        length_max: usize,
    ) -> Answer<Vec<DoubtfulPair>> {
        self.database
            .read_snapshot(&(by.to_owned(), after, length_max), |transaction, (by, after, length_max)| {
                Box::pin(waiting(transaction, by, *after, *length_max))
            })
            .await
    }

    async fn save_pair(&self, pair: DoubtfulPair) -> Answer<bool> {
        self.database
            .write(&pair, |transaction, pair| {
                Box::pin(async move { Ok(Outcome::Keep(save(transaction, pair).await?)) })
            })
            .await
    }

    async fn decided_pairs(
        &self,
        contract: &ContractId,
        after: Option<FilePairId>,
        length_max: usize,
    ) -> Answer<Vec<DecidedPair>> {
        let last = after.map_or_else(Vec::new, |id| id.0.as_bytes().to_vec());
        self.database
            .read(&(contract.clone(), last, limit(length_max)), |client, (contract, last, length)| {
                Box::pin(async move {
                    let sql = "SELECT body FROM file_pair WHERE contract = $1 AND NOT is_waiting AND id > $2
                               ORDER BY id LIMIT $3";
                    let statement = client.prepare_cached(sql).await?;
                    let rows = client.query(&statement, &[&contract.as_str(), last, length]).await?;
                    rows.iter()
                        .map(|row| from_json::<DoubtfulPair>(row).map(|pair| pair.as_decided()))
                        .collect()
                })
            })
            .await
    }

    async fn reviewer_counts(&self, since: Timestamp, length_max: usize) -> Answer<Vec<ReviewerCount>> {
        self.database
            .read(&(since.as_microsecond(), limit(length_max)), |client, (since, length)| {
                Box::pin(async move {
                    let sql = "SELECT staff, count(*) FROM file_pair_decision WHERE decided_us >= $1
                               GROUP BY staff ORDER BY staff LIMIT $2";
                    let statement = client.prepare_cached(sql).await?;
                    let rows = client.query(&statement, &[since, length]).await?;
                    let count =
                        |row| Ok(ReviewerCount { by: cell(row, 0)?, decisions: unsigned(cell(row, 1)?)? });
                    rows.iter().map(count).collect()
                })
            })
            .await
    }
}

async fn add(transaction: &Transaction<'_>, pairs: &[DoubtfulPair]) -> Result<u64> {
    let sql = "INSERT INTO file_pair (id, contract, is_waiting, queued_us, version, body)
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    let statement = transaction.prepare_cached(sql).await?;
    let mut added = 0;
    for pair in pairs {
        added += transaction
            .execute(
                &statement,
                &[
                    &pair.id.0.as_bytes().as_slice(),
                    &pair.contract.as_str(),
                    &(pair.state == PairState::Waiting),
                    &pair.queued_at.as_microsecond(),
                    &signed(pair.version),
                    &to_json(pair)?,
                ],
            )
            .await?;
    }
    Ok(added)
}

async fn waiting(
    client: &impl GenericClient,
    by: &str,
    after: Option<FilePairId>,
    length_max: usize,
) -> Result<Vec<DoubtfulPair>> {
    let (mut from, mut last) = (i64::MIN, Vec::new());
    if let Some(id) = after {
        let statement = client.prepare_cached("SELECT queued_us FROM file_pair WHERE id = $1").await?;
        let row = client.query_opt(&statement, &[&id.0.as_bytes().as_slice()]).await?;
        let Some(row) = row else { return Ok(Vec::new()) };
        (from, last) = (cell(&row, 0)?, id.0.as_bytes().to_vec());
    }
    let sql = "SELECT body FROM file_pair WHERE is_waiting AND (queued_us, id) > ($1, $2)
                 AND NOT EXISTS (SELECT 1 FROM file_pair_decision WHERE pair = file_pair.id AND staff = $3)
               ORDER BY queued_us, id LIMIT $4";
    let statement = client.prepare_cached(sql).await?;
    let rows = client.query(&statement, &[&from, &last, &by, &limit(length_max)]).await?;
    rows.iter().map(from_json).collect()
}

async fn save(transaction: &Transaction<'_>, pair: &DoubtfulPair) -> Result<bool> {
    let sql = "UPDATE file_pair SET is_waiting = $2, version = $3::bigint, body = $4
               WHERE id = $1 AND version = $3::bigint - 1";
    let statement = transaction.prepare_cached(sql).await?;
    let id = pair.id.0.as_bytes().as_slice();
    let is_waiting = pair.state == PairState::Waiting;
    let saved =
        transaction.execute(&statement, &[&id, &is_waiting, &signed(pair.version), &to_json(pair)?]).await?;
    if saved == 0 {
        return Ok(false);
    }
    if let Some(last) = pair.decisions.last() {
        let sql = "INSERT INTO file_pair_decision (pair, staff, decided_us) VALUES ($1, $2, $3)";
        let statement = transaction.prepare_cached(sql).await?;
        transaction.execute(&statement, &[&id, &last.by, &last.at.as_microsecond()]).await?;
    }
    Ok(true)
}
