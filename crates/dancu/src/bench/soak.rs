//! A day of the country in a few minutes: as many questions as a day has, hour by hour in their proportions, with the
//! latency and the memory of each hour. What grows from hour to hour is a leak.

use crate::{
    bench::{
        exchange::{Door, Stage, rate},
        http_load::Load,
        memory::Peak,
        report::{Report, quantile_ms},
    },
    cli::BenchArgs,
    failure::Failure,
};
use std::{path::Path, time::Duration};

/// Questions of a day: 935 million by May 2023 are about so many a day (FACTS.md, section 2).
const QUESTIONS_OF_A_DAY: f64 = 1_400_000.0;
/// How the hours from midnight on share them. No register publishes its peaks; this is the shape of counters that open at 7:30,
/// rest at noon and close at 17:00, with online services in the evening.
const SHARES: [f64; 24] = [
    0.6, 0.4, 0.3, 0.3, 0.4, 0.8, 2.0, 6.5, 11.0, 11.5, 10.0, 6.5, 3.5, 7.0, 10.5, 10.0, 7.5, 3.5, 2.0, 1.8,
    1.6, 1.2, 0.7, 0.4,
];

/// Runs the day; `--seconds` are those of an hour.
pub fn run(args: &BenchArgs, folder: &Path) -> Result<Vec<Report>, Failure> {
    let stage = Stage::open(args, folder, Door::Verify)?;
    let duration = Duration::from_secs(args.seconds);
    let whole: f64 = SHARES.iter().sum();
    let mut reports = Vec::with_capacity(SHARES.len());
    for (hour, share) in SHARES.iter().enumerate() {
        let asked = QUESTIONS_OF_A_DAY * share / whole / duration.as_secs_f64();
        let memory = Peak::start();
        let load = Load { connections: args.connections, duration, per_second: Some(asked) };
        let mut seen = stage.ask(load)?;
        seen.latencies_us.sort_unstable();
        let ours_per_second = rate(seen.answers, duration.as_secs_f64());
        reports.push(Report {
            name: format!("soak {hour:02}:00"),
            store: stage.store,
            ours_per_second,
            calibration: "questions of that hour, at an even pace",
            calibration_per_second: asked,
            ratio: ours_per_second / asked,
            p50_ms: quantile_ms(&seen.latencies_us, 0.5),
            p99_ms: quantile_ms(&seen.latencies_us, 0.99),
            memory_mib: memory.end(),
            seconds: duration.as_secs_f64(),
            rows: seen.answers,
        });
    }
    stage.close();
    Ok(reports)
}
