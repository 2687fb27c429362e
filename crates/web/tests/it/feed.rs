//! The operator's page of the change feed, and the door of clients that ask.

use crate::house::{FORM, House, JSON, Who, form};
use dancu_changes::Cursor;
use dancu_feed::{DeadLetter, DeadReason, LetterChange, LetterState, PostFailure, StopReason, Subscriber};

const LETTER: &str = "018f3a2e-0000-7000-8000-000000000001";

/// The bank's receiver is gone, and one batch for it was given up.
async fn troubled() -> House {
    let house = House::open().await;
    let client = "bank-core".parse().unwrap();
    let subscriber =
        Subscriber { stopped: Some(StopReason::Gone), ..Subscriber::new(client, Cursor::default()) };
    let letter = DeadLetter {
        id: LETTER.parse().unwrap(),
        client: subscriber.client.clone(),
        after: Cursor::default(),
        through: Cursor { major: 0, minor: 9 },
        length: 4,
        died_at: "2026-11-21T02:00:00Z".parse().unwrap(),
        reason: DeadReason { attempts: 100, failure: PostFailure::Status(503) },
        state: LetterState::Dead,
    };
    house.state.feed.save_subscriber(subscriber, LetterChange::Put(letter)).await.unwrap();
    house
}

#[tokio::test]
async fn the_operator_sees_what_could_not_be_delivered_and_has_it_sent_again() {
    let house = troubled().await;
    let cookie = house.cookie(Who::Operator).await;
    let get = async |accept| {
        house.knock("GET", "/operator/feed").header("cookie", &cookie).header("accept", accept).send("").await
    };
    let page = get("text/html").await.body;
    for text in ["bank-core", "trả lời mã 503", "name=\"replay\"", "name=\"resume\"", LETTER] {
        assert!(page.contains(text), "{text} is not on the page");
    }
    let post = async |field, value| {
        let knock = house.knock("POST", "/operator/feed").header("cookie", &cookie).header("accept", JSON);
        knock.header("content-type", FORM).send(form(field, value)).await.status.as_u16()
    };
    assert_eq!(post("replay", LETTER).await, 200);
    assert_eq!(post("resume", "bank-core").await, 200);
    assert_eq!(post("replay", "018f3a2e-0000-7000-8000-000000000002").await, 404);
    for (field, value) in [("replay", "x"), ("resume", "A B"), ("other", "x")] {
        assert_eq!(post(field, value).await, 400, "{field}={value}");
    }
    let twin = get(JSON).await.json();
    assert_eq!(twin["dead_letters"][0]["is_replaying"], true);
    assert_eq!(
        (&twin["dead_letters_total"], &twin["subscribers"][0]["can_resume"]),
        (&1.into(), &false.into())
    );
}

#[tokio::test]
async fn a_client_without_a_feed_is_refused_and_the_keys_are_for_everybody() {
    let house = House::open().await;
    let bearer = house.bearer().await;
    let ask = async |path| house.knock("GET", path).header("authorization", &bearer).send("").await.problem();
    assert_eq!(ask("/v1/changes").await, (403, "DANCU-EXCHANGE-022".to_owned()));
    assert_eq!(ask("/v1/changes?afer=0-1").await, (400, "DANCU-EXCHANGE-026".to_owned()));
    let nobody = house.knock("GET", "/v1/changes").send("").await;
    assert_eq!(nobody.problem(), (401, "DANCU-EXCHANGE-021".to_owned()));
    let keys = house.knock("GET", "/.well-known/dancu-webhook-jwks.json").send("").await;
    assert_eq!(
        (keys.json()["keys"][0]["crv"].as_str(), keys.json()["keys"][0].get("d")),
        (Some("Ed25519"), None)
    );
}
