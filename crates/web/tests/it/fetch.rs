//! Values that a contract agrees to tell.

use crate::house::{Answer, DEAD, HOA, House, JSON, Who};
use dancu_ledger::Record;
use serde_json::{Value, json};

async fn fetch(house: &House, client: &str, body: &Value) -> Answer {
    let bearer = house.bearer_of(client).await;
    let knock = house.knock("POST", "/v1/fetch").header("authorization", &bearer);
    knock.header("content-type", JSON).send(body.to_string()).await
}

fn person(number: &str, name: &str) -> Value {
    json!({ "number": number, "name": name, "birth_date": "1990-05-02" })
}

#[tokio::test]
async fn agreed_values_are_told_of_a_person_who_was_shown_to_be_meant_and_the_record_keeps_none() {
    let house = House::open().await;
    let asked = json!({ "person": person(HOA, "Nguyễn Văn Hòa"), "fields": ["phone", "residence", "birth_date", "old_number"] });
    let answer = fetch(&house, "insurer-core", &asked).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer = answer.json();
    assert_eq!(answer["answers"], json!({"name": "match", "birth_date": "match"}));
    let values = &answer["values"];
    assert_eq!((&values["birth_date"], &values["old_number"]), (&json!("1990-05-02"), &json!("012345678")));
    assert_eq!(values["residence"]["commune"], "00004");
    assert!(values["residence"]["line"].as_str().unwrap().contains("Hoàng Hoa Thám"), "{values}");
    assert_eq!(answer["card_status"], "in_force");
    let text = answer["receipt"]["record"].as_str().unwrap();
    for value in ["1990-05-02", "012345678", "Hoàng Hoa Thám"] {
        assert!(!text.contains(value), "the log holds no value: {text}");
    }
    let record: Record = serde_json::from_str(text).unwrap();
    let told =
        |field: &str| record.outcome.iter().find(|(name, _)| name == field).map(|(_, word)| word.as_str());
    assert_eq!(record.outcome.len(), record.asked.len());
    assert_eq!(
        ["name", "birth_date", "residence", "old_number"].map(told),
        [Some("match"), Some("told"), Some("told"), Some("told")]
    );
    let citizen = house.cookie(Who::Citizen).await;
    let page = house.knock("GET", "/citizen").header("cookie", &citizen).send("").await;
    assert!(page.body.contains("đã cho biết giá trị"), "the person reads that values were told");
}

#[tokio::test]
async fn a_number_alone_another_name_and_an_unknown_number_open_nothing_and_look_the_same() {
    let house = House::open().await;
    let mut seen = Vec::new();
    for number in ["001299000017", "001192000022", DEAD] {
        let asked = json!({ "person": person(number, "Nguyễn Văn Hòa"), "fields": ["phone", "residence"] });
        let mut answer = fetch(&house, "insurer-core", &asked).await.json();
        assert_eq!(answer["values"], Value::Null);
        answer["receipt"].take();
        seen.push(answer);
    }
    assert!(seen.iter().all(|answer| *answer == seen[0]), "{seen:?}");
    let alone = json!({ "person": { "number": HOA }, "fields": ["phone"] });
    assert_eq!(fetch(&house, "insurer-core", &alone).await.problem().1, "DANCU-EXCHANGE-022");
}

#[tokio::test]
async fn what_the_contract_does_not_agree_to_tell_is_refused() {
    let house = House::open().await;
    let ask = async |client: &str, fields: Value| {
        fetch(&house, client, &json!({ "person": person(HOA, "Nguyễn Văn Hòa"), "fields": fields }))
            .await
            .problem()
    };
    // The name may be compared, not told; the bank may compare only.
    assert_eq!(ask("insurer-core", json!(["name"])).await, (403, "DANCU-EXCHANGE-022".to_owned()));
    assert_eq!(ask("bank-core", json!(["birth_date"])).await, (403, "DANCU-EXCHANGE-140".to_owned()));
    for nothing in [json!([]), json!(["religion"]), json!(["card_status"]), json!(["history"])] {
        assert_eq!(ask("insurer-core", nothing).await, (422, "DANCU-EXCHANGE-033".to_owned()));
    }
    let doubled = json!({ "person": person(HOA, "Nguyễn Văn Hòa"), "fields": ["phone"], "more": 1 });
    assert_eq!(fetch(&house, "insurer-core", &doubled).await.status, 400);
    assert_eq!(house.state.ledger.size(), 0, "nothing was told");
}

#[tokio::test]
async fn a_contract_that_needs_consent_tells_no_value_without_it() {
    let house = House::open().await;
    let asked = json!({ "person": person(HOA, "Nguyễn Văn Hòa"), "fields": ["phone"] });
    let (status, code) = fetch(&house, "lender-core", &asked).await.problem();
    assert_eq!((status, code.as_str()), (403, "DANCU-EXCHANGE-027"), "as for whoever is unknown");
}
