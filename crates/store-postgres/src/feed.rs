//! The feed's store port.

use crate::{
    PostgresStore,
    database::Outcome,
    errors::{Fault, Result},
    facts::{cell, instant_from_sql, limit, signed, unsigned},
};
use async_trait::async_trait;
use dancu_changes::Cursor;
use dancu_core::StoreError;
use dancu_exchange::ClientId;
use dancu_feed::{
    Batch, DeadLetter, DeadLetterId, DeadReason, FeedStore, LetterChange, LetterState, Saved, Subscriber,
};
use deadpool_postgres::{GenericClient, Transaction};
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use tokio_postgres::{Row, types::ToSql};
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

type Answer<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl FeedStore for PostgresStore {
    async fn subscriber(&self, client: &ClientId) -> Answer<Option<Subscriber>> {
        self.database
            .read(&client, |connection, client| {
                Box::pin(async move {
                    let sql = format!("{SUBSCRIBER} WHERE client = $1");
                    Ok(all(connection, &sql, &[&client.as_str()], read_subscriber).await?.pop())
                })
            })
            .await
    }

    async fn subscribers(&self, after: Option<&ClientId>, length_max: usize) -> Answer<Vec<Subscriber>> {
        let after = after.map_or("", ClientId::as_str);
        self.database
            .read(&(after, limit(length_max)), |connection, (after, length_max)| {
                Box::pin(async move {
                    let sql = format!("{SUBSCRIBER} WHERE client > $1 ORDER BY client LIMIT $2");
                    all(connection, &sql, &[after, length_max], read_subscriber).await
                })
            })
            .await
    }

    async fn save_subscriber(&self, subscriber: Subscriber, letters: LetterChange) -> Answer<Saved> {
        self.database
            .write(&(subscriber, letters), |transaction, (subscriber, letters)| {
                Box::pin(save(transaction, subscriber, letters))
            })
            .await
    }

    async fn dead_letters(
        &self,
        client: Option<&ClientId>,
        after: Option<DeadLetterId>,
        length_max: usize,
    ) -> Answer<Vec<DeadLetter>> {
        let after = after.unwrap_or(DeadLetterId(Uuid::nil()));
        let client = client.map(ClientId::as_str);
        self.database
            .read(&(client, after, limit(length_max)), |connection, (client, after, length_max)| {
                Box::pin(async move {
                    let sql = format!(
                        "{LETTER} WHERE id > $1 AND ($2::text IS NULL OR client = $2) ORDER BY id LIMIT $3"
                    );
                    let after = after.0.as_bytes().as_slice();
                    all(connection, &sql, &[&after, client, length_max], read_letter).await
                })
            })
            .await
    }

    async fn count_dead_letters(&self) -> Answer<u64> {
        self.database
            .read(&(), |connection, ()| {
                Box::pin(async {
                    let row = connection.query_one("SELECT count(*) FROM feed_dead", &[]).await?;
                    unsigned(cell(&row, 0)?)
                })
            })
            .await
    }

    async fn next_replay(&self, client: &ClientId) -> Answer<Option<DeadLetter>> {
        self.database
            .read(&client, |connection, client| {
                Box::pin(async move {
                    let sql =
                        format!("{LETTER} WHERE client = $1 AND state = 'replaying' ORDER BY id LIMIT 1");
                    Ok(all(connection, &sql, &[&client.as_str()], read_letter).await?.pop())
                })
            })
            .await
    }

    async fn replay(&self, id: DeadLetterId) -> Answer<bool> {
        self.database
            .write(&id, |transaction, id| {
                Box::pin(async move {
                    let sql = "UPDATE feed_dead SET state = 'replaying' WHERE id = $1";
                    let changed = transaction.execute(sql, &[&id.0.as_bytes().as_slice()]).await?;
                    Ok(Outcome::Keep(changed > 0))
                })
            })
            .await
    }

    async fn resume(&self, client: &ClientId) -> Answer<bool> {
        self.database
            .write(&client, |transaction, client| {
                Box::pin(async move {
                    let sql = "UPDATE feed_cursor
                               SET stopped = NULL, next_try_us = NULL, version = version + 1 WHERE client = $1";
                    let changed = transaction.execute(sql, &[&client.as_str()]).await?;
                    Ok(Outcome::Keep(changed > 0))
                })
            })
            .await
    }
}

