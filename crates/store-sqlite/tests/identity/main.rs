//! The identity room on its SQLite store: the contract of the port, and the ways in with a passkey device in
//! software that nobody here wrote.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod device;
mod house;
mod refusals;

use dancu_identity::{IdentityError, Principal, access::Operation, access::allows};
use dancu_testkit::{identity_suite, openid_suite};
use device::Device;
use house::{House, SOURCE};
use jiff::SignedDuration;
use std::sync::Arc;

#[tokio::test]
async fn the_store_keeps_the_contract() {
    let (_folder, store) = house::new_store();
    identity_suite(Arc::new(store)).await;
}

#[tokio::test]
async fn sign_ins_at_portals_keep_the_contract() {
    let (_folder, store) = house::new_store();
    openid_suite(Arc::new(store)).await;
}

#[tokio::test]
async fn a_citizen_enrols_with_a_letter_and_then_signs_in_without_typing() {
    let house = House::new();
    let code = house.letter_for("001099000017").await;
    let typed = code.to_lowercase().replace('-', " ");
    let enrolment = house.identity.redeem_code(&typed, SOURCE).await.unwrap();
    assert!(matches!(enrolment.principal, Principal::Enrolling { .. }));
    assert!(!allows(Some(&enrolment.principal), Operation::ReadOwnRecord));

    let mut phone = Device::new();
    let signed_in = house.register(&enrolment.principal, &mut phone).await.unwrap().expect("signed in");
    assert_eq!(signed_in.principal.citizen(), Some("001099000017".parse().unwrap()));
    assert_eq!(house.who(&enrolment.token).await, None, "the enrolment is over");
    assert_eq!(house.who(&signed_in.token).await, Some(signed_in.principal.clone()));

    house.identity.sign_out(&signed_in.token).await.unwrap();
    assert_eq!(house.who(&signed_in.token).await, None);

    let (ceremony, answer) = house.challenge(&mut phone).await;
    let again = house.identity.finish_sign_in(&ceremony, &answer).await.unwrap();
    assert_eq!(again.principal.citizen(), signed_in.principal.citizen());
    let sessions = house.identity.sessions(&again.principal).await.unwrap();
    assert_eq!(sessions.iter().map(|session| session.is_this).collect::<Vec<_>>(), [true]);
}

#[tokio::test]
async fn a_person_may_have_several_passkeys_but_not_one_device_twice() {
    let house = House::new();
    let (first, mut phone) = house.citizen("001099000017").await;
    let mut laptop = Device::new();
    let promoted = house.register(&first.principal, &mut laptop).await.unwrap();
    assert!(promoted.is_none(), "who is signed in stays signed in");
    for device in [&mut phone, &mut laptop] {
        let (ceremony, answer) = house.challenge(device).await;
        let signed_in = house.identity.finish_sign_in(&ceremony, &answer).await.unwrap();
        assert_eq!(signed_in.principal.citizen(), first.principal.citizen());
    }
    let started = house.identity.start_registration(Some(&first.principal), SOURCE).await.unwrap();
    let options: serde_json::Value = device::convert(started.options());
    let known = options["publicKey"]["excludeCredentials"].as_array().unwrap();
    assert_eq!(known.len(), 2, "a device is told which passkeys are known");
}

#[tokio::test]
async fn a_device_with_a_counter_signs_in_again_and_again() {
    let house = House::new();
    let enrolment = house.enrolment("001099000017").await;
    let mut key = Device::with_counter();
    house.register(&enrolment.principal, &mut key).await.unwrap();
    for _ in 0..3 {
        let (ceremony, answer) = house.challenge(&mut key).await;
        house.identity.finish_sign_in(&ceremony, &answer).await.unwrap();
    }
}

#[tokio::test]
async fn staff_are_in_by_their_code_for_a_shift_and_may_add_a_passkey() {
    let house = House::new();
    let officer = house.officer().await;
    assert!(allows(Some(&officer.principal), Operation::PrintEnrolmentCode));
    let mut key = Device::new();
    assert!(house.register(&officer.principal, &mut key).await.unwrap().is_none());
    house.clock.advance(SignedDuration::from_mins(8 * 60 - 1));
    assert!(house.who(&officer.token).await.is_some(), "staff are not signed out for being idle");
    house.clock.advance(SignedDuration::from_mins(1));
    assert_eq!(house.who(&officer.token).await, None);
    let (ceremony, answer) = house.challenge(&mut key).await;
    let next_shift = house.identity.finish_sign_in(&ceremony, &answer).await.unwrap();
    assert_eq!(next_shift.principal.role(), officer.principal.role());
}

#[tokio::test]
async fn a_closed_account_is_out_at_once() {
    let house = House::new();
    let officer = house.officer().await;
    let mut key = Device::new();
    house.register(&officer.principal, &mut key).await.unwrap();
    house.identity.close_staff(&"officer".parse().unwrap()).await.unwrap();
    assert_eq!(house.who(&officer.token).await, None);
    let (ceremony, answer) = house.challenge(&mut key).await;
    let refused = house.identity.finish_sign_in(&ceremony, &answer).await.unwrap_err();
    assert_eq!(refused, IdentityError::PasskeyRefused);
}

#[tokio::test]
async fn a_citizen_stays_in_while_active_and_is_out_after_half_an_hour() {
    let house = House::new();
    let (citizen, _) = house.citizen("001099000017").await;
    for _ in 0..3 {
        house.clock.advance(SignedDuration::from_mins(29));
        assert!(house.who(&citizen.token).await.is_some());
    }
    house.clock.advance(SignedDuration::from_mins(30));
    assert_eq!(house.who(&citizen.token).await, None);
}
