//! The exchange over HTTP, as far as its pages do not show it.

use crate::house::{CARD, DEAD, FORM, HOA, HTML, House, JSON, Who, form, number};
use dancu_ledger::{Channel, Draft, Under};
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

/// The number itself tells the year, and of the old many registers know no more.
#[tokio::test]
async fn a_birth_year_alone_tells_nothing_of_those_whose_day_is_unknown() {
    let house = House::open().await;
    let bearer = house.bearer().await;
    for birth_date in ["1940", "1940-01-01"] {
        let mut answers = Vec::new();
        for asked in ["001040000090", DEAD] {
            let body = json!({ "number": asked, "birth_date": birth_date }).to_string();
            let knock = house.knock("POST", "/v1/verify").header("authorization", &bearer);
            let mut answer = knock.header("content-type", JSON).send(body).await.json();
            assert!(answer["receipt"].take().is_object());
            answers.push(answer);
        }
        assert_eq!(answers[0], answers[1], "{birth_date}");
    }
    let body = json!({ "number": DEAD, "name": "Lê Văn Cũ", "birth_date": "1940" }).to_string();
    let known = house.knock("POST", "/v1/verify").header("authorization", &bearer).send(body).await.json();
    assert_eq!((&known["answers"]["birth_date"], &known["life_status"]), (&json!("match"), &json!("dead")));
}

#[tokio::test]
async fn an_address_that_cannot_be_read_is_a_page_that_is_not_there() {
    let house = House::open().await;
    let citizen = house.cookie(Who::Citizen).await;
    for path in ["/citizen/receipts/%ff", "/log/%ff", "/assets/%ff/app.css"] {
        let knock = house.knock("GET", path).header("cookie", &citizen).header("accept", JSON);
        assert_eq!(knock.send("").await.problem(), (404, "DANCU-WEB-001".to_owned()), "{path}");
    }
    let page = house.knock("GET", "/citizen/receipts/%ff").header("cookie", &citizen).header("accept", HTML);
    assert!(page.send("").await.body.contains("Không có trang hoặc dữ liệu này"));
}

#[tokio::test]
async fn a_machine_is_told_of_a_wrong_method_too() {
    let house = House::open().await;
    for path in ["/v1/verify", "/oauth/token"] {
        let answer = house.knock("GET", path).send("").await;
        assert_eq!(answer.problem(), (405, "DANCU-WEB-010".to_owned()), "{path}");
        assert_eq!(answer.headers["allow"], "POST");
    }
}

#[tokio::test]
async fn the_public_log_names_no_file_of_ours() {
    let house = House::open().await;
    let log = &house.state.ledger;
    for _ in 0..256 {
        let draft = Draft {
            organisation_id: "a",
            organisation_name: "A",
            client: "a",
            subject: number(HOA),
            purpose: "a",
            legal_basis: "a",
            asked: vec![],
            outcome: vec![],
            channel: Channel::Api,
            reference: "",
            under: Under::default(),
        };
        log.disclose(draft, log.reserve("c", 256).unwrap()).await.unwrap();
    }
    house.state.public_log.publish().unwrap();
    // A full tile is read from its file, and this file cannot be read.
    let tile = house.path().join("log/tile/0/000");
    std::fs::remove_file(&tile).unwrap();
    std::fs::create_dir(&tile).unwrap();
    let answer = house.knock("GET", "/log/tile/0/000").send("").await;
    assert_eq!(answer.problem(), (503, "DANCU-WEB-013".to_owned()));
    assert!(!answer.body.contains("tile"), "{}", answer.body);
}

