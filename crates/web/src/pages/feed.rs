//! `/operator/feed`: the subscribers of changes, how far behind they are, and what could not be delivered.

use super::{
    fields::{Fields, Params},
    paging::cut,
    reader::{Reader, Wants},
};
use crate::{
    AppState, Problem,
    views::{Finding, Page, Words},
};
use askama::Template;
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use dancu_exchange::ClientId;
use dancu_feed::{DeadLetter, DeadLetterId, LetterState, PostFailure, Subscriber};
use dancu_identity::access::Operation;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

pub(super) const PATH: &str = "/operator/feed";
/// Rows of one page of a list.
const ROWS_PAGE: usize = 20;
/// Changes that wait are counted so far: more than these are many.
const WAITING_MAX: usize = 1_000;

#[derive(Template, Serialize)]
#[template(path = "operator_feed.html")]
struct FeedView {
    #[serde(skip)]
    page: Page,
    subscribers: Vec<SubscriberView>,
    subscribers_older: Option<String>,
    dead_letters: Vec<LetterView>,
    dead_letters_total: u64,
    dead_letters_older: Option<String>,
}

#[derive(Serialize)]
struct SubscriberView {
    client: String,
    state: Finding,
    /// Changes of the register that were not looked at yet for this subscriber, counted to a bound.
    waiting: u64,
    waiting_is_more: bool,
    failures: u64,
    last_failure: Option<Words>,
    next_try_at: Option<Timestamp>,
    delivered_at: Option<Timestamp>,
    can_resume: bool,
}

#[derive(Serialize)]
struct LetterView {
    id: String,
    client: String,
    length: u64,
    died_at: Timestamp,
    attempts: u64,
    failure: Words,
    is_replaying: bool,
}

/// After what to go on in the two lists.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Places {
    #[serde(default)]
    subscribers: Option<ClientId>,
    #[serde(default)]
    letters: Option<DeadLetterId>,
}

/// The page.
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Params(places): Params<Places>,
) -> Result<Response, Problem> {
    reader.may(Operation::ViewOperations)?;
    let mut rows = state.feed.subscribers(places.subscribers.as_ref(), ROWS_PAGE + 1).await?;
    let more_subscribers = cut(&mut rows, ROWS_PAGE).is_some();
    let mut letters = state.feed.dead_letters(None, places.letters, ROWS_PAGE + 1).await?;
    let more_letters = cut(&mut letters, ROWS_PAGE).is_some();
    let subscribers_older = rows.last().filter(|_| more_subscribers);
    let subscribers_older = subscribers_older.map(|row| format!("{PATH}?subscribers={}", row.client));
    let letters_older = letters.last().filter(|_| more_letters);
    let letters_older = letters_older.map(|row| format!("{PATH}?letters={}", row.id));
    let mut subscribers = Vec::with_capacity(rows.len());
    for row in rows {
        subscribers.push(subscriber_view(&state, row).await?);
    }
    let view = FeedView {
        page: reader.page_at(PATH),
        subscribers,
        subscribers_older,
        dead_letters: letters.iter().map(letter_view).collect(),
        dead_letters_total: state.feed.count_dead_letters().await?,
        dead_letters_older: letters_older,
    };
    Ok(reader.show(StatusCode::OK, &view))
}

/// What the operator asks for: a dead letter again, or a subscriber that was stopped.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    #[serde(default)]
    replay: Option<DeadLetterId>,
    #[serde(default)]
    resume: Option<ClientId>,
}

/// Has a dead letter sent again, or a subscriber served again at once.
pub(super) async fn act(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Fields(wish): Fields<Wish>,
) -> Result<Response, Problem> {
    reader.may(Operation::ManageConnections)?;
    let is_there = match (wish.replay, wish.resume) {
        (Some(id), None) => {
            tracing::info!(letter = %id, "a dead letter is replayed");
            state.feed.replay(id).await?
        }
        (None, Some(client)) => {
            tracing::info!(%client, "a subscriber is resumed");
            state.feed.resume(&client).await?
        }
        _ => return Err(Problem::bad_body("replay, resume")),
    };
    if !is_there {
        return Err(Problem::not_found());
    }
    Ok(match reader.wants {
        Wants::Json => Json(json!({ "accepted": true })).into_response(),
        Wants::Html => Redirect::to(PATH).into_response(),
    })
}

async fn subscriber_view(state: &AppState, row: Subscriber) -> Result<SubscriberView, Problem> {
    let waiting = state.outbox.outbox(row.cursor, WAITING_MAX + 1).await?.len();
    Ok(SubscriberView {
        state: standing(state, &row),
        waiting: waiting.min(WAITING_MAX) as u64,
        waiting_is_more: waiting > WAITING_MAX,
        failures: row.failures.into(),
        last_failure: row.last_failure.map(|failure: PostFailure| failure.words().into()),
        next_try_at: row.next_try_at,
        delivered_at: row.delivered_at,
        can_resume: row.stopped.is_some() || row.failures > 0,
        client: row.client.to_string(),
    })
}

fn standing(state: &AppState, row: &Subscriber) -> Finding {
    let caller = state.directory.caller(&row.client);
    let is_connected = caller.is_some_and(|caller| {
        caller.contract.feed.as_ref().is_some_and(|feed| feed.destination(&row.client).is_some())
    });
    let (code, text): (_, Words) = if !is_connected {
        ("no_webhook", ("Không còn nơi nhận", "Nowhere to deliver to any more").into())
    } else if row.stopped.is_some() {
        ("gone", ("Đã dừng: nơi nhận không muốn nhận nữa (410)", "Stopped: wants no more (410)").into())
    } else if row.failures > 0 {
        ("failing", ("Đang lỗi, sẽ thử lại", "Failing, tried again").into())
    } else {
        ("delivering", ("Đang giao", "Delivering").into())
    };
    Finding { is_good: code == "delivering", code, text }
}

fn letter_view(letter: &DeadLetter) -> LetterView {
    LetterView {
        id: letter.id.to_string(),
        client: letter.client.to_string(),
        length: letter.length.into(),
        died_at: letter.died_at,
        attempts: letter.reason.attempts.into(),
        failure: letter.reason.failure.words().into(),
        is_replaying: letter.state == LetterState::Replaying,
    }
}
