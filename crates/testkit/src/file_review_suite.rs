//! The contract of [`FileReviewStore`]: every store must pass every case.

#![expect(clippy::unwrap_used, reason = "a suite is a test: it fails by panicking")]

use crate::consent_suite::{at, person};
use dancu_exchange::{
    ContractId, DoubtfulPair, FilePairId, FileReviewStore, PairDecision, PairReason, PairState, PairVerdict,
};
use serde_json::json;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Runs every case on one store, which is empty at first.
pub async fn file_review_suite(store: Arc<dyn FileReviewStore>) {
    a_pair_is_kept_whole_and_is_added_once(&*store).await;
    the_queue_is_the_oldest_first_paged_and_without_what_one_has_decided(&*store).await;
    decisions_are_found_by_contract_and_counted_by_officer(&*store).await;
    of_two_decisions_at_once_one_is_taken(store).await;
}

fn pair(contract: &str, row: &str, minute: i64) -> DoubtfulPair {
    let contract: ContractId = contract.parse().unwrap();
    let id = FilePairId::of(&contract, row, person(7));
    serde_json::from_value(json!({
        "id": id, "contract": contract, "client": "insurer", "run": "r-1", "file": "a \"b\".csv", "row": row,
        "key": "=1+1", "cells": [["ho_ten", "Trần Thị Bình"]], "number": person(7), "agreed": ["name"],
        "reason": "unsure", "probability_ppm": 500_000, "weight": -3, "slots": [{"slot": "day", "level": null, "weight": 0}],
        "second_review": true, "queued_at": at(minute), "state": "waiting", "decisions": [], "version": 1
    }))
    .unwrap()
}

fn said(by: &str, verdict: PairVerdict, minute: i64) -> PairDecision {
    PairDecision { by: by.to_owned(), verdict, reason: PairReason::PaperSeen, at: at(minute) }
}

async fn a_pair_is_kept_whole_and_is_added_once(store: &dyn FileReviewStore) {
    let (first, second) = (pair("hd-1", "aa", 1), pair("hd-1", "bb", 2));
    assert_eq!(store.add_pairs(vec![first.clone()]).await.unwrap(), 1);
    assert_eq!(store.add_pairs(vec![first.clone(), second]).await.unwrap(), 1, "another run brings it again");
    assert!(store.pair(first.id).await.unwrap() == Some(first));
    assert!(store.pair(pair("hd-1", "zz", 1).id).await.unwrap().is_none());
    assert_eq!(store.add_pairs(Vec::new()).await.unwrap(), 0);
}

async fn the_queue_is_the_oldest_first_paged_and_without_what_one_has_decided(store: &dyn FileReviewStore) {
    store.add_pairs(vec![pair("hd-2", "dd", 40), pair("hd-2", "cc", 30)]).await.unwrap();
    let rows = async |by: &str, after: Option<FilePairId>, length: usize| {
        let found = store.waiting_pairs(by, after, length).await.unwrap();
        found.into_iter().map(|pair| pair.row).collect::<Vec<_>>()
    };
    assert_eq!(rows("an", None, 9).await, ["aa", "bb", "cc", "dd"]);
    assert_eq!(rows("an", None, 2).await, ["aa", "bb"]);
    assert_eq!(rows("an", Some(pair("hd-1", "bb", 2).id), 1).await, ["cc"]);
    assert!(rows("an", Some(pair("hd-1", "zz", 1).id), 9).await.is_empty());
    let first = store.pair(pair("hd-1", "aa", 1).id).await.unwrap().unwrap();
    assert!(store.save_pair(first.decided(said("an", PairVerdict::Same, 100))).await.unwrap());
    assert_eq!(rows("an", None, 9).await, ["bb", "cc", "dd"], "nobody sees what they have decided on");
    assert_eq!(rows("binh", None, 9).await, ["aa", "bb", "cc", "dd"], "the second sees it");
}

async fn decisions_are_found_by_contract_and_counted_by_officer(store: &dyn FileReviewStore) {
    let decided = async |contract: &str, after: Option<FilePairId>, length: usize| {
        store.decided_pairs(&contract.parse().unwrap(), after, length).await.unwrap()
    };
    assert!(decided("hd-1", None, 9).await.is_empty(), "one of two has decided");
    let first = store.pair(pair("hd-1", "aa", 1).id).await.unwrap().unwrap();
    let second = first.decided(said("binh", PairVerdict::Same, 200));
    assert!(store.save_pair(second.clone()).await.unwrap());
    assert!(!store.save_pair(second.clone()).await.unwrap(), "an old version");
    let found = decided("hd-1", None, 9).await;
    assert_eq!(found.len(), 1);
    assert!(found[0].is_same && found[0].row == "aa" && found[0].number == person(7));
    assert!(
        decided("hd-1", Some(second.id), 9).await.is_empty() && decided("hd-2", None, 9).await.is_empty()
    );
    let kept = store.pair(second.id).await.unwrap().unwrap();
    assert!(kept.state == PairState::Accepted && kept.cells.is_empty(), "the row's values are gone");
    let counts = async |minute: i64, length: usize| {
        let found = store.reviewer_counts(at(minute), length).await.unwrap();
        found.into_iter().map(|count| (count.by, count.decisions)).collect::<Vec<_>>()
    };
    assert_eq!(counts(0, 9).await, [("an".to_owned(), 1), ("binh".to_owned(), 1)]);
    assert_eq!(counts(150, 9).await, [("binh".to_owned(), 1)]);
    assert_eq!(counts(0, 1).await.len(), 1);
}

async fn of_two_decisions_at_once_one_is_taken(store: Arc<dyn FileReviewStore>) {
    let waiting = pair("hd-3", "ee", 50);
    store.add_pairs(vec![waiting.clone()]).await.unwrap();
    let mut deciding = JoinSet::new();
    for turn in 0..8 {
        let by = format!("officer-{turn}");
        let (store, next) = (Arc::clone(&store), waiting.clone().decided(said(&by, PairVerdict::Same, 300)));
        deciding.spawn(async move { store.save_pair(next).await.unwrap() });
    }
    assert_eq!(deciding.join_all().await.into_iter().filter(|taken| *taken).count(), 1);
}
