//! Consent over HTTP: asking, answering, withdrawing, and what a question meets meanwhile.

use crate::house::{Answer, FORM, HOA, HTML, House, JSON, Who, form};
use jiff::SignedDuration;
use serde_json::{Value, json};

/// Nobody has this number.
const UNKNOWN: &str = "001299000017";
const LENDER: &str = "lender-core";

async fn post(house: &House, path: &str, body: &Value) -> Answer {
    let bearer = house.bearer_of(LENDER).await;
    let knock = house.knock("POST", path).header("authorization", &bearer).header("content-type", JSON);
    knock.send(body.to_string()).await
}

async fn ask(house: &House, about: &str, fields: &[&str], per_day_max: u32) -> Answer {
    let body = json!({ "number": about, "fields": fields, "until": "2026-12-31", "per_day_max": per_day_max,
        "reference": "vay 12/2026" });
    post(house, "/v1/consent-requests", &body).await
}

async fn asked(house: &House, about: &str, fields: &[&str], per_day_max: u32) -> String {
    let answer = ask(house, about, fields, per_day_max).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn verify(house: &House, about: &str, values: Value) -> Answer {
    let mut body = values;
    body["number"] = json!(about);
    post(house, "/v1/verify", &body).await
}

async fn by_name(house: &House, about: &str) -> Answer {
    verify(house, about, json!({ "name": "Nguyễn Văn Hòa" })).await
}

async fn decide(house: &House, id: &str, decision: &str) -> Answer {
    let cookie = house.cookie(Who::Citizen).await;
    let path = format!("/citizen/consents/{id}");
    let knock = house.knock("POST", &path).header("cookie", &cookie).header("accept", JSON);
    let body = if decision.is_empty() { String::new() } else { form("decision", decision) };
    knock.header("content-type", FORM).send(body).await
}

async fn page(house: &House, accept: &str) -> Answer {
    let cookie = house.cookie(Who::Citizen).await;
    house.knock("GET", "/citizen/consents").header("cookie", &cookie).header("accept", accept).send("").await
}

#[tokio::test]
async fn without_consent_everybody_looks_the_same() {
    let house = House::open().await;
    let unknown = by_name(&house, UNKNOWN).await;
    assert_eq!(unknown.problem(), (403, "DANCU-EXCHANGE-027".to_owned()));
    let same = async |why: &str| {
        let answer = by_name(&house, HOA).await;
        assert_eq!((answer.status, &answer.body), (unknown.status, &unknown.body), "{why}");
    };
    same("nobody asked").await;
    let id = asked(&house, HOA, &["name"], 1).await;
    same("not answered").await;
    assert_eq!(decide(&house, &id, "refuse").await.status, 200);
    same("refused").await;
    assert_eq!(decide(&house, &id, "grant").await.status, 200, "whoever refused may think better of it");
    let outside = verify(&house, HOA, json!({ "name": "Nguyễn Văn Hòa", "phone": "0912345678" })).await;
    assert_eq!(outside.body, unknown.body, "a field that nobody consented to");
    assert_eq!(house.state.ledger.size(), 0);
    assert_eq!(by_name(&house, HOA).await.status, 200);
    same("used up for the day").await;
    house.clock.advance(SignedDuration::from_hours(24));
    assert_eq!(by_name(&house, HOA).await.status, 200, "another day");
    house.clock.advance(SignedDuration::from_hours(24));
    assert_eq!(decide(&house, &id, "withdraw").await.status, 200);
    same("withdrawn").await;
    assert_eq!(decide(&house, &id, "grant").await.problem(), (409, "DANCU-EXCHANGE-116".to_owned()));
    assert_eq!(house.state.ledger.size(), 2, "what was refused is no disclosure");
}

#[tokio::test]
async fn a_consent_ends_with_its_last_day() {
    let house = House::open().await;
    let id = asked(&house, HOA, &["name"], 9).await;
    decide(&house, &id, "grant").await;
    // From 21 November to the last second of 31 December in Viet Nam.
    house.clock.advance(SignedDuration::from_hours(24 * 41 - 9) - SignedDuration::from_secs(1));
    assert_eq!(by_name(&house, HOA).await.status, 200);
    house.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(by_name(&house, HOA).await.problem(), (403, "DANCU-EXCHANGE-027".to_owned()));
    assert_eq!(page(&house, JSON).await.json()["consents"][0]["state_words"]["en"], "over");
}

#[tokio::test]
async fn what_was_consented_to_is_answered_and_the_record_names_the_consent() {
    let house = House::open().await;
    let id = asked(&house, HOA, &["name", "card_status"], 1).await;
    decide(&house, &id, "grant").await;
    let answer = by_name(&house, HOA).await.json();
    assert_eq!((&answer["answers"]["name"], &answer["card_status"]), (&json!("match"), &json!("in_force")));
    assert!(answer.get("life_status").is_none(), "the contract has it, the consent has not");
    let receipt: dancu_ledger::Receipt = serde_json::from_value(answer["receipt"].clone()).unwrap();
    receipt.verify(house.state.ledger.verifier()).unwrap();
    let record: Value = serde_json::from_str(&receipt.record).unwrap();
    assert_eq!(record["consent"], json!(id));
    let cookie = house.cookie(Who::Citizen).await;
    let mine = house.knock("GET", "/citizen").header("cookie", &cookie).header("accept", JSON).send("").await;
    assert_eq!(mine.json()["looks"][0]["consent"], json!(id));
}

#[tokio::test]
async fn a_request_to_a_number_that_nobody_has_is_answered_alike() {
    let house = House::open().await;
    for about in [UNKNOWN, HOA] {
        let first = ask(&house, about, &["name"], 1).await;
        assert_eq!(first.status, 202);
        let again = ask(&house, about, &["name"], 1).await;
        assert_eq!(first.body, again.body, "the same terms are one request");
        let id = first.json()["id"].as_str().unwrap().to_owned();
        if about == HOA {
            decide(&house, &id, "refuse").await;
            assert_eq!(ask(&house, about, &["name"], 1).await.body, first.body, "also when it was refused");
        }
        let bearer = house.bearer_of(LENDER).await;
        let path = format!("/v1/consent-requests/{id}");
        let look = house.knock("GET", &path).header("authorization", &bearer).send("").await;
        assert_eq!(look.json(), json!({ "id": id, "in_force": false }));
        let others = house.bearer().await;
        let look = house.knock("GET", &path).header("authorization", &others).send("").await;
        assert_eq!(look.problem(), (404, "DANCU-EXCHANGE-115".to_owned()), "of another contract");
        for (times, expected) in [(2, 202), (3, 202), (4, 429)] {
            assert_eq!(ask(&house, about, &["name"], times).await.status, expected, "{about} {times}");
        }
    }
}

#[tokio::test]
async fn a_request_stays_within_its_contract() {
    let house = House::open().await;
    let base = json!({ "number": HOA, "fields": ["name"], "until": "2026-12-31" });
    for (field, value, expected) in [
        ("fields", json!(["name", "residence"]), (403, "DANCU-EXCHANGE-022")),
        ("fields", json!([]), (403, "DANCU-EXCHANGE-022")),
        ("fields", json!(["religion"]), (400, "DANCU-WEB-005")),
        ("number", json!("12"), (422, "DANCU-CORE-001")),
        ("until", json!("2026-11-21"), (422, "DANCU-EXCHANGE-111")),
        ("until", json!("2036-01-01"), (422, "DANCU-EXCHANGE-111")),
        ("per_day_max", json!(0), (422, "DANCU-EXCHANGE-112")),
        ("per_day_max", json!(101), (422, "DANCU-EXCHANGE-112")),
        ("reference", json!("a\nb"), (422, "DANCU-EXCHANGE-113")),
    ] {
        let mut body = base.clone();
        body[field] = value;
        let (status, code) = post(&house, "/v1/consent-requests", &body).await.problem();
        assert_eq!((status, code.as_str()), expected, "{field}");
    }
    let bank = house.bearer().await;
    let knock = house.knock("POST", "/v1/consent-requests").header("authorization", &bank);
    assert_eq!(knock.send(base.to_string()).await.problem(), (409, "DANCU-EXCHANGE-110".to_owned()));
    assert!(page(&house, JSON).await.json()["consents"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn nothing_is_chosen_for_me_and_nobody_else_answers() {
    let house = House::open().await;
    let id = asked(&house, HOA, &["name"], 1).await;
    let html = page(&house, HTML).await.body;
    assert!(html.contains("Ngân hàng Cho vay Thử") && html.contains("Họ tên"), "{html}");
    assert!(!html.contains(" checked"), "nothing is chosen beforehand");
    assert_eq!(decide(&house, &id, "").await.problem(), (422, "DANCU-WEB-080".to_owned()));
    let others = asked(&house, "001192000022", &["name"], 1).await;
    assert_eq!(decide(&house, &others, "grant").await.problem(), (404, "DANCU-EXCHANGE-115".to_owned()));
    assert_eq!(by_name(&house, HOA).await.status, 403);
    // A later request takes the place of the earlier one, which can no longer be granted.
    let later = asked(&house, HOA, &["name", "birth_date"], 1).await;
    assert_eq!(decide(&house, &id, "grant").await.problem(), (409, "DANCU-EXCHANGE-116".to_owned()));
    assert_eq!(decide(&house, &later, "grant").await.status, 200);
}

#[tokio::test]
async fn an_office_of_the_register_has_no_contract_with_consent() {
    let house = House::open().await;
    let connections: Value = serde_json::from_str(include_str!("connections.json")).unwrap();
    let all = connections["contracts"].as_array().unwrap();
    for client in ["officer-search", "sealed-desk", "commune-desk"] {
        let mut contract = all.iter().find(|row| row["client"] == client).unwrap().clone();
        contract["persons"] = json!("with_consent");
        let cookie = house.cookie(Who::Operator).await;
        let knock =
            house.knock("PUT", "/operator/connections").header("cookie", &cookie).header("accept", JSON);
        let answer =
            knock.header("content-type", JSON).send(json!({ "contracts": [contract] }).to_string()).await;
        assert_eq!(answer.problem(), (422, "DANCU-EXCHANGE-042".to_owned()), "{client}");
    }
}
