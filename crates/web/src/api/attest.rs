//! `POST /v1/attest`: one claim about one person. `POST /v1/household`: whether persons live in one household.

use super::{
    asker::Asker,
    verify::{BODY_BYTES_MAX, bad_body, respond},
};
use crate::{AppState, api::body::collect};
use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use dancu_exchange::{AttestRequest, Caller, HouseholdRequest};
use dancu_ledger::Channel;
use std::{sync::Arc, time::Instant};

/// Yes, no or not held, with the receipt.
pub(super) async fn attest(
    State(state): State<Arc<AppState>>,
    Asker(caller): Asker,
    body: Body,
) -> Result<Response, Response> {
    let bytes = collect(body, BODY_BYTES_MAX).await.map_err(IntoResponse::into_response)?;
    answer_attest(&state, &caller, &bytes, None).await
}

/// Answers a client that has proved itself. `reference` stands in the record where the request gives none of its own.
pub(super) async fn answer_attest(
    state: &AppState,
    caller: &Caller,
    bytes: &[u8],
    reference: Option<&str>,
) -> Result<Response, Response> {
    let begun = Instant::now();
    let mut request: AttestRequest = serde_json::from_slice(bytes).map_err(|error| bad_body(&error))?;
    request.person.reference = request.person.reference.or_else(|| reference.map(str::to_owned));
    let outcome = state.verify.attest(caller, &request, Channel::Api).await;
    let expires = outcome.as_ref().ok().map(|answer| answer.expires);
    respond(state, caller, (begun, expires), outcome)
}

/// Yes or no for each person, each with a receipt.
pub(super) async fn household(
    State(state): State<Arc<AppState>>,
    Asker(caller): Asker,
    body: Body,
) -> Result<Response, Response> {
    let bytes = collect(body, BODY_BYTES_MAX).await.map_err(IntoResponse::into_response)?;
    answer_household(&state, &caller, &bytes, None).await
}

/// The same, with the reference for each person who has none of its own.
pub(super) async fn answer_household(
    state: &AppState,
    caller: &Caller,
    bytes: &[u8],
    reference: Option<&str>,
) -> Result<Response, Response> {
    let begun = Instant::now();
    let mut request: HouseholdRequest = serde_json::from_slice(bytes).map_err(|error| bad_body(&error))?;
    for person in &mut request.persons {
        person.reference = person.reference.take().or_else(|| reference.map(str::to_owned));
    }
    let outcome = state.verify.household(caller, &request, Channel::Api).await;
    respond(state, caller, (begun, None), outcome)
}
