//! Courts' orders: two hands enter and lift one, and what stands behind it appears by itself afterwards.

use crate::house::{Answer, CARD, FORM, HOA, HTML, House, JSON, Who, form};
use jiff::SignedDuration;
use serde_json::{Value, json};

async fn post(house: &House, cookie: &str, path: &str, body: String) -> Answer {
    let knock = house.knock("POST", path).header("cookie", cookie).header("accept", JSON);
    knock.header("content-type", FORM).send(body).await
}

fn paper(changes: &[(&str, &str)]) -> String {
    let mut fields = vec![
        ("number", HOA),
        ("contract", "hd-2"),
        ("court", "TAND thành phố Thử"),
        ("order_number", "12/2026/QĐ"),
        ("from", "2026-11-21"),
        ("until", "2026-11-24"),
    ];
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    fields.iter().map(|(name, value)| form(name, value)).collect::<Vec<_>>().join("&")
}

async fn enter(house: &House, by: &str, changes: &[(&str, &str)]) -> Answer {
    let cookie = house.operator(by).await;
    post(house, &cookie, "/operator/orders", paper(changes)).await
}

async fn step(house: &House, by: &str, id: &Value, step: &str, note: &str) -> Answer {
    let cookie = house.operator(by).await;
    let path = format!("/operator/orders/{}", id.as_str().unwrap());
    post(house, &cookie, &path, format!("step={step}&{}", form("note", note))).await
}

/// An order that stands: one officer entered it, another confirmed it.
async fn standing(house: &House) -> Value {
    let entered = enter(house, "an.nguyen", &[]).await;
    assert_eq!(entered.status, 201, "{}", entered.body);
    let id = entered.json()["id"].clone();
    let confirmed = step(house, "binh.tran", &id, "confirm", "").await.json();
    assert_eq!((&confirmed["state"], &confirmed["stands"]), (&json!("standing"), &json!(true)));
    id
}

async fn verify(house: &House) -> Value {
    let bearer = house.bearer().await;
    let body = json!({ "number": HOA, "name": "Nguyễn Văn Hòa" }).to_string();
    let answer = house.knock("POST", "/v1/verify").header("authorization", &bearer).send(body).await.json();
    serde_json::from_str(answer["receipt"]["record"].as_str().unwrap()).unwrap()
}

async fn citizen(house: &House, path: &str, accept: &str) -> Answer {
    let cookie = house.cookie(Who::Citizen).await;
    house.knock("GET", path).header("cookie", &cookie).header("accept", accept).send("").await
}

