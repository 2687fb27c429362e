//! What every store of the feed must do.

#![expect(clippy::unwrap_used, reason = "a suite is a test: it fails by panicking")]

use dancu_changes::Cursor;
use dancu_exchange::ClientId;
use dancu_feed::{
    Batch, DeadLetter, DeadLetterId, DeadReason, FeedStore, LetterChange, LetterState, PostFailure, Saved,
    StopReason, Subscriber,
};
use jiff::Timestamp;

fn id(number: u8) -> DeadLetterId {
    format!("018f3a2e-0000-7000-8000-0000000000{number:02}").parse().unwrap()
}

const fn cursor(minor: u64) -> Cursor {
    Cursor { major: 3, minor }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

fn client(name: &str) -> ClientId {
    name.parse().unwrap()
}

fn letter(number: u8, owner: &str) -> DeadLetter {
    DeadLetter {
        id: id(number),
        client: client(owner),
        after: cursor(1),
        through: cursor(9),
        length: 4,
        died_at: at(5),
        reason: DeadReason { attempts: 100, failure: PostFailure::Status(503) },
        state: LetterState::Dead,
    }
}

/// The contract of [`FeedStore`] on an empty store.
pub async fn feed_store_suite(store: &dyn FeedStore) {
    a_subscriber_is_kept_whole_and_one_of_two_saves_is_refused(store).await;
    dead_letters_are_paged_replayed_and_taken_away_with_the_cursor(store).await;
    a_stopped_subscriber_goes_on_where_it_was(store).await;
}

async fn a_subscriber_is_kept_whole_and_one_of_two_saves_is_refused(store: &dyn FeedStore) {
    assert_eq!(store.subscriber(&client("bank")).await.unwrap(), None);
    let new = Subscriber::new(client("bank"), cursor(7));
    assert_eq!(store.save_subscriber(new.clone(), LetterChange::Keep).await.unwrap(), Saved::Done);
    // Two nodes see it for the first time together: the second one's start is refused.
    assert_eq!(store.save_subscriber(new.clone(), LetterChange::Keep).await.unwrap(), Saved::Stale);
    let held = store.subscriber(&client("bank")).await.unwrap().unwrap();
    assert_eq!(held, Subscriber { version: held.version, ..new });
    let full = Subscriber {
        batch: Some(Batch {
            id: id(1),
            body: r#"{"số":1}"#.into(),
            length: 2,
            after: cursor(7),
            through: cursor(11),
            replays: Some(id(2)),
            terms: "[\"name\"]".to_owned(),
        }),
        failures: 3,
        first_failed_at: Some(at(1)),
        last_failure: Some(PostFailure::TooSlow),
        next_try_at: Some(at(2)),
        delivered_at: Some(at(0)),
        stopped: Some(StopReason::Gone),
        ..held.clone()
    };
    assert_eq!(store.save_subscriber(full.clone(), LetterChange::Keep).await.unwrap(), Saved::Done);
    assert_eq!(
        store.save_subscriber(held, LetterChange::Put(letter(1, "bank"))).await.unwrap(),
        Saved::Stale
    );
    assert_eq!(store.count_dead_letters().await.unwrap(), 0, "a refused save changes nothing");
    let held = store.subscriber(&client("bank")).await.unwrap().unwrap();
    assert_eq!(held, Subscriber { version: held.version, ..full });
    let empty = Subscriber { batch: None, failures: 0, ..held };
    assert_eq!(store.save_subscriber(empty.clone(), LetterChange::Keep).await.unwrap(), Saved::Done);
    let held = store.subscriber(&client("bank")).await.unwrap().unwrap();
    assert_eq!(held, Subscriber { version: held.version, ..empty });
    let other = Subscriber::new(client("school"), Cursor::default());
    assert_eq!(store.save_subscriber(other, LetterChange::Keep).await.unwrap(), Saved::Done);
    let page = |rows: Vec<Subscriber>| rows.iter().map(|row| row.client.to_string()).collect::<Vec<_>>();
    assert_eq!(page(store.subscribers(None, 1).await.unwrap()), ["bank"]);
    assert_eq!(page(store.subscribers(Some(&client("bank")), 5).await.unwrap()), ["school"]);
}

async fn dead_letters_are_paged_replayed_and_taken_away_with_the_cursor(store: &dyn FeedStore) {
    for (number, owner) in [(3, "bank"), (1, "bank"), (2, "school")] {
        let held = store.subscriber(&client(owner)).await.unwrap().unwrap();
        let put = LetterChange::Put(letter(number, owner));
        assert_eq!(store.save_subscriber(held, put).await.unwrap(), Saved::Done);
    }
    let bank = client("bank");
    let all = store.dead_letters(None, None, 2).await.unwrap();
    assert_eq!(all, [letter(1, "bank"), letter(2, "school")]);
    assert_eq!(store.dead_letters(None, Some(id(2)), 9).await.unwrap(), [letter(3, "bank")]);
    assert_eq!(store.dead_letters(Some(&bank), Some(id(1)), 9).await.unwrap(), [letter(3, "bank")]);
    assert_eq!(store.next_replay(&bank).await.unwrap(), None);
    assert!(store.replay(id(3)).await.unwrap() && store.replay(id(1)).await.unwrap());
    assert!(!store.replay(id(9)).await.unwrap());
    let first = DeadLetter { state: LetterState::Replaying, ..letter(1, "bank") };
    assert_eq!(store.next_replay(&bank).await.unwrap(), Some(first.clone()));
    let held = store.subscriber(&bank).await.unwrap().unwrap();
    let shorter = DeadLetter { after: cursor(4), ..first };
    store.save_subscriber(held, LetterChange::Put(shorter.clone())).await.unwrap();
    assert_eq!(store.next_replay(&bank).await.unwrap(), Some(shorter));
    let held = store.subscriber(&bank).await.unwrap().unwrap();
    store.save_subscriber(held, LetterChange::Remove(id(1))).await.unwrap();
    assert_eq!(store.next_replay(&bank).await.unwrap().map(|letter| letter.id), Some(id(3)));
    assert_eq!(store.count_dead_letters().await.unwrap(), 2);
}

async fn a_stopped_subscriber_goes_on_where_it_was(store: &dyn FeedStore) {
    let bank = client("bank");
    let held = store.subscriber(&bank).await.unwrap().unwrap();
    let stopped =
        Subscriber { stopped: Some(StopReason::Gone), next_try_at: Some(at(9)), failures: 2, ..held };
    store.save_subscriber(stopped.clone(), LetterChange::Keep).await.unwrap();
    assert!(store.resume(&bank).await.unwrap());
    assert!(!store.resume(&client("nobody")).await.unwrap());
    let held = store.subscriber(&bank).await.unwrap().unwrap();
    assert_eq!(
        held,
        Subscriber { stopped: None, next_try_at: None, version: held.version, ..stopped.clone() }
    );
    assert_eq!(store.save_subscriber(stopped, LetterChange::Keep).await.unwrap(), Saved::Stale);
}