async fn all<T>(
    client: &impl GenericClient,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
    read: impl Fn(&Row) -> Result<T>,
) -> Result<Vec<T>> {
    let statement = client.prepare_cached(sql).await?;
    client.query(&statement, parameters).await?.iter().map(read).collect()
}

async fn save(
    transaction: &Transaction<'_>,
    subscriber: &Subscriber,
    letters: &LetterChange,
) -> Result<Outcome<Saved>> {
    if !save_cursor(transaction, subscriber).await? {
        return Ok(Outcome::Undo(Saved::Stale));
    }
    save_batch(transaction, subscriber).await?;
    match letters {
        LetterChange::Keep => {}
        LetterChange::Put(letter) => put_letter(transaction, letter).await?,
        LetterChange::Remove(id) => {
            let sql = "DELETE FROM feed_dead WHERE id = $1";
            transaction.execute(sql, &[&id.0.as_bytes().as_slice()]).await?;
        }
    }
    Ok(Outcome::Keep(Saved::Done))
}

/// Whether the subscriber stood as whoever saves it has seen it.
async fn save_cursor(transaction: &Transaction<'_>, subscriber: &Subscriber) -> Result<bool> {
    let sql = if subscriber.version == 0 {
        "INSERT INTO feed_cursor (client, major, minor, failures, first_failed_us, last_failure, next_try_us,
             delivered_us, stopped, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::bigint + 1) ON CONFLICT DO NOTHING"
    } else {
        "UPDATE feed_cursor SET major = $2, minor = $3, failures = $4, first_failed_us = $5, last_failure = $6,
             next_try_us = $7, delivered_us = $8, stopped = $9, version = version + 1
         WHERE client = $1 AND version = $10"
    };
    let statement = transaction.prepare_cached(sql).await?;
    let written = transaction
        .execute(
            &statement,
            &[
                &subscriber.client.as_str(),
                &signed(subscriber.cursor.major),
                &signed(subscriber.cursor.minor),
                &i64::from(subscriber.failures),
                &subscriber.first_failed_at.map(Timestamp::as_microsecond),
                &subscriber.last_failure.as_ref().map(to_json).transpose()?,
                &subscriber.next_try_at.map(Timestamp::as_microsecond),
                &subscriber.delivered_at.map(Timestamp::as_microsecond),
                &subscriber.stopped.as_ref().map(to_json).transpose()?,
                &signed(subscriber.version),
            ],
        )
        .await?;
    Ok(written > 0)
}

async fn save_batch(transaction: &Transaction<'_>, subscriber: &Subscriber) -> Result<()> {
    let client = subscriber.client.as_str();
    let Some(batch) = &subscriber.batch else {
        transaction.execute("DELETE FROM feed_batch WHERE client = $1", &[&client]).await?;
        return Ok(());
    };
    // The bytes of a batch never change: a save after a failed attempt leaves them alone.
    let sql = "INSERT INTO feed_batch (client, id, body, length, after_major, after_minor, through_major,
                   through_minor, replays, terms)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
               ON CONFLICT (client) DO UPDATE SET id = excluded.id, body = excluded.body,
                   length = excluded.length, after_major = excluded.after_major,
                   after_minor = excluded.after_minor, through_major = excluded.through_major,
                   through_minor = excluded.through_minor, replays = excluded.replays, terms = excluded.terms
               WHERE feed_batch.id <> excluded.id";
    let statement = transaction.prepare_cached(sql).await?;
    let columns: [&(dyn ToSql + Sync); 10] = [
        &client,
        &batch.id.0.as_bytes().as_slice(),
        &batch.body,
        &i64::from(batch.length),
        &signed(batch.after.major),
        &signed(batch.after.minor),
        &signed(batch.through.major),
        &signed(batch.through.minor),
        &batch.replays.as_ref().map(|id| id.0.as_bytes().as_slice()),
        &batch.terms,
    ];
    transaction.execute(&statement, &columns).await?;
    Ok(())
}

