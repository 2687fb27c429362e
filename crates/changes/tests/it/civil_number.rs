//! Numbers: issued later, cancelled, replaced.

use crate::civil_desk::{Desk, HERE, TODAY, birth, issue, marry, seals, with};
use dancu_changes::FindingKind;
use dancu_register::{At, FactValue, NumberState, RegisterStore};
use jiff::civil::date;
use serde_json::json;

const PAPER: &[&str] = &["civil_status_paper"];

#[tokio::test]
async fn a_number_is_formed_of_place_sex_century_and_year() {
    let desk = Desk::open();
    for (sex, born, place, begin) in
        [("M", "1985-03-02", 1, "001085"), ("F", "1985", 79, "079185"), ("F", "2004-02", 107, "107304")]
    {
        let command = with(issue("Nguyễn Văn An", sex, born), "number_place", json!(place));
        let number = desk.accepted(PAPER, command).await.event.issued.unwrap();
        assert!(number.to_string().starts_with(begin), "{begin}");
    }
    let nowhere = with(issue("Nguyễn Văn An", "M", "1985-03-02"), "number_place", json!(3));
    assert_eq!(desk.refused(PAPER, nowhere).await, "DANCU-CHANGE-109");
    let long_ago = issue("Nguyễn Văn An", "M", "1899-03-02");
    assert_eq!(desk.refused(PAPER, long_ago).await, "DANCU-CHANGE-110");
    assert_eq!(desk.refused(&[], issue("Nguyễn Văn An", "M", "1985")).await, "DANCU-CHANGE-003");
    assert_eq!(desk.refused(PAPER, issue("Nguyễn Văn An", "M", "2027")).await, "DANCU-CHANGE-009");
}

#[test]
fn an_old_number_of_nine_digits_is_no_number() {
    let command = json!({"command": "cancel_number", "number": "012345678", "on": "2026-01-01"});
    assert!(serde_json::from_value::<dancu_changes::Command>(command).is_err());
    let command = json!({"command": "cancel_number", "number": "001085000001", "on": "2026-02-31"});
    assert!(serde_json::from_value::<dancu_changes::Command>(command).is_err(), "31 February");
}

#[tokio::test]
async fn a_first_of_january_is_a_finding_and_a_known_child_is_not_numbered_twice() {
    let desk = Desk::open();
    desk.issue("Nguyễn Văn An", "M", "1985-01-01").await;
    assert_eq!(desk.findings(FindingKind::PlaceholderBirthDate).await.len(), 1);
    desk.issue("Nguyễn Văn Ba", "M", "1985").await;
    assert_eq!(desk.findings(FindingKind::PlaceholderBirthDate).await.len(), 1, "a year is no 1 January");
    let mother = desk.resident("Lê Thị Hoa", "F", "1962-03-04").await;
    let command = with(issue("Lê Văn Tư", "M", "1985-04-05"), "mother", json!(mother));
    desk.accepted(PAPER, command.clone()).await;
    let without_marks = with(command, "name", json!("LE VAN TU"));
    assert_eq!(desk.refused(PAPER, without_marks.clone()).await, "DANCU-CHANGE-105");
    desk.accepted(PAPER, with(without_marks, "is_another_person", json!(true))).await;
    assert_eq!(desk.findings(FindingKind::SameChildTwice).await.len(), 1);
}

#[tokio::test]
async fn a_number_is_cancelled_only_when_nobody_depends_on_it() {
    let desk = Desk::open();
    let (father, mother) = desk.couple().await;
    let child = birth("Trần Thị Mai", "2026-11-01", Some(mother), Some(father));
    let child = desk.accepted(&["birth_notice"], child).await.event.issued.unwrap();
    let cancel = |number| json!({"command": "cancel_number", "number": number, "on": "2026-11-20"});
    assert_eq!(desk.refused(&[], cancel(child)).await, "DANCU-CHANGE-003");
    assert_eq!(desk.refused(&["decision"], cancel(mother)).await, "DANCU-CHANGE-111");
    desk.accepted(&["decision"], cancel(child)).await;
    let person = desk.person(child).await;
    assert_eq!(person.number_state(), NumberState::Cancelled);
    assert!(person.residence().unwrap().household.is_none(), "and belongs to no household");
    assert_eq!(desk.refused(&["decision"], cancel(child)).await, "DANCU-CHANGE-008");
    let head = desk.resident("Lê Văn Một", "M", "1970-02-03").await;
    let other = desk.issue("Lê Văn Hai", "M", "1972-02-03").await;
    desk.house(&[(head, "head"), (other, "sibling")]).await;
    assert_eq!(desk.refused(&["decision"], cancel(head)).await, "DANCU-CHANGE-111");
}

