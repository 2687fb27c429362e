//! Alarms: from looks at night to a lower limit and a notice that the agency reads.

use crate::house::{Answer, FORM, HOA, HTML, House, JSON, Who, form};
use dancu_alarms::{Counting, Watch, WatchParts, WatchSummary};
use dancu_store_sqlite::{DatabaseOptions, SqliteStore};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::sync::Arc;

async fn post(house: &House, cookie: &str, path: &str, body: String) -> Answer {
    let knock = house.knock("POST", path).header("cookie", cookie).header("accept", JSON);
    knock.header("content-type", FORM).send(body).await
}

async fn get(house: &House, cookie: &str, path: &str) -> Value {
    house.knock("GET", path).header("cookie", cookie).header("accept", JSON).send("").await.json()
}

async fn watch(house: &House) -> WatchSummary {
    let store = SqliteStore::open(house.path(), DatabaseOptions::default()).unwrap();
    let log = &house.state.public_log;
    let parts = WatchParts {
        logs: vec![(log.verifier().origin().to_owned(), log.records())],
        store: Arc::new(store),
        register: house.state.register.clone(),
        directory: house.state.directory.clone(),
        clock: house.clock.clone(),
    };
    Watch::open(parts).await.unwrap().round(Counting::Now).await.unwrap()
}

async fn verify(house: &House) -> Answer {
    let bearer = house.bearer().await;
    let body = json!({ "number": HOA, "name": "Nguyễn Văn Hòa" }).to_string();
    house.knock("POST", "/v1/verify").header("authorization", &bearer).send(body).await
}

