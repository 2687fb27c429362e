//! The contract of [`IdentityStore`]: every store must pass every case. The cases use persons and staff of their
//! own, so one store may serve them all, in any order.

use dancu_core::PersonalNumber;
use dancu_identity::{
    Account, AccountId, AddPasskey, CodeHash, IdentityStore, Issue, PasskeyAdded, PasskeyUse, Purpose,
    Redeem, Role, SESSIONS_MAX, Session, SessionId, StaffId, StaffProfile, StoredPasskey, Subject, TokenHash,
};
use jiff::Timestamp;
use std::sync::Arc;

/// Runs every case. Panics with the case's own words when the store breaks the contract.
pub async fn identity_suite(store: Arc<dyn IdentityStore>) {
    let shared = Arc::clone(&store);
    let store = store.as_ref();
    staff_accounts_open_change_list_and_close(store).await;
    a_new_code_takes_back_the_older_one(store).await;
    a_code_is_redeemed_once_and_before_it_expires(store).await;
    of_many_redemptions_at_once_one_wins(shared).await;
    sessions_are_found_touched_listed_and_ended(store).await;
    an_account_has_a_bounded_number_of_sessions(store).await;
    passkeys_are_unique_and_bounded(store).await;
    an_enrolment_is_replaced_by_the_session_of_its_passkey(store).await;
    whoever_enrols_anew_is_rid_of_a_lost_device(store).await;
    a_passkey_is_used_only_as_it_was_seen(store).await;
    closing_an_account_ends_everything(store).await;
    sweeping_removes_what_is_over_and_nothing_else(store).await;
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).expect("a test's instant is in range")
}

/// 32 bytes that differ by case and count.
fn bytes(case: u8, count: u8) -> [u8; 32] {
    let mut bytes = [case; 32];
    bytes[31] = count;
    bytes
}

fn hash(case: u8, count: u8) -> CodeHash {
    CodeHash::from_bytes(&bytes(case, count)).expect("32 bytes are a hash")
}

fn account_id(case: u8, count: u8) -> AccountId {
    AccountId::from_bytes(&bytes(case, count)[16..]).expect("16 bytes are an id")
}

fn citizen(case: u8, count: u8) -> Account {
    let number = PersonalNumber::from_value(1_099_000_000 + u64::from(case) * 1000 + u64::from(count));
    let subject = Subject::Citizen(number.expect("twelve digits"));
    Account { id: account_id(case, count), subject, opened: at(0) }
}

fn staff(case: u8, count: u8, role: Role) -> Account {
    let profile =
        StaffProfile { id: staff_id(case, count), name: "Trần Thị Bình".parse().expect("a name"), role };
    Account { id: account_id(case, count), subject: Subject::Staff(profile), opened: at(0) }
}

fn staff_id(case: u8, count: u8) -> StaffId {
    format!("case{case:02}.{count:02}").parse().expect("a staff id")
}

fn issue(account: &Account, hash: CodeHash) -> Issue {
    Issue { account: account.clone(), hash, issued: at(0), expires: at(100), issued_by: None }
}

fn session(account: AccountId, case: u8, count: u8, purpose: Purpose) -> Session {
    Session {
        id: SessionId::from_bytes(&bytes(case, count)[16..]).expect("16 bytes are an id"),
        token: TokenHash::from_bytes(&bytes(case, count)).expect("32 bytes are a hash"),
        account,
        purpose,
        created: at(10),
        last_seen: at(10),
        expires: at(1000),
    }
}

/// A session that stands in the store, opened by a code.
async fn signed_in(
    store: &dyn IdentityStore,
    account: &Account,
    case: u8,
    count: u8,
    purpose: Purpose,
) -> Session {
    let hash = hash(case, count);
    store.issue_code(issue(account, hash)).await.expect("issue").expect("the account is open");
    let session = session(account.id, case, count, purpose);
    let redeem = Redeem { hash, at: at(10), session: session.clone() };
    assert!(store.redeem_code(redeem).await.expect("redeem"), "a live code is redeemed");
    session
}

