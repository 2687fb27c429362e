//! `GET /v1/connection`: how far a client's connection is, its terms, and on which ground it is suspended.

use super::verify::caller;
use crate::{AppState, Problem, tls::Peer};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use dancu_exchange::{Caller, Stage, Standing};
use serde_json::json;
use std::sync::Arc;

/// The connection.
pub(super) async fn connection(
    State(state): State<Arc<AppState>>,
    peer: Peer,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let caller = caller(&state, &headers, peer).await?;
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
    let body = json!({
        "contract": connection.contract.id, "client": connection.client.id, "stage": standing.stage,
        "pilot": standing.pilot, "notice": notice, "client_suspended": connection.client.suspended,
        "steps": steps, "terms": connection.contract,
    });
    let mut response = Json(body).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
