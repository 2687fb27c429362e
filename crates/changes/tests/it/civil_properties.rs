//! Whatever is sent, in whatever order: what holds of every register that came of it.

use crate::civil_desk::{Desk, ELSEWHERE, HERE, TODAY};
use dancu_changes::{ChangeError, ChangeStore, Event};
use dancu_core::PersonalNumber;
use dancu_register::{At, Fact, FactKind, FactValue, Life, Link, NumberState, Person, RegisterStore, links};
use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, date},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const PAPERS: &[&str] = &[
    "birth_notice",
    "death_notice",
    "judgment",
    "decision",
    "civil_status_paper",
    "marital_status_paper",
    "consent",
    "consent",
    "dwelling_paper",
    "expertise",
];

/// One command to be: which, about whom, on which day, and whether it is taken back at once.
#[derive(Debug, Clone)]
struct Step {
    which: u8,
    first: usize,
    second: usize,
    third: usize,
    day: u16,
    is_taken_back: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0_u8..24, 0_usize..64, 0_usize..64, 0_usize..64, 0_u16..2_200, prop::bool::weighted(0.2));
    let step = step.prop_map(|(which, first, second, third, day, is_taken_back)| Step {
        which,
        first,
        second,
        third,
        day,
        is_taken_back,
    });
    prop::collection::vec(step, 1..40)
}

/// Days from 2021 to a little after today.
fn day_of(step: &Step) -> Date {
    date(2021, 1, 1).saturating_add(jiff::Span::new().days(i64::from(step.day)))
}

/// The command of a step about persons who are there.
fn command(step: &Step, persons: &[PersonalNumber], pairs: &Pairs, events: &[Event]) -> Value {
    let pick = |index: usize| persons[index % persons.len()];
    let (mut first, mut second, third) = (pick(step.first), pick(step.second), pick(step.third));
    // Chance would seldom find the two of a marriage that is to end.
    let ending = match step.which {
        7 | 8 => &pairs.spouses,
        12 => &pairs.guardians,
        _ => &Vec::new(),
    };
    if !ending.is_empty() {
        (first, second) = ending[step.first % ending.len()];
    }
    let on = day_of(step);
    let (letter, role) = [("M", "father"), ("F", "mother")][step.third % 2];
    // The code of the place on that day: 00001 until the reform of 2025.
    let here = if on >= date(2025, 7, 1) { HERE } else { "00001" };
    match step.which {
        0..=3 => json!({
            "command": "register_birth", "name": "Lê Mới", "sex": letter, "birth_date": on, "birth_place": "00004",
            "nationality": "VNM", "mother": first, "father": (!step.third.is_multiple_of(3)).then_some(second),
            "is_another_child": !step.third.is_multiple_of(5),
        }),
        4..=6 => json!({"command": "register_marriage", "first": first, "second": second, "on": on}),
        7 => json!({"command": "record_divorce", "first": first, "second": second, "on": on}),
        8 => json!({"command": "annul_marriage", "first": first, "second": second, "on": on}),
        9 => json!({"command": "recognise_parent", "child": first, "parent": second,
            "parent_as": role}),
        10 => {
            json!({"command": "register_adoption", "child": first, "father": (!step.day.is_multiple_of(3)).then_some(second),
            "mother": (step.day % 3 != 1).then_some(third), "on": on})
        }
        11 => json!({"command": "appoint_guardian", "ward": first, "guardian": second, "on": on}),
        12 => json!({"command": "end_guardianship", "ward": first, "guardian": second, "on": on}),
        13 => json!({"command": "correct_identity", "number": first,
            "fields": {"birth_date": on.saturating_sub(jiff::Span::new().years(i32::from(step.day % 70)))}}),
        14 => {
            json!({"command": "correct_identity", "number": first, "fields": {"sex": letter, "name": "Lê Sửa"}})
        }
        15 => json!({"command": "change_identity", "number": first, "fields": {"sex": letter}, "on": on}),
        16 => json!({"command": "register_death", "number": first, "on": on}),
        17 => json!({"command": "declare_dead", "number": first, "on": on}),
        18 => json!({"command": "declare_missing", "number": first, "since": on}),
        19 => json!({"command": "reverse_declaration", "number": first, "on": on}),
        20 => json!({"command": "cancel_number", "number": first, "on": on}),
        21 => json!({"command": "replace_number", "number": first, "on": on}),
        22 => {
            json!({"command": "compensate", "event": events[step.first % events.len()].id, "reason": "thử"})
        }
        _ => json!({"command": "register_permanent_residence", "on": on,
            "movers": [{"number": first, "relation_to_head": "head"}],
            "address": {"commune": here, "line": "Ngõ mới"}}),
    }
}

