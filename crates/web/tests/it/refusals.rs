//! What is malformed, too large, from elsewhere, or sent twice.

use crate::house::{CARD, DEAD, FORM, HTML, House, JSON, Who, form};
use serde_json::json;

async fn scan(house: &House, cookie: &str, text: &str) -> crate::house::Answer {
    let body = json!({ "scan": text }).to_string();
    let knock = house.knock("POST", "/reception").header("cookie", cookie).header("accept", JSON);
    knock.header("content-type", JSON).send(body).await
}

#[tokio::test]
async fn each_malformed_code_has_its_own_answer_and_is_not_repeated() {
    let house = House::open().await;
    let desk = house.cookie(Who::Receptionist).await;
    let fields: Vec<&str> = CARD.split('|').collect();
    for (text, code) in [
        (String::new(), "DANCU-CARDS-001"),
        ("9".repeat(3000), "DANCU-CARDS-002"),
        ("https://example.com/BIMAT".to_owned(), "DANCU-CARDS-003"),
        ("IDVNM0900000174001090000017<<5".to_owned(), "DANCU-CARDS-004"),
        (fields[..5].join("|"), "DANCU-CARDS-005"),
        (CARD.replace("02051990", "BIMAT"), "DANCU-CARDS-006"),
    ] {
        let answer = scan(&house, &desk, &text).await;
        assert_eq!(answer.problem(), (422, code.to_owned()));
        let page = house.knock("POST", "/reception").header("cookie", &desk).header("accept", HTML);
        let page = page.header("content-type", FORM).send(form("scan", &text)).await;
        assert_eq!(page.status, 422);
        assert!(page.body.contains(code), "{code}");
        for repeated in ["BIMAT", "Nguyễn Văn Hòa", "IDVNM"] {
            assert!(!page.body.contains(repeated) && !answer.body.contains(repeated), "{code}");
        }
    }
    assert_eq!(house.state.ledger.size(), 0, "nothing that cannot be read is asked");
    let six = scan(&house, &desk, &[&fields[..1], &fields[2..]].concat().join("|")).await;
    assert!(six.json()["check"]["notice"]["en"].as_str().unwrap().contains("6 fields"));
    let longer = scan(&house, &desk, &format!("{CARD}|Cha|Mẹ")).await;
    assert!(longer.json()["check"]["notice"]["en"].as_str().unwrap().contains("9 fields"));
}

#[tokio::test]
async fn admitted_twice_is_one_visit_and_a_made_up_slip_none() {
    let house = House::open().await;
    let desk = house.cookie(Who::Receptionist).await;
    let found = scan(&house, &desk, CARD).await.json();
    let slip = found["check"]["id"].as_str().unwrap();
    let mut numbers = Vec::new();
    for _ in 0..2 {
        let knock = house.knock("POST", "/reception/admit").header("cookie", &desk).header("accept", JSON);
        let answer = knock.header("content-type", FORM).send(form("check", slip)).await;
        numbers.push(answer.json()["admitted"]["number"].clone());
        assert_eq!(answer.json()["visits_total"], 1);
    }
    assert_eq!(numbers, [1, 1]);
    let knock = house.knock("POST", "/reception/admit").header("cookie", &desk).header("accept", JSON);
    let answer = knock.header("content-type", FORM).send(form("check", &slip.replace('e', "f"))).await;
    assert_eq!(answer.problem(), (409, "DANCU-RECEPTION-001".to_owned()));
    let dead = format!("{DEAD}||Lê Văn Cũ|1940|Nam|x|01012020");
    assert!(scan(&house, &desk, &dead).await.json()["check"]["id"].is_null());
}

#[tokio::test]
async fn the_desks_daily_limit_ends_with_a_clear_answer() {
    let house = House::open().await;
    let desk = house.cookie(Who::Receptionist).await;
    for _ in 0..9 {
        assert_eq!(scan(&house, &desk, CARD).await.status, 200);
    }
    let answer = scan(&house, &desk, CARD).await;
    assert_eq!(answer.problem(), (429, "DANCU-EXCHANGE-023".to_owned()));
    // From nine in the morning to midnight in Viet Nam.
    assert_eq!(answer.headers["retry-after"], "54000");
    house.clock.advance(jiff::SignedDuration::from_hours(15));
    let next_day = house.cookie(Who::Receptionist).await;
    assert_eq!(scan(&house, &next_day, CARD).await.status, 200);
}