#[tokio::test]
async fn a_contract_that_wants_it_gets_its_answers_signed() {
    let mut whole: Value = serde_json::from_str(include_str!("connections.json")).unwrap();
    whole["contracts"][1]["signed_answers"] = json!(true);
    whole["clients"][1]["keys"] = json!([crate::house::public_key()]);
    let house = House::open_with(whole).await;
    let bearer = house.bearer().await;
    let body = json!({ "number": HOA, "name": "Nguyễn Văn Hòa" }).to_string();
    let answer = house.knock("POST", "/v1/verify").header("authorization", &bearer).send(body).await;
    assert_eq!(answer.headers["content-type"], "application/jwt");
    let keys = house.knock("GET", "/.well-known/dancu-answers-jwks.json").send("").await.json();
    let jwk = serde_json::from_value(keys["keys"][0].clone()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    validation.set_audience(&["bank-core"]);
    validation.set_issuer(&[house.state.public_origin.as_str().trim_end_matches('/')]);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    let key = jsonwebtoken::DecodingKey::from_jwk(&jwk).unwrap();
    let claims = jsonwebtoken::decode::<Value>(&answer.body, &key, &validation).unwrap().claims;
    assert_eq!(claims["answer"]["answers"]["name"], "match");
    let receipt: dancu_ledger::Receipt = serde_json::from_value(claims["answer"]["receipt"].clone()).unwrap();
    receipt.verify(house.state.ledger.verifier()).unwrap();
}

#[tokio::test]
async fn a_client_that_is_suspended_with_a_token_in_hand_learns_nothing_of_persons() {
    let mut whole: Value = serde_json::from_str(include_str!("connections.json")).unwrap();
    whole["contracts"][1]["commands_for_commune"] = json!("00004");
    whole["contracts"][1]["feed"] = json!({ "persons": "all" });
    whole["clients"][1]["keys"] = json!([crate::house::public_key()]);
    let mut suspended = whole["clients"][1].clone();
    suspended["suspended"] = json!("Sự cố");
    let house = House::open_with(whole).await;
    let bearer = house.bearer().await;
    let id = "01930000-0000-7000-8000-000000000001";
    let command = json!({
        "id": id, "taken_at": "2026-11-21T01:00:00Z", "actor": { "role": "officer", "id": "a", "commune": "00004" },
        "evidence": [], "command": { "command": "change_contact", "number": HOA, "phone": "0912345678", "on": "2026-11-21" },
    });
    let command = command.to_string();
    let event = format!("/v1/events/{id}");
    let question = json!({ "number": HOA, "name": "Nguyễn Văn Hòa" }).to_string();
    let doors = [
        ("POST", "/v1/verify", question.as_str()),
        ("POST", "/v1/commands", command.as_str()),
        ("GET", event.as_str(), ""),
        ("GET", "/v1/changes", ""),
    ];
    let sent =
        house.knock("POST", "/v1/commands").header("authorization", &bearer).send(command.clone()).await;
    assert_eq!(sent.json()["state"], "accepted", "{}", sent.body);
    let known = house.knock("GET", &event).header("authorization", &bearer).send("").await;
    assert_eq!(known.json()["event"]["persons"][0], HOA);
    house.connect(json!({ "clients": [suspended] })).await;
    for (method, path, body) in doors {
        let knock = house.knock(method, path).header("authorization", &bearer).header("content-type", JSON);
        let answer = knock.send(body.to_owned()).await;
        assert_eq!(answer.problem(), (401, "DANCU-EXCHANGE-020".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn every_door_that_is_described_is_there() {
    let house = House::open().await;
    let document = house.knock("GET", "/openapi.json").send("").await.json();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let status = house.knock(&method.to_uppercase(), path).send("").await.status.as_u16();
            assert!(!matches!(status, 404 | 405), "{method} {path}: {status}");
        }
    }
}

#[tokio::test]
async fn evidence_of_an_exchange_is_for_the_client_that_asked() {
    let house = House::open().await;
    let bearer = house.bearer().await;
    verify(&house, &bearer, HOA, "Nguyễn Văn Hòa").await;
    let desk = house.cookie(Who::Receptionist).await;
    let knock = house.knock("POST", "/reception").header("cookie", &desk).header("content-type", FORM);
    knock.send(form("scan", CARD)).await;
    assert_eq!(house.state.ledger.size(), 2, "the bank's question and the desk's");
    let get = async |index: &str, bearer: &str| {
        let path = format!("/v1/evidence/{index}");
        house.knock("GET", &path).header("authorization", bearer).send("").await
    };
    let theirs = get("0", &bearer).await;
    assert_eq!(
        (theirs.status.as_u16(), &theirs.headers["content-type"]),
        (200, &"application/zip".parse().unwrap())
    );
    for file in ["README.txt", "verify.sh", "record.json", "log-key.pem"] {
        assert!(theirs.body.contains(file), "{file}");
    }
    for index in ["1", "2", "x", "18446744073709551615", "-1"] {
        assert_eq!(get(index, &bearer).await.status, 404, "{index}");
    }
    assert_eq!(get("0", "Bearer nobody").await.status, 401);
}

#[tokio::test]
async fn checkpoints_are_asked_for_anew_each_time_and_tiles_are_kept() {
    let house = House::open().await;
    let bearer = house.bearer().await;
    verify(&house, &bearer, HOA, "Nguyễn Văn Hòa").await;
    let log = house.state.logs.own();
    log.publish().unwrap();
    log.show_cosigned(&log.checkpoint(), "", true).unwrap();
    for (path, caching) in [
        ("/log/checkpoint", "no-cache"),
        ("/log/cosigned", "no-cache"),
        ("/log/tile/0/000.p/1", "public, max-age=31536000, immutable"),
    ] {
        let answer = house.knock("GET", path).send("").await;
        assert_eq!(
            (answer.status.as_u16(), &answer.headers["cache-control"]),
            (200, &caching.parse().unwrap()),
            "{path}"
        );
    }
}
