//! A correction from the citizen's form to the register, and findings that officers settle, through the pages.

use crate::house::{Answer, FORM, HOA, HTML, House, JSON, Who, number};
use dancu_changes::{Finding, FindingKind, Oddity, Scan};
use dancu_register::At;
use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;
use url::form_urlencoded;

async fn post(house: &House, who: Who, path: &str, accept: &str, fields: &[(&str, &str)]) -> Answer {
    let cookie = house.cookie(who).await;
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let knock = house.knock("POST", path).header("cookie", &cookie).header("accept", accept);
    knock.header("content-type", FORM).send(body).await
}

async fn get(house: &House, who: Who, path: &str, accept: &str) -> Answer {
    let cookie = house.cookie(who).await;
    house.knock("GET", path).header("cookie", &cookie).header("accept", accept).send("").await
}

async fn name(house: &House) -> String {
    // The clock of the tests stands still; the change is recorded a moment after it.
    let at = At { as_of: house.state.clock.today(), known_at: Timestamp::MAX };
    let person = house.state.register.person(number(HOA), at).await.unwrap().unwrap();
    person.identity().unwrap().name.as_str().to_owned()
}

#[tokio::test]
async fn a_name_is_corrected_by_form_when_commune_and_second_officer_agree() {
    let house = House::open().await;
    let page = get(&house, Who::Citizen, "/citizen/corrections", JSON).await.json();
    let id = page["new_id"].as_str().unwrap().to_owned();
    let fields =
        [("id", &*id), ("what", "identity"), ("name", "Nguyễn Văn Hoà Bình"), ("paper", "GKS 12/1990")];
    for _ in 0..2 {
        // Pressed twice, proposed once.
        let sent = post(&house, Who::Citizen, "/citizen/corrections", HTML, &fields).await;
        assert_eq!(sent.status, 303, "{}", sent.body);
    }
    let mine = get(&house, Who::Citizen, "/citizen/corrections", JSON).await.json();
    assert_eq!(mine["proposals"].as_array().unwrap().len(), 1);

    let list = get(&house, Who::Officer, "/officer/corrections", JSON).await.json();
    let proposal = &list["proposals"][0];
    assert_eq!(
        (&proposal["id"], &proposal["next_step"]),
        (&Value::from(id.as_str()), &Value::from("decide"))
    );
    assert_eq!(proposal["rows"][0]["value"]["vi"], "Nguyễn Văn Hoà Bình");
    let path = format!("/officer/corrections/{id}");
    let accept = |step| [("step", step), ("verdict", "accept")];
    let early = post(&house, Who::Operator, &path, JSON, &accept("approve")).await;
    assert_eq!(early.problem(), (409, "DANCU-CHANGE-308".to_owned()));
    assert_eq!(post(&house, Who::Officer, &path, HTML, &accept("decide")).await.status, 303);
    let same = post(&house, Who::Officer, &path, HTML, &accept("approve")).await;
    assert_eq!(same.status, 403);
    assert!(same.body.contains("DANCU-CHANGE-307"), "the page stays and says why");
    assert_eq!(name(&house).await, "Nguyễn Văn Hòa");

    let waiting = get(&house, Who::Operator, "/officer/corrections", JSON).await.json();
    assert_eq!(waiting["proposals"][0]["next_step"], "approve");
    let applied = post(&house, Who::Operator, &path, JSON, &accept("approve")).await.json();
    assert_eq!(applied["state"], "applied");
    assert_eq!(name(&house).await, "Nguyễn Văn Hoà Bình");
    let mine = get(&house, Who::Citizen, "/citizen/corrections", JSON).await.json();
    assert_eq!(mine["proposals"][0]["state"], "applied");
    assert!(mine["proposals"][0]["moves"].as_array().unwrap().iter().all(|step| step["by"] == ""));
}

#[tokio::test]
async fn a_form_that_the_rules_refuse_comes_back_as_it_was_typed() {
    let house = House::open().await;
    let page = get(&house, Who::Citizen, "/citizen/corrections", JSON).await.json();
    let id = page["new_id"].as_str().unwrap();
    let fields = [("id", id), ("what", "contact"), ("phone", "12"), ("email", "")];
    let answer = post(&house, Who::Citizen, "/citizen/corrections", HTML, &fields).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("DANCU-CHANGE-013") && answer.body.contains("value=\"12\""));
    let fields = [("id", id), ("what", "identity"), ("birth_date", "31/02/1990")];
    let answer = post(&house, Who::Citizen, "/citizen/corrections", JSON, &fields).await;
    assert_eq!(answer.problem(), (422, "DANCU-CORE-031".to_owned()));
}

#[tokio::test]
async fn i_take_my_proposal_back() {
    let house = House::open().await;
    let page = get(&house, Who::Citizen, "/citizen/corrections", JSON).await.json();
    let id = page["new_id"].as_str().unwrap();
    let fields = [("id", id), ("what", "contact"), ("phone", "0987654321")];
    assert_eq!(post(&house, Who::Citizen, "/citizen/corrections", JSON, &fields).await.status, 201);
    let path = format!("/citizen/corrections/{id}/withdraw");
    let withdrawn = post(&house, Who::Citizen, &path, JSON, &[]).await.json();
    assert_eq!(withdrawn["state"], "withdrawn");
}

#[tokio::test]
async fn findings_are_seen_by_their_commune_and_settled_with_a_note() {
    let house = House::open().await;
    let oddity = Oddity {
        kind: FindingKind::SexContradictsNumber,
        persons: vec![number(HOA)],
        owner: Some("00004".parse().unwrap()),
        days_late: None,
    };
    let elsewhere =
        Oddity { owner: Some("00008".parse().unwrap()), kind: FindingKind::NoHead, ..oddity.clone() };
    let findings = [&oddity, &elsewhere].map(|oddity| Finding::found(oddity, None, house.state.clock.now()));
    house.state.changes.store().add_findings(findings.into()).await.unwrap();
    let all = get(&house, Who::Operator, "/officer/findings", JSON).await.json();
    assert_eq!(all["findings"].as_array().unwrap().len(), 2);
    let list = get(&house, Who::Officer, "/officer/findings", JSON).await.json();
    assert_eq!(list["findings"].as_array().unwrap().len(), 1);
    let first = &list["findings"][0];
    assert_eq!(
        (&first["kind"], &first["persons"][0]["number"]),
        (&"sex_contradicts_number".into(), &HOA.into())
    );
    let id = first["id"].as_str().unwrap();
    let page = get(&house, Who::Officer, "/officer/findings", HTML).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains(id));
    let path = format!("/officer/findings/{id}");
    let empty = post(&house, Who::Officer, &path, HTML, &[("to", "dismissed")]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.body.contains("DANCU-CHANGE-332"));
    let fields = [("to", "dismissed"), ("note", "Đã xem giấy khai sinh.")];
    let dismissed = post(&house, Who::Officer, &path, JSON, &fields).await.json();
    assert_eq!(dismissed["state"], "dismissed");
}

#[tokio::test]
async fn a_scan_goes_through_the_store_of_the_program_and_a_second_one_finds_nothing_new() {
    let house = House::open().await;
    let scan = async || {
        let mut scan = Scan::new(Arc::clone(house.state.changes.store()), Arc::clone(&house.state.clock));
        scan.commune("00004".parse().unwrap()).await.unwrap()
    };
    let first = scan().await;
    assert!(first.persons > 0);
    let second = scan().await;
    assert_eq!((second.persons, second.new, &second.found), (first.persons, 0, &first.found));
    assert_eq!(first.found.values().sum::<u64>(), first.new);
}
