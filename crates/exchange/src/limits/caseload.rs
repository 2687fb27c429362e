//! What an agency states about its work, and the limit that follows.

use super::{LimitRules, arrivals::arrivals_max, limit_rules, percent_of, rounded_up};
use dancu_core::{Explain, Explanation};
use jiff::{Unit, civil::Date};
use serde::{Deserialize, Serialize};

/// An agency's work as it states it. Part of its contract; a change is stated anew, with its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caseload {
    /// The day on which it was stated.
    pub stated_on: Date,
    /// People served on an ordinary working day, all branches together.
    pub visits_per_day: u32,
    /// Questions that a hundred of them give rise to: 100 when each is looked up once.
    pub queries_per_100_visits: u32,
    /// Branches, each of which may ask at the same moment when the doors open.
    pub branches: u32,
    /// Hours of an ordinary day in which people are served.
    pub opening_hours: u32,
    /// Share of a day's visits that falls in its busiest hour, in percent.
    pub peak_hour_percent: u32,
    /// The busiest day of a year against an ordinary one, in percent: 150 is half as many again.
    pub busiest_day_percent: u32,
    /// Growth expected within a year, in percent.
    pub growth_percent_per_year: u32,
}

/// What an agency stated cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("caseload.{field}: {least} to {most}")]
pub struct CaseloadError {
    /// Which value.
    pub field: &'static str,
    /// Its least value.
    pub least: u32,
    /// Its greatest value.
    pub most: u32,
}

impl Explain for CaseloadError {
    fn explain(&self) -> Explanation {
        let Self { field, least, most } = self;
        Explanation::new(
            "DANCU-EXCHANGE-060",
            format!("Khối lượng công việc khai ở caseload.{field} phải từ {least} đến {most}. Hãy khai lại."),
            format!("The declared caseload.{field} must be {least} to {most}. State it again."),
        )
    }
}

/// A line of the reasoning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LimitStep {
    /// What is computed, in Vietnamese.
    pub label_vi: String,
    /// What is computed, in English.
    pub label_en: String,
    /// From which numbers.
    pub formula: String,
    /// The result.
    pub value: u64,
}

/// A limit with its reasoning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ComputedLimit {
    /// Answers a day.
    pub daily_limit: u32,
    /// Requests a second.
    pub per_second_max: u32,
    /// How they came about, in order.
    pub steps: Vec<LimitStep>,
}

/// The numbers on the way from the work to the limit.
#[derive(Clone, Copy)]
struct Need {
    ordinary: u64,
    busiest: u64,
    months: u32,
    grown: u64,
    daily: u64,
    hour: u64,
    by_chance: u32,
    per_second: u64,
}

/// Seconds of an hour, over which its requests spread.
const HOUR_S: f64 = 3_600.0;

impl Caseload {
    /// More of one contract in a day is no caseload but a mistake: the whole country asked 1.4 million times a day.
    const DAILY_MAX: u64 = 100_000_000;

    /// Whether every value can be.
    pub fn check(&self) -> Result<(), CaseloadError> {
        let hours = self.opening_hours.max(1);
        let ranges = [
            ("visits_per_day", self.visits_per_day, 1, 10_000_000),
            ("queries_per_100_visits", self.queries_per_100_visits, 1, 10_000),
            ("branches", self.branches, 1, 100_000),
            ("opening_hours", self.opening_hours, 1, 24),
            // The busiest of so many hours holds at least its even share.
            ("peak_hour_percent", self.peak_hour_percent, 100_u32.div_ceil(hours), 100),
            ("busiest_day_percent", self.busiest_day_percent, 100, 1_000),
            ("growth_percent_per_year", self.growth_percent_per_year, 0, 500),
        ];
        for (field, value, least, most) in ranges {
            if !(least..=most).contains(&value) {
                return Err(CaseloadError { field, least, most });
            }
        }
        if limit_rules(self.stated_on).is_none() {
            return Err(CaseloadError { field: "stated_on", least: 2022, most: 9999 });
        }
        Ok(())
    }

    /// The limit that follows, for a year or until the contract ends before that.
    pub fn limit(&self, contract_ends: Option<Date>) -> Result<ComputedLimit, CaseloadError> {
        self.check()?;
        let rules = limit_rules(self.stated_on).ok_or(CaseloadError {
            field: "stated_on",
            least: 2022,
            most: 9999,
        })?;
        let need = self.need(&rules, contract_ends);
        if need.daily > Self::DAILY_MAX {
            return Err(CaseloadError { field: "visits_per_day", least: 1, most: self.visits_per_day / 2 });
        }
        Ok(ComputedLimit {
            daily_limit: u32::try_from(need.daily).unwrap_or(u32::MAX),
            per_second_max: u32::try_from(need.per_second).unwrap_or(u32::MAX),
            steps: self.steps(&rules, &need),
        })
    }

