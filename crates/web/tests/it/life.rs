//! The life of a connection as its client, its operators and its stages see it.

use crate::house::{Answer, CARD, FORM, HOA, House, JSON, Who, form, public_key};
use dancu_exchange::{Connection, Stage};
use dancu_testkit::bring_to;
use serde_json::{Value, json};

/// The connections of the house, with every kind of request in the bank's contract.
fn connections() -> Value {
    let mut whole: Value = serde_json::from_str(include_str!("connections.json")).unwrap();
    whole["clients"][1]["keys"] = json!([public_key()]);
    whole["contracts"][1]["feed"] = json!({"persons": "disclosed"});
    whole["contracts"][1]["commands_for_commune"] = json!("00004");
    whole
}

pub async fn connection(house: &House, contract: &str) -> Connection {
    house.state.life.connection(&contract.parse().unwrap()).await.unwrap().unwrap()
}

/// The house with every connection brought as far as a stage.
pub async fn house_at(stage: Stage) -> House {
    let house = House::open_drafts(connections()).await;
    let now = dancu_core::Clock::now(&*house.clock);
    for contract in ["hd-1", "hd-2", "hd-3", "hd-4", "hd-20", "hd-21", "hd-31"] {
        let mut found = connection(&house, contract).await;
        bring_to(house.state.life.store(), &house.state.directory, &mut found, stage, now).await;
    }
    house
}

/// Every kind of request about a person, and what was answered: its status, and the code of a refusal.
async fn every_request(house: &House) -> Vec<(&'static str, u16, Option<String>)> {
    let bearer = house.bearer().await;
    let verify = json!({ "number": HOA, "name": "Nguyễn Văn Hòa" }).to_string();
    let number = form("number", HOA);
    let search = format!("{}&{number}", form("purpose", "Hồ sơ số 12/2026"));
    let sealed = format!("{number}&{}&blood_group=yes", form("reason", "Hồ sơ số 12/2026"));
    let mut answers = Vec::new();
    let code = |answer: &Answer| {
        let is_problem = answer.headers["content-type"] == "application/problem+json";
        let read = |body: Value| body["code"].as_str().map(str::to_owned);
        if is_problem { read(answer.json()) } else { read(answer.json()["problem"].clone()) }
    };
    for (name, method, path, body) in [
        ("verify", "POST", "/v1/verify", verify.as_str()),
        ("changes", "GET", "/v1/changes?after=now", ""),
        ("commands", "POST", "/v1/commands", "[]"),
    ] {
        let answer = house.knock(method, path).header("authorization", &bearer).send(body.to_owned()).await;
        answers.push((name, answer.status.as_u16(), code(&answer)));
    }
    let insurer = house.bearer_of("insurer-core").await;
    let fetch =
        json!({ "person": {"number": HOA, "name": "Nguyễn Văn Hòa"}, "fields": ["phone"] }).to_string();
    let answer = house.knock("POST", "/v1/fetch").header("authorization", &insurer).send(fetch).await;
    answers.push(("fetch", answer.status.as_u16(), code(&answer)));
    for (name, who, path, body) in [
        ("scan", Who::Receptionist, "/reception", form("scan", CARD)),
        ("code", Who::Officer, "/officer/codes", number.clone()),
        ("file", Who::Officer, "/desk/persons", number.clone()),
        ("search", Who::Officer, "/officer/search", search),
        ("sealed", Who::SealedOfficer, "/officer/sealed", sealed),
    ] {
        let cookie = house.cookie(who).await;
        let knock = house.knock("POST", path).header("cookie", &cookie).header("accept", JSON);
        let answer = knock.header("content-type", FORM).send(body).await;
        answers.push((name, answer.status.as_u16(), code(&answer)));
    }
    answers
}

