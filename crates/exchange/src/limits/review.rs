//! What a contract used against its limit, week by week, and what to do about it.

use super::{limit_rules, percent_of, rounded_up};
use crate::Contract;
use jiff::{
    ToSpan,
    civil::{Date, Weekday},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// A whole week, Monday to Sunday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct WeekUse {
    /// Its Monday.
    pub monday: Date,
    /// Answers of the week.
    pub used: u64,
    /// Answers of its busiest day.
    pub busiest_day: u64,
    /// Days on which the whole limit was used.
    pub days_at_limit: u64,
}

/// What to do about a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "advice", rename_all = "snake_case")]
pub enum Advice {
    /// There are not enough whole weeks to judge by.
    TooEarly {
        /// Whole weeks that are still to come.
        weeks_missing: u32,
    },
    /// It fits.
    Keep,
    /// Raise it.
    Raise {
        /// To answers a day.
        daily_limit: u32,
    },
    /// More is used than follows from the declared work: the agency states its caseload anew.
    Restate {
        /// What would be needed, answers a day.
        daily_limit: u32,
    },
    /// Lower it: a stolen key could ask as much as the limit allows.
    Lower {
        /// To answers a day.
        daily_limit: u32,
    },
}

/// Measured use against the limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UseReview {
    /// The weeks that count, oldest first.
    pub weeks: Vec<WeekUse>,
    /// What follows.
    #[serde(flatten)]
    pub advice: Advice,
}

/// A day on which much of the limit was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LimitNotice {
    /// The day.
    pub day: Date,
    /// Answers.
    pub used: u64,
    /// Whether nothing was left.
    pub is_at_limit: bool,
}

/// Compares the use of whole weeks before `today` with the limit. `days` holds the days on which anything was used; weeks
/// that began before the contract was in use (`since`; none: it is not yet) say nothing. `None` before there were rules.
///
/// A day never counts more than the limit of that day, so a use at the limit says that more was wanted, not how much.
pub fn review(
    contract: &Contract,
    since: Option<Date>,
    days: &BTreeMap<Date, u64>,
    today: Date,
) -> Option<UseReview> {
    let rules = limit_rules(today)?;
    let limit = u64::from(contract.daily_limit);
    let this_monday = monday_of(today);
    let weeks: Vec<WeekUse> = (1..=i64::from(rules.review_weeks))
        .rev()
        .filter_map(|back| this_monday.checked_sub((7 * back).days()).ok())
        .filter(|monday| contract.holds_on(*monday) && since.is_some_and(|since| since <= *monday))
        .map(|monday| week(monday, days, limit))
        .collect();
    let count = u32::try_from(weeks.len()).unwrap_or(u32::MAX);
    if count < rules.review_weeks_min {
        let advice = Advice::TooEarly { weeks_missing: rules.review_weeks_min - count };
        return Some(UseReview { weeks, advice });
    }
    let busiest = weeks.iter().map(|week| week.busiest_day).max().unwrap_or_default();
    let wanted =
        rounded_up(percent_of(busiest, 100 + rules.headroom_percent)).max(rules.daily_limit_min.into());
    let wanted = u32::try_from(wanted).unwrap_or(u32::MAX);
    let declared = contract.caseload.and_then(|caseload| caseload.limit(contract.valid_to).ok());
    let advice = if busiest * 100 >= limit * u64::from(rules.raise_from_percent) {
        match declared {
            Some(declared) if wanted > declared.daily_limit => Advice::Restate { daily_limit: wanted },
            _ if wanted > contract.daily_limit => Advice::Raise { daily_limit: wanted },
            _ => Advice::Keep,
        }
    } else if busiest * 100 < limit * u64::from(rules.lower_below_percent) && wanted < contract.daily_limit {
        Advice::Lower { daily_limit: wanted }
    } else {
        Advice::Keep
    };
    Some(UseReview { weeks, advice })
}

/// The days on which a contract came near its limit or reached it, newest first.
pub fn notices(contract: &Contract, days: &BTreeMap<Date, u64>) -> Vec<LimitNotice> {
    let limit = u64::from(contract.daily_limit);
    let near = |day: Date, used: u64| {
        limit_rules(day).is_some_and(|rules| used * 100 >= limit * u64::from(rules.notice_percent))
    };
    let noticed = days.iter().rev().filter(|(day, used)| near(**day, **used));
    noticed.map(|(day, used)| LimitNotice { day: *day, used: *used, is_at_limit: *used >= limit }).collect()
}

fn monday_of(day: Date) -> Date {
    let back = i64::from(day.weekday().since(Weekday::Monday));
    day.checked_sub(back.days()).unwrap_or(day)
}

