//! Doubtful pairs of files: who may see them, that a look is in the log first, and how they are decided.

use crate::house::{Answer, FORM, HOA, HTML, House, JSON, Who};
use dancu_core::Clock;
use dancu_exchange::{DoubtfulPair, FilePairId};
use serde_json::{Value, json};

const PATH: &str = "/operator/file-pairs";

/// A house with the desk's contract, and a bank that has its files matched.
async fn house(second_review: bool) -> (House, FilePairId) {
    let mut connections: Value = serde_json::from_str(include_str!("connections.json")).unwrap();
    let clients = connections["clients"].as_array_mut().unwrap();
    clients.push(json!({ "id": "match-desk", "organisation": "cong-an" }));
    let contract = json!({
        "id": "hd-91", "client": "match-desk", "legal_basis": "Luật thử", "purpose_vi": "Xem xét cặp nghi ngờ",
        "purpose_en": "Decide doubtful pairs", "fields": ["name", "birth_date", "sex", "residence"],
        "may_tell_unknown": true, "daily_limit": 9, "per_second_max": 50, "limit_reason": "Thử",
        "valid_from": "2026-01-01",
    });
    connections["contracts"].as_array_mut().unwrap().push(contract);
    let bank = &mut connections["contracts"][1];
    bank["fields"] = json!(["name", "birth_date"]);
    bank["fetch"] = json!([]);
    bank["file_match"] = json!({ "fields": ["name"], "rows_max": 10, "second_review": second_review });
    let (contract, client) = (bank["id"].clone(), bank["client"].clone());
    let house = House::open_with(connections).await;
    let number = HOA.parse().unwrap();
    let id = FilePairId::of(&contract.as_str().unwrap().parse().unwrap(), "aa", number);
    let pair: DoubtfulPair = serde_json::from_value(json!({
        "id": id, "contract": contract, "client": client, "run": "r-1", "file": "khach.csv", "row": "aa",
        "key": "K-17", "cells": [["ho_ten", "Ng. Văn <Hoà>"], ["ngay_sinh", "1990"]], "number": number,
        "agreed": ["name"], "reason": "rival", "probability_ppm": 510_000, "weight": 9_000,
        "slots": [
            {"slot": "given_name", "level": "same", "weight": 6_100}, {"slot": "sex", "level": null, "weight": 0},
            {"slot": "ngay_sinh", "level": "same_year", "weight": -1_200}
        ],
        "second_review": second_review, "queued_at": house.clock.now(), "state": "waiting", "decisions": [],
        "version": 1
    }))
    .unwrap();
    assert_eq!(house.state.file_reviews.store().add_pairs(vec![pair]).await.unwrap(), 1);
    (house, id)
}

async fn get(house: &House, cookie: &str, path: &str, accept: &str) -> Answer {
    house.knock("GET", path).header("cookie", cookie).header("accept", accept).send("").await
}

async fn decide(house: &House, cookie: &str, id: FilePairId, verdict: &str, reason: &str) -> Answer {
    let knock = house.knock("POST", &format!("{PATH}/{id}")).header("cookie", cookie);
    let body = format!("verdict={verdict}&reason={reason}");
    knock.header("content-type", FORM).header("accept", JSON).send(body).await
}

#[tokio::test]
async fn row_and_person_stand_side_by_side_once_the_look_is_in_the_log() {
    let (house, id) = house(false).await;
    let officer = house.cookie(Who::Officer).await;
    for path in [PATH.to_owned(), format!("{PATH}/{id}")] {
        assert_eq!(get(&house, &officer, &path, JSON).await.status, 403, "a right of its own");
    }
    let operator = house.cookie(Who::Operator).await;
    let queue = get(&house, &operator, PATH, JSON).await;
    let waiting = queue.json()["pairs"][0].clone();
    assert_eq!((&waiting["key"], &waiting["percent"]), (&json!("K-17"), &json!(51)));
    assert!(!queue.body.contains("Hoà") && !queue.body.contains(HOA), "the queue names nobody");
    assert_eq!(house.state.ledger.size(), 0);
    let path = format!("{PATH}/{id}");
    let page = get(&house, &operator, &path, HTML).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(
        page.body.contains("Nguyễn Văn Hòa") && page.body.contains("Ng. Văn &#60;Hoà&#62;"),
        "{}",
        page.body
    );
    assert!(page.body.contains("nghiêng hẳn về một người") && page.body.contains("cùng năm"));
    let twin = get(&house, &operator, &path, JSON).await.json();
    let fields: Vec<&Value> =
        twin["person"].as_array().unwrap().iter().map(|value| &value[0]["en"]).collect();
    assert_eq!(
        fields,
        ["Personal number", "Name", "Birth date"],
        "what the bank's files are matched by, no more"
    );
    assert_eq!(
        (twin["slots"].as_array().unwrap().len(), house.state.ledger.size()),
        (2, 1),
        "one look, one entry"
    );
    let citizen = house.cookie(Who::Citizen).await;
    let looks = get(&house, &citizen, "/citizen", JSON).await.json();
    assert_eq!(looks["looks"][0]["why"]["vi"], "Xem xét cặp nghi ngờ");
}

#[tokio::test]
async fn a_decision_needs_a_reason_that_fits_and_is_made_once() {
    let (house, id) = house(false).await;
    let (first, second) = (house.operator("mot").await, house.operator("hai").await);
    let unfit = decide(&house, &first, id, "same", "relative").await;
    assert_eq!(unfit.problem(), (422, "DANCU-EXCHANGE-212".to_owned()));
    assert_eq!(decide(&house, &first, id, "different", "relative").await.status, 204);
    assert_eq!(
        decide(&house, &second, id, "same", "paper_seen").await.problem(),
        (409, "DANCU-EXCHANGE-211".to_owned())
    );
    let kept = house.state.file_reviews.store().pair(id).await.unwrap().unwrap();
    assert!(kept.cells.is_empty() && !kept.as_decided().is_same);
    let queue = get(&house, &second, PATH, JSON).await.json();
    assert_eq!(queue["pairs"], json!([]));
    assert_eq!(queue["officers"], json!([{ "id": "mot", "decisions": 1 }]));
    let unknown = FilePairId::of(&"hd-x".parse().unwrap(), "zz", HOA.parse().unwrap());
    assert_eq!(get(&house, &first, &format!("{PATH}/{unknown}"), JSON).await.status, 404);
}

#[tokio::test]
async fn a_second_officer_decides_without_seeing_what_the_first_said() {
    let (house, id) = house(true).await;
    let (first, second, third) =
        (house.operator("mot").await, house.operator("hai").await, house.operator("ba").await);
    assert_eq!(decide(&house, &first, id, "same", "slip_in_row").await.status, 204);
    let path = format!("{PATH}/{id}");
    assert_eq!(get(&house, &first, &path, JSON).await.status, 409, "nobody decides twice");
    assert_eq!(get(&house, &first, PATH, JSON).await.json()["pairs"], json!([]));
    let seen = get(&house, &second, &path, JSON).await;
    assert!(seen.status == 200 && !seen.body.contains("\"mot\""), "{}", seen.body);
    assert_eq!(decide(&house, &second, id, "different", "not_shown").await.status, 204);
    assert_eq!(
        decide(&house, &third, id, "same", "paper_seen").await.status,
        204,
        "of two who differ a third decides"
    );
    assert!(house.state.file_reviews.store().pair(id).await.unwrap().unwrap().as_decided().is_same);
}
