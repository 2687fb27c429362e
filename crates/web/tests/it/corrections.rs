//! A correction from the citizen's form to the register, and findings that officers settle, through the pages.

use crate::house::{Answer, FORM, HOA, HTML, House, JSON, Who, number};
use dancu_changes::{Finding, FindingKind, Oddity, Scan};
use dancu_register::At;
use jiff::Timestamp;
use serde_json::{Value, json};
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
    let fields = [
        ("id", &*id),
        ("what", "identity"),
        ("name", "Nguyễn Văn Hoà Bình"),
        ("name_paper_reference", "GKS 12/1990"),
    ];
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
    assert_eq!(proposal["person"], json!({"place": 0, "masked": number(HOA).masked()}));
    let html = get(&house, Who::Officer, "/officer/corrections", HTML).await.body;
    assert!(!list.to_string().contains(HOA) && !html.contains(HOA), "no whole number without an entry");
    a_file_is_opened_by_a_look(&house, &format!("/officer/corrections/{id}/open"), &[], &id).await;
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
async fn whoever_gives_a_new_address_keeps_the_telephone_unless_it_is_emptied() {
    let house = House::open().await;
    let page = get(&house, Who::Citizen, "/citizen/corrections", JSON).await.json();
    let contact = &page["sections"][1];
    assert_eq!(contact["what"], "contact");
    let held = [0, 1].map(|field| contact["fields"][field]["inputs"][0]["value"].clone());
    assert_eq!(held, ["0912345678", "hoa@example.com"], "the form is sent as it stands");
    let id = page["new_id"].as_str().unwrap();
    // As it stands nothing would change, and the page says so. Emptied, it is not filled again.
    let fields = [("id", id), ("what", "contact"), ("phone", "0912345678"), ("email", "hoa@example.com")];
    let answer = post(&house, Who::Citizen, "/citizen/corrections", JSON, &fields).await;
    assert_eq!(answer.problem(), (422, "DANCU-CHANGE-014".to_owned()));
    let fields = [("id", id), ("what", "contact"), ("phone", "12"), ("email", "")];
    let answer = post(&house, Who::Citizen, "/citizen/corrections", HTML, &fields).await;
    assert!(answer.body.contains("value=\"12\"") && !answer.body.contains("value=\"hoa@example.com\""));
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

/// The list told no whole number; the file does, and the log has the look first, in the matter.
async fn a_file_is_opened_by_a_look(house: &House, path: &str, fields: &[(&str, &str)], matter: &str) {
    let before = house.state.ledger.size();
    let file = post(house, Who::Officer, path, JSON, fields).await;
    assert_eq!(file.status, 200, "{}", file.body);
    assert_eq!(file.json()["file"]["person"]["number"], "001 090 000 017");
    assert_eq!(house.state.ledger.size(), before + 1);
    let record = house.state.public_log.disclosure(before).unwrap().record;
    assert_eq!((record.subject, record.reference), (number(HOA), format!("can.bo {matter}")));
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
        (&first["kind"], &first["persons"][0]),
        (&"sex_contradicts_number".into(), &json!({"place": 0, "masked": number(HOA).masked()}))
    );
    let id = first["id"].as_str().unwrap();
    let page = get(&house, Who::Officer, "/officer/findings", HTML).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains(id) && !page.body.contains(HOA));
    a_file_is_opened_by_a_look(&house, &format!("/officer/findings/{id}/open"), &[("place", "0")], id).await;
    let open = format!("/officer/findings/{id}/open");
    for (fields, status) in [([("place", "1")], 404), ([("place", "x")], 400)] {
        assert_eq!(post(&house, Who::Officer, &open, JSON, &fields).await.status, status);
    }
    // The other finding is another commune's.
    let others = all["findings"].as_array().unwrap().iter().find(|found| found["id"] != id).unwrap();
    let open = format!("/officer/findings/{}/open", others["id"].as_str().unwrap());
    assert_eq!(post(&house, Who::Officer, &open, JSON, &[("place", "0")]).await.status, 404);
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

/// What the officer sees of a proposal: title and rows in words, and the papers.
async fn proposed(house: &House, fields: &[(&str, &str)]) -> (String, Vec<(String, String)>, Vec<String>) {
    let page = get(house, Who::Citizen, "/citizen/corrections", JSON).await.json();
    let id = page["new_id"].as_str().unwrap();
    let sent =
        post(house, Who::Citizen, "/citizen/corrections", JSON, &[&[("id", id)], fields].concat()).await;
    assert_eq!(sent.status, 201, "{}", sent.body);
    let view = sent.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = view["rows"].as_array().unwrap().iter();
    let rows = rows.map(|row| (text(&row["label"]["en"]), text(&row["value"]["en"]))).collect();
    (text(&view["title"]["en"]), rows, view["papers"].as_array().unwrap().iter().map(text).collect())
}

