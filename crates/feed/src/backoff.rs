//! How long the courier waits after a failure, and when it gives up.

use dancu_core::Entropy;
use jiff::{SignedDuration, Timestamp};

/// How patient the courier is. Times grow twofold with each failure and are spread at random, so that many subscribers
/// that fell silent together do not come back together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Wait after the first failure at most, in seconds.
    pub first_wait_s: u32,
    /// Longest wait, in seconds.
    pub wait_s_max: u32,
    /// Attempts after which a batch is dead.
    pub attempts_max: u32,
    /// Seconds since the first failure after which a batch is dead.
    pub give_up_after_s: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { first_wait_s: 10, wait_s_max: 3_600, attempts_max: 100, give_up_after_s: 3 * 86_400 }
    }
}

impl Patience {
    /// When to try again after so many failures in a row: between half of the wait and all of it from now.
    pub fn next_try(&self, failures: u32, now: Timestamp, entropy: &dyn Entropy) -> Timestamp {
        let doublings = failures.saturating_sub(1).min(31);
        let wait_ms_max =
            (u64::from(self.first_wait_s) << doublings).min(u64::from(self.wait_s_max)).max(1) * 1_000;
        let mut random = [0; 8];
        entropy.fill(&mut random);
        let half = wait_ms_max / 2;
        let wait_ms = half + u64::from_le_bytes(random) % (wait_ms_max - half + 1);
        now + SignedDuration::from_millis(i64::try_from(wait_ms).unwrap_or(i64::MAX))
    }

    /// Whether a batch has failed for good.
    pub fn is_over(&self, failures: u32, first_failed_at: Timestamp, now: Timestamp) -> bool {
        failures >= self.attempts_max
            || now.duration_since(first_failed_at) >= SignedDuration::from_secs(self.give_up_after_s.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dancu_testkit::SeededEntropy;

    #[test]
    fn waits_double_up_to_a_bound_and_are_spread() {
        let (patience, entropy) = (Patience::default(), SeededEntropy::new(1));
        let now: Timestamp = "2026-11-22T02:00:00Z".parse().unwrap();
        for (failures, longest_s) in
            [(1, 10), (2, 20), (5, 160), (9, 2_560), (10, 3_600), (4_000_000_000, 3_600)]
        {
            let mut seen = std::collections::BTreeSet::new();
            for _ in 0..50 {
                let wait = patience.next_try(failures, now, &entropy).duration_since(now).as_millis();
                assert!((longest_s * 500..=longest_s * 1_000).contains(&wait), "{failures}: {wait}");
                seen.insert(wait);
            }
            assert!(seen.len() > 25, "the waits are spread");
        }
    }

    #[test]
    fn a_batch_is_dead_after_its_attempts_or_its_days() {
        let patience = Patience::default();
        let first: Timestamp = "2026-11-22T02:00:00Z".parse().unwrap();
        let day = SignedDuration::from_hours(24);
        assert!(!patience.is_over(99, first, first + day));
        assert!(patience.is_over(100, first, first));
        assert!(patience.is_over(1, first, first + day * 3));
    }
}
