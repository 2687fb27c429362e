//! Why a question is answered or refused: every policy is shown with what it says, and nothing is asked.

use crate::house::{House, JSON, Who};
use serde_json::{Value, json};

async fn why(house: &House, who: Who, query: &str, accept: &str) -> (u16, String) {
    let cookie = house.cookie(who).await;
    let path = format!("/operator/contracts/hd-31/why{query}");
    let answer = house.knock("GET", &path).header("cookie", &cookie).header("accept", accept).send("").await;
    (answer.status.as_u16(), answer.body)
}

async fn twin(house: &House, query: &str) -> Value {
    let (status, body) = why(house, Who::Operator, query, JSON).await;
    assert_eq!(status, 200, "{body}");
    serde_json::from_str::<Value>(&body).unwrap()["explained"].take()
}

fn forbidding(explained: &Value) -> Vec<&str> {
    let policies = explained["policies"].as_array().unwrap().iter();
    policies.filter(|policy| policy["forbids"] == true).map(|policy| policy["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn each_policy_says_whether_it_forbids_a_question() {
    let house = House::open().await;
    assert_eq!(twin(&house, "").await, Value::Null, "nothing was asked yet");
    let allowed = twin(&house, "?product=fetch&given=name&wanted=phone").await;
    assert_eq!((&allowed["allowed"], forbidding(&allowed)), (&json!(true), vec![]));
    let refused = twin(&house, "?product=fetch&given=sex&wanted=phone").await;
    assert_eq!(refused["refused"], "field_outside_contract");
    assert_eq!(forbidding(&refused), ["fields-given", "identified-to-compare", "identified-to-tell"]);
    let refused = twin(&house, "?product=age_attestation&given=name&claim=age_at_least:18").await;
    assert_eq!(refused["refused"], "product_outside_contract");
    assert_eq!(forbidding(&refused), ["product", "age"]);
}

#[tokio::test]
async fn the_page_shows_the_policy_itself_in_both_languages() {
    let house = House::open().await;
    let (status, html) =
        why(&house, Who::Operator, "?product=fetch&given=name&wanted=name", "text/html").await;
    assert_eq!(status, 200);
    for text in ["Bị từ chối", "Hỏi trường ngoài hợp đồng", "resource.fetch.containsAll(context.wanted)"]
    {
        assert!(html.contains(text), "{text} is not on the page: {html}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_said_at_its_field_and_others_see_nothing() {
    let house = House::open().await;
    for (query, field) in [
        ("?product=age_attestation&claim=old", "claim"),
        ("?product=household_check&persons=0", "persons"),
        ("?product=household_check&persons=99999999999999999999", "persons"),
    ] {
        let (status, body) = why(&house, Who::Operator, query, JSON).await;
        assert!(status == 422 && body.contains("DANCU-WEB-094") && body.contains(field), "{status} {body}");
    }
    for query in ["?product=everything", "?product=verify&given=religion", "?product=fetch&wanted=%00"] {
        assert_eq!(why(&house, Who::Operator, query, JSON).await.0, 422, "{query}");
    }
    assert_eq!(why(&house, Who::Citizen, "?product=verify&given=name", JSON).await.0, 403);
}
