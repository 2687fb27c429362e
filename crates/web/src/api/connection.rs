//! `GET /v1/connection`: how far a client's connection is, its terms, and on which ground it is suspended.

use super::asker::Asker;
use crate::{AppState, Problem};
use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use dancu_alarms::{Alarm, Notice};
use dancu_exchange::{Caller, Stage, Standing};
use serde_json::json;
use std::sync::Arc;

/// The connection.
pub(super) async fn connection(
    State(state): State<Arc<AppState>>,
    Asker(caller): Asker,
) -> Result<Response, Response> {
    answer(&state, &caller).await
}

async fn answer(state: &AppState, caller: &Caller) -> Result<Response, Response> {
    let found = state.life.connection(&caller.contract.id).await;
    let found = found.map_err(|error| Problem::from(error).into_response())?;
    let connection = found.ok_or_else(|| Problem::not_found().into_response())?;
    let last = connection.steps().next_back();
    let standing = last.map_or(Standing::DRAFT, |(act, _)| Standing::after(act));
    let notice = last
        .filter(|(_, step)| step.to == Stage::Suspended)
        .map(|(act, step)| json!({ "ground": step.ground, "given_at": act.at, "due_by": step.notify_by }));
    let steps: Vec<_> = connection
        .steps()
        .map(|(act, step)| json!({ "from": step.from, "to": step.to, "at": act.at, "ground": step.ground }))
        .collect();
    let breaches = state.alarms.notices(&connection.organisation.id).await;
    let breaches = breaches.map_err(|error| Problem::from(error).into_response())?;
    let breaches: Vec<_> = (breaches.iter())
        .filter(|alarm| alarm.found.contract.as_ref() == Some(&connection.contract.id))
        .filter_map(|alarm| Some(breach(alarm, alarm.care.notice.as_ref()?)))
        .collect();
    let ceiling = connection.ceiling_change().and_then(|(act, change)| {
        Some(json!({ "limits": change.set?, "ground": change.ground, "set_at": act.at }))
    });
    let body = json!({
        "contract": connection.contract.id, "client": connection.client.id, "stage": standing.stage,
        "pilot": standing.pilot, "notice": notice, "ceiling": ceiling, "breaches": breaches,
        "client_suspended": connection.client.suspended,
        "steps": steps, "terms": connection.contract,
    });
    let mut response = Json(body).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The notice of a breach, as software reads it here and by its webhook.
pub fn breach(alarm: &Alarm, notice: &Notice) -> serde_json::Value {
    let (vi, en) = alarm.found.kind.words();
    json!({
        "alarm": alarm.id, "contract": alarm.found.contract, "kind": alarm.found.kind, "what_vi": vi, "what_en": en,
        "day": alarm.found.day, "looks": alarm.evidence.looks, "words": notice.words, "given_at": notice.given_at,
    })
}
