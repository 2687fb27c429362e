//! `POST /v1/fetch`: agreed values of one person.

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
use dancu_exchange::{Caller, FetchRequest};
use dancu_ledger::Channel;
use std::{sync::Arc, time::Instant};

/// Values per field, with the receipt.
pub(super) async fn fetch(
    State(state): State<Arc<AppState>>,
    Asker(caller): Asker,
    body: Body,
) -> Result<Response, Response> {
    let bytes = collect(body, BODY_BYTES_MAX).await.map_err(IntoResponse::into_response)?;
    answer(&state, &caller, &bytes, None).await
}

/// Answers a client that has proved itself. `reference` stands in the record where the request gives none of its own.
pub(super) async fn answer(
    state: &AppState,
    caller: &Caller,
    bytes: &[u8],
    reference: Option<&str>,
) -> Result<Response, Response> {
    let begun = Instant::now();
    let mut request: FetchRequest = serde_json::from_slice(bytes).map_err(|error| bad_body(&error))?;
    request.person.reference = request.person.reference.or_else(|| reference.map(str::to_owned));
    let outcome = state.verify.fetch(caller, &request, Channel::Api).await;
    respond(state, caller, (begun, None), outcome)
}
