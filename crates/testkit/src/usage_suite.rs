//! The contract of [`UsageStore`]: every store must pass every case.

#![expect(clippy::unwrap_used, reason = "a suite is a test: it fails by panicking")]

use dancu_exchange::{ContractId, Product, Usage, UsageStore};
use jiff::civil::{Date, date};
use std::sync::Arc;
use tokio::task::JoinSet;

const DAY: Date = date(2026, 11, 21);

/// Runs every case on one store, which is empty at first.
pub async fn usage_suite(store: Arc<dyn UsageStore>) {
    sums_are_added_once_and_the_cursor_moves_with_them(store.as_ref()).await;
    logs_are_counted_for_themselves_and_summed(store.as_ref()).await;
    of_many_counters_at_once_one_adds(store).await;
}

fn contract(id: &str) -> ContractId {
    id.parse().unwrap()
}

fn used(id: &str, product: Product, day: Date, answers: u64, fields: u64) -> Usage {
    Usage { contract: contract(id), product, day, answers, fields }
}

async fn sums(store: &dyn UsageStore, id: &str, from: Date) -> Vec<(Date, Product, u64, u64)> {
    let rows = store.usage(&contract(id), from).await.unwrap().into_iter();
    rows.map(|row| (row.day, row.product, row.answers, row.fields)).collect()
}

async fn sums_are_added_once_and_the_cursor_moves_with_them(store: &dyn UsageStore) {
    assert_eq!(store.usage_cursor("log-a").await.unwrap(), 0);
    let next = DAY.tomorrow().unwrap();
    let rows = vec![
        used("hd-1", Product::Verify, DAY, 2, 7),
        used("hd-1", Product::Fetch, DAY, 1, 3),
        used("hd-1", Product::Verify, next, 1, 1),
        used("hd-2", Product::Verify, DAY, 5, 5),
    ];
    assert!(store.add_usage("log-a", 0, 9, rows.clone()).await.unwrap());
    assert!(!store.add_usage("log-a", 0, 9, rows.clone()).await.unwrap(), "somebody was quicker");
    assert!(!store.add_usage("log-a", 10, 12, rows).await.unwrap(), "nothing is left out");
    assert_eq!(store.usage_cursor("log-a").await.unwrap(), 9);
    let again = vec![used("hd-1", Product::Verify, DAY, 1, 2)];
    assert!(store.add_usage("log-a", 9, 10, again).await.unwrap());
    assert_eq!(
        sums(store, "hd-1", DAY).await,
        [(DAY, Product::Fetch, 1, 3), (DAY, Product::Verify, 3, 9), (next, Product::Verify, 1, 1)]
    );
    assert_eq!(sums(store, "hd-1", next).await, [(next, Product::Verify, 1, 1)]);
    assert_eq!(sums(store, "hd-9", DAY).await, []);
}

async fn logs_are_counted_for_themselves_and_summed(store: &dyn UsageStore) {
    let row = |answers| vec![used("hd-3", Product::Verify, DAY, answers, answers)];
    assert!(store.add_usage("log-b", 0, 1, row(1)).await.unwrap());
    assert!(store.add_usage("log-c", 0, 4, row(4)).await.unwrap());
    assert_eq!(sums(store, "hd-3", DAY).await, [(DAY, Product::Verify, 5, 5)]);
    store.forget_usage("log-b").await.unwrap();
    assert_eq!(sums(store, "hd-3", DAY).await, [(DAY, Product::Verify, 4, 4)]);
    let cursors = (store.usage_cursor("log-b").await.unwrap(), store.usage_cursor("log-c").await.unwrap());
    assert_eq!(cursors, (0, 4));
}

async fn of_many_counters_at_once_one_adds(store: Arc<dyn UsageStore>) {
    let mut counters = JoinSet::new();
    for _ in 0..8 {
        let store = Arc::clone(&store);
        counters.spawn(async move {
            store.add_usage("log-d", 0, 3, vec![used("hd-4", Product::Verify, DAY, 3, 3)]).await.unwrap()
        });
    }
    let added = counters.join_all().await.into_iter().filter(|added| *added).count();
    assert_eq!(added, 1);
    assert_eq!(sums(&*store, "hd-4", DAY).await, [(DAY, Product::Verify, 3, 3)]);
}
