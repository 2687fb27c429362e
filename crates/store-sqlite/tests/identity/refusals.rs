//! What must not open the door.

use crate::{
    device::{Device, convert},
    house::{House, SOURCE},
};
use dancu_identity::{IdentityError, Principal};
use jiff::SignedDuration;
use serde_json::{Value, json};

async fn refused(house: &House, device: &mut Device) -> IdentityError {
    let (ceremony, answer) = house.challenge(device).await;
    house.identity.finish_sign_in(&ceremony, &answer).await.unwrap_err()
}

#[tokio::test]
async fn a_code_opens_once_and_only_before_it_expires_or_is_replaced() {
    let house = House::new();
    let redeem = async |code: &str| house.identity.redeem_code(code, SOURCE).await.map(drop);
    let first = house.letter_for("001099000017").await;
    let second = house.letter_for("001099000017").await;
    assert_eq!(redeem(&first).await, Err(IdentityError::CodeRefused), "replaced");
    assert_eq!(redeem(&second).await, Ok(()));
    assert_eq!(redeem(&second).await, Err(IdentityError::CodeRefused), "used");

    let third = house.letter_for("001099000017").await;
    house.clock.advance(SignedDuration::from_hours(7 * 24));
    assert_eq!(redeem(&third).await, Err(IdentityError::CodeRefused), "expired after seven days");
    assert_eq!(redeem("0000-0000-0000").await, Err(IdentityError::CodeRefused), "never issued");
    assert!(matches!(redeem("0000").await, Err(IdentityError::ReadCode(_))));
}

#[tokio::test]
async fn guessing_is_stopped_for_the_guesser_alone() {
    let house = House::new();
    let code = house.letter_for("001099000017").await;
    let guesser = "198.51.100.9".parse().unwrap();
    for _ in 0..20 {
        let refused = house.identity.redeem_code("0000-0000-0000", guesser).await.unwrap_err();
        assert_eq!(refused, IdentityError::CodeRefused);
    }
    let refused = house.identity.redeem_code(&code, guesser).await.unwrap_err();
    assert!(matches!(refused, IdentityError::TooManyAttempts { retry_after_seconds: 1..=46 }), "{refused:?}");
    house.identity.redeem_code(&code, SOURCE).await.unwrap();
}

#[tokio::test]
async fn only_an_officer_prints_letters() {
    let house = House::new();
    let number = "001099000017".parse().unwrap();
    let (citizen, _) = house.citizen("001099000017").await;
    for principal in [None, Some(&citizen.principal)] {
        let refused = house.identity.issue_citizen_code(principal, number).await.unwrap_err();
        assert_eq!(refused, IdentityError::NotAllowed);
    }
    let refused = house.identity.issue_staff_code(&"nobody".parse().unwrap()).await.unwrap_err();
    assert_eq!(refused, IdentityError::StaffUnknown);
}

#[tokio::test]
async fn an_unknown_passkey_and_a_wrong_signature_look_the_same() {
    let house = House::new();
    let (_, phone) = house.citizen("001099000017").await;
    let (_, stranger) = House::with_seed(8).citizen("001099000018").await;
    assert_eq!(refused(&house, &mut stranger.copy()).await, IdentityError::PasskeyRefused);

    let mut forged = stranger.copy();
    forged.passkey_mut().credential_id = phone.copy().passkey_mut().credential_id.clone();
    forged.passkey_mut().user_handle = phone.copy().passkey_mut().user_handle.clone();
    assert_eq!(refused(&house, &mut forged).await, IdentityError::PasskeyRefused);

    let mut renamed = phone.copy();
    renamed.passkey_mut().user_handle = stranger.copy().passkey_mut().user_handle.clone();
    assert_eq!(refused(&house, &mut renamed).await, IdentityError::PasskeyRefused);
}

