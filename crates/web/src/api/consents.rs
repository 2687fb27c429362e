//! `POST /v1/consent-requests`: asks a person for consent. `GET /v1/consent-requests/{id}`: whether it is in force.

use super::{asker::Asker, verify::refusal_problem};
use crate::{AppState, Problem, api::body::collect};
use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use dancu_exchange::{ConsentError, ConsentRequest};
use serde_json::{Value, json};
use std::sync::Arc;

/// A request with every field of a contract stays well below.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// Puts a request to a person. The answer is the same whether or not somebody has the number.
pub(super) async fn ask(
    State(state): State<Arc<AppState>>,
    Asker(caller): Asker,
    body: Body,
) -> Result<Response, Response> {
    let bytes = collect(body, BODY_BYTES_MAX).await.map_err(IntoResponse::into_response)?;
    let request: ConsentRequest = serde_json::from_slice(&bytes).map_err(|error| {
        // The parser's own message may repeat values; its place does not.
        Problem::bad_body(&format!("line {}, column {}", error.line(), error.column())).into_response()
    })?;
    let asked = state.consents.ask(&caller, &request).await;
    let (id, open_until) = asked.map_err(|error| consent_problem(error).into_response())?;
    Ok(told(StatusCode::ACCEPTED, &json!({ "id": id, "open_until": open_until })))
}

/// Whether a request became a consent that is in force.
pub(super) async fn look(
    State(state): State<Arc<AppState>>,
    Asker(caller): Asker,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    let id = id.parse().map_err(|_| Problem::not_found().into_response())?;
    let is_in_force = state.consents.is_in_force(&caller, id).await;
    let is_in_force = is_in_force.map_err(|error| consent_problem(error).into_response())?;
    Ok(told(StatusCode::OK, &json!({ "id": id, "in_force": is_in_force })))
}

fn told(status: StatusCode, body: &Value) -> Response {
    let mut response = (status, Json(body)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The problem of a request or an answer that was not taken.
pub(crate) fn consent_problem(error: ConsentError) -> Problem {
    let status = match &error {
        ConsentError::Refused(refusal) => return refusal_problem(*refusal),
        ConsentError::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
        ConsentError::Number(_)
        | ConsentError::Until { .. }
        | ConsentError::Frequency { .. }
        | ConsentError::Reference => StatusCode::UNPROCESSABLE_ENTITY,
        ConsentError::NotNeeded | ConsentError::Settled => StatusCode::CONFLICT,
        ConsentError::TooMany => StatusCode::TOO_MANY_REQUESTS,
        ConsentError::NotFound => StatusCode::NOT_FOUND,
        ConsentError::NoRules => StatusCode::INTERNAL_SERVER_ERROR,
    };
    match error {
        ConsentError::Store(error) => error.into(),
        error => Problem::new(status, &error),
    }
}
