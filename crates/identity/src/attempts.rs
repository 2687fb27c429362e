//! How often one place, and everyone together, may try a code or a passkey. Memory is fixed from the start.

use crate::IdentityError;
use dancu_core::{Clock, Entropy};
use governor::{
    Quota, RateLimiter,
    clock::Clock as GovernorClock,
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{InMemoryState, NotKeyed},
};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::{
    fmt,
    net::IpAddr,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Source addresses share this many buckets. Two addresses meet in one by chance only: the key is secret.
const BUCKETS: u64 = 4096;

type Limiter = RateLimiter<NotKeyed, InMemoryState, Ticks, NoOpMiddleware<Nanos>>;

/// How many attempts are allowed: `burst` at once, refilled evenly in `refill`.
#[derive(Debug, Clone, Copy)]
pub struct AttemptLimits {
    /// Attempts at once from one source address (IPv6: from one /64 network).
    pub source_burst: NonZeroU32,
    /// Time in which one source's attempts are refilled.
    pub source_refill: Duration,
    /// Attempts at once from everywhere.
    pub overall_burst: NonZeroU32,
    /// Time in which everyone's attempts are refilled.
    pub overall_refill: Duration,
}

impl AttemptLimits {
    /// For typed codes: 20 in a quarter of an hour from one place, 600 a minute from everywhere. A hospital's staff
    /// behind one address can begin their shift; a guesser of 60 bits gets nowhere.
    pub const CODES: Self = Self {
        source_burst: at_least_one(20),
        source_refill: Duration::from_mins(15),
        overall_burst: at_least_one(600),
        overall_refill: Duration::from_mins(1),
    };

    /// For passkey ceremonies, which cannot be guessed but cost memory and a signature check.
    pub const PASSKEYS: Self = Self {
        source_burst: at_least_one(120),
        source_refill: Duration::from_mins(1),
        overall_burst: at_least_one(6000),
        overall_refill: Duration::from_mins(1),
    };
}

const fn at_least_one(count: u32) -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(count - 1)
}

/// Counts attempts. One instance for each kind of attempt.
pub struct Attempts {
    sources: Vec<Limiter>,
    overall: Limiter,
    ticks: Ticks,
    key: [u8; 32],
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attempts(…)")
    }
}

impl Attempts {
    /// Starts with nothing counted. The entropy keys the places, so that nobody can aim at another's.
    pub fn new(limits: AttemptLimits, clock: Arc<dyn Clock>, entropy: &dyn Entropy) -> Self {
        let mut key = [0; 32];
        entropy.fill(&mut key);
        let ticks = Ticks::new(clock);
        let limiter = |burst: NonZeroU32, refill: Duration| {
            let quota = Quota::with_period(refill / burst.get())
                .expect("limits refill in more than no time")
                .allow_burst(burst);
            RateLimiter::direct_with_clock(quota, ticks.clone())
        };
        Self {
            sources: (0..BUCKETS).map(|_| limiter(limits.source_burst, limits.source_refill)).collect(),
            overall: limiter(limits.overall_burst, limits.overall_refill),
            key,
            ticks,
        }
    }

    /// Counts one attempt, or refuses it with the time to wait. The source is asked first, so that one flood does
    /// not use up everyone's attempts.
    pub fn count(&self, source: IpAddr) -> Result<(), IdentityError> {
        for limiter in [&self.sources[self.bucket(source)], &self.overall] {
            if let Err(until) = limiter.check() {
                let wait = until.wait_time_from(self.ticks.now());
                return Err(IdentityError::TooManyAttempts { retry_after_seconds: wait.as_secs() + 1 });
            }
        }
        Ok(())
    }

    fn bucket(&self, source: IpAddr) -> usize {
        let network = match source.to_canonical() {
            IpAddr::V4(address) => u64::from(u32::from(address)),
            IpAddr::V6(address) => (u128::from(address) >> 64) as u64,
        };
        let digest = Sha256::new().chain_update(self.key).chain_update(network.to_be_bytes()).finalize();
        let head = digest.iter().take(8).fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        usize::try_from(head % BUCKETS).expect("a bucket's index is small")
    }
}

