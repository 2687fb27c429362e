//! Corrections, changes, nationality, sensitive values.

use crate::civil_desk::{Desk, ELSEWHERE, TODAY, birth};
use dancu_changes::FindingKind;
use dancu_core::{Explain, PersonalNumber, Sex};
use dancu_register::{FactKind, RegisterStore};
use jiff::civil::{Date, date};
use serde_json::{Value, json};

const PAPER: &[&str] = &["civil_status_paper"];

#[expect(clippy::needless_pass_by_value, reason = "called with json!(…), which reads best by value")]
fn correct(number: PersonalNumber, fields: Value) -> Value {
    json!({"command": "correct_identity", "number": number, "fields": fields})
}

#[expect(clippy::needless_pass_by_value, reason = "called with json!(…), which reads best by value")]
fn change(number: PersonalNumber, fields: Value, on: &str) -> Value {
    json!({"command": "change_identity", "number": number, "fields": fields, "on": on})
}

async fn name_on(desk: &Desk, number: PersonalNumber, day: Date) -> String {
    desk.person_on(number, day).await.identity().unwrap().name.as_str().to_owned()
}

#[tokio::test]
async fn a_correction_holds_from_birth_and_a_change_from_its_day() {
    let desk = Desk::open();
    let man = desk.resident("Trần Văn Binh", "M", "1990-06-10").await;
    assert_eq!(desk.refused(PAPER, correct(man, json!({}))).await, "DANCU-CHANGE-131");
    let right = correct(man, json!({"name": "Trần Văn Bình", "old_number": "012345678"}));
    assert_eq!(desk.refused(&[], right.clone()).await, "DANCU-CHANGE-003");
    desk.accepted(PAPER, right.clone()).await;
    assert_eq!(name_on(&desk, man, date(1990, 6, 10)).await, "Trần Văn Bình");
    assert_eq!(desk.refused(PAPER, right).await, "DANCU-CHANGE-014");
    desk.accepted(&["request"], change(man, json!({"name": "Trần Thái Bình"}), "2020-01-01")).await;
    assert_eq!(name_on(&desk, man, date(2019, 12, 31)).await, "Trần Văn Bình");
    assert_eq!(name_on(&desk, man, TODAY).await, "Trần Thái Bình");
    desk.accepted(PAPER, correct(man, json!({"name": "Trần Thái Bính"}))).await;
    assert_eq!(name_on(&desk, man, date(2019, 12, 31)).await, "Trần Văn Bình", "the earlier name was right");
    assert_eq!(name_on(&desk, man, TODAY).await, "Trần Thái Bính");
    desk.accepted(&["decision"], change(man, json!({"name": "Trần Văn Bảo"}), "2010-01-01")).await;
    assert_eq!(name_on(&desk, man, date(2015, 1, 1)).await, "Trần Văn Bảo");
    assert_eq!(name_on(&desk, man, TODAY).await, "Trần Thái Bính", "what changed later stays");
}

#[tokio::test]
async fn what_holds_from_birth_does_not_change_in_a_life() {
    let desk = Desk::open();
    let man = desk.resident("Trần Văn Bình", "M", "1990-06-10").await;
    let code = |fields| desk.refused(&["decision"], change(man, fields, "2020-01-01"));
    assert_eq!(code(json!({"birth_date": "1990-06-11"})).await, "DANCU-CHANGE-132");
    assert_eq!(code(json!({"birth_place": "00004"})).await, "DANCU-CHANGE-132");
    assert_eq!(code(json!({"origin": "99999"})).await, "DANCU-CHANGE-012");
    let woman = desk.resident("Lê Thị Hoa", "F", "2012-03-04").await;
    let renamed = change(woman, json!({"name": "Lê Thị Huệ"}), "2026-01-01");
    assert_eq!(
        desk.refused(&["decision"], renamed.clone()).await,
        "DANCU-CHANGE-003",
        "a minor's parents consent"
    );
    desk.accepted(&["decision", "consent"], renamed).await;
    let error = desk.send_from(Some(ELSEWHERE), PAPER, correct(man, json!({"sex": "F"}))).await.unwrap_err();
    assert_eq!(error.explain().code, "DANCU-CHANGE-004");
}

#[tokio::test]
async fn a_birth_date_moves_with_what_begins_at_birth() {
    let desk = Desk::open();
    let mother = desk.resident("Lê Thị Hoa", "F", "1992-03-04").await;
    let born = birth("Lê Thị Na", "2026-10-10", Some(mother), None);
    let child = desk.accepted(&["birth_notice"], born).await.event.issued.unwrap();
    for (day, text) in [(date(2026, 10, 20), "2026-10-20"), (date(2026, 10, 5), "2026-10-05")] {
        desk.accepted(&["birth_notice"], correct(child, json!({"birth_date": text}))).await;
        let at = |as_of| dancu_register::At { as_of, known_at: jiff::Timestamp::MAX };
        assert!(desk.seen(child, at(day.yesterday().unwrap())).await.is_none(), "nothing before birth");
        let person = desk.person_on(child, day).await;
        assert!(person.identity().unwrap().birth_date.whole() == Some(day));
        assert!(person.family().is_some() && person.residence().is_some());
    }
    for kind in [FactKind::Identity, FactKind::Family, FactKind::Residence] {
        let history = desk.store.history(child).await.unwrap();
        let believed = history.iter().filter(|fact| fact.value.kind() == kind && fact.recorded_to.is_none());
        assert_eq!(believed.count(), 1, "{}", kind.as_str());
    }
}

