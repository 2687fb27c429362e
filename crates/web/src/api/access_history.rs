//! `POST /v1/access-history`: who looked at a person, for a portal at which that person is signed in.

use super::{
    asker::Asker,
    public_log::from_logs,
    verify::{BODY_BYTES_MAX, bad_body, failed, respond},
};
use crate::{AppState, Problem, api::body::collect};
use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use dancu_core::PersonalNumber;
use dancu_exchange::AccessHistoryRequest;
use dancu_ledger::{Bookmark, Channel, LogsPage, Receipt, Record};
use jiff::Timestamp;
use serde::Serialize;
use std::{sync::Arc, time::Instant};

/// Looks of one page.
pub(super) const LOOKS_PAGE: usize = 100;

#[derive(Serialize)]
struct AccessHistoryAnswer {
    /// The newest first.
    looks: Vec<Look>,
    /// `before` of the next page; none: there are no more.
    next: Option<String>,
    receipt: Receipt,
}

/// One look, without what was answered: that is for the person alone.
#[derive(Serialize)]
struct Look {
    time: Timestamp,
    organisation: Asked,
    client: String,
    purpose: String,
    legal_basis: String,
    product: Option<String>,
    asked: Vec<String>,
    channel: Channel,
}

#[derive(Serialize)]
struct Asked {
    id: String,
    name: String,
}

impl From<Record> for Look {
    fn from(record: Record) -> Self {
        Self {
            time: record.time,
            organisation: Asked { id: record.organisation.id, name: record.organisation.name },
            client: record.client,
            purpose: record.purpose,
            legal_basis: record.legal_basis,
            product: record.product,
            asked: record.asked,
            channel: record.channel,
        }
    }
}

/// A page of the list, with the receipt of having told it.
pub(super) async fn access_history(
    State(state): State<Arc<AppState>>,
    Asker(caller): Asker,
    body: Body,
) -> Result<Response, Response> {
    let bytes = collect(body, BODY_BYTES_MAX).await.map_err(IntoResponse::into_response)?;
    let begun = Instant::now();
    let request: AccessHistoryRequest = serde_json::from_slice(&bytes).map_err(|error| bad_body(&error))?;
    let told = state.verify.tell_access_history(&caller, &request.number, request.reference.as_deref()).await;
    let (number, receipt) = told.map_err(|error| failed(&state, error))?;
    let page = looks_at(&state, number, request.before.unwrap_or_default()).await;
    let page = page.map_err(IntoResponse::into_response)?;
    let looks = page.disclosures.into_iter().map(|(disclosure, _)| disclosure.record.into()).collect();
    let next = page.next.map(|next| next.to_string());
    respond(&state, &caller, (begun, None), Ok(AccessHistoryAnswer { looks, next, receipt }))
}

/// Looks that the person may see now, the newest first.
pub(super) async fn looks_at(
    state: &AppState,
    number: PersonalNumber,
    before: Bookmark,
) -> Result<LogsPage, Problem> {
    let today = state.clock.today();
    let orders = state.orders.withholding(number).await?;
    from_logs(state, move |logs| logs.visible_disclosures_of(number, &before, LOOKS_PAGE, (today, &orders)))
        .await
}
