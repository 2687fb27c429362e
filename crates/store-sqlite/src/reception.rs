//! The reception desk's store port on `register.db`.

use crate::SqliteStore;
use async_trait::async_trait;
use dancu_core::StoreError;
use dancu_exchange::OrganisationId;
use dancu_reception::{NewVisit, ReceptionStore, Visit};
use dancu_register::day_to_number;
use jiff::{Timestamp, civil::Date};
use rusqlite::{OptionalExtension, Row, params, types::Type};

const COLUMNS: &str = "sequence, at_us, leaf_index, masked_name";

#[async_trait]
impl ReceptionStore for SqliteStore {
    async fn admit(&self, visit: NewVisit) -> Result<Visit, StoreError> {
        self.database()
            .write(move |connection| {
                let known = connection
                    .prepare_cached(&format!("SELECT {COLUMNS} FROM visit WHERE leaf_index = ?1"))?
                    .query_row(params![visit.leaf_index], read)
                    .optional()?;
                if let Some(known) = known {
                    return Ok(known);
                }
                let organisation = visit.organisation.as_str();
                connection
                    .prepare_cached(&format!(
                        "INSERT INTO visit (organisation, day, sequence, at_us, leaf_index, masked_name, staff)
                         VALUES (?1, ?2, 1 + coalesce((SELECT max(sequence) FROM visit
                             WHERE organisation = ?1 AND day = ?2), 0), ?3, ?4, ?5, ?6)
                         RETURNING {COLUMNS}"
                    ))?
                    .query_row(
                        params![
                            organisation,
                            day_to_number(visit.day),
                            visit.at.as_microsecond(),
                            visit.leaf_index,
                            visit.masked_name,
                            visit.staff
                        ],
                        read,
                    )
            })
            .await
    }

    async fn visits(
        &self,
        organisation: &OrganisationId,
        day: Date,
        before: Option<u32>,
        rows_max: u32,
    ) -> Result<Vec<Visit>, StoreError> {
        self.database().read(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM visit WHERE organisation = ?1 AND day = ?2 AND sequence < ?3
                     ORDER BY sequence DESC LIMIT ?4"
                ))?
                .query_map(
                    params![organisation.as_str(), day_to_number(day), before.unwrap_or(u32::MAX), rows_max],
                    read,
                )?
                .collect()
        })
    }

    async fn visit_count(&self, organisation: &OrganisationId, day: Date) -> Result<u32, StoreError> {
        self.database().read(|connection| {
            connection
                .prepare_cached(
                    "SELECT coalesce(max(sequence), 0) FROM visit WHERE organisation = ?1 AND day = ?2",
                )?
                .query_row(params![organisation.as_str(), day_to_number(day)], |row| row.get(0))
        })
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Visit> {
    let at = Timestamp::from_microsecond(row.get(1)?)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(1, Type::Integer, Box::new(error)))?;
    Ok(Visit { sequence: row.get(0)?, at, leaf_index: row.get(2)?, masked_name: row.get(3)? })
}
