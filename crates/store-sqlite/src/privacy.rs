//! The port of persons' requests on `register.db`.

use crate::{
    SqliteStore,
    changes::limit,
    consents,
    events::{body, newest_of},
    facts::number_to_sql,
};
use async_trait::async_trait;
use dancu_core::{PersonalNumber, StoreError};
use dancu_exchange::{CaseId, CaseProgress, Consent, ConsentState, ContractId, PrivacyCase, PrivacyStore};
use dancu_register::day_to_number;
use rusqlite::{Connection, OptionalExtension, Result, params};

type Outcome<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl PrivacyStore for SqliteStore {
    async fn save_case(&self, case: PrivacyCase, moves_before: Option<usize>) -> Outcome<bool> {
        self.database().write(move |connection| save(connection, &case, moves_before)).await
    }

    async fn withdraw_consent(
        &self,
        consent: Consent,
        was: ConsentState,
        case: PrivacyCase,
    ) -> Outcome<bool> {
        self.database()
            .write(move |connection| {
                if !consents::write(connection, &consent, was)? {
                    return Ok(false);
                }
                // An error undoes the withdrawal: a consent is withdrawn once, so that its case must be new.
                if save(connection, &case, None)? {
                    Ok(true)
                } else {
                    Err(rusqlite::Error::StatementChangedRows(0))
                }
            })
            .await
    }

    async fn case(&self, id: CaseId) -> Outcome<Option<PrivacyCase>> {
        self.database().read(|connection| {
            connection
                .prepare_cached("SELECT body FROM privacy_case WHERE id = ?1")?
                .query_row([id.0.as_bytes()], |row| body(row, 0))
                .optional()
        })
    }

    async fn cases_of(
        &self,
        number: PersonalNumber,
        after: Option<CaseId>,
        length_max: usize,
    ) -> Outcome<Vec<PrivacyCase>> {
        self.database().read_snapshot(|connection| {
            newest_of(connection, ("privacy_case", "received_us"), number, after.map(|id| id.0), length_max)
        })
    }

    async fn cases_due(
        &self,
        progress: CaseProgress,
        after: Option<CaseId>,
        length_max: usize,
    ) -> Outcome<Vec<PrivacyCase>> {
        self.database().read_snapshot(|connection| due(connection, progress, after, length_max))
    }

    async fn open_cases(&self, number: PersonalNumber) -> Outcome<u32> {
        self.database().read(|connection| {
            connection
                .prepare_cached("SELECT count(*) FROM privacy_case WHERE number = ?1 AND is_open")?
                .query_row([number_to_sql(number)], |row| row.get(0))
        })
    }

    async fn is_restricted(&self, contract: &ContractId, number: PersonalNumber) -> Outcome<bool> {
        self.database().read(|connection| {
            connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM privacy_case
                     WHERE restricts AND contract = ?1 AND number = ?2)",
                )?
                .query_row(params![contract.as_str(), number_to_sql(number)], |row| row.get(0))
        })
    }
}

fn save(connection: &Connection, case: &PrivacyCase, moves_before: Option<usize>) -> Result<bool> {
    let json = serde_json::to_string(case).expect("a case is plain JSON");
    let sql = match moves_before {
        None => {
            "INSERT INTO privacy_case (id, number, contract, received_us, is_open, due, restricts, moves, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO NOTHING"
        }
        Some(_) => {
            "UPDATE privacy_case SET number = ?2, contract = ?3, received_us = ?4, is_open = ?5, due = ?6,
                 restricts = ?7, moves = ?8, body = ?9
             WHERE id = ?1 AND moves = ?10"
        }
    };
    let (id, number, contract) = (case.id.0.as_bytes(), number_to_sql(case.number), case.contract.as_str());
    let (received, due) = (case.received_at.as_microsecond(), day_to_number(case.due()));
    let (is_open, restricts, moves) = (case.state.is_open(), case.is_restricting(), case.moves.len());
    let mut statement = connection.prepare_cached(sql)?;
    let saved = match moves_before {
        None => statement
            .execute(params![id, number, contract, received, is_open, due, restricts, moves, json])?,
        Some(before) => statement
            .execute(params![id, number, contract, received, is_open, due, restricts, moves, json, before])?,
    };
    Ok(saved == 1)
}

fn due(
    connection: &Connection,
    progress: CaseProgress,
    after: Option<CaseId>,
    length_max: usize,
) -> Result<Vec<PrivacyCase>> {
    let (from, last) = match after {
        None => (i64::MIN, [u8::MIN; 16]),
        Some(id) => {
            let known = connection
                .prepare_cached("SELECT due FROM privacy_case WHERE id = ?1")?
                .query_row([id.0.as_bytes()], |row| row.get(0))
                .optional()?;
            let Some(due) = known else { return Ok(Vec::new()) };
            (due, *id.0.as_bytes())
        }
    };
    connection
        .prepare_cached(
            "SELECT body FROM privacy_case WHERE is_open = ?1 AND (due, id) > (?2, ?3)
             ORDER BY due, id LIMIT ?4",
        )?
        .query_map(params![progress == CaseProgress::Open, from, last, limit(length_max)], |row| {
            body(row, 0)
        })?
        .collect()
}
