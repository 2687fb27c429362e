//! Changes that are delivered.

use crate::world::{Crash, Road, World, cursors, hook, person};
use dancu_core::Clock;
use dancu_feed::{FeedStore, LetterState, PostFailure, Step, StopReason};
use dancu_register::FactKind;

const PHONE: &[&str] = &["phone"];

async fn bank(roads: &[Road]) -> World {
    let world = World::new(&[("bank", PHONE, hook("all"))], 1_000).await;
    // A change before the subscription is no change that it is told of.
    world.change(person(9), &[FactKind::Contact]);
    assert_eq!(world.settle("bank").await, Step::Idle);
    world.receivers.roads.lock().unwrap().extend(roads);
    world
}

#[tokio::test]
async fn a_batch_is_recorded_once_however_often_it_is_sent() {
    let world = bank(&[Road::Closed, Road::AnswerLost]).await;
    world.change(person(1), &[FactKind::Contact]);
    world.pass(6);
    let mut waited_ms = vec![];
    while let Step::Waiting(until) = world.settle("bank").await {
        waited_ms.push(until.duration_since(world.clock.now()).as_millis());
        world.clock.advance(until.duration_since(world.clock.now()));
    }
    assert!(matches!(waited_ms[..], [5_000..=10_000, 10_000..=20_000]), "{waited_ms:?}");
    assert_eq!(cursors(&world.received("bank")).len(), 2, "the lost answer and the last attempt");
    assert_eq!(world.log().len(), 1);
    let batches = world.receivers.received.lock().unwrap();
    assert_eq!(batches[0], batches[1], "a receiver knows the repetition by its identifier");
}

#[tokio::test]
async fn a_process_that_dies_between_delivery_and_cursor_delivers_again() {
    let world = bank(&[]).await;
    world.change(person(1), &[FactKind::Contact]);
    world.pass(6);
    assert_eq!(world.step("bank").await.unwrap(), Step::Moved);
    *world.feed.crash.lock().unwrap() = Some(Crash::Before);
    assert!(world.step("bank").await.is_err());
    assert_eq!(world.settle("bank").await, Step::Idle);
    let received = cursors(&world.received("bank"));
    assert_eq!((received.len(), received[0]), (2, received[1]));
}

#[tokio::test]
async fn what_fails_for_good_is_a_dead_letter_that_holds_up_nobody_and_can_be_replayed() {
    let world = bank(&[Road::Closed; 3]).await;
    let first = world.change(person(1), &[FactKind::Contact]);
    world.pass(6);
    while let Step::Waiting(until) = world.settle("bank").await {
        world.clock.advance(until.duration_since(world.clock.now()));
    }
    let letters = world.feed.dead_letters(None, None, 9).await.unwrap();
    assert_eq!((letters.len(), letters[0].reason.attempts), (1, 3));
    assert_eq!(letters[0].reason.failure, PostFailure::Unreachable);
    let second = world.change(person(1), &[FactKind::Contact]);
    world.pass(6);
    world.settle("bank").await;
    assert_eq!(cursors(&world.received("bank")), [second]);
    assert!(world.feed.replay(letters[0].id).await.unwrap());
    world.receivers.roads.lock().unwrap().extend([Road::Closed; 3]);
    while let Step::Waiting(until) = world.settle("bank").await {
        world.clock.advance(until.duration_since(world.clock.now()));
    }
    let again = world.feed.dead_letters(None, None, 9).await.unwrap();
    assert_eq!(
        (again[0].id, again[0].state),
        (letters[0].id, LetterState::Dead),
        "dead again, the same letter"
    );
    world.feed.replay(letters[0].id).await.unwrap();
    world.settle("bank").await;
    let received = world.received("bank");
    assert_eq!(cursors(&received), [second, first]);
    assert_eq!((received[0].1, received[1].1), (false, true), "a replay says that it is one");
    assert_eq!(world.feed.count_dead_letters().await.unwrap(), 0);
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_left_alone_until_the_operator_resumes() {
    let world = bank(&[Road::Gone]).await;
    world.change(person(1), &[FactKind::Contact]);
    world.pass(6);
    assert_eq!(world.settle("bank").await, Step::Stopped);
    world.pass(86_400);
    assert_eq!(world.step("bank").await.unwrap(), Step::Stopped);
    let held = world.feed.subscriber(&"bank".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(held.stopped, Some(StopReason::Gone));
    world.feed.resume(&held.client).await.unwrap();
    assert_eq!(world.settle("bank").await, Step::Idle);
    assert_eq!(world.received("bank").len(), 1);
}

#[tokio::test]
async fn a_suspended_client_receives_nothing_and_misses_nothing() {
    let world = bank(&[]).await;
    world.change(person(1), &[FactKind::Contact]);
    world.pass(6);
    assert_eq!(world.step("bank").await.unwrap(), Step::Moved, "the batch is made");
    world.connections.0.lock().unwrap().1[0].suspended = Some("key lost".to_owned());
    world.reload().await;
    assert!(matches!(world.settle("bank").await, Step::Waiting(_)));
    assert!(world.received("bank").is_empty());
    world.connections.0.lock().unwrap().1[0].suspended = None;
    world.reload().await;
    world.pass(61);
    world.settle("bank").await;
    assert_eq!(world.received("bank").len(), 1);
}

#[tokio::test]
async fn a_batch_that_was_made_under_wider_terms_never_leaves() {
    let fields: &[&str] = &["phone", "name"];
    let world = World::new(&[("bank", fields, hook("all"))], 1_000).await;
    world.settle("bank").await;
    world.change(person(1), &[FactKind::Contact, FactKind::Identity]);
    world.change(person(2), &[FactKind::Identity]);
    world.pass(6);
    assert_eq!(world.step("bank").await.unwrap(), Step::Moved, "the batch is made");
    world.connections.0.lock().unwrap().2[0].fields = [dancu_exchange::Field::Phone].into_iter().collect();
    world.reload().await;
    world.settle("bank").await;
    let received = world.received("bank");
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].0["fields"], serde_json::json!(["phone"]));
}

