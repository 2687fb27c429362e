//! Rows of an extract after its contract was made narrower, and what is noted of fetching them.

use crate::{
    cohort_world::{extract, get, load_men, open, ready, rows, terms},
    house::{House, JSON},
};
use dancu_core::Clock;
use dancu_exchange::CohortStore;
use dancu_testkit::make_official;
use serde_json::{Value, json};

/// Makes the terms of the contract of lists narrower, as the command line does.
async fn narrow(house: &House, terms: &Value) {
    let caller = house.state.directory.caller(&"army-core".parse().unwrap()).unwrap();
    let mut contract = serde_json::to_value(&caller.contract).unwrap();
    contract["cohort"] = terms.clone();
    house.connect(json!({ "contracts": [contract] })).await;
    let state = &house.state;
    make_official(state.life.store(), &state.directory, house.clock.now()).await;
}

#[tokio::test]
async fn rows_are_handed_over_only_while_the_contract_allows_the_extract() {
    for (key, value, status) in [
        ("fields", json!(["name", "birth_date"]), 403),
        ("places", json!(["00004"]), 403),
        ("born", json!({ "ages": { "from": 18, "to": 40 } }), 403),
        ("rows_max", json!(3), 403),
        ("rows_max", json!(4), 200),
    ] {
        let house = open(&[]).await;
        load_men(&house, 3).await;
        let id = ready(&house).await;
        let mut narrower = terms();
        narrower[key] = value.clone();
        narrow(&house, &narrower).await;
        let answer = rows(&house, &id, 0, JSON).await;
        assert_eq!(answer.status, status, "{key} {value}: {}", answer.body);
        if status == 403 {
            assert_eq!(answer.problem().1, "DANCU-EXCHANGE-022");
            assert_eq!(extract(&house, &id).await["state"], "ready", "nothing was fetched");
        }
    }
}

#[tokio::test]
async fn a_list_is_fetched_when_its_last_row_was_and_then_names_nobody_where_it_was_made() {
    let house = open(&[]).await;
    load_men(&house, 3).await;
    let id = ready(&house).await;
    let beyond = get(&house, &format!("/v1/extracts/{id}/rows?after=999999999")).await.json();
    assert_eq!((&beyond["rows"], &beyond["next"]), (&json!([]), &Value::Null));
    assert_eq!(extract(&house, &id).await["state"], "ready", "a page behind the last row hands nothing over");
    rows(&house, &id, 3, JSON).await;
    assert_eq!(extract(&house, &id).await["state"], "taken");
    let kept = house.store().extract(id.parse().unwrap()).await.unwrap().unwrap();
    assert!(kept.cursor.is_none() && kept.mark.is_none());
}
