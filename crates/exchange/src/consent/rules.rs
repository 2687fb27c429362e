//! Rules of operation for consent, from `data/consent_rules.csv`.

use dancu_core::DatedRules;
use jiff::civil::Date;
use std::sync::LazyLock;

static RULES: LazyLock<DatedRules> =
    LazyLock::new(|| DatedRules::read(include_str!("../../../../data/consent_rules.csv")));

/// The rules that hold on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsentRules {
    /// Days within which a person may answer, and within which the same is not asked again.
    pub request_days: u32,
    /// Days ahead on which a consent may end at most.
    pub consent_days_max: u32,
    /// Different requests under one contract to one person within `request_days`.
    pub requests_per_person_max: u32,
    /// Requests under one contract within 24 hours.
    pub requests_per_day_max: u32,
}

/// The rules that hold on a day; `None` before there were any.
pub fn consent_rules(day: Date) -> Option<ConsentRules> {
    Some(ConsentRules {
        request_days: RULES.on("request_days", day)?,
        consent_days_max: RULES.on("consent_days_max", day)?,
        requests_per_person_max: RULES.on("requests_per_person_max", day)?,
        requests_per_day_max: RULES.on("requests_per_day_max", day)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_table_reads_and_leaves_time_to_answer() {
        let rules = consent_rules(date(2026, 11, 22)).unwrap();
        assert!(rules.request_days >= 1 && rules.request_days < rules.consent_days_max);
        assert!(rules.requests_per_person_max >= 1 && rules.requests_per_day_max >= 1);
    }
}
