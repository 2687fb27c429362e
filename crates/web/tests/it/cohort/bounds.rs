//! Which day an extract may be for, who is left out of one for a day that is over, and how many persons it may have.

use crate::{
    cohort_world::{approve, ask, extract, finish, load_men, make, open, rows},
    house::{HOA, House, JSON},
};
use dancu_core::Clock;
use dancu_places::Places;
use dancu_register::load::{LoadRequest, load};
use serde_json::{Value, json};
use std::fmt::Write as _;

#[tokio::test]
async fn the_day_of_the_rows_lies_neither_far_back_nor_before_the_contract() {
    let house = open(&[]).await;
    let early = (422, "DANCU-EXCHANGE-182".to_owned());
    for day in ["2026-10-20", "2025-12-31", "1990-01-01", "-009999-01-01"] {
        assert_eq!(ask(&house, &json!({ "as_of": day })).await.problem(), early, "{day}");
    }
    assert_eq!(ask(&house, &json!({ "as_of": "2026-10-21" })).await.status, 202);
    let house = open(&[("valid_from", json!("2026-11-15"))]).await;
    assert_eq!(ask(&house, &json!({ "as_of": "2026-11-14" })).await.problem(), early);
    assert_eq!(ask(&house, &json!({ "as_of": "2026-11-15" })).await.status, 202);
}

/// Two men who lived here on 5 November; one died on the tenth.
async fn load_two(house: &House) {
    // The columns of sealed values would need the key.
    let header = include_str!("../people.csv").lines().next().unwrap().split(",ethnicity").next().unwrap();
    let mut text = header.to_owned();
    for (number, life, died) in [("001209000001", "", ""), ("001209000002", "dead", "2026-11-10")] {
        let row = header.split(',').map(|column| match column {
            "number" => number,
            "full_name" => "Trần Văn Thử",
            "sex" => "M",
            "birth_date" => "2009-03-04",
            "nationality" => "VNM",
            "permanent_commune" => "00004",
            "permanent_address" => "Số 1",
            "permanent_since" => "2015-03-01",
            "life_status" => life,
            "life_date" => died,
            _ => "",
        });
        write!(text, "\n{}", row.collect::<Vec<_>>().join(",")).unwrap();
    }
    let path = house.path().join("two.csv");
    std::fs::write(&path, text).unwrap();
    let request = LoadRequest::new(&path, house.clock.today());
    let report = load(house.store(), &*house.clock, Places::national(), &request, &mut |_| {}).await.unwrap();
    assert_eq!((report.added, report.progress.rejected), (2, 0));
}

#[tokio::test]
async fn whoever_died_since_the_day_of_the_rows_is_in_no_list() {
    let house = open(&[]).await;
    load_two(&house).await;
    let asked = ask(&house, &json!({ "as_of": "2026-11-05" })).await.json();
    let id = asked["id"].as_str().unwrap().to_owned();
    make(&house).await;
    let kept = house.state.cohorts.extract(id.parse().unwrap()).await.unwrap();
    assert_eq!(kept.found.persons, 2);
    approve(&house, "an.nguyen", &id).await;
    approve(&house, "binh.tran", &id).await;
    finish(&house, &id, "ready").await;
    let page = rows(&house, &id, 0, JSON).await.json();
    let mut numbers: Vec<&Value> = page["rows"].as_array().unwrap().iter().map(|row| &row[0]).collect();
    numbers.sort_by_key(ToString::to_string);
    assert_eq!(numbers, [HOA, "001209000001"]);
}

#[tokio::test]
async fn a_list_that_cannot_be_finished_in_its_days_is_refused_when_it_is_counted() {
    for (men, state) in [(6, "counted"), (7, "refused")] {
        let house = open(&[("daily_limit", json!(1))]).await;
        load_men(&house, men).await;
        let id = ask(&house, &json!({})).await.json()["id"].as_str().unwrap().to_owned();
        make(&house).await;
        let told = extract(&house, &id).await;
        assert_eq!(told["state"], state, "HOA and {men} others: {told}");
        if state == "refused" {
            assert!(told["ground"].as_str().unwrap().contains("more persons than daily_limit"), "{told}");
        }
        assert_eq!(house.state.ledger.size(), 0);
    }
}
