//! Searching persons in every way that the form has, against a raw prepared read of one stretch of the same index.

use crate::{
    bench::{
        people::{self, Sample},
        report::{Report, memory_mib, quantile_ms},
    },
    cli::BenchArgs,
    failure::Failure,
    system::SystemClock,
};
use dancu_core::{Clock, fold};
use dancu_register::At;
use dancu_search::{Finder, QueryText};
use dancu_store_sqlite::{ConnectionRole, open_connection, store_error};
use rusqlite::OptionalExtension;
use std::{
    hint::black_box,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

/// Turns that ours and the raw read take.
const ROUNDS: u64 = 5;
/// Ways to ask, taken in turn.
const WAYS: [fn(&Sample) -> QueryText; 7] =
    [by_name_and_day, without_marks, with_a_slip, in_another_order, by_name_alone, by_number, by_given_name];

/// Runs the measurement on one thread.
pub fn run(args: &BenchArgs, folder: &Path) -> Result<Vec<Report>, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::file(folder, &error))?;
    let (platform, samples) = runtime.block_on(people::platform(args, folder))?;
    let finder = Finder::new(Arc::clone(&platform.stores.register), Arc::clone(&platform.stores.search));
    let at = At { as_of: SystemClock.today(), known_at: SystemClock.now() };
    let file = folder.join("data/register.db");
    let raw = open_connection(&file, ConnectionRole::Reader)?;
    let failed = |error: rusqlite::Error| store_error(&file, &error);
    let mut statement = raw
        .prepare(
            "SELECT entries FROM search_place JOIN search_block ON id = block
             WHERE first >= ?1 AND run = (SELECT max(run) FROM search_run) ORDER BY first LIMIT 1",
        )
        .map_err(failed)?;
    let turn = Duration::from_millis(args.seconds * 1000 / ROUNDS);
    let (mut ours, mut theirs, mut position) = (Vec::new(), 0_u64, 0_usize);
    for _ in 0..ROUNDS {
        let until = Instant::now() + turn;
        runtime.block_on(async {
            while Instant::now() < until {
                // A step that shares no factor with the count of samples goes through all of them.
                let sample = &samples[position.wrapping_mul(7_919) % samples.len()];
                let asked = WAYS[position % WAYS.len()](sample);
                position += 1;
                let begun = Instant::now();
                // A name of one word without more is too wide by design; it is not counted.
                let Ok(query) = asked.read() else { continue };
                black_box(finder.find(&query, at).await?);
                ours.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
            }
            Ok::<(), Failure>(())
        })?;
        let until = Instant::now() + turn;
        while Instant::now() < until {
            let key = theirs.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
            let block: Option<Vec<u8>> =
                statement.query_row([&key[..]], |row| row.get(0)).optional().map_err(failed)?;
            black_box(block);
            theirs += 1;
        }
    }
    ours.sort_unstable();
    platform.close();
    Ok(vec![report(args, &ours, theirs)])
}

fn of_name(name: String, birth_date: &str) -> QueryText {
    QueryText { name, birth_date: birth_date.to_owned(), ..QueryText::default() }
}

fn by_name_and_day(sample: &Sample) -> QueryText {
    of_name(sample.full_name.clone(), &sample.birth_date)
}

fn year(sample: &Sample) -> &str {
    sample.birth_date.get(..4).unwrap_or_default()
}

fn without_marks(sample: &Sample) -> QueryText {
    of_name(fold(&sample.full_name), year(sample))
}

/// The last letter but one left out.
fn with_a_slip(sample: &Sample) -> QueryText {
    let mut name = fold(&sample.full_name);
    if let Some((place, _)) = name.char_indices().nth_back(1) {
        name.remove(place);
    }
    of_name(name, year(sample))
}

fn in_another_order(sample: &Sample) -> QueryText {
    let (surname, rest) = sample.full_name.split_once(' ').unwrap_or((&sample.full_name, ""));
    of_name(format!("{rest} {surname}"), year(sample))
}

fn by_name_alone(sample: &Sample) -> QueryText {
    of_name(sample.full_name.clone(), "")
}

fn by_number(sample: &Sample) -> QueryText {
    QueryText { number: sample.number.clone(), ..QueryText::default() }
}

fn by_given_name(sample: &Sample) -> QueryText {
    of_name(sample.full_name.rsplit(' ').next().unwrap_or_default().to_owned(), year(sample))
}

#[expect(clippy::cast_precision_loss, reason = "rates")]
fn report(args: &BenchArgs, sorted_us: &[u32], theirs: u64) -> Report {
    let seconds = (args.seconds * 1000 / ROUNDS * ROUNDS) as f64 / 1000.0;
    let ours_per_second = sorted_us.len() as f64 / seconds;
    let calibration_per_second = theirs as f64 / seconds;
    Report {
        name: "search",
        store: "sqlite",
        ours_per_second,
        calibration: "raw rusqlite read of one block of the same index, one thread",
        calibration_per_second,
        ratio: ours_per_second / calibration_per_second,
        p50_ms: quantile_ms(sorted_us, 0.5),
        p99_ms: quantile_ms(sorted_us, 0.99),
        memory_mib: memory_mib(),
        seconds,
        rows: sorted_us.len() as u64,
    }
}
