//! The rules of `data/statistics_rules.csv`.

use dancu_core::DatedRules;
use jiff::civil::Date;
use std::sync::LazyLock;

const ROWS: &str = include_str!("../../../data/statistics_rules.csv");

static RULES: LazyLock<DatedRules> = LazyLock::new(|| DatedRules::read(ROWS));

/// Of what counts are multiples that are told of a day; `None` before there was a rule.
pub fn rounding_base(on: Date) -> Option<u64> {
    RULES.on("rounding_base", on).map(u64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_base_hides_one_person_and_two() {
        assert!(rounding_base(date(2026, 11, 1)).unwrap() >= 3);
    }
}
