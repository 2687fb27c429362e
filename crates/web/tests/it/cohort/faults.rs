//! What a step that fails leaves behind: entries that are made once, others that go on, and no number of anybody.

use super::days;
use crate::{
    cohort_world::{approve, ask, extract, finish, load_men, make, open, ready, suspend_client},
    house::{HOA, House, number},
};
use async_trait::async_trait;
use dancu_core::{PersonalNumber, StoreError};
use dancu_exchange::{
    CohortMaker, CohortParts, CohortStore, ContractId, CourtOrder, Gate, OrderId, OrderState, OrderStore,
    VerifyService,
};
use dancu_store_sqlite::SqliteStore;
use dancu_web::StaffApprovers;
use jiff::civil::{Date, date};
use serde_json::json;
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Courts' orders of which one question fails, behind so many that do not.
struct FailingOrders {
    inner: SqliteStore,
    asked: AtomicU64,
    fails_at: u64,
}

#[async_trait]
impl OrderStore for FailingOrders {
    async fn save_order(&self, order: CourtOrder, moves_before: Option<usize>) -> Result<bool, StoreError> {
        self.inner.save_order(order, moves_before).await
    }

    async fn order(&self, id: OrderId) -> Result<Option<CourtOrder>, StoreError> {
        self.inner.order(id).await
    }

    async fn standing_order(
        &self,
        contract: &ContractId,
        number: PersonalNumber,
        day: Date,
    ) -> Result<Option<OrderId>, StoreError> {
        if self.asked.fetch_add(1, Ordering::Relaxed) == self.fails_at {
            return Err(StoreError::Overloaded);
        }
        self.inner.standing_order(contract, number, day).await
    }

    async fn orders_about(&self, number: PersonalNumber, day: Date) -> Result<Vec<OrderId>, StoreError> {
        self.inner.orders_about(number, day).await
    }

    async fn orders(
        &self,
        is_open: bool,
        after: Option<OrderId>,
        length_max: usize,
    ) -> Result<Vec<CourtOrder>, StoreError> {
        self.inner.orders(is_open, after, length_max).await
    }
}

/// A maker whose gate fails for one person, of a contract about which an order stands, so that the gate asks.
async fn failing_maker(house: &House, fails_at: u64) -> CohortMaker {
    let order = CourtOrder {
        id: OrderId(uuid::Uuid::from_u128(7)),
        number: number(HOA),
        contract: "hd-40".parse().unwrap(),
        court: "Tòa án Thử".to_owned(),
        order_number: "1/2026".to_owned(),
        from: date(2026, 11, 1),
        until: date(2027, 11, 1),
        state: OrderState::Standing,
        moves: Vec::new(),
    };
    assert!(house.store().save_order(order, None).await.unwrap());
    let state = &house.state;
    state.directory.reload(state.life.store()).await.unwrap();
    let store = Arc::new(house.store().clone());
    let orders = FailingOrders { inner: house.store().clone(), asked: AtomicU64::new(0), fails_at };
    let gate = Arc::new(Gate::new(store.clone(), store.clone(), Arc::new(orders)));
    let verify = VerifyService::new(
        state.register.clone(),
        state.ledger.clone(),
        gate,
        state.refusals.clone(),
        house.clock.clone(),
    );
    CohortMaker::new(CohortParts {
        store,
        verify: Arc::new(verify),
        directory: state.directory.clone(),
        rights: Arc::new(StaffApprovers::new(state.identity.clone())),
        logs: state.logs.clone(),
        clock: house.clock.clone(),
    })
}

#[tokio::test]
async fn a_step_that_fails_in_the_middle_of_a_page_tells_nobody_of_it_twice() {
    let house = open(&[]).await;
    load_men(&house, 400).await;
    let id = ask(&house, &json!({})).await.json()["id"].as_str().unwrap().to_owned();
    make(&house).await;
    approve(&house, "an.nguyen", &id).await;
    approve(&house, "binh.tran", &id).await;
    let maker = failing_maker(&house, 150).await;
    assert!(matches!(maker.round().await, Err(StoreError::Overloaded)));
    assert_eq!(house.state.ledger.size(), 150, "what was on its way is durable when the error is told");
    while maker.round().await.unwrap() > 0 {}
    assert_eq!(extract(&house, &id).await["state"], "ready");
    assert_eq!(house.state.ledger.size(), 401, "an entry for each, and no second one");
    let kept = house.store().extract_rows(id.parse().unwrap(), 0, 999).await.unwrap();
    let entries: BTreeSet<u64> = kept.iter().map(|row| row.entry).collect();
    let persons: BTreeSet<_> = kept.iter().map(|row| row.number).collect();
    assert_eq!((kept.len(), entries.len(), persons.len()), (401, 401, 401));
}

#[tokio::test]
async fn an_extract_that_fails_keeps_neither_those_that_are_over_nor_others_from_going_on() {
    let house = open(&[]).await;
    let failing = ask(&house, &json!({ "reference": "QĐ 1" })).await.json();
    let failing = failing["id"].as_str().unwrap().to_owned();
    make(&house).await;
    let made = ready(&house).await;
    house.clock.advance(days(13));
    for by in ["an.nguyen", "binh.tran"] {
        approve(&house, by, &failing).await;
    }
    let mut broken = house.store().extract(failing.parse().unwrap()).await.unwrap().unwrap();
    // A page that was begun in a log that is gone.
    broken.mark = serde_json::from_value(json!({ "log": 999, "size": 0 })).unwrap();
    broken.version += 1;
    assert!(house.store().save_extract(broken, Vec::new()).await.unwrap());
    house.clock.advance(days(1));
    let asked = ask(&house, &json!({ "reference": "QĐ 2" })).await.json();
    let maker = house.cohort_maker(Arc::new(house.store().clone()));
    // Counting goes through all communes of the province, so many in a step.
    for _ in 0..20 {
        assert!(maker.round().await.is_err(), "the first error is told");
    }
    assert_eq!(extract(&house, asked["id"].as_str().unwrap()).await["state"], "counted");
    assert_eq!(extract(&house, &made).await["state"], "expired");
    assert!(house.store().extract_rows(made.parse().unwrap(), 0, 9).await.unwrap().is_empty());
    house.clock.advance(days(7));
    finish(&house, &failing, "lapsed").await;
    let kept = house.store().extract(failing.parse().unwrap()).await.unwrap().unwrap();
    assert!(kept.cursor.is_none() && kept.mark.is_none());
}

#[tokio::test]
async fn an_extract_that_was_stopped_keeps_nobodys_number() {
    let house = open(&[]).await;
    load_men(&house, 1_100).await;
    let id = ask(&house, &json!({})).await.json()["id"].as_str().unwrap().to_owned();
    make(&house).await;
    approve(&house, "an.nguyen", &id).await;
    approve(&house, "binh.tran", &id).await;
    let maker = house.cohort_maker(Arc::new(house.store().clone()));
    assert_eq!(maker.round().await.unwrap(), 1);
    let kept = async || house.store().extract(id.parse().unwrap()).await.unwrap().unwrap();
    assert!(kept().await.cursor.is_some_and(|cursor| cursor.after.is_some()));
    suspend_client(&house, Some("Sự cố")).await;
    make(&house).await;
    let stopped = kept().await;
    assert!(stopped.cursor.is_none() && stopped.mark.is_none() && stopped.rows > 0);
}