#[tokio::test]
async fn every_stage_by_every_kind_of_request() {
    for (stage, refusal) in [
        (Stage::Draft, Some("DANCU-EXCHANGE-097")),
        (Stage::Sandbox, Some("DANCU-EXCHANGE-098")),
        (Stage::Review, Some("DANCU-EXCHANGE-098")),
        (Stage::Pilot, None),
        (Stage::Official, None),
        (Stage::Suspended, Some("DANCU-EXCHANGE-099")),
        (Stage::Ended, Some("DANCU-EXCHANGE-100")),
    ] {
        let house = house_at(stage).await;
        for (name, status, code) in every_request(&house).await {
            // In the sandbox a verification is answered, from another country.
            let refusal =
                refusal.filter(|_| name != "verify" || !matches!(stage, Stage::Sandbox | Stage::Review));
            let expected = if refusal.is_some() { 403 } else { 200 };
            assert_eq!((status, code.as_deref()), (expected, refusal), "{stage:?} {name}");
        }
        let size = house.state.ledger.size();
        assert_eq!(size > 0, refusal.is_none(), "{stage:?}: a refused request discloses nothing");
        // What is told about the connection itself is told in every stage, to whoever still has a token.
        let told = house.knock("GET", "/v1/connection").header("authorization", &house.bearer().await);
        let told = told.send("").await.json();
        assert_eq!(told["stage"], stage.as_str());
        assert_eq!(told["notice"].is_object(), stage == Stage::Suspended);
    }
}

#[tokio::test]
async fn a_pilot_has_a_part_of_the_limit_and_an_end() {
    let house = house_at(Stage::Pilot).await;
    let bearer = house.bearer().await;
    let ask = async || {
        let body = json!({ "number": HOA, "name": "Nguyễn Văn Hòa" }).to_string();
        house.knock("POST", "/v1/verify").header("authorization", &bearer).send(body).await
    };
    assert_eq!(ask().await.headers["ratelimit-policy"], "\"day\";q=10;w=86400, \"second\";q=50;w=1");
    for _ in 1..10 {
        assert_eq!(ask().await.status, 200);
    }
    assert_eq!(ask().await.problem(), (429, "DANCU-EXCHANGE-023".to_owned()));
    let page = house.operator("van.hanh").await;
    let page =
        house.knock("GET", "/operator/connections/hd-2").header("cookie", &page).header("accept", JSON);
    assert_eq!(page.send("").await.json()["pilot"], json!({"until": "2026-12-21", "limit_percent": 10}));
    house.clock.advance(jiff::SignedDuration::from_hours(30 * 24));
    let caller = house.state.directory.caller(&"bank-core".parse().unwrap()).unwrap();
    let today = dancu_core::Clock::today(&*house.clock);
    assert_eq!(caller.check_standing(today), Err(dancu_exchange::RefusalReason::PilotOver));
    assert!(caller.enter_for_token(today).is_ok(), "it may still read how it stands");
}

#[tokio::test]
async fn the_sandbox_answers_of_its_own_people_and_writes_in_its_own_log() {
    let house = house_at(Stage::Sandbox).await;
    let bearer = house.bearer().await;
    let ask = async |body: Value| {
        house.knock("POST", "/v1/verify").header("authorization", &bearer).send(body.to_string()).await
    };
    let real = ask(json!({ "number": HOA, "name": "Nguyễn Văn Hòa" })).await;
    assert_eq!(real.headers["dancu-sandbox"], "true");
    let real = real.json();
    assert_eq!(
        (&real["sandbox"], &real["answers"]["name"]),
        (&json!(true), &json!("differs")),
        "nothing of the register"
    );
    let synthetic = ask(json!({ "number": HOA, "name": "Nguyễn Văn Thử" })).await.json();
    assert_eq!(synthetic["answers"]["name"], "match");
    let receipt: dancu_ledger::Receipt = serde_json::from_value(synthetic["receipt"].clone()).unwrap();
    assert!(receipt.verify(house.state.ledger.verifier()).is_err(), "no receipt of the real log");
    let refused = ask(json!({ "number": HOA, "name": "A", "phone": "0900000000" })).await;
    assert_eq!(refused.headers["dancu-sandbox"], "true");
    assert_eq!(refused.problem(), (403, "DANCU-EXCHANGE-022".to_owned()));
    assert_eq!(house.state.ledger.size(), 0);
    assert_eq!(house.state.ledger.used_today("hd-2"), 0);
    ask(json!({ "number": HOA, "name": "Nguyễn Văn Thử" })).await;
    let page = house.knock("GET", PAGE).header("cookie", &house.operator("mot").await).header("accept", JSON);
    let open = page.send("").await.json()["open"].to_string();
    assert!(!open.contains("\"sandbox\"") && open.contains("\"retention\""), "{open}");
    for (cookie, status) in [
        (house.operator("mot").await, 200),
        (house.agency("ngan-hang").await, 200),
        (house.cookie(Who::Officer).await, 403),
        (house.cookie(Who::Nobody).await, 401),
    ] {
        let page =
            house.knock("GET", "/sandbox").header("cookie", &cookie).header("accept", JSON).send("").await;
        assert_eq!(page.status, status);
        if status == 200 {
            assert_eq!(page.json()["persons"][0]["name"], "Nguyễn Văn Thử");
        }
    }
}

