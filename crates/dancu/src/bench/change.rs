//! Recording changes of persons through the rules, against raw writes of the same rows: in files by transactions of the
//! same size, in a database by a transaction each on as many connections.

use crate::{
    bench::{
        change_raw::{RawConnections, write_to_file},
        change_rows::{ChangeReader, EventId, EventRows},
        memory::Peak,
        people,
        place::Place,
        raw_rows::{file_failed, join, open},
        report::{Report, quantile_ms},
    },
    cli::BenchArgs,
    failure::Failure,
    stores::{Stores, connections_max, open_files},
    system::{SystemClock, SystemEntropy},
};
use dancu_changes::{
    Actor, Address, ChangeError, ChangeService, ChangeStore, Command, CommandId, ContactChange, Envelope,
    Evidence, EvidenceKind, Member, PermanentMove,
};
use dancu_core::{Clock, CommuneCode, Entropy, PersonalNumber};
use dancu_places::Places;
use dancu_register::{Relation, Seals};
use dancu_store_sqlite::{ConnectionRole, FolderLock, SqliteStore};
use jiff::civil::Date;
use rusqlite::Connection;
use serde::Deserialize;
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// Turns that ours and the raw writes take.
const ROUNDS: u64 = 5;

/// What a command needs of a person.
#[derive(Debug, Clone, Deserialize)]
struct Mover {
    number: String,
    relation_to_head: String,
    life_status: String,
}

/// Commands about persons in an order that has nothing to do with the register's: each second person who is no head
/// of a household moves to a household of their own, the others' telephone changes.
struct Commands {
    persons: Vec<(PersonalNumber, bool)>,
    communes: Vec<CommuneCode>,
    today: Date,
    /// Of this run, so that a second one in the same folder states something new.
    seed: usize,
    next: AtomicUsize,
}

/// What one part measured.
#[derive(Default)]
struct Measured {
    latencies_us: Vec<u32>,
    seconds: f64,
    raw_events: u64,
    raw_seconds: f64,
}

/// The store of the measurement, as the service and as the calibration see it.
enum Sides {
    Files { store: Arc<SqliteStore>, raw: Box<Connection>, raw_file: PathBuf, _lock: FolderLock },
    Database { stores: Box<Stores>, raw: RawConnections, _lock: FolderLock },
}

/// Runs the measurement.
pub async fn run(args: &BenchArgs, folder: &Path) -> Result<Vec<Report>, Failure> {
    let place = Place::open(args, folder)?;
    let (platform, samples) = people::platform(args, &place).await?;
    platform.close();
    drop(samples);
    let people = people::csv(args, folder)?;
    let commands = Arc::new(Commands::new(people::samples(&people, args.persons)?));
    let mut sides = Sides::open(&place).await?;
    let mut reader = match place.country_url() {
        Some(url) => ChangeReader::of_database(&url).await?,
        None => ChangeReader::of_file(&place.country_file())?,
    };
    let service = Arc::new(ChangeService::new(
        sides.changes(),
        Arc::new(Seals::new(&[(1, [7; 32])])),
        Arc::new(SystemClock),
        Arc::new(SystemEntropy),
    ));
    let mut measured = Measured::default();
    let turn = Duration::from_millis(args.seconds * 1000 / ROUNDS);
    let peak = Peak::start();
    for _ in 0..ROUNDS {
        let before = sides.counts();
        let begun = Instant::now();
        let (latencies, events) = ours(args.connections, &service, &commands, begun + turn).await?;
        measured.seconds += begun.elapsed().as_secs_f64();
        measured.latencies_us.extend(latencies);
        let group = sides.group_since(before);
        let events = reader.rows_of(&events).await?;
        measured.raw_events += events.len() as u64;
        measured.raw_seconds += sides.write(events, group).await?;
    }
    sides.close();
    drop((service, sides, reader));
    place.remove_raw()?;
    measured.latencies_us.sort_unstable();
    Ok(vec![report(&place, &measured, peak.end())])
}

impl Sides {
    /// Copies the register as it is before any change, and opens both.
    async fn open(place: &Place) -> Result<Self, Failure> {
        place.copy_country()?;
        let config = place.config();
        let Some(url) = place.raw_url() else {
            let raw_file = place.raw_file();
            let raw = Box::new(open(&raw_file, ConnectionRole::Writer)?);
            let (store, lock) = open_files(&config)?;
            return Ok(Self::Files { store: Arc::new(store), raw, raw_file, _lock: lock });
        };
        let (stores, lock) = Stores::open(&config).await?;
        let raw = RawConnections::open(&url, connections_max(&config)).await?;
        Ok(Self::Database { stores: Box::new(stores), raw, _lock: lock })
    }

    fn changes(&self) -> Arc<dyn ChangeStore> {
        match self {
            Self::Files { store, .. } => Arc::clone(store) as Arc<_>,
            Self::Database { stores, .. } => Arc::clone(&stores.changes),
        }
    }

