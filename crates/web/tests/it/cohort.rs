//! Extracts of cohorts: asked for, counted, approved by two, made with an entry for everybody, fetched, expired.

use crate::{
    cohort_world::{
        MEN, Step, approve, ask, breaking, extract, finish, get, load_men, make, open, operator, ready, rows,
        suspend_client,
    },
    house::{FORM, HOA, HTML, House, JSON, Who, form, number},
};
use dancu_exchange::CohortStore;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc};

mod bounds;
mod faults;
mod narrower;

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

#[tokio::test]
async fn two_officers_approve_a_list_by_its_law_and_a_count_and_everybody_in_it_has_an_entry_first() {
    let house = open(&[]).await;
    load_men(&house, MEN).await;
    let asked = ask(&house, &json!({})).await;
    assert_eq!(asked.status, 202, "{}", asked.body);
    let id = asked.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(asked.headers["location"], format!("/v1/extracts/{id}"));
    assert_eq!((&asked.json()["state"], &asked.json()["rows"]), (&json!("asked"), &Value::Null));
    assert_eq!(ask(&house, &json!({})).await.json()["id"], id, "asked twice is asked once");
    let other = json!({ "criteria": { "born": { "ages": { "from": 18, "to": 18, "on": "2026-11-21" } }, "places": ["01"], "sex": "M" } });
    assert_eq!(ask(&house, &other).await.problem(), (409, "DANCU-EXCHANGE-183".to_owned()));
    make(&house).await;
    let page = operator(&house, "an.nguyen", &format!("/operator/extracts/{id}"), JSON).await;
    let shown = &page.json()["extract"];
    // HOA and the men of the file: rounded up to tens, and nobody is named.
    assert_eq!((&shown["persons_at_most"], &shown["state"]), (&json!(1_210), &json!("counted")));
    assert_eq!(shown["legal_basis"], "Luật Nghĩa vụ quân sự 2015, điều 12");
    let html = operator(&house, "an.nguyen", &format!("/operator/extracts/{id}"), HTML).await.body;
    assert!(html.contains("Luật Nghĩa vụ quân sự") && html.contains("1.210"));
    assert!(!html.contains(HOA) && !page.body.contains(HOA) && !page.body.contains("1201"));
    assert_eq!(rows(&house, &id, 0, JSON).await.problem(), (409, "DANCU-EXCHANGE-186".to_owned()));
    assert_eq!(approve(&house, "an.nguyen", &id).await.json()["state"], "approved_once");
    let not_now = (409, "DANCU-EXCHANGE-185".to_owned());
    assert_eq!(approve(&house, "an.nguyen", &id).await.problem(), not_now, "nobody approves twice");
    make(&house).await;
    assert_eq!(house.state.ledger.size(), 0, "one approval lists nobody");
    assert_eq!(approve(&house, "binh.tran", &id).await.json()["state"], "approved");
    assert_eq!(approve(&house, "chi.le", &id).await.problem(), not_now);
    make(&house).await;
    let told = get(&house, &format!("/v1/extracts/{id}")).await.json();
    assert_eq!((&told["state"], &told["rows"]), (&json!("ready"), &json!(MEN + 1)));
    assert_eq!(house.state.ledger.size(), MEN + 1, "one entry for each");
    let (mut after, mut persons) = (0, BTreeSet::new());
    loop {
        let page = rows(&house, &id, after, JSON).await.json();
        let columns =
            json!(["number", "full_name", "birth_date", "permanent_commune", "permanent_address", "entry"]);
        assert_eq!(page["columns"], columns);
        for row in page["rows"].as_array().unwrap() {
            let entry: u64 = row[5].as_str().unwrap().parse().unwrap();
            let record = house.state.logs.disclosure(entry).unwrap().record;
            assert_eq!(record.subject, number(row[0].as_str().unwrap()));
            assert_eq!(record.product.as_deref(), Some("cohort_extract"));
            assert!(persons.insert(record.subject), "nobody stands in it twice");
        }
        match page["next"].as_u64() {
            Some(next) => after = next,
            None => break,
        }
    }
    assert_eq!(persons.len() as u64, MEN + 1);
    assert_eq!(get(&house, &format!("/v1/extracts/{id}")).await.json()["state"], "taken");
    let csv = rows(&house, &id, MEN, "text/csv").await;
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8; header=present");
    let lines: Vec<&str> = csv.body.lines().collect();
    assert_eq!(lines.len(), 2, "fetched again, and no other entry: {}", csv.body);
    assert!(lines[0].starts_with("number,full_name,birth_date,"));
    assert_eq!(house.state.ledger.size(), MEN + 1);
    let first = rows(&house, &id, 0, "text/csv").await;
    assert_eq!(first.headers["link"], format!("</v1/extracts/{id}/rows?after=500>; rel=\"next\""));
}

