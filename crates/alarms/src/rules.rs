//! When a look raises an alarm, from `data/alarm_rules.csv`.

use dancu_core::DatedRules;
use jiff::civil::Date;
use std::sync::LazyLock;

/// The rules that hold on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlarmRules {
    /// Looks of a member of staff at themself, a relative or the own household.
    pub own_relatives_looks_min: u32,
    /// Different desks, officers and systems that look at one person within a day.
    pub lookers_min: u32,
    /// Looks within one hour outside of the hours of work.
    pub off_hours_looks_min: u32,
    /// Hours of work where a contract states none that can be read: from …
    pub work_from_hour: u32,
    /// … until before.
    pub work_to_hour: u32,
    /// Hours of a desk of the register's own offices: from …
    pub office_from_hour: u32,
    /// … until before.
    pub office_to_hour: u32,
    /// Two numbers this far apart or less are neighbours.
    pub sequence_gap_max: u32,
    /// Neighbours that are asked for one after another.
    pub sequence_run_min: u32,
    /// Looks of a day below which nothing is said of their success.
    pub guesses_looks_min: u32,
    /// Share of looks that found nothing, in percent.
    pub guesses_percent_min: u32,
    /// Looks of a day against the busiest day of the declared caseload, in percent.
    pub caseload_percent_max: u32,
    /// Looks of one member of staff in a day.
    pub officer_day_looks_max: u32,
    /// Hours within which an agency is told of a breach.
    pub notice_hours: u32,
}

static RULES: LazyLock<DatedRules> =
    LazyLock::new(|| DatedRules::read(include_str!("../../../data/alarm_rules.csv")));

/// The rules that hold on a day; `None` before there were any.
pub fn alarm_rules(on: Date) -> Option<AlarmRules> {
    let rule = |name: &str| RULES.on(name, on);
    Some(AlarmRules {
        own_relatives_looks_min: rule("own_relatives_looks_min")?,
        lookers_min: rule("lookers_min")?,
        off_hours_looks_min: rule("off_hours_looks_min")?,
        work_from_hour: rule("work_from_hour")?,
        work_to_hour: rule("work_to_hour")?,
        office_from_hour: rule("office_from_hour")?,
        office_to_hour: rule("office_to_hour")?,
        sequence_gap_max: rule("sequence_gap_max")?,
        sequence_run_min: rule("sequence_run_min")?,
        guesses_looks_min: rule("guesses_looks_min")?,
        guesses_percent_min: rule("guesses_percent_min")?,
        caseload_percent_max: rule("caseload_percent_max")?,
        officer_day_looks_max: rule("officer_day_looks_max")?,
        notice_hours: rule("notice_hours")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_table_is_whole_from_the_programmes_first_day_on() {
        assert_eq!(alarm_rules(date(2022, 1, 5)), None);
        let rules = alarm_rules(date(2026, 11, 22)).unwrap();
        assert!(rules.work_from_hour < rules.work_to_hour && rules.work_to_hour <= 24);
        assert!(rules.office_from_hour < rules.office_to_hour && rules.office_to_hour <= 24);
        assert!(rules.guesses_percent_min <= 100 && rules.caseload_percent_max >= 100);
        assert!(rules.lookers_min > 1 && rules.sequence_run_min > 1 && rules.off_hours_looks_min > 0);
        // Notice of a breach of terms within a day.
        assert_eq!(rules.notice_hours, 24);
    }
}
