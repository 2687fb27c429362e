//! Two nodes over one database: what one decides the other obeys, and of what must be done once one does it.

use crate::cluster::{new_location, open};
use dancu_exchange::{Client, ConnectionChange, Contract, Directory, ExchangeStore, Organisation};
use dancu_store_postgres::Duty;
use serde_json::json;

fn connections(daily_limit: u32, suspended: Option<&str>) -> ConnectionChange {
    let organisation = Organisation {
        id: "bank".parse().unwrap(),
        parent: None,
        name_vi: "Ngân hàng".to_owned(),
        name_en: "Bank".to_owned(),
    };
    let client = Client {
        id: "core".parse().unwrap(),
        organisation: organisation.id.clone(),
        keys: Vec::new(),
        dpop_bound_access_tokens: false,
        redirect_uris: Vec::new(),
        post_logout_redirect_uris: Vec::new(),
        suspended: suspended.map(str::to_owned),
    };
    let contract: Contract = serde_json::from_value(json!({
        "id": "c-1", "client": "core", "legal_basis": "Luật", "purpose_vi": "a", "purpose_en": "a",
        "fields": ["name"], "daily_limit": daily_limit, "per_second_max": 1, "valid_from": "2026-01-01",
    }))
    .unwrap();
    ConnectionChange {
        organisations: vec![organisation],
        clients: vec![client],
        contracts: vec![contract],
        acts: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_decides_of_a_connection_the_other_obeys_at_its_next_look() {
    let location = new_location();
    let (here, there) = (open(&location), open(&location));
    let directory = Directory::default();
    directory.follow(&there).await.unwrap();
    assert!(!directory.follow(&there).await.unwrap(), "nothing was changed");
    let client = "core".parse().unwrap();

    here.save_connections(connections(100, None)).await.unwrap();
    assert!(directory.follow(&there).await.unwrap());
    let caller = directory.caller(&client).unwrap();
    assert_eq!((caller.contract.daily_limit, &caller.client.suspended), (100, &None));

    here.save_connections(connections(100, Some("mất khóa"))).await.unwrap();
    assert!(directory.follow(&there).await.unwrap());
    assert!(directory.caller(&client).unwrap().client.suspended.is_some(), "suspended there too");

    here.save_connections(connections(7, None)).await.unwrap();
    assert!(directory.follow(&there).await.unwrap());
    assert_eq!(directory.caller(&client).unwrap().contract.daily_limit, 7);
    assert!(!directory.follow(&there).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duty_is_one_nodes_and_another_takes_it_over_when_that_one_is_gone() {
    let location = new_location();
    let (here, there) = (open(&location), open(&location));
    let lease = here.take_duty(Duty::Deliveries).await.unwrap().unwrap();
    assert!(lease.is_held().await);
    assert!(there.take_duty(Duty::Deliveries).await.unwrap().is_none());
    drop(lease);
    // The server learns of the end of a connection a moment later.
    let taken = loop {
        if let Some(lease) = there.take_duty(Duty::Deliveries).await.unwrap() {
            break lease;
        }
    };
    assert!(taken.is_held().await);
    assert!(here.take_duty(Duty::Deliveries).await.unwrap().is_none());
}
