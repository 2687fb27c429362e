//! Recording changes of persons through the rules, against raw writes of the same rows in transactions of the same size.

use crate::{
    bench::{
        change_rows::{Rows, apply},
        people,
        report::{Report, memory_mib, quantile_ms},
    },
    cli::BenchArgs,
    failure::Failure,
    stores::open_files,
    system::{SystemClock, SystemEntropy},
};
use dancu_changes::{
    Actor, Address, ChangeError, ChangeService, Command, CommandId, ContactChange, Envelope, Evidence,
    EvidenceKind, Member, PermanentMove,
};
use dancu_core::{Clock, CommuneCode, Entropy, PersonalNumber};
use dancu_places::Places;
use dancu_register::{Relation, Seals};
use dancu_store_sqlite::{ConnectionRole, open_connection, store_error};
use jiff::civil::Date;
use serde::Deserialize;
use std::{
    fs,
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

/// Runs the measurement.
pub fn run(args: &BenchArgs, folder: &Path) -> Result<Vec<Report>, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::file(folder, &error))?;
    let people = runtime.block_on(async {
        let (platform, _) = people::platform(args, folder).await?;
        platform.close();
        people::csv(args, folder)
    })?;
    let raw_file = copy(folder)?;
    let commands = Arc::new(Commands::new(people::samples(&people, args.persons)?));
    let config = people::config(folder);
    let (store, _lock) = open_files(&config)?;
    let store = Arc::new(store);
    let service = Arc::new(ChangeService::new(
        Arc::clone(&store) as Arc<_>,
        Arc::new(Seals::new(&[(1, [7; 32])])),
        Arc::new(SystemClock),
        Arc::new(SystemEntropy),
    ));
    let failed = |error: rusqlite::Error| store_error(&raw_file, &error);
    let mut raw = open_connection(&raw_file, ConnectionRole::Writer)?;
    let mut rows = Rows::open(store.database().file())?;
    let mut measured = Measured::default();
    let turn = Duration::from_millis(args.seconds * 1000 / ROUNDS);
    for _ in 0..ROUNDS {
        let before = store.database().counts();
        let begun = Instant::now();
        let until = begun + turn;
        let latencies = runtime.block_on(ours(folder, args.connections, &service, &commands, until))?;
        measured.seconds += begun.elapsed().as_secs_f64();
        measured.latencies_us.extend(latencies);
        let after = store.database().counts();
        let group = (after.jobs - before.jobs).div_ceil((after.commits - before.commits).max(1));
        let events = rows.since_last()?;
        let begun = Instant::now();
        apply(&mut raw, &events, usize::try_from(group).unwrap_or(1)).map_err(failed)?;
        measured.raw_seconds += begun.elapsed().as_secs_f64();
        measured.raw_events += events.len() as u64;
    }
    store.database().close();
    measured.latencies_us.sort_unstable();
    Ok(vec![report(&measured)])
}

/// The register before any change, for the raw writes.
fn copy(folder: &Path) -> Result<PathBuf, Failure> {
    let (from, to) = (folder.join("data/register.db"), folder.join("raw.db"));
    for name in ["raw.db", "raw.db-wal", "raw.db-shm"] {
        // There is none unless the folder was measured in before.
        let _ = fs::remove_file(folder.join(name));
    }
    fs::copy(&from, &to).map_err(|error| Failure::file(&to, &error))?;
    Ok(to)
}

/// Records commands from so many callers at once; how long each was under way.
async fn ours(
    folder: &Path,
    callers: usize,
    service: &Arc<ChangeService>,
    commands: &Arc<Commands>,
    until: Instant,
) -> Result<Vec<u32>, Failure> {
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (service, commands) = (Arc::clone(service), Arc::clone(commands));
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                while Instant::now() < until {
                    let envelope = commands.next();
                    let begun = Instant::now();
                    match service.execute(&envelope).await {
                        Ok(_) => {
                            latencies.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
                        }
                        // A household that would be left without its only adult, for instance.
                        Err(ChangeError::Refused(_)) => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(latencies)
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        let one = task.await.map_err(|error| Failure::file(folder, &std::io::Error::other(error)))?;
        all.extend(one?);
    }
    Ok(all)
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
        Self { persons, communes, today: SystemClock.today(), next: AtomicUsize::new(0) }
    }

    fn next(&self) -> Envelope {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let (number, may_leave) = self.persons[turn % self.persons.len()];
        let commune = self.communes[turn * 7 % self.communes.len()];
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
            let phone = Some(format!("09{:08}", turn % 100_000_000));
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
fn report(measured: &Measured) -> Report {
    let rows = measured.latencies_us.len() as u64;
    let ours_per_second = rows as f64 / measured.seconds;
    let calibration_per_second = measured.raw_events as f64 / measured.raw_seconds;
    Report {
        name: "change",
        store: "sqlite",
        ours_per_second,
        calibration: "raw rusqlite writes of the same rows, same order, transactions of the same size",
        calibration_per_second,
        ratio: ours_per_second / calibration_per_second,
        p50_ms: quantile_ms(&measured.latencies_us, 0.5),
        p99_ms: quantile_ms(&measured.latencies_us, 0.99),
        memory_mib: memory_mib(),
        seconds: measured.seconds,
        rows,
    }
}