/// Who was ever believed to be somebody's husband or wife, ward or guardian.
#[derive(Default)]
struct Pairs {
    spouses: Vec<(PersonalNumber, PersonalNumber)>,
    guardians: Vec<(PersonalNumber, PersonalNumber)>,
}

impl Pairs {
    fn of(believed: &Believed) -> Self {
        let mut pairs = Self::default();
        for (number, rows) in believed {
            for (other, link) in rows.iter().flat_map(|(value, ..)| links(value)) {
                match link {
                    Link::Spouse => pairs.spouses.push((*number, other)),
                    Link::Representative => pairs.guardians.push((*number, other)),
                    Link::Father | Link::Mother => {}
                }
            }
        }
        pairs
    }
}

type Believed = BTreeMap<PersonalNumber, Vec<(FactValue, Date, Option<Date>)>>;

async fn town() -> Desk {
    let desk = Desk::open();
    let people = [
        ("Lê Văn Cả", "M", "1950-04-01"),
        ("Lê Thị Cả", "F", "1953-04-01"),
        ("Trần Văn Hai", "M", "1980"),
        ("Trần Thị Hai", "F", "1982-02-03"),
        ("Phạm Văn Ba", "M", "1998-07-07"),
        ("Phạm Thị Ba", "F", "1999-11"),
        ("Hồ Văn Tư", "M", "2011-05-05"),
        ("Hồ Thị Tư", "F", "2015-06-06"),
    ];
    let mut numbers = Vec::new();
    for (name, sex, born) in people {
        numbers.push(desk.issue(name, sex, born).await);
    }
    desk.house(&[(numbers[0], "head"), (numbers[1], "spouse"), (numbers[6], "grandchild")]).await;
    desk.house(&[(numbers[2], "head"), (numbers[3], "spouse"), (numbers[7], "child")]).await;
    desk.house(&[(numbers[4], "head"), (numbers[5], "other")]).await;
    desk
}

/// What is believed of everyone, without when and from whom it became known.
async fn believed(desk: &Desk) -> Believed {
    let mut all = BTreeMap::new();
    for number in desk.store.numbers() {
        let history = desk.store.history(number).await.unwrap();
        let open = history.into_iter().filter(|fact| fact.recorded_to.is_none());
        let mut rows: Vec<_> = open.map(|fact| (fact.value, fact.valid_from, fact.valid_to)).collect();
        rows.sort_by_key(|(value, from, _)| (value.kind(), *from));
        all.insert(number, rows);
    }
    all
}

/// What everyone was on some days, as known at the instant of asking.
type Answers = Vec<(PersonalNumber, At, Option<Person>)>;

async fn answers(desk: &Desk, known_at: Timestamp) -> Answers {
    let mut answers = Vec::new();
    for number in desk.store.numbers() {
        for as_of in [date(1990, 1, 1), date(2022, 6, 1), date(2024, 6, 1), TODAY] {
            let at = At { as_of, known_at };
            answers.push((number, at, desk.seen(number, at).await));
        }
    }
    answers
}

async fn one_step(desk: &Desk, step: &Step) {
    let before = believed(desk).await;
    let command = command(step, &desk.store.numbers(), &Pairs::of(&before), &desk.store.events());
    let commune =
        [Some(HERE), None, Some(ELSEWHERE)][usize::from(step.day.is_multiple_of(8)) * (1 + step.third % 2)];
    let receipt = match desk.send_from(commune, PAPERS, command.clone()).await {
        Ok(receipt) => receipt,
        Err(ChangeError::Refused(_)) => {
            assert_eq!(believed(desk).await, before, "a refusal changes nothing");
            return;
        }
        Err(error) => panic!("{command}: {error}"),
    };
    if step.is_taken_back && step.which != 22 {
        let back = json!({"command": "compensate", "event": receipt.event.id, "reason": "thử"});
        if let Err(error) = desk.send_from(None, &[], back).await {
            panic!("{command} is not taken back: {error}");
        }
        let mut after = believed(desk).await;
        if let Some(issued) = receipt.event.issued {
            let rows = after.remove(&issued).unwrap();
            assert!(matches!(rows[..], [(FactValue::Number(NumberState::Cancelled), ..)]), "{command}");
        }
        assert_eq!(after, before, "{command} taken back restores");
    }
}

async fn holds(desk: &Desk) {
    for number in desk.store.numbers() {
        let history = desk.store.history(number).await.unwrap();
        for kind in FactKind::ALL {
            no_overlap(&history, kind);
        }
        not_own_ancestor(desk, number).await;
        for day in [date(2021, 6, 1), date(2022, 6, 1), date(2023, 6, 1), date(2025, 10, 1), TODAY] {
            spouses_agree(desk, number, day).await;
        }
    }
}