fn passkey(account: AccountId, case: u8, count: u8) -> StoredPasskey {
    StoredPasskey {
        credential: bytes(case, count).repeat(31),
        account,
        key: r#"{"counter":1}"#.to_owned(),
        registered: at(20 + i64::from(count)),
        last_used: None,
    }
}

async fn staff_accounts_open_change_list_and_close(store: &dyn IdentityStore) {
    let clerk = staff(1, 0, Role::Operator);
    assert_eq!(store.find_staff(&staff_id(1, 0)).await, Ok(None));
    assert_eq!(store.put_staff(clerk.clone()).await, Ok(clerk.clone()));
    let role = Role::Receptionist { organisation: "hospital".to_owned(), client: "desk-1".to_owned() };
    let moved = staff(1, 0, role);
    let renewed = Account { id: account_id(1, 99), opened: at(5), ..moved.clone() };
    assert_eq!(store.put_staff(renewed).await, Ok(moved.clone()), "id and day of opening stay");
    assert_eq!(store.find_staff(&staff_id(1, 0)).await, Ok(Some(moved)));

    let officer = Role::Officer {
        commune: "00004".parse().expect("a commune"),
        sealed_client: Some("sealed-desk".to_owned()),
    };
    for count in 1..=3 {
        store.put_staff(staff(1, count, officer.clone())).await.expect("put");
    }
    let page = store.list_staff(Some(&staff_id(1, 0)), 2).await.expect("list");
    let ids: Vec<_> = page.into_iter().map(|profile| profile.id).collect();
    assert_eq!(ids, [staff_id(1, 1), staff_id(1, 2)], "in the order of ids, after the given one, bounded");

    assert_eq!(store.close_staff(&staff_id(1, 1), at(1)).await, Ok(true));
    assert_eq!(store.close_staff(&staff_id(1, 1), at(2)).await, Ok(false), "closed already");
    assert_eq!(store.find_staff(&staff_id(1, 1)).await, Ok(None));
    let page = store.list_staff(Some(&staff_id(1, 0)), 1).await.expect("list");
    assert_eq!(page[0].id, staff_id(1, 2), "a closed account is not listed");
    store.put_staff(staff(1, 1, officer)).await.expect("put");
    assert!(store.find_staff(&staff_id(1, 1)).await.expect("find").is_some(), "it opens again");
}

async fn a_new_code_takes_back_the_older_one(store: &dyn IdentityStore) {
    let person = citizen(2, 0);
    let opened = store.issue_code(issue(&person, hash(2, 1))).await;
    assert_eq!(opened, Ok(Some(person.clone())), "the account is opened with the first code");
    let (code, account) = store.find_code(hash(2, 1)).await.expect("find").expect("the code is live");
    assert_eq!((code.account, code.expires, account), (person.id, at(100), person.clone()));

    let again = Account { id: account_id(2, 99), ..person.clone() };
    assert_eq!(
        store.issue_code(issue(&again, hash(2, 2))).await,
        Ok(Some(person.clone())),
        "one account a person"
    );
    assert_eq!(store.find_code(hash(2, 1)).await, Ok(None), "the older code is void");
    let redeem = Redeem { hash: hash(2, 1), at: at(10), session: session(person.id, 2, 1, Purpose::Full) };
    assert_eq!(store.redeem_code(redeem).await, Ok(false), "and opens nothing");

    let other = citizen(2, 3);
    store.issue_code(Issue { issued_by: Some(person.id), ..issue(&other, hash(2, 3)) }).await.expect("issue");
    assert!(store.find_code(hash(2, 2)).await.expect("find").is_some(), "another person's code stays");
    let (code, _) = store.find_code(hash(2, 3)).await.expect("find").expect("live");
    assert_eq!(code.issued_by, Some(person.id), "who issued it is kept");
}