    /// Jobs and commits so far; a database commits each for itself.
    fn counts(&self) -> (u64, u64) {
        match self {
            Self::Files { store, .. } => {
                let counts = store.database().counts();
                (counts.jobs, counts.commits)
            }
            Self::Database { .. } => (0, 0),
        }
    }

    /// Events of one transaction on average since then.
    fn group_since(&self, (jobs, commits): (u64, u64)) -> usize {
        let now = self.counts();
        usize::try_from((now.0 - jobs).div_ceil((now.1 - commits).max(1))).unwrap_or(1).max(1)
    }

    /// Writes the same rows once more; the seconds it took.
    async fn write(&mut self, events: Vec<EventRows>, group: usize) -> Result<f64, Failure> {
        let begun = Instant::now();
        match self {
            Self::Files { raw, raw_file, .. } => {
                write_to_file(raw, &events, group).map_err(file_failed(raw_file))?;
            }
            Self::Database { raw, .. } => raw.write(events).await?,
        }
        Ok(begun.elapsed().as_secs_f64())
    }

    fn close(&self) {
        match self {
            Self::Files { store, .. } => store.database().close(),
            Self::Database { stores, .. } => stores.close(),
        }
    }
}

/// Records commands from so many callers at once: how long each was under way, and the events.
async fn ours(
    callers: usize,
    service: &Arc<ChangeService>,
    commands: &Arc<Commands>,
    until: Instant,
) -> Result<(Vec<u32>, Vec<EventId>), Failure> {
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (service, commands) = (Arc::clone(service), Arc::clone(commands));
            tokio::spawn(async move {
                let (mut latencies, mut events) = (Vec::new(), Vec::new());
                while Instant::now() < until {
                    let envelope = commands.next();
                    let begun = Instant::now();
                    match service.execute(&envelope).await {
                        Ok(_) => {
                            latencies.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
                            events.push(*envelope.id.0.as_bytes());
                        }
                        // A household that would be left without its only adult, for instance.
                        Err(ChangeError::Refused(_)) => {}
                        Err(error) => return Err(Failure::from(error)),
                    }
                }
                Ok((latencies, events))
            })
        })
        .collect();
    let (mut latencies, mut events) = (Vec::new(), Vec::new());
    for task in tasks {
        let one = join(task).await?;
        latencies.extend(one.0);
        events.extend(one.1);
    }
    Ok((latencies, events))
}

impl Commands {
    fn new(movers: Vec<Mover>) -> Self {
        let living = movers.into_iter().filter(|mover| mover.life_status != "dead");
        let mut persons: Vec<(PersonalNumber, bool)> = living
            .filter_map(|mover| Some((mover.number.parse().ok()?, mover.relation_to_head != "head")))
            .collect();
        // Ordering by a multiplicative hash is a fixed shuffle.
        persons.sort_by_key(|(number, _)| number.value().wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let communes = Places::national().communes().iter().map(|commune| commune.code).collect();
        let seed = usize::try_from(SystemClock.now().as_second()).unwrap_or(0);
        Self { persons, communes, today: SystemClock.today(), seed, next: AtomicUsize::new(0) }
    }

    fn next(&self) -> Envelope {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let (number, may_leave) = self.persons[turn % self.persons.len()];
        let commune = self.communes[(self.seed + turn * 7) % self.communes.len()];
        let on = self.today;
        let command = if may_leave && turn.is_multiple_of(2) {
            Command::RegisterPermanentResidence(PermanentMove {
                movers: vec![Member { number, relation_to_head: Relation::Head }],
                household: None,
                address: Some(Address { commune, line: format!("Số {}", turn % 500 + 1) }),
                file_number: None,
                on,
            })
        } else {
            let phone = Some(format!("09{:08}", (self.seed + turn) % 100_000_000));
            Command::ChangeContact(ContactChange { number, phone, email: None, on })
        };
        let now = SystemClock.now();
        let mut random = [0; 10];
        SystemEntropy.fill(&mut random);
        Envelope {
            id: CommandId::new(now, &random),
            actor: Actor::Officer { id: "bench".to_owned(), commune },
            evidence: vec![Evidence {
                kind: EvidenceKind::DwellingPaper,
                reference: "CT01".to_owned(),
                issued_on: None,
                sha256: None,
            }],
            taken_at: now,
            command,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "rates")]
fn report(place: &Place, measured: &Measured, memory_mib: f64) -> Report {
    let rows = measured.latencies_us.len() as u64;
    let ours_per_second = rows as f64 / measured.seconds;
    let calibration_per_second = measured.raw_events as f64 / measured.raw_seconds;
    Report {
        name: "change".to_owned(),
        store: place.store(),
        ours_per_second,
        calibration: if place.cluster().is_some() {
            "prepared writes of the same rows, a transaction an event, pipelined, as many connections"
        } else {
            "prepared writes of the same rows, same order, transactions of the same size"
        },
        calibration_per_second,
        ratio: ours_per_second / calibration_per_second,
        p50_ms: quantile_ms(&measured.latencies_us, 0.5),
        p99_ms: quantile_ms(&measured.latencies_us, 0.99),
        memory_mib,
        seconds: measured.seconds,
        rows,
    }
}
