//! The rows that recorded changes left behind, as both stores keep them.

use crate::{
    bench::{
        cluster::database_failed,
        raw_rows::{FactRow, IndexRows, connect, facts_of_database, facts_of_file, file_failed, open},
    },
    failure::Failure,
};
use dancu_changes::Event;
use dancu_store_sqlite::ConnectionRole;
use rusqlite::Connection;
use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
};
use tokio_postgres::{Client, Row};

/// An identifier of an event.
pub type EventId = [u8; 16];

/// A row of the outbox without its place.
#[derive(Clone)]
pub struct OutboxRow {
    pub number: i64,
    pub event: Vec<u8>,
    pub recorded_at: i64,
    pub kinds: i32,
}

/// A fact whose time of record an event ended.
#[derive(Clone)]
pub struct Closing {
    pub number: i64,
    pub kind: i32,
    pub recorded_from: i64,
    pub valid_from: i32,
    pub recorded_to: i64,
}

/// Everything that one event left.
pub struct EventRows {
    pub id: EventId,
    pub recorded_at: i64,
    pub kind: String,
    pub digest: Vec<u8>,
    pub body: String,
    pub persons: Vec<i64>,
    pub closings: Vec<Closing>,
    pub facts: Vec<FactRow>,
    pub index: IndexRows,
    pub outbox: Vec<OutboxRow>,
}

/// Reads what was recorded.
pub enum ChangeReader {
    File { file: PathBuf, connection: Box<Connection>, last_entry: i64 },
    Database { client: Client, last_entry: i64 },
}

const LAST_ENTRY: &str = "SELECT coalesce(max(sequence), 0) FROM outbox";
const ENTRIES: &str = "SELECT sequence, number, event, recorded_at, kinds FROM outbox WHERE sequence > ";
const EVENT: &str = "SELECT id, recorded_at, kind, digest, body FROM event WHERE id ";

impl ChangeReader {
    /// Over files.
    pub fn of_file(file: &Path) -> Result<Self, Failure> {
        let connection = Box::new(open(file, ConnectionRole::Reader)?);
        let last_entry = connection.query_row(LAST_ENTRY, [], |row| row.get(0)).map_err(file_failed(file))?;
        Ok(Self::File { file: file.to_owned(), connection, last_entry })
    }

    /// Over a database.
    pub async fn of_database(url: &str) -> Result<Self, Failure> {
        let client = connect(url).await?;
        let row = client.query_one(LAST_ENTRY, &[]).await.map_err(|error| database_failed(&error))?;
        Ok(Self::Database { last_entry: row.get(0), client })
    }

    /// The rows of events, in the order in which they were recorded.
    pub async fn rows_of(&mut self, events: &[EventId]) -> Result<Vec<EventRows>, Failure> {
        let mut rows = self.events(events).await?;
        rows.sort_by_key(|event| event.recorded_at);
        let persons: BTreeSet<i64> = rows.iter().flat_map(|event| event.persons.iter().copied()).collect();
        let mut facts: HashMap<i64, Vec<FactRow>> = HashMap::new();
        for fact in self.facts(&persons.into_iter().collect::<Vec<_>>()).await? {
            facts.entry(fact.number).or_default().push(fact);
        }
        let mut entries: HashMap<Vec<u8>, Vec<OutboxRow>> = HashMap::new();
        for entry in self.entries().await? {
            entries.entry(entry.event.clone()).or_default().push(entry);
        }
        for event in &mut rows {
            for number in event.persons.clone() {
                event.take_person(facts.get(&number).map_or(&[], Vec::as_slice));
            }
            event.outbox = entries.remove(&event.id[..]).unwrap_or_default();
        }
        Ok(rows)
    }

