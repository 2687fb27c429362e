//! The values of the control tools, from `data/control_rules.csv`.

use dancu_core::DatedTable;
use jiff::civil::Date;
use std::sync::LazyLock;

/// Copied into the program.
const ROWS: &str = include_str!("../../../../data/control_rules.csv");

/// Days within which two communes that state a permanent residence claim one person.
static TWO_COMMUNES_DAYS: LazyLock<DatedTable<i32>> = LazyLock::new(|| table("two_communes_days"));

/// The value on a day.
pub(super) fn two_communes_days(on: Date) -> Option<i32> {
    TWO_COMMUNES_DAYS.on(on).map(|row| row.value)
}

/// Days of events that a commune's desk lists.
static DESK_EVENTS_DAYS: LazyLock<DatedTable<i32>> = LazyLock::new(|| table("desk_events_days"));

/// Days that a desk lists on a day, that day among them.
pub(crate) fn desk_events_days(on: Date) -> Option<i32> {
    DESK_EVENTS_DAYS.on(on).map(|row| row.value)
}

fn table(rule: &str) -> DatedTable<i32> {
    DatedTable::of_rule(ROWS, rule).expect("tests read the built-in table")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads() {
        assert_eq!(two_communes_days(Date::constant(2026, 11, 22)), Some(30));
        assert_eq!(desk_events_days(Date::constant(2026, 11, 22)), Some(7));
    }
}
