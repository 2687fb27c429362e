//! How history is laid out in a file: the same facts of the same persons in several ways, written, read and changed.

use crate::{
    bench::{
        people,
        place::Place,
        raw_rows::{FactRow, facts_of_file, file_failed, open},
    },
    cli::BenchArgs,
    failure::Failure,
};
use dancu_store_sqlite::ConnectionRole;
use rusqlite::{Connection, OptionalExtension, Result as SqlResult, params};
use serde::Serialize;
use std::{
    fmt::Write,
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};
use zstd::bulk::{Compressor, Decompressor};

/// Persons of one transaction of the writing.
const BATCH: usize = 20_000;
/// Of so many persons one is read and changed.
const SAMPLE_EACH: usize = 10;
/// Changes of one transaction, as a busy register has them.
const CHANGES: usize = 50;
/// Facts that each of the sampled persons gets, one after the other: some years of a life.
const YEARS: i64 = 10;
/// Bytes of common text that a packed person is compressed against.
const DICTIONARY_BYTES: usize = 64 * 1024;
const LEVEL: i32 = 3;

/// A way to keep facts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// A row a fact, clustered by its key.
    Clustered,
    /// A row a fact in the order of writing, with an index of the key.
    Heap,
    /// A row a person, the facts in one text.
    Packed,
    /// The same, compressed against common text.
    Compressed,
}

const LAYOUTS: [(Layout, &str); 4] = [
    (Layout::Clustered, "a row a fact, by key"),
    (Layout::Heap, "a row a fact, index"),
    (Layout::Packed, "a row a person"),
    (Layout::Compressed, "a row a person, zstd"),
];

/// What one layout cost.
#[derive(Debug, Serialize)]
struct LayoutReport {
    name: &'static str,
    layout: &'static str,
    persons: usize,
    facts: usize,
    write_microseconds_per_person: f64,
    bytes_per_person: f64,
    read_microseconds: f64,
    change_microseconds: f64,
    bytes_per_change: f64,
}

/// One layout in its file.
struct Store {
    layout: Layout,
    connection: Connection,
    compressor: Compressor<'static>,
    decompressor: Decompressor<'static>,
}

/// Runs the measurement and prints it.
pub async fn run(args: &BenchArgs, folder: &Path) -> Result<(), Failure> {
    let place = Place::open(args, folder)?;
    let (platform, samples) = people::platform(args, &place).await?;
    platform.close();
    drop(samples);
    let numbers = people::numbers(&people::csv(args, folder)?)?;
    let file = place.country_file();
    let source = open(&file, ConnectionRole::Reader)?;
    let dictionary = dictionary(&source, &numbers).map_err(file_failed(&file))?;
    let mut reports = Vec::new();
    for (layout, name) in LAYOUTS {
        let target = folder.join("layout.db");
        let mut store = Store::open(layout, &target, &dictionary)?;
        reports.push(measure(&mut store, name, &source, &numbers).map_err(file_failed(&target))?);
        drop(store);
        remove(&target);
    }
    print(&reports, args.json);
    Ok(())
}

fn remove(file: &Path) {
    for ending in ["db", "db-wal", "db-shm"] {
        // There is none before the first layout.
        let _ = std::fs::remove_file(file.with_extension(ending));
    }
}

