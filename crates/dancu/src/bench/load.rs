//! Loading persons from a CSV, against a raw insert of the same rows in the same order into the same table.

use crate::{
    bench::{
        people,
        report::{Report, memory_mib},
    },
    cli::BenchArgs,
    failure::Failure,
    load,
    platform::Platform,
    system::{SystemClock, SystemEntropy},
};
use dancu_core::PersonalNumber;
use dancu_store_sqlite::{ConnectionRole, open_connection, store_error};
use rusqlite::{Connection, types::Value};
use serde::Deserialize;
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

/// Persons of one transaction, as in the load.
const BATCH: usize = dancu_register::load::BATCH_ROWS;

#[derive(Deserialize)]
struct Number {
    number: String,
}

/// Runs the measurement. The country is written before the clock starts.
pub fn run(args: &BenchArgs, folder: &Path) -> Result<Vec<Report>, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::file(folder, &error))?;
    let people = people::csv(args, folder)?;
    let seconds = runtime.block_on(async {
        let platform =
            Platform::open(&people::config(folder), Arc::new(SystemClock), Arc::new(SystemEntropy)).await?;
        let begun = Instant::now();
        load::run(&platform, &people, true).await?;
        let seconds = begun.elapsed().as_secs_f64();
        platform.close();
        Ok::<f64, Failure>(seconds)
    })?;
    let memory_mib = memory_mib();
    let raw_seconds = raw(args, folder, &people)?;
    Ok(vec![report(args, seconds, raw_seconds, memory_mib)])
}

/// Time to insert the same rows with prepared statements, and nothing else.
fn raw(args: &BenchArgs, folder: &Path, people: &Path) -> Result<f64, Failure> {
    let file = folder.join("raw.db");
    let loaded = folder.join("data/register.db");
    let failed = |error: rusqlite::Error| store_error(&file, &error);
    let mut target = open_connection(&file, ConnectionRole::Writer)?;
    let source = open_connection(&loaded, ConnectionRole::Reader)?;
    let schema: String = source
        .query_row("SELECT sql FROM sqlite_master WHERE name = 'fact'", [], |row| row.get(0))
        .map_err(|error| store_error(&loaded, &error))?;
    target.execute_batch(&schema).map_err(failed)?;
    let unreadable = |error: csv::Error| Failure::file(people, &std::io::Error::other(error.to_string()));
    let mut reader = csv::Reader::from_path(people).map_err(unreadable)?;
    let mut rows = reader.deserialize::<Number>();
    let mut spent = Duration::ZERO;
    let mut seen = 0;
    loop {
        let mut batch: Vec<PersonalNumber> = Vec::with_capacity(BATCH);
        for row in rows.by_ref().take(BATCH) {
            batch.extend(row.map_err(unreadable)?.number.parse::<PersonalNumber>());
        }
        if batch.is_empty() {
            break;
        }
        seen += batch.len() as u64;
        batch.sort_unstable();
        let facts = facts(&source, &batch).map_err(|error| store_error(&loaded, &error))?;
        let begun = Instant::now();
        insert(&mut target, &facts).map_err(failed)?;
        spent += begun.elapsed();
    }
    assert_eq!(seen, args.persons, "every person of the file is in it once");
    let begun = Instant::now();
    drop(target);
    Ok((spent + begun.elapsed()).as_secs_f64())
}

/// The rows of the load, held in memory so that only their insertion is timed.
fn facts(source: &Connection, batch: &[PersonalNumber]) -> rusqlite::Result<Vec<[Value; 8]>> {
    let mut statement = source.prepare_cached(
        "SELECT number, kind, recorded_from, valid_from, recorded_to, valid_to, source, value FROM fact WHERE number = ?1",
    )?;
    let mut all = Vec::with_capacity(batch.len() * 5);
    for number in batch {
        let mut rows = statement.query([i64::try_from(number.value()).unwrap_or(0)])?;
        while let Some(row) = rows.next()? {
            let mut values = [const { Value::Null }; 8];
            for (column, value) in values.iter_mut().enumerate() {
                *value = row.get(column)?;
            }
            all.push(values);
        }
    }
    Ok(all)
}

fn insert(target: &mut Connection, facts: &[[Value; 8]]) -> rusqlite::Result<()> {
    let transaction = target.transaction()?;
    {
        let mut statement = transaction.prepare_cached(
            "INSERT INTO fact (number, kind, recorded_from, valid_from, recorded_to, valid_to, source, value)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        for row in facts {
            statement.execute(rusqlite::params_from_iter(row))?;
        }
    }
    transaction.commit()
}

#[expect(clippy::cast_precision_loss, reason = "rates")]
fn report(args: &BenchArgs, seconds: f64, raw_seconds: f64, memory_mib: f64) -> Report {
    let (ours_per_second, calibration_per_second) =
        (args.persons as f64 / seconds, args.persons as f64 / raw_seconds);
    Report {
        name: "load",
        store: "sqlite",
        ours_per_second,
        calibration: "raw rusqlite insert of the same rows, same order, same batches",
        calibration_per_second,
        ratio: ours_per_second / calibration_per_second,
        p50_ms: None,
        p99_ms: None,
        memory_mib,
        seconds,
        rows: args.persons,
    }
}
