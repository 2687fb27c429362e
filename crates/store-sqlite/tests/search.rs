//! The contract of the search's index on SQLite, and an index made over a register that is older than it.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use dancu_core::Clock;
use dancu_places::Places;
use dancu_register::{
    At,
    load::{LoadRequest, load},
};
use dancu_search::{Finder, QueryText, SearchStore};
use dancu_store_sqlite::{DatabaseOptions, SqliteStore};
use dancu_testkit::{FakeClock, search_suite};
use jiff::civil::date;
use std::sync::Arc;
use tempfile::TempDir;

fn open() -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (SqliteStore::open(folder.path(), DatabaseOptions::default()).unwrap(), folder)
}

#[tokio::test]
async fn the_index_keeps_its_contract() {
    search_suite(open).await;
}

#[tokio::test]
async fn an_older_register_is_indexed_in_steps_and_goes_on_where_it_stopped() {
    let (store, folder) = open();
    let path = folder.path().join("people.csv");
    let options = dancu_synth::Options { persons: 300, seed: 4, today: date(2026, 11, 21), sealed: false };
    dancu_synth::write_country(&options, &mut std::fs::File::create(&path).unwrap(), &mut |_| {}).unwrap();
    let clock = FakeClock::at("2026-11-21T02:00:00Z");
    let request = LoadRequest::new(&path, date(2026, 11, 21));
    load(&store, &clock, Places::national(), &request, &mut |_| {}).await.unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let columns: Vec<&str> = text.lines().nth(150).unwrap().split(',').collect();
    let (number, name, birth_date) = (columns[0], columns[2], columns[4]);
    let query =
        QueryText { name: name.to_owned(), birth_date: birth_date.to_owned(), ..QueryText::default() };
    let query = query.read().unwrap();
    let store = Arc::new(store);
    let at = At { as_of: clock.today(), known_at: clock.now() };
    let finder = || Finder::new(store.clone(), store.clone());
    let fits = async || {
        let hits = finder().find(&query, at).await.unwrap().hits;
        hits.iter().any(|hit| hit.number.to_string() == number)
    };
    assert!(fits().await);
    // As the migration leaves a register that was there before the index.
    store
        .database()
        .write(|connection| {
            connection.execute_batch(
                "DELETE FROM search_new; DELETE FROM search_word;
                 UPDATE search_progress SET after = 0, done = 0, is_complete = 0",
            )
        })
        .await
        .unwrap();
    assert!(!fits().await);
    let mut steps = 0;
    while !store.index_more(64).await.unwrap().is_complete {
        steps += 1;
    }
    assert_eq!(steps, 4);
    assert_eq!(store.index_progress().await.unwrap().done, 300);
    assert!(fits().await);
}
