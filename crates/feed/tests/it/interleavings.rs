//! Any order of changes, deliveries, failures and crashes: at least once, in order per person, nothing beside the
//! contract.

use crate::world::{Crash, Road, World, cursors, hook, person};
use dancu_changes::Cursor;
use dancu_core::PersonalNumber;
use dancu_feed::{FeedStore, Step, fields_told};
use dancu_register::{FactKind, KindSet};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
enum Move {
    Change(u64, Vec<FactKind>),
    Step(usize, Road, Option<Crash>),
    Pass(i64),
    Replay,
}

const CLIENTS: [(&str, &[&str], &str); 3] = [
    ("bank", &["name", "life_status"], "disclosed"),
    ("school", &["phone", "residence"], "all"),
    ("tax", &["name", "phone"], "disclosed"),
];

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let kinds = prop::sample::subsequence(
        vec![
            FactKind::Identity,
            FactKind::Contact,
            FactKind::Life,
            FactKind::Residence,
            FactKind::Religion,
            FactKind::Family,
        ],
        1..4,
    );
    let road = prop_oneof![
        3 => Just(Road::Open),
        2 => Just(Road::AnswerLost),
        2 => Just(Road::Closed),
        1 => Just(Road::Gone),
    ];
    let crash = prop_oneof![3 => Just(None), 1 => Just(Some(Crash::Before)), 1 => Just(Some(Crash::After))];
    let one = prop_oneof![
        4 => (0..4_u64, kinds).prop_map(|(number, kinds)| Move::Change(number, kinds)),
        8 => (0..CLIENTS.len(), road, crash).prop_map(|(client, road, crash)| Move::Step(client, road, crash)),
        3 => (1..4_000_i64).prop_map(Move::Pass),
        1 => Just(Move::Replay),
    ];
    prop::collection::vec(one, 1..80)
}

/// Persons about whom a client was answered; `school` needs no answer.
fn answered(client: &str) -> Vec<u64> {
    match client {
        "bank" => vec![0, 1],
        "tax" => vec![1, 3],
        _ => vec![0, 1, 2, 3],
    }
}

async fn replay_all(world: &World) {
    for letter in world.feed.dead_letters(None, None, 1_000).await.unwrap() {
        world.feed.replay(letter.id).await.unwrap();
    }
}

async fn run(moves: Vec<Move>) -> World {
    let clients = CLIENTS.map(|(id, fields, persons)| (id, fields, hook(persons)));
    let world = World::new(&clients, 1_000_000).await;
    for (client, ..) in CLIENTS {
        world.settle(client).await;
        for number in answered(client) {
            world.answered(client, person(number), &[("name", "match")]).await;
        }
    }
    for step in moves {
        match step {
            Move::Change(number, kinds) => drop(world.change(person(number), &kinds)),
            Move::Pass(seconds) => world.pass(seconds),
            Move::Replay => replay_all(&world).await,
            Move::Step(client, road, crash) => {
                *world.receivers.roads.lock().unwrap() = [road].into();
                *world.feed.crash.lock().unwrap() = crash;
                let _ = world.step(CLIENTS[client].0).await;
                world.receivers.roads.lock().unwrap().clear();
                *world.feed.crash.lock().unwrap() = None;
            }
        }
    }
    // In the end every road is open and the operator has looked after everything.
    for _ in 0..4 {
        world.pass(4_000);
        replay_all(&world).await;
        for (client, ..) in CLIENTS {
            world.feed.resume(&client.parse().unwrap()).await.unwrap();
            assert_eq!(world.settle(client).await, Step::Idle);
        }
    }
    world
}

fn check(world: &World) {
    let entries = world.changes.entries.lock().unwrap().clone();
    let log = world.log();
    for (client, ..) in CLIENTS {
        let contract = world.caller(client).contract.clone();
        let may = answered(client);
        let expected: BTreeMap<Cursor, (PersonalNumber, KindSet)> = entries
            .iter()
            .filter(|entry| may.iter().any(|number| person(*number) == entry.number))
            .filter(|entry| !fields_told(&contract, entry.kinds).is_empty())
            .map(|entry| (entry.cursor, (entry.number, entry.kinds)))
            .collect();
        let received = world.received(client);
        for (entry, _) in &received {
            let cursor = entry["cursor"].as_str().unwrap().parse().unwrap();
            let (number, kinds) = expected.get(&cursor).expect("only what the contract holds arrives");
            assert_eq!(entry["number"], number.to_string());
            assert_eq!(entry["fields"], serde_json::to_value(fields_told(&contract, *kinds)).unwrap());
            let record = &log[usize::try_from(entry["leaf_index"].as_u64().unwrap()).unwrap()];
            assert_eq!((record.subject, record.client.as_str()), (*number, client));
        }
        let mut all = cursors(&received);
        all.sort_unstable();
        all.dedup();
        assert_eq!(all, expected.keys().copied().collect::<Vec<_>>(), "{client}: at least once");
        in_order(&received);
    }
}

/// What arrives for the first time, replays left aside, comes in the order of its recording.
fn in_order(received: &[(serde_json::Value, bool)]) {
    let usual: Vec<_> = received.iter().filter(|(_, is_replay)| !is_replay).cloned().collect();
    let mut seen = vec![];
    for cursor in cursors(&usual) {
        if !seen.contains(&cursor) {
            assert!(seen.last().is_none_or(|last| *last < cursor), "out of order");
            seen.push(cursor);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn every_change_arrives_in_order_and_nothing_else_does(moves in moves()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { check(&run(moves).await) });
    }
}
