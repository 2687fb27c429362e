//! Which fields of a contract an event changed, by the history on both of its times.

use dancu_exchange::{Field, FieldSet};
use dancu_register::{At, Fact, Life, Person, person_at};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// The fields of which something else is believed since an instant, on any day: yesterday's too, since an agency may have
/// been answered then, and those to come, since nothing is told again when they come.
pub(crate) fn fields_changed(fields: FieldSet, facts: &[Fact], recorded_at: Timestamp) -> FieldSet {
    let kinds = fields.fact_kinds();
    let touched: Vec<&Fact> = facts
        .iter()
        .filter(|fact| kinds.contains(fact.value.kind()))
        .filter(|fact| fact.recorded_from == recorded_at || fact.recorded_to == Some(recorded_at))
        .collect();
    // Between two of these days nothing begins or ends that the event wrote.
    let days: BTreeSet<_> =
        touched.iter().flat_map(|fact| [Some(fact.valid_from), fact.valid_to]).flatten().collect();
    let instant_before = recorded_at - SignedDuration::from_micros(1);
    let mut changed = FieldSet::EMPTY;
    for as_of in days {
        let before = person_at(facts, At { as_of, known_at: instant_before });
        let after = person_at(facts, At { as_of, known_at: recorded_at });
        let differs = |field: &Field| !agree(*field, before.as_ref(), after.as_ref());
        changed = fields.iter().filter(|field| changed.contains(*field) || differs(field)).collect();
    }
    changed
}

/// Whether what answers a field is the same in both.
fn agree(field: Field, one: Option<&Person>, other: Option<&Person>) -> bool {
    macro_rules! same {
        ($group:ident: $($part:ident)*) => {{
            let group = |person: Option<&Person>| person.and_then(Person::$group).cloned();
            let (one, other) = (group(one), group(other));
            true $(&& one.as_ref().map(|held| &held.$part) == other.as_ref().map(|held| &held.$part))*
        }};
    }
    match field {
        Field::Name => same!(identity: name),
        Field::BirthDate => same!(identity: birth_date),
        Field::Sex => same!(identity: sex),
        Field::OldNumber => same!(identity: old_number),
        Field::BirthPlace => same!(identity: birth_place),
        Field::Nationality => same!(identity: nationality),
        Field::Origin => same!(identity: origin),
        Field::Residence => same!(residence: permanent_commune permanent_address),
        Field::Household => same!(residence: household relation_to_head),
        Field::CardIssued => same!(card: issued),
        Field::CardExpires => same!(card: expires),
        Field::CardStatus => same!(card: issued expires state),
        Field::Phone => same!(contact: phone),
        Field::Family => one.and_then(Person::family) == other.and_then(Person::family),
        Field::LifeStatus => {
            let life = |person: Option<&Person>| person.map_or(Life::Alive, Person::life);
            life(one) == life(other)
        }
        // Whatever was recorded stands in it.
        Field::History => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dancu_core::PersonalNumber;
    use dancu_register::{Belief, FactValue, Identity, Residence, apply_changes, believe};
    use jiff::civil::{Date, date};
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    fn identity(name: &str, sex: &str) -> FactValue {
        FactValue::Identity(Identity {
            name: name.parse().unwrap(),
            sex: sex.parse().unwrap(),
            birth_date: "1985-05-02".parse().unwrap(),
            birth_place: None,
            registration_place: None,
            origin: None,
            nationality: "VNM".parse().unwrap(),
            old_number: None,
        })
    }

    fn home(code: &str, household: &str) -> FactValue {
        FactValue::Residence(Residence {
            permanent_commune: Some(code.parse().unwrap()),
            permanent_address: None,
            household: Some(household.parse().unwrap()),
            relation_to_head: None,
            temporary: None,
            file_number: None,
        })
    }

    fn write(history: &mut Vec<Fact>, second: i64, value: FactValue, from: Date, to: Option<Date>) {
        let number = PersonalNumber::from_value(1_085_000_001).unwrap();
        let belief = Belief { value, valid_from: from, valid_to: to };
        let changes = believe(history, number, &[belief], at(second), &"test:00004".into());
        apply_changes(history, &changes);
    }

    fn all() -> FieldSet {
        Field::ALL.into_iter().filter(|field| *field != Field::History).collect()
    }

    #[test]
    fn only_the_fields_that_differ_are_told() {
        let mut history = Vec::new();
        write(&mut history, 1, identity("Nguyễn Văn An", "M"), date(1985, 5, 2), None);
        write(&mut history, 1, home("00004", "H1"), date(1985, 5, 2), None);
        write(&mut history, 2, identity("Nguyễn Văn Bình", "M"), date(2026, 5, 2), None);
        write(&mut history, 3, home("00004", "H2"), date(2026, 5, 2), None);
        write(&mut history, 4, home("00008", "H2"), date(2027, 1, 1), None);
        write(&mut history, 5, FactValue::Life(Life::Dead { date: None }), date(2026, 5, 2), None);
        let told = |second| fields_changed(all(), &history, at(second)).iter().collect::<Vec<_>>();
        assert_eq!(told(2), [Field::Name]);
        assert_eq!(told(3), [Field::Household]);
        assert_eq!(told(4), [Field::Residence], "a day to come counts");
        assert_eq!(told(5), [Field::LifeStatus]);
        assert_eq!(told(6), []);
        let first = told(1);
        assert!(first.contains(&Field::Sex) && !first.contains(&Field::Phone), "{first:?}");
        let only_sex = FieldSet::EMPTY.with(Field::Sex);
        assert!(
            fields_changed(only_sex, &history, at(2)).is_empty(),
            "a new name is none of this contract's business"
        );
    }

    proptest! {
        /// Told is exactly what differs on some day.
        #[test]
        fn what_is_told_differs_on_some_day(
            writes in prop::collection::vec((0..3_usize, 0..3_usize, 1_i8..20, prop::option::of(1_i8..20)), 1..7),
        ) {
            let names = ["Nguyễn Văn An", "Nguyễn Văn Bình", "Trần Văn An"];
            let mut history = Vec::new();
            for (second, (name, code, from, to)) in (1..).zip(&writes) {
                let value = if code % 2 == 0 {
                    identity(names[*name], ["M", "F"][code / 2])
                } else {
                    home(["00004", "00008", "00022"][*name], "H1")
                };
                write(&mut history, second, value, date(2026, 6, *from), to.map(|day| date(2026, 6, day)));
            }
            for second in 1..=i64::try_from(writes.len()).unwrap() {
                let told = fields_changed(all(), &history, at(second));
                for field in all().iter() {
                    let differs = (1..30).any(|day| {
                        let seen = |second| person_at(&history, At { as_of: date(2026, 6, day), known_at: at(second) });
                        !agree(field, seen(second - 1).as_ref(), seen(second).as_ref())
                    });
                    prop_assert_eq!(told.contains(field), differs, "{} at {}", field, second);
                }
            }
        }
    }
}
