//! The files as tables of rows, for copies.

use crate::{
    ConnectionRole, DatabaseOptions, SqliteStore,
    errors::{migration_error, store_error},
    migrate::{handover_migrations, ledger_migrations},
    open_connection,
};
use async_trait::async_trait;
use dancu_copy::{Cell, Kind, Place, Row, RowStore, Table};
use dancu_core::StoreError;
use refinery::Runner;
use rusqlite::{Connection, OptionalExtension, Result, params_from_iter, types::Value};
use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// The tables of `register.db`, `ledger.db` and `handover.db`. The index by person and the log's public files are
/// derived.
#[derive(Debug)]
pub struct SqliteRows {
    folder: PathBuf,
    store: SqliteStore,
    ledger: OneFile,
    handover: OneFile,
}

/// A file that one connection reads and writes.
#[derive(Debug)]
struct OneFile {
    path: PathBuf,
    connection: Mutex<Connection>,
}

impl OneFile {
    fn open(path: PathBuf, steps: &Runner) -> std::result::Result<Self, StoreError> {
        let mut connection = open_connection(&path, ConnectionRole::Writer)?;
        steps.run(&mut connection).map_err(|error| migration_error(&path, &error))?;
        Ok(Self { path, connection: Mutex::new(connection) })
    }

    fn with<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> std::result::Result<T, StoreError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        work(&connection).map_err(|error| store_error(&self.path, &error))
    }
}

impl SqliteRows {
    /// Opens the files of a data folder, which the caller has locked, and creates what is missing.
    pub fn open(folder: &Path) -> std::result::Result<Self, StoreError> {
        let store = SqliteStore::open(folder, DatabaseOptions::default())?;
        let ledger = OneFile::open(folder.join("ledger.db"), &ledger_migrations())?;
        let handover = OneFile::open(folder.join("handover.db"), &handover_migrations())?;
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        Ok(Self { folder, store, ledger, handover })
    }

    /// Writes everything down and closes the register's file.
    pub fn close(&self) {
        self.store.database().close();
    }

    fn read<T>(
        &self,
        place: Place,
        work: impl FnOnce(&Connection) -> Result<T>,
    ) -> std::result::Result<T, StoreError> {
        match place {
            Place::Register => self.store.database().read(work),
            Place::Ledger => self.ledger.with(work),
            Place::Handover => self.handover.with(work),
        }
    }
}

#[async_trait]
impl RowStore for SqliteRows {
    fn name(&self) -> String {
        self.folder.display().to_string()
    }

    async fn rows(
        &self,
        table: &'static Table,
        after: Option<&[Cell]>,
        length_max: usize,
    ) -> std::result::Result<Vec<Row>, StoreError> {
        self.read(table.place, |connection| rows(connection, table, after, length_max))
    }

    async fn last_key(&self, table: &'static Table) -> std::result::Result<Option<Vec<Cell>>, StoreError> {
        let order: Vec<String> = table.key_names().map(|name| format!("{name} DESC")).collect();
        let key = table.key_names().collect::<Vec<_>>().join(", ");
        let sql = format!("SELECT {key} FROM {} ORDER BY {} LIMIT 1", table.name, order.join(", "));
        self.read(table.place, |connection| {
            connection.query_row(&sql, [], |row| read_row(row, table.key)).optional()
        })
    }

    async fn add_rows(&self, table: &'static Table, rows: Vec<Row>) -> std::result::Result<(), StoreError> {
        match table.place {
            Place::Register => {
                self.store.database().write(move |connection| add_rows(connection, table, &rows)).await
            }
            place @ (Place::Ledger | Place::Handover) => self.read(place, |connection| {
                let transaction = connection.unchecked_transaction()?;
                add_rows(&transaction, table, &rows)?;
                transaction.commit()
            }),
        }
    }

    async fn copied_from(&self) -> std::result::Result<Option<String>, StoreError> {
        self.store.copied_from()
    }

