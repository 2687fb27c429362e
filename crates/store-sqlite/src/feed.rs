//! The feed's store port on `register.db`.

use crate::SqliteStore;
use async_trait::async_trait;
use dancu_changes::Cursor;
use dancu_core::StoreError;
use dancu_exchange::ClientId;
use dancu_feed::{
    Batch, DeadLetter, DeadLetterId, DeadReason, FeedStore, LetterChange, LetterState, Saved, Subscriber,
};
use jiff::Timestamp;
use rusqlite::{
    Connection, OptionalExtension, Row, params,
    types::{FromSqlError, Type},
};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// A subscriber with what is on its way, in one row.
const SUBSCRIBER: &str = "SELECT client, major, minor, failures, first_failed_us, last_failure, next_try_us,
        delivered_us, stopped, version,
        id, body, length, after_major, after_minor, through_major, through_minor, replays, terms
    FROM feed_cursor LEFT JOIN feed_batch USING (client)";
const LETTER: &str =
    "SELECT id, client, after_major, after_minor, through_major, through_minor, length, died_us,
        attempts, failure, state
    FROM feed_dead";

#[async_trait]
impl FeedStore for SqliteStore {
    async fn subscriber(&self, client: &ClientId) -> Result<Option<Subscriber>, StoreError> {
        self.database().read(|connection| {
            connection
                .prepare_cached(&format!("{SUBSCRIBER} WHERE client = ?1"))?
                .query_row([client.as_str()], read_subscriber)
                .optional()
        })
    }

    async fn subscribers(
        &self,
        after: Option<&ClientId>,
        length_max: usize,
    ) -> Result<Vec<Subscriber>, StoreError> {
        self.database().read(|connection| {
            connection
                .prepare_cached(&format!("{SUBSCRIBER} WHERE client > ?1 ORDER BY client LIMIT ?2"))?
                .query_map(params![after.map_or("", ClientId::as_str), length_max], read_subscriber)?
                .collect()
        })
    }

    async fn save_subscriber(
        &self,
        subscriber: Subscriber,
        letters: LetterChange,
    ) -> Result<Saved, StoreError> {
        self.database()
            .write(move |connection| {
                if !save_cursor(connection, &subscriber)? {
                    return Ok(Saved::Stale);
                }
                save_batch(connection, &subscriber)?;
                match &letters {
                    LetterChange::Keep => {}
                    LetterChange::Put(letter) => put_letter(connection, letter)?,
                    LetterChange::Remove(id) => {
                        connection
                            .prepare_cached("DELETE FROM feed_dead WHERE id = ?1")?
                            .execute([id.0.as_bytes()])?;
                    }
                }
                Ok(Saved::Done)
            })
            .await
    }

    async fn dead_letters(
        &self,
        client: Option<&ClientId>,
        after: Option<DeadLetterId>,
        length_max: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        let after = after.unwrap_or(DeadLetterId(Uuid::nil()));
        self.database().read(|connection| {
            connection
                .prepare_cached(&format!(
                    "{LETTER} WHERE id > ?1 AND (?2 IS NULL OR client = ?2) ORDER BY id LIMIT ?3"
                ))?
                .query_map(
                    params![after.0.as_bytes(), client.map(ClientId::as_str), length_max],
                    read_letter,
                )?
                .collect()
        })
    }

    async fn count_dead_letters(&self) -> Result<u64, StoreError> {
        self.database()
            .read(|connection| connection.query_row("SELECT count(*) FROM feed_dead", [], |row| row.get(0)))
    }

    async fn next_replay(&self, client: &ClientId) -> Result<Option<DeadLetter>, StoreError> {
        self.database().read(|connection| {
            connection
                .prepare_cached(&format!(
                    "{LETTER} WHERE client = ?1 AND state = 'replaying' ORDER BY id LIMIT 1"
                ))?
                .query_row([client.as_str()], read_letter)
                .optional()
        })
    }

    async fn replay(&self, id: DeadLetterId) -> Result<bool, StoreError> {
        self.database()
            .write(move |connection| {
                let changed = connection
                    .prepare_cached("UPDATE feed_dead SET state = 'replaying' WHERE id = ?1")?
                    .execute([id.0.as_bytes()])?;
                Ok(changed > 0)
            })
            .await
    }

    async fn resume(&self, client: &ClientId) -> Result<bool, StoreError> {
        let client = client.clone();
        self.database()
            .write(move |connection| {
                let changed = connection
                    .prepare_cached(
                        "UPDATE feed_cursor SET stopped = NULL, next_try_us = NULL, version = version + 1
                         WHERE client = ?1",
                    )?
                    .execute([client.as_str()])?;
                Ok(changed > 0)
            })
            .await
    }
}

