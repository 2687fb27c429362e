//! The contract of [`LifeStore`]: every store must pass every case.

#![expect(clippy::unwrap_used, reason = "a suite is a test: it fails by panicking")]

use dancu_exchange::{
    Author, Ceiling, CeilingChange, Client, ConnectionAct, ConnectionChange, Contract, ContractId, Deed,
    LifeStore, Organisation, Part, Side, Stage, Step, Verdict,
};
use jiff::Timestamp;
use serde_json::json;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Runs every case on one store, which is empty at first.
pub async fn life_suite(store: Arc<dyn LifeStore>) {
    let shared = Arc::clone(&store);
    let store = store.as_ref();
    connections_come_with_their_first_step(store).await;
    acts_are_told_as_they_were_added_page_by_page(store).await;
    a_place_that_is_taken_or_ahead_is_refused_and_nothing_is_added(store).await;
    of_many_who_act_at_once_one_does(shared).await;
    the_last_step_is_told_with_the_last_place(store).await;
    a_file_comes_back_byte_for_byte(store).await;
    the_ceiling_that_was_set_last_is_told_with_the_stage(store).await;
}

fn id(text: &str) -> ContractId {
    text.parse().unwrap()
}

fn act(contract: &str, sequence: u32, deed: Deed) -> ConnectionAct {
    let side = Side::Agency { organisation: "benh-vien".parse().unwrap() };
    let at = Timestamp::from_microsecond(1_795_000_000_123_456 + i64::from(sequence)).unwrap();
    let by = Author { id: "an.nguyen".to_owned(), name: "Nguyễn An".to_owned(), side };
    ConnectionAct { contract: id(contract), sequence, at, by, deed }
}

fn step(from: Option<Stage>, to: Stage) -> Deed {
    Deed::Step(Step { from, to, ground: "Lý do \"thử\"".to_owned(), pilot: None, notify_by: None })
}

async fn connections_come_with_their_first_step(store: &dyn LifeStore) {
    let contract = |id: &str, client: &str| -> Contract {
        serde_json::from_value(json!({
            "id": id, "client": client, "legal_basis": "a", "purpose_vi": "a", "purpose_en": "a",
            "fields": ["name"], "daily_limit": 1, "per_second_max": 1, "valid_from": "2026-01-01",
        }))
        .unwrap()
    };
    let client = |id: &str| -> Client {
        serde_json::from_value(json!({ "id": id, "organisation": "benh-vien" })).unwrap()
    };
    let change = ConnectionChange {
        organisations: vec![Organisation {
            id: "benh-vien".parse().unwrap(),
            parent: None,
            name_vi: "A".to_owned(),
            name_en: "A".to_owned(),
        }],
        clients: vec![client("desk"), client("his")],
        contracts: vec![contract("hd-1", "desk"), contract("hd-2", "his")],
        acts: vec![act("hd-1", 1, step(None, Stage::Draft))],
    };
    assert_eq!(store.stages().await.unwrap(), []);
    assert!(store.save_connections(change.clone()).await.unwrap());
    let stages = store.stages().await.unwrap();
    assert_eq!((stages.len(), &stages[0].step, stages[0].last_sequence), (1, &change.acts[0], 1));
    // The same again wants a place that is taken, so that not even the other rows are changed.
    let mut again = change;
    "B".clone_into(&mut again.organisations[0].name_vi);
    assert!(!store.save_connections(again).await.unwrap());
    assert_eq!(store.connections().await.unwrap().0[0].name_vi, "A");
}

async fn acts_are_told_as_they_were_added_page_by_page(store: &dyn LifeStore) {
    let note = "Ghi chú".to_owned();
    let deeds = [
        step(Some(Stage::Draft), Stage::Sandbox),
        Deed::BoundTokens { alone: true },
        Deed::Keys { keys: 2 },
        Deed::Answer { item: "retention".to_owned(), verdict: Verdict::NotApplicable, note },
        Deed::Signature { part: Part::Legal },
    ];
    let acts: Vec<_> = (2..).zip(deeds).map(|(sequence, deed)| act("hd-1", sequence, deed)).collect();
    let added = acts.iter().map(|act| (act.clone(), None)).collect();
    assert!(store.add_acts(added).await.unwrap());
    let told = store.acts(&id("hd-1"), 0, 100).await.unwrap();
    assert_eq!(told[1..], acts);
    assert_eq!(store.acts(&id("hd-1"), 2, 3).await.unwrap(), acts[1..4]);
    assert_eq!(store.acts(&id("hd-1"), 6, 3).await.unwrap(), []);
    assert_eq!(store.acts(&id("hd-9"), 0, 3).await.unwrap(), []);
}