struct Operator<'a> {
    house: &'a House,
    cookie: String,
}

const PAGE: &str = "/operator/connections/hd-2";

impl Operator<'_> {
    async fn post(&self, body: Value) -> Answer {
        let knock = self.house.knock("POST", PAGE).header("cookie", &self.cookie).header("accept", JSON);
        knock.header("content-type", JSON).send(body.to_string()).await
    }

    async fn page(&self, accept: &str) -> Answer {
        let knock = self.house.knock("GET", PAGE).header("cookie", &self.cookie).header("accept", accept);
        knock.send("").await
    }

    async fn attach(&self, item: &str, name: &str, content: &str) -> Answer {
        let body = format!(
            "--x\r\nContent-Disposition: form-data; name=\"item\"\r\n\r\n{item}\r\n--x\r\nContent-Disposition: \
             form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/pdf\r\n\r\n{content}\r\n--x--\r\n"
        );
        let path = format!("{PAGE}/files");
        let knock = self.house.knock("POST", &path).header("cookie", &self.cookie).header("accept", JSON);
        knock.header("content-type", "multipart/form-data; boundary=x").send(body).await
    }
}

// tidy: allow long function: one life, read from top to bottom
#[tokio::test]
async fn a_connection_goes_its_way_with_two_operators() {
    let house = House::open_drafts(connections()).await;
    let one = Operator { house: &house, cookie: house.operator("mot").await };
    let two = Operator { house: &house, cookie: house.operator("hai").await };
    assert_eq!(one.page(JSON).await.json()["stage"], "draft");
    assert_eq!(one.post(json!({"step": "official"})).await.problem(), (409, "DANCU-EXCHANGE-080".to_owned()));
    assert_eq!(one.post(json!({"step": "sandbox"})).await.json()["stage"], "sandbox");
    let bearer = house.bearer().await;
    for body in [
        json!({ "number": HOA, "name": "A" }),
        json!({ "number": HOA, "name": "B" }),
        json!({ "number": HOA, "name": "C" }),
        json!({ "number": HOA }),
    ] {
        house.knock("POST", "/v1/verify").header("authorization", &bearer).send(body.to_string()).await;
    }
    let under_review = one.post(json!({"step": "review"})).await.json();
    assert_eq!(under_review["stage"], "review");
    assert_eq!(one.post(json!({"step": "pilot"})).await.problem(), (409, "DANCU-EXCHANGE-083".to_owned()));
    // The terms stand still meanwhile.
    let mut other = connections()["contracts"][1].clone();
    other["fields"] = json!(["name"]);
    let knock =
        house.knock("PUT", "/operator/connections").header("cookie", &one.cookie).header("accept", JSON);
    let refused = knock.header("content-type", JSON).send(json!({"contracts": [other]}).to_string()).await;
    assert_eq!(refused.problem(), (422, "DANCU-EXCHANGE-094".to_owned()));
    for part in under_review["parts"].as_array().unwrap() {
        for item in part["items"].as_array().unwrap() {
            if item["is_found_out"] == true {
                assert_eq!(item["is_met"], true, "{item}");
                continue;
            }
            let answer = json!({"item": item["code"], "verdict": "yes", "note": "Đã xem"});
            assert_eq!(one.post(answer).await.status, 200);
            if item["is_evidence_required"] == true {
                let code = item["code"].as_str().unwrap();
                assert_eq!(one.attach(code, "minh chứng.pdf", "%PDF").await.status, 200, "{code}");
            }
        }
    }
    assert_eq!(one.attach("legal_basis", "a", "").await.problem(), (422, "DANCU-EXCHANGE-090".to_owned()));
    let large = "x".repeat(Connection::FILE_BYTES_MAX + 1);
    assert_eq!(
        one.attach("legal_basis", "a", &large).await.problem(),
        (422, "DANCU-EXCHANGE-090".to_owned())
    );
    assert_eq!(one.attach("legal_basis", "a", &large.repeat(2)).await.problem().0, 413);
    let signed = one.post(json!({"sign": "security"})).await.json();
    assert_eq!(signed["open"], json!(["signature:legal"]));
    assert_eq!(one.post(json!({"sign": "legal"})).await.problem(), (403, "DANCU-EXCHANGE-089".to_owned()));
    assert_eq!(two.post(json!({"sign": "legal"})).await.json()["open"], json!([]));
    assert_eq!(two.post(json!({"step": "pilot"})).await.json()["stage"], "pilot");
    let official = two.post(json!({"step": "official"})).await.json();
    assert_eq!(official["stage"], "official");
    let file = &official["parts"][0]["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["code"] == "security_level");
    let url = file.unwrap()["files"][0]["url"].as_str().unwrap();
    let saved = house.knock("GET", url).header("cookie", &two.cookie).send("").await;
    assert_eq!(
        (saved.body.as_str(), saved.headers["content-disposition"].to_str().unwrap()),
        ("%PDF", "attachment")
    );
    // Each step has who and when, and a suspension its notice at once.
    assert_eq!(
        two.post(json!({"step": "suspended"})).await.problem(),
        (422, "DANCU-EXCHANGE-082".to_owned())
    );
    let ground = "Hỏi ngoài mục đích";
    let suspended = two.post(json!({"step": "suspended", "ground": ground})).await.json();
    assert_eq!(suspended["notice"]["ground"], ground);
    assert_eq!(suspended["notice"]["due_by"], "2026-11-22T02:00:00Z");
    let told = house.knock("GET", "/v1/connection").header("authorization", &bearer).send("").await.json();
    assert_eq!((&told["stage"], &told["notice"]["ground"]), (&json!("suspended"), &json!(ground)));
    let html = one.page("text/html").await.body;
    for text in ["Tạm dừng", ground, "minh chứng.pdf", "Ký phần Pháp lý", "Lịch sử"] {
        assert!(html.contains(text), "{text} is not on the page");
    }
    assert_eq!(
        one.post(json!({"step": "ended", "ground": "Hết hợp tác"})).await.json()["openings"],
        json!([])
    );
    assert_eq!(one.post(json!({"step": "official", "ground": "a"})).await.problem().0, 409);
}

#[tokio::test]
async fn a_contract_in_use_becomes_less_by_a_document_and_never_more() {
    let house = House::open_with(connections()).await;
    let cookie = house.cookie(Who::Operator).await;
    let send = async |name: &str, value: Value| {
        let mut contract = connections()["contracts"][1].clone();
        contract[name] = value;
        let knock =
            house.knock("PUT", "/operator/connections").header("cookie", &cookie).header("accept", JSON);
        knock.header("content-type", JSON).send(json!({"contracts": [contract]}).to_string()).await
    };
    let wider = send("fields", json!(["name", "phone"])).await;
    assert_eq!(wider.problem(), (422, "DANCU-EXCHANGE-095".to_owned()));
    assert_eq!(send("daily_limit", json!(101)).await.problem().1, "DANCU-EXCHANGE-095");
    assert_eq!(send("daily_limit", json!(99)).await.status, 200);
    let caller = house.state.directory.caller(&"bank-core".parse().unwrap()).unwrap();
    assert_eq!(caller.contract.daily_limit, 99);
    let page =
        house.knock("GET", PAGE).header("cookie", &cookie).header("accept", JSON).send("").await.json();
    assert_eq!(page["history"][0]["what"]["en"], "Terms written anew");
    assert_eq!(page["stage"], "official");
}

#[tokio::test]
async fn an_agency_sees_the_connections_of_those_below_it_and_not_their_papers() {
    let house = House::open_with(connections()).await;
    let operator = house.cookie(Who::Operator).await;
    let document = json!({"organisations": [
        {"id": "ngan-hang", "parent": "nha-nuoc", "name_vi": "Ngân hàng Thử", "name_en": "Test Bank"},
        {"id": "nha-nuoc", "name_vi": "Ngân hàng Nhà nước Thử", "name_en": "Test State Bank"}
    ]});
    let knock =
        house.knock("PUT", "/operator/connections").header("cookie", &operator).header("accept", JSON);
    assert_eq!(knock.header("content-type", JSON).send(document.to_string()).await.status, 200);
    let get = async |organisation: &str, path: &str| {
        let cookie = house.agency(organisation).await;
        house.knock("GET", path).header("cookie", &cookie).header("accept", JSON).send("").await
    };
    let above = get("nha-nuoc", "/agency").await.json();
    assert_eq!(above["connections"], json!([]));
    let below = above["below"].as_array().unwrap();
    assert_eq!(
        (below.len(), &below[0]["contract"], &below[0]["stage"]),
        (1, &json!("hd-2"), &json!("official"))
    );
    assert_eq!(get("nha-nuoc", "/agency/connections/hd-2").await.status, 404);
    assert_eq!(get("ngan-hang", "/agency").await.json()["below"], json!([]), "nobody sees upwards");
}

#[tokio::test]
async fn an_application_does_not_lift_what_operators_set_on_a_client() {
    let house = House::open_with(connections()).await;
    let (hospital, operator) = (house.agency("benh-vien").await, house.cookie(Who::Operator).await);
    let send = async |method: &str, cookie: &str, path: &str, body: Value| {
        let knock = house.knock(method, path).header("cookie", cookie).header("accept", JSON);
        knock.header("content-type", JSON).send(body.to_string()).await
    };
    assert_eq!(
        send("POST", &hospital, "/agency/applications", application(&[])).await.json()["stage"],
        "draft"
    );
    let client = json!({
        "id": "benh-vien-his", "organisation": "benh-vien", "keys": [public_key()],
        "dpop_bound_access_tokens": true, "suspended": "Lộ khóa",
    });
    let stopped = send("PUT", &operator, "/operator/connections", json!({ "clients": [client] })).await;
    assert_eq!(stopped.status, 200, "{}", stopped.body);
    assert_eq!(send("POST", &hospital, "/agency/applications", application(&[])).await.status, 200);
    let caller = house.state.directory.caller(&"benh-vien-his".parse().unwrap()).unwrap();
    assert_eq!(caller.client.suspended.as_deref(), Some("Lộ khóa"));
    assert!(caller.client.dpop_bound_access_tokens);
}

/// What a hospital states in its application.
fn application(changes: &[(&str, &str)]) -> Value {
    let mut application = json!({
        "contract": "hd-vien-phi", "client": "benh-vien-his", "legal_basis": "Luật Khám bệnh, chữa bệnh 2023, Điều 15",
        "purpose_vi": "Tiếp đón người bệnh", "purpose_en": "Admit patients", "valid_from": "2026-12-01", "valid_to": "",
        "retention_days": "30", "service_hours": "00:00–24:00", "visits_per_day": "5500",
        "queries_per_100_visits": "110", "branches": "2", "opening_hours": "9", "peak_hour_percent": "25",
        "busiest_day_percent": "160", "growth_percent_per_year": "12", "field_name": "on", "field_birth_date": "on",
        "keys": public_key().to_string(),
    });
    for (name, value) in changes {
        application[*name] = json!(value);
    }
    application
}

#[tokio::test]
async fn an_agency_applies_rewrites_and_sees_its_own_alone() {
    let house = House::open_with(connections()).await;
    let (hospital, bank) = (house.agency("benh-vien").await, house.agency("ngan-hang").await);
    let send = async |cookie: &str, path: &str, body: Value| {
        let knock = house.knock("POST", path).header("cookie", cookie).header("accept", JSON);
        knock.header("content-type", JSON).send(body.to_string()).await
    };
    let get = async |cookie: &str, path: &str, accept: &str| {
        house.knock("GET", path).header("cookie", cookie).header("accept", accept).send("").await
    };
    let drafted = send(&hospital, "/agency/applications", application(&[])).await.json();
    assert_eq!(drafted["stage"], "draft");
    assert_eq!(drafted["terms"]["daily_limit"], 14_000, "computed from the declared work");
    assert_eq!(drafted["terms"]["retention_days"], 30);
    assert_eq!(drafted["openings"][0]["to"], "sandbox");
    let page = "/agency/connections/hd-vien-phi";
    assert_eq!(send(&hospital, page, json!({"step": "sandbox"})).await.json()["stage"], "sandbox");
    let fewer =
        send(&hospital, "/agency/applications", application(&[("field_birth_date", "off")])).await.json();
    assert_eq!(fewer["terms"]["fields"], json!(["name"]));
    assert_eq!(fewer["history"][0]["what"]["en"], "Terms written anew");
    assert_eq!(send(&hospital, page, json!({"step": "review"})).await.json()["stage"], "review");
    for deed in
        [json!({"step": "pilot"}), json!({"item": "retention", "verdict": "yes"}), json!({"sign": "legal"})]
    {
        assert_eq!(send(&hospital, page, deed).await.problem(), (403, "DANCU-EXCHANGE-081".to_owned()));
    }
    assert_eq!(
        send(&hospital, "/agency/applications", application(&[])).await.problem().1,
        "DANCU-EXCHANGE-094"
    );
    // Another agency's connection, client and contract are as good as not there.
    assert_eq!(get(&bank, page, JSON).await.status, 404);
    assert_eq!(send(&bank, page, json!({"step": "sandbox", "ground": "a"})).await.status, 404);
    assert_eq!(send(&bank, &format!("{page}/keys"), json!({"keys": "[]"})).await.status, 404);
    assert_eq!(send(&bank, "/agency/applications", application(&[])).await.status, 404);
    let taken = application(&[("client", "bank-his")]);
    assert_eq!(send(&bank, "/agency/applications", taken).await.problem().1, "DANCU-EXCHANGE-041");
    // Keys are exchanged for keys, and everything is in the history.
    let rotated =
        send(&bank, "/agency/connections/hd-2/keys", json!({"keys": public_key().to_string()})).await;
    assert_eq!(rotated.status, 200);
    let none = send(&bank, "/agency/connections/hd-2/keys", json!({"keys": "[]"})).await;
    assert_eq!(none.problem(), (422, "DANCU-EXCHANGE-096".to_owned()));
    let own = get(&bank, "/agency", JSON).await.json();
    assert_eq!(own["connections"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&own["connections"][0]["contract"], &own["connections"][0]["stage"]),
        (&json!("hd-2"), &json!("official"))
    );
    for (path, text) in [("/agency", "Lập hồ sơ kết nối"), (page, "Đang thẩm định")] {
        let html = get(&hospital, path, "text/html").await;
        assert!(html.status == 200 && html.body.contains(text), "{path}");
    }
}

#[tokio::test]
async fn an_agency_sees_its_notice_and_its_refusals_and_nothing_of_other_offices() {
    let house = House::open_with(connections()).await;
    let (bank, operator) = (house.agency("ngan-hang").await, house.operator("mot").await);
    let body = json!({ "number": HOA, "name": "Nguyễn Văn Hòa", "phone": "0900000000" }).to_string();
    let bearer = house.bearer().await;
    let refused = house.knock("POST", "/v1/verify").header("authorization", &bearer).send(body).await;
    assert_eq!(refused.problem(), (403, "DANCU-EXCHANGE-022".to_owned()));
    let entries = house.state.refusals.take_pending();
    house.state.exchange_store.add_refusals(entries, 100).await.unwrap();
    let knock = house.knock("POST", PAGE).header("cookie", &operator).header("accept", JSON);
    let suspend = json!({"step": "suspended", "ground": "Hỏi ngoài mục đích"}).to_string();
    assert_eq!(knock.header("content-type", JSON).send(suspend).await.status, 200);
    let knock = house.knock("GET", "/agency").header("cookie", &bank).header("accept", JSON);
    let own = knock.send("").await.json();
    assert_eq!(
        own["connections"][0]["notice"],
        json!({"ground": "Hỏi ngoài mục đích", "given_at": "2026-11-21T02:00:00Z"})
    );
    assert_eq!(own["refusals"][0]["code"], "DANCU-EXCHANGE-022");
    assert!(own["refusals"][0].get("reason").is_none(), "the true reason stays with the operators");
    for path in [
        "/reception",
        "/citizen",
        "/officer",
        "/desk",
        "/officer/search",
        "/officer/sealed",
        "/officer/corrections",
        "/officer/findings",
        "/operator",
        "/operator/live",
        "/operator/feed",
        "/operator/connections/hd-2",
        "/operator/contracts/hd-2/limit",
    ] {
        let knock = house.knock("GET", path).header("cookie", &bank).header("accept", JSON);
        assert_eq!(knock.send("").await.status, 403, "{path}");
    }
    for who in [Who::Nobody, Who::Citizen, Who::Receptionist, Who::Officer, Who::Operator] {
        let cookie = house.cookie(who).await;
        for path in ["/agency", "/agency/connections/hd-2", "/agency/connections/hd-2/files/1"] {
            let knock = house.knock("GET", path).header("cookie", &cookie).header("accept", JSON);
            assert_eq!(
                knock.send("").await.status,
                if who == Who::Nobody { 401 } else { 403 },
                "{who:?} {path}"
            );
        }
    }
}
