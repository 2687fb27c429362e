//! The rules of extracts, from `data/cohort_rules.csv`.

use dancu_core::DatedRules;
use jiff::civil::Date;
use std::sync::LazyLock;

static RULES: LazyLock<DatedRules> =
    LazyLock::new(|| DatedRules::read(include_str!("../../../../data/cohort_rules.csv")));

/// The rules that hold on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CohortRules {
    /// Persons of one extract at most, whatever a contract says.
    pub rows_max: u32,
    /// Places that a contract or an extract may name.
    pub places_max: u32,
    /// Days between the day of asking and the day on which ages are reckoned.
    pub age_day_days_max: u32,
    /// Days by which the day of the rows may lie before the day of asking.
    pub as_of_days_max: u32,
    /// Extracts of one contract that are under way at once.
    pub open_per_contract_max: u32,
    /// Extracts that one contract asks for within 24 hours.
    pub asked_per_day_max: u32,
    /// Days in which both approvals must be given.
    pub waiting_days: u32,
    /// Days for which an approval holds.
    pub approval_days: u32,
    /// Days for which rows are handed over.
    pub ready_days: u32,
    /// To which the number of persons is rounded up for those who approve.
    pub count_step: u32,
}

/// The rules that hold on a day; `None` before there were any, so that nothing is extracted.
pub fn cohort_rules(on: Date) -> Option<CohortRules> {
    let rule = |name: &str| RULES.on(name, on);
    Some(CohortRules {
        rows_max: rule("rows_max")?,
        places_max: rule("places_max")?,
        age_day_days_max: rule("age_day_days_max")?,
        as_of_days_max: rule("as_of_days_max")?,
        open_per_contract_max: rule("open_per_contract_max")?,
        asked_per_day_max: rule("asked_per_day_max")?,
        waiting_days: rule("waiting_days")?,
        approval_days: rule("approval_days")?,
        ready_days: rule("ready_days")?,
        count_step: rule("count_step")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_table_is_whole() {
        assert_eq!(cohort_rules(date(1799, 12, 31)), None);
        let rules = cohort_rules(date(2026, 11, 22)).unwrap();
        assert!(rules.count_step > 1 && rules.approval_days <= rules.waiting_days);
    }
}
