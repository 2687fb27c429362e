//! The doubles that stand in for stores pass the suites of the ports themselves.

use dancu_testkit::{
    MemoryChanges, MemoryConsents, changes_suite, consent_suite, order_suite, privacy_suite, register_suite,
};
use std::sync::Arc;

#[tokio::test]
async fn the_register_in_memory_passes_the_suite_of_every_store() {
    register_suite(|| (MemoryChanges::new(), ())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_changes_in_memory_pass_the_suite_of_every_store() {
    changes_suite(|| (MemoryChanges::new(), ())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_consents_in_memory_pass_the_suite_of_every_store() {
    consent_suite(Arc::new(MemoryConsents::default())).await;
}

#[tokio::test]
async fn orders_in_memory_keep_the_contract() {
    order_suite(Arc::new(MemoryConsents::default())).await;
}

#[tokio::test]
async fn the_requests_in_memory_pass_the_suite_of_every_store() {
    privacy_suite(&MemoryConsents::default()).await;
}