    async fn events(&self, ids: &[EventId]) -> Result<Vec<EventRows>, Failure> {
        match self {
            Self::File { file, connection, .. } => {
                let failed = file_failed(file);
                let mut statement = connection.prepare(&format!("{EVENT}= ?1")).map_err(&failed)?;
                let mut read = |id: &EventId| {
                    statement.query_row([&id[..]], |row| {
                        Ok(event(*id, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
                    })
                };
                ids.iter().map(&mut read).collect::<Result<_, _>>().map_err(&failed)
            }
            Self::Database { client, .. } => {
                let ids: Vec<&[u8]> = ids.iter().map(|id| &id[..]).collect();
                let rows = client.query(&format!("{EVENT}= ANY ($1)"), &[&ids]).await;
                let read = |row: &Row| {
                    let id: Vec<u8> = row.get(0);
                    let id = id.try_into().expect("the store wrote it");
                    event(id, row.get(1), row.get(2), row.get(3), row.get(4))
                };
                Ok(rows.map_err(|error| database_failed(&error))?.iter().map(read).collect())
            }
        }
    }

    async fn facts(&self, numbers: &[i64]) -> Result<Vec<FactRow>, Failure> {
        match self {
            Self::File { file, connection, .. } => {
                facts_of_file(connection, numbers).map_err(file_failed(file))
            }
            Self::Database { client, .. } => facts_of_database(client, numbers).await,
        }
    }

    /// Entries of the outbox since the last time.
    async fn entries(&mut self) -> Result<Vec<OutboxRow>, Failure> {
        let mut last = 0;
        let entries: Vec<OutboxRow> = match self {
            Self::File { file, connection, last_entry } => {
                let failed = file_failed(file);
                let sql = format!("{ENTRIES}?1 ORDER BY sequence");
                let mut statement = connection.prepare(&sql).map_err(&failed)?;
                let read = statement.query_map([*last_entry], |row| {
                    last = row.get(0)?;
                    let (number, event) = (row.get(1)?, row.get(2)?);
                    Ok(OutboxRow { number, event, recorded_at: row.get(3)?, kinds: row.get(4)? })
                });
                read.and_then(Iterator::collect).map_err(&failed)?
            }
            Self::Database { client, last_entry } => {
                let rows = client.query(&format!("{ENTRIES}$1 ORDER BY sequence"), &[last_entry]).await;
                let read = |row: &Row| {
                    last = row.get(0);
                    let (number, event) = (row.get(1), row.get(2));
                    OutboxRow { number, event, recorded_at: row.get(3), kinds: row.get(4) }
                };
                rows.map_err(|error| database_failed(&error))?.iter().map(read).collect()
            }
        };
        let (Self::File { last_entry, .. } | Self::Database { last_entry, .. }) = self;
        *last_entry = last.max(*last_entry);
        Ok(entries)
    }
}

fn event(id: EventId, recorded_at: i64, kind: String, digest: Vec<u8>, body: String) -> EventRows {
    let read: Event = serde_json::from_str(&body).expect("the store wrote it");
    let persons = read.persons.iter().map(|number| number.value().cast_signed()).collect();
    let (closings, facts, outbox) = (Vec::new(), Vec::new(), Vec::new());
    let index = IndexRows::default();
    EventRows { id, recorded_at, kind, digest, body, persons, closings, facts, index, outbox }
}

impl EventRows {
    /// Takes what this event wrote and closed of a person, with the entries of the indexes that follow.
    fn take_person(&mut self, facts: &[FactRow]) {
        let at = self.recorded_at;
        for fact in facts.iter().filter(|fact| fact.recorded_to == Some(at)) {
            self.closings.push(Closing {
                number: fact.number,
                kind: fact.kind,
                recorded_from: fact.recorded_from,
                valid_from: fact.valid_from,
                recorded_to: at,
            });
        }
        // As the event wrote it: what ended it later belongs to another event.
        let new = facts.iter().filter(|fact| fact.recorded_from == at);
        let new: Vec<FactRow> = new.map(|fact| FactRow { recorded_to: None, ..fact.clone() }).collect();
        let mut index = IndexRows::of(&new);
        if !index.entries.is_empty() || new.iter().any(|fact| !index.communes.is_empty() && fact.kind == 3) {
            // A new home is joined with the name that was known before.
            let known = IndexRows::of(facts.iter().filter(|fact| fact.recorded_from <= at));
            (index.entries, index.words) = (known.entries, known.words);
        }
        self.index.households.append(&mut index.households);
        self.index.relatives.append(&mut index.relatives);
        self.index.communes.append(&mut index.communes);
        self.index.entries.append(&mut index.entries);
        self.index.words.append(&mut index.words);
        self.facts.extend(new);
    }
}
