//! The contract of [`PrivacyStore`]: every store must pass every case.

#![expect(clippy::unwrap_used, reason = "a suite is a test: it fails by panicking")]

use crate::consent_suite::{asked_consent, at, person};
use dancu_exchange::{
    AskBounds, CaseId, CaseKind, CaseMove, CaseProgress, CaseState, ConsentState, ConsentStore, PrivacyCase,
    PrivacyStore,
};
use jiff::{
    Timestamp, ToSpan,
    civil::{Date, date},
};
use uuid::Uuid;

/// Runs every case on one store, which is empty at first.
pub async fn privacy_suite<S: PrivacyStore + ConsentStore>(store: &S) {
    a_case_is_kept_whole_once(store).await;
    a_case_that_somebody_moved_is_not_written_over(store).await;
    lists_are_by_person_and_by_due_day(store).await;
    restrictions_hold_from_the_answer_to_the_end(store).await;
    a_withdrawal_and_its_case_are_one(store).await;
}

const RECEIVED: Date = date(2026, 11, 22);

fn case(id: u128, serial: u64, kind: CaseKind, contract: &str, due_in_days: i64) -> PrivacyCase {
    PrivacyCase {
        id: CaseId(Uuid::from_u128(id)),
        number: person(serial),
        kind,
        organisation: "ngan-hang".parse().unwrap(),
        organisation_name: "Ngân hàng \"Thử\"".to_owned(),
        contract: contract.parse().unwrap(),
        leaf: Some(7),
        consent: None,
        words: "vì sao?".to_owned(),
        received_at: at(i64::try_from(id).unwrap()),
        answer_due: RECEIVED.saturating_add(due_in_days.days()),
        carry_out_due: RECEIVED.saturating_add((due_in_days + 13).days()),
        is_extended: false,
        state: CaseState::Received,
        moves: Vec::new(),
    }
}

fn moved(mut case: PrivacyCase, to: CaseState, at: Timestamp) -> PrivacyCase {
    case.state = to;
    case.moves.push(CaseMove { to, at, by: "van.hanh".to_owned(), note: "đã xem".to_owned() });
    case
}

async fn a_case_is_kept_whole_once(store: &impl PrivacyStore) {
    let first = case(1, 101, CaseKind::Complaint, "hd-1", 2);
    assert!(store.save_case(first.clone(), None).await.unwrap());
    let again = PrivacyCase { words: String::new(), ..first.clone() };
    assert!(!store.save_case(again, None).await.unwrap(), "pressing twice asks once");
    assert!(store.case(first.id).await.unwrap() == Some(first));
    assert!(store.case(CaseId(Uuid::from_u128(999))).await.unwrap().is_none());
}

async fn a_case_that_somebody_moved_is_not_written_over(store: &impl PrivacyStore) {
    let first = case(10, 102, CaseKind::Object, "hd-1", 2);
    store.save_case(first.clone(), None).await.unwrap();
    let answered = moved(first.clone(), CaseState::Answered, at(11));
    let refused = moved(first, CaseState::Refused, at(12));
    assert!(store.save_case(answered.clone(), Some(0)).await.unwrap());
    assert!(!store.save_case(refused, Some(0)).await.unwrap());
    assert!(store.case(answered.id).await.unwrap() == Some(answered));
    let unknown = case(13, 102, CaseKind::Object, "hd-1", 2);
    assert!(!store.save_case(unknown, Some(0)).await.unwrap());
}

async fn lists_are_by_person_and_by_due_day(store: &impl PrivacyStore) {
    // Earlier than those of the other cases, so that these lead.
    let cases: Vec<PrivacyCase> = [(20, -300), (21, -320), (22, -310)]
        .map(|(id, due)| case(id, 103, CaseKind::Complaint, "hd-1", due))
        .into();
    for one in &cases {
        store.save_case(one.clone(), None).await.unwrap();
    }
    let ids = |found: Vec<PrivacyCase>| found.into_iter().map(|one| one.id.0.as_u128()).collect::<Vec<_>>();
    assert_eq!(ids(store.cases_of(person(103), None, 9).await.unwrap()), [22, 21, 20]);
    let page = store.cases_of(person(103), Some(cases[2].id), 1).await.unwrap();
    assert_eq!(ids(page), [21]);
    assert!(store.cases_of(person(104), Some(cases[2].id), 9).await.unwrap().is_empty(), "of another");
    let due = async |progress, after, length| ids(store.cases_due(progress, after, length).await.unwrap());
    assert_eq!(due(CaseProgress::Open, None, 3).await, [21, 22, 20]);
    assert_eq!(due(CaseProgress::Open, Some(cases[1].id), 2).await, [22, 20]);
    assert_eq!(store.open_cases(person(103)).await.unwrap(), 3);
    let settled = moved(cases[1].clone(), CaseState::Refused, at(23));
    store.save_case(settled, Some(0)).await.unwrap();
    assert_eq!(due(CaseProgress::Open, None, 2).await, [22, 20]);
    assert_eq!(due(CaseProgress::Settled, None, 1).await, [21]);
    assert_eq!(store.open_cases(person(103)).await.unwrap(), 2);
}

async fn restrictions_hold_from_the_answer_to_the_end(store: &impl PrivacyStore) {
    let asked = case(30, 105, CaseKind::Restrict, "hd-30", 2);
    let restricted = async |serial, contract: &str| {
        store.is_restricted(&contract.parse().unwrap(), person(serial)).await.unwrap()
    };
    store.save_case(asked.clone(), None).await.unwrap();
    assert!(!restricted(105, "hd-30").await, "it waits for its answer");
    let answered = moved(asked, CaseState::Answered, at(31));
    store.save_case(answered.clone(), Some(0)).await.unwrap();
    assert!(restricted(105, "hd-30").await);
    assert!(!restricted(105, "hd-31").await && !restricted(106, "hd-30").await);
    let carried_out = moved(answered, CaseState::CarriedOut, at(32));
    store.save_case(carried_out.clone(), Some(1)).await.unwrap();
    assert!(restricted(105, "hd-30").await);
    store.save_case(moved(carried_out, CaseState::Ended, at(33)), Some(2)).await.unwrap();
    assert!(!restricted(105, "hd-30").await);
}

async fn a_withdrawal_and_its_case_are_one<S: PrivacyStore + ConsentStore>(store: &S) {
    let consent = asked_consent(900, 107, "hd-40");
    let bounds = AskBounds {
        person_since: Timestamp::UNIX_EPOCH,
        per_person_max: 9,
        contract_since: Timestamp::UNIX_EPOCH,
        per_contract_max: 1_000,
    };
    store.ask_consent(consent.clone(), bounds).await.unwrap();
    let granted = consent.moved(ConsentState::Granted, at(901));
    let withdrawn = granted.clone().moved(ConsentState::Withdrawn, at(902));
    let case = PrivacyCase { consent: Some(withdrawn.id), ..case(40, 107, CaseKind::Withdraw, "hd-40", 2) };
    let withdraw =
        async || store.withdraw_consent(withdrawn.clone(), ConsentState::Granted, case.clone()).await;
    assert!(!withdraw().await.unwrap(), "it was not granted");
    assert!(store.case(case.id).await.unwrap().is_none());
    assert!(store.move_consent(granted, ConsentState::Asked).await.unwrap());
    assert!(withdraw().await.unwrap());
    assert!(store.consent(withdrawn.id).await.unwrap() == Some(withdrawn.clone()));
    assert!(store.case(case.id).await.unwrap() == Some(case.clone()));
    assert!(!withdraw().await.unwrap(), "once");
}
