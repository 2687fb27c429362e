//! Products: what a contract holds of them, what was used, what it costs, and that nothing else is answered.

use crate::house::{Answer, HOA, House, JSON, Who};
use serde_json::{Value, json};

/// The connections of the house, with other terms in the bank's contract.
fn connections(terms: &[(&str, Value)]) -> Value {
    let mut whole: Value = serde_json::from_str(include_str!("connections.json")).unwrap();
    for (key, value) in terms {
        whole["contracts"][1][*key] = value.clone();
    }
    whole
}

async fn ask(house: &House, path: &str, body: &Value) -> Answer {
    let bearer = house.bearer().await;
    let knock = house.knock("POST", path).header("authorization", &bearer);
    knock.header("content-type", JSON).send(body.to_string()).await
}

fn hoa() -> Value {
    json!({ "number": HOA, "name": "Nguyễn Văn Hòa" })
}

async fn products(house: &House) -> Value {
    let bearer = house.bearer().await;
    house.knock("GET", "/v1/products").header("authorization", &bearer).send("").await.json()
}

#[tokio::test]
async fn what_was_answered_is_counted_once_by_product_and_costs_the_price_of_its_day() {
    let house = House::open_with(connections(&[("fetch", json!(["birth_date"]))])).await;
    for _ in 0..3 {
        assert_eq!(ask(&house, "/v1/verify", &hoa()).await.status, 200);
    }
    let fetch = json!({ "person": hoa(), "fields": ["birth_date"] });
    let told = ask(&house, "/v1/fetch", &fetch).await.json();
    let record: Value = serde_json::from_str(told["receipt"]["record"].as_str().unwrap()).unwrap();
    assert_eq!(record["product"], "fetch");
    assert_eq!(ask(&house, "/v1/fetch", &json!({ "person": hoa(), "fields": ["name"] })).await.status, 403);
    for _ in 0..2 {
        let found = products(&house).await;
        // A verification answers the name and both statuses, the fetch one value beside them. A refusal costs nothing.
        let month = |product: &str, answers: u64, fields: u64| {
            json!({ "month": "2026-11", "product": product, "answers": answers, "fields": fields,
                    "cost_dong": fields * 1_000, "unpriced_fields": 0 })
        };
        assert_eq!(found["months"], json!([month("verify", 3, 9), month("fetch", 1, 4)]));
        assert_eq!((&found["counted"], &found["counted_of"]), (&json!(4), &json!(4)));
        let held = found["products"].as_array().unwrap();
        let of = |name: &str| held.iter().map(|one| one[name].clone()).collect::<Vec<_>>();
        assert_eq!(
            (of("product"), of("spdc")),
            (vec![json!("verify"), json!("fetch")], vec![json!("SPDC01"), json!("SPDC04")])
        );
        assert_eq!(of("dong_per_field"), [1_000, 1_000]);
    }
    let operator = house.cookie(Who::Operator).await;
    let page = house.knock("GET", "/operator/connections/hd-2").header("cookie", &operator);
    let twin = page.header("accept", JSON).send("").await.json();
    assert_eq!(twin["products"], products(&house).await, "the operators see the same");
    let agency = house.agency("ngan-hang").await;
    let page = house.knock("GET", "/agency/connections/hd-2").header("cookie", &agency).send("").await;
    assert!(page.body.contains("9.000") && page.body.contains("SPDC01"), "{}", page.body);
}

#[tokio::test]
async fn a_body_that_the_law_frees_pays_nothing_and_is_counted_all_the_same() {
    let house = House::open_with(connections(&[("price_exemption", json!("state_body"))])).await;
    assert_eq!(ask(&house, "/v1/verify", &hoa()).await.status, 200);
    let found = products(&house).await;
    let month = &found["months"][0];
    assert_eq!((&month["fields"], &month["cost_dong"]), (&json!(3), &json!(0)));
    assert_eq!(found["exemption"]["ground"], "state_body");
}

#[tokio::test]
async fn a_product_that_the_contract_does_not_name_is_refused_by_its_own_code() {
    let terms = [("products", json!(["fetch"])), ("fetch", json!(["birth_date"]))];
    let house = House::open_with(connections(&terms)).await;
    assert_eq!(ask(&house, "/v1/verify", &hoa()).await.problem(), (403, "DANCU-EXCHANGE-140".to_owned()));
    let fetch = json!({ "person": hoa(), "fields": ["birth_date"] });
    assert_eq!(ask(&house, "/v1/fetch", &fetch).await.status, 200);
    assert_eq!(house.state.ledger.size(), 1);
    let operator = house.cookie(Who::Operator).await;
    let knock = house.knock("GET", "/operator/live").header("cookie", &operator);
    let refused = knock.header("accept", JSON).send("").await.json();
    assert!(refused.to_string().contains(r#""product_outside_contract":1"#), "{refused}");
}

#[tokio::test]
async fn every_product_names_a_door_and_schemas_that_are_there() {
    let house = House::open().await;
    let document = house.knock("GET", "/openapi.json").send("").await.json();
    for product in dancu_exchange::Product::ALL {
        let entry = &product.on(jiff::civil::date(2026, 11, 22)).unwrap().value;
        assert!(document["paths"].get(&entry.path).is_some(), "{}", entry.path);
        for schema in entry.request_schema.iter().chain([&entry.answer_schema]) {
            assert!(document["components"]["schemas"].get(schema).is_some(), "{schema}");
        }
    }
}
