//! What a new statement does to what was believed before.
//!
//! The one rule: of a kind, the register believes at most one value for a day. A new belief takes the days it
//! speaks of from the old ones. The old rows' time of record ends, what is left of their days is recorded
//! again, and nothing is deleted, so that every answer once given can be given again.

use crate::{
    facts::{Fact, FactValue},
    kinds::FactKind,
};
use dancu_core::PersonalNumber;
use jiff::{SignedDuration, Timestamp, civil::Date};
use std::sync::Arc;

/// A statement about a stretch of days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Belief {
    /// What is stated.
    pub value: FactValue,
    /// First day.
    pub valid_from: Date,
    /// First day on which it no longer holds.
    pub valid_to: Option<Date>,
}

/// One write to the table of facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The row with this key ceases to be believed.
    Close {
        /// Kind of the row.
        kind: FactKind,
        /// Start of its time of record.
        recorded_from: Timestamp,
        /// Start of its time of validity.
        valid_from: Date,
        /// End of its time of record.
        recorded_to: Timestamp,
    },
    /// A new row.
    Insert(Fact),
}

/// The instant at which new beliefs about a person are recorded: `wanted`, or one microsecond after the last
/// record if the clock stepped back behind it.
pub fn record_time(existing: &[Fact], wanted: Timestamp) -> Timestamp {
    let last = existing.iter().flat_map(|fact| [Some(fact.recorded_from), fact.recorded_to]).flatten().max();
    match last {
        Some(last) if last >= wanted => last
            .checked_add(SignedDuration::from_micros(1))
            .expect("the register's times lie thousands of years before the last instant"),
        _ => wanted,
    }
}

/// The writes by which a person's history takes in new beliefs, all at one instant.
///
/// `existing` is the person's whole history. `recorded_at` must lie after every record in it
/// ([`record_time`]). Of two beliefs about one day the later in the list wins. A belief that is held already
/// changes nothing; a stretch that is empty is left out.
pub fn believe(
    existing: &[Fact],
    number: PersonalNumber,
    beliefs: &[Belief],
    recorded_at: Timestamp,
    source: &Arc<str>,
) -> Vec<Change> {
    let mut closed = vec![false; existing.len()];
    let mut new: Vec<Fact> = Vec::new();
    for belief in beliefs {
        let days = Days { from: belief.valid_from, to: belief.valid_to };
        if days.is_empty() {
            continue;
        }
        let kind = belief.value.kind();
        let open = |index: usize| existing[index].recorded_to.is_none() && !closed[index];
        let standing = existing.iter().enumerate().filter(|(index, _)| open(*index)).map(|(_, fact)| fact);
        if standing.chain(&new).any(|fact| fact.value == belief.value && Days::of(fact).covers(days)) {
            continue;
        }
        for (index, old) in existing.iter().enumerate() {
            let concerned = old.value.kind() == kind && Days::of(old).meets(days);
            if old.recorded_to.is_none() && !closed[index] && concerned {
                closed[index] = true;
                new.push(Fact { recorded_from: recorded_at, ..old.clone() });
            }
        }
        // What meets the new belief, recorded before or in this same call, keeps its other days only.
        new = new.into_iter().flat_map(|fact| without(fact, kind, days)).collect();
        new.push(Fact {
            number,
            value: belief.value.clone(),
            valid_from: days.from,
            valid_to: days.to,
            recorded_from: recorded_at,
            recorded_to: None,
            source: Arc::clone(source),
        });
    }
    let endings =
        existing.iter().zip(&closed).filter(|(_, closed)| **closed).map(|(fact, _)| Change::Close {
            kind: fact.value.kind(),
            recorded_from: fact.recorded_from,
            valid_from: fact.valid_from,
            recorded_to: recorded_at,
        });
    endings.chain(new.into_iter().map(Change::Insert)).collect()
}

/// The fact without some days: itself, or what stands before and after them.
fn without(fact: Fact, kind: FactKind, days: Days) -> Vec<Fact> {
    let own = Days::of(&fact);
    if fact.value.kind() != kind || !own.meets(days) {
        return vec![fact];
    }
    let before = Days { from: own.from, to: Some(days.from) };
    let after = days.to.map(|end| Days { from: end.max(own.from), to: own.to });
    let mut left = Vec::with_capacity(2);
    for part in [Some(before), after].into_iter().flatten().filter(|part| !part.is_empty()) {
        left.push(Fact { valid_from: part.from, valid_to: part.to, ..fact.clone() });
    }
    left
}

/// A half-open stretch of days.
#[derive(Debug, Clone, Copy)]
struct Days {
    from: Date,
    to: Option<Date>,
}

impl Days {
    fn of(fact: &Fact) -> Self {
        Self { from: fact.valid_from, to: fact.valid_to }
    }

    fn is_empty(self) -> bool {
        self.to.is_some_and(|end| end <= self.from)
    }

    fn meets(self, other: Self) -> bool {
        self.to.is_none_or(|end| other.from < end) && other.to.is_none_or(|end| self.from < end)
    }

    fn covers(self, other: Self) -> bool {
        self.from <= other.from
            && match (self.to, other.to) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(own), Some(end)) => end <= own,
            }
    }
}

/// Applies changes to a history in memory, as a store does to its table.
pub fn apply_changes(history: &mut Vec<Fact>, changes: &[Change]) {
    for change in changes {
        match change {
            Change::Insert(fact) => history.push(fact.clone()),
            Change::Close { kind, recorded_from, valid_from, recorded_to } => {
                let row = history.iter_mut().find(|fact| {
                    fact.value.kind() == *kind
                        && fact.recorded_from == *recorded_from
                        && fact.valid_from == *valid_from
                });
                if let Some(row) = row {
                    row.recorded_to = Some(*recorded_to);
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "believe_tests.rs"]
mod tests;
