//! Searching persons in every way that the form has, against a raw prepared read of one stretch of the same index.

use crate::{
    bench::{
        cluster::database_failed,
        memory::Peak,
        people::{self, Sample},
        place::Place,
        raw_rows::{connect, file_failed, open},
        report::{Report, quantile_ms},
    },
    cli::BenchArgs,
    failure::Failure,
    system::SystemClock,
};
use dancu_core::{Clock, fold};
use dancu_register::At;
use dancu_search::{Finder, QueryText};
use dancu_store_sqlite::ConnectionRole;
use rusqlite::{Connection, OptionalExtension};
use std::{
    hint::black_box,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio_postgres::{Client, Statement};

/// Turns that ours and the raw read take.
const ROUNDS: u64 = 5;
/// A way to ask, with its name.
type Way = (&'static str, fn(&Sample) -> QueryText);
/// Ways to ask, taken in turn.
const WAYS: [Way; 7] = [
    ("search: name and day", by_name_and_day),
    ("search: no marks, year", without_marks),
    ("search: a slip, year", with_a_slip),
    ("search: other order, year", in_another_order),
    ("search: name alone", by_name_alone),
    ("search: number", by_number),
    ("search: given name, year", by_given_name),
];

/// The bare read of one stretch of the index.
enum Raw {
    File(Box<Connection>),
    Database(Client, Statement),
}

/// Runs the measurement, one caller: all ways together, then each way for itself.
pub async fn run(args: &BenchArgs, folder: &Path) -> Result<Vec<Report>, Failure> {
    let place = Place::open(args, folder)?;
    let (platform, samples) = people::platform(args, &place).await?;
    let finder = Finder::new(Arc::clone(&platform.stores.register), Arc::clone(&platform.stores.search));
    let at = At { as_of: SystemClock.today(), known_at: SystemClock.now() };
    let raw = Raw::open(&place).await?;
    let peak = Peak::start();
    let turn = Duration::from_millis(args.seconds * 1000 / ROUNDS);
    let mut ours: [Vec<u32>; WAYS.len()] = Default::default();
    let (mut theirs, mut position) = (0_u64, 0_usize);
    for _ in 0..ROUNDS {
        let until = Instant::now() + turn;
        while Instant::now() < until {
            // A step that shares no factor with the count of samples goes through all of them.
            let sample = &samples[position.wrapping_mul(7_919) % samples.len()];
            let way = position % WAYS.len();
            position += 1;
            let asked = WAYS[way].1(sample);
            let begun = Instant::now();
            // A name of one word without more is too wide by design; it is not counted.
            let Ok(query) = asked.read() else { continue };
            black_box(finder.find(&query, at).await?);
            ours[way].push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
        }
        theirs += raw.read(&place, Instant::now() + turn, theirs).await?;
    }
    platform.close();
    let memory_mib = peak.end();
    let all = ours.concat();
    let one = |name, times: Vec<u32>| report(args, &place, name, times, theirs, memory_mib);
    let ways = WAYS.iter().zip(ours).map(|((name, _), times)| one(name, times));
    Ok(std::iter::once(one("search", all)).chain(ways).collect())
}

impl Raw {
    async fn open(place: &Place) -> Result<Self, Failure> {
        let Some(url) = place.country_url() else {
            return Ok(Self::File(Box::new(open(&place.country_file(), ConnectionRole::Reader)?)));
        };
        let client = connect(&url).await?;
        // As many entries as a block of the files has.
        let sql = "SELECT entry FROM search_entry WHERE entry >= $1 ORDER BY entry LIMIT 220";
        let statement = client.prepare(sql).await.map_err(|error| database_failed(&error))?;
        Ok(Self::Database(client, statement))
    }

    async fn read(&self, place: &Place, until: Instant, from: u64) -> Result<u64, Failure> {
        let key = |turn: u64| (from + turn).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
        let mut stretches = 0;
        match self {
            Self::File(connection) => {
                let file = place.country_file();
                let failed = file_failed(&file);
                let mut statement = connection
                    .prepare(
                        "SELECT entries FROM search_place JOIN search_block ON id = block
                         WHERE first >= ?1 AND run = (SELECT max(run) FROM search_run) ORDER BY first LIMIT 1",
                    )
                    .map_err(&failed)?;
                while Instant::now() < until {
                    let block: Option<Vec<u8>> = statement
                        .query_row([&key(stretches)[..]], |row| row.get(0))
                        .optional()
                        .map_err(&failed)?;
                    black_box(block);
                    stretches += 1;
                }
            }
            Self::Database(client, statement) => {
                while Instant::now() < until {
                    let rows = client.query(statement, &[&&key(stretches)[..]]).await;
                    black_box(rows.map_err(|error| database_failed(&error))?);
                    stretches += 1;
                }
            }
        }
        Ok(stretches)
    }
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

/// A way's rate is that of its own time.
#[expect(clippy::cast_precision_loss, reason = "rates")]
fn report(
    args: &BenchArgs,
    place: &Place,
    name: &'static str,
    mut times_us: Vec<u32>,
    theirs: u64,
    memory_mib: f64,
) -> Report {
    times_us.sort_unstable();
    let seconds = times_us.iter().map(|time| u64::from(*time)).sum::<u64>() as f64 / 1_000_000.0;
    let ours_per_second = if seconds > 0.0 { times_us.len() as f64 / seconds } else { 0.0 };
    let turns = (args.seconds * 1000 / ROUNDS * ROUNDS) as f64 / 1000.0;
    let calibration_per_second = theirs as f64 / turns;
    Report {
        name: name.to_owned(),
        store: place.store(),
        ours_per_second,
        calibration: "raw prepared read of one stretch of the same index, one caller",
        calibration_per_second,
        ratio: ours_per_second / calibration_per_second,
        p50_ms: quantile_ms(&times_us, 0.5),
        p99_ms: quantile_ms(&times_us, 0.99),
        memory_mib,
        seconds,
        rows: times_us.len() as u64,
    }
}
