//! The feed's contract on SQLite.

use dancu_store_sqlite::{DatabaseOptions, SqliteStore};
use dancu_testkit::feed_store_suite;

#[tokio::test]
async fn the_store_keeps_the_contract_of_the_feed() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), DatabaseOptions::default()).unwrap();
    feed_store_suite(&store).await;
}