#[tokio::test]
async fn who_stands_in_a_list_reads_it_like_any_other_look_and_complains_from_the_line() {
    let house = open(&[]).await;
    let id = ready(&house).await;
    let cookie = house.cookie(Who::Citizen).await;
    let show = async |accept: &str| {
        house.knock("GET", "/citizen").header("cookie", &cookie).header("accept", accept).send("").await
    };
    let look = show(JSON).await.json()["looks"][0].clone();
    assert_eq!(look["who"], "Bộ chỉ huy Thử");
    assert_eq!(look["why"]["vi"], "Gọi công dân nhập ngũ");
    assert_eq!(look["legal_basis"], "Luật Nghĩa vụ quân sự 2015, điều 12");
    assert_eq!(look["product"]["vi"], "Trích danh sách theo lứa tuổi");
    assert_eq!(look["reference"], format!("QĐ 12/2026 ({id})"));
    let fields = look["fields"].as_array().unwrap();
    assert!(fields.len() == 3 && fields.iter().all(|field| field["answer"] == "told"), "{fields:?}");
    let html = show(HTML).await.body;
    assert!(html.contains("Trích danh sách theo lứa tuổi") && html.contains("Luật Nghĩa vụ quân sự 2015"));
    let knock = house.knock("POST", "/citizen/requests").header("cookie", &cookie).header("accept", JSON);
    let complaint = knock.header("content-type", FORM).send("kind=complaint&leaf=0").await;
    assert_eq!((complaint.status.as_u16(), &complaint.json()["contract"]), (201, &json!("hd-40")));
}

#[tokio::test]
async fn a_list_that_the_law_lets_be_seen_later_is_in_the_log_and_appears_by_itself() {
    let house = open(&[("visibility", json!({ "delayed": { "days": 30 } }))]).await;
    ready(&house).await;
    assert_eq!(house.state.ledger.size(), 1);
    let looks = async || {
        let cookie = house.cookie(Who::Citizen).await;
        let page = house.knock("GET", "/citizen").header("cookie", &cookie).header("accept", JSON);
        page.send("").await.json()["looks"].as_array().unwrap().len()
    };
    assert_eq!(looks().await, 0);
    house.clock.advance(days(30));
    assert_eq!(looks().await, 1);
}

#[tokio::test]
async fn a_maker_that_is_killed_at_any_step_goes_on_without_telling_anybody_twice() {
    let men = 1_100;
    for step in [Step::BeforeCommit, Step::AfterCommit] {
        let house = open(&[]).await;
        load_men(&house, men).await;
        let id = ask(&house, &json!({})).await.json()["id"].as_str().unwrap().to_owned();
        make(&house).await;
        for by in ["an.nguyen", "binh.tran"] {
            approve(&house, by, &id).await;
        }
        // Each life ends at its first, second, third … write; a page takes two, and the log is written between them.
        for life in 0..30 {
            let store = breaking(house.store(), life % 3, step);
            let maker = house.cohort_maker(Arc::new(store));
            while matches!(maker.round().await, Ok(moved) if moved > 0) {}
        }
        finish(&house, &id, "ready").await;
        assert_eq!(house.state.ledger.size(), men + 1, "{step:?}: an entry for each, and no second one");
        let kept = house.store().extract_rows(id.parse().unwrap(), 0, 5_000).await.unwrap();
        let sequences: Vec<u64> = kept.iter().map(|row| row.sequence).collect();
        assert_eq!(sequences, (1..=men + 1).collect::<Vec<_>>());
        let entries: BTreeSet<u64> = kept.iter().map(|row| row.entry).collect();
        let persons: BTreeSet<_> = kept.iter().map(|row| row.number).collect();
        assert_eq!((entries.len(), persons.len()), (kept.len(), kept.len()));
        for row in kept {
            assert_eq!(house.state.logs.disclosure(row.entry).unwrap().record.subject, row.number);
        }
    }
}

