//! Requests of persons about their data, and looks that are seen some days later.

use crate::house::{Answer, CARD, FORM, HOA, HTML, House, JSON, Who, form};
use jiff::SignedDuration;
use serde_json::{Value, json};

async fn post(house: &House, who: Who, path: &str, body: String) -> Answer {
    let cookie = house.cookie(who).await;
    let knock = house.knock("POST", path).header("cookie", &cookie).header("accept", JSON);
    knock.header("content-type", FORM).send(body).await
}

async fn get(house: &House, who: Who, path: &str) -> Value {
    let cookie = house.cookie(who).await;
    house.knock("GET", path).header("cookie", &cookie).header("accept", JSON).send("").await.json()
}

async fn asked(house: &House, kind: &str, leaf: u64) -> Answer {
    post(house, Who::Citizen, "/citizen/requests", format!("kind={kind}&leaf={leaf}")).await
}

async fn step(house: &House, id: &str, step: &str, note: &str) -> Answer {
    let body = format!("step={step}&{}", form("note", note));
    post(house, Who::Operator, &format!("/operator/privacy/{id}"), body).await
}

async fn scan(house: &House) {
    assert_eq!(post(house, Who::Receptionist, "/reception", form("scan", CARD)).await.status, 200);
}

async fn verify(house: &House) -> Answer {
    let bearer = house.bearer().await;
    let body = json!({ "number": HOA, "name": "Nguyễn Văn Hòa" }).to_string();
    house.knock("POST", "/v1/verify").header("authorization", &bearer).send(body).await
}

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

#[tokio::test]
async fn a_complaint_about_one_line_runs_with_its_days() {
    let house = House::open().await;
    scan(&house).await;
    let first = asked(&house, "complaint", 0).await;
    assert_eq!(first.status, 201, "{}", first.body);
    assert_eq!(
        asked(&house, "complaint", 0).await.json()["id"],
        first.json()["id"],
        "pressing twice asks once"
    );
    assert_eq!(asked(&house, "complaint", 9).await.status, 404);
    let case = first.json();
    let id = case["id"].as_str().unwrap();
    // Saturday 21 November 2026; Tuesday 24 November is a holiday.
    assert_eq!((&case["answer_due"], &case["carry_out_due"]), (&json!("2026-11-25"), &json!("2026-12-07")));
    let path = format!("/citizen/requests/{id}/words");
    let said = post(&house, Who::Citizen, &path, form("words", "Tôi không đến viện hôm đó")).await;
    assert_eq!(said.json()["words"], "Tôi không đến viện hôm đó");
    let listed = get(&house, Who::Operator, "/operator/privacy").await;
    let handled = &listed["cases"][0];
    assert_eq!((&handled["leaf"], &handled["is_overdue"]), (&json!(0), &json!(false)));
    assert!(!listed.to_string().contains(HOA), "whose it is does not stand here");
    house.clock.advance(days(5));
    assert_eq!(get(&house, Who::Operator, "/operator/privacy").await["cases"][0]["is_overdue"], true);
    for note in ["", "Của 001090000017"] {
        assert_eq!(step(&house, id, "answer", note).await.problem(), (422, "DANCU-EXCHANGE-122".to_owned()));
    }
    assert_eq!(step(&house, id, "carry_out", "xong").await.problem(), (409, "DANCU-EXCHANGE-121".to_owned()));
    assert_eq!(step(&house, id, "answer", "Sẽ kiểm tra").await.json()["state"], "answered");
    let put_off = step(&house, id, "extend", "Chờ bệnh viện").await;
    assert_eq!(put_off.json()["carry_out_due"], "2026-12-22");
    assert_eq!(step(&house, id, "extend", "Lần nữa").await.problem(), (409, "DANCU-EXCHANGE-121".to_owned()));
    assert_eq!(step(&house, id, "carry_out", "Quét nhầm thẻ").await.json()["state"], "carried_out");
    let mine = get(&house, Who::Citizen, "/citizen/requests").await;
    let moves = mine["cases"][0]["moves"].as_array().unwrap();
    assert_eq!(moves.last().unwrap()["note"], "Quét nhầm thẻ");
    assert!(moves.iter().all(|step| step["by"] == ""), "not who of the operator's people did it");
    assert!(get(&house, Who::Operator, "/operator/privacy").await["cases"].as_array().unwrap().is_empty());
    let settled = get(&house, Who::Operator, "/operator/privacy?list=settled").await;
    assert_eq!(settled["cases"][0]["id"], *id);
}

#[tokio::test]
async fn what_is_restricted_is_not_answered_until_the_person_ends_it() {
    let house = House::open().await;
    assert_eq!(verify(&house).await.status, 200);
    let case = asked(&house, "restrict", 0).await.json();
    let id = case["id"].as_str().unwrap();
    assert_eq!(verify(&house).await.status, 200, "it waits for its answer");
    assert_eq!(step(&house, id, "answer", "Chấp nhận").await.status, 200);
    assert_eq!(verify(&house).await.problem(), (403, "DANCU-EXCHANGE-027".to_owned()));
    scan(&house).await;
    assert_eq!(step(&house, id, "carry_out", "Đã ngừng").await.status, 200);
    assert_eq!(verify(&house).await.problem(), (403, "DANCU-EXCHANGE-027".to_owned()));
    assert_eq!(asked(&house, "restrict", 0).await.json()["id"], *id, "it stands already");
    let ended = post(&house, Who::Citizen, &format!("/citizen/requests/{id}/end"), String::new()).await;
    assert_eq!(ended.json()["state"], "ended");
    assert_eq!(verify(&house).await.status, 200);
    assert_ne!(asked(&house, "restrict", 0).await.json()["id"], *id, "and may be asked anew");
}

