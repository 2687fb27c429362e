//! The commune officer's desk: numbers first, then what is new, a look at what will be recorded, and one event.

use crate::house::{Answer, DEAD, FORM, HOA, HTML, House, JSON, Who, number};
use serde_json::Value;
use std::collections::BTreeMap;

const LAN: &str = "001192000022";

/// An officer who fills a form in.
struct Officer<'h> {
    house: &'h House,
    cookie: String,
}

type Form = BTreeMap<String, String>;

fn form(pairs: &[(&str, &str)]) -> Form {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

impl<'h> Officer<'h> {
    async fn at(house: &'h House) -> Self {
        Self { house, cookie: house.cookie(Who::Officer).await }
    }

    async fn get(&self, path: &str, accept: &str) -> Answer {
        self.house.knock("GET", path).header("cookie", &self.cookie).header("accept", accept).send("").await
    }

    async fn post(&self, path: &str, step: &str, form: &Form, accept: &str) -> Answer {
        let pairs = form.iter().map(|(name, value)| (&**name, &**value)).chain([("step", step)]);
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let knock = self.house.knock("POST", path).header("cookie", &self.cookie);
        knock.header("accept", accept).header("content-type", FORM).send(body).await
    }

    /// The identifier of a new form.
    async fn new_form(&self, path: &str, fields: &[(&str, &str)]) -> Form {
        let page = self.get(path, JSON).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let mut form = form(fields);
        form.insert("id".to_owned(), page.json()["id"].as_str().unwrap().to_owned());
        form
    }

    /// Records a form and follows to the event.
    async fn record(&self, path: &str, form: &Form) -> Value {
        let answer = self.post(path, "record", form, JSON).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        self.get(answer.headers["location"].to_str().unwrap(), JSON).await.json()
    }
}

/// A birth of the two whom the house holds.
const BIRTH: &[(&str, &str)] = &[
    ("mother", LAN),
    ("name", "Nguyễn Thị Mai"),
    ("sex", "F"),
    ("birth_date", "01/11/2026"),
    ("birth_place", "00004"),
    ("nationality", "VNM"),
    ("household", "HN-0001"),
    ("ethnicity", "Kinh"),
    ("paper_1_kind", "birth_notice"),
    ("paper_1_reference", "GCS-12/2026"),
    ("paper_2_kind", "request"),
    ("paper_2_reference", "TK-1"),
];

#[tokio::test]
async fn a_birth_is_registered_with_what_the_register_knows() {
    let house = House::open().await;
    let officer = Officer::at(&house).await;
    let form = officer.new_form("/desk/birth", BIRTH).await;
    let details = officer.post("/desk/birth", "details", &form, JSON).await.json();
    assert_eq!(details["persons"][0]["name"], "Trần Thị Lan");
    assert_eq!(details["persons"][1]["name"], "Nguyễn Văn Hòa", "the husband is not typed");
    assert_eq!(details["persons"][1]["is_implied"], true);
    let check = officer.post("/desk/birth", "check", &form, JSON).await;
    assert_eq!(check.status, 200, "{}", check.body);
    let check = check.json();
    let child = check["changes"].as_array().unwrap().iter().find(|person| person["number"].is_null());
    assert!(child.is_some_and(|child| child["groups"].to_string().contains("Nguyễn Thị Mai")), "{check}");
    assert_eq!(house.state.ledger.size(), 2, "one look at each parent, however often the page is turned");
    let event = officer.record("/desk/birth", &form).await;
    let issued: String = event["issued"].as_str().unwrap().split(' ').collect();
    assert_eq!((issued.len(), event["issued_name"].as_str()), (12, Some("Nguyễn Thị Mai")));
    assert!(!event.to_string().contains("Kinh"), "what is sealed is not shown");
    let again = officer.record("/desk/birth", &form).await;
    assert_eq!(again["issued"], event["issued"], "a double click is one child");
    let at = dancu_register::At { as_of: event_day(&event), known_at: jiff::Timestamp::MAX };
    let household = "HN-0001".parse().unwrap();
    let members =
        house.state.register.household(&household, at, dancu_register::Page::first(9)).await.unwrap();
    assert!(members.iter().any(|member| member.number == number(&issued)), "the child is in the household");
}

fn event_day(event: &Value) -> jiff::civil::Date {
    event["recorded"].as_str().unwrap()[..10].parse().unwrap()
}

#[tokio::test]
async fn a_refusal_stands_beside_its_field_and_what_was_typed_stays() {
    let house = House::open().await;
    let officer = Officer::at(&house).await;
    let form = officer.new_form("/desk/birth", BIRTH).await;
    for (field, value, expected) in [
        ("mother", "12", "mother"),
        ("mother", "001192000023", "mother"),
        ("birth_date", "31/02/2026", "birth_date"),
        ("birth_date", "01/12/2026", "birth_date"),
        ("birth_place", "Không Đâu", "birth_place"),
        ("name", "", "name"),
    ] {
        let mut wrong = form.clone();
        wrong.insert(field.to_owned(), value.to_owned());
        let page = officer.post("/desk/birth", "check", &wrong, HTML).await;
        assert_eq!(page.status, 422, "{field} {value}");
        let place = format!("<p class=\"govuk-error-message\" id=\"{expected}-error\">");
        assert!(page.body.contains(&place), "{field} {value}: {}", page.body);
        assert!(page.body.contains("GCS-12/2026"), "what was typed stays");
        let twin = officer.post("/desk/birth", "check", &wrong, JSON).await;
        assert!(twin.problem().1.starts_with("DANCU-"), "{}", twin.body);
    }
}

#[tokio::test]
async fn a_death_is_registered_looked_at_and_taken_back() {
    let house = House::open().await;
    let officer = Officer::at(&house).await;
    let fields = [
        ("number", HOA),
        ("on", "20/11/2026"),
        ("place", "00004"),
        ("paper_1_kind", "death_notice"),
        ("paper_1_reference", "BT-1"),
    ];
    let form = officer.new_form("/desk/death", &fields).await;
    let check = officer.post("/desk/death", "check", &form, JSON).await;
    assert_eq!(check.status, 200, "{}", check.body);
    let event = officer.record("/desk/death", &form).await;
    assert_eq!(
        (event["title"]["en"].as_str(), event["may_be_taken_back"].as_bool()),
        (Some("Death registered"), Some(true))
    );
    assert!(event["changes"].to_string().contains("Dead"), "{event}");
    let page = officer.get(&format!("/desk/events/{}", event["id"].as_str().unwrap()), HTML).await;
    assert!(page.body.contains("Thu hồi sự kiện này"));
    let mut back = BTreeMap::from([("id".to_owned(), event["take_back_id"].as_str().unwrap().to_owned())]);
    let path = format!("/desk/events/{}", event["id"].as_str().unwrap());
    let refused = officer.post(&path, "", &back, HTML).await;
    assert_eq!(refused.status, 422, "a reason is needed");
    back.insert("reason".to_owned(), "Giấy báo tử của người khác".to_owned());
    let answer = officer.post(&path, "", &back, JSON).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let first = officer.get(&path, JSON).await.json();
    assert_eq!(first["taken_back_by"], back["id"]);
    let citizen = house.cookie(Who::Citizen).await;
    let knock = house.knock("GET", "/citizen/history").header("cookie", &citizen).header("accept", JSON);
    let history = knock.send("").await.json();
    let titles: Vec<&str> = history["happenings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["title"]["en"].as_str().unwrap())
        .collect();
    assert_eq!(titles[..2], ["Event taken back", "Death registered"]);
    assert_eq!(history["happenings"][1]["is_taken_back"], true);
}

#[tokio::test]
async fn what_two_changed_of_an_identity_one_officer_does_not_take_back() {
    let house = House::open().await;
    let officer = Officer::at(&house).await;
    let envelope = serde_json::from_value(serde_json::json!({
        "id": "019ab2c4-7a10-7c55-9b1e-0d5f0a3f8a11",
        "actor": {"role": "officer", "id": "officer-1", "commune": "00004"},
        "evidence": [{"kind": "decision", "reference": "QĐ-5"}],
        "taken_at": house.state.clock.now(),
        "command": {"command": "correct_identity", "number": LAN, "fields": {"name": "Trần Thị Lan Anh"}},
    }))
    .unwrap();
    house.state.changes.execute(&envelope).await.unwrap();
    let path = format!("/desk/events/{}", envelope.id);
    let shown = officer.get(&path, JSON).await.json();
    assert_eq!((&shown["may_be_taken_back"], &shown["needs_second_officer"]), (&false.into(), &true.into()));
    let page = officer.get(&path, HTML).await;
    assert!(page.body.contains("/officer/corrections") && !page.body.contains("Thu hồi sự kiện này"));
    let back = form(&[
        ("id", "019ab2c4-7a10-7c55-9b1e-0d5f0a3f8a12"),
        ("reason", "Nhầm"),
        ("paper_1_kind", "decision"),
        ("paper_1_reference", "QĐ-6"),
    ]);
    assert_eq!(officer.post(&path, "", &back, JSON).await.problem().1, "DANCU-WEB-068");
    assert_eq!(officer.get(&path, JSON).await.json()["taken_back_by"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_move_forms_a_household_and_the_other_tasks_reach_the_rules() {
    let house = House::open().await;
    let officer = Officer::at(&house).await;
    let papers = [
        ("paper_1_kind", "request"),
        ("paper_1_reference", "TK-2"),
        ("paper_2_kind", "dwelling_paper"),
        ("paper_2_reference", "SH-3"),
        ("paper_3_kind", "consent"),
        ("paper_3_reference", "VB-4"),
    ];
    let fields = [
        &papers[..],
        &[
            ("movers", &format!("{HOA}\n{LAN}")),
            ("relation_1", "head"),
            ("relation_2", "spouse"),
            ("on", "20/11/2026"),
            ("commune", "Phường Ba Đình, Thành phố Hà Nội"),
            ("line", "Số 7 Phan Đình Phùng"),
        ],
    ];
    let form = officer.new_form("/desk/move", &fields.concat()).await;
    let event = officer.record("/desk/move", &form).await;
    assert!(event["household"].as_str().unwrap().starts_with('H'), "{event}");
    assert_eq!(event["changes"].as_array().unwrap().len(), 2);
    for (task, fields) in [
        (
            "temporary",
            vec![
                ("numbers", DEAD),
                ("commune", "00004"),
                ("line", "x"),
                ("from", "20/11/2026"),
                ("until", "20/05/2027"),
            ],
        ),
        ("temporary-end", vec![("number", DEAD), ("on", "20/11/2026")]),
        ("absence", vec![("number", DEAD), ("from", "20/11/2026")]),
        ("return", vec![("number", DEAD), ("on", "20/11/2026")]),
        (
            "stay",
            vec![
                ("number", DEAD),
                ("commune", "00004"),
                ("line", "x"),
                ("from", "20/11/2026"),
                ("until", "22/11/2026"),
            ],
        ),
        ("marriage", vec![("first", DEAD), ("second", LAN), ("on", "20/11/2026")]),
    ] {
        let path = format!("/desk/{task}");
        let form = officer.new_form(&path, &[&papers[..], &fields].concat()).await;
        let details = officer.post(&path, "details", &form, HTML).await;
        assert_eq!(details.status, 200, "{task}: {}", details.body);
        let refused = officer.post(&path, "check", &form, JSON).await;
        assert!(refused.problem().1.starts_with("DANCU-CHANGE-"), "{task}: {}", refused.body);
    }
}

#[tokio::test]
async fn the_same_form_with_something_else_in_it_leads_to_what_it_became() {
    let house = House::open().await;
    let officer = Officer::at(&house).await;
    let fields = [
        ("number", HOA),
        ("on", "20/11/2026"),
        ("paper_1_kind", "death_notice"),
        ("paper_1_reference", "BT-1"),
    ];
    let mut form = officer.new_form("/desk/death", &fields).await;
    officer.record("/desk/death", &form).await;
    form.insert("on".to_owned(), "19/11/2026".to_owned());
    let page = officer.post("/desk/death", "record", &form, HTML).await;
    assert_eq!(page.status, 409);
    assert!(page.body.contains(&format!("href=\"/desk/events/{}\"", form["id"])), "{}", page.body);
}

#[tokio::test]
async fn the_history_answers_for_any_day_as_it_was_known_on_any_other() {
    let house = House::open().await;
    let officer = Officer::at(&house).await;
    let citizen = house.cookie(Who::Citizen).await;
    let history = async |query: &str| {
        let path = format!("/citizen/history{query}");
        house.knock("GET", &path).header("cookie", &citizen).header("accept", JSON).send("").await
    };
    let today = history("").await.json();
    assert_eq!((today["is_today"].as_bool(), today["household"].as_str()), (Some(true), Some("HN-0001")));
    assert_eq!(today["family"][0]["name"], "Trần Thị Lan");
    assert_eq!(today["happenings"][0]["source_words"]["en"], "file people.csv");
    let before = history("?as_of=2026-11-21&known_at=2026-11-20").await.json();
    assert_eq!(before["record"].as_array().map(Vec::len), Some(0), "nothing was known a day earlier");
    for (query, status) in [("?as_of=2026-02-31", 422), ("?before=x", 404), ("?known_at=x", 422)] {
        assert_eq!(history(query).await.status, status, "{query}");
    }
    let looks = house.state.ledger.size();
    let file = officer.new_form("/desk/persons", &[("number", HOA)]).await;
    let shown = officer.post("/desk/persons", "", &file, JSON).await.json();
    assert_eq!(shown["file"]["person"]["name"], "Nguyễn Văn Hòa");
    assert!(!shown["file"]["happenings"].as_array().unwrap().is_empty());
    assert_eq!(house.state.ledger.size(), looks + 1, "the look is in the log");
    let page = officer.post("/desk/persons", "", &file, HTML).await;
    assert_eq!((page.status.as_u16(), house.state.ledger.size()), (200, looks + 1));
}

#[tokio::test]
async fn the_desk_lists_what_its_own_officers_recorded_lately_and_names_nobody() {
    let house = House::open().await;
    let officer = Officer::at(&house).await;
    assert_eq!(officer.get("/desk", JSON).await.json()["recent"]["events"], serde_json::json!([]));
    let form = officer.new_form("/desk/birth", BIRTH).await;
    let event = officer.record("/desk/birth", &form).await;
    let looks = house.state.ledger.size();
    let desk = officer.get("/desk", JSON).await;
    let recent = desk.json()["recent"].clone();
    assert_eq!(recent["since"], "2026-11-15", "seven days, today among them");
    let line = &recent["events"][0];
    assert_eq!((&line["id"], &line["officer"]), (&event["id"], &"can.bo".into()));
    assert_eq!(line["url"], format!("/desk/events/{}", event["id"].as_str().unwrap()));
    assert_eq!(line["persons"].as_array().map(Vec::len), Some(1), "the child, with a number that is masked");
    assert!(line["persons"][0].as_str().unwrap().starts_with("•••••••••"));
    let page = officer.get("/desk", HTML).await;
    assert!(page.body.contains(line["url"].as_str().unwrap()));
    for body in [&desk.body, &page.body] {
        assert!(!body.contains(LAN) && !body.contains("Mai"), "neither a number nor a name");
    }
    assert_eq!(house.state.ledger.size(), looks, "the list is no look at anybody");
    assert_eq!(officer.get("/desk?after=x", JSON).await.status, 404);
    let behind = officer.get(&format!("/desk?after={}", event["id"].as_str().unwrap()), JSON).await.json();
    assert_eq!(
        (&behind["recent"]["events"], &behind["recent"]["newest"]),
        (&serde_json::json!([]), &"/desk".into())
    );
    house.clock.advance(jiff::SignedDuration::from_hours(24 * 7));
    let cookie = house.cookie(Who::Officer).await;
    let later = house.knock("GET", "/desk").header("cookie", &cookie).header("accept", JSON).send("").await;
    assert_eq!(later.json()["recent"]["events"], serde_json::json!([]), "it ends after its days");
}
