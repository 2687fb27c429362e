//! The handover's store port: the queue of a commune's own node.

use crate::{
    PostgresStore,
    database::Outcome,
    errors::{Fault, Result},
    facts::{cell, instant_from_sql, limit, signed, unsigned},
};
use async_trait::async_trait;
use dancu_changes::CommandId;
use dancu_core::StoreError;
use dancu_handover::{EntryState, HandoverRow, HandoverStore};
use deadpool_postgres::{GenericClient, Transaction};
use jiff::Timestamp;
use tokio_postgres::Row;

type Answer<T> = std::result::Result<T, StoreError>;

/// Held by whoever adds to the queue until the commit: numbers of a sequence would become visible out of order.
const ADDING: i64 = crate::locks::Lock::HandoverQueue.number();
const COLUMNS: &str = "sequence, id, state, queued_us, sent_us, settled_us, attempts, taken, answer";

/// What a row is to become.
struct Settlement {
    id: CommandId,
    from: Vec<i32>,
    to: EntryState,
    answer: Option<Vec<u8>>,
    at: Timestamp,
}

#[async_trait]
impl HandoverStore for PostgresStore {
    async fn add(&self, id: CommandId, queued_at: Timestamp, taken: Vec<u8>) -> Answer<Option<HandoverRow>> {
        self.database
            .write_settled(
                &(id, queued_at, taken),
                |transaction, (id, queued_at, taken)| Box::pin(add(transaction, *id, *queued_at, taken)),
                // It stands; or it is added again, behind whoever adds it still.
                |client, (id, _, _), _| Box::pin(async { Ok(find(client, *id).await?.map(|_| None)) }),
            )
            .await
    }

    async fn open_rows(&self, length_max: usize) -> Answer<Vec<HandoverRow>> {
        self.database
            .read(&limit(length_max), |client, length_max| {
                Box::pin(async move {
                    let sql = format!(
                        "SELECT {COLUMNS} FROM handover WHERE state IN ($1, $2) ORDER BY sequence LIMIT $3"
                    );
                    let statement = client.prepare_cached(&sql).await?;
                    let (waiting, sent) = (code(EntryState::Waiting), code(EntryState::Sent));
                    client.query(&statement, &[&waiting, &sent, length_max]).await?.iter().map(read).collect()
                })
            })
            .await
    }