#[tokio::test]
async fn everything_that_a_correction_may_touch_can_be_proposed_with_its_paper() {
    let house = House::open().await;
    let row = |label: &str, value: &str| (label.to_owned(), value.to_owned());
    let (title, rows, papers) = proposed(
        &house,
        &[
            ("what", "identity"),
            ("birth_date", "03/05/1990"),
            ("birth_date_paper_reference", "GKS 12/1990"),
            ("birth_date_paper_kind", "civil_status_paper"),
            ("birth_place", "Phường Ngọc Hà, Thành phố Hà Nội"),
            ("birth_place_paper_reference", "GKS 12/1990"),
            ("registration_place", "00008"),
            ("origin", "00008"),
            ("origin_paper_reference", "QĐ 5"),
            ("origin_paper_kind", "decision"),
            ("origin_paper_issued", "02/01/2020"),
            ("old_number", "012345679"),
        ],
    )
    .await;
    let ngoc_ha = "Phường Ngọc Hà, Thành phố Hà Nội";
    assert_eq!(title, "Civil status corrected");
    assert_eq!(
        rows,
        [
            row("Birth date", "1990-05-03"),
            row("Place of birth", ngoc_ha),
            row("Place of birth registration", ngoc_ha),
            row("Origin", ngoc_ha),
            row("Old number", "012345679"),
        ]
    );
    assert_eq!(papers, ["GKS 12/1990", "QĐ 5"], "one paper for two fields stands once");
    let change = [
        ("what", "identity"),
        ("name", "Nguyễn Văn Bình"),
        ("identity_on", "01/11/2026"),
        ("name_paper_reference", "QĐ 7"),
        ("name_paper_kind", "decision"),
    ];
    let (_, rows, _) = proposed(&house, &change).await;
    assert_eq!(rows, [row("Full name", "Nguyễn Văn Bình"), row("From", "2026-11-01")]);
    let other = [("what", "other_name"), ("other_name", "Hòa Phở"), ("other_name_on", "01/11/2026")];
    assert_eq!(proposed(&house, &other).await.1[0], row("Other name", "Hòa Phở"));
    let place = [
        ("what", "current_place"),
        ("place_commune", "00008"),
        ("place_line", "Số 2 Đội Cấn"),
        ("place_on", "01/11/2026"),
    ];
    assert_eq!(
        proposed(&house, &place).await.1[0],
        row("Current place", &format!("Số 2 Đội Cấn, {ngoc_ha}"))
    );
    let contact = [("what", "contact"), ("phone", "0987654321"), ("email", "")];
    assert_eq!(proposed(&house, &contact).await.1[0], row("Telephone", "0987654321"));
}

#[tokio::test]
async fn what_stands_in_the_register_is_shown_beside_what_should() {
    let house = House::open().await;
    let mut page = get(&house, Who::Citizen, "/citizen/corrections", JSON).await.json();
    page["new_id"] = "…".into();
    insta::with_settings!({ sort_maps => true }, { insta::assert_json_snapshot!(page) });
    let html = get(&house, Who::Citizen, "/citizen/corrections", HTML).await.body;
    for current in ["Nguyễn Văn Hòa", "Phường Ba Đình, Thành phố Hà Nội", "0900000000", "012345678"]
    {
        assert_eq!(html.contains(current), page.to_string().contains(current), "{current}");
    }
    assert!(html.contains("Họ, chữ đệm và tên: Nguyễn Văn Hòa"));
    // Every label and anchor of a page is there once.
    let mut ids: Vec<&str> = html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "an id stands twice");
    let id = "01930000-0000-7000-8000-000000000001";
    let wrong = [("id", id), ("what", "identity"), ("origin", "Không Đâu Cả"), ("name", "Nguyễn Văn B")];
    let page = post(&house, Who::Citizen, "/citizen/corrections", HTML, &wrong).await;
    assert_eq!(page.status, 422);
    assert!(page.body.contains("href=\"#origin\"") && page.body.contains("value=\"Nguyễn Văn B\""));
    assert!(page.body.contains("<details class=\"govuk-details\" open>"));
}