#[expect(clippy::cast_precision_loss, reason = "rates")]
fn measure(
    store: &mut Store,
    layout: &'static str,
    source: &Connection,
    numbers: &[i64],
) -> SqlResult<LayoutReport> {
    let (mut writing, mut facts) = (Duration::ZERO, 0);
    for batch in numbers.chunks(BATCH) {
        let mut batch = batch.to_vec();
        batch.sort_unstable();
        let rows = facts_of_file(source, &batch)?;
        facts += rows.len();
        let begun = Instant::now();
        store.write(&rows)?;
        store.empty_log()?;
        writing += begun.elapsed();
    }
    let bytes = store.bytes()?;
    let mut sampled: Vec<i64> = numbers.iter().copied().step_by(SAMPLE_EACH).collect();
    // Ordering by a multiplicative hash is a fixed shuffle.
    sampled.sort_by_key(|number| number.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let begun = Instant::now();
    for number in &sampled {
        black_box(store.read(*number)?);
    }
    let reading = begun.elapsed();
    let (mut changing, mut changes) = (Duration::ZERO, 0);
    for year in 1..=YEARS {
        for group in sampled.chunks(CHANGES) {
            let begun = Instant::now();
            store.change(group, year)?;
            changing += begun.elapsed();
            changes += group.len();
        }
        store.empty_log()?;
    }
    let grown = store.bytes()? - bytes;
    let (persons, microseconds) = (numbers.len(), |time: Duration| time.as_secs_f64() * 1_000_000.0);
    Ok(LayoutReport {
        name: "layout",
        layout,
        persons,
        facts,
        write_microseconds_per_person: microseconds(writing) / persons as f64,
        bytes_per_person: bytes as f64 / persons as f64,
        read_microseconds: microseconds(reading) / sampled.len().max(1) as f64,
        change_microseconds: microseconds(changing) / changes.max(1) as f64,
        bytes_per_change: grown as f64 / changes.max(1) as f64,
    })
}

/// Persons as they are packed, for text that many have in common.
fn dictionary(source: &Connection, numbers: &[i64]) -> SqlResult<Vec<u8>> {
    let step = (numbers.len() / 500).max(1);
    let some: Vec<i64> = numbers.iter().copied().step_by(step).collect();
    let mut text = String::new();
    for person in facts_of_file(source, &some)?.chunk_by(|one, other| one.number == other.number) {
        for fact in person {
            pack(fact, &mut text);
        }
    }
    let mut bytes = text.into_bytes();
    bytes.truncate(DICTIONARY_BYTES);
    Ok(bytes)
}

/// One fact as an element of a person's text.
fn pack(fact: &FactRow, into: &mut String) {
    let end = |end: Option<i64>| end.map_or_else(String::new, |end| end.to_string());
    let (recorded_to, valid_to) = (end(fact.recorded_to), end(fact.valid_to.map(i64::from)));
    let FactRow { kind, recorded_from, valid_from, source, value, .. } = fact;
    writeln!(into, "{kind},{recorded_from},{valid_from},{recorded_to},{valid_to},{source},{value}")
        .expect("a text takes what is written");
}

impl Store {
    fn open(layout: Layout, file: &Path, dictionary: &[u8]) -> Result<Self, Failure> {
        remove(file);
        let connection = open(file, ConnectionRole::Writer)?;
        let columns = "number INTEGER NOT NULL, kind INTEGER NOT NULL, recorded_from INTEGER NOT NULL,
             valid_from INTEGER NOT NULL, recorded_to INTEGER, valid_to INTEGER, source INTEGER NOT NULL,
             value TEXT NOT NULL, PRIMARY KEY (number, kind, recorded_from, valid_from)";
        let sql = match layout {
            Layout::Clustered => format!("CREATE TABLE fact ({columns}) STRICT, WITHOUT ROWID"),
            Layout::Heap => format!("CREATE TABLE fact ({columns}) STRICT"),
            Layout::Packed | Layout::Compressed => {
                "CREATE TABLE fact (number INTEGER PRIMARY KEY, facts BLOB NOT NULL) STRICT".to_owned()
            }
        };
        connection.execute_batch(&sql).map_err(file_failed(file))?;
        let broken = |error: std::io::Error| Failure::file(file, &error);
        Ok(Self {
            layout,
            connection,
            compressor: Compressor::with_dictionary(LEVEL, dictionary).map_err(broken)?,
            decompressor: Decompressor::with_dictionary(dictionary).map_err(broken)?,
        })
    }

    const fn is_packed(&self) -> bool {
        matches!(self.layout, Layout::Packed | Layout::Compressed)
    }

    fn write(&mut self, facts: &[FactRow]) -> SqlResult<()> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        if self.is_packed() {
            let mut text = String::new();
            for person in facts.chunk_by(|one, other| one.number == other.number) {
                text.clear();
                for fact in person {
                    pack(fact, &mut text);
                }
                self.put(person[0].number, text.as_bytes())?;
            }
        } else {
            facts.iter().try_for_each(|fact| self.insert(fact))?;
        }
        self.connection.execute_batch("COMMIT")
    }

    fn insert(&self, fact: &FactRow) -> SqlResult<()> {
        let FactRow { number, kind, recorded_from, valid_from, recorded_to, valid_to, source, value } = fact;
        let sql =
            "INSERT INTO fact (number, kind, recorded_from, valid_from, recorded_to, valid_to, source, value)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let columns = params![number, kind, recorded_from, valid_from, recorded_to, valid_to, source, value];
        self.connection.prepare_cached(sql)?.execute(columns).map(drop)
    }

    fn put(&mut self, number: i64, text: &[u8]) -> SqlResult<()> {
        let sql = "INSERT INTO fact (number, facts) VALUES (?1, ?2)
                   ON CONFLICT (number) DO UPDATE SET facts = excluded.facts";
        let compressed = match self.layout {
            Layout::Compressed => {
                Some(self.compressor.compress(text).expect("memory takes what is compressed"))
            }
            _ => None,
        };
        let bytes = compressed.as_deref().unwrap_or(text);
        self.connection.prepare_cached(sql)?.execute((number, bytes)).map(drop)
    }

    /// The text of a packed person.
    fn get(&mut self, number: i64) -> SqlResult<Vec<u8>> {
        let mut statement = self.connection.prepare_cached("SELECT facts FROM fact WHERE number = ?1")?;
        let bytes: Option<Vec<u8>> = statement.query_row([number], |row| row.get(0)).optional()?;
        let bytes = bytes.unwrap_or_default();
        if self.layout == Layout::Packed {
            return Ok(bytes);
        }
        let most = Decompressor::upper_bound(&bytes).unwrap_or(0);
        Ok(self.decompressor.decompress(&bytes, most).expect("it was compressed here"))
    }

    /// Every column of every fact of a person; how many there are.
    fn read(&mut self, number: i64) -> SqlResult<usize> {
        if self.is_packed() {
            let text = self.get(number)?;
            let facts = text.split(|byte| *byte == b'\n').filter(|fact| !fact.is_empty());
            let mut count = 0;
            for fact in facts {
                for cell in fact.splitn(7, |byte| *byte == b',') {
                    black_box(cell);
                }
                count += 1;
            }
            return Ok(count);
        }
        let mut statement = self.connection.prepare_cached("SELECT * FROM fact WHERE number = ?1")?;
        let mut rows = statement.query([number])?;
        let mut facts = 0;
        while let Some(row) = rows.next()? {
            for column in 0..8 {
                black_box(row.get_ref(column)?);
            }
            facts += 1;
        }
        Ok(facts)
    }

    /// Each person's residence of before ends and a new one begins.
    fn change(&mut self, numbers: &[i64], year: i64) -> SqlResult<()> {
        const RECORDED: i64 = 1_800_000_000_000_000;
        let fact = |number| FactRow {
            number,
            kind: 3,
            recorded_from: RECORDED + year,
            valid_from: i32::try_from(20_270_101 + year * 10_000).unwrap_or(0),
            recorded_to: None,
            valid_to: None,
            source: 2,
            value: format!("[{},\"Số {}\",\"H{number}\",1,null]", 4 + year, number % 500),
        };
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        for number in numbers {
            let new = fact(*number);
            if self.is_packed() {
                let mut text = String::from_utf8(self.get(*number)?).expect("it was a text");
                let opened = format!("3,{},", RECORDED + year - 1);
                if let Some(place) = text.rfind(&opened) {
                    // The open end stands between the second and the third comma behind it.
                    let end = place + opened.len() + 9;
                    text.insert_str(end, &new.recorded_from.to_string());
                }
                pack(&new, &mut text);
                self.put(*number, text.as_bytes())?;
            } else {
                let sql = "UPDATE fact SET recorded_to = ?2
                           WHERE number = ?1 AND kind = 3 AND recorded_to IS NULL";
                self.connection.prepare_cached(sql)?.execute((number, new.recorded_from))?;
                self.insert(&new)?;
            }
        }
        self.connection.execute_batch("COMMIT")
    }

    fn empty_log(&self) -> SqlResult<()> {
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    }

    fn bytes(&self) -> SqlResult<i64> {
        let sql = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
        self.connection.query_row(sql, [], |row| row.get(0))
    }
}

#[expect(clippy::print_stdout, reason = "printing is what the command is for")]
fn print(reports: &[LayoutReport], json: bool) {
    if json {
        for report in reports {
            println!("{}", serde_json::to_string(report).unwrap_or_default());
        }
        return;
    }
    println!(
        "{:<24} {:>14} {:>14} {:>10} {:>12} {:>14}",
        "layout", "write µs/pers.", "bytes/person", "read µs", "change µs", "bytes/change"
    );
    for report in reports {
        println!(
            "{:<24} {:>14.1} {:>14.1} {:>10.1} {:>12.1} {:>14.1}",
            report.layout,
            report.write_microseconds_per_person,
            report.bytes_per_person,
            report.read_microseconds,
            report.change_microseconds,
            report.bytes_per_change
        );
    }
}
