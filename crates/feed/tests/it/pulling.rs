//! Clients that ask for changes.

use crate::world::{World, person};
use dancu_changes::Cursor;
use dancu_core::Clock;
use dancu_exchange::{Field, LifeAnswer, Refusal, RefusalReason};
use dancu_feed::{ChangeTeller, FeedError};
use dancu_register::FactKind;
use serde_json::{Value, json};

fn pulled(persons: &str) -> Value {
    json!({"persons": persons})
}

#[tokio::test]
async fn whoever_received_the_old_value_is_told_and_nobody_else_is() {
    let fields: &[&str] = &["name", "birth_date", "life_status"];
    let terms = pulled("disclosed");
    let world = World::new(&[("bank", fields, terms.clone()), ("school", fields, terms)], 1_000).await;
    world.answered("bank", person(1), &[("name", "match"), ("life_status", "alive")]).await;
    // A guess at a number tells nothing, so it brings nothing afterwards either.
    world.answered("bank", person(2), &[("name", "differs"), ("life_status", "not_confirmed")]).await;
    world.answered("school", person(3), &[("name", "match_without_diacritics")]).await;
    for number in 1..=4 {
        world.change(person(number), &[FactKind::Identity]);
    }
    world.pass(6);
    let told = async |client| {
        let telling = world.pull(client, None).await.unwrap();
        assert_eq!((telling.next, telling.has_more), (Cursor { major: 0, minor: 4 }, false));
        telling.entries.iter().map(|entry| entry.number).collect::<Vec<_>>()
    };
    assert_eq!(told("bank").await, [person(1)]);
    assert_eq!(told("school").await, [person(3)]);
}

#[tokio::test]
async fn a_told_change_stands_in_the_log_before_it_is_given_out() {
    let fields: &[&str] = &["name", "phone", "life_status"];
    let world = World::new(&[("bank", fields, pulled("all"))], 1_000).await;
    world.change(person(1), &[FactKind::Life, FactKind::Identity, FactKind::Religion]);
    world.changes.dead.lock().unwrap().push(person(1));
    world.pass(6);
    let telling = world.pull("bank", None).await.unwrap();
    let entry = &telling.entries[0];
    assert_eq!(entry.fields, [Field::Name, Field::LifeStatus].into_iter().collect());
    assert_eq!((entry.life_status, entry.card_status), (Some(LifeAnswer::Dead), None));
    let record = &world.log()[usize::try_from(entry.leaf_index).unwrap()];
    assert_eq!((record.subject, record.contract.as_str()), (person(1), "c-bank"));
    assert_eq!(record.reference, entry.event.to_string());
    let words = |field: &str, answer: &str| (field.to_owned(), answer.to_owned());
    assert_eq!(record.outcome, [words("name", "changed"), words("life_status", "dead")]);
}

#[tokio::test]
async fn a_change_of_nothing_in_the_contract_moves_the_cursor_and_tells_nothing() {
    let world = World::new(&[("bank", &["phone"], pulled("all"))], 1_000).await;
    for kind in FactKind::SEALED.into_iter().chain([FactKind::Residence, FactKind::Family]) {
        world.change(person(1), &[kind]);
    }
    world.pass(6);
    let telling = world.pull("bank", None).await.unwrap();
    assert_eq!((telling.entries.len(), telling.next), (0, Cursor { major: 0, minor: 7 }));
    assert!(world.log().is_empty());
}

#[tokio::test]
async fn one_answer_looks_at_a_bounded_stretch_and_says_that_there_is_more() {
    let world = World::new(&[("bank", &["phone"], pulled("all"))], 1_000).await;
    for number in 0..2_500 {
        world.change(person(number), &[FactKind::Residence]);
    }
    world.change(person(1), &[FactKind::Contact]);
    world.pass(6);
    let mut after = "0-0".to_owned();
    let mut looked_at = vec![];
    loop {
        let telling = world.pull("bank", Some(&after)).await.unwrap();
        after = telling.next.to_string();
        looked_at.push((telling.next.minor, telling.entries.len()));
        if !telling.has_more {
            break;
        }
    }
    assert_eq!(looked_at, [(1_000, 0), (2_000, 0), (2_501, 1)]);
}

