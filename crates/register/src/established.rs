//! What events established, and what a file may still say of it.
//!
//! An officer registered an event on papers; a file repeats what somebody else believed on its day. So a file adds what
//! the event left open and tells of later days, but takes nothing back: what it says against an event is left out of the
//! register and told to whoever has to look into it.

use crate::facts::{Card, Contact, Fact, FactValue, Family, Identity, Life, Residence};
use crate::words::MaritalStatus;

/// How the source of every fact begins that came from a file.
const FILE: &str = "load:";

/// Whether a source names a file rather than an event.
pub fn is_from_file(source: &str) -> bool {
    source.starts_with(FILE)
}

/// Whether a row says what an event established: the event wrote it, or a file filled in what the event had left open.
pub(crate) fn is_of_event(row: &Fact, existing: &[Fact]) -> bool {
    let mut row = row;
    loop {
        if !is_from_file(&row.source) {
            return true;
        }
        // The rows before it were recorded earlier each time, so the walk ends.
        let before = existing.iter().find(|before| {
            before.recorded_to == Some(row.recorded_from)
                && before.recorded_from < row.recorded_from
                && before.valid_from == row.valid_from
                && before.value.kind() == row.value.kind()
        });
        match before {
            Some(before) if filled(&before.value, &row.value) == row.value => row = before,
            _ => return false,
        }
    }
}

macro_rules! optional_fields {
    ($($kind:ident: $($field:ident)*;)*) => {
        /// The value with what it leaves open taken from another one of its kind.
        pub(crate) fn filled(value: &FactValue, other: &FactValue) -> FactValue {
            match (value, other) {
                $((FactValue::$kind(value), FactValue::$kind(other)) => {
                    let mut value: $kind = value.clone();
                    $(if value.$field.is_none() {
                        value.$field.clone_from(&other.$field);
                    })*
                    FactValue::$kind(value)
                })*
                (FactValue::Life(Life::Dead { date: None }), FactValue::Life(Life::Dead { .. }))
                | (FactValue::Life(Life::Missing { since: None }), FactValue::Life(Life::Missing { .. })) => {
                    other.clone()
                }
                _ => value.clone(),
            }
        }

        /// Whether something that `known` leaves open is said by `stated` as `former` said it: it was taken away since.
        fn brings_back(known: &FactValue, stated: &FactValue, former: &FactValue) -> bool {
            match (known, stated, former) {
                $((FactValue::$kind(known), FactValue::$kind(stated), FactValue::$kind(former)) => {
                    false $(|| {
                        let is_filled = known.$field.is_none() && stated.$field.is_some();
                        is_filled && stated.$field == former.$field
                    })*
                })*
                _ => false,
            }
        }
    };
}

optional_fields! {
    Identity: birth_place registration_place origin old_number;
    Family: marital_status father mother spouse;
    Residence: permanent_commune permanent_address household relation_to_head temporary file_number;
    Card: issued expires issued_by;
    Contact: phone email;
}

/// Whether `stated` only fills in what an event left open, and nothing of it was taken away before.
pub(crate) fn only_fills(known: &Fact, stated: &FactValue, existing: &[Fact]) -> bool {
    let was_taken_away = |former: &Fact| {
        let is_former = former.recorded_to.is_some() && former.value.kind() == stated.kind();
        is_former && brings_back(&known.value, stated, &former.value)
    };
    filled(&known.value, stated) == *stated
        && !existing.iter().any(was_taken_away)
        && !weds_the_unmarried(&known.value, stated)
}

/// Somebody of whom an event says that there is no marriage is not married by a file.
fn weds_the_unmarried(known: &FactValue, stated: &FactValue) -> bool {
    match (known, stated) {
        (FactValue::Family(known), FactValue::Family(stated)) => {
            let is_single = known.marital_status.is_some_and(|status| status != MaritalStatus::Married);
            is_single && known.spouse.is_none() && stated.spouse.is_some()
        }
        _ => false,
    }
}

/// Whether a file says again what an event had said and another event took back, with nothing in its place.
pub(crate) fn was_taken_back(existing: &[Fact], stated: &FactValue) -> bool {
    existing.iter().any(|former| {
        let Some(end) = former.recorded_to else { return false };
        let is_same = former.value.kind() == stated.kind() && filled(stated, &former.value) == former.value;
        let is_followed =
            || existing.iter().any(|row| row.recorded_from == end && row.value.kind() == stated.kind());
        is_same && !is_from_file(&former.source) && !is_followed()
    })
}

/// Whether a statement from a later day on is a change that came after the event, not another account of it.
pub(crate) fn is_later_change(known: &Fact, stated: &FactValue, begin: jiff::civil::Date) -> bool {
    let is_change = match &known.value {
        FactValue::Residence(_) | FactValue::Card(_) => true,
        // Death ends everything; nothing comes after it.
        FactValue::Life(Life::Alive | Life::Missing { .. }) => {
            matches!(stated, FactValue::Life(Life::Dead { .. }))
        }
        _ => false,
    };
    is_change && begin > known.valid_from
}

#[cfg(test)]
#[path = "established_tests.rs"]
mod tests;
