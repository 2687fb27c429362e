//! Products: what a contract holds of them, what was used, what it costs, and that nothing else is answered.

use crate::house::{Answer, CARD, FORM, HOA, House, JSON, Who, form, public_key};
use dancu_exchange::{Product, Stage};
use dancu_testkit::bring_to;
use serde_json::{Value, json};

/// The connections of the house, with other terms in the bank's contract.
fn connections(terms: &[(&str, Value)]) -> Value {
    let mut whole: Value = serde_json::from_str(include_str!("connections.json")).unwrap();
    whole["clients"][1]["keys"] = json!([public_key()]);
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
    for product in Product::ALL {
        let entry = &product.on(jiff::civil::date(2026, 11, 22)).unwrap().value;
        // A file is handed to the operator, who has a command for it and no door.
        let is_command = entry.path == "dancu reconcile";
        assert!(is_command || document["paths"].get(&entry.path).is_some(), "{}", entry.path);
        for schema in entry.request_schema.iter().chain([&entry.answer_schema]) {
            assert!(document["components"]["schemas"].get(schema).is_some(), "{schema}");
        }
    }
}

/// A contract with every product whose answers are of one person or a few.
fn every_product() -> Vec<(&'static str, Value)> {
    vec![
        ("fields", json!(["name", "birth_date", "card_status"])),
        ("fetch", json!(["birth_date"])),
        ("attest", json!({ "ages": [18, 60], "places": ["01", "79", "00004"] })),
        ("household", json!({ "persons_max": 3 })),
        ("feed", json!({ "persons": "disclosed" })),
        ("statistics", json!({ "area": "country" })),
    ]
}

fn claim(claim: &Value) -> Value {
    json!({ "person": hoa(), "claim": claim })
}

fn lan() -> Value {
    json!({ "number": "001192000022", "name": "Trần Thị Lan" })
}

