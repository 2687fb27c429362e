//! The port of consent on `register.db`.

use crate::{
    SqliteStore,
    events::{body, newest_of, word},
    facts::number_to_sql,
};
use async_trait::async_trait;
use dancu_core::{PersonalNumber, StoreError};
use dancu_exchange::{AskBounds, AskOutcome, Consent, ConsentId, ConsentState, ConsentStore, ContractId};
use dancu_register::day_to_number;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, Result, params};

#[async_trait]
impl ConsentStore for SqliteStore {
    async fn ask_consent(&self, consent: Consent, bounds: AskBounds) -> Outcome<AskOutcome> {
        self.database().write(move |connection| ask(connection, &consent, bounds)).await
    }

    async fn consent(&self, id: ConsentId) -> Outcome<Option<Consent>> {
        self.database().read(|connection| {
            connection
                .prepare_cached("SELECT body FROM consent WHERE id = ?1")?
                .query_row([id.0.as_bytes()], |row| body(row, 0))
                .optional()
        })
    }

    async fn consents_of(
        &self,
        number: PersonalNumber,
        after: Option<ConsentId>,
        length_max: usize,
    ) -> Outcome<Vec<Consent>> {
        self.database().read_snapshot(|connection| {
            newest_of(connection, ("consent", "asked_us"), number, after.map(|id| id.0), length_max)
        })
    }

    async fn granted_consent(
        &self,
        contract: &ContractId,
        number: PersonalNumber,
    ) -> Outcome<Option<Consent>> {
        self.database().read(|connection| granted(connection, contract, number))
    }

    async fn move_consent(&self, consent: Consent, was: ConsentState) -> Outcome<bool> {
        self.database().write(move |connection| shift(connection, &consent, was)).await
    }

    async fn use_consent(&self, id: ConsentId, day: Date, uses_max: u32) -> Outcome<bool> {
        self.database()
            .write(move |connection| {
                let (id, day) = (id.0.as_bytes(), day_to_number(day));
                let counted = connection
                    .prepare_cached(
                        "INSERT INTO consent_use (consent, day, used)
                         SELECT id, ?2, 1 FROM consent WHERE id = ?1 AND state = 'granted'
                         ON CONFLICT (consent, day) DO UPDATE SET used = used + 1 WHERE used < ?3",
                    )?
                    .execute(params![id, day, uses_max])?;
                connection
                    .prepare_cached("DELETE FROM consent_use WHERE consent = ?1 AND day < ?2")?
                    .execute(params![id, day])?;
                Ok(counted == 1)
            })
            .await
    }
}

type Outcome<T> = std::result::Result<T, StoreError>;

fn ask(connection: &Connection, consent: &Consent, bounds: AskBounds) -> Result<AskOutcome> {
    let (contract, number) = (consent.contract.as_str(), number_to_sql(consent.number));
    let earlier: Vec<Consent> = connection
        .prepare_cached(
            "SELECT body FROM consent WHERE number = ?1 AND asked_us > ?2 AND contract = ?3
             ORDER BY asked_us DESC, id DESC LIMIT ?4",
        )?
        .query_map(
            params![number, bounds.person_since.as_microsecond(), contract, bounds.per_person_max],
            |row| body(row, 0),
        )?
        .collect::<Result<_>>()?;
    if let Some(same) = earlier.iter().find(|one| one.terms == consent.terms) {
        return Ok(AskOutcome::Kept { id: same.id, open_until: same.open_until });
    }
    let asked: u32 = connection
        .prepare_cached("SELECT count(*) FROM consent WHERE contract = ?1 AND asked_us > ?2")?
        .query_row(params![contract, bounds.contract_since.as_microsecond()], |row| row.get(0))?;
    if earlier.len() >= bounds.per_person_max as usize || asked >= bounds.per_contract_max {
        return Ok(AskOutcome::TooMany);
    }
    for one in earlier.into_iter().filter(|one| one.state == ConsentState::Asked) {
        write(connection, &one.moved(ConsentState::Replaced, consent.asked_at), ConsentState::Asked)?;
    }
    connection
        .prepare_cached(
            "INSERT INTO consent (id, number, contract, state, asked_us, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            consent.id.0.as_bytes(),
            number,
            contract,
            word(consent.state),
            consent.asked_at.as_microsecond(),
            json(consent),
        ])?;
    Ok(AskOutcome::Kept { id: consent.id, open_until: consent.open_until })
}

fn json(consent: &Consent) -> String {
    serde_json::to_string(consent).expect("a consent is plain JSON")
}

fn granted(
    connection: &Connection,
    contract: &ContractId,
    number: PersonalNumber,
) -> Result<Option<Consent>> {
    connection
        .prepare_cached("SELECT body FROM consent WHERE contract = ?1 AND number = ?2 AND state = 'granted'")?
        .query_row(params![contract.as_str(), number_to_sql(number)], |row| body(row, 0))
        .optional()
}

fn shift(connection: &Connection, consent: &Consent, was: ConsentState) -> Result<bool> {
    if consent.state == ConsentState::Granted
        && let Some(before) = granted(connection, &consent.contract, consent.number)?
        && before.id != consent.id
    {
        // Only in the place of another; if this one was moved meanwhile, the other stays.
        let known: Option<String> = connection
            .prepare_cached("SELECT state FROM consent WHERE id = ?1")?
            .query_row([consent.id.0.as_bytes()], |row| row.get(0))
            .optional()?;
        if known != Some(word(was)) {
            return Ok(false);
        }
        let at = consent.granted_at.unwrap_or(consent.asked_at);
        write(connection, &before.moved(ConsentState::Replaced, at), ConsentState::Granted)?;
    }
    write(connection, consent, was)
}

pub(crate) fn write(connection: &Connection, consent: &Consent, was: ConsentState) -> Result<bool> {
    let written = connection
        .prepare_cached("UPDATE consent SET state = ?2, body = ?3 WHERE id = ?1 AND state = ?4")?
        .execute(params![consent.id.0.as_bytes(), word(consent.state), json(consent), word(was)])?;
    Ok(written == 1)
}
