//! Rows as both stores keep them, read back without any rule, for the calibrations to write once more.

use crate::{
    bench::cluster::{database_failed, task_failed},
    failure::Failure,
};
use dancu_core::PersonalNumber;
use dancu_register::{FactKind, FactValue, communes, links};
use dancu_search::{EntryBytes, Traits, searchable_kinds};
use dancu_store_sqlite::{ConnectionRole, open_connection, store_error};
use rusqlite::Connection;
use std::{collections::BTreeMap, path::Path};
use tokio_postgres::{Client, NoTls};

/// A row of the table of facts.
#[derive(Clone)]
pub struct FactRow {
    pub number: i64,
    pub kind: i32,
    pub recorded_from: i64,
    pub valid_from: i32,
    pub recorded_to: Option<i64>,
    pub valid_to: Option<i32>,
    pub source: i64,
    pub value: String,
}

/// The entries of indexes that follow from facts, each sorted, each once.
#[derive(Default)]
pub struct IndexRows {
    pub households: Vec<(String, i64)>,
    pub relatives: Vec<(i64, i64)>,
    pub communes: Vec<(i64, i64)>,
    pub entries: Vec<EntryBytes>,
    pub words: Vec<String>,
}

impl FactRow {
    /// The value as a type.
    pub fn decoded(&self) -> FactValue {
        let kind = u8::try_from(self.kind).ok().and_then(FactKind::from_code);
        let value = kind.and_then(|kind| FactValue::decode(kind, self.value.as_bytes()).ok());
        value.expect("the store wrote it")
    }
}

/// A number as a type.
pub fn person(number: i64) -> PersonalNumber {
    u64::try_from(number).ok().and_then(PersonalNumber::from_value).expect("the store wrote it")
}

impl IndexRows {
    /// What follows from these facts; the entries of the search from all that is given of a person.
    pub fn of<'f>(facts: impl IntoIterator<Item = &'f FactRow>) -> Self {
        let mut rows = Self::default();
        let mut people: BTreeMap<i64, Traits> = BTreeMap::new();
        for fact in facts {
            let value = fact.decoded();
            rows.add(fact.number, &value);
            if searchable_kinds().contains(value.kind()) {
                people.entry(fact.number).or_default().take(&value);
            }
        }
        for (number, traits) in people {
            rows.entries.extend(traits.entries(person(number), |word| rows.words.push(word.to_owned())));
        }
        in_order(&mut rows.households);
        in_order(&mut rows.relatives);
        in_order(&mut rows.communes);
        in_order(&mut rows.entries);
        in_order(&mut rows.words);
        rows
    }

    fn add(&mut self, number: i64, value: &FactValue) {
        if let FactValue::Residence(home) = value
            && let Some(household) = &home.household
        {
            self.households.push((household.as_str().to_owned(), number));
        }
        let named = links(value).into_iter().map(|(named, _)| (named.value().cast_signed(), number));
        self.relatives.extend(named);
        self.communes.extend(communes(value).map(|commune| (i64::from(commune.value()), number)));
    }
}

fn in_order<T: Ord>(list: &mut Vec<T>) {
    list.sort_unstable();
    list.dedup();
}

/// Facts of many persons, in the order of the table's key.
const FACTS: &str =
    "SELECT number, kind, recorded_from, valid_from, recorded_to, valid_to, source, value FROM fact";

/// The facts of persons out of files.
pub fn facts_of_file(source: &Connection, numbers: &[i64]) -> rusqlite::Result<Vec<FactRow>> {
    let mut statement = source.prepare_cached(&format!("{FACTS} WHERE number = ?1"))?;
    let mut all = Vec::with_capacity(numbers.len() * 5);
    for number in numbers {
        let mut rows = statement.query([number])?;
        while let Some(row) = rows.next()? {
            all.push(FactRow {
                number: row.get(0)?,
                kind: row.get(1)?,
                recorded_from: row.get(2)?,
                valid_from: row.get(3)?,
                recorded_to: row.get(4)?,
                valid_to: row.get(5)?,
                source: row.get(6)?,
                value: row.get(7)?,
            });
        }
    }
    Ok(all)
}

/// The facts of persons out of a database.
pub async fn facts_of_database(source: &Client, numbers: &[i64]) -> Result<Vec<FactRow>, Failure> {
    let sql = format!("{FACTS} WHERE number = ANY ($1) ORDER BY number, kind, recorded_from, valid_from");
    let rows = source.query(&sql, &[&numbers]).await.map_err(|error| database_failed(&error))?;
    let read = |row: &tokio_postgres::Row| {
        Ok(FactRow {
            number: row.try_get(0)?,
            kind: row.try_get(1)?,
            recorded_from: row.try_get(2)?,
            valid_from: row.try_get(3)?,
            recorded_to: row.try_get(4)?,
            valid_to: row.try_get(5)?,
            source: row.try_get(6)?,
            value: row.try_get(7)?,
        })
    };
    rows.iter().map(read).collect::<Result<_, _>>().map_err(|error| database_failed(&error))
}

/// A connection of the calibration's own, with nothing between.
pub async fn connect(url: &str) -> Result<Client, Failure> {
    let connected = tokio_postgres::connect(url, NoTls).await;
    let (client, connection) = connected.map_err(|error| database_failed(&error))?;
    tokio::spawn(connection);
    client.batch_execute("SET jit = off").await.map_err(|error| database_failed(&error))?;
    Ok(client)
}

/// A file opened as the store opens it.
pub fn open(file: &Path, role: ConnectionRole) -> Result<Connection, Failure> {
    Ok(open_connection(file, role)?)
}

/// What SQLite said of a file.
pub fn file_failed(file: &Path) -> impl Fn(rusqlite::Error) -> Failure + '_ {
    |error| store_error(file, &error).into()
}

/// Waits for a task.
pub async fn join<T>(task: tokio::task::JoinHandle<Result<T, Failure>>) -> Result<T, Failure> {
    task.await.map_err(task_failed)?
}