/// Of a kind at most one value is believed for a day, and no row is empty on either axis.
fn no_overlap(history: &[Fact], kind: FactKind) {
    let mut rows: Vec<&Fact> = history.iter().filter(|fact| fact.value.kind() == kind).collect();
    assert!(rows.iter().all(|fact| fact.valid_to.is_none_or(|end| end > fact.valid_from)));
    assert!(rows.iter().all(|fact| fact.recorded_to.is_none_or(|end| end > fact.recorded_from)));
    rows.retain(|fact| fact.recorded_to.is_none());
    rows.sort_by_key(|fact| fact.valid_from);
    for pair in rows.windows(2) {
        assert!(pair[0].valid_to.is_some_and(|end| end <= pair[1].valid_from), "{}", kind.as_str());
    }
}

async fn spouses_agree(desk: &Desk, number: PersonalNumber, day: Date) {
    let at = At { as_of: day, known_at: Timestamp::MAX };
    let Some(person) = desk.seen(number, at).await else { return };
    let Some(spouse) = person.family().and_then(|family| family.spouse) else { return };
    let Some(other) = desk.seen(spouse, at).await else { panic!("a spouse is held") };
    let is_dead = |person: &Person| matches!(person.life(), Life::Dead { .. });
    if !is_dead(&person) && !is_dead(&other) {
        assert!(other.family().and_then(|family| family.spouse) == Some(number), "spouses name each other");
    }
}

async fn not_own_ancestor(desk: &Desk, number: PersonalNumber) {
    let mut seen = BTreeSet::new();
    let mut above = vec![number];
    while let Some(person) = above.pop() {
        let at = At { as_of: TODAY, known_at: Timestamp::MAX };
        let Some(person) = desk.seen(person, at).await else { continue };
        for parent in person.family().into_iter().flat_map(|family| [family.father, family.mother]).flatten()
        {
            assert!(parent != number, "nobody is their own ancestor");
            if seen.insert(parent) {
                above.push(parent);
            }
        }
    }
}

/// A register that is built up from the events alone is the same, row by row.
async fn replays(desk: &Desk) {
    let again = Desk::with_seed(99);
    for event in desk.store.events() {
        if let Err(error) = again.service.replay(&event).await {
            panic!("{} is not replayed: {error}", event.command.word());
        }
    }
    assert_eq!(again.store.events(), desk.store.events());
    assert_eq!(again.store.numbers(), desk.store.numbers());
    for number in desk.store.numbers() {
        assert_eq!(again.store.history(number).await.unwrap(), desk.store.history(number).await.unwrap());
    }
    let all = dancu_changes::FindingFilter::default;
    let (ours, theirs) = (desk.store.findings(all(), None, 1_000), again.store.findings(all(), None, 1_000));
    assert_eq!(ours.await.unwrap(), theirs.await.unwrap());
}

async fn whatever_is_sent(steps: &[Step]) -> Vec<Event> {
    let desk = town().await;
    let mut told: Answers = Vec::new();
    for step in steps {
        one_step(&desk, step).await;
        told.extend(answers(&desk, dancu_core::Clock::now(&*desk.clock)).await);
        // What is recorded next lies after what was told.
        desk.clock.advance(SignedDuration::from_secs(1));
    }
    holds(&desk).await;
    for (number, at, then) in told {
        assert!(desk.seen(number, at).await == then, "a past answer is given again");
    }
    replays(&desk).await;
    desk.store.events()
}

fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_register_is_sound_reproducible_and_replayed_from_its_events(steps in steps()) {
        run(whatever_is_sent(&steps));
    }
}

/// The property above would hold of a desk that refuses everything.
#[test]
fn commands_of_every_kind_are_accepted_along_the_way() {
    let mut accepted = BTreeSet::new();
    let mut state = 1_u64;
    let mut draw = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for _ in 0..60 {
        let mut step = || Step {
            which: u8::try_from(draw(24)).unwrap(),
            first: usize::try_from(draw(64)).unwrap(),
            second: usize::try_from(draw(64)).unwrap(),
            third: usize::try_from(draw(64)).unwrap(),
            day: u16::try_from(draw(2_200)).unwrap(),
            is_taken_back: false,
        };
        let steps: Vec<Step> = (0..80).map(|_| step()).collect();
        let events = run(async {
            let desk = town().await;
            for step in &steps {
                one_step(&desk, step).await;
            }
            desk.store.events()
        });
        accepted.extend(events.iter().map(|event| event.command.word()));
    }
    assert_eq!(accepted.len(), 19, "{accepted:?}");
}
