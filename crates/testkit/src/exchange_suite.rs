//! The contract of [`ExchangeStore`]: every store must pass every case.

#![expect(clippy::unwrap_used, reason = "a suite is a test: it fails by panicking")]

use dancu_exchange::{
    Client, ConnectionChange, Contract, ExchangeStore, Organisation, RefusalEntry, RefusalReason,
    StoredToken, TokenGrant,
};
use jiff::Timestamp;
use serde_json::json;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Runs every case on one store, which is empty at first.
pub async fn exchange_suite(store: Arc<dyn ExchangeStore>) {
    let shared = Arc::clone(&store);
    let store = store.as_ref();
    connections_are_added_and_replaced_whole(store).await;
    connections_are_saved_all_or_none(store).await;
    agencies_stand_below_agencies(store).await;
    a_token_is_found_by_its_hash_until_it_ends(store).await;
    an_assertion_is_spent_once_a_client(store).await;
    of_many_grants_at_once_one_is_given(shared).await;
    what_has_ended_is_removed_in_portions(store).await;
    refusals_are_told_the_newest_first_and_bounded(store).await;
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

fn organisation(id: &str, name: &str) -> Organisation {
    Organisation {
        id: id.parse().unwrap(),
        parent: None,
        name_vi: name.to_owned(),
        name_en: "Hospital".to_owned(),
    }
}

fn client(id: &str, suspended: Option<&str>) -> Client {
    let mut client: Client =
        serde_json::from_value(json!({ "id": id, "organisation": "benh-vien" })).unwrap();
    client.suspended = suspended.map(str::to_owned);
    client
}

/// An agency below another, whichever of them is written first, and a client that works with bound tokens alone.
async fn agencies_stand_below_agencies(store: &dyn ExchangeStore) {
    let mut below = organisation("tram-y-te", "Trạm y tế");
    below.parent = Some("so-y-te".parse().unwrap());
    let above = organisation("so-y-te", "Sở Y tế");
    let bound = Client {
        dpop_bound_access_tokens: true,
        redirect_uris: vec!["https://portal.example/back".parse().unwrap()],
        post_logout_redirect_uris: vec!["https://portal.example/".parse().unwrap()],
        ..client("tram-api", None)
    };
    let saved = change((vec![below.clone(), above.clone()], vec![bound.clone()], vec![]));
    assert!(store.save_connections(saved).await.unwrap());
    let (organisations, clients, _) = connections(store).await;
    assert!(organisations.contains(&below) && organisations.contains(&above) && clients.contains(&bound));
    below.parent = None;
    assert!(store.save_connections(change((vec![below.clone()], vec![], vec![]))).await.unwrap());
    assert!(connections(store).await.0.contains(&below), "it stands alone now");
}

fn contract(id: &str, client: &str, daily_limit: u32) -> Contract {
    serde_json::from_value(json!({
        "id": id, "client": client, "legal_basis": "Luật Khám bệnh, chữa bệnh 2023, Điều 15",
        "purpose_vi": "Tiếp đón người bệnh", "purpose_en": "Admit patients", "fields": ["name", "birth_date"],
        "may_tell_unknown": true, "daily_limit": daily_limit, "per_second_max": 10,
        "valid_from": "2026-01-01", "valid_to": "2027-01-01",
    }))
    .unwrap()
}

type Connections = (Vec<Organisation>, Vec<Client>, Vec<Contract>);

fn change((organisations, clients, contracts): Connections) -> ConnectionChange {
    ConnectionChange { organisations, clients, contracts, acts: Vec::new() }
}

/// What is connected, in the order of identifiers: the port promises none.
async fn connections(store: &dyn ExchangeStore) -> Connections {
    let (mut organisations, mut clients, mut contracts) = store.connections().await.unwrap();
    organisations.sort_by(|one, other| one.id.cmp(&other.id));
    clients.sort_by(|one, other| one.id.cmp(&other.id));
    contracts.sort_by(|one, other| one.id.cmp(&other.id));
    (organisations, clients, contracts)
}

async fn connections_are_added_and_replaced_whole(store: &dyn ExchangeStore) {
    assert_eq!(connections(store).await, (vec![], vec![], vec![]));
    let first: Connections = (
        vec![organisation("benh-vien", "Bệnh viện A"), organisation("ngan-hang", "Ngân hàng B")],
        vec![client("benh-vien-api", None), client("benh-vien-desk", Some("Sự cố ngày 21/11"))],
        vec![contract("hd-1", "benh-vien-api", 100), contract("hd-2", "benh-vien-desk", 5)],
    );
    assert!(store.save_connections(change(first.clone())).await.unwrap());
    assert_eq!(connections(store).await, first);
    assert!(store.save_connections(change(first.clone())).await.unwrap());
    assert_eq!(connections(store).await, first, "the same again is the same");
    let second = (
        vec![organisation("benh-vien", "Bệnh viện C")],
        vec![client("benh-vien-desk", None)],
        vec![contract("hd-1", "benh-vien-api", 7)],
    );
    assert!(store.save_connections(change(second)).await.unwrap());
    let expected: Connections = (
        vec![organisation("benh-vien", "Bệnh viện C"), first.0[1].clone()],
        vec![first.1[0].clone(), client("benh-vien-desk", None)],
        vec![contract("hd-1", "benh-vien-api", 7), first.2[1].clone()],
    );
    assert_eq!(connections(store).await, expected);
    assert!(store.save_connections(ConnectionChange::default()).await.unwrap());
    assert_eq!(connections(store).await, expected, "nothing is ever taken away");
}

async fn connections_are_saved_all_or_none(store: &dyn ExchangeStore) {
    let before = connections(store).await;
    // A second contract for a client that has one: every store refuses it at its last step.
    let doubled = (
        vec![organisation("truong-hoc", "Trường D")],
        vec![client("truong-api", None)],
        vec![contract("hd-3", "truong-api", 1), contract("hd-4", "benh-vien-api", 1)],
    );
    assert!(store.save_connections(change(doubled)).await.is_err());
    assert_eq!(connections(store).await, before);
}

fn token(serial: u8, client: &str, expires: Timestamp) -> StoredToken {
    let key = serial.is_multiple_of(2).then_some([serial; 32]);
    StoredToken { hash: [serial; 32], client: client.parse().unwrap(), expires, key }
}

async fn a_token_is_found_by_its_hash_until_it_ends(store: &dyn ExchangeStore) {
    let granted = token(1, "benh-vien-api", at(100));
    let grant = store.grant_token("a-1".to_owned(), at(60), granted.clone()).await.unwrap();
    assert_eq!(grant, TokenGrant::Granted);
    assert_eq!(store.token([1; 32], at(0)).await.unwrap(), Some(granted.clone()));
    assert_eq!(store.token([1; 32], at(99)).await.unwrap(), Some(granted));
    assert_eq!(store.token([1; 32], at(100)).await.unwrap(), None, "at its end it has ended");
    assert_eq!(store.token([2; 32], at(0)).await.unwrap(), None);
}

async fn an_assertion_is_spent_once_a_client(store: &dyn ExchangeStore) {
    let replayed = store.grant_token("a-1".to_owned(), at(60), token(3, "benh-vien-api", at(100))).await;
    assert_eq!(replayed.unwrap(), TokenGrant::Replayed);
    assert_eq!(store.token([3; 32], at(0)).await.unwrap(), None, "nothing was written");
    let other = store.grant_token("a-1".to_owned(), at(60), token(3, "benh-vien-desk", at(100))).await;
    assert_eq!(other.unwrap(), TokenGrant::Granted, "identifiers are each client's own");
    let case = store.grant_token("A-1".to_owned(), at(60), token(4, "benh-vien-api", at(100))).await;
    assert_eq!(case.unwrap(), TokenGrant::Granted, "identifiers are compared letter by letter");
    let alone = async |id: &str| {
        store.spend_assertion(&"benh-vien-api".parse().unwrap(), id.to_owned(), at(60)).await.unwrap()
    };
    assert!(!alone("a-1").await, "spent with a token");
    assert!(alone("a-3").await && !alone("a-3").await, "spent alone");
}

async fn of_many_grants_at_once_one_is_given(store: Arc<dyn ExchangeStore>) {
    let mut tasks = JoinSet::new();
    for turn in 0..8 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let granted = token(10 + turn, "benh-vien-api", at(100));
            store.grant_token("a-2".to_owned(), at(60), granted).await.unwrap()
        });
    }
    let grants = tasks.join_all().await;
    assert_eq!(grants.iter().filter(|grant| **grant == TokenGrant::Granted).count(), 1);
    let mut held = 0;
    for turn in 0..8 {
        held += usize::from(store.token([10 + turn; 32], at(0)).await.unwrap().is_some());
    }
    assert_eq!(held, 1, "and one token is good");
}

