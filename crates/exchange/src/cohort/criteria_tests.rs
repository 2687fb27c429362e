use super::*;
use jiff::civil::date;
use proptest::prelude::*;
use serde_json::{Value, json};

const DAY: Date = date(2026, 11, 22);

fn terms(changes: &[(&str, Value)]) -> CohortTerms {
    let mut whole = json!({
        "fields": ["name", "birth_date", "residence"], "born": {"ages": {"from": 17, "to": 27}}, "sex": "M",
        "places": ["01", "00008"], "rows_max": 5_000,
    });
    for (key, value) in changes {
        whole[*key] = value.clone();
    }
    serde_json::from_value(whole).unwrap()
}

fn criteria(changes: &[(&str, Value)]) -> CohortCriteria {
    let mut whole = json!({
        "born": {"ages": {"from": 17, "to": 17, "on": "2026-12-31"}}, "sex": "M", "places": ["01"],
    });
    for (key, value) in changes {
        whole[*key] = value.clone();
    }
    serde_json::from_value(whole).unwrap()
}

/// The names that a type takes, as serde lists them when it refuses another.
fn names_of<T: serde::de::DeserializeOwned>() -> Vec<String> {
    let refused = serde_json::from_value::<T>(json!({ "nothing": 1 })).err().unwrap().to_string();
    refused.split('`').skip(3).step_by(2).map(str::to_owned).collect()
}

#[test]
fn a_person_is_chosen_by_birth_sex_and_home_and_by_nothing_else() {
    assert_eq!(names_of::<CohortCriteria>(), ["born", "sex", "places"]);
    assert_eq!(names_of::<Born>(), ["birth_dates", "ages"]);
    assert_eq!(names_of::<CohortTerms>(), ["fields", "born", "sex", "places", "rows_max"]);
    for word in ["ethnicity", "religion", "opinion", "blood_group", "marital_status", "origin", "household"] {
        let mut more = serde_json::to_value(criteria(&[])).unwrap();
        more[word] = json!("x");
        assert!(serde_json::from_value::<CohortCriteria>(more).is_err(), "{word}");
        let told = json!([word]);
        let sound = serde_json::from_value::<FieldSet>(told)
            .is_ok_and(|fields| CohortTerms { fields, ..terms(&[]) }.are_sound(DAY));
        assert!(!sound, "{word} is not told either");
    }
    // By these and no other facts is it decided; the sealed kinds are not read at all.
    let read: Vec<FactKind> =
        FactKind::ALL.into_iter().filter(|kind| CohortCriteria::KINDS.contains(*kind)).collect();
    assert_eq!(read, [FactKind::Identity, FactKind::Residence, FactKind::Life, FactKind::Number]);
    assert!(FactKind::SEALED.iter().all(|kind| !CohortCriteria::KINDS.contains(*kind)));
}

#[test]
fn an_extract_stays_within_the_terms() {
    let all = terms(&[]);
    let dates = |from: &str, to: &str| ("born", json!({"birth_dates": {"from": from, "to": to}}));
    let aged = |from: u8, to: u8, on: &str| ("born", json!({"ages": {"from": from, "to": to, "on": on}}));
    for change in [
        aged(17, 27, "2026-11-22"),
        aged(18, 25, "2027-11-23"),
        dates("1999-01-01", "2009-11-22"),
        ("places", json!(["00004"])),
        ("places", json!(["00008", "01"])),
    ] {
        assert!(all.hold(&criteria(std::slice::from_ref(&change)), DAY), "{change:?}");
    }
    for change in [
        aged(16, 17, "2026-12-31"),
        aged(27, 28, "2026-12-31"),
        aged(18, 17, "2026-12-31"),
        aged(17, 17, "2027-11-24"),
        aged(17, 17, "2025-11-20"),
        dates("1998-11-22", "2009-11-22"),
        dates("1999-01-01", "2009-11-23"),
        dates("2009-01-02", "2009-01-01"),
        ("sex", Value::Null),
        ("sex", json!("F")),
        ("places", json!(["79"])),
        ("places", json!(["01", "79"])),
        ("places", json!([])),
        ("places", json!(["99999"])),
    ] {
        assert!(!all.hold(&criteria(std::slice::from_ref(&change)), DAY), "{change:?}");
    }
    assert!(!all.hold(&criteria(&[]), date(1700, 1, 1)), "before there were rules");
    let born = terms(&[dates("2009-01-01", "2009-12-31")]);
    assert!(born.hold(&criteria(&[]), DAY));
    assert!(!born.hold(&criteria(&[aged(17, 17, "2026-12-30")]), DAY));
}

