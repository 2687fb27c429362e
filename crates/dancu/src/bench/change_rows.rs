//! The rows that recorded changes left behind, in the order of their commits, and their writing without any rule.

use crate::failure::Failure;
use dancu_changes::Event;
use dancu_core::PersonalNumber;
use dancu_register::{FactKind, FactValue, communes, links};
use dancu_store_sqlite::{ConnectionRole, open_connection, store_error};
use rusqlite::{Connection, TransactionBehavior, params_from_iter, types::Value};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

/// What one change writes: statements with their values.
const STATEMENTS: [&str; 8] = [
    "INSERT INTO event (id, recorded_at, kind, digest, body) VALUES (?1, ?2, ?3, ?4, ?5)",
    "INSERT INTO event_person (number, recorded_at, event) VALUES (?1, ?2, ?3)",
    "INSERT INTO outbox (number, event, recorded_at, kinds) VALUES (?1, ?2, ?3, ?4)",
    "INSERT INTO fact (number, kind, recorded_from, valid_from, recorded_to, valid_to, source, value)
     VALUES (?1, ?2, ?3, ?4, NULL, ?5, ?6, ?7)",
    "UPDATE fact SET recorded_to = ?4 WHERE number = ?1 AND kind = ?2 AND recorded_from = ?3 AND valid_from = ?5",
    "INSERT OR IGNORE INTO household_person (household, number) VALUES (?1, ?2)",
    "INSERT OR IGNORE INTO relative (relative, number) VALUES (?1, ?2)",
    "INSERT OR IGNORE INTO commune_person (commune, number) VALUES (?1, ?2)",
];
const EVENT: usize = 0;
const EVENT_PERSON: usize = 1;
const OUTBOX: usize = 2;
const FACT: usize = 3;
const CLOSE: usize = 4;
const HOUSEHOLD: usize = 5;
const RELATIVE: usize = 6;
const COMMUNE: usize = 7;

/// The rows of one event, each with its statement.
pub type EventRows = Vec<(usize, Vec<Value>)>;

/// Reads what was committed since it was asked last.
pub struct Rows {
    file: PathBuf,
    connection: Connection,
    last_event: i64,
    last_entry: i64,
}

impl Rows {
    /// Stands behind everything that is there.
    pub fn open(file: &Path) -> Result<Self, Failure> {
        let connection = open_connection(file, ConnectionRole::Reader)?;
        let last = |sql| connection.query_row(sql, [], |row| row.get(0));
        let ends = last("SELECT coalesce(max(rowid), 0) FROM event")
            .and_then(|event| Ok((event, last("SELECT coalesce(max(sequence), 0) FROM outbox")?)));
        let (last_event, last_entry) = ends.map_err(|error| store_error(file, &error))?;
        Ok(Self { file: file.to_owned(), connection, last_event, last_entry })
    }

    /// The rows of every event since, in the order of their commits.
    pub fn since_last(&mut self) -> Result<Vec<EventRows>, Failure> {
        let (last_event, last_entry) = (self.last_event, self.last_entry);
        let read = read(&self.connection, last_event, last_entry);
        let (events, ends) = read.map_err(|error| store_error(&self.file, &error))?;
        (self.last_event, self.last_entry) = ends;
        Ok(events)
    }
}

