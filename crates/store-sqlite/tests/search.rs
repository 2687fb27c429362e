//! The contract of the search's index on SQLite, and an index made over a register that is older than it.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use dancu_changes::{ChangeService, Envelope};
use dancu_core::Clock;
use dancu_places::Places;
use dancu_register::{
    At, RegisterStore, Seals,
    load::{LoadRequest, load},
};
use dancu_search::{Finder, FoundBy, QueryText, SearchStore};
use dancu_store_sqlite::{DatabaseOptions, SqliteStore};
use dancu_testkit::{FakeClock, SeededEntropy, search_suite};
use jiff::{SignedDuration, civil::date};
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
async fn a_number_that_was_replaced_finds_the_person_and_the_children_under_the_new_one() {
    let (store, folder) = open();
    let (path, today) = (folder.path().join("people.csv"), date(2026, 11, 21));
    let header: Vec<&str> = dancu_register::csv::COLUMNS.iter().map(|column| column.name()).collect();
    let row = |cells: &[(&str, &str)]| {
        let cell =
            |name: &&str| cells.iter().find(|(other, _)| other == name).map_or("", |(_, value)| *value);
        header.iter().map(cell).collect::<Vec<_>>().join(",")
    };
    // The number says male.
    let old = "001085000001";
    let mother = row(&[
        ("number", old),
        ("full_name", "Trần Thị Lan"),
        ("sex", "F"),
        ("birth_date", "1985-03-02"),
        ("permanent_commune", "00004"),
        ("permanent_since", "2010-01-01"),
    ]);
    let child = row(&[
        ("number", "001215000002"),
        ("full_name", "Lê Văn An"),
        ("sex", "M"),
        ("birth_date", "2015-03-02"),
        ("mother", old),
    ]);
    std::fs::write(&path, format!("{}\n{mother}\n{child}\n", header.join(","))).unwrap();
    let clock = Arc::new(FakeClock::at("2026-11-21T02:00:00Z"));
    load(&store, &*clock, Places::national(), &LoadRequest::new(&path, today), &mut |_| {}).await.unwrap();
    clock.advance(SignedDuration::from_secs(1));
    let store = Arc::new(store);
    let seals = Arc::new(Seals::new(&[(1, [7; 32])]));
    let service = ChangeService::new(store.clone(), seals, clock.clone(), Arc::new(SeededEntropy::new(7)));
    let envelope: Envelope = serde_json::from_value(serde_json::json!({
        "id": "01930000-0000-7000-8000-000000000001", "taken_at": clock.now(),
        "actor": {"role": "officer", "id": "lan", "commune": "00004"},
        "evidence": [{"kind": "decision", "reference": "12/2026"}],
        "command": {"command": "replace_number", "number": old, "on": "2026-11-20"},
    }))
    .unwrap();
    let new = service.execute(&envelope).await.unwrap().event.issued.unwrap();
    let finder = Finder::new(store.clone(), store.clone());
    let at = At { as_of: today, known_at: clock.now() };
    let find = async |query: QueryText| {
        let hits = finder.find(&query.read().unwrap(), at).await.unwrap().hits;
        hits.into_iter().map(|hit| (hit.number, hit.found_by)).collect::<Vec<_>>()
    };
    let by_number = QueryText { number: old.to_owned(), ..QueryText::default() };
    assert_eq!(find(by_number).await, [(new, FoundBy::Former)]);
    let by_new = QueryText { number: new.to_string(), ..QueryText::default() };
    assert_eq!(find(by_new).await, [(new, FoundBy::Present)]);
    let by_parent = QueryText { parent_number: old.to_owned(), ..QueryText::default() };
    let child = "001215000002".parse().unwrap();
    assert_eq!(find(by_parent).await, [(child, FoundBy::Present)]);
    let person = store.person(child, at).await.unwrap().unwrap();
    assert_eq!(person.family().unwrap().mother, Some(new), "the child's link leads to the new number");
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