async fn put_letter(transaction: &Transaction<'_>, letter: &DeadLetter) -> Result<()> {
    let sql = "INSERT INTO feed_dead (id, client, after_major, after_minor, through_major, through_minor,
                   length, died_us, attempts, failure, state)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
               ON CONFLICT (id) DO UPDATE SET client = excluded.client, after_major = excluded.after_major,
                   after_minor = excluded.after_minor, through_major = excluded.through_major,
                   through_minor = excluded.through_minor, length = excluded.length,
                   died_us = excluded.died_us, attempts = excluded.attempts, failure = excluded.failure,
                   state = excluded.state";
    let columns: [&(dyn ToSql + Sync); 11] = [
        &letter.id.0.as_bytes().as_slice(),
        &letter.client.as_str(),
        &signed(letter.after.major),
        &signed(letter.after.minor),
        &signed(letter.through.major),
        &signed(letter.through.minor),
        &i64::from(letter.length),
        &letter.died_at.as_microsecond(),
        &i64::from(letter.reason.attempts),
        &to_json(&letter.reason.failure)?,
        &state_word(letter.state),
    ];
    transaction.execute(sql, &columns).await?;
    Ok(())
}

fn read_subscriber(row: &Row) -> Result<Subscriber> {
    let batch = match cell::<Option<&[u8]>>(row, 10)? {
        None => None,
        Some(id) => Some(Batch {
            id: letter_id(id)?,
            body: cell(row, 11)?,
            length: small(cell(row, 12)?)?,
            after: cursor(row, 13)?,
            through: cursor(row, 15)?,
            replays: cell::<Option<&[u8]>>(row, 17)?.map(letter_id).transpose()?,
            terms: cell(row, 18)?,
        }),
    };
    Ok(Subscriber {
        client: client(row, 0)?,
        cursor: cursor(row, 1)?,
        batch,
        failures: small(cell(row, 3)?)?,
        first_failed_at: instant(row, 4)?,
        last_failure: from_json(row, 5)?,
        next_try_at: instant(row, 6)?,
        delivered_at: instant(row, 7)?,
        stopped: from_json(row, 8)?,
        version: unsigned(cell(row, 9)?)?,
    })
}

fn read_letter(row: &Row) -> Result<DeadLetter> {
    let state = match cell(row, 10)? {
        "dead" => LetterState::Dead,
        "replaying" => LetterState::Replaying,
        _ => return Err(Fault::Damaged("the state of a dead letter")),
    };
    let failure = from_json(row, 9)?.ok_or(Fault::Damaged("the reason of a dead letter"))?;
    Ok(DeadLetter {
        id: letter_id(cell(row, 0)?)?,
        client: client(row, 1)?,
        after: cursor(row, 2)?,
        through: cursor(row, 4)?,
        length: small(cell(row, 6)?)?,
        died_at: instant_from_sql(cell(row, 7)?)?,
        reason: DeadReason { attempts: small(cell(row, 8)?)?, failure },
        state,
    })
}

const fn state_word(state: LetterState) -> &'static str {
    match state {
        LetterState::Dead => "dead",
        LetterState::Replaying => "replaying",
    }
}

fn letter_id(bytes: &[u8]) -> Result<DeadLetterId> {
    Uuid::from_slice(bytes).map(DeadLetterId).map_err(|_| Fault::Damaged("a column of identifiers"))
}

fn small(value: i64) -> Result<u32> {
    u32::try_from(value).map_err(|_| Fault::Damaged("a column of counts"))
}

fn cursor(row: &Row, column: usize) -> Result<Cursor> {
    Ok(Cursor { major: unsigned(cell(row, column)?)?, minor: unsigned(cell(row, column + 1)?)? })
}

fn client(row: &Row, column: usize) -> Result<ClientId> {
    cell::<&str>(row, column)?.parse().map_err(|_| Fault::Damaged("a client"))
}

fn instant(row: &Row, column: usize) -> Result<Option<Timestamp>> {
    cell::<Option<i64>>(row, column)?.map(instant_from_sql).transpose()
}

fn from_json<T: DeserializeOwned>(row: &Row, column: usize) -> Result<Option<T>> {
    let text: Option<&str> = cell(row, column)?;
    text.map(serde_json::from_str).transpose().map_err(|_| Fault::Damaged("a column of JSON"))
}

fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|_| Fault::Defect("a value has no JSON"))
}
