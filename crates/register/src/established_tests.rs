use crate::{
    Belief, Claim, Claims, Contact, Fact, FactValue, Family, Identity, Life, MaritalStatus, News, Residence,
    apply_changes, believe, record_time,
};
use dancu_core::PersonalNumber;
use jiff::{
    Timestamp,
    civil::{Date, date},
};
use proptest::prelude::*;

const TODAY: Date = date(2026, 11, 22);
const BORN: Date = date(1985, 5, 2);

fn number(serial: u64) -> PersonalNumber {
    PersonalNumber::from_value(1_085_000_000 + serial).unwrap()
}

fn put(history: &mut Vec<Fact>, value: FactValue, from: Date, to: Option<Date>, source: &str) {
    let at = record_time(history, Timestamp::from_second(1_700_000_000).unwrap());
    let belief = Belief { value, valid_from: from, valid_to: to };
    let changes = believe(history, number(1), &[belief], at, &source.into());
    apply_changes(history, &changes);
}

/// What a file says for today, taken in as a store does it.
fn load(history: &mut Vec<Fact>, effective: Date, value: FactValue, since: Option<Date>) -> News {
    let claims = Claims { number: number(1), born: BORN, claims: vec![Claim { value, since, until: None }] };
    let news = claims.news(history, effective);
    let at = record_time(history, Timestamp::from_second(1_700_000_000).unwrap());
    let changes = believe(history, number(1), &news.beliefs, at, &"load:people.csv:1".into());
    apply_changes(history, &changes);
    news
}

fn held(history: &[Fact], value: &FactValue, day: Date) -> bool {
    history.iter().any(|fact| {
        let holds = fact.valid_from <= day && fact.valid_to.is_none_or(|end| day < end);
        fact.recorded_to.is_none() && holds && fact.value == *value
    })
}

fn dead(day: Date) -> FactValue {
    FactValue::Life(Life::Dead { date: Some(day) })
}

fn family(status: Option<MaritalStatus>, father: Option<u64>, spouse: Option<u64>) -> FactValue {
    let person = |serial: Option<u64>| serial.map(number);
    FactValue::Family(Family {
        marital_status: status,
        father: person(father),
        mother: None,
        spouse: person(spouse),
    })
}

fn identity(name: &str, old_number: Option<&str>) -> FactValue {
    FactValue::Identity(Identity {
        name: name.parse().unwrap(),
        sex: dancu_core::Sex::Male,
        birth_date: "1985-05-02".parse().unwrap(),
        birth_place: None,
        registration_place: None,
        origin: None,
        nationality: "VNM".parse().unwrap(),
        old_number: old_number.map(|text| text.parse().unwrap()),
    })
}

fn home(code: &str, household: Option<&str>) -> FactValue {
    FactValue::Residence(Residence {
        permanent_commune: Some(code.parse().unwrap()),
        permanent_address: Some("Số 1".to_owned()),
        household: household.map(|text| text.parse().unwrap()),
        relation_to_head: None,
        temporary: None,
        file_number: None,
    })
}

#[test]
fn a_file_does_not_raise_the_dead_nor_move_the_day_of_a_registered_death() {
    let mut history = Vec::new();
    put(&mut history, dead(date(2026, 3, 1)), date(2026, 3, 1), None, "register_death:00004");
    let before = history.clone();
    for (value, since) in [
        (FactValue::Life(Life::Alive), None),
        (dead(date(2026, 5, 1)), Some(date(2026, 5, 1))),
        (dead(date(2026, 2, 1)), Some(date(2026, 2, 1))),
        (FactValue::Life(Life::Missing { since: None }), Some(TODAY)),
    ] {
        let news = load(&mut history, TODAY, value.clone(), since);
        assert_eq!(news, News { beliefs: Vec::new(), contradictions: vec![value] });
    }
    // A file that speaks of the days before the death says something of them only.
    let earlier = dead(date(2026, 1, 5));
    assert_eq!(
        load(&mut history, date(2026, 2, 1), earlier.clone(), Some(date(2026, 1, 5))).contradictions,
        [earlier]
    );
    assert_eq!(load(&mut history, date(2026, 2, 1), FactValue::Life(Life::Alive), None), News::default());
    assert_eq!(
        load(&mut history, TODAY, FactValue::Life(Life::Dead { date: None }), Some(TODAY)),
        News::default()
    );
    assert_eq!(history, before);
}

