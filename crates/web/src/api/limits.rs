//! `GET /v1/limits`: a client's own limits, what it used, and how they came about. And the header fields that tell it.

use super::asker::Asker;
use crate::{AppState, Problem, api::from_logs};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use dancu_core::VIET_NAM;
use dancu_exchange::{Caller, notices};
use jiff::{ToSpan, civil::Date};
use serde_json::json;
use std::{collections::BTreeMap, sync::Arc};

/// Days back of which a use is shown and judged: four whole weeks and the running one.
const DAYS_BACK: i64 = 35;

/// The limits.
pub(super) async fn limits(
    State(state): State<Arc<AppState>>,
    Asker(caller): Asker,
) -> Result<Response, Response> {
    answer(&state, &caller).await
}

/// Answers a client that has proved itself.
pub(super) async fn answer(state: &AppState, caller: &Caller) -> Result<Response, Response> {
    let contract = &caller.contract;
    let days = used_days(state, contract.id.as_str()).await.map_err(IntoResponse::into_response)?;
    let computed = contract.caseload.and_then(|caseload| caseload.limit(contract.valid_to).ok());
    let body = json!({
        "contract": contract.id, "daily_limit": contract.daily_limit, "per_second_max": contract.per_second_max,
        "used_today": state.ledger.used_today(contract.id.as_str()), "resets_in_s": day_left_s(state),
        "caseload": contract.caseload, "computed": computed, "limit_reason": contract.limit_reason,
        "notices": notices(contract, &days),
    });
    let mut response = Json(body).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    tell_limits(state, caller, response.headers_mut());
    Ok(response)
}

/// What a contract used on each day of the last weeks, durably.
pub(crate) async fn used_days(state: &AppState, contract: &str) -> Result<BTreeMap<Date, u64>, Problem> {
    let from = state.ledger.counting_day().saturating_sub(DAYS_BACK.days());
    let contract = contract.to_owned();
    from_logs(state, move |logs| logs.used_days(&contract, from)).await
}

/// Adds what is left of the limits (draft-ietf-httpapi-ratelimit-headers): `RateLimit-Policy` says what holds, `RateLimit`
/// what is left of the day.
pub(super) fn tell_limits(state: &AppState, caller: &Caller, headers: &mut HeaderMap) {
    let contract = &caller.contract;
    let (daily, second) = (contract.daily_limit, contract.per_second_max);
    let used = state.ledger.used_today(contract.id.as_str());
    let left = u64::from(daily).saturating_sub(used);
    let policy = format!("\"day\";q={daily};w=86400, \"second\";q={second};w=1");
    let limit = format!("\"day\";r={left};t={}", day_left_s(state));
    for (name, value) in [("ratelimit-policy", policy), ("ratelimit", limit)] {
        // Digits and fixed words are header text.
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// Seconds until the next midnight in Viet Nam, when the count of the day starts anew.
fn day_left_s(state: &AppState) -> u64 {
    let midnight = state.ledger.counting_day().tomorrow().ok();
    let midnight = midnight.and_then(|day| VIET_NAM.to_timestamp(day.at(0, 0, 0, 0)).ok());
    let left = midnight.map_or(0, |midnight| midnight.duration_since(state.ledger.now()).as_secs());
    u64::try_from(left).unwrap_or_default()
}
