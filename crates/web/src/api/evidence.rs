//! `GET /v1/evidence/{entry}`: one exchange as a bundle that somebody verifies without us, for the client that asked then.

use super::{
    asker::{Asker, enter},
    public_log::from_logs,
};
use crate::{AppState, Problem};
use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use dancu_core::Explanation;
use dancu_evidence::BundleError;
use dancu_exchange::{Product, product_of};
use dancu_ledger::Record;
use std::sync::Arc;

/// The bundle of an answer that the caller received: it holds what its receipt held and nothing else.
pub(super) async fn evidence(
    State(state): State<Arc<AppState>>,
    Asker(caller): Asker,
    entry: Result<Path<u64>, PathRejection>,
) -> Result<Response, Response> {
    let _place = enter(&state, &caller)?;
    let not_found = || Problem::not_found().into_response();
    let Path(entry) = entry.map_err(|_| not_found())?;
    let record = from_logs(&state, move |logs| Ok(logs.disclosure(entry)?.record));
    let record = record.await.map_err(IntoResponse::into_response)?;
    // The bundle names the person by number: a portal that was told a pseudonym has no part in it.
    if record.client != caller.client.id.as_str() || is_pseudonymous(&record) {
        return Err(not_found());
    }
    evidence_of(&state, entry).await.map_err(IntoResponse::into_response)
}

/// Whether a portal was told of somebody without their number.
fn is_pseudonymous(record: &Record) -> bool {
    product_of(record) == Some(Product::SignIn) && !record.outcome.iter().any(|(what, _)| what == "number")
}

/// The bundle of an entry as a file. Whether the reader may have it is decided before.
pub(crate) async fn evidence_of(state: &AppState, entry: u64) -> Result<Response, Problem> {
    let evidence = state.evidence.clone();
    let bundle = from_logs(state, move |logs| {
        let (log, leaf) = logs.of_entry(entry)?;
        match evidence.bundle(&log, leaf) {
            Err(BundleError::Log(error)) => Err(error),
            other => Ok(other),
        }
    });
    let bundle = bundle.await?.map_err(|error| {
        tracing::error!(%error, "a bundle of evidence cannot be made");
        unreadable()
    })?;
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"dancu-evidence-{entry}.zip\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, bundle).into_response())
}

fn unreadable() -> Problem {
    Problem {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        said: Explanation::new(
            "DANCU-EVIDENCE-002",
            "Không lập được gói bằng chứng vì dấu thời gian đã lưu không đọc được. Biên nhận vẫn dùng được; hãy báo đơn vị vận hành.",
            "The evidence cannot be put together because a kept time-stamp cannot be read. The receipt still holds; tell the operator.",
        ),
        retry_after_s: None,
    }
}