#[test]
fn a_file_does_not_repeat_a_death_that_was_taken_back() {
    let mut history = Vec::new();
    put(&mut history, dead(date(2026, 3, 1)), date(2026, 3, 1), None, "register_death:00004");
    history[0].recorded_to = Some(Timestamp::from_second(1_750_000_000).unwrap());
    let news = load(&mut history, TODAY, dead(date(2026, 3, 1)), Some(date(2026, 3, 1)));
    assert_eq!((news.beliefs.len(), news.contradictions.len()), (0, 1));
    let other = load(&mut history, TODAY, dead(date(2026, 9, 1)), Some(date(2026, 9, 1)));
    assert_eq!((other.beliefs.len(), other.contradictions.len()), (1, 0), "a death of another day is news");
}

#[test]
fn a_file_tells_of_the_death_of_whoever_an_event_declared_missing() {
    let mut history = Vec::new();
    let missing = FactValue::Life(Life::Missing { since: Some(date(2020, 1, 1)) });
    put(&mut history, missing, date(2020, 1, 1), None, "declare_missing:00004");
    let news = load(&mut history, TODAY, dead(date(2024, 2, 3)), Some(date(2024, 2, 3)));
    assert!(news.contradictions.is_empty());
    assert!(held(&history, &dead(date(2024, 2, 3)), TODAY));
}

#[test]
fn marriages_and_parents_of_events_stand_and_what_they_leave_open_is_filled() {
    let mut history = Vec::new();
    let married = family(Some(MaritalStatus::Married), None, Some(2));
    put(&mut history, family(Some(MaritalStatus::Single), None, None), BORN, None, "load:people.csv:0");
    put(&mut history, married.clone(), date(2024, 1, 1), None, "register_marriage:00004");
    for against in
        [family(Some(MaritalStatus::Single), None, None), family(Some(MaritalStatus::Married), None, Some(3))]
    {
        assert_eq!(load(&mut history, TODAY, against.clone(), None).contradictions, [against]);
        assert!(held(&history, &married, TODAY));
    }
    // Blank cells say nothing against an event.
    assert_eq!(load(&mut history, TODAY, family(None, None, None), None), News::default());
    let filled = family(Some(MaritalStatus::Married), Some(7), Some(2));
    assert!(load(&mut history, TODAY, family(None, Some(7), None), None).contradictions.is_empty());
    assert!(held(&history, &filled, TODAY));
    assert!(held(&history, &family(Some(MaritalStatus::Single), None, None), date(2023, 1, 1)));
    // What was filled in does not make the event a file's statement.
    let against = family(Some(MaritalStatus::Single), None, None);
    assert_eq!(load(&mut history, TODAY, against.clone(), None).contradictions, [against]);
}

#[test]
fn a_spouse_or_parent_whom_an_event_took_away_does_not_come_back_by_a_file() {
    let mut history = Vec::new();
    put(
        &mut history,
        family(Some(MaritalStatus::Married), Some(7), Some(2)),
        BORN,
        None,
        "load:people.csv:0",
    );
    put(
        &mut history,
        family(Some(MaritalStatus::Divorced), None, None),
        date(2024, 1, 1),
        None,
        "register_divorce:00004",
    );
    for against in [
        family(Some(MaritalStatus::Divorced), None, Some(2)),
        family(Some(MaritalStatus::Divorced), None, Some(3)),
        family(None, Some(7), None),
        family(Some(MaritalStatus::Married), None, Some(2)),
    ] {
        assert_eq!(load(&mut history, TODAY, against.clone(), None).contradictions, [against]);
    }
}

#[test]
fn a_name_that_an_event_changed_is_not_changed_back() {
    let mut history = Vec::new();
    put(&mut history, identity("Nguyễn Văn An", None), BORN, None, "load:people.csv:0");
    put(&mut history, identity("Nguyễn Văn Bình", None), date(2024, 1, 1), None, "change_identity:00004");
    let old = identity("Nguyễn Văn An", None);
    let told = load(&mut history, TODAY, old.clone(), None).contradictions;
    assert_eq!(told, std::slice::from_ref(&old));
    let news = load(&mut history, TODAY, identity("Nguyễn Văn Bình", Some("012345678")), None);
    assert_eq!((news.beliefs.len(), news.contradictions.len()), (1, 0));
    assert!(held(&history, &identity("Nguyễn Văn Bình", Some("012345678")), TODAY));
    assert!(held(&history, &old, date(2023, 1, 1)), "the name of before stands");
}

