//! Numbers of persons: counted, told under a contract and to everybody, and never exactly.

use crate::{
    cohort_world::load_men,
    house::{Answer, HTML, House, JSON, public_key},
};
use dancu_core::Clock;
use dancu_exchange::RefusalLog;
use dancu_statistics::{RecordKeys, StatisticsMaker, StatisticsService, StatisticsStore};
use dancu_store_sqlite::{DatabaseOptions, SqliteStore};
use serde_json::{Value, json};
use std::sync::Arc;

/// The service of a house.
pub fn service(
    store: &SqliteStore,
    refusals: &Arc<RefusalLog>,
    clock: &Arc<dyn Clock>,
) -> Arc<StatisticsService> {
    Arc::new(StatisticsService::new(Arc::new(store.clone()), refusals.clone(), clock.clone()))
}

/// A house of which the bank's contract has other terms.
async fn open(terms: &[(&str, Value)]) -> House {
    let mut whole: Value = serde_json::from_str(include_str!("connections.json")).unwrap();
    whole["clients"][1]["keys"] = json!([public_key()]);
    for (key, value) in terms {
        whole["contracts"][1][*key] = value.clone();
    }
    House::open_with(whole).await
}

/// Counts the house for this month.
pub async fn count(house: &House) {
    count_store(house.store(), house).await;
}

async fn count_store(store: &SqliteStore, house: &House) {
    let store = Arc::new(store.clone());
    let maker = StatisticsMaker::new(store.clone(), store, house.clock.clone(), RecordKeys::new([4; 32]));
    if let Some(mut making) = maker.begin().await.unwrap() {
        while maker.step(&mut making).await.unwrap() {}
    }
}

async fn ask(house: &House, body: &Value, accept: &str) -> Answer {
    let bearer = house.bearer().await;
    let knock = house.knock("POST", "/v1/statistics").header("authorization", &bearer);
    knock.header("content-type", JSON).header("accept", accept).send(body.to_string()).await
}

#[tokio::test]
async fn a_table_is_told_rounded_the_same_each_time_and_nobody_stands_in_the_log_for_it() {
    let house = open(&[("statistics", json!({ "area": "commune" }))]).await;
    load_men(&house, 1_203).await;
    let first = json!({ "by": ["sex", "age"] });
    assert_eq!(ask(&house, &first, JSON).await.problem(), (404, "DANCU-STATISTICS-003".to_owned()));
    count(&house).await;
    let before = house.state.ledger.size();
    let told = ask(&house, &first, JSON).await.json();
    assert_eq!((&told["day"], &told["rounded_to"]), (&json!("2026-11-01"), &json!(5)));
    let rows = told["rows"].as_array().unwrap();
    let men = rows.iter().find(|row| row["sex"] == "M" && row["age"] == "15-19").unwrap();
    let persons = men["persons"].as_u64().unwrap();
    // 1,203 of the file, one more who lives elsewhere, one of whom the year is known and one born a year later.
    assert!(persons.is_multiple_of(5) && persons.abs_diff(1_206) < 5, "{told}");
    assert!(
        rows.iter().all(|row| row["persons"].as_u64().unwrap() >= 5),
        "a row of 0 would tell that somebody is there"
    );
    assert_eq!(ask(&house, &first, JSON).await.json(), told);
    let hanoi = json!({ "by": ["commune"], "province": "01" });
    let communes = ask(&house, &hanoi, JSON).await.json();
    assert_eq!(communes["rows"][0]["commune"], "00004", "{communes}");
    let table = ask(&house, &hanoi, "text/csv").await;
    assert!(
        table.body.starts_with("day,province,commune,sex,age,persons\n2026-11-01,01,00004,,,"),
        "{}",
        table.body
    );
    assert_eq!(house.state.ledger.size(), before, "no person is concerned");
}

#[tokio::test]
async fn a_contract_tells_no_smaller_areas_than_it_names() {
    let house = open(&[("statistics", json!({ "area": "province" }))]).await;
    count(&house).await;
    assert_eq!(ask(&house, &json!({ "by": ["province", "sex"] }), JSON).await.status, 200);
    let communes = json!({ "by": ["commune"], "province": "01" });
    assert_eq!(ask(&house, &communes, JSON).await.status, 403);
    let alone = open(&[("fields", json!([])), ("statistics", json!({ "area": "country" }))]).await;
    count(&alone).await;
    assert_eq!(ask(&alone, &json!({}), JSON).await.status, 200, "figures need no field of persons");
    let without = open(&[]).await;
    count(&without).await;
    assert_eq!(ask(&without, &json!({}), JSON).await.status, 403);
    let house = open(&[("statistics", json!({ "area": "commune" }))]).await;
    count(&house).await;
    for (body, problem) in [
        (json!({ "by": ["commune"] }), (422, "DANCU-STATISTICS-001")),
        (json!({ "province": "99" }), (422, "DANCU-STATISTICS-002")),
        (json!({ "day": "2026-10-01" }), (404, "DANCU-STATISTICS-003")),
    ] {
        assert_eq!(ask(&house, &body, JSON).await.problem(), (problem.0, problem.1.to_owned()), "{body}");
    }
    for wrong in
        [json!({ "by": ["ethnicity"] }), json!({ "by": ["religion"] }), json!({ "age": 17 }), json!([])]
    {
        assert_eq!(ask(&house, &wrong, JSON).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn a_month_is_counted_once_and_an_empty_register_not_at_all() {
    let house = open(&[("statistics", json!({ "area": "country" }))]).await;
    count(&house).await;
    let told = ask(&house, &json!({}), JSON).await.json();
    load_men(&house, 100).await;
    count(&house).await;
    assert_eq!(ask(&house, &json!({}), JSON).await.json(), told, "for good");
    let folder = tempfile::tempdir().unwrap();
    let empty = SqliteStore::open(folder.path(), DatabaseOptions::default()).unwrap();
    count_store(&empty, &house).await;
    assert!(empty.counted(1).await.unwrap().is_empty(), "it is counted when somebody is in it");
}

#[tokio::test]
async fn everybody_reads_the_provinces() {
    let house = open(&[]).await;
    let page = house.knock("GET", "/statistics").header("accept", HTML).send("").await;
    assert!(page.status == 200 && page.body.contains("Chưa có số liệu"), "{}", page.body);
    load_men(&house, 1_203).await;
    count(&house).await;
    let page = house.knock("GET", "/statistics").header("accept", HTML).send("").await.body;
    assert!(page.contains("Hà Nội") && page.contains("1.20"), "{page}");
    let twin = house.knock("GET", "/statistics").header("accept", JSON).send("").await.json();
    assert_eq!((&twin["days"], &twin["table"]["by"]), (&json!(["2026-11-01"]), &json!(["province", "sex"])));
    let other = house.knock("GET", "/statistics?day=2026-10-01").header("accept", JSON).send("").await;
    assert_eq!(other.problem(), (404, "DANCU-STATISTICS-003".to_owned()));
    let wrong = house.knock("GET", "/statistics?day=yesterday").header("accept", JSON).send("").await;
    assert_eq!(wrong.status, 404);
    let other = house.knock("GET", "/statistics?by=ethnicity").header("accept", JSON).send("").await;
    assert_eq!(other.json(), twin, "there is one table");
    let english =
        house.knock("GET", "/statistics?day=2026-11-01&lang=en").header("accept", HTML).send("").await;
    assert!(english.status == 200 && english.body.contains("Population figures"), "{}", english.body);
}
