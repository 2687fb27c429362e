//! The barest way to write the rows of a load: prepared inserts into a file, COPY into a database.

use crate::{
    bench::{
        cluster::database_failed,
        raw_rows::{FactRow, IndexRows, file_failed, open},
    },
    failure::Failure,
};
use dancu_store_sqlite::ConnectionRole;
use rusqlite::{Connection, params};
use std::{
    path::{Path, PathBuf},
    pin::pin,
    time::{Duration, Instant},
};
use tokio_postgres::{
    Client, Transaction,
    binary_copy::BinaryCopyInWriter,
    types::{ToSql, Type},
};

/// Pages of the write-ahead log after which it is emptied into the file, as the store bounds it.
const LOG_PAGES_MAX: i64 = 65_536;
/// Blocks of the search that are held in memory at once.
const BLOCKS: i64 = 10_000;

/// Where the calibration writes.
pub enum RawWriter {
    File(FileWriter),
    Tables(TableWriter),
}

impl RawWriter {
    /// Writes the rows of one batch in one transaction; how long that took.
    pub async fn write(&mut self, facts: &[FactRow]) -> Result<Duration, Failure> {
        let index = IndexRows::of(facts);
        match self {
            Self::File(writer) => {
                let begun = Instant::now();
                writer.write(facts, &index).map_err(file_failed(&writer.file))?;
                Ok(begun.elapsed())
            }
            Self::Tables(writer) => {
                let begun = Instant::now();
                writer.write(facts, &index).await.map_err(|error| database_failed(&error))?;
                Ok(begun.elapsed())
            }
        }
    }

    /// Writes the blocks of the search as they stand in the end. A database has its entries with each batch.
    pub fn write_search(&mut self, source: &Connection) -> Result<Duration, Failure> {
        match self {
            Self::File(writer) => writer.write_search(source).map_err(file_failed(&writer.file)),
            Self::Tables(_) => Ok(Duration::ZERO),
        }
    }

    /// Ends it; a file empties its log.
    pub fn close(self) -> Result<Duration, Failure> {
        let begun = Instant::now();
        if let Self::File(writer) = self {
            writer.connection.close().map_err(|(_, error)| file_failed(&writer.file)(error))?;
        }
        Ok(begun.elapsed())
    }
}

/// Into a file.
pub struct FileWriter {
    file: PathBuf,
    connection: Connection,
}

impl FileWriter {
    /// The tables are there.
    pub fn open(file: &Path) -> Result<Self, Failure> {
        Ok(Self { file: file.to_owned(), connection: open(file, ConnectionRole::Writer)? })
    }

    fn write(&mut self, facts: &[FactRow], index: &IndexRows) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO fact (number, kind, recorded_from, valid_from, recorded_to, valid_to, source, value)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?;
            for row in facts {
                insert.execute(params![
                    row.number,
                    row.kind,
                    row.recorded_from,
                    row.valid_from,
                    row.recorded_to,
                    row.valid_to,
                    row.source,
                    row.value
                ])?;
            }
            let mut insert = transaction.prepare_cached("INSERT INTO household_person VALUES (?1, ?2)")?;
            for (household, number) in &index.households {
                insert.execute((household, number))?;
            }
            let mut insert = transaction.prepare_cached("INSERT INTO relative VALUES (?1, ?2)")?;
            for pair in &index.relatives {
                insert.execute(*pair)?;
            }
            let mut insert = transaction.prepare_cached("INSERT INTO commune_person VALUES (?1, ?2)")?;
            for pair in &index.communes {
                insert.execute(*pair)?;
            }
            let mut insert =
                transaction.prepare_cached("INSERT OR IGNORE INTO search_word (word) VALUES (?1)")?;
            for word in &index.words {
                insert.execute([word])?;
            }
        }
        transaction.commit()?;
        self.bound_the_log()
    }

    fn bound_the_log(&self) -> rusqlite::Result<()> {
        let path = self.file.with_extension("db-wal");
        let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        if i64::try_from(bytes / 4096).unwrap_or(0) < LOG_PAGES_MAX {
            return Ok(());
        }
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    }

    fn write_search(&mut self, source: &Connection) -> rusqlite::Result<Duration> {
        let mut spent = Duration::ZERO;
        let mut after = 0;
        let mut read = source.prepare(
            "SELECT id, entries, run, first FROM search_block JOIN search_place ON block = id
             WHERE id > ?1 ORDER BY id LIMIT ?2",
        )?;
        loop {
            let blocks: Vec<Block> = read
                .query_map((after, BLOCKS), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
                .collect::<rusqlite::Result<_>>()?;
            let Some(last) = blocks.last() else { return Ok(spent) };
            after = last.0;
            let begun = Instant::now();
            let transaction = self.connection.transaction()?;
            {
                let mut block = transaction.prepare_cached("INSERT INTO search_block VALUES (?1, ?2)")?;
                let mut place = transaction.prepare_cached("INSERT INTO search_place VALUES (?1, ?2, ?3)")?;
                for (id, entries, run, first) in &blocks {
                    block.execute((id, entries))?;
                    place.execute((run, first, id))?;
                }
            }
            transaction.commit()?;
            self.bound_the_log()?;
            spent += begun.elapsed();
        }
    }
}

