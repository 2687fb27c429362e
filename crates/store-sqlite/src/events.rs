//! Events, and what took them back.

use crate::{
    changes::limit,
    facts::{number_to_sql, unreadable},
};
use dancu_changes::{CommandId, Event};
use dancu_core::{CommuneCode, PersonalNumber};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Result, Row, params};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// The word that a value without fields has in JSON, for a column that lists are filtered by.
pub(crate) fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => unreachable!("states and kinds are words"),
    }
}

/// A body in JSON.
pub(crate) fn body<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T> {
    let text = row.get_ref(column)?.as_str().map_err(|_| unreadable(column))?;
    // The text of the failure could quote what the body holds.
    serde_json::from_str(text).map_err(|_| unreadable(column))
}

/// What a table holds of a person by the columns of `(table, time)`, the newest first, after (in that order) one that was shown
/// before; nothing after one that is not theirs.
pub(crate) fn newest_of<T: DeserializeOwned>(
    connection: &Connection,
    (table, time): (&str, &str),
    number: PersonalNumber,
    after: Option<Uuid>,
    length_max: usize,
) -> Result<Vec<T>> {
    let number = number_to_sql(number);
    let (before, last) = match after {
        None => (i64::MAX, [u8::MAX; 16]),
        Some(id) => {
            let known = connection
                .prepare_cached(&format!("SELECT {time} FROM {table} WHERE id = ?1 AND number = ?2"))?
                .query_row(params![id.as_bytes(), number], |row| row.get(0))
                .optional()?;
            let Some(known) = known else { return Ok(Vec::new()) };
            (known, *id.as_bytes())
        }
    };
    let sql = format!(
        "SELECT body FROM {table} WHERE number = ?1 AND ({time}, id) < (?2, ?3)
         ORDER BY {time} DESC, id DESC LIMIT ?4"
    );
    connection
        .prepare_cached(&sql)?
        .query_map(params![number, before, last, limit(length_max)], |row| body(row, 0))?
        .collect()
}

/// An identifier.
pub(crate) fn id(row: &Row<'_>, column: usize) -> Result<Uuid> {
    row.get(column).map(Uuid::from_bytes)
}

/// An event with the digest of its command.
pub(crate) fn event(connection: &Connection, id: CommandId) -> Result<Option<(Event, [u8; 32])>> {
    connection
        .prepare_cached("SELECT body, digest FROM event WHERE id = ?1")?
        .query_row([id.0.as_bytes()], |row| Ok((body(row, 0)?, row.get(1)?)))
        .optional()
}

/// The event that took another one back.
pub(crate) fn taken_back_by(connection: &Connection, event: CommandId) -> Result<Option<CommandId>> {
    connection
        .prepare_cached("SELECT by_event FROM taken_back WHERE event = ?1")?
        .query_row([event.0.as_bytes()], |row| id(row, 0).map(CommandId))
        .optional()
}

/// Events of a commune's own officers, the newest first.
pub(crate) fn events_of_commune(
    connection: &Connection,
    commune: CommuneCode,
    since: Timestamp,
    after: Option<CommandId>,
    length_max: usize,
) -> Result<Vec<Event>> {
    let (before, last) = match after {
        None => (i64::MAX, [u8::MAX; 16]),
        Some(id) => {
            let found = connection
                .prepare_cached("SELECT recorded_at FROM event WHERE id = ?1")?
                .query_row([id.0.as_bytes()], |row| row.get(0))
                .optional()?;
            let Some(recorded_at) = found else { return Ok(Vec::new()) };
            (recorded_at, *id.0.as_bytes())
        }
    };
    connection
        .prepare_cached(
            "SELECT body FROM commune_event AS listed JOIN event ON event.id = listed.event
             WHERE commune = ?1 AND listed.recorded_at >= ?2 AND (listed.recorded_at, listed.event) < (?3, ?4)
             ORDER BY listed.recorded_at DESC, listed.event DESC LIMIT ?5",
        )?
        .query_map((commune.value(), since.as_microsecond(), before, last, limit(length_max)), |row| {
            body(row, 0)
        })?
        .collect()
}

/// Events about a person, the newest first.
pub(crate) fn events_of(
    connection: &Connection,
    number: PersonalNumber,
    before: Option<Timestamp>,
    length_max: usize,
) -> Result<Vec<Event>> {
    let before = before.map_or(i64::MAX, Timestamp::as_microsecond);
    connection
        .prepare_cached(
            "SELECT body FROM event_person JOIN event ON event.id = event_person.event
             WHERE number = ?1 AND event_person.recorded_at < ?2
             ORDER BY event_person.recorded_at DESC LIMIT ?3",
        )?
        .query_map((number_to_sql(number), before, limit(length_max)), |row| body(row, 0))?
        .collect()
}
