//! Reading one person, against a raw prepared statement over the same rows in the same store.

use crate::{
    bench::{
        memory::Peak,
        people,
        place::Place,
        raw_rows::{connect, file_failed, open},
        report::{Report, quantile_ms},
    },
    cli::BenchArgs,
    failure::Failure,
    system::SystemClock,
};
use dancu_core::{Clock, PersonalNumber};
use dancu_register::{At, KindSet, RegisterStore};
use dancu_store_sqlite::ConnectionRole;
use rusqlite::Connection;
use std::{
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};
use tokio_postgres::{Client, Statement};

/// Turns that ours and the raw read take.
const ROUNDS: u64 = 5;
const SQL: &str = "SELECT kind, recorded_from, valid_from, recorded_to, valid_to, value, source
                   FROM fact WHERE number = ";

/// Persons in an order that has nothing to do with the register's.
struct Numbers {
    numbers: Vec<PersonalNumber>,
    position: usize,
}

impl Numbers {
    fn next(&mut self) -> PersonalNumber {
        self.position = (self.position + 1) % self.numbers.len();
        self.numbers[self.position]
    }
}

/// The bare read.
enum Raw {
    File(Box<Connection>),
    Database(Client, Statement),
}

/// Runs the measurement, one caller.
pub async fn run(args: &BenchArgs, folder: &Path) -> Result<Vec<Report>, Failure> {
    let place = Place::open(args, folder)?;
    let (platform, samples) = people::platform(args, &place).await?;
    let mut numbers = Numbers { numbers: people::shuffled_numbers(&samples), position: 0 };
    drop(samples);
    let raw = Raw::open(&place).await?;
    let peak = Peak::start();
    let turn = Duration::from_millis(args.seconds * 1000 / ROUNDS);
    let (mut ours, mut theirs) = (Vec::new(), 0_u64);
    for _ in 0..ROUNDS {
        read_ours(&*platform.store, &mut numbers, Instant::now() + turn, &mut ours).await?;
        theirs += raw.read(&place, &mut numbers, Instant::now() + turn).await?;
    }
    ours.sort_unstable();
    platform.close();
    Ok(vec![report(args, &place, &ours, theirs, peak.end())])
}

async fn read_ours(
    store: &dyn RegisterStore,
    numbers: &mut Numbers,
    until: Instant,
    times_ns: &mut Vec<u32>,
) -> Result<(), Failure> {
    let at = At { as_of: SystemClock.today(), known_at: SystemClock.now() };
    loop {
        let begun = Instant::now();
        if begun >= until {
            return Ok(());
        }
        black_box(store.person_now(numbers.next(), at, KindSet::ALL).await?);
        times_ns.push(u32::try_from(begun.elapsed().as_nanos()).unwrap_or(u32::MAX));
    }
}

impl Raw {
    async fn open(place: &Place) -> Result<Self, Failure> {
        let Some(url) = place.country_url() else {
            return Ok(Self::File(Box::new(open(&place.country_file(), ConnectionRole::Reader)?)));
        };
        let client = connect(&url).await?;
        let statement = client.prepare(&format!("{SQL}$1")).await;
        let statement = statement.map_err(|error| super::cluster::database_failed(&error))?;
        Ok(Self::Database(client, statement))
    }

    /// Reads every column of every row of persons, as a program without any register would; how many it read.
    async fn read(&self, place: &Place, numbers: &mut Numbers, until: Instant) -> Result<u64, Failure> {
        let mut persons = 0;
        match self {
            Self::File(connection) => {
                let file = place.country_file();
                let failed = file_failed(&file);
                let mut statement = connection.prepare(&format!("{SQL}?1")).map_err(&failed)?;
                while Instant::now() < until {
                    let number = numbers.next().value().cast_signed();
                    read_rows(&mut statement, number).map_err(&failed)?;
                    persons += 1;
                }
            }
            Self::Database(client, statement) => {
                while Instant::now() < until {
                    let number = numbers.next().value().cast_signed();
                    let rows = client.query(statement, &[&number]).await;
                    for row in rows.map_err(|error| super::cluster::database_failed(&error))? {
                        black_box((row.get::<_, i32>(0), row.get::<_, i64>(1), row.get::<_, i32>(2)));
                        black_box((row.get::<_, Option<i64>>(3), row.get::<_, Option<i32>>(4)));
                        black_box((row.get::<_, &str>(5), row.get::<_, i64>(6)));
                    }
                    persons += 1;
                }
            }
        }
        Ok(persons)
    }
}

fn read_rows(statement: &mut rusqlite::Statement<'_>, number: i64) -> rusqlite::Result<()> {
    let mut rows = statement.query([number])?;
    while let Some(row) = rows.next()? {
        for column in 0..7 {
            black_box(row.get_ref(column)?);
        }
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "rates")]
fn report(args: &BenchArgs, place: &Place, sorted_ns: &[u32], theirs: u64, memory_mib: f64) -> Report {
    let seconds = (args.seconds * 1000 / ROUNDS * ROUNDS) as f64 / 1000.0;
    let ours_per_second = sorted_ns.len() as f64 / seconds;
    let calibration_per_second = theirs as f64 / seconds;
    Report {
        name: "read".to_owned(),
        store: place.store(),
        ours_per_second,
        calibration: "raw prepared read of the same rows, one caller",
        calibration_per_second,
        ratio: ours_per_second / calibration_per_second,
        p50_ms: quantile_ms(sorted_ns, 0.5).map(|value| value / 1000.0),
        p99_ms: quantile_ms(sorted_ns, 0.99).map(|value| value / 1000.0),
        memory_mib,
        seconds,
        rows: sorted_ns.len() as u64,
    }
}
