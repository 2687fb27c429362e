//! Durable appends to the log, against the disk's own flushes of the same bytes in sequence.

use crate::{
    bench::report::{Report, memory_mib, quantile_ms},
    cli::BenchArgs,
    failure::Failure,
    system::{SystemClock, SystemEntropy},
};
use dancu_core::PersonalNumber;
use dancu_ledger::{
    Channel, Draft, Ledger, LedgerOptions, PublicLog, Publisher, Under, load_or_create_signer,
};
use dancu_store_sqlite::open_ledger_parts;
use std::{
    fs::OpenOptions,
    io::Write,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

/// Callers that append at once, each waiting for its receipt before it goes on.
const CALLERS: usize = 2_048;
/// Bytes of one flush of the calibration: what a good commit holds.
const FLUSH_BYTES: usize = 1 << 20;

fn draft(number: u64) -> Draft<'static> {
    Draft {
        organisation_id: "benh-vien-175",
        organisation_name: "Bệnh viện Quân y 175",
        client: "benh-vien-175-his",
        subject: PersonalNumber::from_value(1_085_000_001 + number % 1_000_000).expect("twelve digits"),
        purpose: "Tiếp đón người bệnh",
        legal_basis: "Luật Khám bệnh, chữa bệnh 2023",
        asked: vec!["name", "birth_date", "sex", "card_status"],
        outcome: vec![
            ("name", "match"),
            ("birth_date", "match"),
            ("sex", "match"),
            ("card_status", "in_force"),
        ],
        channel: Channel::Api,
        reference: "bench",
        under: Under::default(),
    }
}

async fn caller(ledger: Arc<Ledger>, id: u64, until: Instant) -> Result<Vec<u32>, Failure> {
    let mut latencies = Vec::new();
    let mut number = id;
    while Instant::now() < until {
        let begun = Instant::now();
        let reservation = ledger
            .reserve("bench", u64::MAX)
            .map_err(|error| Failure::new("DANCU-CLI-072", error.to_string(), error.to_string()))?;
        let disclosed = ledger.disclose(draft(number), reservation).await?;
        number = number.wrapping_add(disclosed.entry());
        latencies.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    Ok(latencies)
}

/// Runs the measurement: appends a second, and in a second line the bytes a second.
pub fn run(args: &BenchArgs, folder: &Path) -> Result<Vec<Report>, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::file(folder, &error))?;
    let data = folder.join("ledger");
    std::fs::create_dir_all(&data).map_err(|error| Failure::file(&data, &error))?;
    let (store, parts) = open_ledger_parts(&data)?;
    let signer = load_or_create_signer(&data.join("keys"), "bench.dancu.example/log", &SystemEntropy, true)?;
    let verifier = signer.verifier().clone();
    let options = LedgerOptions { accept_clock_behind: true, ..LedgerOptions::default() };
    let ledger = Arc::new(Ledger::start(
        Box::new(store),
        data.join("ledger.db"),
        signer,
        Arc::new(SystemClock),
        Arc::new(SystemEntropy),
        options,
    )?);
    let publisher = Publisher::start(Arc::new(PublicLog::open(parts, verifier)?))?;
    let before = written_bytes(&data);
    let begun = Instant::now();
    let until = begun + Duration::from_secs(args.seconds);
    let mut latencies = runtime.block_on(async {
        let tasks: Vec<_> =
            (0..CALLERS as u64).map(|id| tokio::spawn(caller(Arc::clone(&ledger), id, until))).collect();
        let mut all = Vec::new();
        for task in tasks {
            let one = task.await.map_err(|error| Failure::file(&data, &std::io::Error::other(error)))?;
            all.extend(one?);
        }
        Ok::<_, Failure>(all)
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    latencies.sort_unstable();
    ledger.shut_down();
    publisher.shut_down();
    let bytes = written_bytes(&data) - before;
    report(args, folder, &latencies, seconds, bytes)
}

#[expect(clippy::cast_precision_loss, reason = "rates")]
fn report(
    args: &BenchArgs,
    folder: &Path,
    sorted_us: &[u32],
    seconds: f64,
    bytes: u64,
) -> Result<Vec<Report>, Failure> {
    let rows = sorted_us.len() as u64;
    let disk_bytes_per_second = flush_bandwidth(folder, args.seconds.min(5))?;
    // What one append leaves on the disk tells how many the disk could take if flushing were all there is.
    let bytes_per_append = bytes as f64 / rows.max(1) as f64;
    let ours_per_second = rows as f64 / seconds;
    let ceiling = disk_bytes_per_second / bytes_per_append;
    Ok(vec![Report {
        name: "ledger".to_owned(),
        store: "sqlite",
        ours_per_second,
        calibration: "sequential write + fdatasync of 1 MiB, in appends of the same bytes",
        calibration_per_second: ceiling,
        ratio: ours_per_second / ceiling,
        p50_ms: quantile_ms(sorted_us, 0.5),
        p99_ms: quantile_ms(sorted_us, 0.99),
        memory_mib: memory_mib(),
        seconds,
        rows,
    }])
}

/// Bytes of `ledger.db` after its log was emptied into it.
fn written_bytes(folder: &Path) -> u64 {
    ["ledger.db", "ledger.db-wal"]
        .into_iter()
        .filter_map(|name| std::fs::metadata(folder.join(name)).ok())
        .map(|metadata| metadata.len())
        .sum()
}

/// Bytes a second that the disk takes when every MiB is flushed before the next.
#[expect(clippy::cast_precision_loss, reason = "a rate")]
fn flush_bandwidth(folder: &Path, seconds: u64) -> Result<f64, Failure> {
    let path = folder.join("flush");
    let failed = |error: std::io::Error| Failure::file(&path, &error);
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).open(&path).map_err(failed)?;
    let block = vec![0x5a; FLUSH_BYTES];
    let begun = Instant::now();
    let mut bytes = 0_u64;
    while begun.elapsed() < Duration::from_secs(seconds) {
        file.write_all(&block).and_then(|()| file.sync_data()).map_err(failed)?;
        bytes += block.len() as u64;
    }
    let rate = bytes as f64 / begun.elapsed().as_secs_f64();
    std::fs::remove_file(&path).map_err(failed)?;
    Ok(rate)
}
