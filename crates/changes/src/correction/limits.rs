//! The legal values of corrections, from `data/correction_rules.csv`.

use dancu_core::DatedTable;
use jiff::civil::Date;
use std::sync::LazyLock;

const RULES: &str = include_str!("../../../../data/correction_rules.csv");

/// Working days within which the commune decides.
static DECISION_WORKING_DAYS: LazyLock<DatedTable<u16>> = LazyLock::new(|| {
    DatedTable::of_rule(RULES, "decision_working_days").expect("tests read the built-in table")
});

/// Working days for the decision of what is proposed on a day.
pub(super) fn decision_working_days(day: Date) -> Option<u16> {
    DECISION_WORKING_DAYS.on(day).map(|row| row.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_table_reads_and_says_what_the_law_says() {
        assert_eq!(decision_working_days(date(2026, 11, 22)), Some(2));
        assert_eq!(decision_working_days(date(2020, 1, 1)), None);
        assert!(DECISION_WORKING_DAYS.on(date(2026, 1, 1)).unwrap().legal_reference.contains("70/2024"));
    }
}
