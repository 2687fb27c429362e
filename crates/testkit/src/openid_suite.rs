//! The contract of [`OpenIdStore`]: every store must pass every case. The cases use persons of their own.

#![expect(clippy::unwrap_used, reason = "a suite is a test: it fails by panicking")]

use dancu_core::PersonalNumber;
use dancu_exchange::{ClientId, Field, SignInWish};
use dancu_identity::{
    Account, AccountId, AddPasskey, CodeHash, IdentityStore, Issue, PasskeyAdded, Purpose, Redeem, Session,
    SessionId, StoredPasskey, Subject, TokenHash,
};
use dancu_openid::{
    AccessToken, Asked, Binding, CodeUse, FamilyId, Grant, OpenIdStore, PortalLength, Prompt, PushedRequest,
    Rotation, Scopes, SecretHash, Settled, StoredCode,
};
use jiff::Timestamp;
use std::sync::Arc;
use tokio::task::JoinSet;

/// A store with both ports: nobody signs in at a portal without an account.
pub trait SignInStore: OpenIdStore + IdentityStore {}

impl<S: OpenIdStore + IdentityStore> SignInStore for S {}

/// Runs every case on one store.
pub async fn openid_suite(store: Arc<dyn SignInStore>) {
    requests_are_kept_extended_and_ended_once(&*store).await;
    a_sign_in_is_written_whole_or_not_at_all(&*store).await;
    what_is_agreed_grows_and_is_remembered(&*store).await;
    of_many_exchanges_of_a_code_one_succeeds(Arc::clone(&store)).await;
    a_family_is_renewed_from_where_it_is_seen(&*store).await;
    of_many_renewals_at_once_one_moves_it(Arc::clone(&store)).await;
    disconnecting_ends_everything_of_one_portal(&*store).await;
    what_ends_a_session_ends_what_began_in_it(&*store).await;
    whoever_enrols_anew_is_rid_of_what_portals_hold(&*store).await;
    a_person_has_a_bounded_number_of_families_at_a_portal(&*store).await;
    sign_ins_are_listed_newest_first(&*store).await;
    sweeping_removes_what_is_over_and_nothing_else(&*store).await;
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

/// 32 bytes that differ by case and count.
fn bytes(case: u8, count: u8) -> [u8; 32] {
    let mut bytes = [case; 32];
    (bytes[0], bytes[31]) = (0x51, count);
    bytes
}

fn hash(case: u8, count: u8) -> SecretHash {
    SecretHash::from_bytes(&bytes(case, count)).unwrap()
}

fn family_id(case: u8, count: u8) -> FamilyId {
    FamilyId::from_bytes(&bytes(case, count)[16..]).unwrap()
}

fn client(name: &str) -> ClientId {
    name.parse().unwrap()
}

fn wish(fields: &[Field]) -> SignInWish {
    SignInWish { fields: fields.iter().copied().collect(), number: false }
}

fn asked() -> Asked {
    Asked {
        redirect: "https://portal.example/back".parse().unwrap(),
        scopes: Scopes::read("openid profile"),
        state: Some("a \"state\"".to_owned()),
        nonce: None,
        challenge: [7; 32],
        prompt: Prompt::Login,
        age_s_max: Some(0),
        levels: vec!["urn:dancu:acr:identity-1:authentication-2".parse().unwrap()],
        key: Some([8; 32]),
        subject: None,
    }
}

/// Somebody who is signed in.
#[derive(Clone)]
struct Somebody {
    account: AccountId,
    number: PersonalNumber,
    session: SessionId,
    token: TokenHash,
}

async fn somebody(store: &dyn SignInStore, case: u8) -> Somebody {
    let number = PersonalNumber::from_value(1_099_500_000 + u64::from(case)).unwrap();
    let id = AccountId::from_bytes(&bytes(case, 200)[16..]).unwrap();
    let account = Account { id, subject: Subject::Citizen(number), opened: at(0) };
    let code = CodeHash::from_bytes(&bytes(case, 201)).unwrap();
    let issue = Issue { account, hash: code, issued: at(0), expires: at(900), issued_by: None };
    let account = store.issue_code(issue).await.unwrap().unwrap();
    let token = TokenHash::from_bytes(&bytes(case, 202)).unwrap();
    let session = SessionId::from_bytes(&bytes(case, 203)[16..]).unwrap();
    let begun = Session {
        id: session,
        token,
        account: account.id,
        purpose: Purpose::Full,
        created: at(1),
        last_seen: at(1),
        expires: at(9_000_000),
    };
    assert!(store.redeem_code(Redeem { hash: code, at: at(1), session: begun }).await.unwrap());
    Somebody { account: account.id, number, session, token }
}

async fn push(store: &dyn SignInStore, id: SecretHash, portal: &ClientId) -> PushedRequest {
    let request =
        PushedRequest { id, client: portal.clone(), asked: asked(), pushed: at(10), expires: at(100) };
    store.push(request.clone()).await.unwrap();
    request
}

fn code(who: &Somebody, portal: &ClientId, (case, count): (u8, u8)) -> StoredCode {
    StoredCode {
        hash: hash(case, count),
        client: portal.clone(),
        account: who.account,
        session: who.session,
        family: family_id(case, count),
        grant: Grant { asked: asked(), signed_in: at(1), level: asked().levels[0] },
        expires: at(200),
        used: None,
    }
}

/// A settled sign-in of somebody at a portal.
async fn settle(
    store: &dyn SignInStore,
    who: &Somebody,
    portal: &ClientId,
    (case, count): (u8, u8),
    agreed: Option<SignInWish>,
) -> bool {
    let request = hash(case, count + 100);
    push(store, request, portal).await;
    let code = code(who, portal, (case, count));
    store.settle(Settled { request, code, agreed, at: at(20 + i64::from(count)) }).await.unwrap()
}

fn token(case: u8, count: u8, family: FamilyId) -> AccessToken {
    AccessToken {
        hash: hash(case, count),
        family,
        expires: at(800),
        scopes: Scopes::read("openid"),
        binding: Binding::Key([3; 32]),
    }
}

fn exchange_of(case: u8, count: u8) -> CodeUse {
    CodeUse {
        hash: hash(case, count),
        at: at(30 + i64::from(count)),
        family_expires: at(100_000),
        families_max: 10,
        token: token(case, count + 50, family_id(case, count)),
    }
}

/// A family that began, with its first token.
async fn begin(store: &dyn SignInStore, who: &Somebody, portal: &ClientId, key: (u8, u8)) -> FamilyId {
    assert!(settle(store, who, portal, key, Some(SignInWish::default())).await);
    store.exchange(exchange_of(key.0, key.1)).await.unwrap().unwrap().id
}

async fn requests_are_kept_extended_and_ended_once(store: &dyn SignInStore) {
    let request = push(store, hash(1, 1), &client("p-1")).await;
    assert_eq!(store.request(request.id).await.unwrap().as_ref(), Some(&request));
    store.extend(request.id, at(50)).await.unwrap();
    assert_eq!(store.request(request.id).await.unwrap().unwrap().expires, at(100), "never shortened");
    store.extend(request.id, at(900)).await.unwrap();
    assert_eq!(store.request(request.id).await.unwrap().unwrap().expires, at(900));
    assert!(store.drop_request(request.id).await.unwrap());
    assert!(!store.drop_request(request.id).await.unwrap());
    assert_eq!(store.request(request.id).await.unwrap(), None);
}

async fn a_sign_in_is_written_whole_or_not_at_all(store: &dyn SignInStore) {
    let (who, portal) = (somebody(store, 2).await, client("p-2"));
    let kept = code(&who, &portal, (2, 1));
    assert!(!settle(store, &who, &portal, (2, 1), None).await, "nothing was agreed");
    assert!(store.request(hash(2, 101)).await.unwrap().is_some(), "the request stands");
    let settled = Settled { request: hash(2, 101), code: kept.clone(), agreed: Some(wish(&[])), at: at(21) };
    assert!(store.settle(settled.clone()).await.unwrap());
    assert_eq!(store.code(kept.hash).await.unwrap(), Some(kept.clone()));
    assert!(!store.settle(settled).await.unwrap(), "a request is answered once");
    let nobody = Somebody { session: SessionId::from_bytes(&[9; 16]).unwrap(), ..who.clone() };
    assert!(!settle(store, &nobody, &portal, (2, 3), Some(wish(&[]))).await, "that session never was");
    assert_eq!(store.code(hash(2, 3)).await.unwrap(), None);
    assert_eq!(store.sign_ins(who.account, Timestamp::MAX, 10).await.unwrap().len(), 1);
}

async fn what_is_agreed_grows_and_is_remembered(store: &dyn SignInStore) {
    let (who, portal) = (somebody(store, 3).await, client("p-3"));
    assert_eq!(store.portal(who.account, &portal).await.unwrap(), None);
    assert!(settle(store, &who, &portal, (3, 1), Some(wish(&[Field::Name]))).await);
    assert!(settle(store, &who, &portal, (3, 2), None).await, "remembered");
    let number = SignInWish { number: true, ..wish(&[Field::Phone]) };
    assert!(settle(store, &who, &portal, (3, 3), Some(number)).await);
    let kept = store.portal(who.account, &portal).await.unwrap().unwrap();
    assert_eq!(kept.wish, SignInWish { number: true, ..wish(&[Field::Name, Field::Phone]) });
    assert_eq!((kept.agreed, kept.last_sign_in), (at(23), at(23)));
    assert!(settle(store, &who, &client("p-3a"), (3, 4), Some(wish(&[]))).await);
    let names = async |after: Option<&ClientId>, most| {
        let page = store.portals(who.account, after, most).await.unwrap();
        page.into_iter().map(|portal| portal.client.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(None, 10).await, ["p-3", "p-3a"]);
    assert_eq!(names(None, 1).await, ["p-3"]);
    assert_eq!(names(Some(&portal), 10).await, ["p-3a"]);
}

async fn of_many_exchanges_of_a_code_one_succeeds(store: Arc<dyn SignInStore>) {
    let (who, portal) = (somebody(&*store, 4).await, client("p-4"));
    assert!(settle(&*store, &who, &portal, (4, 1), Some(wish(&[]))).await);
    let mut tries = JoinSet::new();
    for count in 0..8 {
        let store = Arc::clone(&store);
        let token = token(4, 60 + count, family_id(4, 1));
        tries.spawn(async move {
            store.exchange(CodeUse { token, ..exchange_of(4, 1) }).await.unwrap().is_some()
        });
    }
    let won = tries.join_all().await.into_iter().filter(|is_won| *is_won).count();
    assert_eq!(won, 1);
    let mut tokens = 0;
    for count in 0..8 {
        tokens += usize::from(store.token(hash(4, 60 + count)).await.unwrap().is_some());
    }
    assert_eq!(tokens, 1, "the others left nothing");
    let used = store.code(hash(4, 1)).await.unwrap().unwrap();
    assert_eq!((used.used, used.expires), (Some(at(31)), at(100_000)), "known as long as what it began");
    let family = store.family(family_id(4, 1)).await.unwrap().unwrap();
    assert_eq!((family.number, family.generation, family.session), (who.number, 0, who.session));
    assert_eq!((family.begun, family.rotated, family.expires), (at(31), at(31), at(100_000)));
    assert_eq!(family.terms.scopes, asked().scopes);
}

async fn a_family_is_renewed_from_where_it_is_seen(store: &dyn SignInStore) {
    let (who, portal) = (somebody(store, 5).await, client("p-5"));
    let family = begin(store, &who, &portal, (5, 1)).await;
    let rotate = async |seen, is_newest, count| {
        let token = token(5, count, family);
        store.rotate(Rotation { family, seen, is_newest, at: at(40), token }).await.unwrap()
    };
    assert!(!rotate(1, true, 2).await, "not yet there");
    assert!(!rotate(0, false, 2).await, "nothing was renewed that could be shown once more");
    assert!(rotate(0, true, 2).await && !rotate(0, true, 3).await);
    assert!(rotate(0, false, 3).await, "the last but one, for the same answer");
    let kept = store.family(family).await.unwrap().unwrap();
    assert_eq!((kept.generation, kept.rotated), (1, at(40)));
    let (found, of) = store.token(hash(5, 3)).await.unwrap().unwrap();
    assert_eq!((found, of.id), (token(5, 3, family), family));
    assert!(
        store.end_family(family, at(41)).await.unwrap() && !store.end_family(family, at(42)).await.unwrap()
    );
    assert!(!rotate(1, true, 4).await && !rotate(0, false, 4).await, "an ended one is not renewed");
    assert_eq!(store.token(hash(5, 3)).await.unwrap().unwrap().1.ended, Some(at(41)));
    store.end_token(hash(5, 3)).await.unwrap();
    assert_eq!(store.token(hash(5, 3)).await.unwrap(), None);
}

async fn of_many_renewals_at_once_one_moves_it(store: Arc<dyn SignInStore>) {
    let (who, portal) = (somebody(&*store, 6).await, client("p-6"));
    let family = begin(&*store, &who, &portal, (6, 1)).await;
    let mut tries = JoinSet::new();
    for count in 0..8 {
        let store = Arc::clone(&store);
        let token = token(6, 10 + count, family);
        let rotation = Rotation { family, seen: 0, is_newest: true, at: at(40), token };
        tries.spawn(async move { store.rotate(rotation).await.unwrap() });
    }
    let moved = tries.join_all().await.into_iter().filter(|is_moved| *is_moved).count();
    assert_eq!((moved, store.family(family).await.unwrap().unwrap().generation), (1, 1));
}

async fn disconnecting_ends_everything_of_one_portal(store: &dyn SignInStore) {
    let (who, portal, other) = (somebody(store, 7).await, client("p-7"), client("p-7a"));
    let family = begin(store, &who, &portal, (7, 1)).await;
    let beside = begin(store, &who, &other, (7, 2)).await;
    assert!(settle(store, &who, &portal, (7, 3), Some(wish(&[]))).await);
    assert!(store.disconnect(who.account, &portal, at(50)).await.unwrap());
    assert!(!store.disconnect(who.account, &portal, at(51)).await.unwrap());
    assert_eq!(store.family(family).await.unwrap().unwrap().ended, Some(at(50)));
    assert_eq!(store.family(beside).await.unwrap().unwrap().ended, None);
    assert_eq!(store.exchange(exchange_of(7, 3)).await.unwrap(), None, "a code of before is worth nothing");
}

async fn what_ends_a_session_ends_what_began_in_it(store: &dyn SignInStore) {
    let (who, portal) = (somebody(store, 8).await, client("p-8"));
    let family = begin(store, &who, &portal, (8, 1)).await;
    assert!(settle(store, &who, &portal, (8, 2), None).await);
    let before = SessionId::from_bytes(&bytes(8, 204)[16..]).unwrap();
    store.move_families(who.session, before).await.unwrap();
    assert_eq!(store.end_families_of(who.session, at(59)).await.unwrap(), 0, "it went on in another session");
    store.move_families(before, who.session).await.unwrap();
    assert!(store.end_session(who.token).await.unwrap());
    assert_eq!(store.end_families_of(who.session, at(60)).await.unwrap(), 1);
    assert_eq!(store.end_families_of(who.session, at(61)).await.unwrap(), 0);
    assert_eq!(store.family(family).await.unwrap().unwrap().ended, Some(at(60)));
    assert_eq!(store.exchange(exchange_of(8, 2)).await.unwrap(), None, "nothing begins behind a sign-out");
}

async fn whoever_enrols_anew_is_rid_of_what_portals_hold(store: &dyn SignInStore) {
    let (who, portal) = (somebody(store, 9).await, client("p-9"));
    let family = begin(store, &who, &portal, (9, 1)).await;
    let next = Session {
        id: SessionId::from_bytes(&bytes(9, 210)[16..]).unwrap(),
        token: TokenHash::from_bytes(&bytes(9, 211)).unwrap(),
        account: who.account,
        purpose: Purpose::Full,
        created: at(70),
        last_seen: at(70),
        expires: at(9_000_000),
    };
    let passkey = StoredPasskey {
        credential: bytes(9, 212).to_vec(),
        account: who.account,
        key: "{}".to_owned(),
        registered: at(70),
        last_used: None,
    };
    let add = AddPasskey { passkey, passkeys_max: 10, session: who.session, replaced_by: Some(next) };
    assert_eq!(store.add_passkey(add).await.unwrap(), PasskeyAdded::Added);
    assert_eq!(store.family(family).await.unwrap().unwrap().ended, Some(at(70)));
}

async fn a_person_has_a_bounded_number_of_families_at_a_portal(store: &dyn SignInStore) {
    let (who, portal) = (somebody(store, 10).await, client("p-10"));
    for count in 1..=4 {
        assert!(settle(store, &who, &portal, (10, count), Some(wish(&[]))).await);
        let exchanged = CodeUse { families_max: 2, ..exchange_of(10, count) };
        assert!(store.exchange(exchanged).await.unwrap().is_some());
    }
    let mut ended = Vec::new();
    for count in 1..=4 {
        ended.push(store.family(family_id(10, count)).await.unwrap().unwrap().ended.is_some());
    }
    assert_eq!(ended, [true, true, false, false], "the oldest end");
}

async fn sign_ins_are_listed_newest_first(store: &dyn SignInStore) {
    let who = somebody(store, 11).await;
    for count in 1..=3 {
        let portal = client(&format!("p-11-{count}"));
        assert!(settle(store, &who, &portal, (11, count), Some(wish(&[]))).await);
    }
    let page = store.sign_ins(who.account, Timestamp::MAX, 2).await.unwrap();
    assert_eq!(page.iter().map(|entry| entry.at).collect::<Vec<_>>(), [at(23), at(22)]);
    let rest = store.sign_ins(who.account, at(22), 2).await.unwrap();
    assert_eq!((rest.len(), rest[0].at, rest[0].client.as_str()), (1, at(21), "p-11-1"));
    assert_eq!(rest[0].level, asked().levels[0]);
}

async fn sweeping_removes_what_is_over_and_nothing_else(store: &dyn SignInStore) {
    let (who, portal) = (somebody(store, 12).await, client("p-12"));
    let family = begin(store, &who, &portal, (12, 1)).await;
    assert!(settle(store, &who, &portal, (12, 2), None).await, "a code that nobody exchanges");
    push(store, hash(12, 3), &portal).await;
    let length = PortalLength { history_from: at(0), rows_max: 1_000 };
    store.forget(at(199), length).await.unwrap();
    assert!(store.code(hash(12, 2)).await.unwrap().is_some());
    assert_eq!(store.request(hash(12, 3)).await.unwrap(), None);
    store.forget(at(800), length).await.unwrap();
    assert_eq!(store.code(hash(12, 2)).await.unwrap(), None);
    assert!(store.code(hash(12, 1)).await.unwrap().is_some(), "exchanged, and its family goes on");
    assert_eq!(store.token(hash(12, 51)).await.unwrap(), None);
    assert!(store.family(family).await.unwrap().is_some());
    assert_eq!(store.sign_ins(who.account, Timestamp::MAX, 9).await.unwrap().len(), 2);
    store.forget(at(100_000), PortalLength { history_from: at(22), rows_max: 1_000 }).await.unwrap();
    assert!(store.family(family).await.unwrap().is_none());
    assert!(store.code(hash(12, 1)).await.unwrap().is_none());
    assert_eq!(store.sign_ins(who.account, Timestamp::MAX, 9).await.unwrap().len(), 1);
    assert!(
        store.portal(who.account, &portal).await.unwrap().is_some(),
        "what is agreed stays until it is taken back"
    );
}