    async fn set_copied_from(&self, source: Option<String>) -> std::result::Result<(), StoreError> {
        self.store
            .database()
            .write(move |connection| {
                connection.execute_batch(
                    "CREATE TABLE IF NOT EXISTS store_copy (source TEXT NOT NULL) STRICT; DELETE FROM store_copy",
                )?;
                match source {
                    Some(source) => {
                        connection.execute("INSERT INTO store_copy VALUES (?1)", [source]).map(drop)
                    }
                    None => connection.execute_batch("DROP TABLE store_copy"),
                }
            })
            .await
    }

    async fn derive(&self) -> std::result::Result<(), StoreError> {
        self.store
            .database()
            .write(|connection| {
                connection.execute_batch(
                    "UPDATE person_count SET persons = (SELECT count(*) FROM
                         (SELECT number FROM fact UNION SELECT number FROM sealed_fact));
                     UPDATE search_progress SET after = 0, done = 0, is_complete = NOT EXISTS (SELECT 1 FROM fact)",
                )
            })
            .await
    }
}

impl SqliteStore {
    /// From where a copy into this store is under way, which nobody may use until it is complete.
    pub fn copied_from(&self) -> std::result::Result<Option<String>, StoreError> {
        self.database().read(|connection| {
            let is_there: bool = connection.query_row(
                "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'store_copy')",
                [],
                |row| row.get(0),
            )?;
            if !is_there {
                return Ok(None);
            }
            connection.query_row("SELECT source FROM store_copy", [], |row| row.get(0)).optional()
        })
    }
}

fn rows(
    connection: &Connection,
    table: &Table,
    after: Option<&[Cell]>,
    length_max: usize,
) -> Result<Vec<Row>> {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    let key = table.key_names().collect::<Vec<_>>().join(", ");
    let places: Vec<String> = (1..=table.key).map(|place| format!("?{place}")).collect();
    let behind = after.map_or(String::new(), |_| format!("WHERE ({key}) > ({})", places.join(", ")));
    let sql =
        format!("SELECT {} FROM {} {behind} ORDER BY {key} LIMIT {length_max}", names.join(", "), table.name);
    let mut statement = connection.prepare_cached(&sql)?;
    let after = after.unwrap_or_default().iter().map(value);
    let found = statement.query_map(params_from_iter(after), |row| read_row(row, table.columns.len()))?;
    found.collect()
}

fn read_row(row: &rusqlite::Row<'_>, columns: usize) -> Result<Row> {
    let read = |at| {
        Ok(match row.get::<_, Value>(at)? {
            Value::Null => Cell::Null,
            Value::Integer(value) => Cell::Integer(value),
            Value::Text(text) => Cell::Text(text),
            Value::Blob(bytes) => Cell::Blob(bytes),
            Value::Real(_) => return Err(crate::facts::unreadable(at)),
        })
    };
    (0..columns).map(read).collect()
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Integer(value) => Value::Integer(*value),
        Cell::Text(text) => Value::Text(text.clone()),
        Cell::Blob(bytes) => Value::Blob(bytes.clone()),
    }
}

fn add_rows(connection: &Connection, table: &Table, rows: &[Row]) -> Result<()> {
    // One writer orders the outbox by one number, so the other halves are nought.
    let halves: Vec<&str> = table
        .columns
        .iter()
        .filter_map(|(_, kind)| match kind {
            Kind::Position(major) => Some(*major),
            _ => None,
        })
        .collect();
    let names: Vec<&str> =
        table.columns.iter().map(|(name, _)| *name).chain(halves.iter().copied()).collect();
    let places = (1..=table.columns.len()).map(|place| format!("?{place}"));
    let places: Vec<String> = places.chain(halves.iter().map(|_| "0".to_owned())).collect();
    let sql = format!("INSERT INTO {} ({}) VALUES ({})", table.name, names.join(", "), places.join(", "));
    let mut statement = connection.prepare_cached(&sql)?;
    for row in rows {
        statement.execute(params_from_iter(row.iter().map(value)))?;
    }
    Ok(())
}
