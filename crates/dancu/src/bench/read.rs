//! Reading one person, against a raw prepared statement over the same rows in the same file.

use crate::{
    bench::{
        people,
        report::{Report, memory_mib, quantile_ms},
    },
    cli::BenchArgs,
    failure::Failure,
    system::SystemClock,
};
use dancu_core::{Clock, PersonalNumber};
use dancu_register::{At, KindSet};
use dancu_store_sqlite::{ConnectionRole, open_connection, store_error};
use std::{
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};

/// Turns that ours and the raw read take.
const ROUNDS: u64 = 5;

/// Runs the measurement on one thread.
pub fn run(args: &BenchArgs, folder: &Path) -> Result<Vec<Report>, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::file(folder, &error))?;
    let (platform, samples) = runtime.block_on(people::platform(args, folder))?;
    let numbers = people::shuffled_numbers(&samples);
    let file = folder.join("data/register.db");
    let raw = open_connection(&file, ConnectionRole::Reader)?;
    let mut statement = raw
        .prepare("SELECT kind, recorded_from, valid_from, recorded_to, valid_to, value, source FROM fact WHERE number = ?1")
        .map_err(|error| store_error(&file, &error))?;
    let turn = Duration::from_millis(args.seconds * 1000 / ROUNDS);
    let at = At { as_of: SystemClock.today(), known_at: SystemClock.now() };
    let (mut ours, mut theirs, mut position) = (Vec::new(), 0_u64, 0);
    for _ in 0..ROUNDS {
        let until = Instant::now() + turn;
        runtime.block_on(async {
            loop {
                let begun = Instant::now();
                if begun >= until {
                    return Ok::<(), Failure>(());
                }
                let number = next(&numbers, &mut position);
                black_box(platform.store.person_now(number, at, KindSet::ALL).await?);
                ours.push(u32::try_from(begun.elapsed().as_nanos()).unwrap_or(u32::MAX));
            }
        })?;
        let until = Instant::now() + turn;
        while Instant::now() < until {
            let number = next(&numbers, &mut position);
            theirs += read_raw(&mut statement, number).map_err(|error| store_error(&file, &error))?;
        }
    }
    ours.sort_unstable();
    platform.close();
    Ok(vec![report(args, &ours, theirs)])
}

fn next(numbers: &[PersonalNumber], position: &mut usize) -> PersonalNumber {
    *position = (*position + 1) % numbers.len();
    numbers[*position]
}

/// Reads every column of every row of a person, as a program without any register would.
fn read_raw(statement: &mut rusqlite::Statement<'_>, number: PersonalNumber) -> rusqlite::Result<u64> {
    let mut rows = statement.query([i64::try_from(number.value()).unwrap_or(0)])?;
    while let Some(row) = rows.next()? {
        for column in 0..7 {
            black_box(row.get_ref(column)?);
        }
    }
    Ok(1)
}

#[expect(clippy::cast_precision_loss, reason = "rates")]
fn report(args: &BenchArgs, sorted_ns: &[u32], theirs: u64) -> Report {
    let seconds = (args.seconds * 1000 / ROUNDS * ROUNDS) as f64 / 1000.0;
    let ours_per_second = sorted_ns.len() as f64 / seconds;
    let calibration_per_second = theirs as f64 / seconds;
    Report {
        name: "read",
        store: "sqlite",
        ours_per_second,
        calibration: "raw rusqlite read of the same rows, one thread",
        calibration_per_second,
        ratio: ours_per_second / calibration_per_second,
        p50_ms: quantile_ms(sorted_ns, 0.5).map(|value| value / 1000.0),
        p99_ms: quantile_ms(sorted_ns, 0.99).map(|value| value / 1000.0),
        memory_mib: memory_mib(),
        seconds,
        rows: sorted_ns.len() as u64,
    }
}
