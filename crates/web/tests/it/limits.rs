//! A contract's limit: told to the client with every answer, reasoned and adjusted on the operator's page.

use crate::house::{FORM, HOA, House, JSON, Who, form};
use jiff::SignedDuration;
use serde_json::{Value, json};

const PAGE: &str = "/operator/contracts/hd-2/limit";

/// The bank's contract with its work declared and some words replaced.
fn declared(contract: &Value) -> Value {
    let mut whole: Value = serde_json::from_str(include_str!("connections.json")).unwrap();
    let bank = whole["contracts"][1].as_object_mut().unwrap();
    let caseload = json!({
        "stated_on": "2026-11-21", "visits_per_day": 5500, "queries_per_100_visits": 110, "branches": 2,
        "opening_hours": 9, "peak_hour_percent": 25, "busiest_day_percent": 160, "growth_percent_per_year": 12
    });
    bank.insert("caseload".to_owned(), caseload);
    bank.retain(|key, _| !["daily_limit", "per_second_max", "limit_reason"].contains(&key.as_str()));
    bank.extend(contract.as_object().unwrap().clone());
    whole
}

/// Sends the bank's contract to the page that connects.
async fn declare(house: &House, contract: Value) -> (u16, String) {
    let bank = declared(&contract)["contracts"][1].take();
    let cookie = house.cookie(Who::Operator).await;
    let knock = house.knock("PUT", "/operator/connections").header("cookie", &cookie).header("accept", JSON);
    let answer = knock.header("content-type", JSON).send(json!({ "contracts": [bank] }).to_string()).await;
    (answer.status.as_u16(), answer.body)
}

async fn page(house: &House, accept: &str) -> String {
    let cookie = house.cookie(Who::Operator).await;
    house.knock("GET", PAGE).header("cookie", &cookie).header("accept", accept).send("").await.body
}

/// The bank asks `times` times.
async fn ask(house: &House, times: usize) {
    let bearer = house.bearer().await;
    for _ in 0..times {
        let body = json!({ "number": HOA, "name": "Nguyễn Văn Hòa" }).to_string();
        let knock = house.knock("POST", "/v1/verify").header("authorization", &bearer);
        assert_eq!(knock.send(body).await.status, 200);
    }
}

#[tokio::test]
async fn a_declared_caseload_gives_the_limits_and_their_reasoning() {
    let house = House::open_drafts(declared(&json!({}))).await;
    let twin: Value = serde_json::from_str(&page(&house, JSON).await).unwrap();
    assert_eq!((&twin["daily_limit"], &twin["per_second_max"]), (&json!(14_000), &json!(5)));
    assert_eq!(twin["computed"]["steps"].as_array().unwrap().len(), 7);
    let html = page(&house, "text/html").await;
    for text in ["14.000", "Câu hỏi trong một ngày thường", "5500 × 110 / 100", "6.050"] {
        assert!(html.contains(text), "{text} is not on the page");
    }
    let (status, body) = declare(&house, json!({ "daily_limit": 14_001 })).await;
    assert!(status == 422 && body.contains("DANCU-EXCHANGE-061"), "{status} {body}");
    assert_eq!(declare(&house, json!({ "daily_limit": 14_001, "limit_reason": "Cao điểm" })).await.0, 200);
}

#[tokio::test]
async fn every_answer_tells_what_is_left_and_the_client_reads_its_own_limits() {
    let house = House::open().await;
    let bearer = house.bearer().await;
    let body = json!({ "number": HOA, "name": "Nguyễn Văn Hòa" }).to_string();
    let answer = house.knock("POST", "/v1/verify").header("authorization", &bearer).send(body).await;
    assert_eq!(answer.headers["ratelimit-policy"], "\"day\";q=100;w=86400, \"second\";q=50;w=1");
    // It is 9 in the morning in Viet Nam.
    assert_eq!(answer.headers["ratelimit"], "\"day\";r=99;t=54000");
    let limits = house.knock("GET", "/v1/limits").header("authorization", &bearer).send("").await;
    let twin = limits.json();
    assert_eq!((&twin["contract"], &twin["used_today"]), (&json!("hd-2"), &json!(1)));
    assert_eq!(twin["resets_in_s"], 54_000);
}

#[tokio::test]
async fn use_is_compared_week_by_week_and_the_proposal_is_set_by_a_click() {
    let terms = json!({ "daily_limit": 40, "per_second_max": 50, "limit_reason": "Chạy thử" });
    let house = House::open_with(declared(&terms)).await;
    // The house is official since a Saturday; the weeks that count are whole ones.
    house.clock.advance(SignedDuration::from_hours(72));
    ask(&house, 40).await;
    let twin = async || serde_json::from_str::<Value>(&page(&house, JSON).await).unwrap();
    let notice = &twin().await["notices"][0];
    assert_eq!((&notice["day"], &notice["is_at_limit"]), (&json!("2026-11-24"), &json!(true)));
    // Two whole weeks on.
    house.clock.advance(SignedDuration::from_hours(14 * 24));
    let found = twin().await;
    assert_eq!(found["proposed"], 100);
    assert!(page(&house, "text/html").await.contains("Đặt hạn mức 100"));
    let follow = async |limit: &str| {
        let cookie = house.cookie(Who::Operator).await;
        let knock = house.knock("POST", PAGE).header("cookie", &cookie).header("accept", JSON);
        knock.header("content-type", FORM).send(form("daily_limit", limit)).await
    };
    assert_eq!(follow("5000").await.problem(), (409, "DANCU-WEB-090".to_owned()));
    assert_eq!(follow("100").await.json()["daily_limit"], 100);
    assert_eq!(follow("100").await.problem().0, 409, "it is no proposal any more");
    assert_eq!(twin().await["proposed"], Value::Null);
}
