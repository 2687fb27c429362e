//! The register's contract on SQLite, and what is particular to it.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use dancu_store_sqlite::{DatabaseOptions, SqliteStore};
use dancu_testkit::register_suite;
use tempfile::TempDir;

fn open() -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (SqliteStore::open(folder.path(), DatabaseOptions::default()).unwrap(), folder)
}

#[tokio::test]
async fn the_register_keeps_its_contract() {
    register_suite(open).await;
}
