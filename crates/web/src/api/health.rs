//! `GET /health`: whether this node can answer and record.

use crate::AppState;
use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use dancu_core::Explain;
use dancu_ledger::LedgerHealth;
use serde_json::json;
use std::sync::Arc;

/// 200 when answers can be recorded, 503 with the reason when not.
pub(crate) async fn health(State(state): State<Arc<AppState>>) -> impl IntoResponse {
    let behind_s = state.ledger.clock_behind_by().as_secs();
    let publishing = state.publisher.failure().map(|error| error.explain().code);
    match state.ledger.health() {
        LedgerHealth::Working => (
            StatusCode::OK,
            Json(json!({
                "status": "ok",
                "log_size": state.ledger.size(),
                "clock_behind_s": behind_s,
                "publishing_failure": publishing,
            })),
        ),
        LedgerHealth::Failing { error, since } => (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(json!({
                "status": "cannot_record",
                "code": error.explain().code,
                "since": since,
                "clock_behind_s": behind_s,
                "publishing_failure": publishing,
            })),
        ),
    }
}
