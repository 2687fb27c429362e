//! `GET /log/…`: checkpoint and tiles as C2SP tlog-tiles lays them out. Public: they tell nothing about anyone.

use crate::{AppState, Problem};
use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::header,
    response::{IntoResponse, Response},
};
use dancu_core::Explain;
use dancu_ledger::{LedgerError, PublicLog};
use std::sync::Arc;

/// One file of the log.
pub(crate) async fn file(
    State(state): State<Arc<AppState>>,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let Path(path) = path.map_err(|_| Problem::not_found())?;
    let checkpoint = path == "checkpoint";
    let bytes = from_log(&state, move |log| log.file(&path)).await?.ok_or_else(Problem::not_found)?;
    let (kind, caching) = if checkpoint {
        ("text/plain; charset=utf-8", "no-cache")
    } else {
        // A tile never changes; its partial forms have names of their own.
        ("application/octet-stream", "public, max-age=31536000, immutable")
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, caching),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    Ok((headers, bytes).into_response())
}

/// Reads the public log beside the other requests: it may first have to publish what was just committed, or to build
/// a tile again. What went wrong stands in the log of the program; callers learn no names of files.
pub(crate) async fn from_log<T: Send + 'static>(
    state: &AppState,
    work: impl FnOnce(&PublicLog) -> Result<T, LedgerError> + Send + 'static,
) -> Result<T, Problem> {
    let log = Arc::clone(&state.public_log);
    let outcome = tokio::task::spawn_blocking(move || work(&log)).await.map_err(|_| Problem::fault())?;
    outcome.map_err(|error| {
        if matches!(error, LedgerError::Index { .. }) {
            return Problem::not_found();
        }
        tracing::error!(code = error.explain().code, %error, "public log");
        Problem::log_unreadable()
    })
}
