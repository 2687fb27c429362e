//! `GET /log/…`: checkpoint and tiles as C2SP tlog-tiles lays them out. Public: they tell nothing about anyone. With
//! several nodes `/log/node/<name>/…` is the log of one of them, whichever node is asked.

use crate::{AppState, Problem};
use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::header,
    response::{IntoResponse, Response},
};
use dancu_core::Explain;
use dancu_ledger::{LedgerError, Logs};
use std::sync::Arc;

/// One file of the log.
pub(crate) async fn file(
    State(state): State<Arc<AppState>>,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let Path(path) = path.map_err(|_| Problem::not_found())?;
    // These two are written anew again and again, of this log and of the other nodes'.
    let checkpoint = matches!(path.rsplit('/').next(), Some("checkpoint" | "cosigned"));
    let bytes = from_logs(&state, move |logs| logs.file(&path)).await?.ok_or_else(Problem::not_found)?;
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

/// Reads the logs beside the other requests: it may first have to publish what was just committed, or to build
/// a tile again. What went wrong stands in the log of the program; callers learn no names of files.
pub(crate) async fn from_logs<T: Send + 'static>(
    state: &AppState,
    work: impl FnOnce(&Logs) -> Result<T, LedgerError> + Send + 'static,
) -> Result<T, Problem> {
    let logs = Arc::clone(&state.logs);
    let outcome = tokio::task::spawn_blocking(move || work(&logs)).await.map_err(|_| Problem::fault())?;
    outcome.map_err(|error| {
        if matches!(error, LedgerError::Index { .. }) {
            return Problem::not_found();
        }
        tracing::error!(code = error.explain().code, %error, "public log");
        Problem::log_unreadable()
    })
}