#[tokio::test]
async fn a_claim_is_answered_with_yes_or_no_and_the_person_reads_it_but_no_value_leaves() {
    let house = House::open_with(connections(&every_product())).await;
    for (asked, expected) in [
        (json!({ "age_at_least": 18 }), "yes"),
        (json!({ "age_at_least": 60 }), "no"),
        (json!({ "lives_in": "01" }), "yes"),
        (json!({ "lives_in": "00004" }), "yes"),
        (json!({ "lives_in": "79" }), "no"),
    ] {
        let answer = ask(&house, "/v1/attest", &claim(&asked)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(!answer.body.contains("1990") && !answer.body.contains("Hoàng Hoa Thám"), "{}", answer.body);
        let answer = answer.json();
        assert_eq!((&answer["claim"], &answer["answer"]), (&asked, &json!(expected)));
        let record: Value = serde_json::from_str(answer["receipt"]["record"].as_str().unwrap()).unwrap();
        assert_eq!(record["outcome"][0][1], expected);
        assert_eq!(record["asked"].as_array().unwrap().len(), 1, "the claim and nothing else");
    }
    let citizen = house.cookie(Who::Citizen).await;
    let page = house
        .knock("GET", "/citizen")
        .header("cookie", &citizen)
        .header("accept", JSON)
        .send("")
        .await
        .json();
    let read = |index: usize| {
        let look = &page["looks"][index];
        (
            look["fields"][0]["label"]["vi"].clone(),
            look["fields"][0]["answer_words"]["vi"].clone(),
            look["product"]["vi"].clone(),
        )
    };
    assert_eq!(read(4), (json!("Từ đủ 18 tuổi trở lên"), json!("có"), json!("Xác nhận độ tuổi")));
    assert_eq!(read(0).0, "Cư trú tại Thành phố Hồ Chí Minh");
    let used = products(&house).await;
    assert_eq!(used["months"][0]["cost_dong"], 2_000, "two claims of one field each");
}

#[tokio::test]
async fn of_whoever_is_unknown_another_or_dead_nothing_is_attested_and_all_look_the_same() {
    let house = House::open_with(connections(&every_product())).await;
    let mut seen = Vec::new();
    // Nobody's number, another person's, and one of whom only the year is known.
    for number in ["001299000017", "001192000022", "001040000038"] {
        for asked in [json!({ "age_at_least": 18 }), json!({ "lives_in": "01" })] {
            let person = json!({ "number": number, "name": "Nguyễn Văn Hòa" });
            let mut answer =
                ask(&house, "/v1/attest", &json!({ "person": person, "claim": asked })).await.json();
            assert!(answer["receipt"].take().is_object());
            answer["claim"].take();
            seen.push(answer);
        }
    }
    assert_eq!(seen[0]["answer"], "not_confirmed");
    assert!(seen.iter().all(|answer| *answer == seen[0]), "{seen:?}");
    let dead = json!({ "person": { "number": "001040000038", "name": "Lê Văn Cũ" }, "claim": { "age_at_least": 60 } });
    assert_eq!(ask(&house, "/v1/attest", &dead).await.json()["answer"], "not_held");
}

#[tokio::test]
async fn a_claim_that_the_contract_does_not_list_is_refused_and_so_is_a_number_alone() {
    let house = House::open_with(connections(&every_product())).await;
    for asked in [json!({ "age_at_least": 19 }), json!({ "lives_in": "48" })] {
        assert_eq!(
            ask(&house, "/v1/attest", &claim(&asked)).await.problem(),
            (403, "DANCU-EXCHANGE-022".to_owned())
        );
    }
    let alone = json!({ "person": { "number": HOA }, "claim": { "age_at_least": 18 } });
    assert_eq!(ask(&house, "/v1/attest", &alone).await.problem().1, "DANCU-EXCHANGE-022");
    for unread in
        [json!({ "lives_in": "1" }), json!({ "religion": "x" }), json!({ "age_at_least": 300 }), json!({})]
    {
        assert_eq!(ask(&house, "/v1/attest", &claim(&unread)).await.status, 400, "{unread}");
    }
    assert_eq!(house.state.ledger.size(), 0);
}

#[tokio::test]
async fn a_signed_attestation_says_until_when_it_may_be_shown() {
    let mut terms = every_product();
    terms.push(("signed_answers", json!(true)));
    let house = House::open_with(connections(&terms)).await;
    let answer = ask(&house, "/v1/attest", &claim(&json!({ "age_at_least": 18 }))).await;
    assert_eq!(answer.headers["content-type"], "application/jwt");
    let keys = house.knock("GET", "/.well-known/dancu-answers-jwks.json").send("").await.json();
    let jwk = serde_json::from_value(keys["keys"][0].clone()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    validation.set_audience(&["bank-core"]);
    validation.validate_exp = false;
    let key = jsonwebtoken::DecodingKey::from_jwk(&jwk).unwrap();
    let claims = jsonwebtoken::decode::<Value>(&answer.body, &key, &validation).unwrap().claims;
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 24 * 60 * 60);
    assert_eq!(claims["answer"]["answer"], "yes");
}

#[tokio::test]
async fn a_household_is_told_person_by_person_with_a_record_for_each() {
    let house = House::open_with(connections(&every_product())).await;
    let dead = json!({ "number": "001040000038", "name": "Lê Văn Cũ" });
    let unknown = json!({ "number": "001299000017", "name": "Nguyễn Văn Hòa" });
    let said = async |persons: Value| {
        let answer = ask(&house, "/v1/household", &json!({ "persons": persons })).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(!answer.body.contains("HN-000"), "the household's number is not told");
        let persons = answer.json()["persons"].as_array().unwrap().clone();
        persons.iter().map(|one| (one["same_household"].clone(), one["head"].clone())).collect::<Vec<_>>()
    };
    let (yes, no) = (json!("yes"), json!("no"));
    let told = said(json!([hoa(), lan(), dead])).await;
    assert_eq!(told, [(yes.clone(), yes.clone()), (yes.clone(), no.clone()), (no.clone(), no.clone())]);
    assert_eq!(house.state.ledger.size(), 3, "a record for each");
    let mistaken = json!({ "number": "001192000022", "name": "Nguyễn Văn Hòa" });
    for other in [unknown, mistaken] {
        assert_eq!(
            said(json!([hoa(), other])).await[1],
            (no.clone(), no.clone()),
            "unknown looks like other"
        );
    }
    assert_eq!(said(json!([lan()])).await, [(yes, no)]);
    let citizen = house.cookie(Who::Citizen).await;
    let page = house.knock("GET", "/citizen").header("cookie", &citizen).send("").await;
    assert!(page.body.contains("Cùng hộ với người được nêu tên") && page.body.contains("Kiểm tra cùng hộ"));
    let size = house.state.ledger.size();
    let four = json!({ "persons": [hoa(), lan(), json!({"number": "001040000038", "name": "A B"}), json!({"number": "001299000017", "name": "A B"})] });
    assert_eq!(ask(&house, "/v1/household", &four).await.problem(), (403, "DANCU-EXCHANGE-022".to_owned()));
    for bad in [json!([]), json!([hoa(), hoa()])] {
        let answer = ask(&house, "/v1/household", &json!({ "persons": bad })).await;
        assert_eq!(answer.problem(), (422, "DANCU-EXCHANGE-142".to_owned()));
    }
    let alone = json!({ "persons": [hoa(), { "number": "001192000022" }] });
    assert_eq!(ask(&house, "/v1/household", &alone).await.status, 403);
    assert_eq!(house.state.ledger.size(), size, "nothing was told");
}

/// What each product answers a question that is all right.
async fn every_answer(house: &House) -> Vec<(&'static str, u16, String)> {
    crate::statistics::count(house).await;
    let bearer = house.bearer().await;
    let mut answers = Vec::new();
    for (product, path, body) in [
        ("verify", "/v1/verify", hoa()),
        ("fetch", "/v1/fetch", json!({ "person": hoa(), "fields": ["birth_date"] })),
        ("age_attestation", "/v1/attest", claim(&json!({ "age_at_least": 18 }))),
        ("residence_attestation", "/v1/attest", claim(&json!({ "lives_in": "01" }))),
        ("household_check", "/v1/household", json!({ "persons": [hoa(), lan()] })),
        ("change_subscription", "/v1/changes", Value::Null),
        ("statistics", "/v1/statistics", json!({ "by": ["sex"] })),
    ] {
        let method = if body.is_null() { "GET" } else { "POST" };
        let knock = house.knock(method, path).header("authorization", &bearer).header("content-type", JSON);
        let answer = knock.send(if body.is_null() { String::new() } else { body.to_string() }).await;
        let code = if answer.status == 200 { String::new() } else { answer.problem().1 };
        answers.push((product, answer.status.as_u16(), code));
    }
    answers
}

#[tokio::test]
async fn every_product_in_every_stage_of_a_connection() {
    for stage in Stage::ALL {
        let house = House::open_drafts(connections(&every_product())).await;
        let now = dancu_core::Clock::now(&*house.clock);
        let mut found = house.state.life.connection(&"hd-2".parse().unwrap()).await.unwrap().unwrap();
        bring_to(house.state.life.store(), &house.state.directory, &mut found, stage, now).await;
        let refused = match stage {
            Stage::Draft => Some("DANCU-EXCHANGE-097"),
            Stage::Sandbox | Stage::Review => Some("DANCU-EXCHANGE-098"),
            Stage::Pilot | Stage::Official => None,
            Stage::Suspended => Some("DANCU-EXCHANGE-099"),
            Stage::Ended => Some("DANCU-EXCHANGE-100"),
        };
        for (product, status, code) in every_answer(&house).await {
            // In the sandbox a verification is answered from the synthetic country.
            let is_tried = product == "verify" && matches!(stage, Stage::Sandbox | Stage::Review);
            let expected = refused.filter(|_| !is_tried).map_or((200, ""), |code| (403, code));
            assert_eq!((status, code.as_str()), expected, "{stage:?} {product}");
        }
        let answered = house.state.ledger.size();
        assert_eq!(answered, if refused.is_none() { 6 } else { 0 }, "{stage:?}");
    }
}

#[tokio::test]
async fn every_product_under_every_contract_of_one() {
    let terms = every_product();
    // Lists stand alone in a contract without fields, a sign-in and a history need a person at the portal, and files are matched
    // by the operator: they have tests of their own.
    let beside_others = |product: &Product| {
        !matches!(
            product,
            Product::CohortExtract | Product::AccessHistory | Product::SignIn | Product::FileMatch
        )
    };
    for only in Product::ALL.into_iter().filter(beside_others) {
        let mut named = terms.clone();
        named.retain(|(key, _)| match *key {
            "fetch" => only.as_str() == "fetch",
            "household" => only.as_str() == "household_check",
            "feed" => only.as_str() == "change_subscription",
            "statistics" => only.as_str() == "statistics",
            "attest" => false,
            _ => true,
        });
        match only.as_str() {
            "age_attestation" => named.push(("attest", json!({ "ages": [18] }))),
            "residence_attestation" => named.push(("attest", json!({ "places": ["01"] }))),
            _ => {}
        }
        named.push(("products", json!([only])));
        let house = House::open_with(connections(&named)).await;
        for (product, status, code) in every_answer(&house).await {
            let refused =
                if product == "change_subscription" { "DANCU-EXCHANGE-022" } else { "DANCU-EXCHANGE-140" };
            let expected = if product == only.as_str() { (200, "") } else { (403, refused) };
            assert_eq!((status, code.as_str()), expected, "{product} under {only:?}");
        }
    }
}

#[tokio::test]
async fn who_looked_is_told_page_by_page_under_a_contract_of_its_own() {
    let house =
        House::open_with(connections(&[("fields", json!([])), ("access_history", json!(true))])).await;
    for told in 0..3 {
        let answer =
            ask(&house, "/v1/access-history", &json!({ "number": HOA, "reference": "phien-1" })).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let body = answer.json();
        assert_eq!(body["looks"].as_array().unwrap().len(), told + 1, "itself among them");
        assert_eq!((&body["looks"][0]["asked"], &body["next"]), (&json!(["access_history"]), &Value::Null));
        assert!(body["looks"][0].get("outcome").is_none());
        assert!(body["receipt"]["record"].as_str().unwrap().contains("phien-1"));
    }
    let newest = house.state.logs.all().unwrap()[0].number().entry(2).to_string();
    let older = ask(&house, "/v1/access-history", &json!({ "number": HOA, "before": newest })).await.json();
    assert_eq!(older["looks"].as_array().unwrap().len(), 2);
    for (body, status) in [
        (json!({ "number": "12" }), 422),
        (json!({ "number": HOA, "before": "x" }), 400),
        (json!({ "number": HOA, "reference": "x".repeat(129) }), 422),
        (json!({ "number": HOA, "reference": "\u{202e}phien" }), 422),
        (json!({ "number": HOA, "reference": "a\nb" }), 422),
        (json!({ "number": HOA, "name": "Nguyễn Văn Hòa" }), 400),
    ] {
        assert_eq!(ask(&house, "/v1/access-history", &body).await.status, status, "{body}");
    }
    assert_eq!(ask(&house, "/v1/verify", &hoa()).await.problem(), (403, "DANCU-EXCHANGE-140".to_owned()));
    let others = House::open().await;
    let refused = ask(&others, "/v1/access-history", &json!({ "number": HOA })).await;
    assert_eq!(refused.problem(), (403, "DANCU-EXCHANGE-140".to_owned()));
}

#[tokio::test]
async fn a_portal_is_not_told_of_looks_that_the_person_may_not_see_yet() {
    let mut whole = connections(&[("fields", json!([])), ("access_history", json!(true))]);
    whole["contracts"][0]["visibility"] = json!({ "delayed": { "days": 10 } });
    let house = House::open_with(whole).await;
    let desk = house.cookie(Who::Receptionist).await;
    let knock = house.knock("POST", "/reception").header("cookie", &desk);
    assert_eq!(knock.header("content-type", FORM).send(form("scan", CARD)).await.status, 200);
    let clients = async || {
        let told = ask(&house, "/v1/access-history", &json!({ "number": HOA })).await.json();
        let looks = told["looks"].as_array().unwrap();
        looks.iter().map(|look| look["client"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(clients().await, ["bank-core"], "its own question alone");
    house.clock.advance(jiff::SignedDuration::from_hours(10 * 24));
    assert_eq!(clients().await, ["bank-core", "bank-core", "hospital-desk"]);
}

#[tokio::test]
async fn a_portal_in_any_stage_but_in_use_is_told_nothing() {
    for stage in Stage::ALL {
        let terms = [("fields", json!([])), ("access_history", json!(true))];
        let house = House::open_drafts(connections(&terms)).await;
        let now = dancu_core::Clock::now(&*house.clock);
        let mut found = house.state.life.connection(&"hd-2".parse().unwrap()).await.unwrap().unwrap();
        bring_to(house.state.life.store(), &house.state.directory, &mut found, stage, now).await;
        let answer = ask(&house, "/v1/access-history", &json!({ "number": HOA })).await;
        let is_told = matches!(stage, Stage::Pilot | Stage::Official);
        assert_eq!(answer.status == 200, is_told, "{stage:?}: {}", answer.body);
        assert_eq!(house.state.ledger.size(), u64::from(is_told), "{stage:?}");
    }
}