#[tokio::test]
async fn an_office_of_the_register_is_not_restricted_and_says_why() {
    let house = House::open().await;
    let file = post(&house, Who::Officer, "/desk/persons", form("number", HOA)).await;
    assert_eq!(file.status, 200, "{}", file.body);
    let case = asked(&house, "object", 0).await.json();
    let id = case["id"].as_str().unwrap();
    assert_eq!(step(&house, id, "answer", "Được").await.problem(), (409, "DANCU-EXCHANGE-123".to_owned()));
    assert_eq!(step(&house, id, "refuse", "Luật Hộ tịch 2014").await.json()["state"], "refused");
}

#[tokio::test]
async fn a_withdrawn_consent_is_a_case_of_its_organisation() {
    let house = House::open().await;
    let bearer = house.bearer_of("lender-core").await;
    let body = json!({ "number": HOA, "fields": ["name"], "until": "2026-12-31" }).to_string();
    let answer =
        house.knock("POST", "/v1/consent-requests").header("authorization", &bearer).send(body).await;
    let consent = answer.json()["id"].as_str().unwrap().to_owned();
    for decision in ["grant", "withdraw"] {
        let path = format!("/citizen/consents/{consent}");
        assert_eq!(post(&house, Who::Citizen, &path, form("decision", decision)).await.status, 200);
    }
    let case = get(&house, Who::Operator, "/operator/privacy").await["cases"][0].clone();
    assert_eq!((&case["kind"], &case["consent"]), (&json!("withdraw"), &json!(consent)));
    let steps: Vec<&str> =
        case["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(steps, ["answer", "extend"], "a withdrawal needs nobody's leave");
    let id = case["id"].as_str().unwrap();
    assert_eq!(step(&house, id, "refuse", "Không").await.problem(), (409, "DANCU-EXCHANGE-121".to_owned()));
    let path = format!("/citizen/requests/{id}/end");
    assert_eq!(post(&house, Who::Citizen, &path, String::new()).await.status, 409);
}

/// A house in which the bank's looks are seen ten days later, and everything else at once.
async fn house_with_a_delay() -> House {
    let mut whole: Value = serde_json::from_str(include_str!("connections.json")).unwrap();
    let bank = whole["contracts"].as_array_mut().unwrap().iter_mut().find(|row| row["client"] == "bank-core");
    bank.unwrap()["visibility"] = json!({ "delayed": { "days": 10 } });
    House::open_with(whole).await
}

#[tokio::test]
async fn a_delayed_look_leaves_no_trace_before_its_day_and_comes_by_itself() {
    let house = house_with_a_delay().await;
    scan(&house).await;
    let without = get(&house, Who::Citizen, "/citizen").await;
    let receipt = verify(&house).await.json()["receipt"].clone();
    assert_eq!((house.state.ledger.size(), &receipt["leaf_index"]), (2, &json!(1)), "in the log at once");
    let receipt: dancu_ledger::Receipt = serde_json::from_value(receipt).unwrap();
    receipt.verify(house.state.ledger.verifier()).unwrap();
    assert!(receipt.record.contains(r#""visible_from":"2026-12-01""#), "{}", receipt.record);
    let cookie = house.cookie(Who::Citizen).await;
    let look = async |path: &str, accept: &str| {
        house.knock("GET", path).header("cookie", &cookie).header("accept", accept).send("").await
    };
    assert_eq!(get(&house, Who::Citizen, "/citizen").await, without, "the page is the same to the byte");
    assert!(!look("/citizen", HTML).await.body.contains("Ngân hàng Thử"));
    for kind in ["receipts", "evidence"] {
        let hidden = look(&format!("/citizen/{kind}/1"), JSON).await;
        let nowhere = look(&format!("/citizen/{kind}/77"), JSON).await;
        assert_eq!((hidden.status, &hidden.body), (nowhere.status, &nowhere.body), "{kind}");
    }
    assert_eq!(asked(&house, "complaint", 1).await.body, asked(&house, "complaint", 77).await.body);
    // From nine in the morning of 21 November to midnight before 1 December.
    house.clock.advance(days(10) - SignedDuration::from_hours(9) - SignedDuration::from_secs(1));
    let eve = get(&house, Who::Citizen, "/citizen").await;
    assert_eq!(eve["looks"], without["looks"], "the last second before");
    house.clock.advance(SignedDuration::from_secs(1));
    let page = get(&house, Who::Citizen, "/citizen").await;
    assert_eq!(
        (&page["looks"][0]["index"], &page["looks"][0]["visible_from"]),
        (&json!(1), &json!("2026-12-01"))
    );
    let cookie = house.cookie(Who::Citizen).await;
    let shown = house.knock("GET", "/citizen/receipts/1").header("cookie", &cookie).send("").await;
    assert_eq!(shown.status, 200);
    assert_eq!(asked(&house, "complaint", 1).await.status, 201);
}

#[tokio::test]
async fn hidden_looks_move_no_page_of_the_list() {
    let house = house_with_a_delay().await;
    for _ in 0..9 {
        scan(&house).await;
        for _ in 0..4 {
            assert_eq!(verify(&house).await.status, 200);
        }
    }
    let page = get(&house, Who::Citizen, "/citizen").await;
    assert_eq!(page["looks"].as_array().unwrap().len(), 9);
    assert_eq!(page["looks_older"], Value::Null, "36 hidden looks make no second page");
    house.clock.advance(days(10));
    let page = get(&house, Who::Citizen, "/citizen").await;
    assert_eq!(page["looks"].as_array().unwrap().len(), 20);
    assert!(page["looks_older"].is_string());
}