fn read(
    connection: &Connection,
    mut last_event: i64,
    mut last_entry: i64,
) -> rusqlite::Result<(Vec<EventRows>, (i64, i64))> {
    let mut entries: HashMap<Value16, Vec<Vec<Value>>> = HashMap::new();
    let mut statement = connection.prepare(
        "SELECT sequence, event, number, recorded_at, kinds FROM outbox WHERE sequence > ?1 ORDER BY sequence",
    )?;
    let mut rows = statement.query([last_entry])?;
    while let Some(row) = rows.next()? {
        last_entry = row.get(0)?;
        entries.entry(row.get(1)?).or_default().push(vec![
            row.get(2)?,
            row.get(1)?,
            row.get(3)?,
            row.get(4)?,
        ]);
    }
    let mut events = Vec::new();
    let mut statement = connection.prepare(
        "SELECT rowid, id, recorded_at, kind, digest, body FROM event WHERE rowid > ?1 ORDER BY rowid",
    )?;
    let mut rows = statement.query([last_event])?;
    while let Some(row) = rows.next()? {
        last_event = row.get(0)?;
        let (id, recorded_at): (Value16, i64) = (row.get(1)?, row.get(2)?);
        let body: String = row.get(5)?;
        let event: Event = serde_json::from_str(&body).expect("the store reads what it wrote");
        let mut one: EventRows = Vec::new();
        for number in &event.persons {
            facts(connection, *number, recorded_at, &mut one)?;
        }
        let values = (1..6).map(|column| row.get(column)).collect::<rusqlite::Result<_>>()?;
        one.push((EVENT, values));
        for number in &event.persons {
            let number = Value::Integer(number_of(*number));
            one.push((EVENT_PERSON, vec![number, Value::Integer(recorded_at), Value::Blob(id.to_vec())]));
        }
        one.extend(entries.remove(&id).into_iter().flatten().map(|values| (OUTBOX, values)));
        events.push(one);
    }
    Ok((events, (last_event, last_entry)))
}

type Value16 = [u8; 16];

fn number_of(number: PersonalNumber) -> i64 {
    i64::try_from(number.value()).unwrap_or(i64::MAX)
}

/// What an event wrote and closed of a person, with the entries of the indexes.
fn facts(
    connection: &Connection,
    number: PersonalNumber,
    recorded_at: i64,
    into: &mut EventRows,
) -> rusqlite::Result<()> {
    let whose = Value::Integer(number_of(number));
    let mut statement = connection.prepare_cached(
        "SELECT kind, recorded_from, valid_from, valid_to, source, value FROM fact
         WHERE number = ?1 AND (recorded_from = ?2 OR recorded_to = ?2)",
    )?;
    let mut rows = statement.query((number_of(number), recorded_at))?;
    while let Some(row) = rows.next()? {
        let (kind, recorded_from, valid_from): (u8, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let key = [whose.clone(), Value::Integer(kind.into()), Value::Integer(recorded_from)];
        if recorded_from != recorded_at {
            let [number, kind, recorded_from] = key;
            let values =
                vec![number, kind, recorded_from, Value::Integer(recorded_at), Value::Integer(valid_from)];
            into.push((CLOSE, values));
            continue;
        }
        let rest = [Value::Integer(valid_from), row.get(3)?, row.get(4)?, row.get(5)?];
        into.push((FACT, key.into_iter().chain(rest).collect()));
        let json: String = row.get(5)?;
        let value = FactKind::from_code(kind).and_then(|kind| FactValue::decode(kind, json.as_bytes()).ok());
        let value = value.expect("the store reads what it wrote");
        if let FactValue::Residence(home) = &value
            && let Some(household) = &home.household
        {
            into.push((HOUSEHOLD, vec![Value::Text(household.as_str().to_owned()), whose.clone()]));
        }
        for (relative, _) in links(&value) {
            into.push((RELATIVE, vec![Value::Integer(number_of(relative)), whose.clone()]));
        }
        for commune in communes(&value) {
            into.push((COMMUNE, vec![Value::Integer(commune.value().into()), whose.clone()]));
        }
    }
    Ok(())
}

/// Writes the rows, so many events a transaction.
pub fn apply(connection: &mut Connection, events: &[EventRows], group: usize) -> rusqlite::Result<()> {
    for group in events.chunks(group.max(1)) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (statement, values) in group.iter().flatten() {
            let mut statement = transaction.prepare_cached(STATEMENTS[*statement])?;
            statement.execute(params_from_iter(values))?;
        }
        transaction.commit()?;
    }
    Ok(())
}