/// A house in which the bank asked twenty times at one in the morning, with the alarm about it.
async fn house_with_alarm() -> (House, String) {
    let mut connections: Value = serde_json::from_str(include_str!("connections.json")).unwrap();
    connections["clients"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "id": "alarm-desk", "organisation": "cong-an" }));
    let contract = json!({
        "id": "hd-90", "client": "alarm-desk", "legal_basis": "Luật thử", "purpose_vi": "Kiểm tra cảnh báo",
        "purpose_en": "Look into alarms", "fields": ["life_status"], "may_tell_unknown": true, "daily_limit": 9,
        "per_second_max": 50, "limit_reason": "Thử", "valid_from": "2026-01-01",
    });
    connections["contracts"].as_array_mut().unwrap().push(contract);
    let house = House::open_with(connections).await;
    house.clock.advance(SignedDuration::from_hours(16));
    for _ in 0..20 {
        assert_eq!(verify(&house).await.status, 200);
    }
    assert_eq!((watch(&house).await.raised, watch(&house).await.raised), (1, 0));
    let operator = house.cookie(Who::Operator).await;
    let listed = get(&house, &operator, "/operator/alarms").await;
    let alarm = &listed["alarms"][0];
    assert_eq!((&alarm["kind"], &alarm["client"]), (&json!("off_hours"), &json!("bank-core")));
    assert!(!listed.to_string().contains(HOA));
    let id = alarm["id"].as_str().unwrap().to_owned();
    (house, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_lowered_for_the_next_request_and_the_agency_reads_why() {
    let (house, id) = house_with_alarm().await;
    let operator = house.operator("kiem.tra").await;
    let path = format!("/operator/alarms/{id}");
    let tighten = |limit: &str| {
        let note = form("note", "Đang xác minh");
        format!("step=tighten&daily_limit={limit}&per_second_max=50&until=2026-12-01&{note}")
    };
    assert_eq!(post(&house, &operator, &path, tighten("x")).await.status, 400);
    let higher = post(&house, &operator, &path, tighten("101")).await;
    assert_eq!(higher.problem(), (422, "DANCU-EXCHANGE-160".to_owned()));
    let done = post(&house, &operator, &path, tighten("20")).await;
    assert_eq!(done.status, 200, "{}", done.body);
    assert_eq!(done.json()["connection"]["ceiling"]["daily_limit"], 20);
    assert_eq!(verify(&house).await.problem(), (429, "DANCU-EXCHANGE-023".to_owned()), "twenty are used");
    let agency = house.agency("ngan-hang").await;
    let own = get(&house, &agency, "/agency/connections/hd-2").await;
    assert_eq!(
        (&own["ceiling"]["ground"], &own["history"][0]["ground"]),
        (&json!("Đang xác minh"), &json!("Đang xác minh"))
    );
    assert_eq!(get(&house, &agency, "/agency").await["connections"][0]["daily_limit"], 20);
    let lifted = post(&house, &operator, &path, format!("step=lift&{}", form("note", "Đã rõ"))).await;
    assert_eq!(lifted.json()["connection"]["ceiling"], Value::Null);
    assert_eq!(verify(&house).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breach_is_noticed_within_a_day_on_the_page_and_to_the_software() {
    let (house, id) = house_with_alarm().await;
    let operator = house.operator("kiem.tra").await;
    let path = format!("/operator/alarms/{id}");
    let silent = post(&house, &operator, &path, "step=upheld".to_owned()).await;
    assert_eq!(silent.problem(), (422, "DANCU-ALARM-004".to_owned()));
    let upheld =
        post(&house, &operator, &path, format!("step=upheld&{}", form("note", "Không có ca trực"))).await;
    assert_eq!(upheld.json()["notice"]["due"], "2026-11-22T18:00:00Z");
    let owed = "/operator/alarms?list=notice";
    assert_eq!(get(&house, &operator, owed).await["alarms"][0]["is_notice_overdue"], false);
    house.clock.advance(SignedDuration::from_hours(25));
    let operator = house.operator("kiem.tra").await;
    assert_eq!(get(&house, &operator, owed).await["alarms"][0]["is_notice_overdue"], true);
    let agency = house.agency("ngan-hang").await;
    assert_eq!(get(&house, &agency, "/agency").await["notices"], json!([]));
    let notify = format!("step=notify&{}", form("note", "Tra cứu dồn dập lúc 1 giờ sáng"));
    let told = post(&house, &operator, &path, notify.clone()).await;
    assert_eq!(told.json()["notice"]["is_owed"], false, "{}", told.body);
    assert_eq!(post(&house, &operator, &path, notify).await.problem(), (409, "DANCU-ALARM-002".to_owned()));
    let notices = &get(&house, &agency, "/agency").await["notices"];
    assert_eq!(notices[0]["words"], "Tra cứu dồn dập lúc 1 giờ sáng");
    assert_eq!(get(&house, &operator, owed).await["alarms"], json!([]));
    let bearer = house.bearer().await;
    let own = house.knock("GET", "/v1/connection").header("authorization", &bearer).send("").await.json();
    assert_eq!(
        (&own["breaches"][0]["kind"], &own["breaches"][0]["looks"]),
        (&json!("off_hours"), &json!(20))
    );
    let other = house.agency("benh-vien").await;
    assert_eq!(get(&house, &other, "/agency").await["notices"], json!([]), "not another's");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_into_an_alarm_sees_three_digits_and_is_in_the_log() {
    let (house, id) = house_with_alarm().await;
    let operator = house.operator("kiem.tra").await;
    let before = house.state.ledger.size();
    let seen = post(&house, &operator, &format!("/operator/alarms/{id}/looks"), String::new()).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    let looks = seen.json()["looks"].as_array().unwrap().clone();
    assert_eq!((looks.len(), &looks[0]["client"]), (20, &json!("bank-core")));
    let masked = looks[0]["number_masked"].as_str().unwrap();
    assert!(masked.ends_with("017") && !seen.body.contains(HOA), "{masked}");
    assert_eq!(house.state.ledger.size(), before + 1, "one person, one record");
    let citizen = house.cookie(Who::Citizen).await;
    let own = get(&house, &citizen, "/citizen").await;
    assert!(own.to_string().contains("Kiểm tra cảnh báo"), "the person sees it");
    assert_eq!(watch(&house).await.raised, 0, "and it is no alarm again");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_are_readable() {
    let (house, id) = house_with_alarm().await;
    let operator = house.operator("kiem.tra").await;
    for path in ["/operator/alarms".to_owned(), format!("/operator/alarms/{id}")] {
        for language in ["vi", "en"] {
            let cookie = format!("{operator}; lang={language}");
            let knock = house.knock("GET", &path).header("cookie", &cookie).header("accept", HTML);
            let page = knock.send("").await;
            assert_eq!(page.status, 200, "{}", page.body);
            assert!(page.body.contains("bank-core") && !page.body.contains(HOA));
        }
    }
    let knock = house.knock("POST", &format!("/operator/alarms/{id}")).header("cookie", &operator);
    let page = knock.header("accept", HTML).header("content-type", FORM).send("step=explained&note=").await;
    assert!(page.status == 422 && page.body.contains("DANCU-ALARM-004"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_alone_see_alarms_and_do_something_about_them() {
    let (house, id) = house_with_alarm().await;
    let path = format!("/operator/alarms/{id}");
    let looks = format!("{path}/looks");
    let doors = [("GET", path.as_str()), ("POST", path.as_str()), ("POST", looks.as_str())];
    for (who, expected) in [
        (Who::Nobody, 401),
        (Who::Citizen, 403),
        (Who::Receptionist, 403),
        (Who::Officer, 403),
        (Who::Operator, 200),
    ] {
        let cookie = house.cookie(who).await;
        for (method, door) in doors {
            let knock = house.knock(method, door).header("cookie", &cookie).header("accept", JSON);
            let answer = knock.header("content-type", FORM).send("step=take").await;
            assert_eq!(answer.status.as_u16(), expected, "{who:?} {method} {door}: {}", answer.body);
        }
    }
    let agency = house.agency("ngan-hang").await;
    assert_eq!(post(&house, &agency, &path, "step=take".to_owned()).await.status, 403);
    let operator = house.operator("kiem.tra").await;
    assert_eq!(post(&house, &operator, "/operator/alarms/x", "step=take".to_owned()).await.status, 404);
}