    /// Questions of the busiest day that follow from the declared work, with the growth until the contract ends and without
    /// any headroom. `None` when what was stated cannot be.
    pub fn busiest_day(&self, contract_ends: Option<Date>) -> Option<u64> {
        self.check().ok()?;
        Some(self.need(&limit_rules(self.stated_on)?, contract_ends).grown)
    }

    fn need(&self, rules: &LimitRules, contract_ends: Option<Date>) -> Need {
        let ordinary = percent_of(self.visits_per_day.into(), self.queries_per_100_visits);
        let busiest = percent_of(ordinary, self.busiest_day_percent);
        let months = self.months_until(contract_ends);
        let grown = (busiest * u64::from(1_200 + self.growth_percent_per_year * months)).div_ceil(1_200);
        let daily = rounded_up(percent_of(grown, 100 + rules.headroom_percent));
        let hour = percent_of(grown, self.peak_hour_percent);
        let by_chance = arrivals_max(per_second(hour), f64::from(rules.refused_seconds_max) / HOUR_S);
        // The first visitor of every branch is served within the first minute.
        let at_opening = self.branches.div_ceil(60);
        Need {
            ordinary,
            busiest,
            months,
            grown,
            daily: daily.max(rules.daily_limit_min.into()),
            hour,
            by_chance,
            per_second: rounded_up(by_chance.max(at_opening).max(1).into()),
        }
    }

    fn steps(&self, rules: &LimitRules, need: &Need) -> Vec<LimitStep> {
        let Need { ordinary, busiest, months, grown, daily, hour, by_chance, per_second: second } = *need;
        let (headroom, rare) = (rules.headroom_percent, rules.refused_seconds_max);
        vec![
            step(
                "Câu hỏi trong một ngày thường",
                "Questions of an ordinary day",
                format!("{} × {} / 100", self.visits_per_day, self.queries_per_100_visits),
                ordinary,
            ),
            step(
                "Ngày đông nhất trong năm",
                "The busiest day of the year",
                format!("{ordinary} × {} / 100", self.busiest_day_percent),
                busiest,
            ),
            step(
                &format!("Sau {months} tháng tăng trưởng"),
                &format!("After {months} months of growth"),
                format!("{busiest} × (1 + {} % × {months} / 12)", self.growth_percent_per_year),
                grown,
            ),
            step(
                &format!("Cộng dự phòng {headroom} %, làm tròn lên: hạn mức ngày"),
                &format!("With {headroom} % headroom, rounded up: the limit a day"),
                format!("{grown} × {} / 100", 100 + headroom),
                daily,
            ),
            step(
                "Giờ cao điểm của ngày đó",
                "The busiest hour of that day",
                format!("{grown} × {} / 100", self.peak_hour_percent),
                hour,
            ),
            step(
                &format!(
                    "Nhiều nhất trong một giây (Poisson; vượt nhiều nhất {rare} giây trong giờ cao điểm)"
                ),
                &format!("Most in one second (Poisson; seconds of that hour that exceed it: {rare} at most)"),
                format!("{hour} / 3600 = {:.2}/s", per_second(hour)),
                by_chance.into(),
            ),
            step(
                "Lúc mở cửa, mỗi chi nhánh hỏi một lần trong phút đầu: hạn mức giây",
                "At opening every branch asks once within a minute: the limit a second",
                format!("max({by_chance}, {} / 60)", self.branches),
                second,
            ),
        ]
    }

    /// Whole months for which the limit is to suffice: a year, or until the contract ends before that.
    fn months_until(&self, contract_ends: Option<Date>) -> u32 {
        let Some(end) = contract_ends else { return 12 };
        let months = self.stated_on.until((Unit::Month, end)).map_or(12, |span| span.get_months());
        u32::try_from(months.clamp(0, 12)).unwrap_or(12)
    }
}

fn step(label_vi: &str, label_en: &str, formula: String, value: u64) -> LimitStep {
    LimitStep { label_vi: label_vi.to_owned(), label_en: label_en.to_owned(), formula, value }
}

