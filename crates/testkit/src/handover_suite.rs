//! The contract of [`HandoverStore`]: every store must pass every case. Each case has identifiers of its own.

#![expect(clippy::unwrap_used, reason = "a suite is a test: it fails by panicking")]

use dancu_changes::CommandId;
use dancu_handover::{EntryState, HandoverRow, HandoverStore};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Runs every case on one store, which is empty at first.
pub async fn handover_suite(store: Arc<dyn HandoverStore>) {
    let shared = Arc::clone(&store);
    let store = store.as_ref();
    an_empty_queue_has_nothing(store).await;
    a_command_is_kept_once(store).await;
    the_queue_keeps_its_order_and_is_read_in_pages(store).await;
    what_is_sent_is_counted_until_it_is_answered(store).await;
    a_row_is_settled_from_the_states_that_were_named(store).await;
    a_row_that_was_settled_is_told_again_to_whoever_settled_it(store).await;
    of_many_who_add_at_once_one_does(shared).await;
}

fn id(case: u8, serial: u8) -> CommandId {
    CommandId(uuid::Uuid::from_u128(
        0x0193_0000_0000_7000_8000_0000_0000_0000 + u128::from(case) * 1_000 + u128::from(serial),
    ))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

async fn counts(store: &dyn HandoverStore) -> [u64; 5] {
    let mut counts = [0; 5];
    for (state, count) in EntryState::ALL.into_iter().zip(&mut counts) {
        *count = store.count(state).await.unwrap();
    }
    counts
}

/// Takes what is open off the queue, so that the next case begins with nothing to send.
async fn withdraw_all(store: &dyn HandoverStore) {
    for row in store.open_rows(1_000).await.unwrap() {
        let open = vec![EntryState::Waiting, EntryState::Sent];
        assert!(store.settle(row.id, open, EntryState::Withdrawn, None, at(900)).await.unwrap());
    }
}

async fn an_empty_queue_has_nothing(store: &dyn HandoverStore) {
    assert_eq!(store.open_rows(10).await.unwrap(), []);
    assert_eq!(store.rows(None, 10).await.unwrap(), []);
    assert_eq!(store.row(id(0, 0)).await.unwrap(), None);
    assert_eq!(counts(store).await, [0; 5]);
    store.mark_sent(vec![id(0, 0)], at(0)).await.unwrap();
    store.mark_sent(Vec::new(), at(0)).await.unwrap();
    let states = EntryState::ALL.to_vec();
    assert!(!store.settle(id(0, 0), states, EntryState::Accepted, None, at(0)).await.unwrap());
    assert_eq!(counts(store).await, [0; 5], "what is not there is not made");
}

async fn a_command_is_kept_once(store: &dyn HandoverStore) {
    // Any bytes: what is kept is encrypted.
    let taken: Vec<u8> = (0..=255).collect();
    assert_eq!(store.add(id(1, 0), at(1), taken.clone()).await.unwrap(), None);
    let kept = store.row(id(1, 0)).await.unwrap().unwrap();
    let expected = HandoverRow {
        sequence: kept.sequence,
        id: id(1, 0),
        state: EntryState::Waiting,
        queued_at: at(1),
        sent_at: None,
        settled_at: None,
        attempts: 0,
        taken,
        answer: None,
    };
    assert_eq!(kept, expected);
    let again = store.add(id(1, 0), at(2), vec![1]).await.unwrap();
    assert_eq!(again, Some(kept.clone()), "the row that stands is told");
    assert_eq!(store.row(id(1, 0)).await.unwrap(), Some(kept), "and stays as it was");
    assert_eq!(counts(store).await, [1, 0, 0, 0, 0]);
    withdraw_all(store).await;
    let known = store.add(id(1, 0), at(3), vec![1]).await.unwrap().unwrap();
    assert_eq!(known.state, EntryState::Withdrawn, "an identifier is never used again");
}

async fn the_queue_keeps_its_order_and_is_read_in_pages(store: &dyn HandoverStore) {
    // Identifiers in another order than that in which they come.
    let serials = [5, 2, 9, 1, 7];
    for serial in serials {
        assert_eq!(store.add(id(2, serial), at(10), vec![serial]).await.unwrap(), None);
    }
    let ids = |rows: Vec<HandoverRow>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
    let expected = serials.map(|serial| id(2, serial));
    assert_eq!(ids(store.open_rows(10).await.unwrap()), expected);
    assert_eq!(ids(store.open_rows(2).await.unwrap()), expected[..2]);
    let newest = store.rows(None, 2).await.unwrap();
    assert_eq!(ids(newest.clone()), [expected[4], expected[3]]);
    let before = store.rows(Some(newest[1].sequence), 3).await.unwrap();
    assert_eq!(ids(before), [expected[2], expected[1], expected[0]]);
    assert_eq!(store.rows(Some(0), 3).await.unwrap(), []);
    assert!(!store.rows(Some(u64::MAX), 1).await.unwrap().is_empty(), "any end may be asked");
    withdraw_all(store).await;
}

async fn what_is_sent_is_counted_until_it_is_answered(store: &dyn HandoverStore) {
    for serial in 0..3 {
        store.add(id(3, serial), at(20), vec![serial]).await.unwrap();
    }
    store.mark_sent(vec![id(3, 0), id(3, 1)], at(21)).await.unwrap();
    store.mark_sent(vec![id(3, 0)], at(22)).await.unwrap();
    let rows = store.open_rows(10).await.unwrap();
    let seen: Vec<_> = rows.iter().map(|row| (row.state, row.sent_at, row.attempts)).collect();
    let expected = [
        (EntryState::Sent, Some(at(22)), 2),
        (EntryState::Sent, Some(at(21)), 1),
        (EntryState::Waiting, None, 0),
    ];
    assert_eq!(seen, expected, "what was sent is open still, in its place");
    let settled =
        store.settle(id(3, 0), vec![EntryState::Sent], EntryState::Accepted, Some(vec![7]), at(23)).await;
    assert!(settled.unwrap());
    store.mark_sent(vec![id(3, 0)], at(24)).await.unwrap();
    let row = store.row(id(3, 0)).await.unwrap().unwrap();
    assert_eq!((row.state, row.sent_at, row.attempts), (EntryState::Accepted, Some(at(22)), 2));
    withdraw_all(store).await;
}

async fn a_row_is_settled_from_the_states_that_were_named(store: &dyn HandoverStore) {
    store.add(id(4, 0), at(30), vec![0]).await.unwrap();
    let from_sent = vec![EntryState::Sent];
    let early = store.settle(id(4, 0), from_sent.clone(), EntryState::Accepted, None, at(31)).await;
    assert!(!early.unwrap());
    assert_eq!(store.row(id(4, 0)).await.unwrap().unwrap().settled_at, None);
    store.mark_sent(vec![id(4, 0)], at(31)).await.unwrap();
    let refused =
        store.settle(id(4, 0), from_sent.clone(), EntryState::Refused, Some(vec![1, 2]), at(32)).await;
    assert!(refused.unwrap());
    let late = store.settle(id(4, 0), from_sent, EntryState::Accepted, Some(vec![3]), at(33)).await;
    assert!(!late.unwrap(), "an answer that comes late changes nothing");
    let row = store.row(id(4, 0)).await.unwrap().unwrap();
    assert_eq!(
        (row.state, row.answer.as_deref(), row.settled_at),
        (EntryState::Refused, Some(&[1, 2][..]), Some(at(32)))
    );
    let refused = vec![EntryState::Waiting, EntryState::Refused];
    let withdrawn = store.settle(id(4, 0), refused, EntryState::Withdrawn, row.answer, at(34)).await;
    assert!(withdrawn.unwrap());
    assert!(store.open_rows(10).await.unwrap().is_empty());
}

async fn a_row_that_was_settled_is_told_again_to_whoever_settled_it(store: &dyn HandoverStore) {
    store.add(id(6, 0), at(50), vec![0]).await.unwrap();
    // The machine's clock is finer than what is kept.
    let then = at(51) + SignedDuration::from_nanos(123_456_789);
    let from = || vec![EntryState::Waiting, EntryState::Sent];
    let settle = |to, instant| store.settle(id(6, 0), from(), to, Some(vec![9]), instant);
    assert!(settle(EntryState::Accepted, then).await.unwrap());
    assert!(settle(EntryState::Accepted, then).await.unwrap(), "the first answer was lost");
    let later = then + SignedDuration::from_micros(1);
    assert!(!settle(EntryState::Accepted, later).await.unwrap(), "somebody else's");
    assert!(!settle(EntryState::Withdrawn, then).await.unwrap(), "another one");
    let row = store.row(id(6, 0)).await.unwrap().unwrap();
    assert_eq!(
        (row.state, row.settled_at),
        (EntryState::Accepted, Some(at(51) + SignedDuration::from_micros(123_456)))
    );
}

async fn of_many_who_add_at_once_one_does(store: Arc<dyn HandoverStore>) {
    let mut tasks = JoinSet::new();
    for turn in 0..8 {
        let store = Arc::clone(&store);
        tasks.spawn(async move { store.add(id(5, turn / 4), at(40), vec![turn]).await.unwrap() });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|known| known.is_none()).count(), 2, "one for each identifier");
    for known in answers.into_iter().flatten() {
        assert_eq!(store.row(known.id).await.unwrap(), Some(known));
    }
    let sequences: Vec<u64> = store.open_rows(10).await.unwrap().iter().map(|row| row.sequence).collect();
    assert_eq!(sequences.len(), 2);
    withdraw_all(store.as_ref()).await;
}
