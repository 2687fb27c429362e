//! The gateway's rules of operation for limits, from `data/query_limit_rules.csv`.

use dancu_core::DatedRules;
use jiff::civil::Date;
use std::sync::LazyLock;

const ROWS: &str = include_str!("../../../../data/query_limit_rules.csv");

/// The rules that hold on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitRules {
    /// What is added to a computed need, in percent.
    pub headroom_percent: u32,
    /// Seconds of the busiest hour in which a request may meet the limit a second.
    pub refused_seconds_max: u32,
    /// No limit is proposed below this.
    pub daily_limit_min: u32,
    /// Whole weeks that are compared with the limit.
    pub review_weeks: u32,
    /// Fewer whole weeks say nothing.
    pub review_weeks_min: u32,
    /// The busiest day at or above this share of the limit proposes a higher one.
    pub raise_from_percent: u32,
    /// The busiest day below this share of the limit proposes a lower one.
    pub lower_below_percent: u32,
    /// Share of the day's limit at which the first notice is given.
    pub notice_percent: u32,
}

static RULES: LazyLock<DatedRules> = LazyLock::new(|| DatedRules::read(ROWS));

/// The rules that hold on a day; `None` before there were any.
pub fn limit_rules(on: Date) -> Option<LimitRules> {
    let rule = |name: &str| RULES.on(name, on);
    Some(LimitRules {
        headroom_percent: rule("headroom_percent")?,
        refused_seconds_max: rule("refused_seconds_max")?,
        daily_limit_min: rule("daily_limit_min")?,
        review_weeks: rule("review_weeks")?,
        review_weeks_min: rule("review_weeks_min")?,
        raise_from_percent: rule("raise_from_percent")?,
        lower_below_percent: rule("lower_below_percent")?,
        notice_percent: rule("notice_percent")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_table_is_whole_from_the_programmes_first_day_on() {
        assert_eq!(limit_rules(date(2022, 1, 5)), None);
        let rules = limit_rules(date(2022, 1, 6)).unwrap();
        assert!(rules.review_weeks_min <= rules.review_weeks);
        assert!(rules.lower_below_percent < rules.raise_from_percent && rules.raise_from_percent <= 100);
        // A limit just raised must not be lowered by the same use, nor the other way round.
        let after_raise = rules.raise_from_percent * 100 / (100 + rules.headroom_percent);
        assert!(after_raise > rules.lower_below_percent);
        assert!(rules.headroom_percent * 4 >= (100 - rules.raise_from_percent));
    }
}