/// Whether the subscriber stood as whoever saves it has seen it.
fn save_cursor(connection: &Connection, subscriber: &Subscriber) -> rusqlite::Result<bool> {
    let values = params![
        subscriber.client.as_str(),
        subscriber.cursor.major,
        subscriber.cursor.minor,
        subscriber.failures,
        subscriber.first_failed_at.map(Timestamp::as_microsecond),
        subscriber.last_failure.as_ref().map(to_json).transpose()?,
        subscriber.next_try_at.map(Timestamp::as_microsecond),
        subscriber.delivered_at.map(Timestamp::as_microsecond),
        subscriber.stopped.as_ref().map(to_json).transpose()?,
        subscriber.version,
    ];
    let statement = if subscriber.version == 0 {
        "INSERT INTO feed_cursor (client, major, minor, failures, first_failed_us, last_failure, next_try_us,
             delivered_us, stopped, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 + 1) ON CONFLICT DO NOTHING"
    } else {
        "UPDATE feed_cursor SET major = ?2, minor = ?3, failures = ?4, first_failed_us = ?5, last_failure = ?6,
             next_try_us = ?7, delivered_us = ?8, stopped = ?9, version = version + 1
         WHERE client = ?1 AND version = ?10"
    };
    Ok(connection.prepare_cached(statement)?.execute(values)? > 0)
}

fn save_batch(connection: &Connection, subscriber: &Subscriber) -> rusqlite::Result<()> {
    let client = subscriber.client.as_str();
    let Some(batch) = &subscriber.batch else {
        connection.prepare_cached("DELETE FROM feed_batch WHERE client = ?1")?.execute([client])?;
        return Ok(());
    };
    // The bytes of a batch never change: a save after a failed attempt leaves them alone.
    connection
        .prepare_cached(
            "INSERT INTO feed_batch (client, id, body, length, after_major, after_minor, through_major,
                 through_minor, replays, terms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (client) DO UPDATE SET id = excluded.id, body = excluded.body, length = excluded.length,
                 after_major = excluded.after_major, after_minor = excluded.after_minor,
                 through_major = excluded.through_major, through_minor = excluded.through_minor,
                 replays = excluded.replays, terms = excluded.terms
             WHERE id <> excluded.id",
        )?
        .execute(params![
            client,
            batch.id.0.as_bytes(),
            batch.body,
            batch.length,
            batch.after.major,
            batch.after.minor,
            batch.through.major,
            batch.through.minor,
            batch.replays.as_ref().map(|id| id.0.as_bytes()),
            batch.terms
        ])?;
    Ok(())
}

fn put_letter(connection: &Connection, letter: &DeadLetter) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO feed_dead (id, client, after_major, after_minor, through_major, through_minor,
                 length, died_us, attempts, failure, state)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            letter.id.0.as_bytes(),
            letter.client.as_str(),
            letter.after.major,
            letter.after.minor,
            letter.through.major,
            letter.through.minor,
            letter.length,
            letter.died_at.as_microsecond(),
            letter.reason.attempts,
            to_json(&letter.reason.failure)?,
            state_word(letter.state)
        ])?;
    Ok(())
}

fn read_subscriber(row: &Row<'_>) -> rusqlite::Result<Subscriber> {
    let batch = match row.get::<_, Option<[u8; 16]>>(10)? {
        None => None,
        Some(id) => Some(Batch {
            id: DeadLetterId(Uuid::from_bytes(id)),
            body: row.get(11)?,
            length: row.get(12)?,
            after: cursor(row, 13)?,
            through: cursor(row, 15)?,
            replays: row.get::<_, Option<[u8; 16]>>(17)?.map(|id| DeadLetterId(Uuid::from_bytes(id))),
            terms: row.get(18)?,
        }),
    };
    Ok(Subscriber {
        client: client(row, 0)?,
        cursor: cursor(row, 1)?,
        batch,
        failures: row.get(3)?,
        first_failed_at: instant(row, 4)?,
        last_failure: from_json(row, 5)?,
        next_try_at: instant(row, 6)?,
        delivered_at: instant(row, 7)?,
        stopped: from_json(row, 8)?,
        version: row.get(9)?,
    })
}

fn read_letter(row: &Row<'_>) -> rusqlite::Result<DeadLetter> {
    let state = match row.get_ref(10)?.as_str()? {
        "dead" => LetterState::Dead,
        "replaying" => LetterState::Replaying,
        _ => return Err(damaged(10)),
    };
    Ok(DeadLetter {
        id: DeadLetterId(Uuid::from_bytes(row.get(0)?)),
        client: client(row, 1)?,
        after: cursor(row, 2)?,
        through: cursor(row, 4)?,
        length: row.get(6)?,
        died_at: instant(row, 7)?.ok_or_else(|| damaged(7))?,
        reason: DeadReason { attempts: row.get(8)?, failure: from_json(row, 9)?.ok_or_else(|| damaged(9))? },
        state,
    })
}

const fn state_word(state: LetterState) -> &'static str {
    match state {
        LetterState::Dead => "dead",
        LetterState::Replaying => "replaying",
    }
}

fn cursor(row: &Row<'_>, column: usize) -> rusqlite::Result<Cursor> {
    Ok(Cursor { major: row.get(column)?, minor: row.get(column + 1)? })
}

/// A stored value that its own type refuses: the file was changed by other hands.
fn damaged(column: usize) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(FromSqlError::InvalidType))
}

fn client(row: &Row<'_>, column: usize) -> rusqlite::Result<ClientId> {
    row.get_ref(column)?.as_str()?.parse().map_err(|_| damaged(column))
}

fn instant(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    let micros: Option<i64> = row.get(column)?;
    micros.map(Timestamp::from_microsecond).transpose().map_err(|_| damaged(column))
}

fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    let text = row.get_ref(column)?.as_str_or_null()?;
    text.map(serde_json::from_str).transpose().map_err(|_| damaged(column))
}

fn to_json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}
