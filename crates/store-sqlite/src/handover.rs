//! `handover.db`: the queue of a commune's own node.

use crate::{Database, DatabaseOptions, migrate::handover_migrations};
use async_trait::async_trait;
use dancu_changes::CommandId;
use dancu_core::StoreError;
use dancu_handover::{EntryState, HandoverRow, HandoverStore};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params, types::Type};
use std::path::Path;

const COLUMNS: &str = "sequence, id, state, queued_us, sent_us, settled_us, attempts, taken, answer";

/// The queue in a file of its own.
#[derive(Debug)]
pub struct SqliteHandover {
    database: Database,
}

impl SqliteHandover {
    /// Opens `handover.db` in a data folder, which the caller has locked.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let options = DatabaseOptions { readers: 2, ..DatabaseOptions::default() };
        let database = Database::open(&folder.join("handover.db"), &handover_migrations(), options)?;
        Ok(Self { database })
    }
}

#[async_trait]
impl HandoverStore for SqliteHandover {
    async fn add(
        &self,
        id: CommandId,
        queued_at: Timestamp,
        taken: Vec<u8>,
    ) -> Result<Option<HandoverRow>, StoreError> {
        self.database
            .write(move |connection| {
                if let Some(known) = find(connection, id)? {
                    return Ok(Some(known));
                }
                connection
                    .prepare_cached(
                        "INSERT INTO handover (id, state, queued_us, taken) VALUES (?1, ?2, ?3, ?4)",
                    )?
                    .execute(params![
                        id.0.as_bytes(),
                        EntryState::Waiting.code(),
                        queued_at.as_microsecond(),
                        taken
                    ])?;
                Ok(None)
            })
            .await
    }

    async fn open_rows(&self, length_max: usize) -> Result<Vec<HandoverRow>, StoreError> {
        self.database.read(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM handover WHERE state IN (?1, ?2) ORDER BY sequence LIMIT ?3"
                ))?
                .query_map(
                    params![EntryState::Waiting.code(), EntryState::Sent.code(), bound(length_max)],
                    read,
                )?
                .collect()
        })
    }

    async fn mark_sent(&self, ids: Vec<CommandId>, at: Timestamp) -> Result<(), StoreError> {
        self.database
            .write(move |connection| {
                let mut mark = connection.prepare_cached(
                    "UPDATE handover SET state = ?2, sent_us = ?3, attempts = attempts + 1
                     WHERE id = ?1 AND state IN (?4, ?2)",
                )?;
                for id in ids {
                    mark.execute(params![
                        id.0.as_bytes(),
                        EntryState::Sent.code(),
                        at.as_microsecond(),
                        EntryState::Waiting.code()
                    ])?;
                }
                Ok(())
            })
            .await
    }

    async fn settle(
        &self,
        id: CommandId,
        from: Vec<EntryState>,
        to: EntryState,
        answer: Option<Vec<u8>>,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.database
            .write(move |connection| {
                let Some(row) = find(connection, id)? else { return Ok(false) };
                if !from.contains(&row.state) {
                    return Ok(row.is_settled_so(to, at));
                }
                connection
                    .prepare_cached(
                        "UPDATE handover SET state = ?2, answer = ?3, settled_us = ?4 WHERE id = ?1",
                    )?
                    .execute(params![id.0.as_bytes(), to.code(), answer, at.as_microsecond()])?;
                Ok(true)
            })
            .await
    }

    async fn row(&self, id: CommandId) -> Result<Option<HandoverRow>, StoreError> {
        self.database.read(|connection| find(connection, id))
    }

    async fn rows(&self, before: Option<u64>, length_max: usize) -> Result<Vec<HandoverRow>, StoreError> {
        let before = before.and_then(|end| i64::try_from(end).ok()).unwrap_or(i64::MAX);
        self.database.read(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM handover WHERE sequence < ?1 ORDER BY sequence DESC LIMIT ?2"
                ))?
                .query_map(params![before, bound(length_max)], read)?
                .collect()
        })
    }

    async fn count(&self, state: EntryState) -> Result<u64, StoreError> {
        self.database.read(|connection| {
            connection
                .prepare_cached("SELECT count(*) FROM handover WHERE state = ?1")?
                .query_row(params![state.code()], |row| row.get(0))
        })
    }
}

fn bound(length_max: usize) -> i64 {
    i64::try_from(length_max).unwrap_or(i64::MAX)
}

fn find(connection: &Connection, id: CommandId) -> rusqlite::Result<Option<HandoverRow>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM handover WHERE id = ?1"))?
        .query_row(params![id.0.as_bytes()], read)
        .optional()
}

fn read(row: &Row<'_>) -> rusqlite::Result<HandoverRow> {
    let damaged = |column: usize| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, "not what the store wrote".into())
    };
    let instant =
        |column: usize, micros: i64| Timestamp::from_microsecond(micros).map_err(|_| damaged(column));
    let id: [u8; 16] = row.get(1)?;
    let maybe = |column: usize| {
        let micros: Option<i64> = row.get(column)?;
        micros.map(|micros| instant(column, micros)).transpose()
    };
    Ok(HandoverRow {
        sequence: row.get(0)?,
        id: format!("{:032x}", u128::from_be_bytes(id)).parse().map_err(|_| damaged(1))?,
        state: EntryState::from_code(row.get(2)?).ok_or_else(|| damaged(2))?,
        queued_at: instant(3, row.get(3)?)?,
        sent_at: maybe(4)?,
        settled_at: maybe(5)?,
        attempts: row.get(6)?,
        taken: row.get(7)?,
        answer: row.get(8)?,
    })
}