/// Into the tables of a database.
pub struct TableWriter {
    client: Client,
}

/// A block of the search: its number, entries, run and first entry.
type Block = (i64, Vec<u8>, i64, Vec<u8>);
type Cells<'r> = Vec<&'r (dyn ToSql + Sync)>;
type PostgresResult<T> = Result<T, tokio_postgres::Error>;

impl TableWriter {
    /// The tables are there.
    pub const fn new(client: Client) -> Self {
        Self { client }
    }

    async fn write(&mut self, facts: &[FactRow], index: &IndexRows) -> PostgresResult<()> {
        let transaction = self.client.transaction().await?;
        let types =
            [Type::INT8, Type::INT4, Type::INT8, Type::INT4, Type::INT8, Type::INT4, Type::INT8, Type::TEXT];
        let cells = facts.iter().map(|row| -> Cells<'_> {
            vec![
                &row.number,
                &row.kind,
                &row.recorded_from,
                &row.valid_from,
                &row.recorded_to,
                &row.valid_to,
                &row.source,
                &row.value,
            ]
        });
        copy(&transaction, "fact", &types, cells).await?;
        let mut numbers: Vec<(i64, i64)> = facts.iter().map(|row| (row.number, row.recorded_from)).collect();
        numbers.dedup_by_key(|(number, _)| *number);
        let cells = numbers.iter().map(|(number, version)| -> Cells<'_> { vec![number, version, &true] });
        copy(&transaction, "person", &[Type::INT8, Type::INT8, Type::BOOL], cells).await?;
        let cells =
            index.households.iter().map(|(household, number)| -> Cells<'_> { vec![household, number] });
        copy(&transaction, "household_person", &[Type::TEXT, Type::INT8], cells).await?;
        let cells = index.relatives.iter().map(|(relative, number)| -> Cells<'_> { vec![relative, number] });
        copy(&transaction, "relative", &[Type::INT8, Type::INT8], cells).await?;
        let communes: Vec<(i32, i64)> = index
            .communes
            .iter()
            .map(|(commune, number)| (i32::try_from(*commune).unwrap_or(0), *number))
            .collect();
        let cells = communes.iter().map(|(commune, number)| -> Cells<'_> { vec![commune, number] });
        copy(&transaction, "commune_person", &[Type::INT4, Type::INT8], cells).await?;
        let entries: Vec<&[u8]> = index.entries.iter().map(|entry| &entry[..]).collect();
        let cells = entries.iter().map(|entry| -> Cells<'_> { vec![entry] });
        copy(&transaction, "search_entry", &[Type::BYTEA], cells).await?;
        transaction.commit().await
    }
}

async fn copy<'r>(
    transaction: &Transaction<'_>,
    table: &str,
    types: &[Type],
    rows: impl Iterator<Item = Cells<'r>>,
) -> PostgresResult<()> {
    let sink = transaction.copy_in(&format!("COPY {table} FROM STDIN (FORMAT binary)")).await?;
    let mut writer = pin!(BinaryCopyInWriter::new(sink, types));
    for row in rows {
        writer.as_mut().write(&row).await?;
    }
    writer.finish().await.map(drop)
}
