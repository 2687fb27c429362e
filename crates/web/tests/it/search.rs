//! Searching: what an officer is shown, what stands in the log for it, and what is refused.

use crate::house::{Answer, DEAD, FORM, HOA, HTML, House, JSON, Who};
use dancu_exchange::RefusalReason;
use serde_json::{Value, json};
use url::form_urlencoded;

const PURPOSE: &str = "Hồ sơ số 12/2026";

struct Officer {
    house: House,
    cookie: String,
}

impl Officer {
    async fn open() -> Self {
        let house = House::open().await;
        let cookie = house.cookie(Who::Officer).await;
        Self { house, cookie }
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)], accept: &str) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let knock = self.house.knock("POST", path).header("cookie", &self.cookie).header("accept", accept);
        knock.header("content-type", FORM).send(body).await
    }

    async fn search(&self, fields: &[(&str, &str)]) -> Answer {
        self.post("/officer/search", &[&[("purpose", PURPOSE)], fields].concat(), JSON).await
    }
}

fn names(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let people = answer.json()["found"]["people"].as_array().unwrap().clone();
    people.iter().map(|person| person["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_person_is_found_by_a_mistyped_name_and_the_log_says_so_first() {
    let officer = Officer::open().await;
    let answer = officer.search(&[("name", "nguyen van hoaa"), ("birth_date", "1990")]).await;
    assert_eq!(names(&answer), ["Nguyễn Văn Hòa"]);
    let person = &answer.json()["found"]["people"][0];
    assert_eq!(person["number_masked"], "•••••••••017");
    assert_eq!(person["likeness"], "other_spelling");
    assert!(!answer.body.contains(HOA), "the whole number is not told");
    assert_eq!(officer.house.state.ledger.size(), 1);
    assert_eq!(person["receipt_index"], 0);
}

#[tokio::test]
async fn the_citizen_reads_who_searched_and_why() {
    let officer = Officer::open().await;
    assert_eq!(names(&officer.search(&[("name", "Nguyễn Văn Hòa")]).await), ["Nguyễn Văn Hòa"]);
    let cookie = officer.house.cookie(Who::Citizen).await;
    let knock = officer.house.knock("GET", "/citizen/receipts/0").header("cookie", &cookie);
    let receipt = knock.header("accept", JSON).send("").await.json();
    let record: Value = serde_json::from_str(receipt["record"].as_str().unwrap()).unwrap();
    assert_eq!(record["asked"], json!(["name"]));
    assert_eq!(record["reference"], format!("can.bo: {PURPOSE}"));
    assert_eq!(record["channel"], "office");
    assert_eq!(record["contract"], "hd-20");
}

#[tokio::test]
async fn a_number_is_told_by_reference_to_the_officer_who_was_shown_it() {
    let officer = Officer::open().await;
    let answer = officer.search(&[("old_number", "012345678")]).await;
    let reference = answer.json()["found"]["people"][0]["reference"].as_str().unwrap().to_owned();
    let opened = officer.post("/officer/search/open", &[("reference", &reference)], JSON).await;
    assert_eq!(opened.json()["opened"], json!({"number": HOA, "receipt_index": 1}));
    for wrong in ["", "0-0", &reference.replace("-0", "-1"), &reference.replace("-0", "-20")] {
        let answer = officer.post("/officer/search/open", &[("reference", wrong)], JSON).await;
        assert_eq!(answer.problem(), (409, "DANCU-SEARCH-012".to_owned()), "{wrong}");
    }
    officer.house.clock.advance(jiff::SignedDuration::from_mins(16));
    let late = officer.post("/officer/search/open", &[("reference", &reference)], JSON).await;
    assert_eq!(late.problem().1, "DANCU-SEARCH-012");
    assert_eq!(officer.house.state.ledger.size(), 2);
}

#[tokio::test]
async fn the_dead_are_marked() {
    let officer = Officer::open().await;
    let answer = officer.search(&[("number", DEAD)]).await;
    let person = &answer.json()["found"]["people"][0];
    assert_eq!((person["life"].as_str().unwrap(), &person["notes"][0]["en"]), ("dead", &json!("Dead")));
}

#[tokio::test]
async fn nobody_found_discloses_nothing_and_is_noted() {
    let officer = Officer::open().await;
    let answer = officer.search(&[("name", "Không Có Ai")]).await;
    assert_eq!(names(&answer), [""; 0]);
    assert_eq!(officer.house.state.ledger.size(), 0);
    assert_eq!(officer.house.state.refusals.counts(), [(RefusalReason::NobodyFound, 1)]);
}

#[tokio::test]
async fn what_is_too_wide_or_without_a_purpose_is_refused_at_its_field() {
    let officer = Officer::open().await;
    for (fields, code, field) in [
        (vec![("name", "Lan"), ("purpose", PURPOSE)], "DANCU-SEARCH-001", "name"),
        (vec![("name", "Trần Lan"), ("purpose", "tò mò")], "DANCU-SEARCH-004", "purpose"),
        (
            vec![("name", "Trần Lan"), ("commune", "Xã Xa Lắc"), ("purpose", PURPOSE)],
            "DANCU-SEARCH-002",
            "commune",
        ),
    ] {
        let answer = officer.post("/officer/search", &fields, JSON).await;
        assert_eq!(answer.problem(), (422, code.to_owned()));
        let page = officer.post("/officer/search", &fields, HTML).await;
        assert_eq!(page.status, 422);
        assert!(page.body.contains(&format!("id=\"{field}-error\"")), "{field}");
        assert!(page.body.contains(fields[0].1), "what was typed stands in the form again");
    }
    assert_eq!(officer.house.state.ledger.size(), 0);
}

#[tokio::test]
async fn an_officer_who_searches_too_fast_waits_and_the_daily_limit_holds() {
    let officer = Officer::open().await;
    let mut seen = Vec::new();
    for _ in 0..10 {
        let answer = officer.search(&[("name", "Trần Thị Lan")]).await;
        seen.push(if answer.status == 200 { "shown".to_owned() } else { answer.problem().1 });
    }
    // Eight persons a day under this contract; nine searches a minute for this officer.
    assert_eq!(seen[..8], [const { "shown" }; 8]);
    assert_eq!(seen[8..], ["DANCU-EXCHANGE-023", "DANCU-SEARCH-010"]);
    assert_eq!(officer.house.state.ledger.size(), 8);
}