#[tokio::test]
async fn large_bodies_and_other_sites_are_refused_at_the_door() {
    let house = House::open().await;
    let operator = house.cookie(Who::Operator).await;
    for (path, bytes_max) in
        [("/reception", 16 * 1024), ("/officer/codes", 16 * 1024), ("/operator/connections", 256 * 1024)]
    {
        let who = match path {
            "/reception" => Who::Receptionist,
            "/officer/codes" => Who::Officer,
            _ => Who::Operator,
        };
        let cookie = house.cookie(who).await;
        let knock = house.knock("POST", path).header("cookie", &cookie).header("accept", JSON);
        let answer = knock.header("content-type", FORM).send("x".repeat(bytes_max + 1)).await;
        assert_eq!(answer.problem(), (413, "DANCU-WEB-006".to_owned()), "{path}");
    }
    let knock =
        house.knock("POST", "/operator/connections").header("cookie", &operator).header("accept", JSON);
    let answer = knock.header("sec-fetch-site", "cross-site").header("content-type", JSON).send("{}").await;
    assert_eq!(answer.problem(), (403, "DANCU-WEB-004".to_owned()));
}

#[tokio::test]
async fn broken_json_is_told_its_place_and_not_its_values() {
    let house = House::open().await;
    let desk = house.cookie(Who::Receptionist).await;
    for body in [r#"{"scan": 42}"#, r#"{"scan": "BIMAT"#, r#"{"other": "BIMAT"}"#, "BIMAT"] {
        let knock = house.knock("POST", "/reception").header("cookie", &desk).header("accept", JSON);
        let answer = knock.header("content-type", JSON).send(body).await;
        assert_eq!(answer.problem(), (400, "DANCU-WEB-005".to_owned()), "{body}");
        assert!(!answer.body.contains("BIMAT") && !answer.body.contains("42"), "{}", answer.body);
    }
}

#[tokio::test]
async fn connections_take_effect_at_once_or_not_at_all() {
    let house = House::open().await;
    let operator = house.cookie(Who::Operator).await;
    let put = async |document: serde_json::Value| {
        let knock =
            house.knock("PUT", "/operator/connections").header("cookie", &operator).header("accept", JSON);
        knock.header("content-type", JSON).send(document.to_string()).await
    };
    let client = json!({"id": "school-core", "organisation": "school"});
    let answer = put(json!({"clients": [client]})).await;
    assert_eq!(answer.problem(), (422, "DANCU-EXCHANGE-040".to_owned()));
    assert!(house.state.directory.caller(&"school-core".parse().unwrap()).is_none());
    let answer = put(json!({
        "organisations": [{"id": "school", "name_vi": "Trường", "name_en": "School"}],
        "clients": [client],
        "contracts": [{"id": "hd-9", "client": "school-core", "legal_basis": "Luật", "purpose_vi": "a", "purpose_en": "b",
            "fields": ["name"], "daily_limit": 5, "per_second_max": 5, "valid_from": "2026-01-01"}],
    }))
    .await;
    assert_eq!(answer.json(), json!({"organisations": 1, "clients": 1, "contracts": 1}));
    assert!(house.state.directory.caller(&"school-core".parse().unwrap()).is_some());
    assert_eq!(put(json!({"contracts": [{"id": 1}]})).await.problem(), (400, "DANCU-WEB-024".to_owned()));
}

#[tokio::test]
async fn codes_are_for_the_living_who_are_in_the_register() {
    let house = House::open().await;
    let officer = house.cookie(Who::Officer).await;
    for (number, expected) in [
        (DEAD, (409, "DANCU-WEB-022")),
        ("001299000017", (422, "DANCU-WEB-023")),
        ("12", (422, "DANCU-CORE-001")),
    ] {
        let knock = house.knock("POST", "/officer/codes").header("cookie", &officer).header("accept", JSON);
        let (status, code) = knock.header("content-type", FORM).send(form("number", number)).await.problem();
        assert_eq!((status, code.as_str()), expected);
    }
    assert_eq!(house.state.ledger.size(), 2, "both looks are in the log, though neither gave a code");
}

#[tokio::test]
async fn a_desk_that_went_to_another_organisation_is_not_taken_along() {
    let connections = serde_json::from_str(include_str!("connections.json")).unwrap();
    let house = House::open_drafts(connections).await;
    let desk = house.cookie(Who::Receptionist).await;
    // Beyond its sandbox no client goes anywhere.
    house.connect(json!({"clients": [{"id": "hospital-desk", "organisation": "ngan-hang"}]})).await;
    dancu_testkit::make_official(house.state.life.store(), &house.state.directory, house.state.clock.now())
        .await;
    let knock = house.knock("GET", "/reception").header("cookie", &desk).header("accept", JSON);
    assert_eq!(knock.send("").await.problem(), (503, "DANCU-WEB-020".to_owned()));
    assert_eq!(scan(&house, &desk, CARD).await.problem(), (503, "DANCU-WEB-020".to_owned()));
    assert_eq!(house.state.ledger.size(), 0);
}
