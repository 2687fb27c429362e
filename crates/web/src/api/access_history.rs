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
use dancu_exchange::{AccessHistoryRequest, Product, product_of};
use dancu_ledger::{Bookmark, Channel, LogsPage, Receipt, Record};
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use std::{collections::HashSet, sync::Arc, time::Instant};

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
    /// Fields; none where they are the answer.
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
        // Of a change that was told, the fields are what was answered.
        let is_change = product_of(&record) == Some(Product::ChangeSubscription);
        Self {
            asked: if is_change { Vec::new() } else { record.asked },
            time: record.time,
            organisation: Asked { id: record.organisation.id, name: record.organisation.name },
            client: record.client,
            purpose: record.purpose,
            legal_basis: record.legal_basis,
            product: record.product,
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
    let told = told.map_err(|error| failed(&state, error))?;
    let looks = Looks::of(&state, told.number).await.map_err(IntoResponse::into_response)?;
    let page = looks.page(&state, request.before.unwrap_or_default()).await;
    let page = page.map_err(IntoResponse::into_response)?;
    let looks = page.disclosures.into_iter().map(|(disclosure, _)| disclosure.record.into()).collect();
    let next = page.next.map(|next| next.to_string());
    respond(
        &state,
        &caller,
        (begun, None),
        Ok(AccessHistoryAnswer { looks, next, receipt: told.receipt.clone() }),
    )
}

/// The looks at a person that the person may see now.
pub(super) struct Looks {
    number: PersonalNumber,
    today: Date,
    /// Orders of courts behind which looks are withheld.
    orders: Arc<HashSet<String>>,
}

impl Looks {
    pub async fn of(state: &AppState, number: PersonalNumber) -> Result<Self, Problem> {
        let orders = Arc::new(state.orders.withholding(number).await?);
        Ok(Self { number, today: state.clock.today(), orders })
    }

    /// A page of them, the newest first.
    pub async fn page(&self, state: &AppState, before: Bookmark) -> Result<LogsPage, Problem> {
        let (number, today, orders) = (self.number, self.today, Arc::clone(&self.orders));
        from_logs(state, move |logs| {
            logs.visible_disclosures_of(number, &before, LOOKS_PAGE, (today, &orders))
        })
        .await
    }
}