fn week(monday: Date, days: &BTreeMap<Date, u64>, limit: u64) -> WeekUse {
    let sunday = monday.saturating_add(6.days());
    let used: Vec<u64> = days.range(monday..=sunday).map(|(_, used)| *used).collect();
    WeekUse {
        monday,
        used: used.iter().sum(),
        busiest_day: used.iter().copied().max().unwrap_or_default(),
        days_at_limit: used.iter().filter(|used| **used >= limit).count() as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Caseload;
    use jiff::civil::date;
    use serde_json::json;

    /// A Sunday; the last whole week began on 9 November.
    const TODAY: Date = date(2026, 11, 22);
    /// In use for long.
    const BEFORE: Date = date(2026, 1, 1);

    fn contract(daily_limit: u32) -> Contract {
        serde_json::from_value(json!({
            "id": "c-1", "client": "core", "legal_basis": "a", "purpose_vi": "a", "purpose_en": "a",
            "fields": ["name"], "daily_limit": daily_limit, "per_second_max": 1, "valid_from": "2026-01-01",
        }))
        .unwrap()
    }

    fn used(busiest: u64) -> BTreeMap<Date, u64> {
        [
            (date(2026, 10, 27), 10),
            (date(2026, 11, 3), 5),
            (date(2026, 11, 10), busiest),
            (date(2026, 11, 18), 9_999),
        ]
        .into()
    }

    #[test]
    fn weeks_before_a_contract_was_in_use_say_nothing_of_its_need() {
        let since = |since| review(&contract(1_000), since, &used(1), TODAY).unwrap();
        assert_eq!(since(None).weeks.len(), 0);
        assert!(matches!(since(Some(TODAY)).advice, Advice::TooEarly { .. }), "not that it needs less");
        assert_eq!(since(Some(date(2026, 11, 9))).weeks.len(), 1);
        assert_eq!(since(Some(date(2026, 11, 10))).weeks.len(), 0, "half a week is none");
    }

    fn advice(contract: &Contract, busiest: u64) -> Advice {
        review(contract, Some(BEFORE), &used(busiest), TODAY).unwrap().advice
    }

    #[test]
    fn whole_weeks_are_compared_and_the_running_one_is_not() {
        let review = review(&contract(1_000), Some(BEFORE), &used(500), TODAY).unwrap();
        let mondays: Vec<Date> = review.weeks.iter().map(|week| week.monday).collect();
        assert_eq!(mondays, [date(2026, 10, 19), date(2026, 10, 26), date(2026, 11, 2), date(2026, 11, 9)]);
        assert_eq!(
            review.weeks[3],
            WeekUse { monday: date(2026, 11, 9), used: 500, busiest_day: 500, days_at_limit: 0 }
        );
        assert_eq!(review.advice, Advice::Keep);
    }

    #[test]
    fn a_limit_is_raised_lowered_kept_or_restated() {
        assert_eq!(advice(&contract(1_000), 799), Advice::Keep);
        assert_eq!(advice(&contract(1_000), 1_000), Advice::Raise { daily_limit: 1_200 });
        assert_eq!(advice(&contract(1_000), 300), Advice::Keep);
        assert_eq!(advice(&contract(1_000), 299), Advice::Lower { daily_limit: 360 });
        assert_eq!(advice(&contract(1_000), 0), Advice::Lower { daily_limit: 100 });
        assert_eq!(advice(&contract(100), 0), Advice::Keep, "no limit below the least");
        let mut declared = contract(1_000);
        declared.caseload = Some(Caseload {
            stated_on: date(2026, 1, 1),
            visits_per_day: 800,
            queries_per_100_visits: 100,
            branches: 1,
            opening_hours: 8,
            peak_hour_percent: 20,
            busiest_day_percent: 100,
            growth_percent_per_year: 0,
        });
        assert_eq!(advice(&declared, 1_000), Advice::Restate { daily_limit: 1_200 });
        // What is not above the declared need needs no new declaration.
        declared.daily_limit = 850;
        assert_eq!(advice(&declared, 800), Advice::Raise { daily_limit: 960 });
    }

    #[test]
    fn a_new_contract_is_not_judged() {
        let mut new = contract(1_000);
        new.valid_from = date(2026, 11, 4);
        let review = review(&new, Some(BEFORE), &used(1_000), TODAY).unwrap();
        assert_eq!((review.weeks.len(), review.advice), (1, Advice::TooEarly { weeks_missing: 1 }));
    }

    #[test]
    fn following_the_advice_once_is_enough() {
        for limit in [100, 150, 1_000, 44_000] {
            for busiest in [0, 7, 30, 99, 140, 999, 13_000, 44_000] {
                let mut contract = contract(limit);
                let busiest = u64::from(limit).min(busiest);
                match advice(&contract, busiest) {
                    Advice::Raise { daily_limit } => {
                        assert!(daily_limit > limit);
                        contract.daily_limit = daily_limit;
                    }
                    Advice::Lower { daily_limit } => {
                        assert!(daily_limit < limit && u64::from(daily_limit) >= busiest);
                        contract.daily_limit = daily_limit;
                    }
                    _ => continue,
                }
                let again = advice(&contract, busiest);
                assert!(!matches!(again, Advice::Lower { .. }), "{limit} {busiest} {again:?}");
                if let Advice::Raise { daily_limit } = again {
                    panic!("{limit} {busiest}: raised to {} and then to {daily_limit}", contract.daily_limit);
                }
            }
        }
    }

    #[test]
    fn notices_are_given_at_four_fifths_and_at_the_limit() {
        let days = [(date(2026, 11, 3), 79), (date(2026, 11, 4), 80), (date(2026, 11, 5), 100)].into();
        let given = notices(&contract(100), &days);
        assert_eq!(
            given,
            [
                LimitNotice { day: date(2026, 11, 5), used: 100, is_at_limit: true },
                LimitNotice { day: date(2026, 11, 4), used: 80, is_at_limit: false },
            ]
        );
    }
}
