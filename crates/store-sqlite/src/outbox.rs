//! The change feed's entries.

use crate::{
    changes::limit,
    events::id,
    facts::{number_from_sql, unreadable},
};
use dancu_changes::{CommandId, Cursor, OutboxEntry};
use dancu_register::{FactKind, KindSet};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Result};

/// Entries of the outbox in the order of their sequence, which here is the order of the commits.
pub(crate) fn entries(connection: &Connection, after: Cursor, length_max: usize) -> Result<Vec<OutboxEntry>> {
    let Ok(after) = i64::try_from(after.minor) else { return Ok(Vec::new()) };
    connection
        .prepare_cached(
            "SELECT sequence, number, event, recorded_at, kinds FROM outbox
             WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
        )?
        .query_map((after, limit(length_max)), |row| {
            let bits: u32 = row.get(4)?;
            let changed = |kind: &FactKind| bits & 1 << kind.code() != 0;
            Ok(OutboxEntry {
                cursor: Cursor { major: 0, minor: row.get(0)? },
                number: number_from_sql(row, 1)?,
                event: CommandId(id(row, 2)?),
                recorded_at: Timestamp::from_microsecond(row.get(3)?).map_err(|_| unreadable(3))?,
                kinds: FactKind::ALL.into_iter().filter(changed).collect::<KindSet>(),
            })
        })?
        .collect()
}

/// The cursor behind the last entry.
pub(crate) fn end(connection: &Connection) -> Result<Cursor> {
    let last = "SELECT coalesce(max(sequence), 0) FROM outbox";
    let minor = connection.prepare_cached(last)?.query_row([], |row| row.get(0))?;
    Ok(Cursor { major: 0, minor })
}

/// The cursor up to which entries were removed.
pub(crate) fn start(connection: &Connection) -> Result<Cursor> {
    let start = "SELECT minor FROM outbox_start";
    let minor: Option<u64> = connection.prepare_cached(start)?.query_row([], |row| row.get(0)).optional()?;
    Ok(Cursor { major: 0, minor: minor.unwrap_or_default() })
}

/// Removes the oldest entries as far as all were recorded before an instant. The newest of all stays: its number must not
/// be given out again.
pub(crate) fn remove(connection: &Connection, before: Timestamp, length_max: usize) -> Result<usize> {
    let oldest: Vec<(i64, i64)> = connection
        .prepare_cached("SELECT sequence, recorded_at FROM outbox ORDER BY sequence LIMIT ?1")?
        .query_map([limit(length_max.saturating_add(1))], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_>>()?;
    let Some((_, but_last)) = oldest.split_last() else { return Ok(0) };
    let old = but_last.iter().take_while(|(_, recorded_at)| *recorded_at < before.as_microsecond());
    let Some((last, _)) = old.last() else { return Ok(0) };
    let removed = connection.prepare_cached("DELETE FROM outbox WHERE sequence <= ?1")?.execute([last])?;
    connection.prepare_cached("INSERT OR REPLACE INTO outbox_start VALUES (0, 0, ?1)")?.execute([last])?;
    Ok(removed)
}
