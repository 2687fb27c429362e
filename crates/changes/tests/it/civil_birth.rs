//! Births.

use crate::civil_desk::{Desk, ELSEWHERE, HERE, TODAY, birth, seals, with};
use dancu_changes::{ChangeStore, FindingKind};
use dancu_core::{CommuneCode, Sex};
use dancu_register::{FactValue, MaritalStatus, RegisterStore, Relation};
use jiff::civil::date;
use serde_json::json;

const NOTICE: &[&str] = &["birth_notice"];

#[tokio::test]
async fn a_newborn_gets_number_identity_family_and_home() {
    let desk = Desk::open();
    let (father, mother) = desk.couple().await;
    let command =
        with(birth("Trần Thị Mai", "2026-11-01", Some(mother), Some(father)), "ethnicity", json!("Tày"));
    let receipt = desk.accepted(NOTICE, command).await;
    let child = receipt.event.issued.unwrap();
    assert_eq!((child.issued_place(), child.issued_birth_year()), (1, 2026));
    assert!(child.issued_sex() == Sex::Female);
    let person = desk.person(child).await;
    let identity = person.identity().unwrap();
    assert_eq!(identity.registration_place.map(|code| code.to_string()).as_deref(), Some(HERE));
    let family = person.family().unwrap();
    assert_eq!((family.mother, family.father), (Some(mother), Some(father)));
    assert!(family.marital_status == Some(MaritalStatus::Single));
    let home = person.residence().unwrap();
    let mothers = desk.person(mother).await;
    assert!(home.household.is_some() && home.household == mothers.residence().unwrap().household);
    assert!(home.relation_to_head == Some(Relation::Child));
    assert!(home.permanent_address == mothers.residence().unwrap().permanent_address);
    assert_eq!(receipt.findings, [], "in time and nothing odd");
    let sealed = desk.store.sealed_history(child).await.unwrap();
    let FactValue::Sealed(value) = &sealed[0].value else { panic!("sealed") };
    assert_eq!(seals().open(child, value).unwrap().0, "Tày".as_bytes());
    let (stored, _) = desk.store.event(receipt.event.id).await.unwrap().unwrap();
    assert!(!serde_json::to_string(&stored).unwrap().contains("Tày"), "the event names no ethnicity");
}

#[tokio::test]
async fn a_grandchild_is_told_from_a_child_of_the_head() {
    let desk = Desk::open();
    let grandfather = desk.issue("Lê Văn Tám", "M", "1960-01-02").await;
    let mother = desk.issue("Lê Thị Hoa", "F", "1992-03-04").await;
    desk.house(&[(grandfather, "head"), (mother, "child")]).await;
    let receipt = desk.accepted(NOTICE, birth("Lê Thị Na", "2026-10-30", Some(mother), None)).await;
    let child = desk.person(receipt.event.issued.unwrap()).await;
    assert!(child.residence().unwrap().relation_to_head == Some(Relation::Grandchild));
}

#[tokio::test]
async fn a_birth_needs_a_paper_a_past_day_and_a_known_place() {
    let desk = Desk::open();
    let mother = desk.resident("Lê Thị Hoa", "F", "1992-03-04").await;
    let command = birth("Lê Thị Na", "2026-11-01", Some(mother), None);
    assert_eq!(desk.refused(&[], command.clone()).await, "DANCU-CHANGE-003");
    let tomorrow = birth("Lê Thị Na", "2026-11-23", Some(mother), None);
    assert_eq!(desk.refused(NOTICE, tomorrow).await, "DANCU-CHANGE-009");
    let nowhere = with(command.clone(), "birth_place", json!("99999"));
    assert_eq!(desk.refused(NOTICE, nowhere).await, "DANCU-CHANGE-012");
    let ended = with(command.clone(), "birth_place", json!("26881"));
    assert_eq!(desk.refused(NOTICE, ended).await, "DANCU-CHANGE-012", "a code that ended in 2025");
    let unknown = with(command, "mother", json!("001192000001"));
    assert_eq!(desk.refused(NOTICE, unknown).await, "DANCU-CHANGE-006");
}

