//! What somebody who looks for holes tries first.

use crate::civil_desk::{Desk, ELSEWHERE, HERE, TODAY, birth, issue, marry};
use dancu_changes::{ChangeError, ChangeStore, CommandId, Envelope};
use dancu_core::{Clock, Explain, PersonalNumber};
use dancu_register::{MaritalStatus, NumberState, RegisterStore};
use serde_json::{Value, json};

fn back(event: CommandId) -> Value {
    json!({"command": "compensate", "event": event, "reason": "nhầm"})
}

fn die(number: PersonalNumber, on: &str) -> Value {
    json!({"command": "register_death", "number": number, "on": on})
}

#[tokio::test]
async fn whoever_a_file_says_is_married_marries_nobody_else_after_the_day_of_the_file() {
    let desk = Desk::open();
    let man = desk.resident("Trần Văn Bình", "M", "1990-06-10").await;
    let woman = desk.resident("Lê Thị Hoa", "F", "1992-06-10").await;
    desk.load_married(man, None).await;
    desk.clock.advance(jiff::SignedDuration::from_hours(48));
    let code = desk.refused(&[], marry(man, woman, "2026-11-23")).await;
    assert_eq!(code, "DANCU-CHANGE-124", "the file's marriage was there before");
}

#[tokio::test]
async fn a_number_that_was_issued_is_not_taken_back_under_what_was_stated_of_it_since() {
    let desk = Desk::open();
    let (husband, wife) = desk.couple().await;
    let command = birth("Trần Thị Mai", "2026-11-01", Some(wife), Some(husband));
    let born = desk.accepted(&["birth_notice"], command).await.event;
    let child = born.issued.unwrap();
    let religion =
        json!({"command": "state_sensitive", "number": child, "kind": "religion", "value": "Phật giáo"});
    let religion = desk.accepted(&[], religion).await.event;
    let phone =
        json!({"command": "change_contact", "number": child, "phone": "0912345678", "on": "2026-11-20"});
    let phone = desk.accepted(&[], phone).await.event;
    assert_eq!(desk.refused(&[], back(born.id)).await, "DANCU-CHANGE-018");
    desk.accepted(&[], back(phone.id)).await;
    assert_eq!(desk.refused(&[], back(born.id)).await, "DANCU-CHANGE-018", "the sealed value is still there");
    desk.accepted(&[], back(religion.id)).await;
    desk.accepted(&[], back(born.id)).await;
    let history = desk.store.history(child).await.unwrap();
    let believed: Vec<_> = history.iter().filter(|fact| fact.recorded_to.is_none()).collect();
    assert_eq!(believed.len(), 1);
    assert!(desk.person(child).await.number_state() == NumberState::Cancelled);
}

#[tokio::test]
async fn what_was_stated_under_a_new_number_is_not_lost_with_it() {
    let desk = Desk::open();
    let woman = desk.resident("Lê Thị Hoa", "F", "1992-03-04").await;
    let born =
        json!({"command": "correct_identity", "number": woman, "fields": {"birth_date": "1991-12-30"}});
    desk.accepted(&["civil_status_paper"], born).await;
    let replace = json!({"command": "replace_number", "number": woman, "on": "2026-11-20"});
    let replaced = desk.accepted(&["decision"], replace).await.event;
    let new = replaced.issued.unwrap();
    let phone =
        json!({"command": "change_contact", "number": new, "phone": "0912345678", "on": "2026-11-21"});
    desk.accepted(&[], phone).await;
    assert_eq!(desk.refused(&[], back(replaced.id)).await, "DANCU-CHANGE-018");
}

#[tokio::test]
async fn a_register_is_built_anew_also_where_a_sensitive_statement_was_taken_back() {
    let desk = Desk::open();
    let woman = desk.resident("Lê Thị Hoa", "F", "1992-03-04").await;
    let religion =
        json!({"command": "state_sensitive", "number": woman, "kind": "religion", "value": "Phật giáo"});
    let stated = desk.accepted(&[], religion).await.event;
    desk.accepted(&[], back(stated.id)).await;
    let again = Desk::with_seed(99);
    for event in desk.store.events() {
        again.service.replay(&event).await.unwrap();
        again.service.replay(&event).await.unwrap();
    }
    assert_eq!(again.store.events(), desk.store.events());
    assert!(again.store.sealed_history(woman).await.unwrap().is_empty(), "no value is in an event");
    assert!(again.store.taken_back_by(stated.id).await.unwrap().is_some());
}

