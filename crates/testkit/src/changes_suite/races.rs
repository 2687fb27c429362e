//! Many at once: nothing is lost, nothing is done twice.

use super::desk::{Desk, TODAY, at, contact, id, identity, noted, number, since, source};
use crate::{FakeClock, SeededEntropy};
use dancu_changes::{
    Actor, ChangeService, ChangeStore, Command, CommandId, Committed, ContactChange, Cursor, Envelope,
};
use dancu_register::{Seals, believe};
use jiff::{SignedDuration, civil::date};
use std::{collections::BTreeSet, sync::Arc};
use tokio::task::JoinSet;

const TASKS: u32 = 8;
const COMMITS: u32 = 12;

/// Reads, decides and commits until it is done, as the service does.
async fn push(store: &dyn ChangeStore, event: CommandId, whose: u64, phone: &str) -> Committed {
    loop {
        let record = store.record(number(whose)).await.expect("reads");
        let next = record.version.map_or(at(1), |last| last + SignedDuration::from_micros(1));
        let mut commit = noted(event, 1, &[number(whose)]);
        commit.event.recorded_at = next;
        commit.guards.persons = vec![(number(whose), record.version)];
        commit.changes[0].1 =
            believe(&record.facts, number(whose), &[since(contact(phone), TODAY)], next, &source());
        match store.commit(commit).await.expect("writes") {
            Committed::Stale => tokio::task::yield_now().await,
            done => return done,
        }
    }
}

pub(super) async fn commits_to_one_person_are_neither_lost_nor_doubled(desk: &Desk) {
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let store = Arc::clone(&desk.store);
        tasks.spawn(async move {
            for turn in 0..COMMITS {
                let serial = task * COMMITS + turn;
                // Every third is sent twice, as after an answer that was lost.
                for _ in 0..=u32::from(serial.is_multiple_of(3)) {
                    push(&*store, id(u128::from(serial)), 1, &format!("09{serial:08}")).await;
                }
            }
        });
    }
    tasks.join_all().await;
    let total = (TASKS * COMMITS) as usize;
    let events = desk.store.events_of(number(1), None, total * 2).await.expect("reads");
    assert_eq!(events.len(), total);
    assert!(events.is_sorted_by(|one, next| one.recorded_at > next.recorded_at), "one instant, one event");
    let ids: BTreeSet<_> = events.iter().map(|event| event.id).collect();
    assert_eq!(ids, (0..TASKS * COMMITS).map(|serial| id(u128::from(serial))).collect());
    let history = desk.store.history(number(1)).await.expect("reads");
    assert_eq!(history.len(), total);
    assert_eq!(history.iter().filter(|fact| fact.recorded_to.is_none()).count(), 1, "one is believed");
    for pair in history.windows(2) {
        assert_eq!(
            pair[0].recorded_to,
            Some(pair[1].recorded_from),
            "no belief between two, and no two at once"
        );
    }
    let told: Vec<_> = desk.outbox().await.iter().map(|entry| entry.recorded_at).collect();
    assert_eq!(told.len(), total);
    assert!(told.is_sorted(), "a person's entries are told in the order in which they were recorded");
    assert_eq!(desk.store.count_persons().await.expect("reads"), 1);
}

pub(super) async fn one_command_sent_by_many_is_one_event(desk: &Desk) {
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let store = Arc::clone(&desk.store);
        tasks.spawn(async move { push(&*store, id(1), 1, &format!("09{task:08}")).await });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Committed::Done).count(), 1);
    let event = desk.store.event(id(1)).await.expect("reads").expect("recorded");
    let known = Committed::Known { event: Box::new(event.0), digest: event.1 };
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == known).count(), outcomes.len() - 1);
    assert_eq!(desk.store.history(number(1)).await.expect("reads").len(), 1);
    assert_eq!(desk.outbox().await.len(), 1);
}

