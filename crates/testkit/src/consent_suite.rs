//! The contract of [`ConsentStore`]: every store must pass every case.

#![expect(clippy::unwrap_used, reason = "a suite is a test: it fails by panicking")]

use dancu_core::PersonalNumber;
use dancu_exchange::{
    AskBounds, AskOutcome, Consent, ConsentId, ConsentState, ConsentStore, ConsentTerms, Field,
};
use jiff::{Timestamp, civil::date};
use std::sync::Arc;
use tokio::task::JoinSet;
use uuid::Uuid;

/// Runs every case on one store, which is empty at first.
pub async fn consent_suite(store: Arc<dyn ConsentStore>) {
    let shared = Arc::clone(&store);
    let store = store.as_ref();
    a_request_is_kept_whole_and_found(store).await;
    the_same_terms_are_asked_once_whatever_was_answered(store).await;
    other_terms_take_the_place_of_what_waits_within_the_bounds(store).await;
    a_person_has_one_granted_consent_under_a_contract(store).await;
    of_two_answers_the_first_stands(store).await;
    uses_are_counted_a_day_while_it_is_granted(store).await;
    lists_are_of_one_person_and_paged(store).await;
    of_many_uses_at_once_no_more_pass_than_may(shared).await;
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

pub(crate) fn person(serial: u64) -> PersonalNumber {
    PersonalNumber::from_value(1_090_000_000 + serial).unwrap()
}

/// A request of one question a day.
pub(crate) fn asked_consent(id: u128, serial: u64, contract: &str) -> Consent {
    consent(id, serial, contract, 1)
}

const BOUNDS: AskBounds = AskBounds {
    person_since: Timestamp::UNIX_EPOCH,
    per_person_max: 3,
    contract_since: Timestamp::UNIX_EPOCH,
    per_contract_max: 1_000,
};

fn consent(id: u128, serial: u64, contract: &str, per_day_max: u32) -> Consent {
    Consent {
        id: ConsentId(Uuid::from_u128(id)),
        number: person(serial),
        organisation: "ngan-hang".parse().unwrap(),
        contract: contract.parse().unwrap(),
        terms: ConsentTerms {
            organisation_vi: "Ngân hàng \"Thử\"".to_owned(),
            organisation_en: "Test Bank".to_owned(),
            purpose_vi: "Cho vay".to_owned(),
            purpose_en: "Lend".to_owned(),
            legal_basis: "Luật".to_owned(),
            fields: [Field::Name, Field::Residence].into_iter().collect(),
            until: date(2027, 1, 31),
            per_day_max,
            is_told_of_changes: true,
            uses_processor: false,
        },
        reference: "hồ sơ 7".to_owned(),
        asked_at: at(i64::try_from(id).unwrap()),
        open_until: date(2026, 12, 22),
        state: ConsentState::Asked,
        granted_at: None,
        ended_at: None,
    }
}

async fn ask(store: &dyn ConsentStore, consent: &Consent) -> AskOutcome {
    store.ask_consent(consent.clone(), BOUNDS).await.unwrap()
}

fn kept(consent: &Consent) -> AskOutcome {
    AskOutcome::Kept { id: consent.id, open_until: consent.open_until }
}

async fn state(store: &dyn ConsentStore, id: ConsentId) -> ConsentState {
    store.consent(id).await.unwrap().unwrap().state
}

async fn a_request_is_kept_whole_and_found(store: &dyn ConsentStore) {
    let asked = consent(1, 1, "hd-1", 1);
    assert_eq!(ask(store, &asked).await, kept(&asked));
    assert!(store.consent(asked.id).await.unwrap() == Some(asked.clone()));
    assert!(store.consent(ConsentId(Uuid::from_u128(999))).await.unwrap().is_none());
    assert!(store.granted_consent(&asked.contract, asked.number).await.unwrap().is_none());
}

async fn the_same_terms_are_asked_once_whatever_was_answered(store: &dyn ConsentStore) {
    let first = consent(10, 2, "hd-1", 1);
    let again = consent(11, 2, "hd-1", 1);
    ask(store, &first).await;
    for state in [ConsentState::Refused, ConsentState::Granted, ConsentState::Withdrawn] {
        assert_eq!(ask(store, &again).await, kept(&first));
        let was = store.consent(first.id).await.unwrap().unwrap();
        assert!(store.move_consent(was.clone().moved(state, at(12)), was.state).await.unwrap());
    }
    assert_eq!(ask(store, &again).await, kept(&first));
    assert!(store.consent(again.id).await.unwrap().is_none());
    let later = AskBounds { person_since: first.asked_at, ..BOUNDS };
    assert_eq!(store.ask_consent(again.clone(), later).await.unwrap(), kept(&again), "its time is over");
}

async fn other_terms_take_the_place_of_what_waits_within_the_bounds(store: &dyn ConsentStore) {
    let asked: Vec<Consent> =
        (0_u32..4).map(|turn| consent(20 + u128::from(turn), 3, "hd-1", 1 + turn)).collect();
    for one in &asked[..3] {
        assert_eq!(ask(store, one).await, kept(one));
    }
    assert_eq!(ask(store, &asked[3]).await, AskOutcome::TooMany);
    assert!(store.consent(asked[3].id).await.unwrap().is_none());
    for (one, expected) in
        asked.iter().zip([ConsentState::Replaced, ConsentState::Replaced, ConsentState::Asked])
    {
        assert_eq!(state(store, one.id).await, expected);
    }
    assert_eq!(store.consent(asked[0].id).await.unwrap().unwrap().ended_at, Some(asked[1].asked_at));
    let full = AskBounds { per_contract_max: 3, contract_since: at(19), ..BOUNDS };
    let other = consent(24, 4, "hd-1", 1);
    assert_eq!(store.ask_consent(other.clone(), full).await.unwrap(), AskOutcome::TooMany);
    let elsewhere = consent(25, 4, "hd-9", 1);
    assert_eq!(store.ask_consent(elsewhere.clone(), full).await.unwrap(), kept(&elsewhere));
}

async fn grant(store: &dyn ConsentStore, consent: &Consent, second: i64) -> bool {
    let granted = consent.clone().moved(ConsentState::Granted, at(second));
    store.move_consent(granted, ConsentState::Asked).await.unwrap()
}

async fn a_person_has_one_granted_consent_under_a_contract(store: &dyn ConsentStore) {
    let (first, second) = (consent(30, 5, "hd-1", 1), consent(31, 5, "hd-1", 2));
    let other = consent(32, 5, "hd-2", 1);
    ask(store, &first).await;
    assert!(grant(store, &first, 33).await);
    ask(store, &second).await;
    ask(store, &other).await;
    assert_eq!(state(store, first.id).await, ConsentState::Granted, "asking anew ends nothing");
    assert!(grant(store, &other, 34).await);
    assert!(grant(store, &second, 35).await);
    assert_eq!(state(store, first.id).await, ConsentState::Replaced);
    assert_eq!(store.consent(first.id).await.unwrap().unwrap().ended_at, Some(at(35)));
    let found = store.granted_consent(&second.contract, second.number).await.unwrap().unwrap();
    assert_eq!((found.id, found.granted_at), (second.id, Some(at(35))));
    let elsewhere = store.granted_consent(&other.contract, other.number).await.unwrap().unwrap();
    assert_eq!(elsewhere.id, other.id);
    assert!(store.granted_consent(&second.contract, person(6)).await.unwrap().is_none());
}

async fn of_two_answers_the_first_stands(store: &dyn ConsentStore) {
    let (held, asked) = (consent(40, 7, "hd-1", 1), consent(41, 7, "hd-1", 2));
    ask(store, &held).await;
    grant(store, &held, 42).await;
    ask(store, &asked).await;
    let refused = asked.clone().moved(ConsentState::Refused, at(43));
    assert!(store.move_consent(refused.clone(), ConsentState::Asked).await.unwrap());
    assert!(!grant(store, &asked, 44).await, "it was answered");
    assert!(store.consent(asked.id).await.unwrap() == Some(refused));
    assert_eq!(state(store, held.id).await, ConsentState::Granted, "and replaced nothing");
    let unknown = consent(45, 7, "hd-1", 9);
    assert!(!grant(store, &unknown, 46).await);
    assert_eq!(state(store, held.id).await, ConsentState::Granted);
}

async fn uses_are_counted_a_day_while_it_is_granted(store: &dyn ConsentStore) {
    let asked = consent(50, 8, "hd-1", 2);
    let (today, tomorrow) = (date(2026, 11, 22), date(2026, 11, 23));
    ask(store, &asked).await;
    assert!(!store.use_consent(asked.id, today, 2).await.unwrap(), "nobody agreed");
    grant(store, &asked, 51).await;
    for expected in [true, true, false, false] {
        assert_eq!(store.use_consent(asked.id, today, 2).await.unwrap(), expected);
    }
    assert!(store.use_consent(asked.id, tomorrow, 2).await.unwrap());
    let granted = store.consent(asked.id).await.unwrap().unwrap();
    let withdrawn = granted.moved(ConsentState::Withdrawn, at(52));
    assert!(store.move_consent(withdrawn, ConsentState::Granted).await.unwrap());
    assert!(!store.use_consent(asked.id, tomorrow, 2).await.unwrap(), "withdrawn holds at once");
    assert!(store.granted_consent(&asked.contract, asked.number).await.unwrap().is_none());
}

async fn lists_are_of_one_person_and_paged(store: &dyn ConsentStore) {
    let asked: Vec<Consent> =
        (0..5).map(|turn| consent(60 + turn, 9, &format!("hd-{}", 60 + turn), 1)).collect();
    for one in &asked {
        ask(store, one).await;
    }
    let newest: Vec<ConsentId> = asked.iter().rev().map(|one| one.id).collect();
    let page = async |after, length| {
        let found = store.consents_of(person(9), after, length).await.unwrap();
        found.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 9).await, newest);
    assert_eq!(page(None, 2).await, newest[..2]);
    assert_eq!(page(Some(newest[1]), 2).await, newest[2..4]);
    assert!(page(Some(newest[4]), 2).await.is_empty());
    assert!(page(Some(ConsentId(Uuid::from_u128(1))), 2).await.is_empty(), "of somebody else");
}

async fn of_many_uses_at_once_no_more_pass_than_may(store: Arc<dyn ConsentStore>) {
    let asked = consent(70, 10, "hd-1", 5);
    ask(store.as_ref(), &asked).await;
    grant(store.as_ref(), &asked, 71).await;
    let mut uses = JoinSet::new();
    for _ in 0..20 {
        let (store, id) = (Arc::clone(&store), asked.id);
        uses.spawn(async move { store.use_consent(id, date(2026, 11, 22), 5).await.unwrap() });
    }
    let passed = uses.join_all().await.into_iter().filter(|passed| *passed).count();
    assert_eq!(passed, 5);
}
