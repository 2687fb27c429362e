//! The history of a record, grouped by what happened: what changed, when it was true, when the register learned it, and
//! from whom.

use super::record::{self, FactLine};
use crate::views::Words;
use dancu_changes::{CommandId, Event};
use dancu_register::Fact;
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that was recorded of a person at one instant.
#[derive(Serialize)]
pub(super) struct Happening {
    pub title: Words,
    /// The event; none for a file that was loaded.
    pub event: Option<CommandId>,
    /// When the register came to know it.
    pub recorded: Timestamp,
    pub source: String,
    pub source_words: Words,
    /// Whether it was taken back since.
    pub is_taken_back: bool,
    /// What is believed since then.
    pub begins: Vec<Stretch>,
    /// What is believed no longer, for any day.
    pub ends: Vec<Stretch>,
}

/// A fact with the days on which it holds.
#[derive(Serialize)]
pub(super) struct Stretch {
    pub title: Words,
    pub from: Date,
    pub to: Option<Date>,
    pub lines: Vec<FactLine>,
}

impl Stretch {
    pub fn of(fact: &Fact) -> Self {
        Self {
            title: record::title(fact.value.kind()),
            from: fact.valid_from,
            to: fact.valid_to,
            lines: record::lines(&fact.value, fact.valid_from),
        }
    }
}

/// What happened before an instant, the newest first, at most so much; and whether there is more.
pub(super) fn happenings(
    history: &[Fact],
    events: &[Event],
    taken_back: &BTreeSet<CommandId>,
    before: Timestamp,
    length_max: usize,
) -> (Vec<Happening>, bool) {
    let mut instants: BTreeMap<Timestamp, Option<&Event>> =
        history.iter().map(|fact| (fact.recorded_from, None)).collect();
    instants.extend(events.iter().map(|event| (event.recorded_at, Some(event))));
    let mut earlier = instants.into_iter().rev().filter(|(instant, _)| *instant < before);
    let page: Vec<Happening> = earlier
        .by_ref()
        .take(length_max)
        .map(|(instant, event)| happening(history, instant, event, taken_back))
        .collect();
    (page, earlier.next().is_some())
}

fn happening(
    history: &[Fact],
    instant: Timestamp,
    event: Option<&Event>,
    taken_back: &BTreeSet<CommandId>,
) -> Happening {
    let written = || history.iter().filter(move |fact| fact.recorded_from == instant);
    let closed = || history.iter().filter(move |fact| fact.recorded_to == Some(instant));
    // A row that stands again for fewer days says nothing new.
    let is_rest = |fact: &&Fact| closed().any(|old| old.value == fact.value && old.source == fact.source);
    let stands = |fact: &&Fact| written().any(|new| new.value == fact.value);
    let source = if let Some(event) = event {
        Event::source(&event.command, &event.actor)
    } else {
        let first = written().find(|fact| !is_rest(fact)).or_else(|| written().next());
        first.map(|fact| fact.source.to_string()).unwrap_or_default()
    };
    let title = match event {
        Some(event) => event.command.title().into(),
        None => record::title_of_source(&source),
    };
    Happening {
        title,
        event: event.map(|event| event.id),
        recorded: instant,
        source_words: record::source_words(&source),
        source,
        is_taken_back: event.is_some_and(|event| taken_back.contains(&event.id)),
        begins: written().filter(|fact| !is_rest(fact)).map(Stretch::of).collect(),
        ends: closed().filter(|fact| !stands(fact)).map(Stretch::of).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dancu_register::{Belief, Contact, FactValue, apply_changes, believe};
    use jiff::civil::date;

    fn phone(history: &mut Vec<Fact>, number: &str, from: Date, second: i64, source: &str) {
        let value = FactValue::Contact(Contact { phone: Some(number.to_owned()), email: None });
        let belief = Belief { value, valid_from: from, valid_to: None };
        let at = Timestamp::from_second(second).unwrap();
        let changes = believe(history, "001090000017".parse().unwrap(), &[belief], at, &source.into());
        apply_changes(history, &changes);
    }

    #[test]
    fn a_change_shows_what_is_new_and_a_correction_what_is_believed_no_longer() {
        let mut history = Vec::new();
        phone(&mut history, "0900000001", date(2020, 1, 1), 1, "load:people.csv:1f0c");
        phone(&mut history, "0900000002", date(2024, 1, 1), 2, "change_contact:00004");
        phone(&mut history, "0900000003", date(2020, 1, 1), 3, "change_contact:00004");
        let (all, more) = happenings(&history, &[], &BTreeSet::new(), Timestamp::MAX, 10);
        let shape: Vec<_> = all.iter().map(|one| (one.begins.len(), one.ends.len())).collect();
        assert_eq!((shape, more), (vec![(1, 2), (1, 0), (1, 0)], false));
        assert_eq!(all[1].begins[0].from, date(2024, 1, 1));
        let (page, more) = happenings(&history, &[], &BTreeSet::new(), all[0].recorded, 1);
        assert_eq!((page[0].recorded, more), (all[1].recorded, true));
        assert_eq!(all[2].source_words.en, "file people.csv");
        assert!(all[1].source_words.vi.contains("Ba Đình"), "{:?}", all[1].source_words);
    }
}