async fn what_has_ended_is_removed_in_portions(store: &dyn ExchangeStore) {
    for serial in 0..3_u8 {
        let granted = token(30 + serial, "ngan-hang-api", at(200 + i64::from(serial)));
        store.grant_token(format!("b-{serial}"), at(150), granted).await.unwrap();
    }
    // Of the cases above: four tokens until 100 and five assertions until 60.
    assert_eq!(store.remove_ended(at(59), 100).await.unwrap(), 0);
    assert_eq!(store.remove_ended(at(60), 3).await.unwrap(), 3);
    assert_eq!(store.remove_ended(at(60), 3).await.unwrap(), 2);
    let again = store.grant_token("a-1".to_owned(), at(160), token(5, "benh-vien-api", at(170))).await;
    assert_eq!(again.unwrap(), TokenGrant::Granted, "its assertion could no longer be used");
    assert_eq!(store.remove_ended(at(201), 100).await.unwrap(), 4 + 3 + 2 + 1 + 1);
    assert_eq!(store.token([30; 32], at(0)).await.unwrap(), None);
    assert!(store.token([32; 32], at(0)).await.unwrap().is_some(), "what has not ended stays");
    assert_eq!(store.remove_ended(at(202), 100).await.unwrap(), 1);
    assert_eq!(store.remove_ended(at(202), 100).await.unwrap(), 0);
}

async fn refusals_are_told_the_newest_first_and_bounded(store: &dyn ExchangeStore) {
    assert_eq!(store.refusals(10).await.unwrap(), []);
    let entries: Vec<RefusalEntry> = RefusalReason::ALL
        .into_iter()
        .enumerate()
        .map(|(place, reason)| RefusalEntry {
            at: at(i64::try_from(place).unwrap()),
            client: (place % 2 == 0).then(|| "benh-vien-api".parse().unwrap()),
            reason,
        })
        .collect();
    store.add_refusals(entries.clone(), 100).await.unwrap();
    let newest_first: Vec<RefusalEntry> = entries.iter().rev().cloned().collect();
    assert_eq!(store.refusals(100).await.unwrap(), newest_first);
    assert_eq!(store.refusals(3).await.unwrap(), newest_first[..3]);
    store.add_refusals(Vec::new(), 100).await.unwrap();
    store.add_refusals(entries[..1].to_vec(), 4).await.unwrap();
    let kept = store.refusals(100).await.unwrap();
    assert_eq!(kept[0], entries[0], "newest is what came last, whatever its instant");
    assert_eq!(kept[1..], newest_first[..3]);
}