/// The passed-in clock as the limiter wants it: nanoseconds that never run backwards, whatever the clock does.
#[derive(Clone)]
struct Ticks(Arc<TicksState>);

struct TicksState {
    clock: Arc<dyn Clock>,
    /// Last reading of the clock, and the time that has passed in steps forward.
    progress: Mutex<(Timestamp, Duration)>,
}

impl Ticks {
    fn new(clock: Arc<dyn Clock>) -> Self {
        let now = clock.now();
        // The limiter counts back from the present by up to its refill time; a day is more than any of them.
        let start = Duration::from_hours(24);
        Self(Arc::new(TicksState { clock, progress: Mutex::new((now, start)) }))
    }
}

impl GovernorClock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let now = self.0.clock.now();
        let mut progress = self.0.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, passed) = *progress;
        let step = Duration::try_from(now.duration_since(last)).unwrap_or(Duration::ZERO);
        *progress = (now, passed + step);
        Nanos::from(passed + step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dancu_testkit::{FakeClock, SeededEntropy};
    use jiff::SignedDuration;

    fn attempts(clock: &Arc<FakeClock>) -> Attempts {
        let limits = AttemptLimits {
            source_burst: at_least_one(3),
            source_refill: Duration::from_secs(30),
            overall_burst: at_least_one(5),
            overall_refill: Duration::from_secs(5),
        };
        Attempts::new(limits, clock.clone(), &SeededEntropy::new(1))
    }

    fn clock() -> Arc<FakeClock> {
        Arc::new(FakeClock::at("2026-11-21T02:00:00Z"))
    }

    fn wait(result: Result<(), IdentityError>) -> u64 {
        match result {
            Err(IdentityError::TooManyAttempts { retry_after_seconds }) => retry_after_seconds,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_source_is_stopped_and_told_how_long_while_others_go_on() {
        let clock = clock();
        let attempts = attempts(&clock);
        let (loud, calm) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        for _ in 0..3 {
            attempts.count(loud).unwrap();
        }
        assert_eq!(wait(attempts.count(loud)), 11);
        attempts.count(calm).unwrap();
        clock.advance(SignedDuration::from_secs(10));
        attempts.count(loud).unwrap();
        wait(attempts.count(loud));
    }

    #[test]
    fn everyone_together_is_limited_too() {
        let clock = clock();
        let attempts = attempts(&clock);
        for last in 1..=5 {
            attempts.count(IpAddr::from([192, 0, 2, last])).unwrap();
        }
        assert_eq!(wait(attempts.count(IpAddr::from([192, 0, 2, 6]))), 2);
        clock.advance(SignedDuration::from_secs(1));
        attempts.count(IpAddr::from([192, 0, 2, 7])).unwrap();
    }

    #[test]
    fn a_network_of_version_six_is_one_source_and_a_mapped_address_is_itself() {
        let attempts = attempts(&clock());
        let bucket = |text: &str| attempts.bucket(text.parse().unwrap());
        assert_eq!(bucket("2001:db8::1"), bucket("2001:db8::ffff:1"));
        assert_ne!(bucket("2001:db8::1"), bucket("2001:db8:0:1::1"));
        assert_eq!(bucket("::ffff:192.0.2.1"), bucket("192.0.2.1"));
    }

    #[test]
    fn a_clock_that_steps_back_neither_frees_nor_locks() {
        let clock = clock();
        let attempts = attempts(&clock);
        let source = "192.0.2.1".parse().unwrap();
        for _ in 0..3 {
            attempts.count(source).unwrap();
        }
        clock.advance(SignedDuration::from_hours(-5));
        assert_eq!(wait(attempts.count(source)), 11);
        clock.advance(SignedDuration::from_secs(10));
        attempts.count(source).unwrap();
    }
}
