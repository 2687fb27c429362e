//! The port of consent.

use crate::{
    PostgresStore,
    database::Outcome,
    errors::Result,
    facts::{cell, number_to_sql, unsigned},
    lists::{from_json, newest_of, one, to_json},
};
use async_trait::async_trait;
use dancu_core::{PersonalNumber, StoreError};
use dancu_exchange::{AskBounds, AskOutcome, Consent, ConsentId, ConsentState, ConsentStore, ContractId};
use dancu_register::day_to_number;
use deadpool_postgres::{GenericClient, Transaction};
use jiff::civil::Date;

type Answer<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl ConsentStore for PostgresStore {
    async fn ask_consent(&self, consent: Consent, bounds: AskBounds) -> Answer<AskOutcome> {
        self.database
            .write(&(consent, bounds), |transaction, (consent, bounds)| {
                Box::pin(ask(transaction, consent, *bounds))
            })
            .await
    }

    async fn consent(&self, id: ConsentId) -> Answer<Option<Consent>> {
        self.database
            .read(&id, |client, id| Box::pin(one(client, "SELECT body FROM consent WHERE id = $1", id.0)))
            .await
    }

    async fn consents_of(
        &self,
        number: PersonalNumber,
        after: Option<ConsentId>,
        length_max: usize,
    ) -> Answer<Vec<Consent>> {
        self.database
            .read_snapshot(&(number, after, length_max), |transaction, (number, after, length_max)| {
                let after = after.map(|id: ConsentId| id.0);
                Box::pin(newest_of(transaction, ("consent", "asked_us"), *number, after, *length_max))
            })
            .await
    }

    async fn granted_consent(
        &self,
        contract: &ContractId,
        number: PersonalNumber,
    ) -> Answer<Option<Consent>> {
        self.database
            .read(&(contract.clone(), number), |client, (contract, number)| {
                Box::pin(granted(client, contract, *number))
            })
            .await
    }

    async fn move_consent(&self, consent: Consent, was: ConsentState) -> Answer<bool> {
        self.database
            .write(&(consent, was), |transaction, (consent, was)| Box::pin(shift(transaction, consent, *was)))
            .await
    }

    async fn use_consent(&self, id: ConsentId, day: Date, uses_max: u32) -> Answer<bool> {
        self.database
            .write(&(id, day_to_number(day), i64::from(uses_max)), |transaction, (id, day, uses_max)| {
                Box::pin(async move {
                    let id = id.0.as_bytes().as_slice();
                    let sql = "INSERT INTO consent_use (consent, day, used)
                         SELECT id, $2, 1 FROM consent WHERE id = $1 AND state = 'granted'
                         ON CONFLICT (consent, day)
                         DO UPDATE SET used = consent_use.used + 1 WHERE consent_use.used < $3";
                    let statement = transaction.prepare_cached(sql).await?;
                    let counted = transaction.execute(&statement, &[&id, day, uses_max]).await?;
                    let sql = "DELETE FROM consent_use WHERE consent = $1 AND day < $2";
                    let statement = transaction.prepare_cached(sql).await?;
                    transaction.execute(&statement, &[&id, day]).await?;
                    Ok(Outcome::Keep(counted == 1))
                })
            })
            .await
    }
}

/// Whoever asks or grants under the same contract about the same person waits for the end of this transaction.
async fn lock(transaction: &Transaction<'_>, consent: &Consent) -> Result<()> {
    let statement =
        transaction.prepare_cached("SELECT pg_advisory_xact_lock(hashtextextended($1, $2))").await?;
    let (contract, number) = (consent.contract.as_str(), number_to_sql(consent.number));
    transaction.execute(&statement, &[&contract, &number]).await?;
    Ok(())
}