pub(super) async fn readers_of_the_outbox_miss_nothing(desk: &Desk) {
    let total = (TASKS * COMMITS) as usize;
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let store = Arc::clone(&desk.store);
        tasks.spawn(async move {
            for turn in 0..COMMITS {
                let serial = task * COMMITS + turn;
                push(&*store, id(u128::from(serial)), u64::from(serial % 5), &format!("09{serial:08}")).await;
            }
            Vec::new()
        });
    }
    for reader in 0..2 {
        let store = Arc::clone(&desk.store);
        tasks.spawn(async move {
            let (mut cursor, mut read) = (Cursor::default(), Vec::new());
            while read.len() < total {
                let page = store.outbox(cursor, 3 + reader).await.expect("reads");
                cursor = page.last().map_or(cursor, |entry| entry.cursor);
                read.extend(page);
                tokio::task::yield_now().await;
            }
            read
        });
    }
    let read = tasks.join_all().await;
    let whole = desk.outbox().await;
    assert!(read.iter().filter(|read| !read.is_empty()).all(|read| *read == whole));
    let events: BTreeSet<_> = whole.iter().map(|entry| entry.event).collect();
    assert_eq!((whole.len(), events.len()), (total, total));
}

pub(super) async fn the_service_decides_again_until_all_are_recorded(desk: &Desk) {
    desk.state(1, 1, &[since(identity("Trần Thị Lan"), date(1985, 3, 2))]).await;
    let service = Arc::new(ChangeService::new(
        Arc::clone(&desk.store),
        Arc::new(Seals::new(&[(1, [7; 32])])),
        Arc::new(FakeClock::at("2026-11-21T02:00:00Z")),
        Arc::new(SeededEntropy::new(1)),
    ));
    let mut tasks = JoinSet::new();
    for task in 0..u64::from(TASKS) {
        let service = Arc::clone(&service);
        tasks.spawn(async move {
            let phone = Some(format!("09{task:08}"));
            let change = ContactChange { number: number(1), phone, email: None, on: TODAY };
            let envelope = Envelope {
                id: id(100 + u128::from(task)),
                actor: Actor::Operator { id: "staff-1".to_owned() },
                evidence: Vec::new(),
                taken_at: at(0),
                command: Command::ChangeContact(change),
            };
            let first = service.execute(&envelope).await.expect("recorded");
            let again = service.execute(&envelope).await.expect("known");
            assert!(!first.was_known && again.was_known);
            assert_eq!(first.event, again.event);
        });
    }
    tasks.join_all().await;
    let events = desk.store.events_of(number(1), None, 100).await.expect("reads");
    assert_eq!(events.len(), 1 + TASKS as usize);
    let instants: BTreeSet<_> = events.iter().map(|event| event.recorded_at).collect();
    assert_eq!(instants.len(), events.len());
}

pub(super) async fn commits_that_meet_are_each_answered_for_themselves(desk: &Desk) {
    desk.state(1, 1, &[since(contact("0912345671"), TODAY)]).await;
    let mut commits = vec![noted(id(1), 1, &[number(9)])];
    commits[0].digest = [9; 32];
    for serial in 2..60 {
        commits.push(
            desk.commit_of(u128::from(serial), 10, serial, &[since(contact("0912345672"), TODAY)]).await,
        );
    }
    for event in [60, 61] {
        commits.push(desk.commit_of(event, 10, 1, &[since(contact("0912345673"), TODAY)]).await);
    }
    let mut tasks = JoinSet::new();
    for (place, commit) in commits.into_iter().enumerate() {
        let store = Arc::clone(&desk.store);
        tasks.spawn(async move { (place, store.commit(commit).await.expect("writes")) });
    }
    let mut answers = tasks.join_all().await;
    answers.sort_by_key(|(place, _)| *place);
    let answers: Vec<Committed> = answers.into_iter().map(|(_, answer)| answer).collect();
    assert!(matches!(&answers[0], Committed::Known { event, .. } if event.persons == [number(1)]));
    assert!(answers[1..59].iter().all(|answer| *answer == Committed::Done));
    let last: BTreeSet<bool> = answers[59..].iter().map(|answer| *answer == Committed::Done).collect();
    assert_eq!(last, BTreeSet::from([false, true]), "of two about one person the second is decided again");
    for whose in 2..60 {
        assert_eq!(desk.store.history(number(whose)).await.expect("reads").len(), 1);
    }
    assert_eq!(desk.outbox().await.len(), 60);
}
