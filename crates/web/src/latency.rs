//! How long answers took, in buckets that cost one atomic increment and a fixed amount of memory.

use std::sync::atomic::{AtomicU64, Ordering};

/// Sub-buckets of each power of two: a figure is right to one eighth.
const STEPS: u64 = 8;
/// Buckets: 25 powers of two are told apart, up to 2^27 microseconds, two minutes.
const BUCKETS: usize = 25 * 8;

/// Counts of durations, in microseconds.
#[derive(Debug)]
pub struct Latencies {
    buckets: [AtomicU64; BUCKETS],
}

impl Default for Latencies {
    fn default() -> Self {
        Self { buckets: [const { AtomicU64::new(0) }; BUCKETS] }
    }
}

fn bucket(us: u64) -> usize {
    let value = us.max(STEPS);
    let power = u64::from(value.ilog2()) - 3;
    let step = (value >> power) - STEPS;
    usize::try_from(power * STEPS + step).unwrap_or(usize::MAX).min(BUCKETS - 1)
}

/// The upper end of a bucket, in microseconds.
fn upper_end(bucket: usize) -> u64 {
    let (power, step) = (bucket as u64 / STEPS, bucket as u64 % STEPS);
    (STEPS + step + 1) << power
}

impl Latencies {
    /// Counts one answer.
    pub fn count(&self, us: u64) {
        self.buckets[bucket(us)].fetch_add(1, Ordering::Relaxed);
    }

    /// The duration below which the given share (0–1000 per mille) of the answers stayed; `None` without answers.
    pub fn at_per_mille(&self, per_mille: u64) -> Option<u64> {
        let counts: Vec<u64> = self.buckets.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        let all: u64 = counts.iter().sum();
        let wanted = (all * per_mille).div_ceil(1000).max(1);
        let mut seen = 0;
        counts
            .iter()
            .position(|count| {
                seen += count;
                seen >= wanted
            })
            .filter(|_| all > 0)
            .map(upper_end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_to_one_eighth() {
        let latencies = Latencies::default();
        assert_eq!(latencies.at_per_mille(990), None);
        for us in 1..=1000 {
            latencies.count(us);
        }
        let p99 = latencies.at_per_mille(990).unwrap();
        assert!((990..=1115).contains(&p99), "{p99}");
        let median = latencies.at_per_mille(500).unwrap();
        assert!((500..=565).contains(&median), "{median}");
    }

    #[test]
    fn the_longest_wait_has_a_bucket() {
        let latencies = Latencies::default();
        latencies.count(u64::MAX);
        latencies.count(0);
        assert!(latencies.at_per_mille(1000).unwrap() > 100_000_000);
    }
}