#[test]
fn a_move_after_the_event_is_a_change_and_an_undated_one_contradicts_it() {
    let mut history = Vec::new();
    put(
        &mut history,
        home("00004", Some("HK-1")),
        date(2026, 3, 1),
        None,
        "register_permanent_residence:00004",
    );
    for since in [None, Some(date(2026, 3, 1)), Some(date(2025, 1, 1))] {
        let news = load(&mut history, TODAY, home("00008", None), since);
        assert_eq!((news.beliefs.len(), news.contradictions.len()), (0, 1), "{since:?}");
    }
    assert_eq!(load(&mut history, TODAY, home("00004", None), None), News::default());
    assert!(load(&mut history, TODAY, home("00004", None), Some(date(2020, 1, 1))).contradictions.is_empty());
    assert!(held(&history, &home("00004", Some("HK-1")), date(2021, 1, 1)), "the days before are the file's");
    assert!(load(&mut history, TODAY, home("00008", None), Some(date(2026, 6, 1))).contradictions.is_empty());
    assert!(held(&history, &home("00008", None), TODAY));
    assert!(held(&history, &home("00004", Some("HK-1")), date(2026, 5, 1)));
}

#[test]
fn a_file_of_before_an_event_does_not_reach_over_it() {
    let mut history = Vec::new();
    put(&mut history, home("00004", None), date(2026, 8, 1), None, "register_permanent_residence:00004");
    assert!(load(&mut history, date(2026, 6, 1), home("00008", None), None).contradictions.is_empty());
    assert!(held(&history, &home("00008", None), date(2026, 6, 1)));
    assert!(held(&history, &home("00004", None), TODAY));
}

#[test]
fn files_still_correct_files() {
    let mut history = Vec::new();
    put(&mut history, dead(date(2026, 3, 1)), date(2026, 3, 1), None, "load:people.csv:0");
    let news = load(&mut history, TODAY, FactValue::Life(Life::Alive), None);
    assert_eq!((news.beliefs.len(), news.contradictions.len()), (1, 0));
}

fn values() -> impl Strategy<Value = FactValue> {
    let phone = |digit: u8| Some(format!("090000000{digit}"));
    prop_oneof![
        (0_u8..4).prop_map(move |one| FactValue::Contact(Contact { phone: phone(one), email: None })),
        Just(FactValue::Life(Life::Alive)),
        (1_i8..20).prop_map(|day| dead(date(2026, 6, day))),
        (proptest::option::of(1_u64..3), proptest::option::of(1_u64..3))
            .prop_map(|(father, spouse)| family(None, father, spouse)),
        prop_oneof![Just("00004"), Just("00008")].prop_map(|code| home(code, None)),
    ]
}

proptest! {
    /// Whatever files say, and in whatever order: on every day after an event began, what it said is believed, unless a file
    /// told of a later day, or the contradiction was told.
    #[test]
    fn no_file_undoes_an_event_silently(
        event in values(),
        from in 1_i8..28,
        files in proptest::collection::vec((values(), 1_i8..28, proptest::option::of(1_i8..28)), 1..6),
    ) {
        let mut history = Vec::new();
        let from = date(2026, 6, from);
        put(&mut history, event.clone(), from, None, "some_event:00004");
        for (value, effective, since) in files {
            let since = since.map(|day| date(2026, 6, day));
            let is_later = since.is_some_and(|since| since > from);
            let before = history.clone();
            let news = load(&mut history, date(2026, 6, effective), value.clone(), since);
            prop_assert!(held(&history, &event, from) || filled_at(&history, &event, from), "the first day of the event");
            if value.kind() == event.kind() && !is_later && news.contradictions.is_empty() {
                prop_assert!(filled_at(&history, &event, date(2026, 7, 1)) || !filled_at(&before, &event, date(2026, 7, 1)));
            }
        }
    }
}

/// Whether what is believed on a day says all that the event said.
fn filled_at(history: &[Fact], event: &FactValue, day: Date) -> bool {
    history.iter().any(|fact| {
        let holds = fact.valid_from <= day && fact.valid_to.is_none_or(|end| day < end);
        let is_open = fact.recorded_to.is_none() && fact.value.kind() == event.kind();
        is_open && holds && super::filled(event, &fact.value) == fact.value
    })
}
