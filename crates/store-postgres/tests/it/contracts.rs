//! The contract of each port.

use crate::cluster::{Server, new_location, new_store, open};
use dancu_ledger::{LedgerRecords, LedgerStore, LimitShares, LogRegistry, NodeName, SubjectIndex};
use dancu_store_postgres::{PostgresLedger, open_ledger};
use dancu_testkit::{
    alarm_suite, changes_suite, cohort_suite, consent_suite, exchange_suite, feed_store_suite,
    file_review_suite, handover_suite, identity_suite, ledger_store_suite, life_suite, limit_shares_suite,
    openid_suite, order_suite, privacy_suite, reception_suite, register_suite, search_suite,
    statistics_suite, subject_index_suite, usage_suite,
};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn the_register_keeps_its_contract() {
    register_suite(|| (new_store(), ())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_keep_their_contract() {
    // A transaction anywhere on a server holds its outboxes back; here nobody else has one.
    let server = Server::start();
    changes_suite(|| (open(&server.new_location()), ())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_search_keeps_its_contract() {
    search_suite(|| (new_store(), ())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_keeps_its_contract() {
    feed_store_suite(&new_store()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accounts_keep_their_contract() {
    identity_suite(Arc::new(new_store())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_ins_at_portals_keep_their_contract() {
    openid_suite(Arc::new(new_store())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_connections_keep_their_contract() {
    exchange_suite(Arc::new(new_store())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_histories_of_connections_keep_their_contract() {
    life_suite(Arc::new(new_store())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn consents_keep_their_contract() {
    consent_suite(Arc::new(new_store())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_of_courts_keep_their_contract() {
    order_suite(Arc::new(new_store())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_used_of_products_keeps_its_contract() {
    usage_suite(Arc::new(new_store())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_persons_keep_their_contract() {
    privacy_suite(&new_store()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn extracts_of_cohorts_keep_their_contract() {
    cohort_suite(Arc::new(new_store())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_of_persons_keep_their_contract() {
    statistics_suite(&new_store()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn doubtful_pairs_keep_their_contract() {
    file_review_suite(Arc::new(new_store())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn alarms_keep_their_contract() {
    alarm_suite(&new_store()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reception_keeps_its_contract() {
    reception_suite(Arc::new(new_store())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_of_a_commune_keeps_its_contract() {
    handover_suite(Arc::new(new_store())).await;
}

#[test]
fn the_ledger_keeps_its_contract() {
    let location = new_location();
    ledger_store_suite(|| {
        let PostgresLedger { store, records, .. } = open_ledger(&location, &node("main")).unwrap();
        (Box::new(store) as Box<dyn LedgerStore>, Arc::new(records) as Arc<dyn LedgerRecords>)
    });
    // Beside a log that has records another keeps the same contract.
    ledger_store_suite(|| {
        let PostgresLedger { store, records, .. } = open_ledger(&location, &node("b")).unwrap();
        (Box::new(store) as Box<dyn LedgerStore>, Arc::new(records) as Arc<dyn LedgerRecords>)
    });
}

#[test]
fn limits_that_nodes_share_keep_their_contract() {
    let location = new_location();
    limit_shares_suite(|name| {
        let mut opened = open_ledger(&location, &node(name)).unwrap();
        let shares = opened.store.share_limits();
        (Box::new(opened.store) as Box<dyn LedgerStore>, Arc::new(shares) as Arc<dyn LimitShares>)
    });
}

#[test]
fn the_index_by_person_keeps_its_contract() {
    let location = new_location();
    let [main, b] = ["main", "b"].map(|name| open_ledger(&location, &node(name)).unwrap());
    subject_index_suite(&main.index);
    main.index.add(&[(dancu_core::PersonalNumber::from_value(1_085_000_001).unwrap(), 7)], 8).unwrap();
    subject_index_suite(&b.index);
    assert_eq!(main.index.cursor().unwrap(), 8, "what one log's index forgets the other keeps");
}

#[test]
fn a_second_writer_of_the_log_is_refused_until_the_first_is_gone() {
    let location = new_location();
    let first = open_ledger(&location, &node("main")).unwrap();
    let second = open_ledger(&location, &node("main")).unwrap_err();
    assert!(matches!(second, dancu_core::StoreError::InUse { .. }), "{second}");
    let beside = open_ledger(&location, &node("b")).unwrap();
    drop(first);
    open_ledger(&location, &node("main")).unwrap();
    let again = open_ledger(&location, &node("b")).unwrap_err();
    assert!(matches!(again, dancu_core::StoreError::InUse { .. }), "{again}");
    drop(beside);
}

#[test]
fn a_name_has_its_number_for_ever_and_everybody_finds_its_log() {
    let location = new_location();
    let number = |name: &str| open_ledger(&location, &node(name)).unwrap().log.get();
    assert_eq!([number("b"), number("main"), number("c"), number("b")], [1, 0, 2, 1]);
    let registry = open_ledger(&location, &node("c")).unwrap().registry;
    let log = |number| dancu_ledger::LogNumber::new(number).unwrap();
    assert_eq!(registry.announce(log(1), "dancu.example/log/b+key", "same").unwrap(), None);
    let known = registry.logs().unwrap();
    let told: Vec<_> = known.iter().map(|log| (log.name.as_str(), log.verifier.as_deref())).collect();
    assert_eq!(told, [("main", None), ("b", Some("dancu.example/log/b+key")), ("c", None)]);
    assert_eq!(registry.announce(log(2), "c+key", "other").unwrap(), None, "the other one does not run");
    let b = open_ledger(&location, &node("b")).unwrap();
    assert_eq!(registry.announce(log(2), "c+key", "other").unwrap(), Some(node("b")), "nor may both run");
    drop(b);
}

fn node(name: &str) -> NodeName {
    name.parse().unwrap()
}
