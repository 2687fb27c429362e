//! The contracts of connections, of the reception and of a commune's queue on SQLite.

use dancu_store_sqlite::{DatabaseOptions, SqliteHandover, SqliteStore};
use dancu_testkit::{
    alarm_suite, cohort_suite, consent_suite, exchange_suite, file_review_suite, handover_suite, life_suite,
    order_suite, privacy_suite, reception_suite, statistics_suite, usage_suite,
};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn the_connections_keep_their_contract() {
    let folder = tempfile::tempdir().unwrap();
    exchange_suite(Arc::new(SqliteStore::open(folder.path(), DatabaseOptions::default()).unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_histories_of_connections_keep_their_contract() {
    let folder = tempfile::tempdir().unwrap();
    life_suite(Arc::new(SqliteStore::open(folder.path(), DatabaseOptions::default()).unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn consents_keep_their_contract() {
    let folder = tempfile::tempdir().unwrap();
    consent_suite(Arc::new(SqliteStore::open(folder.path(), DatabaseOptions::default()).unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_persons_keep_their_contract() {
    let folder = tempfile::tempdir().unwrap();
    privacy_suite(&SqliteStore::open(folder.path(), DatabaseOptions::default()).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_of_courts_keep_their_contract() {
    let folder = tempfile::tempdir().unwrap();
    order_suite(Arc::new(SqliteStore::open(folder.path(), DatabaseOptions::default()).unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn extracts_of_cohorts_keep_their_contract() {
    let folder = tempfile::tempdir().unwrap();
    cohort_suite(Arc::new(SqliteStore::open(folder.path(), DatabaseOptions::default()).unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn doubtful_pairs_keep_their_contract() {
    let folder = tempfile::tempdir().unwrap();
    file_review_suite(Arc::new(SqliteStore::open(folder.path(), DatabaseOptions::default()).unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_used_of_products_keeps_its_contract() {
    let folder = tempfile::tempdir().unwrap();
    usage_suite(Arc::new(SqliteStore::open(folder.path(), DatabaseOptions::default()).unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_of_persons_keep_their_contract() {
    let folder = tempfile::tempdir().unwrap();
    statistics_suite(&SqliteStore::open(folder.path(), DatabaseOptions::default()).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn alarms_keep_their_contract() {
    let folder = tempfile::tempdir().unwrap();
    alarm_suite(&SqliteStore::open(folder.path(), DatabaseOptions::default()).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reception_keeps_its_contract() {
    let folder = tempfile::tempdir().unwrap();
    reception_suite(Arc::new(SqliteStore::open(folder.path(), DatabaseOptions::default()).unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_of_a_commune_keeps_its_contract() {
    let folder = tempfile::tempdir().unwrap();
    handover_suite(Arc::new(SqliteHandover::open(folder.path()).unwrap())).await;
}