#[test]
fn terms_become_less_and_not_more() {
    let old = terms(&[]);
    for change in [
        ("fields", json!(["name"])),
        ("born", json!({"ages": {"from": 18, "to": 25}})),
        ("places", json!(["00004"])),
        ("rows_max", json!(4_999)),
    ] {
        assert!(terms(std::slice::from_ref(&change)).are_within(&old), "{change:?}");
    }
    for change in [
        ("fields", json!(["name", "phone"])),
        ("born", json!({"ages": {"from": 16, "to": 25}})),
        ("born", json!({"birth_dates": {"from": "2009-01-01", "to": "2009-12-31"}})),
        ("sex", Value::Null),
        ("sex", json!("F")),
        ("places", json!(["79"])),
        ("rows_max", json!(5_001)),
    ] {
        assert!(!terms(std::slice::from_ref(&change)).are_within(&old), "{change:?}");
    }
    assert!(old.are_sound(DAY));
    for change in [
        ("fields", json!([])),
        ("fields", json!(["family"])),
        ("fields", json!(["life_status"])),
        ("born", json!({"ages": {"from": 17, "to": 121}})),
        ("born", json!({"ages": {"from": 18, "to": 17}})),
        ("places", json!([])),
        ("places", json!(["98"])),
        ("rows_max", json!(0)),
        ("rows_max", json!(2_000_001)),
    ] {
        assert!(!terms(std::slice::from_ref(&change)).are_sound(DAY), "{change:?}");
    }
}

#[test]
fn a_date_of_which_a_part_is_known_is_in_when_every_day_of_it_is() {
    let born = Born::Ages { from: 17, to: 17, on: date(2026, 12, 31) };
    assert_eq!(born.days(), (date(2009, 1, 1), date(2009, 12, 31)));
    for (birth, expected) in [
        ("2009", Some(true)),
        ("2009-02", Some(true)),
        ("2008", Some(false)),
        ("2010-01-01", Some(false)),
        ("2009-12-31", Some(true)),
    ] {
        assert_eq!(born.fits(birth.parse().unwrap()), expected, "{birth}");
    }
    let today = Born::Ages { from: 17, to: 17, on: DAY };
    assert_eq!(today.fits("2009".parse().unwrap()), None);
    assert_eq!(today.fits("2009-11".parse().unwrap()), None);
    assert_eq!(today.fits("2009-10".parse().unwrap()), Some(true));
}

#[test]
fn the_codes_of_a_place_are_those_of_today_and_those_it_took_over() {
    let codes = criteria(&[("places", json!(["00004"]))]).codes();
    let ba_dinh = "00004".parse().unwrap();
    assert!(codes.contains(&ba_dinh) && codes.len() > 1 && codes.is_sorted());
    let places = Places::national();
    for code in &codes {
        let taken = places.old_commune(*code).is_some_and(|old| old.successors.contains(&ba_dinh));
        assert!(*code == ba_dinh || taken, "{code}");
    }
}

proptest! {
    #[test]
    fn everybody_of_an_age_is_between_the_days_and_nobody_else(
        from in 0_u8..=100, span in 0_u8..=20, on in 0_i64..40_000, birth in 0_i64..80_000
    ) {
        let day = |offset: i64| date(1850, 1, 1).saturating_add(offset.days());
        let (on, birth, to) = (day(on + 40_000), day(birth), from + span);
        let (first, last) = Born::Ages { from, to, on }.days();
        let reached = |years: u8| birth.saturating_add(i64::from(years).years()) <= on;
        let is_of_age = reached(from) && !reached(to + 1);
        prop_assert_eq!(first <= birth && birth <= last, is_of_age);
    }
}