async fn a_code_is_redeemed_once_and_before_it_expires(store: &dyn IdentityStore) {
    let person = citizen(3, 0);
    store.issue_code(issue(&person, hash(3, 0))).await.expect("issue");
    let redeem = |count, second| Redeem {
        hash: hash(3, 0),
        at: at(second),
        session: session(person.id, 3, count, Purpose::Enrolment),
    };
    assert_eq!(store.redeem_code(redeem(1, 100)).await, Ok(false), "expired in that instant");
    let strange = Redeem { session: session(account_id(3, 98), 3, 2, Purpose::Full), ..redeem(2, 99) };
    assert_eq!(store.redeem_code(strange).await, Ok(false), "not for another account");
    assert_eq!(store.redeem_code(redeem(3, 99)).await, Ok(true));
    assert_eq!(store.redeem_code(redeem(4, 99)).await, Ok(false), "used");
    assert_eq!(store.find_code(hash(3, 0)).await, Ok(None));
    for (count, stands) in [(1, false), (2, false), (3, true), (4, false)] {
        let token = session(person.id, 3, count, Purpose::Full).token;
        assert_eq!(store.find_session(token).await.expect("find").is_some(), stands, "session {count}");
    }
}

async fn of_many_redemptions_at_once_one_wins(store: Arc<dyn IdentityStore>) {
    let person = citizen(4, 0);
    store.issue_code(issue(&person, hash(4, 0))).await.expect("issue");
    let mut tasks = tokio::task::JoinSet::new();
    for count in 0..16 {
        let session = session(person.id, 4, count, Purpose::Enrolment);
        let store = Arc::clone(&store);
        tasks.spawn(async move { store.redeem_code(Redeem { hash: hash(4, 0), at: at(10), session }).await });
    }
    let outcomes = tasks.join_all().await;
    let won = outcomes.into_iter().filter(|outcome| *outcome == Ok(true)).count();
    assert_eq!(won, 1, "exactly one redemption wins");
    assert_eq!(store.list_sessions(person.id, at(0)).await.expect("list").len(), 1, "and one session stands");
}

async fn sessions_are_found_touched_listed_and_ended(store: &dyn IdentityStore) {
    let person = citizen(5, 0);
    let first = signed_in(store, &person, 5, 1, Purpose::Enrolment).await;
    let second = signed_in(store, &person, 5, 2, Purpose::Full).await;
    assert_eq!(store.find_session(first.token).await, Ok(Some((first.clone(), person.clone()))));

    store.touch_session(first.id, at(50)).await.expect("touch");
    store.touch_session(first.id, at(40)).await.expect("touch");
    let seen = Session { last_seen: at(50), ..first.clone() };
    assert_eq!(
        store.find_session(first.token).await,
        Ok(Some((seen.clone(), person.clone()))),
        "time only grows"
    );
    assert_eq!(
        store.list_sessions(person.id, at(60)).await,
        Ok(vec![seen.clone(), second]),
        "the last seen first"
    );
    assert_eq!(store.list_sessions(person.id, at(1000)).await, Ok(vec![]), "what is over is not listed");

    assert_eq!(store.end_session(first.token).await, Ok(true));
    assert_eq!(store.end_session(first.token).await, Ok(false));
    assert_eq!(store.find_session(first.token).await, Ok(None));
    assert_eq!(store.list_sessions(person.id, at(60)).await.expect("list").len(), 1, "the other one stands");
}

async fn an_account_has_a_bounded_number_of_sessions(store: &dyn IdentityStore) {
    let person = citizen(6, 0);
    let first = signed_in(store, &person, 6, 0, Purpose::Full).await;
    let second = signed_in(store, &person, 6, 1, Purpose::Full).await;
    store.touch_session(first.id, at(500)).await.expect("touch");
    for count in 2..=u8::try_from(SESSIONS_MAX).expect("few") {
        let session = signed_in(store, &person, 6, count, Purpose::Full).await;
        store.touch_session(session.id, at(20)).await.expect("touch");
    }
    let sessions = store.list_sessions(person.id, at(60)).await.expect("list");
    assert_eq!(sessions.len(), SESSIONS_MAX as usize);
    assert_eq!(sessions[0].id, first.id, "the one in use stays");
    assert_eq!(store.find_session(second.token).await, Ok(None), "the one seen longest ago is ended");
}

