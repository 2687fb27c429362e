//! Loading persons from a CSV, against raw writes of the same rows in the same order into the same tables.

use crate::{
    bench::{
        cost::{self, Cost},
        load_raw::{FileWriter, RawWriter, TableWriter},
        memory::Peak,
        people,
        place::Place,
        raw_rows::{FactRow, connect, facts_of_database, facts_of_file, file_failed, open},
        report::Report,
    },
    cli::BenchArgs,
    failure::Failure,
    load,
    platform::Platform,
    stores::Stores,
    system::{SystemClock, SystemEntropy},
};
use dancu_core::PersonalNumber;
use dancu_store_sqlite::ConnectionRole;
use rusqlite::Connection;
use serde::Deserialize;
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio_postgres::Client;

/// Persons of one transaction, as in the load.
const BATCH: usize = dancu_register::load::BATCH_ROWS;

#[derive(Deserialize)]
struct Number {
    number: String,
}

/// Where the rows of the load are read back.
enum Source {
    File(Box<Connection>),
    Database(Client),
}

/// What a load took.
pub struct Loaded {
    /// Seconds from the command to its end, closing included.
    pub seconds: f64,
    /// Peak of this process's own memory, MiB.
    pub memory_mib: f64,
}

/// Runs the measurement. The country is written before the clock starts.
pub async fn run(args: &BenchArgs, folder: &Path) -> Result<(Vec<Report>, Cost), Failure> {
    let place = Place::open(args, folder)?;
    let people = people::csv(args, folder)?;
    let loaded = ours(&place, &people).await?;
    let cost = cost::of(args, &place, Some(&loaded)).await?;
    let raw_seconds = raw(args, &place, &people).await?;
    place.remove_raw()?;
    Ok((vec![report(args, &place, &loaded, raw_seconds)], cost))
}

/// What a folder's country costs, loaded first unless it is there.
pub async fn cost(args: &BenchArgs, folder: &Path) -> Result<Cost, Failure> {
    let place = Place::open(args, folder)?;
    let people = people::csv(args, folder)?;
    let (stores, lock) = Stores::open(&place.config()).await?;
    let persons = stores.register.count_persons().await?;
    stores.close();
    drop((stores, lock));
    let loaded = if persons == 0 { Some(ours(&place, &people).await?) } else { None };
    cost::of(args, &place, loaded.as_ref()).await
}

/// The whole command on an empty store.
pub async fn ours(place: &Place, people: &Path) -> Result<Loaded, Failure> {
    let platform = Platform::open(&place.config(), Arc::new(SystemClock), Arc::new(SystemEntropy)).await?;
    if platform.store.count_persons().await? > 0 {
        platform.close();
        return Err(Failure::new(
            "DANCU-CLI-074",
            "Thư mục của phép đo đã có dữ liệu. Hãy chọn một thư mục trống bằng --folder.",
            "The folder of the measurement holds persons already. Name an empty one with --folder.",
        ));
    }
    let peak = Peak::start();
    let begun = Instant::now();
    load::run(&platform, people, true).await?;
    // A file is whole once its write-ahead log is in it.
    platform.close();
    Ok(Loaded { seconds: begun.elapsed().as_secs_f64(), memory_mib: peak.end() })
}

/// Time to write the same rows, and nothing else.
async fn raw(args: &BenchArgs, place: &Place, people: &Path) -> Result<f64, Failure> {
    // Makes the tables.
    let (stores, lock) = Stores::open(&place.raw_config()?).await?;
    stores.close();
    drop((stores, lock));
    let (source, mut target) = if let (Some(country), Some(raw)) = (place.country_url(), place.raw_url()) {
        let writer = TableWriter::new(connect(&raw).await?);
        (Source::Database(connect(&country).await?), RawWriter::Tables(writer))
    } else {
        let source = open(&place.country_file(), ConnectionRole::Reader)?;
        let writer = FileWriter::open(&place.raw_file())?;
        (Source::File(Box::new(source)), RawWriter::File(writer))
    };
    let unreadable = |error: csv::Error| Failure::file(people, &std::io::Error::other(error.to_string()));
    let mut reader = csv::Reader::from_path(people).map_err(unreadable)?;
    let mut rows = reader.deserialize::<Number>();
    let mut spent = Duration::ZERO;
    let mut seen = 0;
    loop {
        let mut batch: Vec<i64> = Vec::with_capacity(BATCH);
        for row in rows.by_ref().take(BATCH) {
            let number = row.map_err(unreadable)?.number.parse::<PersonalNumber>();
            batch.extend(number.map(|number| number.value().cast_signed()));
        }
        if batch.is_empty() {
            break;
        }
        seen += batch.len() as u64;
        batch.sort_unstable();
        let facts = source.facts(place, &batch).await?;
        spent += target.write(&facts).await?;
    }
    assert_eq!(seen, args.persons, "every person of the file is in it once");
    if let Source::File(source) = &source {
        spent += target.write_search(source)?;
    }
    spent += target.close()?;
    Ok(spent.as_secs_f64())
}

impl Source {
    async fn facts(&self, place: &Place, numbers: &[i64]) -> Result<Vec<FactRow>, Failure> {
        match self {
            Self::File(source) => facts_of_file(source, numbers).map_err(file_failed(&place.country_file())),
            Self::Database(source) => facts_of_database(source, numbers).await,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "rates")]
fn report(args: &BenchArgs, place: &Place, loaded: &Loaded, raw_seconds: f64) -> Report {
    let (ours_per_second, calibration_per_second) =
        (args.persons as f64 / loaded.seconds, args.persons as f64 / raw_seconds);
    Report {
        name: "load".to_owned(),
        store: place.store(),
        ours_per_second,
        calibration: if place.cluster().is_some() {
            "COPY of the same rows into the same tables, same order, same batches"
        } else {
            "prepared inserts of the same rows into the same tables, same order, same batches"
        },
        calibration_per_second,
        ratio: ours_per_second / calibration_per_second,
        p50_ms: None,
        p99_ms: None,
        memory_mib: loaded.memory_mib,
        seconds: loaded.seconds,
        rows: args.persons,
    }
}
