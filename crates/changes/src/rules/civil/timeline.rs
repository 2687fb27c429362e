//! Changes of one field along a person's days: what is believed of other fields, and of later days, stays.

use dancu_core::PersonalNumber;
use dancu_register::{Belief, Fact, FactKind, FactValue, Family, Identity, Representation, Residence};
use jiff::civil::Date;

/// The rows of a kind that are believed now, by their first day.
pub(super) fn believed(facts: &[Fact], kind: FactKind) -> Vec<&Fact> {
    let mut rows: Vec<&Fact> =
        facts.iter().filter(|fact| fact.recorded_to.is_none() && fact.value.kind() == kind).collect();
    rows.sort_by_key(|fact| fact.valid_from);
    rows
}

/// Asks for the value of every stretch of the days `[from, to)`, from the first to the last: those of the rows, and the
/// gaps between them. What is answered, and differs, is a belief.
pub(super) fn revised(
    facts: &[Fact],
    kind: FactKind,
    from: Date,
    to: Option<Date>,
    mut revise: impl FnMut(Option<&FactValue>) -> Option<FactValue>,
) -> Vec<Belief> {
    let mut beliefs = Vec::new();
    let mut stretch = |known: Option<&FactValue>, valid_from: Date, valid_to: Option<Date>| {
        if valid_to.is_some_and(|end| end <= valid_from) {
            return;
        }
        if let Some(value) = revise(known).filter(|value| Some(value) != known) {
            beliefs.push(Belief { value, valid_from, valid_to });
        }
    };
    let earlier = |a: Option<Date>, b: Option<Date>| match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    let mut day = Some(from);
    for row in believed(facts, kind) {
        let Some(begin) = day else { break };
        if row.valid_to.is_some_and(|end| end <= begin) || to.is_some_and(|end| end <= row.valid_from) {
            continue;
        }
        if row.valid_from > begin {
            stretch(None, begin, Some(row.valid_from));
        }
        let end = earlier(row.valid_to, to);
        stretch(Some(&row.value), begin.max(row.valid_from), end);
        day = end;
    }
    if let Some(begin) = day {
        stretch(None, begin, to);
    }
    beliefs
}

/// A family of which nothing is known.
pub(super) const UNKNOWN_FAMILY: Family =
    Family { marital_status: None, father: None, mother: None, spouse: None };

/// The family from a day on.
pub(super) fn family_from(facts: &[Fact], from: Date, mut revise: impl FnMut(&mut Family)) -> Vec<Belief> {
    revised(facts, FactKind::Family, from, None, |known| {
        let mut family = match known {
            Some(FactValue::Family(family)) => family.clone(),
            _ => UNKNOWN_FAMILY,
        };
        revise(&mut family);
        (known.is_some() || family != UNKNOWN_FAMILY).then_some(FactValue::Family(family))
    })
}

/// The identity from a day on.
pub(super) fn identity_from(
    facts: &[Fact],
    from: Date,
    mut revise: impl FnMut(&mut Identity),
) -> Vec<Belief> {
    revised(facts, FactKind::Identity, from, None, |known| match known {
        Some(FactValue::Identity(identity)) => {
            let mut identity = identity.clone();
            revise(&mut identity);
            Some(FactValue::Identity(identity))
        }
        _ => None,
    })
}

/// The representatives within some days.
pub(super) fn representatives_within(
    facts: &[Fact],
    from: Date,
    to: Option<Date>,
    mut revise: impl FnMut(&mut Vec<PersonalNumber>),
) -> Vec<Belief> {
    revised(facts, FactKind::Representation, from, to, |known| {
        let mut representatives = match known {
            Some(FactValue::Representation(known)) => known.representatives.clone(),
            _ => Vec::new(),
        };
        revise(&mut representatives);
        representatives.sort_unstable();
        representatives.dedup();
        let is_said = known.is_some() || !representatives.is_empty();
        is_said.then_some(FactValue::Representation(Representation { representatives }))
    })
}

/// The residence ends on a day, whatever was believed of later ones.
pub(super) fn residence_ends(facts: &[Fact], on: Date) -> Option<Belief> {
    let resides = believed(facts, FactKind::Residence).iter().any(|row| {
        row.valid_to.is_none_or(|end| end > on) && row.value != FactValue::Residence(Residence::NOWHERE)
    });
    resides.then_some(Belief {
        value: FactValue::Residence(Residence::NOWHERE),
        valid_from: on,
        valid_to: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use dancu_register::{Contact, apply_changes, believe};
    use jiff::{Timestamp, civil::date};
    use std::sync::Arc;

    fn phone(text: &str) -> FactValue {
        FactValue::Contact(Contact { phone: Some(text.to_owned()), email: None })
    }

    #[test]
    fn every_stretch_and_gap_is_asked_for_once_and_in_order() {
        let number = PersonalNumber::from_value(7).unwrap();
        let belief = |text, from: i8, to: i8| Belief {
            value: phone(text),
            valid_from: date(2020, 1, from),
            valid_to: Some(date(2020, 1, to)),
        };
        let mut facts = Vec::new();
        let beliefs = [belief("later", 20, 25), belief("early", 3, 10)];
        let changes = believe(&facts, number, &beliefs, Timestamp::UNIX_EPOCH, &Arc::from("test"));
        apply_changes(&mut facts, &changes);
        let mut asked = Vec::new();
        let found = revised(&facts, FactKind::Contact, date(2020, 1, 5), None, |known| {
            asked.push(known.cloned());
            Some(phone("new"))
        });
        assert_eq!(asked, [Some(phone("early")), None, Some(phone("later")), None]);
        let days: Vec<_> =
            found.iter().map(|belief| (belief.valid_from.day(), belief.valid_to.map(Date::day))).collect();
        assert_eq!(days, [(5, Some(10)), (10, Some(20)), (20, Some(25)), (25, None)]);
        let inside = revised(&facts, FactKind::Contact, date(2020, 1, 6), Some(date(2020, 1, 8)), |_| {
            Some(phone("new"))
        });
        assert_eq!(inside.len(), 1);
        assert_eq!((inside[0].valid_from.day(), inside[0].valid_to.map(Date::day)), (6, Some(8)));
    }
}