#[tokio::test]
async fn only_a_home_of_the_parents_or_the_place_of_birth_registers_it() {
    let desk = Desk::open();
    let mother = desk.resident("Lê Thị Hoa", "F", "1992-03-04").await;
    let command = birth("Lê Thị Na", "2026-11-01", Some(mother), None);
    let error = desk.send_from(Some(ELSEWHERE), NOTICE, command.clone()).await.unwrap_err();
    assert_eq!(dancu_core::Explain::explain(&error).code, "DANCU-CHANGE-004");
    let born_there = with(command, "birth_place", json!(ELSEWHERE));
    let receipt = desk.send_from(Some(ELSEWHERE), NOTICE, born_there).await.unwrap();
    assert_eq!(receipt.event.issued.unwrap().issued_place(), 79, "the province that registers it");
}

#[tokio::test]
async fn parents_fit_by_sex_and_age() {
    let desk = Desk::open();
    let (father, mother) = desk.couple().await;
    let code = |mother, father| {
        let command = birth("Trần Thị Mai", "2026-11-01", mother, father);
        let desk = &desk;
        async move { desk.refused(NOTICE, command).await }
    };
    assert_eq!(code(Some(father), None).await, "DANCU-CHANGE-103");
    assert_eq!(code(None, Some(mother)).await, "DANCU-CHANGE-103");
    let girl = desk.resident("Lê Thị Bé", "F", "2017-01-05").await;
    assert_eq!(code(Some(girl), None).await, "DANCU-CHANGE-100");
    let boy = desk.resident("Lê Văn Bé", "M", "2015-01-05").await;
    assert_eq!(code(None, Some(boy)).await, "DANCU-CHANGE-100");
    let old = desk.resident("Lê Thị Cụ", "F", "1960-01-05").await;
    assert_eq!(code(Some(old), None).await, "DANCU-CHANGE-101");
    let rare = desk.resident("Lê Thị Lan", "F", "1970-01-05").await;
    let receipt = desk.accepted(NOTICE, birth("Lê Thị Na", "2026-11-01", Some(rare), None)).await;
    let found = desk.findings(FindingKind::ParentAgeImpossible).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].id, receipt.findings[0]);
    assert_eq!(found[0].owner.map(|code| code.to_string()).as_deref(), Some(HERE));
}

#[tokio::test]
async fn a_dead_mother_has_no_child_and_a_dead_father_for_300_days() {
    let desk = Desk::open();
    let (father, mother) = desk.couple().await;
    for number in [father, mother] {
        let death = json!({"command": "register_death", "number": number, "on": "2026-01-10"});
        desk.accepted(&["death_notice"], death).await;
    }
    let day_of_death = birth("Trần Thị Mai", "2026-01-10", Some(mother), Some(father));
    let child = desk.accepted(NOTICE, day_of_death).await.event.issued.unwrap();
    assert!(desk.person(child).await.residence().is_none(), "nobody is left to live with");
    let later = birth("Trần Thị Mơ", "2026-08-10", Some(mother), None);
    assert_eq!(desk.refused(NOTICE, later).await, "DANCU-CHANGE-102");
    let within = birth("Trần Thị Tư", "2026-11-06", None, Some(father));
    desk.accepted(NOTICE, within).await;
    let beyond = birth("Trần Thị Năm", "2026-11-07", None, Some(father));
    assert_eq!(desk.refused(NOTICE, beyond).await, "DANCU-CHANGE-102");
}

#[tokio::test]
async fn the_same_child_twice_is_refused_until_the_officer_says_it_is_another() {
    let desk = Desk::open();
    let mother = desk.resident("Lê Thị Hoa", "F", "1992-03-04").await;
    let first = desk.accepted(NOTICE, birth("Lê Thị Na", "2026-11-01", Some(mother), None)).await;
    let again = birth("Lê Thị Na", "2026-11-01", Some(mother), None);
    assert_eq!(desk.refused(NOTICE, again.clone()).await, "DANCU-CHANGE-105");
    let second = desk.accepted(NOTICE, with(again, "is_another_child", json!(true))).await;
    let found = desk.findings(FindingKind::SameChildTwice).await;
    let mut both = [first.event.issued.unwrap(), second.event.issued.unwrap()];
    both.sort();
    assert_eq!(found[0].persons, both);
    desk.accepted(NOTICE, birth("Lê Văn Tí", "2026-11-01", Some(mother), None)).await;
}

