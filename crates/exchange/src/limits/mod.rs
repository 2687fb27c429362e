//! How many questions a consumer may ask: computed from the work it declares, and compared with what it uses.
//!
//! Decision 06/QĐ-TTg: the gateway sets each consumer's query limit from its computed daily need.

mod arrivals;
mod caseload;
mod review;
mod rules;

pub use caseload::{Caseload, CaseloadError, ComputedLimit, LimitStep};
pub use review::{Advice, LimitNotice, UseReview, WeekUse, notices, review};
pub use rules::{LimitRules, limit_rules};

/// A whole number rounded up to its two leading digits, so that a limit can be said aloud: 11,340 becomes 12,000.
fn rounded_up(value: u64) -> u64 {
    let mut unit = 1;
    while value / unit >= 100 {
        unit *= 10;
    }
    value.div_ceil(unit) * unit
}

/// `value × percent / 100`, rounded up.
const fn percent_of(value: u64, percent: u32) -> u64 {
    (value * percent as u64).div_ceil(100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_rounded_up_to_two_leading_digits() {
        for (value, expected) in
            [(0, 0), (7, 7), (99, 99), (100, 100), (101, 110), (11_340, 12_000), (990_001, 1_000_000)]
        {
            assert_eq!(rounded_up(value), expected);
        }
    }

    proptest! {
        #[test]
        fn rounding_never_lowers_and_adds_less_than_a_tenth(value in 0_u64..1_000_000_000_000) {
            let rounded = rounded_up(value);
            prop_assert!(rounded >= value && rounded <= value + value / 10);
        }
    }
}
