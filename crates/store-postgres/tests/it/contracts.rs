//! The contract of each port.

use crate::cluster::{Server, new_location, new_store, open};
use dancu_ledger::{LedgerRecords, LedgerStore};
use dancu_store_postgres::open_ledger;
use dancu_testkit::{
    changes_suite, consent_suite, exchange_suite, feed_store_suite, handover_suite, identity_suite,
    ledger_store_suite, life_suite, order_suite, privacy_suite, reception_suite, register_suite,
    search_suite, subject_index_suite, usage_suite,
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
        let (store, records, _) = open_ledger(&location).unwrap();
        (Box::new(store) as Box<dyn LedgerStore>, Arc::new(records) as Arc<dyn LedgerRecords>)
    });
}

#[test]
fn the_index_by_person_keeps_its_contract() {
    let (_store, _records, index) = open_ledger(&new_location()).unwrap();
    subject_index_suite(&index);
}

#[test]
fn a_second_writer_of_the_log_is_refused_until_the_first_is_gone() {
    let location = new_location();
    let first = open_ledger(&location).unwrap();
    let second = open_ledger(&location).unwrap_err();
    assert!(matches!(second, dancu_core::StoreError::InUse { .. }), "{second}");
    drop(first);
    open_ledger(&location).unwrap();
}