#[tokio::test]
async fn births_of_one_mother_are_half_a_year_apart_but_for_twins() {
    let desk = Desk::open();
    let mother = desk.resident("Lê Thị Hoa", "F", "1992-03-04").await;
    desk.accepted(NOTICE, birth("Lê Thị Na", "2026-04-10", Some(mother), None)).await;
    let near = birth("Lê Thị Mơ", "2026-10-06", Some(mother), None);
    assert_eq!(desk.refused(NOTICE, near).await, "DANCU-CHANGE-104");
    let over_midnight = birth("Lê Thị Mơ", "2026-04-11", Some(mother), None);
    assert_eq!(desk.refused(NOTICE, over_midnight.clone()).await, "DANCU-CHANGE-105");
    desk.accepted(NOTICE, with(over_midnight, "is_another_child", json!(true))).await;
    desk.accepted(NOTICE, birth("Lê Thị Mận", "2026-10-09", Some(mother), None)).await;
}

#[tokio::test]
async fn a_late_registration_is_a_finding_with_its_days() {
    let desk = Desk::open();
    let mother = desk.resident("Lê Thị Hoa", "F", "1992-03-04").await;
    desk.accepted(NOTICE, birth("Lê Thị Na", "2026-09-23", Some(mother), None)).await;
    assert_eq!(desk.findings(FindingKind::LateBirthRegistration).await, [], "the sixtieth day");
    desk.accepted(NOTICE, birth("Lê Thị Mơ", "2020-03-01", Some(mother), None)).await;
    let found = desk.findings(FindingKind::LateBirthRegistration).await;
    let days = (TODAY - date(2020, 3, 1)).get_days();
    assert_eq!(found[0].days_late.map(i64::from), Some(i64::from(days) - 60));
}

#[tokio::test]
async fn a_foundling_and_a_child_of_another_household_have_their_rules() {
    let desk = Desk::open();
    let mother = desk.resident("Lê Thị Hoa", "F", "1992-03-04").await;
    let host = desk.resident("Trần Thị Lan", "F", "1962-03-04").await;
    let household = desk.person(host).await.residence().unwrap().household.clone().unwrap();
    desk.accepted(&["witness_statement"], birth("Lê Thị Rơi", "2026-11-02", None, None)).await;
    let command = birth("Lê Thị Na", "2026-11-01", Some(mother), None);
    let hosted = with(command.clone(), "household", json!(household));
    assert_eq!(desk.refused(NOTICE, hosted.clone()).await, "DANCU-CHANGE-106");
    let head = with(hosted.clone(), "relation_to_head", json!("head"));
    assert_eq!(desk.refused(NOTICE, head).await, "DANCU-CHANGE-107");
    let receipt = desk.accepted(&["birth_notice", "consent"], hosted).await;
    let child = desk.person(receipt.event.issued.unwrap()).await;
    let home = child.residence().unwrap();
    assert!(home.household.as_ref() == Some(&household) && home.relation_to_head == Some(Relation::Other));
    assert_eq!(home.permanent_commune.map(CommuneCode::value), Some(4));
}

#[tokio::test]
async fn the_same_birth_sent_again_is_one_birth() {
    let desk = Desk::open();
    let mother = desk.resident("Lê Thị Hoa", "F", "1992-03-04").await;
    let envelope = desk.envelope(Some(HERE), NOTICE, birth("Lê Thị Na", "2026-11-01", Some(mother), None));
    let first = desk.service.execute(&envelope).await.unwrap();
    let again = desk.service.execute(&envelope).await.unwrap();
    assert!(again.was_known && !first.was_known);
    assert_eq!(first.event, again.event);
    let mut other = envelope;
    other.command = serde_json::from_value(birth("Lê Thị Khác", "2026-11-01", Some(mother), None)).unwrap();
    let error = desk.service.execute(&other).await.unwrap_err();
    assert_eq!(dancu_core::Explain::explain(&error).code, "DANCU-CHANGE-001");
}
