//! Death, declarations, their reversal, judgments.

use crate::civil_desk::{Desk, ELSEWHERE, HERE, TODAY, birth, marry, with};
use dancu_changes::FindingKind;
use dancu_core::{Explain, PersonalNumber};
use dancu_register::{Life, MaritalStatus};
use jiff::civil::date;
use serde_json::{Value, json};

fn death(number: PersonalNumber, on: &str) -> Value {
    json!({"command": "register_death", "number": number, "on": on})
}

fn reverse(number: PersonalNumber) -> Value {
    json!({"command": "reverse_declaration", "number": number, "on": "2026-11-15"})
}

#[tokio::test]
async fn a_death_widows_the_spouse_and_ends_the_home() {
    let desk = Desk::open();
    let (husband, wife) = desk.couple().await;
    assert_eq!(desk.refused(&[], death(husband, "2026-11-10")).await, "DANCU-CHANGE-003");
    assert_eq!(desk.refused(&["death_notice"], death(husband, "2026-11-23")).await, "DANCU-CHANGE-009");
    assert_eq!(desk.refused(&["death_notice"], death(husband, "1989-11-23")).await, "DANCU-CHANGE-010");
    let nowhere = with(death(husband, "2026-11-10"), "place", json!("99999"));
    assert_eq!(desk.refused(&["death_notice"], nowhere).await, "DANCU-CHANGE-012");
    desk.accepted(&["death_notice"], death(husband, "2026-11-10")).await;
    let dead = desk.person(husband).await;
    assert!(dead.life() == Life::Dead { date: Some(date(2026, 11, 10)) });
    assert!(dead.residence().unwrap().household.is_none());
    assert!(desk.person_on(husband, date(2026, 11, 9)).await.residence().unwrap().household.is_some());
    let widow = desk.person(wife).await;
    assert!(widow.family().unwrap().marital_status == Some(MaritalStatus::Widowed));
    assert_eq!(widow.family().unwrap().spouse, None);
    let found = desk.findings(FindingKind::NoHead).await;
    assert_eq!(
        (found[0].persons.as_slice(), found[0].owner.unwrap().to_string().as_str()),
        (&[wife][..], HERE)
    );
    assert_eq!(desk.refused(&["death_notice"], death(husband, "2026-11-11")).await, "DANCU-CHANGE-007");
    assert_eq!(desk.findings(FindingKind::LateDeathRegistration).await, []);
    assert_eq!(desk.findings(FindingKind::EventAfterDeath).await, []);
    desk.accepted(&[], marry(wife, desk.resident("Phạm Văn Cường", "M", "1985-01-05").await, "2026-11-20"))
        .await;
}

#[tokio::test]
async fn a_late_death_and_what_happened_after_it_are_findings() {
    let desk = Desk::open();
    let (husband, _) = desk.couple().await;
    desk.accepted(&["death_notice"], death(husband, "2018-05-01")).await;
    let late = desk.findings(FindingKind::LateDeathRegistration).await;
    assert_eq!(late[0].days_late.map(i64::from), Some(i64::from((TODAY - date(2018, 5, 1)).get_days()) - 15));
    assert_eq!(desk.findings(FindingKind::EventAfterDeath).await[0].persons, [husband]);
}

#[tokio::test]
async fn the_last_home_or_the_place_of_death_registers_it() {
    let desk = Desk::open();
    let man = desk.resident("Trần Văn Bình", "M", "1990-06-10").await;
    let error =
        desk.send_from(Some(ELSEWHERE), &["death_notice"], death(man, "2026-11-10")).await.unwrap_err();
    assert_eq!(error.explain().code, "DANCU-CHANGE-004");
    let there = with(death(man, "2026-11-10"), "place", json!(ELSEWHERE));
    let receipt = desk.send_from(Some(ELSEWHERE), &["death_notice"], there).await.unwrap();
    let back = json!({"command": "compensate", "event": receipt.event.id, "reason": "nhầm người"});
    desk.send_from(Some(ELSEWHERE), &[], back).await.unwrap();
    let alive = desk.person(man).await;
    assert!(alive.life() == Life::Alive && alive.residence().unwrap().household.is_some());
}

