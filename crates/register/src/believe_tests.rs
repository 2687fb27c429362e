use super::*;
use crate::{
    facts::{Contact, Life},
    person::{At, person_at},
};
use jiff::civil::date;
use proptest::prelude::*;
use std::collections::HashSet;

const STEPS: i64 = 10;

fn instant(step: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + step).unwrap()
}

fn number() -> PersonalNumber {
    PersonalNumber::from_value(1_085_000_001).unwrap()
}

fn phone(digit: u8) -> FactValue {
    FactValue::Contact(Contact { phone: Some(digit.to_string()), email: None })
}

fn life(digit: u8) -> FactValue {
    FactValue::Life(if digit == 0 { Life::Alive } else { Life::Missing { since: None } })
}

fn belief() -> impl Strategy<Value = Belief> {
    (0_u8..3, any::<bool>(), 1_i8..12, proptest::option::of(1_i8..13)).prop_map(|(digit, other, from, to)| {
        Belief {
            value: if other { life(digit) } else { phone(digit) },
            valid_from: date(2020, from, 1),
            valid_to: to.map(|month| date(2020, month, 1)),
        }
    })
}

/// Sequences of beliefs, each with the instant that the clock shows: it may stand or step back.
fn sequences() -> impl Strategy<Value = Vec<(i64, Vec<Belief>)>> {
    proptest::collection::vec((0..STEPS, proptest::collection::vec(belief(), 1..4)), 1..12)
}

fn record(history: &mut Vec<Fact>, beliefs: &[Belief], wanted: Timestamp) -> (Timestamp, Vec<Change>) {
    let recorded_at = record_time(history, wanted);
    let changes = believe(history, number(), beliefs, recorded_at, &"test".into());
    apply_changes(history, &changes);
    (recorded_at, changes)
}

fn days() -> impl Iterator<Item = Date> {
    (2019..=2021).flat_map(|year| (1..=12).map(move |month| date(year, month, 1)))
}

/// Every answer at one instant of record.
fn answers(history: &[Fact], known_at: Timestamp) -> Vec<Option<crate::person::Person>> {
    days().map(|as_of| person_at(history, At { as_of, known_at })).collect()
}

proptest! {
    #[test]
    fn at_most_one_fact_a_kind_holds_at_any_point(sequence in sequences()) {
        let mut history = Vec::new();
        let mut instants = vec![instant(0)];
        for (step, beliefs) in sequence {
            instants.push(record(&mut history, &beliefs, instant(step)).0);
        }
        for known_at in instants {
            for as_of in days() {
                let mut seen = HashSet::new();
                for fact in history.iter().filter(|fact| At { as_of, known_at }.sees(fact)) {
                    prop_assert!(seen.insert(fact.value.kind()), "two facts on {as_of}");
                }
            }
        }
    }

    // Answers of a time before anything was recorded are left out: a clock that steps back before the very
    // first record of a person cannot be known from their history.
    #[test]
    fn every_past_answer_can_be_given_again(sequence in sequences()) {
        let mut history = Vec::new();
        let mut given = Vec::new();
        for (step, beliefs) in sequence {
            let (recorded_at, changes) = record(&mut history, &beliefs, instant(step));
            if !changes.is_empty() {
                given.push((recorded_at, answers(&history, recorded_at)));
            }
            for (known_at, before) in &given {
                prop_assert_eq!(&answers(&history, *known_at), before);
            }
        }
    }

    #[test]
    fn rows_are_added_and_closed_once_and_never_change_else(sequence in sequences()) {
        let mut history: Vec<Fact> = Vec::new();
        for (step, beliefs) in sequence {
            let before = history.clone();
            let (recorded_at, changes) = record(&mut history, &beliefs, instant(step));
            let mut keys = HashSet::new();
            for fact in &history {
                prop_assert!(keys.insert((fact.value.kind(), fact.recorded_from, fact.valid_from)), "key twice");
                prop_assert!(fact.recorded_to.is_none_or(|end| fact.recorded_from < end));
                prop_assert!(fact.valid_to.is_none_or(|end| fact.valid_from < end));
            }
            for (old, new) in before.iter().zip(&history) {
                if old != new {
                    prop_assert_eq!(old.recorded_to, None);
                    prop_assert_eq!(new, &Fact { recorded_to: Some(recorded_at), ..old.clone() });
                }
            }
            for change in &changes {
                if let Change::Insert(fact) = change {
                    prop_assert!(before.iter().all(|old| old.recorded_from < fact.recorded_from));
                }
            }
        }
    }

    #[test]
    fn the_last_belief_about_a_day_is_the_one_that_holds(sequence in sequences()) {
        let mut history = Vec::new();
        let mut last = instant(0);
        let mut all = Vec::new();
        for (step, beliefs) in sequence {
            last = record(&mut history, &beliefs, instant(step)).0;
            all.extend(beliefs);
        }
        for as_of in days() {
            for kind in [FactKind::Contact, FactKind::Life] {
                let spoken = all.iter().rev().find(|belief| {
                    belief.value.kind() == kind
                        && belief.valid_from <= as_of
                        && belief.valid_to.is_none_or(|end| as_of < end)
                });
                let person = person_at(&history, At { as_of, known_at: last });
                let held = person.as_ref().and_then(|person| person.held(kind)).map(|held| &held.value);
                prop_assert_eq!(held, spoken.map(|belief| &belief.value));
            }
        }
    }

    #[test]
    fn what_is_believed_already_changes_nothing(sequence in sequences(), again in belief()) {
        let mut history = Vec::new();
        for (step, beliefs) in sequence {
            record(&mut history, &beliefs, instant(step));
        }
        record(&mut history, std::slice::from_ref(&again), instant(STEPS));
        let (_, changes) = record(&mut history, &[again], instant(STEPS));
        prop_assert_eq!(changes, Vec::new());
    }
}

#[test]
fn a_clock_that_steps_back_does_not_change_the_order() {
    let mut history = Vec::new();
    let belief = |digit| Belief { value: phone(digit), valid_from: date(2020, 1, 1), valid_to: None };
    record(&mut history, &[belief(1)], instant(5));
    let (recorded_at, _) = record(&mut history, &[belief(2)], instant(3));
    assert_eq!(recorded_at, instant(5) + SignedDuration::from_micros(1));
}

#[test]
fn a_belief_about_the_middle_splits_the_old_one() {
    let mut history = Vec::new();
    let whole = Belief { value: phone(1), valid_from: date(2020, 1, 1), valid_to: None };
    let middle = Belief { value: phone(2), valid_from: date(2020, 3, 1), valid_to: Some(date(2020, 5, 1)) };
    record(&mut history, &[whole], instant(1));
    let (_, changes) = record(&mut history, &[middle], instant(2));
    let inserted: Vec<_> = changes
        .iter()
        .filter_map(|change| match change {
            Change::Insert(fact) => Some((fact.valid_from, fact.valid_to)),
            Change::Close { .. } => None,
        })
        .collect();
    assert_eq!(changes.len(), 4);
    assert_eq!(
        inserted,
        [
            (date(2020, 1, 1), Some(date(2020, 3, 1))),
            (date(2020, 5, 1), None),
            (date(2020, 3, 1), Some(date(2020, 5, 1)))
        ]
    );
}