    async fn mark_sent(&self, ids: Vec<CommandId>, at: Timestamp) -> Answer<()> {
        let ids: Vec<[u8; 16]> = ids.iter().map(|id| *id.0.as_bytes()).collect();
        self.database
            .write(&(ids, at.as_microsecond()), |transaction, (ids, at)| {
                Box::pin(async move {
                    let sql = "UPDATE handover SET state = $2, sent_us = $3, attempts = attempts + 1
                               WHERE id = ANY ($1) AND state IN ($4, $2)";
                    let statement = transaction.prepare_cached(sql).await?;
                    let ids: Vec<&[u8]> = ids.iter().map(<[u8; 16]>::as_slice).collect();
                    let (waiting, sent) = (code(EntryState::Waiting), code(EntryState::Sent));
                    transaction.execute(&statement, &[&ids, &sent, at, &waiting]).await?;
                    Ok(Outcome::Keep(()))
                })
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
    ) -> Answer<bool> {
        let from = from.into_iter().map(code).collect();
        self.database
            .write_settled(
                &Settlement { id, from, to, answer, at },
                |transaction, settlement| Box::pin(settle(transaction, settlement)),
                // Asked again it waits for whoever settles it still, and tells its own settlement.
                |_, _, _| Box::pin(async { Ok(None) }),
            )
            .await
    }

    async fn row(&self, id: CommandId) -> Answer<Option<HandoverRow>> {
        self.database.read(&id, |client, id| Box::pin(find(client, *id))).await
    }

    async fn rows(&self, before: Option<u64>, length_max: usize) -> Answer<Vec<HandoverRow>> {
        let bounds = (before.map_or(i64::MAX, signed), limit(length_max));
        self.database
            .read(&bounds, |client, (before, length_max)| {
                Box::pin(async move {
                    let sql = format!(
                        "SELECT {COLUMNS} FROM handover WHERE sequence < $1 ORDER BY sequence DESC LIMIT $2"
                    );
                    let statement = client.prepare_cached(&sql).await?;
                    client.query(&statement, &[before, length_max]).await?.iter().map(read).collect()
                })
            })
            .await
    }

    async fn count(&self, state: EntryState) -> Answer<u64> {
        self.database
            .read(&code(state), |client, state| {
                Box::pin(async move {
                    let sql = "SELECT count(*) FROM handover WHERE state = $1";
                    let statement = client.prepare_cached(sql).await?;
                    unsigned(cell(&client.query_one(&statement, &[state]).await?, 0)?)
                })
            })
            .await
    }
}

async fn find(client: &impl GenericClient, id: CommandId) -> Result<Option<HandoverRow>> {
    let statement = client.prepare_cached(&format!("SELECT {COLUMNS} FROM handover WHERE id = $1")).await?;
    let row = client.query_opt(&statement, &[&id.0.as_bytes().as_slice()]).await?;
    row.map(|row| read(&row)).transpose()
}

async fn add(
    transaction: &Transaction<'_>,
    id: CommandId,
    queued_at: Timestamp,
    taken: &[u8],
) -> Result<Outcome<Option<HandoverRow>>> {
    let statement = transaction.prepare_cached("SELECT pg_advisory_xact_lock($1)").await?;
    transaction.query(&statement, &[&ADDING]).await?;
    if let Some(known) = find(transaction, id).await? {
        return Ok(Outcome::Undo(Some(known)));
    }
    let sql = "INSERT INTO handover (id, state, queued_us, taken) VALUES ($1, $2, $3, $4)";
    let statement = transaction.prepare_cached(sql).await?;
    let (state, queued_us) = (code(EntryState::Waiting), queued_at.as_microsecond());
    transaction.execute(&statement, &[&id.0.as_bytes().as_slice(), &state, &queued_us, &taken]).await?;
    Ok(Outcome::Keep(None))
}

async fn settle(transaction: &Transaction<'_>, settlement: &Settlement) -> Result<Outcome<bool>> {
    let sql =
        "UPDATE handover SET state = $2, answer = $3, settled_us = $4 WHERE id = $1 AND state = ANY ($5)";
    let statement = transaction.prepare_cached(sql).await?;
    let Settlement { id, from, to, answer, at } = settlement;
    let id = id.0.as_bytes().as_slice();
    let rows =
        transaction.execute(&statement, &[&id, &code(*to), answer, &at.as_microsecond(), from]).await?;
    if rows == 1 {
        return Ok(Outcome::Keep(true));
    }
    let row = find(transaction, settlement.id).await?;
    Ok(Outcome::Undo(row.is_some_and(|row| row.is_settled_so(settlement.to, settlement.at))))
}

fn code(state: EntryState) -> i32 {
    i32::from(state.code())
}

fn read(row: &Row) -> Result<HandoverRow> {
    let damaged = Fault::Damaged;
    let id: &[u8] = cell(row, 1)?;
    let state = u8::try_from(cell::<i32>(row, 2)?).ok().and_then(EntryState::from_code);
    let attempts = u32::try_from(cell::<i64>(row, 6)?).map_err(|_| damaged("a column of attempts"))?;
    let maybe = |column| cell::<Option<i64>>(row, column)?.map(instant_from_sql).transpose();
    Ok(HandoverRow {
        sequence: unsigned(cell(row, 0)?)?,
        id: CommandId(uuid::Uuid::from_slice(id).map_err(|_| damaged("a column of identifiers"))?),
        state: state.ok_or(damaged("a column of states"))?,
        queued_at: instant_from_sql(cell(row, 3)?)?,
        sent_at: maybe(4)?,
        settled_at: maybe(5)?,
        attempts,
        taken: cell(row, 7)?,
        answer: cell(row, 8)?,
    })
}
