//! `GET /health`: whether this node can answer and record.

use crate::AppState;
use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use dancu_core::Explain;
use dancu_ledger::LedgerHealth;
use dancu_witness::{Trouble, WitnessStatus};
use serde_json::{Value, json};
use std::sync::Arc;

/// 200 when answers can be recorded, 503 with the reason when not.
pub(crate) async fn health(State(state): State<Arc<AppState>>) -> impl IntoResponse {
    let behind_s = state.ledger.clock_behind_by().as_secs();
    let publishing = state.publisher.failure().map(|error| error.explain().code);
    let witnesses: Vec<Value> =
        state.cosigning.iter().flat_map(|asked| asked.statuses()).map(|status| witness(&status)).collect();
    match state.ledger.health() {
        LedgerHealth::Working => (
            StatusCode::OK,
            Json(json!({
                "status": "ok",
                "log_size": state.ledger.size(),
                "clock_behind_s": behind_s,
                "publishing_failure": publishing,
                "witnesses": witnesses,
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
                "witnesses": witnesses,
            })),
        ),
    }
}

/// How far a witness of this node's log has cosigned; an alarm is that it knows another history.
fn witness(status: &WitnessStatus) -> Value {
    json!({
        "name": status.name,
        "size": status.signed.map(|signed| signed.size),
        "signed_at": status.signed.map(|signed| signed.at),
        "behind": status.behind,
        "code": status.trouble.as_ref().map(|trouble| trouble.explain().code),
        "is_alarm": status.trouble.as_ref().is_some_and(Trouble::is_alarm),
    })
}