#[tokio::test]
async fn nobody_is_married_to_the_dead_when_a_divorce_is_taken_back() {
    let desk = Desk::open();
    let (husband, wife) = desk.couple().await;
    let divorce = json!({"command": "record_divorce", "first": husband, "second": wife, "on": "2026-11-10"});
    let divorce = desk.accepted(&["judgment"], divorce).await.event;
    let head = json!({"command": "change_head", "on": "2026-11-12",
        "household": desk.person(wife).await.residence().unwrap().household,
        "relations": [{"number": wife, "relation_to_head": "head"},
            {"number": husband, "relation_to_head": "other"}]});
    desk.accepted(&[], head).await;
    let death = desk.accepted(&["death_notice"], die(husband, "2026-11-15")).await.event;
    assert_eq!(desk.refused(&["judgment"], back(divorce.id)).await, "DANCU-CHANGE-018");
    desk.accepted(&[], back(death.id)).await;
    desk.accepted(&["judgment"], back(divorce.id)).await;
    desk.accepted(&["death_notice"], die(husband, "2026-11-15")).await;
    let family = desk.person(wife).await.family().cloned().unwrap();
    assert!(family.marital_status == Some(MaritalStatus::Widowed) && family.spouse.is_none());
}

#[tokio::test]
async fn nobody_is_married_to_the_dead_when_the_first_death_of_two_is_taken_back() {
    let desk = Desk::open();
    let (husband, wife) = desk.couple().await;
    let first = desk.accepted(&["death_notice"], die(husband, "2026-11-10")).await.event;
    let second = desk.accepted(&["death_notice"], die(wife, "2026-11-15")).await.event;
    assert_eq!(desk.refused(&[], back(first.id)).await, "DANCU-CHANGE-018");
    desk.accepted(&[], back(second.id)).await;
    desk.accepted(&[], back(first.id)).await;
    assert_eq!(desk.person(husband).await.family().unwrap().spouse, Some(wife));
}

#[tokio::test]
async fn whoever_comes_back_after_the_spouse_died_is_widowed() {
    let desk = Desk::open();
    let (husband, wife) = desk.couple().await;
    let dead = json!({"command": "declare_dead", "number": husband, "on": "2024-01-10"});
    desk.accepted(&["judgment"], dead).await;
    desk.accepted(&["death_notice"], die(wife, "2025-10-15")).await;
    let reverse = json!({"command": "reverse_declaration", "number": husband, "on": "2026-11-20"});
    desk.accepted(&["judgment"], reverse).await;
    let before = desk.person_on(husband, jiff::civil::date(2025, 1, 1)).await.family().cloned().unwrap();
    assert_eq!(before.spouse, Some(wife));
    let family = desk.person(husband).await.family().cloned().unwrap();
    assert!(family.marital_status == Some(MaritalStatus::Widowed) && family.spouse.is_none());
    let other = desk.resident("Phạm Thị Cúc", "F", "1985-01-05").await;
    desk.accepted(&["marital_status_paper"], marry(husband, other, "2026-11-21")).await;
}

#[tokio::test]
async fn an_officer_of_another_commune_changes_no_contact_and_no_name() {
    let desk = Desk::open();
    let woman = desk.resident("Lê Thị Hoa", "F", "1992-03-04").await;
    let phone =
        json!({"command": "change_contact", "number": woman, "phone": "0912345678", "on": "2026-11-20"});
    let name = json!({"command": "state_other_name", "number": woman, "name": "Hoa Lê", "on": "2026-11-20"});
    for command in [phone, name] {
        let error = desk.send_from(Some(ELSEWHERE), &[], command.clone()).await.unwrap_err();
        assert_eq!(error.explain().code, "DANCU-CHANGE-004");
        desk.send_from(Some(HERE), &[], command.clone()).await.unwrap();
    }
}

#[test]
fn nothing_that_is_printed_tells_where_somebody_lives() {
    let stay = dancu_changes::Stay {
        event: CommandId(uuid::Uuid::nil()),
        number: PersonalNumber::from_value(1).unwrap(),
        commune: HERE.parse().unwrap(),
        address: "Số 7 ngõ 3".to_owned(),
        from: TODAY,
        until: TODAY,
    };
    assert!(!format!("{stay:?}").contains("ngõ"));
    let resident = dancu_register::Resident {
        number: PersonalNumber::from_value(1).unwrap(),
        name: None,
        birth_date: None,
        address: Some("Số 7 ngõ 3".to_owned()),
        is_temporary: false,
    };
    assert!(!format!("{resident:?}").contains("ngõ"));
}

#[tokio::test]
async fn a_number_that_somebody_is_named_by_is_given_to_nobody_else() {
    let desk = Desk::open();
    let man = desk.resident("Trần Văn Bình", "M", "1990-06-10").await;
    let there = Desk::with_seed(5);
    let event = there.accepted(&["civil_status_paper"], issue("Lê Thị Hoa", "F", "1992-03-04")).await.event;
    desk.load_married(man, event.issued).await;
    let error = desk.service.replay(&event).await.unwrap_err();
    assert!(matches!(error, ChangeError::Refused(_)), "the number is a wife's of whom only that is known");
    desk.issue("Lê Thị Hoa", "F", "1992-03-04").await;
}

