//! Whatever commands come in whatever order: each day stays sound, and the events alone tell the register.

use crate::residence_town::*;
use dancu_changes::{
    AbsenceNotice, ChangeError, ChangeStore, Command, Compensation, DeletionGround, Event, HeadChange,
    HouseholdCreation, HouseholdMerge, HouseholdSplit, Member, PersonOn, ResidenceDeletion, TemporaryStay,
};
use dancu_core::PersonalNumber;
use dancu_register::{Fact, FactKind, HouseholdNumber, RegisterStore, Relation};
use jiff::{
    SignedDuration, ToSpan,
    civil::{Date, date},
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Persons in town: 1–3 a family, 4–6 another one at the same address, 7 and 8 lodgers there.
const PERSONS: u64 = 8;
const FIRST: Date = date(2026, 10, 1);
/// Days on which commands begin; later ones are looked at too.
const DAYS: i64 = 50;

/// What is tried; most of it is refused.
#[derive(Debug, Clone)]
enum Try {
    Move { who: BTreeSet<u64>, place: u8, joins: bool },
    Stay { who: u64, place: u8, length: i64 },
    EndStay { who: u64 },
    Leave { who: u64, length: Option<i64> },
    Return { who: u64 },
    Delete { who: u64 },
    Create { who: BTreeSet<u64> },
    Split { who: BTreeSet<u64> },
    Merge { who: u64, other: u64 },
    ChangeHead { who: u64 },
    TakeBack { which: usize },
}

fn tries() -> impl Strategy<Value = Vec<(i64, Try)>> {
    let who = || 1..=PERSONS;
    let some = || proptest::collection::btree_set(1..=PERSONS, 1..4);
    let one = prop_oneof![
        3 => (some(), 0_u8..3, any::<bool>()).prop_map(|(who, place, joins)| Try::Move { who, place, joins }),
        2 => (who(), 0_u8..3, 30_i64..90).prop_map(|(who, place, length)| Try::Stay { who, place, length }),
        1 => who().prop_map(|who| Try::EndStay { who }),
        1 => (who(), proptest::option::of(1_i64..40)).prop_map(|(who, length)| Try::Leave { who, length }),
        1 => who().prop_map(|who| Try::Return { who }),
        1 => who().prop_map(|who| Try::Delete { who }),
        2 => some().prop_map(|who| Try::Create { who }),
        2 => some().prop_map(|who| Try::Split { who }),
        1 => (who(), who()).prop_map(|(who, other)| Try::Merge { who, other }),
        3 => who().prop_map(|who| Try::ChangeHead { who }),
        2 => (0_usize..30).prop_map(|which| Try::TakeBack { which }),
    ];
    proptest::collection::vec((0..DAYS, one), 1..25)
}

async fn members(town: &Town, serial: u64, day: Date) -> Option<(HouseholdNumber, Vec<u64>)> {
    let book = town.home_on(serial, day).await.household?;
    let members = town.members_on(&book, day).await.into_iter().map(|(member, _)| member).collect();
    Some((book, members))
}

/// The first is the head.
fn headed(who: impl IntoIterator<Item = u64>) -> Vec<Member> {
    let relation = |index| if index == 0 { Relation::Head } else { Relation::Other };
    who.into_iter().enumerate().map(|(index, serial)| member(serial, relation(index))).collect()
}

fn joining(who: impl IntoIterator<Item = u64>) -> Vec<Member> {
    who.into_iter().map(|serial| member(serial, Relation::Other)).collect()
}

/// The command that is tried, with the commune that sends it; `None` when there is none to send.
// tidy: allow long function: one arm a command
async fn command(town: &Town, day: Date, events: &[Event], attempt: &Try) -> Option<(String, Command)> {
    const COMMUNES: [&str; 3] = [BA_DINH, NGOC_HA, AN_HOI_TAY];
    let commune = async |serial| {
        let home = town.home_on(serial, day).await;
        home.permanent_commune.map_or_else(|| BA_DINH.to_owned(), |code| code.to_string())
    };
    let number_on = |serial| PersonOn { number: number(serial), on: day };
    Some(match attempt {
        Try::Move { who, place, joins: true } => {
            let (book, others) = members(town, 1 + u64::from(*place), day).await?;
            let home = commune(*others.first()?).await;
            (home, moving(&joining(who.iter().copied()), Some(book), None, day))
        }
        Try::Move { who, place, joins: false } => {
            let there = COMMUNES[usize::from(*place)];
            (there.to_owned(), moving(&headed(who.iter().copied()), None, Some(at(there, "Số 9")), day))
        }
        Try::Stay { who, place, length } => {
            let there = COMMUNES[usize::from(*place)];
            let (numbers, address) = (vec![number(*who)], at(there, "Số 9"));
            let until = day + length.days();
            let stay = TemporaryStay { numbers, address, from: day, until };
            (there.to_owned(), Command::RegisterTemporaryResidence(stay))
        }
        Try::EndStay { who } => {
            let stay = town.home_on(*who, day).await.temporary?;
            (stay.commune.to_string(), Command::EndTemporaryResidence(number_on(*who)))
        }
        Try::Leave { who, length } => {
            let until = length.map(|length| day + length.days());
            let notice = AbsenceNotice { number: number(*who), from: day, until, reason: None };
            (commune(*who).await, Command::DeclareAbsence(notice))
        }
        Try::Return { who } => (commune(*who).await, Command::EndAbsence(number_on(*who))),
        Try::Delete { who } => {
            let ground = DeletionGround::SettledAbroad;
            let deletion = ResidenceDeletion { number: number(*who), ground, on: day };
            (commune(*who).await, Command::DeleteResidence(deletion))
        }
        Try::Create { who } => {
            let members = headed(who.iter().copied());
            (commune(*who.first()?).await, Command::CreateHousehold(HouseholdCreation { members, on: day }))
        }
        Try::Split { who } => {
            let (household, _) = members(town, *who.first()?, day).await?;
            let leaving = headed(who.iter().copied());
            let split = HouseholdSplit { household, leaving, on: day };
            (commune(*who.first()?).await, Command::SplitHousehold(split))
        }
        Try::Merge { who, other } => {
            let (from, leaving) = members(town, *who, day).await?;
            let (into, _) = members(town, *other, day).await?;
            let merge = HouseholdMerge { from, into, relations: joining(leaving), on: day };
            (commune(*other).await, Command::MergeHouseholds(merge))
        }
        Try::ChangeHead { who } => {
            let (household, all) = members(town, *who, day).await?;
            let others = all.into_iter().filter(|serial| serial != who);
            let relations = headed(std::iter::once(*who).chain(others));
            (commune(*who).await, Command::ChangeHead(HeadChange { household, relations, on: day }))
        }
        Try::TakeBack { which } => {
            let event = events.get(*which % events.len().max(1))?;
            let back = Compensation { event: event.id, reason: "Ghi nhầm".to_owned() };
            (event.actor.commune()?.to_string(), Command::Compensate(back))
        }
    })
}

async fn histories(town: &Town) -> BTreeMap<PersonalNumber, Vec<Fact>> {
    let mut histories = BTreeMap::new();
    for serial in 1..=PERSONS {
        histories.insert(number(serial), town.store.history(number(serial)).await.unwrap());
    }
    histories
}

/// At most one value of a kind is believed of a day, and each household with members has exactly one head.
fn check_days(histories: &BTreeMap<PersonalNumber, Vec<Fact>>) -> Result<(), TestCaseError> {
    for offset in -5..DAYS + 100 {
        let day = FIRST + offset.days();
        let mut heads: BTreeMap<HouseholdNumber, usize> = BTreeMap::new();
        for facts in histories.values() {
            for kind in FactKind::ALL {
                let believed = facts.iter().filter(|fact| {
                    fact.recorded_to.is_none()
                        && fact.value.kind() == kind
                        && fact.valid_from <= day
                        && fact.valid_to.is_none_or(|end| day < end)
                });
                let believed: Vec<&Fact> = believed.collect();
                prop_assert!(believed.len() <= 1, "{kind:?} on {day}");
                let Some(dancu_register::FactValue::Residence(home)) =
                    believed.first().map(|fact| &fact.value)
                else {
                    continue;
                };
                if let Some(book) = &home.household {
                    let is_head = home.relation_to_head == Some(Relation::Head);
                    *heads.entry(book.clone()).or_default() += usize::from(is_head);
                }
            }
        }
        prop_assert!(heads.values().all(|heads| *heads == 1), "{day}: {:?}", heads.values());
    }
    Ok(())
}

async fn town_of_two_families() -> Town {
    let town = Town::new();
    let mut people = Vec::new();
    for (book, first) in [("H-1", 1), ("H-2", 4)] {
        people.push(resident(first, book, Relation::Head));
        people.extend((first + 1..first + 3).map(|serial| resident(serial, book, Relation::Other)));
    }
    people.extend([lodger(7), lodger(8)]);
    town.load(&people).await;
    town
}

async fn any_commands_keep_every_day_sound(tries: Vec<(i64, Try)>) -> Result<(), TestCaseError> {
    let town = town_of_two_families().await;
    for (offset, attempt) in &tries {
        let events = town.store.events();
        let Some((commune, command)) = command(&town, FIRST + offset.days(), &events, attempt).await else {
            continue;
        };
        let before = histories(&town).await;
        town.clock.advance(SignedDuration::from_secs(1));
        let actor = dancu_changes::Actor::Officer { id: "can-bo-1".to_owned(), commune: code(&commune) };
        let papers = [
            dancu_changes::EvidenceKind::Consent,
            dancu_changes::EvidenceKind::DwellingPaper,
            dancu_changes::EvidenceKind::Request,
        ];
        let envelope = town.envelope(actor, &papers, command);
        match town.service.execute(&envelope).await {
            Ok(_) => {
                check_days(&histories(&town).await)?;
                let now = town.store.events().len();
                prop_assert!(town.service.execute(&envelope).await.unwrap().was_known);
                prop_assert_eq!(town.store.events().len(), now);
            }
            Err(ChangeError::Refused(_)) => prop_assert!(histories(&town).await == before),
            Err(error) => return Err(TestCaseError::fail(format!("{attempt:?}: {error}"))),
        }
    }
    // The events alone make the same register, row by row.
    let replayed = town_of_two_families().await;
    for event in town.store.events() {
        replayed.service.replay(&event).await.map_err(|error| TestCaseError::fail(error.to_string()))?;
    }
    prop_assert!(histories(&town).await == histories(&replayed).await);
    prop_assert!(town.store.events() == replayed.store.events());
    // Events taken back from the last one to the first leave what was loaded.
    for event in town.store.events().iter().rev() {
        let is_back = matches!(event.command, Command::Compensate(_));
        if is_back || town.store.taken_back_by(event.id).await.unwrap().is_some() {
            continue;
        }
        let commune = event.actor.commune().unwrap().to_string();
        let back = Compensation { event: event.id, reason: "Ghi nhầm".to_owned() };
        let outcome = town.send(&commune, Command::Compensate(back)).await;
        prop_assert!(outcome.is_ok(), "{}: {:?}", event.command.word(), outcome.err());
        check_days(&histories(&town).await)?;
    }
    let loaded = town_of_two_families().await;
    for offset in -5..DAYS + 100 {
        let day = FIRST + offset.days();
        for serial in 1..=PERSONS {
            prop_assert!(town.home_on(serial, day).await == loaded.home_on(serial, day).await);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_day_stays_sound_and_events_alone_tell_the_register(tries in tries()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(any_commands_keep_every_day_sound(tries))?;
    }
}

/// The last member leaves a household while others join it: what is decided on what another command changes meanwhile is
/// decided anew, so that nobody is left in it without a head.
#[test]
fn commands_at_the_same_time_keep_every_day_sound() {
    const ROUNDS: usize = 100;
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    let day = FIRST + 10.days();
    for round in 0..ROUNDS {
        let town = Town::new();
        let people = [resident(1, "H-1", Relation::Head), lodger(7), lodger(8)];
        runtime().block_on(town.load(&people));
        let join = |who| moving(&joining([who]), Some(household("H-1")), None, day);
        let leave = moving(&headed([1]), None, Some(at(NGOC_HA, "Số 9")), day);
        let commands = [(BA_DINH, join(7)), (NGOC_HA, leave), (BA_DINH, join(8))];
        let together = std::sync::Barrier::new(commands.len());
        std::thread::scope(|scope| {
            for (commune, command) in commands {
                let (town, together) = (&town, &together);
                scope.spawn(move || {
                    let runtime = runtime();
                    together.wait();
                    let outcome = runtime.block_on(town.send(commune, command));
                    let is_decided = matches!(outcome, Ok(_) | Err(ChangeError::Refused(_)));
                    assert!(is_decided, "round {round}: {outcome:?}");
                });
            }
        });
        check_days(&runtime().block_on(histories(&town))).unwrap();
    }
}