async fn seen(house: &House) -> Vec<u64> {
    let page = citizen(house, "/citizen", JSON).await.json();
    page["looks"].as_array().unwrap().iter().map(|look| look["index"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn while_an_order_stands_a_look_is_in_the_log_and_leaves_no_trace_for_the_person() {
    let house = House::open().await;
    assert_eq!(verify(&house).await.get("order"), None);
    let id = standing(&house).await;
    assert_eq!(verify(&house).await["order"], id);
    let desk = house.cookie(Who::Receptionist).await;
    assert_eq!(post(&house, &desk, "/reception", form("scan", CARD)).await.status, 200);
    assert_eq!(house.state.ledger.size(), 3, "in the log from the first second");
    assert_eq!(seen(&house).await, [2, 0], "another contract's look is seen, and the one of before");
    assert!(!citizen(&house, "/citizen", HTML).await.body.contains("QĐ"));
    for kind in ["receipts", "evidence"] {
        let hidden = citizen(&house, &format!("/citizen/{kind}/1"), JSON).await;
        let nowhere = citizen(&house, &format!("/citizen/{kind}/77"), JSON).await;
        assert_eq!((hidden.status, &hidden.body), (nowhere.status, &nowhere.body), "{kind}");
    }
    let mine = house.cookie(Who::Citizen).await;
    let complain = async |leaf: u64| {
        post(&house, &mine, "/citizen/requests", format!("kind=complaint&leaf={leaf}")).await
    };
    assert_eq!(complain(1).await.body, complain(77).await.body);
    // Its first day without: midnight before 24 November; nobody does anything.
    house.clock.advance(SignedDuration::from_hours(24 + 24 + 15) - SignedDuration::from_secs(1));
    assert_eq!(seen(&house).await, [2, 0], "the last second before");
    house.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(seen(&house).await, [2, 1, 0]);
    let page = citizen(&house, "/citizen", HTML).await;
    assert!(page.body.contains("12/2026/QĐ") && page.body.contains("TAND thành phố Thử"));
    assert_eq!(citizen(&house, "/citizen/receipts/1", JSON).await.status, 200);
    assert_eq!(verify(&house).await.get("order"), None, "what follows is seen at once");
    assert_eq!(step(&house, "an.nguyen", &id, "put_away", "").await.json()["state"], "over");
}

#[tokio::test]
async fn entering_and_lifting_take_two_persons_and_every_step_is_kept() {
    let house = House::open().await;
    let entered = enter(&house, "an.nguyen", &[]).await.json();
    let id = &entered["id"];
    verify(&house).await;
    assert_eq!(seen(&house).await, [0], "one hand withholds nothing");
    let not_now = (409, "DANCU-EXCHANGE-156".to_owned());
    assert_eq!(step(&house, "an.nguyen", id, "confirm", "").await.problem(), not_now);
    assert_eq!(step(&house, "binh.tran", id, "confirm", "").await.status, 200);
    verify(&house).await;
    assert_eq!(seen(&house).await, [0]);
    assert_eq!(step(&house, "an.nguyen", id, "lift", "").await.problem(), not_now);
    assert_eq!(step(&house, "an.nguyen", id, "ask_lift", " ").await.problem().1, "DANCU-EXCHANGE-153");
    assert_eq!(step(&house, "an.nguyen", id, "ask_lift", "Tòa án đã gỡ").await.status, 200);
    assert_eq!(seen(&house).await, [0], "it still stands");
    assert_eq!(step(&house, "an.nguyen", id, "lift", "").await.problem(), not_now);
    let lifted = step(&house, "binh.tran", id, "lift", "").await.json();
    assert_eq!(seen(&house).await, [1, 0], "it appears by itself");
    let told: Vec<_> = lifted["moves"].as_array().unwrap().iter().map(|one| one["by"].clone()).collect();
    assert_eq!(told, ["an.nguyen", "binh.tran", "an.nguyen", "binh.tran"]);
    let operator = house.operator("an.nguyen").await;
    let list = async |path: &str| {
        let knock = house.knock("GET", path).header("cookie", &operator).header("accept", JSON);
        knock.send("").await.json()["orders"].as_array().unwrap().len()
    };
    assert_eq!((list("/operator/orders").await, list("/operator/orders?list=closed").await), (0, 1));
}

#[tokio::test]
async fn an_order_names_a_contract_that_may_be_withheld_and_days_that_end() {
    let house = House::open().await;
    for (changes, code) in [
        (&[("number", "1")][..], "DANCU-EXCHANGE-151"),
        (&[("contract", "hd-4")], "DANCU-EXCHANGE-152"),
        (&[("contract", "hd-30")], "DANCU-EXCHANGE-152"),
        (&[("contract", "nothing")], "DANCU-EXCHANGE-152"),
        (&[("court", "")], "DANCU-EXCHANGE-153"),
        (&[("order_number", HOA)], "DANCU-EXCHANGE-153"),
        (&[("until", "2026-11-21")], "DANCU-EXCHANGE-154"),
        (&[("until", "2027-05-21")], "DANCU-EXCHANGE-154"),
        (&[("from", "2026-01-01"), ("until", "2026-02-01")], "DANCU-EXCHANGE-154"),
    ] {
        assert_eq!(
            enter(&house, "an.nguyen", changes).await.problem(),
            (422, code.to_owned()),
            "{changes:?}"
        );
    }
    assert_eq!(enter(&house, "an.nguyen", &[("until", "2027-05-20")]).await.status, 201);
    assert_eq!(enter(&house, "an.nguyen", &[]).await.problem(), (409, "DANCU-EXCHANGE-155".to_owned()));
    // Of a number that nobody has an order is entered like any other: the register is not looked at.
    assert_eq!(enter(&house, "an.nguyen", &[("number", "001299000017")]).await.status, 201);
    let operator = house.operator("an.nguyen").await;
    let knock =
        house.knock("POST", "/operator/orders").header("cookie", &operator).header("content-type", FORM);
    let page = knock.send(paper(&[("court", "")])).await;
    assert!(page.status == 422 && page.body.contains("DANCU-EXCHANGE-153"), "the page tells it too");
}

#[tokio::test]
async fn orders_are_for_the_officers_of_the_centre() {
    let house = House::open().await;
    for (who, expected) in [
        (Who::Nobody, [401, 401, 401]),
        (Who::Enrolling, [403, 403, 403]),
        (Who::Citizen, [403, 403, 403]),
        (Who::Receptionist, [403, 403, 403]),
        (Who::Officer, [403, 403, 403]),
        (Who::SealedOfficer, [403, 403, 403]),
        (Who::Operator, [200, 422, 404]),
    ] {
        let cookie = house.cookie(who).await;
        let knock = house.knock("GET", "/operator/orders").header("cookie", &cookie).header("accept", JSON);
        let list = knock.send("").await.status.as_u16();
        let enter =
            post(&house, &cookie, "/operator/orders", paper(&[("number", "1")])).await.status.as_u16();
        let step = post(&house, &cookie, "/operator/orders/x", "step=confirm".to_owned()).await;
        assert_eq!([list, enter, step.status.as_u16()], expected, "{who:?}");
    }
    let agency = house.agency("ngan-hang").await;
    assert_eq!(post(&house, &agency, "/operator/orders", paper(&[])).await.status, 403);
}