async fn ask(
    transaction: &Transaction<'_>,
    consent: &Consent,
    bounds: AskBounds,
) -> Result<Outcome<AskOutcome>> {
    lock(transaction, consent).await?;
    let (contract, number) = (consent.contract.as_str(), number_to_sql(consent.number));
    let sql = "SELECT body FROM consent WHERE number = $1 AND asked_us > $2 AND contract = $3
               ORDER BY asked_us DESC, id DESC LIMIT $4";
    let statement = transaction.prepare_cached(sql).await?;
    let since = bounds.person_since.as_microsecond();
    let rows = transaction
        .query(&statement, &[&number, &since, &contract, &i64::from(bounds.per_person_max)])
        .await?;
    let earlier: Vec<Consent> = rows.iter().map(from_json).collect::<Result<_>>()?;
    if let Some(same) = earlier.iter().find(|one| one.terms == consent.terms) {
        return Ok(Outcome::Undo(AskOutcome::Kept { id: same.id, open_until: same.open_until }));
    }
    let sql = "SELECT count(*) FROM consent WHERE contract = $1 AND asked_us > $2";
    let statement = transaction.prepare_cached(sql).await?;
    let since = bounds.contract_since.as_microsecond();
    let asked = unsigned(cell(&transaction.query_one(&statement, &[&contract, &since]).await?, 0)?)?;
    if earlier.len() >= bounds.per_person_max as usize || asked >= bounds.per_contract_max.into() {
        return Ok(Outcome::Undo(AskOutcome::TooMany));
    }
    for one in earlier.into_iter().filter(|one| one.state == ConsentState::Asked) {
        let replaced = one.moved(ConsentState::Replaced, consent.asked_at);
        write(transaction, &replaced, ConsentState::Asked).await?;
    }
    let sql = "INSERT INTO consent (id, number, contract, state, asked_us, body)
               VALUES ($1, $2, $3, $4, $5, $6)";
    let statement = transaction.prepare_cached(sql).await?;
    let (id, state) = (consent.id.0.as_bytes().as_slice(), consent.state.as_str());
    let (asked_us, body) = (consent.asked_at.as_microsecond(), to_json(consent)?);
    transaction.execute(&statement, &[&id, &number, &contract, &state, &asked_us, &body]).await?;
    Ok(Outcome::Keep(AskOutcome::Kept { id: consent.id, open_until: consent.open_until }))
}

async fn granted(
    client: &impl GenericClient,
    contract: &ContractId,
    number: PersonalNumber,
) -> Result<Option<Consent>> {
    let sql = "SELECT body FROM consent WHERE contract = $1 AND number = $2 AND state = 'granted'";
    let statement = client.prepare_cached(sql).await?;
    let row = client.query_opt(&statement, &[&contract.as_str(), &number_to_sql(number)]).await?;
    row.as_ref().map(from_json).transpose()
}

async fn shift(transaction: &Transaction<'_>, consent: &Consent, was: ConsentState) -> Result<Outcome<bool>> {
    lock(transaction, consent).await?;
    if consent.state == ConsentState::Granted
        && let Some(before) = granted(transaction, &consent.contract, consent.number).await?
        && before.id != consent.id
    {
        let at = consent.granted_at.unwrap_or(consent.asked_at);
        write(transaction, &before.moved(ConsentState::Replaced, at), ConsentState::Granted).await?;
    }
    // If this one was moved meanwhile, the other stays too.
    Ok(if write(transaction, consent, was).await? { Outcome::Keep(true) } else { Outcome::Undo(false) })
}

pub(crate) async fn write(
    transaction: &Transaction<'_>,
    consent: &Consent,
    was: ConsentState,
) -> Result<bool> {
    let sql = "UPDATE consent SET state = $2, body = $3 WHERE id = $1 AND state = $4";
    let statement = transaction.prepare_cached(sql).await?;
    let (id, body) = (consent.id.0.as_bytes().as_slice(), to_json(consent)?);
    let written =
        transaction.execute(&statement, &[&id, &consent.state.as_str(), &body, &was.as_str()]).await?;
    Ok(written == 1)
}
