//! The port of persons' requests.

use crate::{
    PostgresStore, consents,
    database::Outcome,
    errors::Result,
    facts::{cell, limit, number_to_sql, unsigned},
    lists::{from_json, newest_of, one, to_json},
};
use async_trait::async_trait;
use dancu_core::{PersonalNumber, StoreError};
use dancu_exchange::{CaseId, CaseProgress, Consent, ConsentState, ContractId, PrivacyCase, PrivacyStore};
use dancu_register::day_to_number;
use deadpool_postgres::Transaction;
use tokio_postgres::types::ToSql;

type Answer<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl PrivacyStore for PostgresStore {
    async fn save_case(&self, case: PrivacyCase, moves_before: Option<usize>) -> Answer<bool> {
        self.database
            .write(&(case, moves_before), |transaction, (case, before)| {
                Box::pin(async move { Ok(Outcome::Keep(save(transaction, case, *before).await?)) })
            })
            .await
    }

    async fn withdraw_consent(&self, consent: Consent, was: ConsentState, case: PrivacyCase) -> Answer<bool> {
        self.database
            .write(&(consent, was, case), |transaction, (consent, was, case)| {
                Box::pin(async move {
                    let is_written = consents::write(transaction, consent, *was).await?
                        && save(transaction, case, None).await?;
                    Ok(if is_written { Outcome::Keep(true) } else { Outcome::Undo(false) })
                })
            })
            .await
    }

    async fn case(&self, id: CaseId) -> Answer<Option<PrivacyCase>> {
        self.database
            .read(&id, |client, id| {
                Box::pin(one(client, "SELECT body FROM privacy_case WHERE id = $1", id.0))
            })
            .await
    }

    async fn cases_of(
        &self,
        number: PersonalNumber,
        after: Option<CaseId>,
        length_max: usize,
    ) -> Answer<Vec<PrivacyCase>> {
        self.database
            .read_snapshot(&(number, after, length_max), |transaction, (number, after, length_max)| {
                let after = after.map(|id: CaseId| id.0);
                Box::pin(newest_of(transaction, ("privacy_case", "received_us"), *number, after, *length_max))
            })
            .await
    }

    async fn cases_due(
        &self,
        progress: CaseProgress,
        after: Option<CaseId>,
        length_max: usize,
    ) -> Answer<Vec<PrivacyCase>> {
        self.database
            .read_snapshot(&(progress, after, length_max), |transaction, (progress, after, length_max)| {
                Box::pin(due(transaction, *progress, *after, *length_max))
            })
            .await
    }

    async fn open_cases(&self, number: PersonalNumber) -> Answer<u32> {
        self.database
            .read(&number_to_sql(number), |client, number| {
                Box::pin(async move {
                    let sql = "SELECT count(*) FROM privacy_case WHERE number = $1 AND is_open";
                    let statement = client.prepare_cached(sql).await?;
                    let count = unsigned(cell(&client.query_one(&statement, &[number]).await?, 0)?)?;
                    Ok(u32::try_from(count).unwrap_or(u32::MAX))
                })
            })
            .await
    }

    async fn is_restricted(&self, contract: &ContractId, number: PersonalNumber) -> Answer<bool> {
        self.database
            .read(&(contract.clone(), number_to_sql(number)), |client, (contract, number)| {
                Box::pin(async move {
                    let sql = "SELECT EXISTS (SELECT 1 FROM privacy_case
                               WHERE restricts AND contract = $1 AND number = $2)";
                    let statement = client.prepare_cached(sql).await?;
                    cell(&client.query_one(&statement, &[&contract.as_str(), number]).await?, 0)
                })
            })
            .await
    }
}

async fn save(
    transaction: &Transaction<'_>,
    case: &PrivacyCase,
    moves_before: Option<usize>,
) -> Result<bool> {
    let (id, number) = (case.id.0.as_bytes().as_slice(), number_to_sql(case.number));
    let (contract, received) = (case.contract.as_str(), case.received_at.as_microsecond());
    let (is_open, due, restricts) = (case.state.is_open(), day_to_number(case.due()), case.is_restricting());
    let (moves, body) = (limit(case.moves.len()), to_json(case)?);
    let columns: [&(dyn ToSql + Sync); 9] =
        [&id, &number, &contract, &received, &is_open, &due, &restricts, &moves, &body];
    let written = match moves_before {
        None => {
            let sql = "INSERT INTO privacy_case
                           (id, number, contract, received_us, is_open, due, restricts, moves, body)
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
            transaction.execute(sql, &columns).await?
        }
        Some(before) => {
            let sql = "UPDATE privacy_case SET number = $2, contract = $3, received_us = $4, is_open = $5,
                           due = $6, restricts = $7, moves = $8, body = $9
                       WHERE id = $1 AND moves = $10";
            let before = limit(before);
            let columns: Vec<&(dyn ToSql + Sync)> = columns.into_iter().chain([&before as _]).collect();
            transaction.execute(sql, &columns).await?
        }
    };
    Ok(written == 1)
}

async fn due(
    transaction: &Transaction<'_>,
    progress: CaseProgress,
    after: Option<CaseId>,
    length_max: usize,
) -> Result<Vec<PrivacyCase>> {
    let (mut from, mut last) = (i32::MIN, [u8::MIN; 16]);
    if let Some(id) = after {
        let sql = "SELECT due FROM privacy_case WHERE id = $1";
        let row = transaction.query_opt(sql, &[&id.0.as_bytes().as_slice()]).await?;
        let Some(row) = row else { return Ok(Vec::new()) };
        (from, last) = (cell(&row, 0)?, *id.0.as_bytes());
    }
    let sql = "SELECT body FROM privacy_case WHERE is_open = $1 AND (due, id) > ($2, $3)
               ORDER BY due, id LIMIT $4";
    let is_open = progress == CaseProgress::Open;
    let rows = transaction.query(sql, &[&is_open, &from, &last.as_slice(), &limit(length_max)]).await?;
    rows.iter().map(from_json).collect()
}
