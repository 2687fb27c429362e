//! The exchange over HTTP, as far as its pages do not show it.

use crate::house::{HOA, House, JSON};
use serde_json::{Value, json};

async fn verify(house: &House, bearer: &str, number: &str, name: &str) -> Value {
    let body = json!({ "number": number, "name": name, "birth_date": "1990-05-02" });
    let knock =
        house.knock("POST", "/v1/verify").header("authorization", bearer).header("content-type", JSON);
    let answer = knock.send(body.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

#[tokio::test]
async fn an_unknown_number_and_another_persons_look_the_same() {
    let house = House::open().await;
    let bearer = house.bearer().await;
    let mut answers = Vec::new();
    // The first number is nobody's; the second is a woman's of another name, born on another day.
    for number in ["001299000017", "001192000022"] {
        let mut answer = verify(&house, &bearer, number, "Nguyễn Văn Hòa").await;
        assert!(answer["receipt"].take().is_object());
        answers.push(answer);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0]["card_status"], "not_confirmed");
    let known = verify(&house, &bearer, HOA, "NGUYEN VAN HOA").await;
    assert_eq!(known["answers"]["name"], "match_without_diacritics");
    assert_eq!(known["card_status"], "in_force");
}