#[tokio::test]
async fn everything_moves_to_the_number_that_replaces_another() {
    let desk = Desk::open();
    let (husband, wife) = desk.couple().await;
    let child = birth("Trần Thị Mai", "2026-11-01", Some(wife), Some(husband));
    let child = desk.accepted(&["birth_notice"], child).await.event.issued.unwrap();
    let sensitive =
        json!({"command": "state_sensitive", "number": wife, "kind": "religion", "value": "Phật giáo"});
    desk.accepted(&[], sensitive).await;
    let replace = json!({"command": "replace_number", "number": wife, "on": "2026-11-20"});
    assert_eq!(desk.refused(&["decision"], replace.clone()).await, "DANCU-CHANGE-112");
    let born = json!({"command": "correct_identity", "number": wife, "fields": {"birth_date": "1991-12-30"}});
    desk.accepted(PAPER, born).await;
    assert_eq!(desk.findings(FindingKind::BirthYearContradictsNumber).await.len(), 1);
    let before = dancu_core::Clock::now(&*desk.clock);
    let was = desk.person(wife).await;
    let receipt = desk.accepted(&["decision"], replace).await;
    let new = receipt.event.issued.unwrap();
    assert_eq!((new.issued_place(), new.issued_birth_year()), (wife.issued_place(), 1991));
    let is = desk.person(new).await;
    assert!(is.identity() == was.identity() && is.residence() == was.residence());
    assert!(is.family() == was.family());
    assert!(is.number_state() == NumberState::InPlaceOf(wife));
    let old = desk.person(wife).await;
    assert!(old.identity().is_none() && old.residence().is_none());
    assert!(old.number_state() == NumberState::ReplacedBy(new));
    assert_eq!(desk.person(husband).await.family().unwrap().spouse, Some(new));
    assert_eq!(desk.person(child).await.family().unwrap().mother, Some(new));
    let sealed = desk.store.sealed_history(new).await.unwrap();
    let FactValue::Sealed(value) = &sealed[0].value else { panic!("sealed") };
    assert_eq!(seals().open(new, value).unwrap().0, "Phật giáo".as_bytes());
    assert!(desk.store.sealed_history(wife).await.unwrap().iter().all(|fact| fact.recorded_to.is_some()));
    let then = At { as_of: TODAY, known_at: before };
    assert!(desk.seen(wife, then).await.unwrap().identity() == was.identity(), "as known before");
    let divorce = json!({"command": "record_divorce", "first": husband, "second": wife, "on": "2026-11-21"});
    assert_eq!(desk.refused(&["judgment"], divorce).await, "DANCU-CHANGE-008");
    let back = json!({"command": "compensate", "event": receipt.event.id, "reason": "nhầm"});
    desk.accepted(&[], back).await;
    assert!(desk.person(wife).await.identity() == was.identity());
    assert_eq!(desk.person(husband).await.family().unwrap().spouse, Some(wife));
    assert!(desk.person(new).await.identity().is_none());
    assert!(desk.person(new).await.number_state() == NumberState::Cancelled, "and is never given again");
    let sealed = desk.store.sealed_history(wife).await.unwrap();
    assert!(sealed.iter().any(|fact| fact.recorded_to.is_none()));
}

#[tokio::test]
async fn the_household_of_a_replaced_number_has_one_entry() {
    let desk = Desk::open();
    let man = desk.resident("Lê Văn Một", "M", "1970-02-03").await;
    let household = desk.person(man).await.residence().unwrap().household.clone().unwrap();
    let sex = json!({"command": "correct_identity", "number": man, "fields": {"sex": "F"}});
    desk.accepted(PAPER, sex).await;
    assert_eq!(desk.findings(FindingKind::SexContradictsNumber).await[0].owner.unwrap().to_string(), HERE);
    let replace = json!({"command": "replace_number", "number": man, "on": "2026-11-20"});
    let new = desk.accepted(&["decision"], replace).await.event.issued.unwrap();
    for as_of in [date(2025, 12, 1), TODAY] {
        let at = At { as_of, known_at: jiff::Timestamp::MAX };
        let page = dancu_register::Page::first(10);
        let members = desk.store.household(&household, at, page).await.unwrap();
        assert_eq!(members.iter().map(|member| member.number).collect::<Vec<_>>(), [new]);
    }
    let again = marry(man, new, "2026-11-21");
    assert_eq!(desk.refused(&[], again).await, "DANCU-CHANGE-008");
}

#[tokio::test]
async fn a_birth_is_not_taken_back_while_others_name_the_child() {
    let desk = Desk::open();
    let mother = desk.resident("Lê Thị Hoa", "F", "1962-03-04").await;
    let command = birth("Lê Thị Na", "1984-10-01", Some(mother), None);
    let command = with(command, "birth_place", json!("00001"));
    let born = desk.accepted(&["witness_statement"], command).await;
    let daughter = born.event.issued.unwrap();
    let grandchild = birth("Lê Thị Mơ", "2026-10-01", Some(daughter), None);
    let grandchild = desk.accepted(&["birth_notice"], grandchild).await;
    let back = |event| json!({"command": "compensate", "event": event, "reason": "nhầm"});
    assert_eq!(desk.refused(&[], back(born.event.id)).await, "DANCU-CHANGE-111");
    desk.accepted(&[], back(grandchild.event.id)).await;
    desk.accepted(&[], back(born.event.id)).await;
    assert!(desk.person(daughter).await.number_state() == NumberState::Cancelled);
}
