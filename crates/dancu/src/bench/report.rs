//! One measurement in one line, the same shape for every bench.

use serde::Serialize;

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Which measurement.
    pub name: String,
    /// Which store.
    pub store: &'static str,
    /// Ours, a second.
    pub ours_per_second: f64,
    /// What it is compared with.
    pub calibration: &'static str,
    /// The calibration, a second.
    pub calibration_per_second: f64,
    /// Ours divided by the calibration.
    pub ratio: f64,
    /// Median latency, milliseconds; absent where one call is not timed.
    pub p50_ms: Option<f64>,
    /// 99th percentile, milliseconds.
    pub p99_ms: Option<f64>,
    /// Resident memory of the process at the end, MiB.
    pub memory_mib: f64,
    /// Seconds that ours was measured.
    pub seconds: f64,
    /// Rows or requests of ours.
    pub rows: u64,
}

/// Resident memory of this process, MiB.
pub fn memory_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").trim().parse().ok())
        .unwrap_or(0.0);
    kib / 1024.0
}

/// The value at a share of a sorted list of microseconds, in milliseconds.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a position in a list of measurements"
)]
pub fn quantile_ms(sorted_us: &[u32], share: f64) -> Option<f64> {
    let last = sorted_us.len().checked_sub(1)?;
    Some(f64::from(sorted_us[(last as f64 * share) as usize]) / 1000.0)
}

/// Prints a table, or one JSON object a line.
#[expect(clippy::print_stdout, reason = "printing is what the command is for")]
pub fn print(reports: &[Report], json: bool) {
    if json {
        for report in reports {
            println!("{}", serde_json::to_string(report).unwrap_or_default());
        }
        return;
    }
    println!(
        "{:<40} {:>12} {:>12} {:>7} {:>8} {:>8} {:>8} {:>8} {:>10}  calibration",
        "measured", "ours/s", "calib./s", "ratio", "p50 ms", "p99 ms", "MiB", "seconds", "rows"
    );
    for report in reports {
        let millis = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"));
        println!(
            "{:<40} {:>12.0} {:>12.0} {:>6.1}% {:>8} {:>8} {:>8.0} {:>8.1} {:>10}  {}",
            format!("{} ({})", report.name, report.store),
            report.ours_per_second,
            report.calibration_per_second,
            report.ratio * 100.0,
            millis(report.p50_ms),
            millis(report.p99_ms),
            report.memory_mib,
            report.seconds,
            report.rows,
            report.calibration
        );
    }
}
