//! The contract of [`CohortStore`]: every store must pass every case.

#![expect(clippy::unwrap_used, reason = "a suite is a test: it fails by panicking")]

use crate::consent_suite::{at, person};
use dancu_exchange::{CohortExtract, CohortRow, CohortStore, ExtractId, OpenBounds};
use jiff::Timestamp;
use serde_json::json;
use std::sync::Arc;
use tokio::task::JoinSet;
use uuid::Uuid;

const WIDE: OpenBounds = OpenBounds { open_max: 99, asked_max: 99, since: Timestamp::MIN };

/// Runs every case on one store, which is empty at first.
pub async fn cohort_suite(store: Arc<dyn CohortStore>) {
    an_extract_is_kept_whole_and_found_by_its_reference_while_it_is_open(&*store).await;
    a_contract_has_no_more_than_it_may(&*store).await;
    rows_are_added_with_the_step_that_made_them_or_not_at_all(&*store).await;
    lists_are_the_newest_first_and_paged(&*store).await;
    what_works_or_is_over_is_given_to_the_maker(&*store).await;
    of_two_steps_at_once_one_is_taken(store).await;
}

fn id(value: u128) -> ExtractId {
    ExtractId(Uuid::from_u128(value))
}

/// An extract in a state, asked for at a minute.
fn extract(value: u128, contract: &str, state: &str, minute: i64) -> CohortExtract {
    let born = json!({"ages": {"from": 17, "to": 17, "on": "2026-12-31"}});
    serde_json::from_value(json!({
        "id": id(value), "contract": contract, "client": "army", "reference": format!("QĐ \"{value}\""),
        "criteria": {"born": born, "sex": "M", "places": ["01", "00004"]}, "fields": ["name"],
        "as_of": "2026-11-21", "asked_at": at(minute), "state": state, "due": at(minute + 1_000),
        "approvals": [{"by": "an", "at": at(1)}], "moves": [{"at": at(1), "by": "army", "to": "asked", "note": ""}],
        "found": {"persons": 7, "undecided": 1}, "rows": 0,
        "cursor": {"commune": "00004", "after": person(5)}, "mark": {"log": 0, "size": 12},
        "is_to_clear": false, "version": 1
    }))
    .unwrap()
}

fn next(extract: &CohortExtract, state: &str) -> CohortExtract {
    let mut next = extract.clone();
    next.state = serde_json::from_value(json!(state)).unwrap();
    next.version += 1;
    next
}

fn rows(numbers: std::ops::RangeInclusive<u64>) -> Vec<CohortRow> {
    let row = |sequence| CohortRow { sequence, number: person(sequence), entry: 1_000 + sequence };
    numbers.map(row).collect()
}

async fn an_extract_is_kept_whole_and_found_by_its_reference_while_it_is_open(store: &dyn CohortStore) {
    let asked = extract(1, "hd-1", "asked", 1);
    assert!(store.add_extract(asked.clone(), WIDE).await.unwrap());
    assert_eq!(store.extract(asked.id).await.unwrap().as_ref(), Some(&asked));
    let open = async |contract: &str, reference: &str| {
        let found = store.open_extract(&contract.parse().unwrap(), reference).await.unwrap();
        found.map(|extract| extract.id)
    };
    assert_eq!(open("hd-1", &asked.reference).await, Some(asked.id));
    assert_eq!(open("hd-2", &asked.reference).await, None);
    assert_eq!(open("hd-1", "QĐ").await, None);
    let mut double = extract(2, "hd-1", "asked", 2);
    double.reference.clone_from(&asked.reference);
    assert!(!store.add_extract(double.clone(), WIDE).await.unwrap(), "one under way with a reference");
    let refused = next(&asked, "refused");
    assert!(store.save_extract(refused.clone(), Vec::new()).await.unwrap());
    assert_eq!(store.extract(asked.id).await.unwrap(), Some(refused));
    assert_eq!(open("hd-1", &asked.reference).await, None);
    assert!(store.add_extract(double, WIDE).await.unwrap(), "the first is no longer under way");
    assert_eq!(store.extract(id(999)).await.unwrap(), None);
}

async fn a_contract_has_no_more_than_it_may(store: &dyn CohortStore) {
    let bounds = OpenBounds { open_max: 2, asked_max: 3, since: at(100) };
    let add = async |value, state, minute| {
        store.add_extract(extract(value, "hd-3", state, minute), bounds).await.unwrap()
    };
    assert!(add(10, "ready", 100).await && add(11, "ready", 101).await && add(12, "asked", 102).await);
    assert!(add(13, "asked", 103).await, "the first was asked for before");
    assert!(!add(14, "asked", 104).await, "three within the time");
    let open = OpenBounds { asked_max: 99, ..bounds };
    assert!(!store.add_extract(extract(15, "hd-3", "asked", 105), open).await.unwrap(), "two under way");
    assert!(store.add_extract(extract(16, "hd-4", "asked", 105), bounds).await.unwrap(), "another contract");
}

