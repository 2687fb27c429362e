//! How many disclosures a second the ledger makes durable, and where the time goes.
//!
//! `cargo run --release -p dancu-store-sqlite --example ledger_speed -- [folder] [records] [callers] [linger_us]`

use dancu_core::{Clock, Entropy, PersonalNumber};
use dancu_ledger::{
    Channel, CommitOptions, Draft, Ledger, LedgerMetrics, LedgerOptions, PublicLog, Publisher, Under, check,
    load_or_create_signer,
};
use dancu_store_sqlite::open_ledger_parts;
use jiff::Timestamp;
use std::{
    error::Error,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "a measurement runs on the machine's own clock")]
    fn now(&self) -> Timestamp {
        Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::MIN)
    }
}

/// Salts that differ; a measurement has no secrets.
struct Counter(AtomicU64);

impl Entropy for Counter {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let count = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed).to_le_bytes();
            chunk.copy_from_slice(&count[..chunk.len()]);
        }
    }
}

fn draft(number: u64) -> Draft<'static> {
    let subject =
        PersonalNumber::from_value(1_085_000_001 + number % 100_000).expect("a number of twelve digits");
    Draft {
        organisation_id: "benh-vien-quan-y-175",
        organisation_name: "Bệnh viện Quân y 175",
        client: "benh-vien-quan-y-175-api",
        subject,
        purpose: "patient_admission",
        legal_basis: "Luật Khám bệnh, chữa bệnh 2023",
        asked: vec!["name", "birth_date", "sex", "residence"],
        outcome: vec![("name", "match"), ("birth_date", "match"), ("sex", "match"), ("residence", "differs")],
        channel: Channel::Api,
        reference: "0191c3f2-7a6e-7d2c-b0a2-5b8f6f2f9d11",
        under: Under::default(),
    }
}

async fn call(ledger: Arc<Ledger>, next: Arc<AtomicU64>, records: u64) -> Vec<u64> {
    let mut waits = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= records {
            return waits;
        }
        let started = Instant::now();
        let reservation = ledger.reserve("C-175", u64::MAX).expect("no limit");
        let disclosed = ledger.disclose(draft(number), reservation).await.expect("the store works");
        let receipt = serde_json::to_vec(&disclosed.into_receipt()).expect("a receipt is plain JSON");
        std::hint::black_box(receipt);
        waits.push(u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
}

fn per_second(count: u64, took: Duration) -> u128 {
    u128::from(count) * 1_000_000 / took.as_micros().max(1)
}

#[expect(clippy::print_stdout, reason = "it prints its table")]
fn print_figures(records: u64, callers: u64, took: Duration, waits: &mut [u64], metrics: &LedgerMetrics) {
    waits.sort_unstable();
    let at = |per_mille: usize| waits.get((waits.len().max(1) - 1) * per_mille / 1_000).copied().unwrap_or(0);
    println!("{records} records from {callers} callers");
    println!("  {} durable appends/s, each with its receipt", per_second(records, took));
    println!("  {} commits of {} records on average", metrics.commits, records / metrics.commits.max(1));
    println!("  committer busy {} %", u128::from(metrics.commit_us_total) * 100 / took.as_micros().max(1));
    println!("  {} ns in the committer for each record", metrics.commit_us_total * 1_000 / records.max(1));
    println!("  p50 {} µs, p99 {} µs, largest {} µs", at(500), at(990), at(1_000));
}

#[expect(clippy::print_stdout, reason = "it prints its table")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number =
        |at: usize, default: u64| arguments.get(at).and_then(|text| text.parse().ok()).unwrap_or(default);
    let temporary = tempfile::tempdir()?;
    let folder = arguments.first().map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    let (records, callers) = (number(1, 500_000), number(2, 1_024));
    // How long to wait for more records before a commit under load.
    let commits = CommitOptions { linger_us: number(3, 300), ..CommitOptions::default() };
    let entropy = Arc::new(Counter(AtomicU64::new(1)));
    let signer = load_or_create_signer(&folder.join("keys"), "dancu.example/log", &*entropy, true)?;
    let (store, parts) = open_ledger_parts(&folder)?;
    let options = LedgerOptions { commits, ..LedgerOptions::default() };
    let location = parts.records.location();
    let ledger =
        Arc::new(Ledger::start(Box::new(store), location, signer, Arc::new(SystemClock), entropy, options)?);
    let publisher = match arguments.get(4).map(String::as_str) {
        Some("alone") => None,
        _ => Some(Publisher::start(Arc::new(PublicLog::open(parts.clone(), ledger.verifier().clone())?))?),
    };

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let next = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let mut waits = runtime.block_on(async {
        let calls: Vec<_> =
            (0..callers).map(|_| tokio::spawn(call(ledger.clone(), next.clone(), records))).collect();
        let mut waits = Vec::new();
        for call in calls {
            waits.extend(call.await.unwrap_or_default());
        }
        waits
    });
    let took = started.elapsed();
    print_figures(records, callers, took, &mut waits, &ledger.metrics());
    let closing = Instant::now();
    ledger.shut_down();
    if let Some(publisher) = publisher {
        publisher.shut_down();
        println!("  published {:?} after the last append", closing.elapsed());
        let checking = Instant::now();
        let report = check(&parts, ledger.verifier(), &mut |_| {})?;
        let each_second = per_second(report.records, checking.elapsed());
        println!("  check: {} findings, {each_second} records/s", report.findings.len());
    }
    Ok(())
}