#[tokio::test]
async fn the_daily_limit_holds_deliveries_until_midnight() {
    let world = World::new(&[("bank", PHONE, hook("all"))], 2).await;
    world.settle("bank").await;
    for number in 1..=3 {
        world.change(person(number), &[FactKind::Contact]);
    }
    world.pass(6);
    let Step::Waiting(until) = world.settle("bank").await else { panic!("the limit is used up") };
    assert_eq!(until, "2026-11-22T17:00:00Z".parse().unwrap());
    assert_eq!(world.received("bank").len(), 2);
    world.clock.advance(until.duration_since(world.clock.now()));
    assert_eq!(world.settle("bank").await, Step::Idle);
    assert_eq!(world.received("bank").len(), 3);
}

#[tokio::test]
async fn a_receiver_that_was_gone_for_too_long_hears_that_changes_are_missing() {
    let world = bank(&[Road::Gone]).await;
    world.change(person(1), &[FactKind::Contact]);
    world.pass(6);
    assert_eq!(world.settle("bank").await, Step::Stopped);
    let last_of_old = world.change(person(2), &[FactKind::Contact]);
    world.pass(91 * 86_400);
    let kept = world.change(person(3), &[FactKind::Contact]);
    dancu_feed::remove_old_entries(&*world.changes, &*world.clock).await.unwrap();
    world.pass(6);
    world.feed.resume(&"bank".parse().unwrap()).await.unwrap();
    world.settle("bank").await;
    let batches = world.receivers.received.lock().unwrap().clone();
    // What was on its way when it went is still delivered; then it hears of the gap; then come the changes that are kept.
    let resets: Vec<_> = batches.iter().map(|batch| batch["reset"].as_bool().unwrap()).collect();
    assert_eq!(resets, [false, true, false]);
    assert_eq!(
        (batches[1]["entries"].as_array().unwrap().len(), &batches[1]["next"]),
        (0, &last_of_old.to_string().into())
    );
    assert_eq!(cursors(&world.received("bank")).last(), Some(&kept));
}

#[tokio::test]
async fn a_dead_letter_of_a_stretch_that_is_no_longer_kept_is_replayed_as_a_gap() {
    let world = bank(&[Road::Closed; 3]).await;
    world.change(person(1), &[FactKind::Contact]);
    world.pass(6);
    while let Step::Waiting(until) = world.settle("bank").await {
        world.clock.advance(until.duration_since(world.clock.now()));
    }
    world.pass(91 * 86_400);
    world.change(person(2), &[FactKind::Contact]);
    dancu_feed::remove_old_entries(&*world.changes, &*world.clock).await.unwrap();
    let letter = world.feed.dead_letters(None, None, 9).await.unwrap().remove(0);
    world.feed.replay(letter.id).await.unwrap();
    world.pass(6);
    world.settle("bank").await;
    let batches = world.receivers.received.lock().unwrap().clone();
    let told =
        |batch: &serde_json::Value| (batch["replay"].as_bool().unwrap(), batch["reset"].as_bool().unwrap());
    assert!(batches.iter().map(told).any(|told| told == (true, true)));
    assert_eq!(world.feed.count_dead_letters().await.unwrap(), 0);
}
