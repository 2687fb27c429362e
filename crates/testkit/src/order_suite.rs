//! The contract of [`OrderStore`]: every store must pass every case.

#![expect(clippy::unwrap_used, reason = "a suite is a test: it fails by panicking")]

use crate::consent_suite::{at, person};
use dancu_exchange::{CourtOrder, OrderId, OrderMove, OrderState, OrderStep, OrderStore};
use jiff::civil::{Date, date};
use std::sync::Arc;
use tokio::task::JoinSet;
use uuid::Uuid;

const FROM: Date = date(2026, 11, 1);
const UNTIL: Date = date(2026, 12, 1);

/// Runs every case on one store, which is empty at first.
pub async fn order_suite(store: Arc<dyn OrderStore>) {
    an_order_is_kept_whole_and_stands_on_its_days(store.as_ref()).await;
    a_person_has_one_open_order_under_a_contract(store.as_ref()).await;
    lists_are_by_the_last_day_and_paged(store.as_ref()).await;
    of_two_steps_at_once_one_is_taken(store).await;
}

fn order(id: u128, serial: u64, contract: &str, until: Date) -> CourtOrder {
    let state = OrderState::Entered;
    CourtOrder {
        id: OrderId(Uuid::from_u128(id)),
        number: person(serial),
        contract: contract.parse().unwrap(),
        court: "TAND \"Thử\"".to_owned(),
        order_number: format!("{id}/2026"),
        from: FROM,
        until,
        state,
        moves: vec![OrderMove { at: at(1), by: "an".to_owned(), to: state, note: String::new() }],
    }
}

fn stepped(order: &CourtOrder, step: OrderStep, by: &str) -> CourtOrder {
    order.stepped(step, (by, "vì"), at(2), UNTIL).unwrap()
}

async fn save(store: &dyn OrderStore, order: &CourtOrder) -> bool {
    let before = Some(order.moves.len() - 1).filter(|moves| *moves > 0);
    store.save_order(order.clone(), before).await.unwrap()
}

async fn an_order_is_kept_whole_and_stands_on_its_days(store: &dyn OrderStore) {
    let entered = order(1, 101, "hd-1", UNTIL);
    assert!(save(store, &entered).await && !save(store, &entered).await);
    let stands = async |day: Date| {
        let one = store.standing_order(&entered.contract, entered.number, day).await.unwrap();
        assert_eq!(
            store.orders_about(entered.number, day).await.unwrap(),
            one.into_iter().collect::<Vec<_>>()
        );
        one == Some(entered.id)
    };
    assert!(!stands(FROM).await, "one person entered it");
    let confirmed = stepped(&entered, OrderStep::Confirm, "binh");
    assert!(save(store, &confirmed).await);
    assert_eq!(store.order(entered.id).await.unwrap(), Some(confirmed.clone()));
    assert!(stands(FROM).await && stands(UNTIL.yesterday().unwrap()).await);
    assert!(!stands(FROM.yesterday().unwrap()).await && !stands(UNTIL).await);
    let other = "hd-9".parse().unwrap();
    assert_eq!(store.standing_order(&other, entered.number, FROM).await.unwrap(), None);
    assert_eq!(store.orders_about(person(199), FROM).await.unwrap(), []);
    let asked = stepped(&confirmed, OrderStep::AskLift, "an");
    assert!(save(store, &asked).await && stands(FROM).await);
    assert!(save(store, &stepped(&asked, OrderStep::Lift, "binh")).await && !stands(FROM).await);
    assert_eq!(store.order(OrderId(Uuid::from_u128(999))).await.unwrap(), None);
}

async fn a_person_has_one_open_order_under_a_contract(store: &dyn OrderStore) {
    let first = order(10, 102, "hd-1", UNTIL);
    assert!(save(store, &first).await);
    assert!(!save(store, &order(11, 102, "hd-1", UNTIL)).await);
    assert!(
        save(store, &order(12, 102, "hd-2", UNTIL)).await
            && save(store, &order(13, 103, "hd-1", UNTIL)).await
    );
    assert!(save(store, &stepped(&first, OrderStep::Withdraw, "an")).await);
    assert!(save(store, &order(14, 102, "hd-1", UNTIL)).await, "the first is closed");
}

async fn lists_are_by_the_last_day_and_paged(store: &dyn OrderStore) {
    let early = date(2000, 1, 2);
    for (id, until) in [(23, date(2000, 1, 4)), (22, date(2000, 1, 3)), (21, early), (20, early)] {
        assert!(save(store, &order(id, 110 + u64::try_from(id).unwrap(), "hd-1", until)).await);
    }
    let ids = async |after: Option<u128>, length: usize| {
        let after = after.map(|id| OrderId(Uuid::from_u128(id)));
        let found = store.orders(true, after, length).await.unwrap();
        found.iter().map(|order| order.id.0.as_u128()).collect::<Vec<_>>()
    };
    assert_eq!(ids(None, 3).await, [20, 21, 22]);
    assert_eq!(ids(Some(20), 2).await, [21, 22]);
    assert_eq!(ids(Some(22), 1).await, [23]);
    assert!(ids(Some(999), 9).await.is_empty());
    let closed = store.orders(false, None, 9).await.unwrap();
    assert!(closed.iter().all(|order| !order.state.is_open()) && closed.len() == 2);
}

async fn of_two_steps_at_once_one_is_taken(store: Arc<dyn OrderStore>) {
    let entered = order(30, 140, "hd-1", UNTIL);
    assert!(save(&*store, &entered).await);
    let mut steps = JoinSet::new();
    for turn in 0..8 {
        let step = if turn % 2 == 0 { OrderStep::Confirm } else { OrderStep::Withdraw };
        let (store, next) = (Arc::clone(&store), stepped(&entered, step, "binh"));
        steps.spawn(async move { save(&*store, &next).await });
    }
    assert_eq!(steps.join_all().await.into_iter().filter(|taken| *taken).count(), 1);
}
