//! `GET /v1/changes`: what changed of the persons and fields of a contract.

use super::{asker::Asker, limits::tell_limits, verify::refusal_problem};
use crate::{AppState, Problem};
use axum::{
    Json,
    extract::{RawQuery, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use dancu_exchange::{Caller, Refusal};
use dancu_feed::{FeedError, Pull};
use serde_json::json;
use std::{collections::HashMap, sync::Arc};
use url::form_urlencoded;

/// Seconds after which somebody who has read everything may ask again.
const ASK_AGAIN_S: u32 = 5;

/// The changes after a cursor.
pub(super) async fn changes(
    State(state): State<Arc<AppState>>,
    Asker(caller): Asker,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    answer(&state, &caller, query.as_deref().unwrap_or_default()).await
}

/// Answers a client that has proved itself.
pub(super) async fn answer(state: &AppState, caller: &Caller, query: &str) -> Result<Response, Response> {
    let asked = parameters(query).map_err(IntoResponse::into_response)?;
    let pull =
        Pull { after: asked.get("after").map(String::as_str), limit: asked.get("limit").map(String::as_str) };
    let telling =
        state.puller.pull(caller, pull).await.map_err(|error| problem(state, error).into_response())?;
    let body = json!({
        "entries": telling.entries, "next": telling.next.to_string(), "has_more": telling.has_more,
    });
    let mut response = Json(body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if !telling.has_more {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(ASK_AGAIN_S));
    }
    tell_limits(state, caller, headers);
    Ok(response)
}

/// What stands behind the question mark. A name that means nothing here, or stands twice, is refused: whoever
/// misspells `after` would be told everything anew.
fn parameters(query: &str) -> Result<HashMap<String, String>, Problem> {
    let mut read = HashMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let is_known = matches!(name.as_ref(), "after" | "limit");
        if !is_known || read.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err(Problem::new(StatusCode::BAD_REQUEST, &Refusal::InvalidRequest));
        }
    }
    Ok(read)
}

fn problem(state: &AppState, error: FeedError) -> Problem {
    match error {
        FeedError::Cursor | FeedError::Limit => Problem::new(StatusCode::BAD_REQUEST, &error),
        FeedError::TooOld { .. } => Problem::new(StatusCode::GONE, &error),
        FeedError::Refused(refusal) => refusal_problem(refusal),
        FeedError::DailyLimit { resets_at } => {
            let seconds = resets_at.duration_since(state.clock.now()).as_secs().max(1);
            refusal_problem(Refusal::DailyLimit).retry_after(u32::try_from(seconds).unwrap_or(u32::MAX))
        }
        FeedError::Log(error) => {
            tracing::error!(%error, "the log cannot be searched for who was answered");
            Problem::log_unreadable()
        }
        FeedError::Store(error) => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_or_doubled_parameter_is_refused_and_not_passed_over() {
        let read = parameters("after=0-12&limit=5").unwrap();
        assert_eq!((read["after"].as_str(), read["limit"].as_str()), ("0-12", "5"));
        assert!(parameters("").unwrap().is_empty());
        for bad in ["afer=0-12", "after=0-1&after=0-2", "after=0-1&x"] {
            assert_eq!(parameters(bad).unwrap_err().status, StatusCode::BAD_REQUEST, "{bad}");
        }
    }
}