/// What arrives in a second on average, of so many in an hour.
fn per_second(hour: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "below 2^53 by the ranges of a caseload")]
    let hour = hour as f64;
    hour / HOUR_S
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    /// A large hospital: some 5,500 patients a day (200,000 in the 36 working days of a report).
    fn hospital() -> Caseload {
        Caseload {
            stated_on: date(2026, 11, 22),
            visits_per_day: 5_500,
            queries_per_100_visits: 110,
            branches: 2,
            opening_hours: 9,
            peak_hour_percent: 25,
            busiest_day_percent: 160,
            growth_percent_per_year: 12,
        }
    }

    #[test]
    fn a_hospitals_limit_is_reasoned_line_by_line() {
        let limit = hospital().limit(None).unwrap();
        let values: Vec<u64> = limit.steps.iter().map(|step| step.value).collect();
        // 5,500 × 1.1 = 6,050; × 1.6 = 9,680; × 1.12 = 10,842; × 1.2 = 13,011 → 14,000; a quarter of 10,842 = 2,711 an hour.
        assert_eq!(values, [6_050, 9_680, 10_842, 14_000, 2_711, 5, 5]);
        assert_eq!((limit.daily_limit, limit.per_second_max), (14_000, 5));
        assert_eq!(limit.steps[5].formula, "2711 / 3600 = 0.75/s");
    }

    #[test]
    fn a_contract_that_ends_soon_leaves_no_room_to_grow_and_many_branches_open_at_once() {
        let ends = Some(date(2027, 2, 22));
        assert_eq!(hospital().limit(ends).unwrap().steps[2].value, 9_971, "three months of twelve");
        let bank = Caseload { branches: 3_000, ..hospital() };
        assert_eq!(bank.limit(None).unwrap().per_second_max, 50);
        let small = Caseload { visits_per_day: 5, ..hospital() };
        assert_eq!(small.limit(None).unwrap().daily_limit, 100, "no limit below the least");
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (wrong, field) in [
            (Caseload { visits_per_day: 0, ..hospital() }, "visits_per_day"),
            (Caseload { queries_per_100_visits: 10_001, ..hospital() }, "queries_per_100_visits"),
            (Caseload { branches: 0, ..hospital() }, "branches"),
            (Caseload { opening_hours: 25, ..hospital() }, "opening_hours"),
            (Caseload { opening_hours: 0, ..hospital() }, "opening_hours"),
            (Caseload { peak_hour_percent: 11, ..hospital() }, "peak_hour_percent"),
            (Caseload { busiest_day_percent: 99, ..hospital() }, "busiest_day_percent"),
            (Caseload { growth_percent_per_year: 501, ..hospital() }, "growth_percent_per_year"),
            (Caseload { stated_on: date(2021, 12, 31), ..hospital() }, "stated_on"),
            (
                Caseload { visits_per_day: 10_000_000, queries_per_100_visits: 10_000, ..hospital() },
                "visits_per_day",
            ),
        ] {
            assert_eq!(wrong.limit(None).unwrap_err().field, field);
        }
    }

    prop_compose! {
        fn any_caseload()(
            visits_per_day in 1_u32..1_000_000, queries_per_100_visits in 1_u32..500, branches in 1_u32..10_000,
            opening_hours in 4_u32..=24, peak_hour_percent in 25_u32..=100, busiest_day_percent in 100_u32..400,
            growth_percent_per_year in 0_u32..100,
        ) -> Caseload {
            Caseload { stated_on: date(2026, 11, 22), visits_per_day, queries_per_100_visits, branches, opening_hours,
                       peak_hour_percent, busiest_day_percent, growth_percent_per_year }
        }
    }

    proptest! {
        #[test]
        fn a_limit_suffices_for_the_busiest_day_and_its_busiest_second_and_more_work_never_lowers_it(caseload in any_caseload()) {
            let limit = caseload.limit(None).unwrap();
            let busiest = u64::from(caseload.visits_per_day) * u64::from(caseload.queries_per_100_visits)
                * u64::from(caseload.busiest_day_percent) / 10_000;
            prop_assert!(u64::from(limit.daily_limit) >= busiest);
            prop_assert!(u64::from(limit.per_second_max) * 3_600 >= busiest * u64::from(caseload.peak_hour_percent) / 100);
            let more = Caseload { visits_per_day: caseload.visits_per_day + 1, ..caseload }.limit(None).unwrap();
            prop_assert!(more.daily_limit >= limit.daily_limit && more.per_second_max >= limit.per_second_max);
        }
    }
}