#[tokio::test]
async fn a_page_elsewhere_and_a_locked_device_are_refused() {
    let house = House::new();
    let (_, phone) = house.citizen("001099000017").await;
    let mut elsewhere = phone.copy();
    elsewhere.origin = "http://localhost:9090".parse().unwrap();
    assert_eq!(refused(&house, &mut elsewhere).await, IdentityError::PasskeyRefused);

    let mut locked = phone.copy();
    locked.unlocks = false;
    let started = house.identity.start_sign_in(SOURCE).unwrap();
    let mut options: Value = convert(started.options());
    assert_eq!(options["publicKey"]["userVerification"], "required");
    options["publicKey"]["userVerification"] = json!("discouraged");
    let answer = locked.sign_in(&options).await.unwrap();
    let refused = house.identity.finish_sign_in(&started.ceremony, &answer).await.unwrap_err();
    assert_eq!(refused, IdentityError::PasskeyRefused);
}

#[tokio::test]
async fn a_copied_device_is_found_by_its_counter() {
    let house = House::new();
    let enrolment = house.enrolment("001099000017").await;
    let mut key = Device::with_counter();
    house.register(&enrolment.principal, &mut key).await.unwrap();
    let mut copy = key.copy();
    for _ in 0..2 {
        let (ceremony, answer) = house.challenge(&mut key).await;
        house.identity.finish_sign_in(&ceremony, &answer).await.unwrap();
    }
    assert_eq!(refused(&house, &mut copy).await, IdentityError::PasskeyRefused);
}

#[tokio::test]
async fn an_answer_counts_once_in_time_and_for_its_own_challenge() {
    let house = House::new();
    let (_, mut phone) = house.citizen("001099000017").await;
    let (ceremony, answer) = house.challenge(&mut phone).await;
    let (other_ceremony, _) = house.challenge(&mut phone).await;
    let crossed = house.identity.finish_sign_in(&other_ceremony, &answer).await.unwrap_err();
    assert_eq!(crossed, IdentityError::PasskeyRefused);
    house.identity.finish_sign_in(&ceremony, &answer).await.unwrap();
    let replayed = house.identity.finish_sign_in(&ceremony, &answer).await.unwrap_err();
    assert_eq!(replayed, IdentityError::CeremonyOver);

    let (ceremony, answer) = house.challenge(&mut phone).await;
    house.clock.advance(SignedDuration::from_mins(5));
    let late = house.identity.finish_sign_in(&ceremony, &answer).await.unwrap_err();
    assert_eq!(late, IdentityError::CeremonyOver);
}

#[tokio::test]
async fn a_registration_belongs_to_the_session_that_began_it() {
    let house = House::new();
    let victim = house.enrolment("001099000017").await;
    let thief = house.enrolment("001099000018").await;
    let started = house.identity.start_registration(Some(&victim.principal), SOURCE).await.unwrap();
    let answer = Device::new().register(started.options()).await.unwrap();
    let finish = async |principal: Option<&Principal>| {
        house.identity.finish_registration(principal, &started.ceremony, &answer).await.map(drop).unwrap_err()
    };
    assert_eq!(finish(None).await, IdentityError::NotAllowed);
    assert_eq!(finish(Some(&thief.principal)).await, IdentityError::CeremonyOver);
    assert_eq!(finish(Some(&victim.principal)).await, IdentityError::CeremonyOver, "used up");
}

#[tokio::test]
async fn a_registration_from_elsewhere_or_after_signing_out_is_refused() {
    let house = House::new();
    let enrolment = house.enrolment("001099000017").await;
    let started = house.identity.start_registration(Some(&enrolment.principal), SOURCE).await.unwrap();
    let options: Value = convert(started.options());
    assert_eq!(options["publicKey"]["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(options["publicKey"]["user"]["name"], "Công dân …0017");
    let mut elsewhere = Device::new();
    elsewhere.origin = "http://localhost:9090".parse().unwrap();
    let answer = elsewhere.register(started.options()).await.unwrap();
    let refused =
        house.identity.finish_registration(Some(&enrolment.principal), &started.ceremony, &answer).await;
    assert_eq!(refused.unwrap_err(), IdentityError::RegistrationRefused);

    let started = house.identity.start_registration(Some(&enrolment.principal), SOURCE).await.unwrap();
    let answer = Device::new().register(started.options()).await.unwrap();
    house.identity.sign_out(&enrolment.token).await.unwrap();
    let refused =
        house.identity.finish_registration(Some(&enrolment.principal), &started.ceremony, &answer).await;
    assert_eq!(refused.unwrap_err(), IdentityError::NotAllowed);
}
