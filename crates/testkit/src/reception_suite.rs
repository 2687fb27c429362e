//! The contract of [`ReceptionStore`]: every store must pass every case. Each case has organisations of its own.

#![expect(clippy::unwrap_used, reason = "a suite is a test: it fails by panicking")]

use dancu_exchange::OrganisationId;
use dancu_reception::{NewVisit, ReceptionStore, Visit};
use jiff::{
    Timestamp,
    civil::{Date, date},
};
use std::{collections::BTreeSet, sync::Arc};
use tokio::task::JoinSet;

const DAY: Date = date(2026, 11, 21);

/// Runs every case.
pub async fn reception_suite(store: Arc<dyn ReceptionStore>) {
    let shared = Arc::clone(&store);
    let store = store.as_ref();
    each_day_and_desk_counts_from_one(store).await;
    a_disclosure_admits_once(store).await;
    a_day_is_read_in_pages_the_newest_first(store).await;
    admissions_at_once_get_different_numbers(shared).await;
}

fn organisation(name: &str) -> OrganisationId {
    name.parse().unwrap()
}

fn at(leaf_index: u64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + i64::try_from(leaf_index).unwrap()).unwrap()
}

fn visit(desk: &str, day: Date, leaf_index: u64) -> NewVisit {
    NewVisit {
        organisation: organisation(desk),
        day,
        at: at(leaf_index),
        leaf_index,
        masked_name: "Nguyễn V. A.".to_owned(),
        staff: "an.nguyen".to_owned(),
    }
}

async fn admit(store: &dyn ReceptionStore, desk: &str, day: Date, leaf_index: u64) -> Visit {
    store.admit(visit(desk, day, leaf_index)).await.unwrap()
}

async fn each_day_and_desk_counts_from_one(store: &dyn ReceptionStore) {
    let (here, there) = ("dem-mot", "dem-hai");
    let next_day = DAY.tomorrow().unwrap();
    assert_eq!(store.visit_count(&organisation(here), DAY).await.unwrap(), 0);
    let first = admit(store, here, DAY, 100).await;
    let expected =
        Visit { sequence: 1, at: at(100), leaf_index: 100, masked_name: "Nguyễn V. A.".to_owned() };
    assert!(first == expected, "a visit is told as it came");
    assert_eq!(admit(store, here, DAY, 101).await.sequence, 2);
    assert_eq!(admit(store, there, DAY, 102).await.sequence, 1);
    assert_eq!(admit(store, here, next_day, 103).await.sequence, 1);
    assert_eq!(admit(store, here, DAY, 104).await.sequence, 3);
    for (desk, day, count) in [(here, DAY, 3), (there, DAY, 1), (here, next_day, 1), (there, next_day, 0)] {
        assert_eq!(store.visit_count(&organisation(desk), day).await.unwrap(), count);
    }
}

async fn a_disclosure_admits_once(store: &dyn ReceptionStore) {
    let desk = "mot-lan";
    let first = admit(store, desk, DAY, 200).await;
    assert!(admit(store, desk, DAY, 200).await == first);
    let elsewhere = store.admit(visit("noi-khac", DAY.tomorrow().unwrap(), 200)).await.unwrap();
    assert!(elsewhere == first, "wherever it is shown again");
    assert_eq!(store.visit_count(&organisation(desk), DAY).await.unwrap(), 1);
    assert_eq!(store.visit_count(&organisation("noi-khac"), DAY).await.unwrap(), 0);
    assert_eq!(admit(store, desk, DAY, 201).await.sequence, 2, "no number was lost by it");
}

async fn a_day_is_read_in_pages_the_newest_first(store: &dyn ReceptionStore) {
    let desk = organisation("trang");
    for leaf_index in 300..305 {
        admit(store, desk.as_str(), DAY, leaf_index).await;
    }
    let page = async |before, rows_max| {
        let visits = store.visits(&desk, DAY, before, rows_max).await.unwrap();
        visits.iter().map(|visit| (visit.sequence, visit.leaf_index)).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 2).await, [(5, 304), (4, 303)]);
    assert_eq!(page(Some(4), 2).await, [(3, 302), (2, 301)]);
    assert_eq!(page(Some(2), 2).await, [(1, 300)]);
    assert_eq!(page(Some(1), 2).await, []);
    assert_eq!(page(None, 0).await, []);
    assert!(store.visits(&desk, DAY.tomorrow().unwrap(), None, 9).await.unwrap().is_empty());
}

async fn admissions_at_once_get_different_numbers(store: Arc<dyn ReceptionStore>) {
    let mut tasks = JoinSet::new();
    for turn in 0..16_u64 {
        let store = Arc::clone(&store);
        // Each disclosure comes twice at the same time.
        tasks.spawn(async move { admit(store.as_ref(), "cung-luc", DAY, 400 + turn / 2).await });
    }
    let visits = tasks.join_all().await;
    let pairs: BTreeSet<_> = visits.iter().map(|visit| (visit.leaf_index, visit.sequence)).collect();
    assert_eq!(pairs.len(), 8, "twice the same disclosure is one visit");
    let sequences: BTreeSet<u32> = pairs.iter().map(|(_, sequence)| *sequence).collect();
    assert_eq!(sequences, (1..=8).collect(), "numbers without a gap");
}
