use super::*;
use crate::tables::Listed;
use jiff::civil::date;
use proptest::prelude::*;

fn national() -> &'static Calendar {
    Calendar::national()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn days_off(year: i16) -> Vec<Date> {
    national().holidays(year).iter().map(|holiday| holiday.day).collect()
}

#[test]
fn the_days_off_of_2026_are_those_that_were_announced() {
    let expected = [
        date(2026, 1, 1),
        // Lunar new year: the last day of the old year and four of the new.
        date(2026, 2, 16),
        date(2026, 2, 17),
        date(2026, 2, 18),
        date(2026, 2, 19),
        date(2026, 2, 20),
        // The tenth of the third month is a Sunday: the Monday after it is off.
        date(2026, 4, 26),
        date(2026, 4, 27),
        date(2026, 4, 30),
        date(2026, 5, 1),
        date(2026, 8, 31),
        date(2026, 9, 1),
        date(2026, 9, 2),
        date(2026, 11, 24),
    ];
    assert_eq!(days_off(2026), expected);
}

#[test]
fn a_saturday_that_makes_up_for_a_day_off_is_worked() {
    assert!(national().is_working_day(date(2026, 8, 22)));
    assert!(!national().is_working_day(date(2026, 8, 31)));
    assert!(!national().is_working_day(date(2026, 8, 29)));
    assert_eq!(national().add_working_days(date(2026, 8, 21), 1), date(2026, 8, 22));
}

#[test]
fn the_culture_day_is_off_from_2026() {
    assert!(national().is_working_day(date(2025, 11, 24)));
    assert!(!national().is_working_day(date(2026, 11, 24)));
}

#[test]
fn holidays_on_days_of_rest_are_made_good_on_the_next_working_days() {
    // Lunar new year 2027 is Saturday 6 February: Saturday and Sunday are made good on Wednesday and Thursday.
    let off: Vec<Date> = days_off(2027).into_iter().filter(|day| day.month() == 2).collect();
    let expected: Vec<Date> = (5..=11).map(|day| date(2027, 2, day)).collect();
    assert_eq!(off, expected);
    // 30 April and 1 May 2022 were Saturday and Sunday.
    assert!(!national().is_working_day(date(2022, 5, 2)));
    assert!(!national().is_working_day(date(2022, 5, 3)));
    assert!(national().is_working_day(date(2022, 5, 4)));
}

#[test]
fn the_list_of_a_year_takes_the_place_of_the_computed_days() {
    let mut tables = Tables::read();
    for day in 13..=19 {
        tables.listed.push(Listed {
            day: date(2026, 2, day),
            kind: ListedKind::Off,
            holiday: "lunar_new_year".to_owned(),
            name_vi: "Tết Nguyên đán".to_owned(),
            name_en: "Lunar New Year".to_owned(),
            legal_reference: "a list".to_owned(),
        });
    }
    let calendar = Calendar::of(tables);
    assert!(!calendar.is_working_day(date(2026, 2, 13)));
    assert!(calendar.is_working_day(date(2026, 2, 20)));
    assert!(!calendar.is_working_day(date(2026, 4, 30)));
}

#[test]
fn what_comes_after_three_in_the_afternoon_counts_from_the_next_working_day() {
    let national = national();
    // Tuesday 10 March 2026, 15:00 and a minute later in Viet Nam.
    assert_eq!(national.deadline(at("2026-03-10T08:00:00Z"), 2), date(2026, 3, 12));
    assert_eq!(national.deadline(at("2026-03-10T08:01:00Z"), 2), date(2026, 3, 13));
    assert_eq!(national.deadline(at("2026-03-10T08:01:00Z"), 0), date(2026, 3, 11));
    // Friday evening, Saturday noon and Monday morning are the same.
    for received in ["2026-03-13T10:00:00Z", "2026-03-14T05:00:00Z", "2026-03-16T01:00:00Z"] {
        assert_eq!(national.deadline(at(received), 2), date(2026, 3, 18), "{received}");
    }
    // Before the rule of the hour (21 June 2018) the whole day counted.
    assert_eq!(national.deadline(at("2018-03-13T10:00:00Z"), 1), date(2018, 3, 14));
}

#[test]
fn a_deadline_across_the_lunar_new_year_waits_for_its_end() {
    // Friday 13 February 2026 at ten: Monday to Friday are off.
    assert_eq!(national().deadline(at("2026-02-13T03:00:00Z"), 2), date(2026, 2, 24));
}

#[test]
fn every_row_of_the_tables_is_whole() {
    let tables = Tables::read();
    assert!(tables.rules.iter().all(|rule| !rule.legal_reference.is_empty() && !rule.name_vi.is_empty()));
    assert!(tables.rules.iter().all(|rule| rule.valid_to.is_none_or(|end| rule.valid_from < end)));
    assert!(tables.listed.iter().all(|row| !row.legal_reference.is_empty()));
    assert!(tables.rest.iter().all(|rest| !rest.legal_reference.is_empty()));
    let rest: Vec<_> = tables.rest.iter().map(|rest| rest.value.to_monday_one_offset()).collect();
    assert_eq!(rest, [6, 7]);
    let ids = |day: Date| {
        let rules = tables.rules.iter().filter(move |rule| rule.holds_on(day));
        rules.map(|rule| rule.id.as_str()).collect::<Vec<_>>()
    };
    for day in [date(2014, 1, 1), date(2021, 1, 1), date(2026, 6, 1)] {
        let mut once = ids(day);
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), ids(day).len(), "no holiday has two rules on {day}");
    }
}

fn any_day() -> impl Strategy<Value = Date> {
    (0_i64..60_000).prop_map(|days| date(1990, 1, 1).saturating_add(Span::new().days(days)))
}

proptest! {
    #[test]
    fn the_sum_is_a_working_day_and_counts_back_to_what_was_added(day in any_day(), count in 1_u16..120) {
        let sum = national().add_working_days(day, count);
        prop_assert!(national().is_working_day(sum));
        prop_assert!(sum > day);
        prop_assert_eq!(national().working_days_between(day, sum), u32::from(count));
    }

    #[test]
    fn adding_twice_is_adding_the_sum(day in any_day(), first in 1_u16..40, second in 1_u16..40) {
        let twice = national().add_working_days(national().add_working_days(day, first), second);
        prop_assert_eq!(twice, national().add_working_days(day, first + second));
    }

    #[test]
    fn a_later_receipt_never_has_an_earlier_deadline(
        day in any_day(), hour in 0_i64..24, later_minutes in 0_i64..20_000, count in 0_u16..30,
    ) {
        let received = day.at(0, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp()
            .checked_add(Span::new().hours(hour)).unwrap();
        let later = received.checked_add(Span::new().minutes(later_minutes)).unwrap();
        prop_assert!(national().deadline(received, count) <= national().deadline(later, count));
        prop_assert!(national().is_working_day(national().deadline(received, count)));
    }

    #[test]
    fn holidays_are_ascending_and_each_day_stands_once(year in 1960_i16..2210) {
        let days = national().holidays(year);
        prop_assert!(days.windows(2).all(|pair| pair[0].day < pair[1].day));
        prop_assert!(days.iter().all(|holiday| holiday.day.year() == year));
        prop_assert!(days.len() < 30);
    }
}