async fn a_place_that_is_taken_or_ahead_is_refused_and_nothing_is_added(store: &dyn LifeStore) {
    for sequences in [[6, 7], [7, 7], [8, 9], [7, 9], [0, 1]] {
        let acts = sequences.map(|sequence| (act("hd-1", sequence, Deed::Terms), None));
        assert!(!store.add_acts(acts.to_vec()).await.unwrap(), "{sequences:?}");
    }
    assert_eq!(store.acts(&id("hd-1"), 0, 100).await.unwrap().len(), 6);
    let unknown = store.add_acts(vec![(act("hd-9", 1, Deed::Terms), None)]).await;
    assert!(unknown.is_err(), "a history belongs to a contract");
}

async fn of_many_who_act_at_once_one_does(store: Arc<dyn LifeStore>) {
    let mut tasks = JoinSet::new();
    for turn in 0..8_u32 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let acts = (1..=2).map(|sequence| (act("hd-2", sequence, Deed::Keys { keys: turn }), None));
            store.add_acts(acts.collect()).await.unwrap()
        });
    }
    let added = tasks.join_all().await;
    assert_eq!(added.iter().filter(|added| **added).count(), 1);
    let told = store.acts(&id("hd-2"), 0, 100).await.unwrap();
    assert!(told.len() == 2 && told[0].deed == told[1].deed, "both of one");
}

async fn the_last_step_is_told_with_the_last_place(store: &dyn LifeStore) {
    assert!(store.add_acts(vec![(act("hd-2", 3, step(None, Stage::Draft)), None)]).await.unwrap());
    assert!(store.add_acts(vec![(act("hd-2", 4, Deed::Terms), None)]).await.unwrap());
    let mut stages = store.stages().await.unwrap();
    stages.sort_by(|one, other| one.step.contract.cmp(&other.step.contract));
    let told: Vec<_> = stages.iter().map(|row| (row.step.sequence, row.last_sequence)).collect();
    assert_eq!(told, [(2, 6), (3, 4)]);
    assert_eq!(stages[0].step.step().unwrap().to, Stage::Sandbox);
}

async fn a_file_comes_back_byte_for_byte(store: &dyn LifeStore) {
    let content: Vec<u8> = (0..=255_u8).cycle().take(70_000).collect();
    let (item, name, sha256) = ("a".to_owned(), "a.pdf".to_owned(), "0".repeat(64));
    let file = act("hd-2", 5, Deed::Evidence { item, name, sha256, bytes: 70_000 });
    assert!(store.add_acts(vec![(file, Some(content.clone()))]).await.unwrap());
    assert_eq!(store.evidence(&id("hd-2"), 5).await.unwrap(), Some(content));
    for (contract, sequence) in [("hd-2", 4), ("hd-1", 5), ("hd-9", 5)] {
        assert_eq!(store.evidence(&id(contract), sequence).await.unwrap(), None);
    }
}

async fn the_ceiling_that_was_set_last_is_told_with_the_stage(store: &dyn LifeStore) {
    let ceiling = |daily_limit| Ceiling {
        daily_limit,
        per_second_max: 1,
        until: Timestamp::from_microsecond(1_796_000_000_000_000).unwrap(),
    };
    let told = async || {
        let stages = store.stages().await.unwrap();
        let row = stages.into_iter().find(|row| row.step.contract == id("hd-2")).unwrap();
        (row.step.sequence, row.last_sequence, row.ceiling)
    };
    assert_eq!(told().await, (3, 5, None));
    for (sequence, set) in [(6, Some(ceiling(9))), (7, Some(ceiling(5))), (8, None)] {
        // A ground that looks like a ceiling is none.
        let ground = r#"{"deed":"ceiling"}"#.to_owned();
        let change = CeilingChange { set, ground, alarm: Some("a".to_owned()) };
        assert!(store.add_acts(vec![(act("hd-2", sequence, Deed::Ceiling(change)), None)]).await.unwrap());
        assert_eq!(told().await, (3, sequence, set), "the step is no other");
    }
    let stages = store.stages().await.unwrap();
    assert!(stages.iter().all(|row| row.ceiling.is_none()), "of this contract alone");
}