async fn rows_are_added_with_the_step_that_made_them_or_not_at_all(store: &dyn CohortStore) {
    let first = extract(20, "hd-5", "approved", 1);
    assert!(store.add_extract(first.clone(), WIDE).await.unwrap());
    let second = next(&first, "approved");
    assert!(store.save_extract(second.clone(), rows(1..=3)).await.unwrap());
    assert!(!store.save_extract(second.clone(), rows(4..=5)).await.unwrap(), "an old version");
    let third = next(&second, "ready");
    assert!(store.save_extract(third.clone(), rows(4..=6)).await.unwrap());
    let read = async |after: u64, length: usize| store.extract_rows(first.id, after, length).await.unwrap();
    assert_eq!(read(0, 9).await, rows(1..=6));
    assert_eq!(read(2, 2).await, rows(3..=4));
    assert!(read(6, 9).await.is_empty() && read(u64::MAX, 9).await.is_empty());
    assert!(store.extract_rows(id(999), 0, 9).await.unwrap().is_empty());
    assert_eq!(store.remove_extract_rows(first.id, 4).await.unwrap(), 4);
    assert_eq!(read(0, 9).await, rows(5..=6));
    assert_eq!(store.remove_extract_rows(first.id, 4).await.unwrap(), 2);
    assert_eq!(store.remove_extract_rows(first.id, 4).await.unwrap(), 0);
}

async fn lists_are_the_newest_first_and_paged(store: &dyn CohortStore) {
    for (value, minute) in [(31, 9_001), (32, 9_002), (33, 9_002), (34, 9_003)] {
        let waiting = extract(value, "hd-6", "counted", minute);
        assert!(store.add_extract(waiting, WIDE).await.unwrap());
    }
    let ids = async |waits, after: Option<u128>, length: usize| {
        let found = store.extracts(waits, after.map(id), length).await.unwrap();
        found.iter().map(|extract| extract.id.0.as_u128()).collect::<Vec<_>>()
    };
    assert_eq!(ids(true, None, 9).await, [34, 33, 32, 31]);
    assert_eq!(ids(true, None, 2).await, [34, 33]);
    assert_eq!(ids(true, Some(33), 2).await, [32, 31]);
    assert!(ids(true, Some(999), 9).await.is_empty());
    let others = ids(false, None, 99).await;
    assert!(others.contains(&20) && !others.contains(&31));
}

async fn what_works_or_is_over_is_given_to_the_maker(store: &dyn CohortStore) {
    let due = async |minute: i64| {
        let found = store.extracts_to_work_on(at(minute), 99).await.unwrap();
        let mine = found.iter().filter(|extract| extract.contract.as_str() == "hd-7");
        mine.map(|extract| extract.id.0.as_u128()).collect::<Vec<_>>()
    };
    for (value, state) in [(41, "asked"), (42, "counted"), (43, "approved"), (44, "ready"), (45, "expired")] {
        let minute = i64::try_from(value).unwrap();
        assert!(store.add_extract(extract(value, "hd-7", state, minute), WIDE).await.unwrap());
    }
    assert_eq!(due(100).await, [41, 43]);
    assert_eq!(due(1_042).await, [41, 42, 43]);
    assert_eq!(due(1_044).await, [41, 42, 43, 44]);
    let mut clearing = next(&extract(45, "hd-7", "expired", 45), "expired");
    clearing.is_to_clear = true;
    assert!(store.save_extract(clearing, Vec::new()).await.unwrap());
    assert_eq!(due(100).await, [41, 43, 45]);
    assert_eq!(store.extracts_to_work_on(at(100), 1).await.unwrap().len(), 1);
}

async fn of_two_steps_at_once_one_is_taken(store: Arc<dyn CohortStore>) {
    let first = extract(50, "hd-8", "counted", 1);
    assert!(store.add_extract(first.clone(), WIDE).await.unwrap());
    let mut steps = JoinSet::new();
    for turn in 0..8 {
        let to = if turn % 2 == 0 { "approved_once" } else { "refused" };
        let (store, next) = (Arc::clone(&store), next(&first, to));
        steps.spawn(async move { store.save_extract(next, Vec::new()).await.unwrap() });
    }
    assert_eq!(steps.join_all().await.into_iter().filter(|taken| *taken).count(), 1);
    let mut adding = JoinSet::new();
    for value in 60..68 {
        let bounds = OpenBounds { open_max: 1, ..WIDE };
        let store = Arc::clone(&store);
        adding.spawn(
            async move { store.add_extract(extract(value, "hd-9", "asked", 1), bounds).await.unwrap() },
        );
    }
    assert_eq!(adding.join_all().await.into_iter().filter(|added| *added).count(), 1);
}
