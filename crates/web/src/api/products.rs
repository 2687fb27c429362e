//! `GET /v1/products`: what the caller's contract holds, with prices, and what was used of it.

use super::{asker::Asker, limits::tell_limits};
use crate::{AppState, products::contract_products};
use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use std::sync::Arc;

/// The products.
pub(super) async fn products(
    State(state): State<Arc<AppState>>,
    Asker(caller): Asker,
) -> Result<Response, Response> {
    let found = contract_products(&state, &caller.contract).await.map_err(IntoResponse::into_response)?;
    let mut response = Json(found).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    tell_limits(&state, &caller, response.headers_mut());
    Ok(response)
}