#[tokio::test]
async fn a_change_that_is_too_young_waits_with_all_behind_it() {
    let world = World::new(&[("bank", &["phone"], pulled("disclosed"))], 1_000).await;
    world.change(person(1), &[FactKind::Contact]);
    world.pass(ChangeTeller::SETTLED_AFTER.as_secs() - 1);
    let telling = world.pull("bank", None).await.unwrap();
    assert_eq!((telling.next, telling.has_more), (Cursor::default(), false));
    // An answer that had been read before the change reaches the log only now.
    world.answered("bank", person(1), &[("phone", "match")]).await;
    world.pass(1);
    assert_eq!(world.pull("bank", None).await.unwrap().entries.len(), 1);
}

#[tokio::test]
async fn the_daily_limit_ends_the_telling_and_the_next_day_goes_on_from_there() {
    let world = World::new(&[("bank", &["phone"], pulled("all"))], 3).await;
    for number in 1..=5 {
        world.change(person(number), &[FactKind::Contact]);
    }
    world.pass(6);
    let first = world.pull("bank", None).await.unwrap();
    assert_eq!((first.entries.len(), first.has_more), (3, true));
    let after = first.next.to_string();
    let Err(FeedError::DailyLimit { resets_at }) = world.pull("bank", Some(&after)).await else {
        panic!("the limit is used up");
    };
    assert_eq!(world.refusals.counts(), [(RefusalReason::DailyLimit, 1)]);
    world.clock.advance(resets_at.duration_since(world.clock.now()));
    let rest = world.pull("bank", Some(&after)).await.unwrap();
    assert_eq!((rest.entries.len(), rest.has_more), (2, false));
}

#[tokio::test]
async fn a_contract_without_a_feed_and_a_wrong_place_are_refused() {
    let world =
        World::new(&[("bank", &["phone"], Value::Null), ("school", &["name"], pulled("all"))], 9).await;
    let refused = world.pull("bank", None).await;
    assert!(matches!(refused, Err(FeedError::Refused(Refusal::NotInContract))));
    assert_eq!(world.refusals.counts(), [(RefusalReason::NoFeed, 1)]);
    for bad in ["", "7", "1-", "-1", "a-b", "0-1-2", "0-18446744073709551616"] {
        assert!(matches!(world.pull("school", Some(bad)).await, Err(FeedError::Cursor)), "{bad}");
    }
    world.change(person(1), &[FactKind::Identity]);
    let now = world.pull("school", Some("now")).await.unwrap();
    assert_eq!((now.entries.len(), now.next.minor), (0, 1));
}

#[tokio::test]
async fn whoever_stands_before_what_is_kept_is_told_that_changes_are_missing() {
    let world = World::new(&[("bank", &["phone"], pulled("all"))], 1_000).await;
    world.change(person(1), &[FactKind::Contact]);
    let read = world.change(person(2), &[FactKind::Contact]);
    world.pass(91 * 86_400);
    world.change(person(3), &[FactKind::Contact]);
    world.pass(6);
    let removed = dancu_feed::remove_old_entries(&*world.changes, &*world.clock).await.unwrap();
    assert_eq!(removed, 2);
    let missing = world.pull("bank", Some("0-1")).await;
    assert!(matches!(missing, Err(FeedError::TooOld { start }) if start == read));
    // Whoever had read the last of what was removed misses nothing, and without a place all that is kept is told.
    for after in [Some(read.to_string()), None] {
        let telling = world.pull("bank", after.as_deref()).await.unwrap();
        assert_eq!(telling.entries.iter().map(|entry| entry.number).collect::<Vec<_>>(), [person(3)]);
    }
}
