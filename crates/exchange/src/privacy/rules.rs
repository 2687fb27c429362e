//! The deadlines of a person's requests, from `data/privacy_deadlines.csv`, and how they are counted.

use super::CaseKind;
use dancu_calendar::Calendar;
use dancu_core::DatedRules;
use jiff::{ToSpan, civil::Date};
use std::sync::LazyLock;

static RULES: LazyLock<DatedRules> =
    LazyLock::new(|| DatedRules::read(include_str!("../../../../data/privacy_deadlines.csv")));

/// The last days of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Of the answer.
    pub answer: Date,
    /// Of carrying it out.
    pub carry_out: Date,
}

/// The last days of a request that is received on a day; `None` before the law had any.
///
/// The day of receipt is not counted. The answer is due in working days. Carrying out is due in days of the calendar; a
/// last day that is no working day moves to the next one that is (Civil Code 2015, art. 147 and 148).
pub fn deadlines(kind: CaseKind, received: Date, has_processor: bool) -> Option<Deadlines> {
    let rule = |name: &str| match kind {
        CaseKind::Complaint => RULES.on(&format!("complaint_{name}"), received),
        CaseKind::Restrict | CaseKind::Object | CaseKind::Withdraw => RULES.on(name, received),
    };
    let days = rule(if has_processor { "carry_out_days_with_processor" } else { "carry_out_days" })?;
    let working_days = u16::try_from(rule("answer_working_days")?).ok()?;
    Some(Deadlines {
        answer: Calendar::national().add_working_days(received, working_days),
        carry_out: after(received, days),
    })
}

/// The last day of carrying out once it is put off; the law of the day on which it is put off counts.
pub(super) fn extended(carry_out: Date, today: Date) -> Option<Date> {
    Some(after(carry_out, RULES.on("extension_days", today)?))
}

/// Requests of one person that may be under way at a time.
pub(super) fn open_cases_max(today: Date) -> Option<u32> {
    RULES.on("open_cases_max", today)
}

fn after(day: Date, days: u32) -> Date {
    Calendar::national().working_day_from(day.saturating_add(i64::from(days).days()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    /// The law's deadlines as cases with dates: kind, received, with a processor, answered by, carried out by.
    #[test]
    fn the_deadlines_of_the_law_are_these_days() {
        use CaseKind::{Complaint, Object, Restrict, Withdraw};
        #[rustfmt::skip]
        let table = [
            // Mondays to Wednesdays of plain weeks.
            (Restrict,  date(2026, 3, 2),   false, date(2026, 3, 4),   date(2026, 3, 17)),
            (Object,    date(2026, 3, 2),   true,  date(2026, 3, 4),   date(2026, 3, 23)),
            // Received on a Friday: the weekend is not worked. 20 + 15 is a Saturday, so Monday.
            (Withdraw,  date(2026, 3, 20),  false, date(2026, 3, 24),  date(2026, 4, 6)),
            // Received on a Saturday.
            (Complaint, date(2026, 3, 7),   false, date(2026, 3, 10),  date(2026, 3, 23)),
            // Before the lunar new year, 17 February 2026: the holiday lies within both.
            (Restrict,  date(2026, 2, 13),  false, date(2026, 2, 24),  date(2026, 3, 2)),
            (Object,    date(2026, 2, 2),   false, date(2026, 2, 4),   date(2026, 2, 23)),
            // 30 April and 1 May.
            (Withdraw,  date(2026, 4, 29),  false, date(2026, 5, 5),   date(2026, 5, 14)),
            (Withdraw,  date(2026, 4, 15),  false, date(2026, 4, 17),  date(2026, 5, 4)),
            // 22 August 2026 is a Saturday that is worked in place of 31 August.
            (Object,    date(2026, 8, 20),  false, date(2026, 8, 22),  date(2026, 9, 4)),
            // 24 November is a holiday from 2026 on.
            (Complaint, date(2026, 11, 22), false, date(2026, 11, 25), date(2026, 12, 7)),
        ];
        for (kind, received, has_processor, answer, carry_out) in table {
            assert_eq!(
                deadlines(kind, received, has_processor),
                Some(Deadlines { answer, carry_out }),
                "{kind:?} received {received}"
            );
        }
        assert_eq!(deadlines(Restrict, date(2025, 12, 31), false), None, "before the law");
        assert_eq!(extended(date(2026, 3, 17), date(2026, 3, 10)), Some(date(2026, 4, 1)));
        assert!(open_cases_max(date(2026, 11, 22)).is_some());
    }

    proptest! {
        #[test]
        fn deadlines_are_working_days_in_their_order(offset in 0_i64..3_000, has_processor: bool) {
            let received = date(2026, 1, 1).saturating_add(offset.days());
            for kind in CaseKind::ALL {
                let due = deadlines(kind, received, has_processor).unwrap();
                prop_assert!(received < due.answer && due.answer < due.carry_out);
                for day in [due.answer, due.carry_out] {
                    prop_assert!(Calendar::national().is_working_day(day));
                }
                prop_assert!(Calendar::national().working_days_between(received, due.answer) == 2);
                let later = extended(due.carry_out, received).unwrap();
                prop_assert!(later >= due.carry_out.saturating_add(15.days()));
            }
        }
    }
}
