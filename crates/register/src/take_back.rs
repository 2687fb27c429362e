//! Taking back what one event recorded: the compensation of an event, never its deletion.

use crate::{believe::Change, facts::Fact, kinds::FactKind};
use jiff::Timestamp;
use std::sync::Arc;

/// Something of what was recorded then is no longer believed: later events built on it and must be taken back first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("later events changed the same facts")]
pub struct NotTakenBack {
    /// The kind of fact that was changed since.
    pub kind: FactKind,
    /// When.
    pub changed_at: Timestamp,
}

/// The writes that restore what was believed before the instant `recorded`: what was recorded at it ceases to be
/// believed, and what ceased to be believed at it is believed again.
///
/// `existing` is the person's whole history; `recorded_at` lies after every record in it. The word of `source` up to the
/// colon is that of every taking back: a row that a later event changed, and that was put back when that event was itself
/// taken back, bears it, and is as good as the row of the first time.
pub fn take_back(
    existing: &[Fact],
    recorded: Timestamp,
    recorded_at: Timestamp,
    source: &Arc<str>,
) -> Result<Vec<Change>, NotTakenBack> {
    let mut changes = Vec::new();
    for fact in existing.iter().filter(|fact| fact.recorded_from == recorded) {
        let standing = match fact.recorded_to {
            None => fact,
            Some(changed_at) => existing
                .iter()
                .find(|row| row.recorded_to.is_none() && states_same(row, fact) && is_put_back(row, source))
                .ok_or(NotTakenBack { kind: fact.value.kind(), changed_at })?,
        };
        changes.push(Change::Close {
            kind: standing.value.kind(),
            recorded_from: standing.recorded_from,
            valid_from: standing.valid_from,
            recorded_to: recorded_at,
        });
    }
    for fact in existing.iter().filter(|fact| fact.recorded_to == Some(recorded)) {
        changes.push(Change::Insert(Fact {
            recorded_from: recorded_at,
            recorded_to: None,
            source: Arc::clone(source),
            ..fact.clone()
        }));
    }
    Ok(changes)
}

fn states_same(one: &Fact, other: &Fact) -> bool {
    one.value == other.value && one.valid_from == other.valid_from && one.valid_to == other.valid_to
}

fn is_put_back(row: &Fact, source: &str) -> bool {
    let word = |source: &str| source.split(':').next().map(str::to_owned);
    word(&row.source) == word(source)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{At, Belief, Contact, FactValue, apply_changes, believe, person_at};
    use dancu_core::PersonalNumber;
    use jiff::civil::{Date, date};
    use proptest::prelude::*;

    fn phone(text: &str) -> FactValue {
        FactValue::Contact(Contact { phone: Some(text.to_owned()), email: None })
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn write(history: &mut Vec<Fact>, second: i64, beliefs: &[Belief]) {
        let number = PersonalNumber::from_value(7).unwrap();
        let changes = believe(history, number, beliefs, at(second), &Arc::from("test"));
        apply_changes(history, &changes);
    }

    fn belief(text: &str, from: Date, to: Option<Date>) -> Belief {
        Belief { value: phone(text), valid_from: from, valid_to: to }
    }

    #[test]
    fn what_later_events_changed_is_not_taken_back() {
        let mut history = Vec::new();
        write(&mut history, 1, &[belief("1", date(2020, 1, 1), None)]);
        write(&mut history, 2, &[belief("2", date(2021, 1, 1), None)]);
        write(&mut history, 3, &[belief("3", date(2022, 1, 1), None)]);
        let refused = take_back(&history, at(2), at(4), &Arc::from("test"));
        assert_eq!(refused, Err(NotTakenBack { kind: FactKind::Contact, changed_at: at(3) }));
    }

    #[test]
    fn what_was_stated_anew_since_is_not_taken_back_with_the_first_statement() {
        let mut history = Vec::new();
        write(&mut history, 1, &[belief("1", date(2020, 1, 1), None)]);
        write(&mut history, 2, &[belief("2", date(2020, 1, 1), None)]);
        write(&mut history, 3, &[belief("1", date(2020, 1, 1), None)]);
        assert!(take_back(&history, at(1), at(4), &Arc::from("back")).is_err());
    }

    proptest! {
        /// What the refusal tells to do first makes the taking back possible.
        #[test]
        fn events_taken_back_from_the_last_to_the_first_leave_nothing(
            events in proptest::collection::vec((1_i8..28, proptest::option::of(1_i8..28)), 1..8),
        ) {
            let mut history = Vec::new();
            let day = |day: i8| date(2020, 1, day);
            for (second, (from, to)) in (1..).zip(&events) {
                write(&mut history, second, &[belief(&format!("{second}"), day(*from), to.map(day))]);
            }
            for second in (1..=i64::try_from(events.len()).unwrap()).rev() {
                let before = history.clone();
                let changes = take_back(&history, at(second), at(200 - second), &Arc::from("back:1")).unwrap();
                apply_changes(&mut history, &changes);
                for number in 1..31 {
                    let seen = |history: &[Fact], second| {
                        let at = At { as_of: date(2020, 1, number), known_at: at(second) };
                        person_at(history, at).and_then(|person| person.contact().cloned())
                    };
                    prop_assert!(seen(&before, second - 1) == seen(&history, 200));
                }
            }
            prop_assert!(history.iter().all(|fact| fact.recorded_to.is_some()));
        }

        #[test]
        fn after_taking_back_every_day_is_believed_as_before(
            first in proptest::collection::vec((1_i8..28, proptest::option::of(1_i8..28)), 0..5),
            event in (1_i8..28, proptest::option::of(1_i8..28)),
        ) {
            let mut history = Vec::new();
            let day = |day: i8| date(2020, 1, day);
            for (index, (from, to)) in first.iter().enumerate() {
                let second = i64::try_from(index).unwrap() + 1;
                write(&mut history, second, &[belief(&format!("{index}"), day(*from), to.map(day))]);
            }
            write(&mut history, 100, &[belief("event", day(event.0), event.1.map(day))]);
            let changes = take_back(&history, at(100), at(101), &Arc::from("back")).unwrap();
            apply_changes(&mut history, &changes);
            for number in 1..31 {
                let seen = |second| person_at(&history, At { as_of: date(2020, 1, number), known_at: at(second) })
                    .and_then(|person| person.contact().cloned());
                prop_assert!(seen(99) == seen(102));
            }
        }
    }
}