#[tokio::test]
async fn missing_takes_two_years_and_a_judgment() {
    let desk = Desk::open();
    let man = desk.resident("Trần Văn Bình", "M", "1990-06-10").await;
    let missing = |since: &str| json!({"command": "declare_missing", "number": man, "since": since});
    assert_eq!(desk.refused(&[], missing("2024-01-01")).await, "DANCU-CHANGE-003");
    assert_eq!(desk.refused(&["judgment"], missing("2024-11-23")).await, "DANCU-CHANGE-134");
    assert_eq!(desk.refused(&["judgment"], reverse(man)).await, "DANCU-CHANGE-135");
    desk.accepted(&["judgment"], missing("2024-11-22")).await;
    assert!(desk.person(man).await.life() == Life::Missing { since: Some(date(2024, 11, 22)) });
    assert_eq!(desk.refused(&[], reverse(man)).await, "DANCU-CHANGE-003");
    desk.accepted(&["judgment"], reverse(man)).await;
    assert!(desk.person_on(man, date(2025, 1, 1)).await.life() == Life::Alive, "from the start of it");
}

#[tokio::test]
async fn whoever_comes_back_is_married_again_unless_the_other_married() {
    let desk = Desk::open();
    let (husband, wife) = desk.couple().await;
    let declare = json!({"command": "declare_dead", "number": husband, "on": "2023-01-01"});
    assert_eq!(desk.refused(&["death_notice"], declare.clone()).await, "DANCU-CHANGE-003");
    desk.accepted(&["judgment"], declare.clone()).await;
    assert_eq!(desk.person(wife).await.family().unwrap().spouse, None);
    desk.accepted(&["judgment"], reverse(husband)).await;
    assert_eq!(desk.person(wife).await.family().unwrap().spouse, Some(husband));
    assert!(desk.person(wife).await.family().unwrap().marital_status == Some(MaritalStatus::Married));
    desk.accepted(&["judgment"], declare).await;
    let other = desk.resident("Phạm Văn Cường", "M", "1985-01-05").await;
    desk.accepted(&[], marry(other, wife, "2024-05-05")).await;
    desk.accepted(&["judgment"], reverse(husband)).await;
    assert_eq!(desk.person(wife).await.family().unwrap().spouse, Some(other));
    let back = desk.person(husband).await;
    assert_eq!(back.family().unwrap().spouse, None);
    assert!(back.family().unwrap().marital_status == Some(MaritalStatus::Divorced));
}

#[tokio::test]
async fn a_death_by_notice_is_taken_back_and_not_reversed() {
    let desk = Desk::open();
    let (husband, wife) = desk.couple().await;
    let receipt = desk.accepted(&["death_notice"], death(husband, "2026-11-10")).await;
    assert_eq!(desk.refused(&["judgment"], reverse(husband)).await, "DANCU-CHANGE-135");
    let back = json!({"command": "compensate", "event": receipt.event.id, "reason": "nhầm người"});
    desk.accepted(&[], back).await;
    assert!(desk.person(husband).await.life() == Life::Alive);
    assert_eq!(desk.person(wife).await.family().unwrap().spouse, Some(husband));
}

#[tokio::test]
async fn a_judgment_is_noted_without_a_change_of_facts() {
    let desk = Desk::open();
    let mother = desk.resident("Lê Thị Hoa", "F", "1992-03-04").await;
    let note =
        json!({"command": "note_judgment", "number": mother, "matter": "legal_capacity", "on": "2026-10-01"});
    assert_eq!(desk.refused(&[], note.clone()).await, "DANCU-CHANGE-003");
    let receipt = desk.accepted(&["judgment"], note).await;
    assert_eq!(receipt.event.persons, [mother]);
    desk.accepted(&["birth_notice"], birth("Lê Thị Na", "2026-11-01", Some(mother), None)).await;
}
