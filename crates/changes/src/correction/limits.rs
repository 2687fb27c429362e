//! The legal values of corrections, from `data/correction_rules.csv`.

use dancu_core::{Dated, DatedTable};
use jiff::civil::Date;
use std::sync::LazyLock;

const RULES: &str = include_str!("../../../../data/correction_rules.csv");

/// Working days within which the commune decides.
static DECISION_WORKING_DAYS: LazyLock<DatedTable<u16>> = LazyLock::new(|| table("decision_working_days"));

/// Working days for the decision of what is proposed on a day.
pub(super) fn decision_working_days(day: Date) -> Option<u16> {
    DECISION_WORKING_DAYS.on(day).map(|row| row.value)
}

fn table(rule: &str) -> DatedTable<u16> {
    let lines = RULES.lines().skip(1).filter(|line| line.split(',').next() == Some(rule));
    let rows = lines.map(|line| {
        let fields: Vec<&str> = line.splitn(5, ',').collect();
        Dated {
            value: fields[1].parse().expect("tests read the built-in table"),
            valid_from: fields[2].parse().expect("tests read the built-in table"),
            valid_to: (!fields[3].is_empty())
                .then(|| fields[3].parse().expect("tests read the built-in table")),
            legal_reference: fields[4].trim_matches('"').to_owned(),
        }
    });
    DatedTable::new(rows.collect()).expect("tests read the built-in table")
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