async fn passkeys_are_unique_and_bounded(store: &dyn IdentityStore) {
    let (person, other) = (citizen(7, 0), citizen(7, 1));
    let mine = signed_in(store, &person, 7, 0, Purpose::Full).await;
    let theirs = signed_in(store, &other, 7, 1, Purpose::Full).await;
    let add = |account: AccountId, session: &Session, count| AddPasskey {
        passkey: passkey(account, 7, count),
        passkeys_max: 2,
        session: session.id,
        replaced_by: None,
    };
    assert_eq!(store.add_passkey(add(person.id, &mine, 0)).await, Ok(PasskeyAdded::Added));
    assert_eq!(store.add_passkey(add(person.id, &mine, 0)).await, Ok(PasskeyAdded::Known));
    assert_eq!(store.add_passkey(add(other.id, &theirs, 0)).await, Ok(PasskeyAdded::Known), "on any account");
    assert_eq!(
        store.add_passkey(add(person.id, &theirs, 1)).await,
        Ok(PasskeyAdded::SessionGone),
        "not one's own"
    );
    assert_eq!(store.add_passkey(add(person.id, &mine, 1)).await, Ok(PasskeyAdded::Added));
    assert_eq!(store.add_passkey(add(person.id, &mine, 2)).await, Ok(PasskeyAdded::Full));
    let expected = vec![passkey(person.id, 7, 0), passkey(person.id, 7, 1)];
    assert_eq!(store.list_passkeys(person.id).await, Ok(expected), "the oldest first");
    let found = store.find_passkey(&passkey(person.id, 7, 1).credential).await;
    assert_eq!(found, Ok(Some((passkey(person.id, 7, 1), person.clone()))));
    assert_eq!(store.find_passkey(b"unknown").await, Ok(None));
    store.end_session(mine.token).await.expect("end");
    assert_eq!(store.add_passkey(add(person.id, &mine, 3)).await, Ok(PasskeyAdded::SessionGone));
}

async fn an_enrolment_is_replaced_by_the_session_of_its_passkey(store: &dyn IdentityStore) {
    let person = citizen(8, 0);
    let enrolment = signed_in(store, &person, 8, 0, Purpose::Enrolment).await;
    let full = session(person.id, 8, 1, Purpose::Full);
    let add = AddPasskey {
        passkey: passkey(person.id, 8, 0),
        passkeys_max: 2,
        session: enrolment.id,
        replaced_by: Some(full.clone()),
    };
    assert_eq!(store.add_passkey(add.clone()).await, Ok(PasskeyAdded::Added));
    assert_eq!(store.find_session(enrolment.token).await, Ok(None), "the enrolment is over");
    assert_eq!(store.find_session(full.token).await, Ok(Some((full, person))), "the citizen is signed in");
    let again = AddPasskey { passkey: passkey(account_id(8, 0), 8, 1), ..add };
    assert_eq!(store.add_passkey(again).await, Ok(PasskeyAdded::SessionGone), "an enrolment registers one");
}

async fn whoever_enrols_anew_is_rid_of_a_lost_device(store: &dyn IdentityStore) {
    let person = citizen(20, 0);
    let lost = signed_in(store, &person, 20, 0, Purpose::Full).await;
    let mut add = AddPasskey {
        passkey: passkey(person.id, 20, 0),
        passkeys_max: 1,
        session: lost.id,
        replaced_by: None,
    };
    assert_eq!(store.add_passkey(add.clone()).await, Ok(PasskeyAdded::Added));
    let enrolment = signed_in(store, &person, 20, 1, Purpose::Enrolment).await;
    add.passkey = passkey(person.id, 20, 1);
    add.session = enrolment.id;
    add.replaced_by = Some(session(person.id, 20, 2, Purpose::Full));
    assert_eq!(store.add_passkey(add).await, Ok(PasskeyAdded::Added), "a full account is no obstacle");
    assert_eq!(store.list_passkeys(person.id).await, Ok(vec![passkey(person.id, 20, 1)]));
    assert_eq!(store.find_session(lost.token).await, Ok(None), "what the lost device had open is over");
}