#[tokio::test]
async fn a_birth_date_fits_parents_children_and_weddings() {
    let desk = Desk::open();
    let (father, mother) = desk.couple().await;
    let born = birth("Trần Thị Mai", "2019-10-10", Some(mother), Some(father));
    let child = desk.accepted(&["birth_notice"], born).await.event.issued.unwrap();
    let code = |number, day: &str| desk.refused(PAPER, correct(number, json!({"birth_date": day})));
    assert_eq!(code(child, "2027-01-02").await, "DANCU-CHANGE-009");
    assert_eq!(code(child, "1999-01-02").await, "DANCU-CHANGE-100");
    assert_eq!(code(mother, "2020-01-02").await, "DANCU-CHANGE-133", "after the child");
    assert_eq!(code(mother, "2012-01-02").await, "DANCU-CHANGE-133", "a mother of seven");
    assert_eq!(code(mother, "2001-06-02").await, "DANCU-CHANGE-133", "married at sixteen");
    let widow = desk.resident("Phạm Thị Cúc", "F", "1985-01-05").await;
    desk.accepted(&["birth_notice"], birth("Phạm Thị Na", "2019-10-10", Some(widow), None)).await;
    assert_eq!(desk.refused(PAPER, correct(widow, json!({"sex": "M"}))).await, "DANCU-CHANGE-103");
    desk.accepted(PAPER, correct(mother, json!({"birth_date": "1993-01-01"}))).await;
    assert_eq!(desk.findings(FindingKind::PlaceholderBirthDate).await.len(), 1);
    assert_eq!(desk.findings(FindingKind::BirthYearContradictsNumber).await[0].persons, [mother]);
}

#[tokio::test]
async fn a_married_person_does_not_become_of_the_spouses_sex() {
    let desk = Desk::open();
    let (husband, _) = desk.couple().await;
    let sex = change(husband, json!({"sex": "F"}), "2026-01-01");
    assert_eq!(desk.refused(&["decision"], sex).await, "DANCU-CHANGE-126");
    let single = desk.resident("Phạm Văn Cường", "M", "1985-01-05").await;
    desk.accepted(&["decision"], change(single, json!({"sex": "F"}), "2026-01-01")).await;
    assert!(desk.person_on(single, date(2025, 12, 31)).await.identity().unwrap().sex == Sex::Male);
    assert!(desk.person(single).await.identity().unwrap().sex == Sex::Female);
    assert_eq!(desk.findings(FindingKind::SexContradictsNumber).await[0].persons, [single]);
}

#[tokio::test]
async fn a_nationality_is_lost_by_decision_from_a_day_on() {
    let desk = Desk::open();
    let man = desk.resident("Trần Văn Bình", "M", "1990-06-10").await;
    let lose = |to: &str| json!({"command": "change_nationality", "number": man, "nationality": to, "on": "2024-01-01"});
    assert_eq!(desk.refused(&[], lose("DEU")).await, "DANCU-CHANGE-003");
    assert_eq!(desk.refused(&["decision"], lose("VNM")).await, "DANCU-CHANGE-014");
    desk.accepted(&["decision"], lose("DEU")).await;
    assert_eq!(desk.person(man).await.identity().unwrap().nationality.as_str(), "DEU");
    assert_eq!(desk.person_on(man, date(2023, 12, 31)).await.identity().unwrap().nationality.as_str(), "VNM");
}

#[tokio::test]
async fn sensitive_values_have_their_form_and_are_kept_sealed() {
    let desk = Desk::open();
    let man = desk.resident("Trần Văn Bình", "M", "1990-06-10").await;
    let state = |kind: &str, value: &str| json!({"command": "state_sensitive", "number": man, "kind": kind, "value": value});
    let large = "A".repeat(64 * 1024 / 3 * 4 + 8);
    for (kind, value) in [
        ("ethnicity", "Kinh2"),
        ("ethnicity", ""),
        ("religion", " "),
        ("blood_group", "C+"),
        ("portrait", "AAAA"),
        ("portrait", "no base64!"),
        ("portrait", large.as_str()),
        ("fingerprints", ""),
        ("fingerprints", large.as_str()),
    ] {
        assert_eq!(desk.refused(&[], state(kind, value)).await, "DANCU-CHANGE-136", "{kind}");
    }
    for (kind, value) in [
        ("ethnicity", "Kinh"),
        ("religion", "Không"),
        ("blood_group", "AB-"),
        ("portrait", "/9j/4AAQSkZJRg=="),
        ("fingerprints", "Rk1SAA=="),
    ] {
        let receipt = desk.accepted(&[], state(kind, value)).await;
        let event = serde_json::to_string(&receipt.event).unwrap();
        assert!(event.contains("sealed") && !event.contains(value), "{kind}");
    }
    let sealed = desk.store.sealed_history(man).await.unwrap();
    assert_eq!(sealed.len(), 5);
    assert!(
        sealed.iter().all(|fact| fact.valid_from == date(1990, 6, 10)),
        "from birth when no day is given"
    );
    assert_eq!(desk.refused(&[], state("ethnicity", "Kinh")).await, "DANCU-CHANGE-014");
    let error = desk.send_from(Some(ELSEWHERE), &[], state("ethnicity", "Thái")).await.unwrap_err();
    assert_eq!(error.explain().code, "DANCU-CHANGE-004");
    desk.send_from(None, &[], state("ethnicity", "Thái")).await.unwrap();
}
