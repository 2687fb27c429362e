use super::*;
use crate::kinds::KindSet;
use jiff::civil::date;
use proptest::prelude::*;

fn day() -> impl Strategy<Value = Date> {
    (1900_i16..2100, 1_i8..13, 1_i8..29).prop_map(|(year, month, day)| date(year, month, day))
}

fn commune() -> impl Strategy<Value = Option<CommuneCode>> {
    proptest::option::of((0_u32..100_000).prop_map(|code| CommuneCode::from_value(code).unwrap()))
}

fn number() -> impl Strategy<Value = Option<PersonalNumber>> {
    proptest::option::of((1_u64..1_000_000_000_000).prop_map(|n| PersonalNumber::from_value(n).unwrap()))
}

fn text() -> impl Strategy<Value = Option<String>> {
    proptest::option::of("\\PC{1,30}")
}

fn identity() -> impl Strategy<Value = FactValue> {
    let old = proptest::option::of((1_u32..1_000_000_000).prop_map(|n| OldNumber::from_value(n).unwrap()));
    ("[A-ZĐ][a-zơđ]{0,6}( [a-zêạ]{1,6}){0,4}", any::<bool>(), day(), commune(), commune(), "[A-Z]{3}", old)
        .prop_map(|(name, male, born, birth_place, origin, country, old_number)| {
            FactValue::Identity(Identity {
                name: name.parse().unwrap(),
                sex: if male { Sex::Male } else { Sex::Female },
                birth_date: born.into(),
                birth_place,
                registration_place: birth_place,
                origin,
                nationality: country.parse().unwrap(),
                old_number,
            })
        })
}

fn residence() -> impl Strategy<Value = FactValue> {
    let household = proptest::option::of("[A-Z0-9/.-]{1,20}");
    let temporary = proptest::option::of((commune(), text(), proptest::option::of(day())));
    (commune(), text(), household, 0_usize..8, temporary).prop_map(
        |(permanent_commune, permanent_address, household, relation, temporary)| {
            FactValue::Residence(Residence {
                permanent_commune,
                permanent_address,
                household: household.map(|text| text.parse().unwrap()),
                relation_to_head: Relation::ALL.get(relation).copied(),
                temporary: temporary.and_then(|(commune, address, since)| {
                    Some(TemporaryResidence { commune: commune?, address, since })
                }),
                file_number: None,
            })
        },
    )
}

fn value() -> impl Strategy<Value = FactValue> {
    let family = (0_usize..5, number(), number(), number()).prop_map(|(status, father, mother, spouse)| {
        let marital_status = MaritalStatus::ALL.get(status).copied();
        FactValue::Family(Family { marital_status, father, mother, spouse })
    });
    let card = (proptest::option::of(day()), proptest::option::of(day()), 0_usize..10).prop_map(
        |(issued, expires, state)| {
            FactValue::Card(Card {
                issued,
                expires,
                state: CardState::ALL[state],
                issued_by: issued.map(|day| day.to_string()),
            })
        },
    );
    let contact = (text(), text()).prop_map(|(phone, email)| FactValue::Contact(Contact { phone, email }));
    let life = (0_u8..3, proptest::option::of(day())).prop_map(|(state, day)| {
        FactValue::Life(match state {
            0 => Life::Alive,
            1 => Life::Dead { date: day },
            _ => Life::Missing { since: day },
        })
    });
    prop_oneof![identity(), family, residence(), card, contact, life]
}

proptest! {
    #[test]
    fn what_is_stored_is_read_back(value in value()) {
        let mut json = Vec::new();
        value.encode(&mut json);
        prop_assert_eq!(json[0], b'[');
        prop_assert_eq!(FactValue::decode(value.kind(), &json).unwrap(), value);
    }

    #[test]
    fn no_stored_text_panics(json in "[\\[\\]\",0-9a-z]{0,60}", code in 1_u8..7) {
        let _ = FactValue::decode(FactKind::from_code(code).unwrap(), json.as_bytes());
    }

    #[test]
    fn debug_tells_nothing(value in value()) {
        let debug = format!("{value:?}");
        prop_assert!(debug.ends_with("(…))"), "{}", debug);
        prop_assert!(debug.len() < 40);
    }
}

#[test]
fn a_set_holds_the_kinds_put_in() {
    let set: KindSet = [FactKind::Identity, FactKind::Card].into_iter().collect();
    assert!(set.contains(FactKind::Card) && !set.contains(FactKind::Life) && !set.is_empty());
    assert_eq!(FactKind::ALL.into_iter().collect::<KindSet>(), KindSet::ALL);
    for kind in FactKind::ALL {
        assert_eq!(FactKind::from_code(kind.code()), Some(kind));
        assert!(KindSet::ALL.contains(kind));
    }
}