async fn a_passkey_is_used_only_as_it_was_seen(store: &dyn IdentityStore) {
    let person = citizen(9, 0);
    let enrolment = signed_in(store, &person, 9, 0, Purpose::Full).await;
    let key = passkey(person.id, 9, 0);
    let add = AddPasskey { passkey: key.clone(), passkeys_max: 2, session: enrolment.id, replaced_by: None };
    assert_eq!(store.add_passkey(add).await, Ok(PasskeyAdded::Added));
    let used = |seen: &str, now: &str, count| PasskeyUse {
        credential: key.credential.clone(),
        key_seen: seen.to_owned(),
        key: now.to_owned(),
        at: at(70),
        session: session(person.id, 9, count, Purpose::Full),
    };
    let (one, two) = (r#"{"counter":1}"#, r#"{"counter":2}"#);
    assert_eq!(store.use_passkey(used(one, two, 1)).await, Ok(true));
    assert_eq!(store.use_passkey(used(one, two, 2)).await, Ok(false), "another sign-in came between");
    assert_eq!(
        store.use_passkey(used(two, two, 3)).await,
        Ok(true),
        "a key without a counter stays as it is"
    );
    let (found, _) = store.find_passkey(&key.credential).await.expect("find").expect("it is there");
    assert_eq!((found.key.as_str(), found.last_used), (two, Some(at(70))));
    for (count, stands) in [(1, true), (2, false), (3, true)] {
        let token = session(person.id, 9, count, Purpose::Full).token;
        assert_eq!(store.find_session(token).await.expect("find").is_some(), stands, "session {count}");
    }
}

async fn closing_an_account_ends_everything(store: &dyn IdentityStore) {
    let clerk = staff(10, 0, Role::Operator);
    store.put_staff(clerk.clone()).await.expect("put");
    let session = signed_in(store, &clerk, 10, 0, Purpose::Full).await;
    let key = passkey(clerk.id, 10, 0);
    let add = AddPasskey { passkey: key.clone(), passkeys_max: 2, session: session.id, replaced_by: None };
    store.add_passkey(add).await.expect("add");
    store.issue_code(issue(&clerk, hash(10, 9))).await.expect("issue");
    assert_eq!(store.close_staff(&staff_id(10, 0), at(30)).await, Ok(true));
    assert_eq!(store.find_session(session.token).await, Ok(None));
    assert_eq!(store.find_code(hash(10, 9)).await, Ok(None));
    assert_eq!(store.find_passkey(&key.credential).await, Ok(None));
    assert_eq!(
        store.issue_code(issue(&clerk, hash(10, 10))).await,
        Ok(None),
        "no code opens a closed account"
    );
    store.put_staff(clerk).await.expect("put");
    assert_eq!(store.find_session(session.token).await, Ok(None), "opening again revives nothing");
    assert_eq!(store.find_code(hash(10, 9)).await, Ok(None));
}

async fn sweeping_removes_what_is_over_and_nothing_else(store: &dyn IdentityStore) {
    let person = citizen(11, 0);
    let lasting = signed_in(store, &person, 11, 0, Purpose::Full).await;
    let brief = Session { expires: at(-50), ..session(person.id, 11, 1, Purpose::Full) };
    store.issue_code(issue(&person, hash(11, 1))).await.expect("issue");
    let redeem = Redeem { hash: hash(11, 1), at: at(-60), session: brief.clone() };
    assert_eq!(store.redeem_code(redeem).await, Ok(true));
    let old = Issue { expires: at(-400 * 24 * 3600), ..issue(&person, hash(11, 2)) };
    store.issue_code(old).await.expect("issue");
    assert_eq!(store.sweep(at(-50), 1000).await, Ok(2), "one session and one code of long ago");
    assert_eq!(store.sweep(at(-50), 1000).await, Ok(0));
    assert_eq!(store.find_session(brief.token).await, Ok(None));
    assert_eq!(store.find_code(hash(11, 2)).await, Ok(None));
    assert!(store.find_session(lasting.token).await.expect("find").is_some());
}
