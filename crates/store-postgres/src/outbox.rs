//! The change feed's entries.

use crate::{
    changes::command_id,
    errors::Result,
    facts::{self, cell, instant_from_sql, limit, number_from_sql, unsigned},
};
use dancu_changes::{Cursor, OutboxEntry};
use dancu_register::{FactKind, KindSet};
use deadpool_postgres::{GenericClient, Transaction};
use jiff::Timestamp;

/// Below the oldest transaction that is under way: nothing can come there any more.
const SETTLED: &str =
    "transaction < (SELECT base FROM outbox_base) + pg_snapshot_xmin(pg_current_snapshot())::text::bigint";

fn cursor_parts(cursor: Cursor) -> (i64, i64) {
    (facts::signed(cursor.major), facts::signed(cursor.minor))
}

/// Entries in their order, complete up to the last one.
pub(crate) async fn entries(
    client: &impl GenericClient,
    after: Cursor,
    length_max: usize,
) -> Result<Vec<OutboxEntry>> {
    let sql = format!(
        "SELECT transaction, sequence, number, event, recorded_at, kinds FROM outbox
         WHERE (transaction, sequence) > ($1, $2) AND {SETTLED}
         ORDER BY transaction, sequence LIMIT $3"
    );
    let statement = client.prepare_cached(&sql).await?;
    let (major, minor) = cursor_parts(after);
    let rows = client.query(&statement, &[&major, &minor, &limit(length_max)]).await?;
    rows.iter()
        .map(|row| {
            Ok(OutboxEntry {
                cursor: Cursor { major: unsigned(cell(row, 0)?)?, minor: unsigned(cell(row, 1)?)? },
                number: number_from_sql(cell(row, 2)?)?,
                event: command_id(cell(row, 3)?)?,
                recorded_at: instant_from_sql(cell(row, 4)?)?,
                kinds: kinds_from_bits(cell(row, 5)?),
            })
        })
        .collect()
}

fn kinds_from_bits(bits: i32) -> KindSet {
    FactKind::ALL.into_iter().filter(|kind| bits >> kind.code() & 1 != 0).collect()
}

/// The cursor behind the last entry.
pub(crate) async fn end(client: &impl GenericClient) -> Result<Cursor> {
    let sql = format!(
        "SELECT transaction, sequence FROM outbox WHERE {SETTLED} ORDER BY transaction DESC, sequence DESC LIMIT 1"
    );
    let statement = client.prepare_cached(&sql).await?;
    let Some(row) = client.query_opt(&statement, &[]).await? else { return Ok(Cursor::default()) };
    Ok(Cursor { major: unsigned(cell(&row, 0)?)?, minor: unsigned(cell(&row, 1)?)? })
}

/// The cursor up to which entries were removed.
pub(crate) async fn start(client: &impl GenericClient) -> Result<Cursor> {
    let statement = client.prepare_cached("SELECT major, minor FROM outbox_start").await?;
    let Some(row) = client.query_opt(&statement, &[]).await? else { return Ok(Cursor::default()) };
    Ok(Cursor { major: unsigned(cell(&row, 0)?)?, minor: unsigned(cell(&row, 1)?)? })
}

/// Removes the oldest entries as far as all were recorded before an instant. The newest stays, as in every store.
pub(crate) async fn remove(
    transaction: &Transaction<'_>,
    before: Timestamp,
    length_max: usize,
) -> Result<usize> {
    // Two nodes that remove at once would find the same rows; the second one waits for the first.
    transaction.execute("LOCK TABLE outbox_start IN EXCLUSIVE MODE", &[]).await?;
    let sql = format!(
        "SELECT transaction, sequence, recorded_at FROM outbox WHERE {SETTLED}
         ORDER BY transaction, sequence LIMIT $1"
    );
    let statement = transaction.prepare_cached(&sql).await?;
    let rows = transaction.query(&statement, &[&limit(length_max.saturating_add(1))]).await?;
    let Some((_, but_last)) = rows.split_last() else { return Ok(0) };
    let mut last: Option<(i64, i64)> = None;
    for row in but_last {
        if cell::<i64>(row, 2)? >= before.as_microsecond() {
            break;
        }
        last = Some((cell(row, 0)?, cell(row, 1)?));
    }
    let Some((major, minor)) = last else { return Ok(0) };
    let delete = "DELETE FROM outbox WHERE (transaction, sequence) <= ($1, $2)";
    let statement = transaction.prepare_cached(delete).await?;
    let removed = transaction.execute(&statement, &[&major, &minor]).await?;
    let statement = transaction.prepare_cached(
            "INSERT INTO outbox_start VALUES (0, $1, $2) ON CONFLICT (id) DO UPDATE SET major = $1, minor = $2",
        ).await?;
    transaction.execute(&statement, &[&major, &minor]).await?;
    Ok(usize::try_from(removed).unwrap_or(usize::MAX))
}