#[tokio::test]
async fn two_makers_at_once_make_one_list() {
    let house = open(&[]).await;
    load_men(&house, 600).await;
    let id = ask(&house, &json!({})).await.json()["id"].as_str().unwrap().to_owned();
    make(&house).await;
    approve(&house, "an.nguyen", &id).await;
    approve(&house, "binh.tran", &id).await;
    let makers = [(); 2].map(|()| house.cohort_maker(Arc::new(house.store().clone())));
    for _ in 0..9 {
        // A step that another maker took meanwhile is no step of this one.
        makers[0].round().await.unwrap();
        makers[1].round().await.unwrap();
    }
    finish(&house, &id, "ready").await;
    assert_eq!(house.state.ledger.size(), 601);
}

#[tokio::test]
async fn what_the_register_learns_later_is_not_in_a_list_that_was_counted_before() {
    let house = open(&[]).await;
    let id = ask(&house, &json!({})).await.json()["id"].as_str().unwrap().to_owned();
    make(&house).await;
    house.clock.advance(days(1));
    load_men(&house, 20).await;
    for by in ["an.nguyen", "binh.tran"] {
        approve(&house, by, &id).await;
    }
    finish(&house, &id, "ready").await;
    assert_eq!(rows(&house, &id, 0, JSON).await.json()["rows"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_approval_is_worth_nothing_without_the_right_of_whoever_gave_it() {
    let house = open(&[]).await;
    let id = ask(&house, &json!({})).await.json()["id"].as_str().unwrap().to_owned();
    make(&house).await;
    approve(&house, "an.nguyen", &id).await;
    house.state.identity.close_staff(&"an.nguyen".parse().unwrap()).await.unwrap();
    let second = approve(&house, "binh.tran", &id).await.json();
    assert_eq!(second["state"], "approved_once", "it is the first that stands");
    assert_eq!(approve(&house, "chi.le", &id).await.json()["state"], "approved");
    house.state.identity.close_staff(&"binh.tran".parse().unwrap()).await.unwrap();
    make(&house).await;
    let told = extract(&house, &id).await;
    assert_eq!(told["state"], "stopped");
    assert!(told["ground"].as_str().unwrap().contains("may no longer decide"), "{told}");
    assert_eq!(house.state.ledger.size(), 0);
}

#[tokio::test]
async fn a_suspension_in_the_middle_stops_it_and_what_was_begun_is_removed() {
    let house = open(&[]).await;
    load_men(&house, 1_100).await;
    let id = ask(&house, &json!({})).await.json()["id"].as_str().unwrap().to_owned();
    make(&house).await;
    approve(&house, "an.nguyen", &id).await;
    approve(&house, "binh.tran", &id).await;
    let maker = house.cohort_maker(Arc::new(house.store().clone()));
    assert_eq!(maker.round().await.unwrap(), 1);
    let begun = house.state.ledger.size();
    assert!(begun > 0 && begun < 1_101, "{begun}");
    suspend_client(&house, Some("Sự cố")).await;
    make(&house).await;
    assert_eq!(house.state.ledger.size(), begun);
    assert!(house.store().extract_rows(id.parse().unwrap(), 0, 9).await.unwrap().is_empty());
    suspend_client(&house, None).await;
    let told = extract(&house, &id).await;
    assert_eq!((&told["state"], &told["rows"]), (&json!("stopped"), &Value::Null));
    assert_eq!(rows(&house, &id, 0, JSON).await.problem(), (409, "DANCU-EXCHANGE-186".to_owned()));
}

#[tokio::test]
async fn the_rows_of_a_day_are_the_contracts_answers_a_day() {
    let house = open(&[("daily_limit", json!(500))]).await;
    load_men(&house, 1_100).await;
    let id = ask(&house, &json!({})).await.json()["id"].as_str().unwrap().to_owned();
    make(&house).await;
    approve(&house, "an.nguyen", &id).await;
    approve(&house, "binh.tran", &id).await;
    for day in 1..=2 {
        make(&house).await;
        assert_eq!(house.state.ledger.size(), 500 * day);
        assert_eq!(extract(&house, &id).await["state"], "approved");
        house.clock.advance(days(1));
    }
    finish(&house, &id, "ready").await;
    assert_eq!(house.state.ledger.size(), 1_101);
}

#[tokio::test]
async fn whoever_had_questions_restricted_is_left_out_when_it_is_made_and_when_it_is_fetched() {
    let house = open(&[]).await;
    load_men(&house, 5).await;
    ready(&house).await;
    let cookie = house.cookie(Who::Citizen).await;
    let post = async |body: &str| {
        let knock = house.knock("POST", "/citizen/requests").header("cookie", &cookie).header("accept", JSON);
        knock.header("content-type", FORM).send(body.to_owned()).await
    };
    let first = extract_ids(&house).await[0].clone();
    let case = post("kind=restrict&leaf=0").await.json();
    let path = format!("/operator/privacy/{}", case["id"].as_str().unwrap());
    for step in ["answer", "carry_out"] {
        let operator = house.operator("an.nguyen").await;
        let knock = house.knock("POST", &path).header("cookie", &operator).header("accept", JSON);
        let body = format!("step={step}&{}", form("note", "Đúng luật"));
        assert_eq!(knock.header("content-type", FORM).send(body).await.status, 200, "{step}");
    }
    let numbers = async |id: &str| {
        let page = rows(&house, id, 0, JSON).await.json();
        page["rows"].as_array().unwrap().iter().map(|row| row[0].clone()).collect::<Vec<_>>()
    };
    let left = numbers(&first).await;
    assert!(left.len() == 5 && !left.contains(&json!(HOA)));
    let size = house.state.ledger.size();
    let second = ask(&house, &json!({ "reference": "QĐ 13/2026" })).await.json();
    let second = second["id"].as_str().unwrap().to_owned();
    make(&house).await;
    approve(&house, "an.nguyen", &second).await;
    approve(&house, "binh.tran", &second).await;
    finish(&house, &second, "ready").await;
    assert_eq!(numbers(&second).await.len(), 5);
    assert_eq!(house.state.ledger.size(), size + 5, "nothing was told of whoever is left out");
}

/// Extracts that wait for nobody, as the operators list them.
async fn extract_ids(house: &House) -> Vec<String> {
    let listed = operator(house, "an.nguyen", "/operator/extracts?list=others", JSON).await.json();
    let ids = listed["extracts"].as_array().unwrap().iter();
    ids.map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn approvals_and_rows_have_their_time_and_end_by_themselves() {
    let house = open(&[]).await;
    let id = ask(&house, &json!({})).await.json()["id"].as_str().unwrap().to_owned();
    make(&house).await;
    approve(&house, "an.nguyen", &id).await;
    house.clock.advance(days(7));
    assert_eq!(approve(&house, "binh.tran", &id).await.problem(), (409, "DANCU-EXCHANGE-185".to_owned()));
    make(&house).await;
    assert_eq!(extract(&house, &id).await["state"], "lapsed");
    let unseen = ask(&house, &json!({})).await.json()["id"].as_str().unwrap().to_owned();
    make(&house).await;
    house.clock.advance(days(30));
    make(&house).await;
    assert_eq!(extract(&house, &unseen).await["state"], "lapsed");
    let made = ready(&house).await;
    assert_eq!(rows(&house, &made, 0, JSON).await.status, 200);
    house.clock.advance(days(14));
    assert_eq!(rows(&house, &made, 0, JSON).await.status, 409, "even before it is put away");
    make(&house).await;
    assert_eq!(extract(&house, &made).await["state"], "expired");
    assert!(house.store().extract_rows(made.parse().unwrap(), 0, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_outside_of_the_terms_is_refused_and_what_is_too_much_is_told_to_nobody_else() {
    let house = open(&[("cohort", cohort_of(3))]).await;
    load_men(&house, 5).await;
    let wrong = |criteria: Value| json!({ "criteria": criteria });
    let born = json!({ "ages": { "from": 17, "to": 40, "on": "2026-11-21" } });
    for criteria in [
        json!({ "born": born, "sex": "M", "places": ["79"] }),
        json!({ "born": born, "places": ["01"] }),
        json!({ "born": { "ages": { "from": 16, "to": 40, "on": "2026-11-21" } }, "sex": "M", "places": ["01"] }),
    ] {
        assert_eq!(ask(&house, &wrong(criteria)).await.problem(), (403, "DANCU-EXCHANGE-022".to_owned()));
    }
    let ethnicity = json!({ "born": born, "sex": "M", "places": ["01"], "ethnicity": "Kinh" });
    assert_eq!(ask(&house, &wrong(ethnicity)).await.status, 400, "there is no such criterion");
    for (change, code) in [
        (json!({ "reference": HOA }), "DANCU-EXCHANGE-181"),
        (json!({ "reference": " " }), "DANCU-EXCHANGE-181"),
        (json!({ "as_of": "2026-11-22" }), "DANCU-EXCHANGE-182"),
    ] {
        assert_eq!(ask(&house, &change).await.problem(), (422, code.to_owned()), "{change}");
    }
    let id = ask(&house, &json!({})).await.json()["id"].as_str().unwrap().to_owned();
    make(&house).await;
    let told = extract(&house, &id).await;
    assert_eq!(told["state"], "refused", "six fit, three may be listed");
    let bank = house.bearer().await;
    let knock = house.knock("GET", &format!("/v1/extracts/{id}")).header("authorization", &bank);
    assert_eq!(knock.send("").await.problem(), (404, "DANCU-EXCHANGE-180".to_owned()));
    let knock = house.knock("POST", "/v1/extracts").header("authorization", &bank);
    let body = json!({ "reference": "a", "criteria": { "born": born, "places": ["01"] } });
    assert_eq!(knock.send(body.to_string()).await.problem(), (403, "DANCU-EXCHANGE-140".to_owned()));
    let army = house.bearer_of("army-core").await;
    for (path, body) in [
        ("/v1/verify", json!({ "number": HOA, "name": "Nguyễn Văn Hòa" })),
        ("/v1/attest", json!({ "person": { "number": HOA }, "claim": { "age_at_least": 18 } })),
    ] {
        let knock = house.knock("POST", path).header("authorization", &army);
        let refused = knock.send(body.to_string()).await.problem();
        assert_eq!(refused, (403, "DANCU-EXCHANGE-140".to_owned()), "a contract of lists gives nothing else");
    }
    for reference in ["QĐ 1", "QĐ 2", "QĐ 3"] {
        assert_eq!(ask(&house, &json!({ "reference": reference })).await.status, 202);
    }
    let fourth = ask(&house, &json!({ "reference": "QĐ 4" })).await;
    assert_eq!(fourth.problem(), (429, "DANCU-EXCHANGE-184".to_owned()));
}

fn cohort_of(rows_max: u32) -> Value {
    let mut terms = crate::cohort_world::terms();
    terms["rows_max"] = rows_max.into();
    terms
}

#[tokio::test]
async fn an_officer_refuses_with_a_ground_that_the_client_reads() {
    let house = open(&[]).await;
    let id = ask(&house, &json!({})).await.json()["id"].as_str().unwrap().to_owned();
    make(&house).await;
    let cookie = house.operator("an.nguyen").await;
    let path = format!("/operator/extracts/{id}");
    let post = async |accept: &str, note: &str| {
        let knock = house.knock("POST", &path).header("cookie", &cookie).header("accept", accept);
        knock.header("content-type", FORM).send(format!("step=refuse&{}", form("note", note))).await
    };
    let page = post(HTML, "").await;
    assert!(page.status == 422 && page.body.contains("DANCU-EXCHANGE-181"), "the page says why");
    assert_eq!(post(HTML, "Không nêu quyết định gọi nhập ngũ").await.status, 303);
    let told = extract(&house, &id).await;
    assert_eq!(
        (&told["state"], &told["ground"]),
        (&json!("refused"), &json!("Không nêu quyết định gọi nhập ngũ"))
    );
    assert_eq!(approve(&house, "binh.tran", &id).await.status, 409);
}

#[tokio::test]
async fn extracts_are_decided_by_the_officers_of_the_centre_and_asked_for_by_software() {
    let house = House::open().await;
    for (who, expected) in [
        (Who::Nobody, [401, 401, 401]),
        (Who::Enrolling, [403, 403, 403]),
        (Who::Citizen, [403, 403, 403]),
        (Who::Receptionist, [403, 403, 403]),
        (Who::Officer, [403, 403, 403]),
        (Who::SealedOfficer, [403, 403, 403]),
        (Who::Operator, [200, 404, 404]),
    ] {
        let cookie = house.cookie(who).await;
        let mut statuses = Vec::new();
        for (method, path) in
            [("GET", "/operator/extracts"), ("GET", "/operator/extracts/x"), ("POST", "/operator/extracts/x")]
        {
            let knock = house.knock(method, path).header("cookie", &cookie).header("accept", JSON);
            let answer = knock.header("content-type", FORM).send("step=approve").await;
            statuses.push(answer.status.as_u16());
        }
        assert_eq!(statuses, expected, "{who:?}");
        for (method, path) in
            [("POST", "/v1/extracts"), ("GET", "/v1/extracts/x"), ("GET", "/v1/extracts/x/rows")]
        {
            let answer = house.knock(method, path).header("cookie", &cookie).send("").await;
            assert_eq!(answer.status, 401, "{who:?} {path}");
        }
    }
    let agency = house.agency("ngan-hang").await;
    let knock = house.knock("GET", "/operator/extracts").header("cookie", &agency).header("accept", JSON);
    assert_eq!(knock.send("").await.status, 403);
}
