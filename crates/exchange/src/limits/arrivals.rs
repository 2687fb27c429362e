//! How many requests arrive in one second when so many arrive on average: visits come by chance, not by the clock.

/// The least count that a Poisson arrival of this mean exceeds with at most this probability (Poisson 1837; Erlang 1909
/// uses it for telephone calls in a busy hour). `mean` at least 0, `probability_max` in (0, 1).
///
/// Sums the upper tail from its far end, so that small terms are not lost.
pub(super) fn arrivals_max(mean: f64, probability_max: f64) -> u32 {
    if mean <= 0.0 {
        return 0;
    }
    // Ten standard deviations and some above the mean the tail is far below any probability that is asked here.
    let far = mean + 10.0 * mean.sqrt() + 40.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few times a bounded mean")]
    let far = far.ceil() as u32;
    let ln_mean = mean.ln();
    let mut ln_term = -mean + (1..=far).map(|count| ln_mean - f64::from(count).ln()).sum::<f64>();
    let mut tail = 0.0;
    let mut count = far;
    // Here `tail` is P(X > count) and `ln_term` is ln P(X = count).
    while count > 0 {
        let with_it = tail + ln_term.exp();
        if with_it > probability_max {
            return count;
        }
        tail = with_it;
        ln_term += f64::from(count).ln() - ln_mean;
        count -= 1;
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P(X > count), by the definition.
    fn tail(mean: f64, count: u32) -> f64 {
        let mut term = (-mean).exp();
        let mut below = term;
        for arrived in 1..=count {
            term *= mean / f64::from(arrived);
            below += term;
        }
        1.0 - below
    }

    #[test]
    fn the_count_is_the_least_one_that_is_rarely_exceeded() {
        for mean in [0.01, 0.3, 1.0, 5.5, 40.0, 300.0] {
            let count = arrivals_max(mean, 1.0 / 3600.0);
            assert!(tail(mean, count) <= 1.0 / 3600.0 + 1e-9, "{mean}");
            assert!(count == 0 || tail(mean, count - 1) > 1.0 / 3600.0 - 1e-9, "{mean}");
        }
    }

    #[test]
    fn tables_of_the_distribution_agree() {
        // Mean 5: P(X > 12) = 0.00202, P(X > 13) = 0.000698, P(X > 14) = 0.000226.
        assert_eq!(arrivals_max(5.0, 0.001), 13);
        assert_eq!(arrivals_max(5.0, 0.000_277), 14);
        assert_eq!(arrivals_max(0.0, 0.001), 0);
        // Far up the distribution is a normal one: 3.45 standard deviations at 1 in 3,600.
        let count = f64::from(arrivals_max(100_000.0, 1.0 / 3600.0));
        assert!((count - (100_000.0 + 3.45 * 316.2)).abs() < 15.0, "{count}");
    }
}
