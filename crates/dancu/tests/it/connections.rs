//! Contracts as their clients meet them: limits, fields, and what an unknown number looks like.

use crate::support::{client::question, country::World};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Answers a day of the client `small`; see [`crate::support::country::CLIENTS`].
const SMALL_LIMIT: u64 = 3;

#[test]
fn a_used_up_limit_is_told_until_midnight_and_others_are_answered() {
    let world = World::new();
    let server = world.start();
    let (small, calm) = (world.token(&server, "small"), world.token(&server, "calm"));
    let mut connection = server.connect();
    let question = question(&world.people()[0]);
    for _ in 0..SMALL_LIMIT {
        assert_eq!(connection.verify(&small, &question).unwrap().status, 200);
    }
    for _ in 0..3 {
        let refused = connection.verify(&small, &question).unwrap();
        refused.is_problem(429, "DANCU-EXCHANGE-023");
        assert!(refused.retry_after_s().is_some_and(|seconds| (1..=86_400).contains(&seconds)));
        assert_eq!(connection.verify(&calm, &question).unwrap().status, 200);
    }
    server.stop();
    let server = world.start();
    let refused = server.connect().verify(&small, &question).unwrap();
    refused.is_problem(429, "DANCU-EXCHANGE-023");
    server.stop();
    assert_eq!(world.read_log().counted("contract-small").values().sum::<u64>(), SMALL_LIMIT);
}

#[test]
fn a_value_that_cannot_be_read_and_a_field_outside_the_contract_use_up_nothing() {
    let world = World::new();
    let server = world.start();
    let token = world.token(&server, "small");
    let mut connection = server.connect();
    let person = &world.people()[0];
    for (body, status, code) in [
        (json!({"number": "12", "name": "A"}), 422, "DANCU-CORE-001"),
        (json!({"number": person.number, "sex": "M"}), 403, "DANCU-EXCHANGE-022"),
        (
            json!({"number": person.number, "name": person.name, "phone": "0900000000"}),
            403,
            "DANCU-EXCHANGE-022",
        ),
        (json!({"number": person.number}), 403, "DANCU-EXCHANGE-022"),
        (json!({"number": person.number, "religion": "x"}), 400, "DANCU-WEB-005"),
        (json!([]), 400, "DANCU-WEB-005"),
    ] {
        let answer = connection.verify(&token, &body).unwrap();
        answer.is_problem(status, code);
        assert!(!answer.text().contains(&person.number) && !answer.text().contains(&person.name));
    }
    for _ in 0..SMALL_LIMIT {
        assert_eq!(connection.verify(&token, &question(person)).unwrap().status, 200);
    }
    server.stop();
    assert_eq!(world.read_log().size(), SMALL_LIMIT);
}

#[test]
fn a_token_answers_under_the_contract_of_its_own_client_only() {
    let world = World::new();
    let server = world.start();
    let (wide, calm) = (world.token(&server, "wide"), world.token(&server, "calm"));
    let person = &world.people()[0];
    let with_sex = json!({"number": person.number, "name": person.name, "sex": "M"});
    let mut connection = server.connect();
    for (token, status) in [(&wide, 200), (&calm, 403), (&wide, 200), (&calm, 403)] {
        assert_eq!(connection.verify(token, &with_sex).unwrap().status, status);
    }
    for (token, client) in [(&calm, "calm"), (&wide, "wide")] {
        let answer = connection.verify(token, &question(person)).unwrap().json();
        let record: Value = serde_json::from_str(answer["receipt"]["record"].as_str().unwrap()).unwrap();
        assert!(record.to_string().contains(&format!("contract-{client}")), "{record}");
        assert_eq!(answer.get("card_status").is_some(), client == "wide", "{answer}");
    }
    server.stop();
    let log = world.read_log();
    let used = |contract: &str| log.counted(contract).values().sum::<u64>();
    assert_eq!((used("contract-wide"), used("contract-calm"), log.size()), (3, 1, 4));
}

/// Valid numbers that no person of the country has.
fn unknown_numbers(world: &World) -> Vec<String> {
    let text = std::fs::read_to_string(world.path("people.csv")).unwrap();
    let known: BTreeSet<&str> = text.lines().skip(1).map(|line| &line[..12]).collect();
    let people = world.people();
    let numbers = people.iter().filter_map(|person| {
        let last: u32 = person.number[6..].parse().unwrap();
        let number = format!("{}{:06}", &person.number[..6], (last + 1) % 1_000_000);
        (!known.contains(number.as_str())).then_some(number)
    });
    numbers.take(20).collect()
}

/// The answer without its receipt, and its bytes with every receipt's own bytes taken out.
fn told(body: &[u8]) -> (Value, usize) {
    let mut answer: Value = serde_json::from_slice(body).unwrap();
    let receipt = answer.as_object_mut().unwrap().remove("receipt").unwrap();
    let record = receipt["record"].as_str().unwrap().to_owned();
    (answer, record.len())
}

#[test]
fn an_unknown_number_and_another_persons_number_look_the_same() {
    let world = World::new();
    let server = world.start();
    let token = world.token(&server, "wide");
    let mut connection = server.connect();
    let people = world.people();
    let asked = |number: &str| json!({"number": number, "name": "Không Có Người Này", "birth_date": "1899-01-01", "sex": "F"});
    let unknown = unknown_numbers(&world);
    assert!(unknown.len() >= 10);
    let mut seen = BTreeSet::new();
    for number in unknown.iter().chain(people.iter().take(20).map(|person| &person.number)) {
        let answer = connection.verify(&token, &asked(number)).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        let (answer, record_length) = told(&answer.body);
        seen.insert((answer.to_string(), record_length));
    }
    assert_eq!(seen.len(), 1, "{seen:?}");
    let (answer, _) = seen.first().unwrap();
    let answer: Value = serde_json::from_str(answer).unwrap();
    assert_eq!(answer["answers"], json!({"name": "differs", "birth_date": "differs", "sex": "differs"}));
    assert_eq!(
        (&answer["card_status"], &answer["life_status"]),
        (&json!("not_confirmed"), &json!("not_confirmed"))
    );
    assert_eq!(answer.get("known"), None);
    server.stop();
}