#[tokio::test]
async fn text_of_an_old_code_table_is_refused_wherever_it_stands() {
    let desk = Desk::open();
    let (husband, wife) = desk.couple().await;
    let mojibake = birth("TrÇn ThÞ Mai", "2026-11-01", Some(wife), Some(husband));
    assert_eq!(desk.refused(&["birth_notice"], mojibake).await, "DANCU-CHANGE-020");
    let address = json!({"command": "state_current_place", "number": wife, "on": "2026-11-20",
        "address": {"commune": HERE, "line": "Sè 5 ®\u{ad}êng L¸ng"}});
    assert_eq!(desk.refused(&[], address).await, "DANCU-CHANGE-020");
    let abroad =
        json!({"command": "state_other_name", "number": wife, "name": "Zoë Müller", "on": "2026-11-20"});
    desk.accepted(&["decision"], abroad).await;
}

#[tokio::test]
async fn a_reason_holds_no_number_of_a_person_however_it_is_written() {
    let desk = Desk::open();
    let woman = desk.resident("Lê Thị Hoa", "F", "1992-03-04").await;
    let phone =
        json!({"command": "change_contact", "number": woman, "phone": "0912345678", "on": "2026-11-20"});
    let event = desk.accepted(&[], phone).await.event.id;
    for reason in ["nhầm với 001 099 000 017", "CMND 012–345–678", "số ０１２３４５６７８", ""]
    {
        let back = json!({"command": "compensate", "event": event, "reason": reason});
        assert_eq!(desk.refused(&[], back).await, "DANCU-CHANGE-013", "{reason}");
    }
    desk.accepted(&[], json!({"command": "compensate", "event": event, "reason": "nhầm ngày 01/02/2026"}))
        .await;
}

#[tokio::test]
async fn the_time_of_intake_is_bound_by_the_clock_the_days_told_and_the_time_out_of_reach() {
    let desk = Desk::open();
    let woman = desk.resident("Lê Thị Hoa", "F", "1992-03-04").await;
    let now = desk.clock.now();
    let hour = jiff::SignedDuration::from_hours;
    let phone = |digit: u8, on: &str| json!({"command": "change_contact", "number": woman, "phone": format!("091234567{digit}"), "on": on});
    let sent = |command: Value, taken_at: jiff::Timestamp| Envelope {
        taken_at,
        ..desk.envelope(Some(HERE), &[], command)
    };
    let code = |outcome: Result<_, ChangeError>| outcome.err().map(|error| error.explain().code);
    let ahead = sent(phone(1, "2026-11-01"), now + hour(1));
    assert_eq!(code(desk.service.execute(&ahead).await), Some("DANCU-CHANGE-021"));
    let skewed = sent(phone(2, "2026-11-01"), now + jiff::SignedDuration::from_secs(200));
    assert_eq!(code(desk.service.execute(&skewed).await), None);
    let before_the_fact = sent(phone(3, "2026-11-20"), "2026-11-10T02:00:00Z".parse().unwrap());
    assert_eq!(code(desk.service.execute(&before_the_fact).await), Some("DANCU-CHANGE-023"));
    let old = sent(phone(4, "2026-09-01"), now - hour(31 * 24));
    assert_eq!(code(desk.service.take_over(&old).await), Some("DANCU-CHANGE-022"));
    let late = sent(phone(5, "2026-10-20"), now - hour(29 * 24));
    assert_eq!(code(desk.service.take_over(&late).await), None);
    desk.clock.advance(hour(40 * 24));
    assert!(
        desk.service.take_over(&late).await.unwrap().was_known,
        "what is recorded is answered however old it is"
    );
}

/// The sender's name stands on lists that others read, and for ever.
#[tokio::test]
async fn a_sender_has_the_name_of_a_member_of_staff_and_papers_have_one_line() {
    let desk = Desk::open();
    let woman = desk.resident("Lê Thị Hoa", "F", "1992-03-04").await;
    let phone =
        json!({"command": "change_contact", "number": woman, "phone": "0912345678", "on": "2026-11-20"});
    for sender in ["", "a\u{7}", "a\u{202e}b", "An Nguyễn", &"a".repeat(41), "001192000022", "cb.012-345-678"]
    {
        let mut envelope = desk.envelope(Some(HERE), &[], phone.clone());
        envelope.actor =
            serde_json::from_value(json!({"role": "officer", "id": sender, "commune": HERE})).unwrap();
        let refused = desk.service.execute(&envelope).await.unwrap_err();
        assert_eq!(refused.explain().code, "DANCU-CHANGE-013", "{sender:?}");
    }
    let mut envelope = desk.envelope(Some(HERE), &["request"], phone.clone());
    envelope.evidence[0].reference = "12/2026\nĐã duyệt".to_owned();
    assert_eq!(desk.service.execute(&envelope).await.unwrap_err().explain().code, "DANCU-CHANGE-002");
    desk.accepted(&["request"], phone).await;
}
