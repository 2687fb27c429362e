//! `GET /log/…`: checkpoint and tiles as C2SP tlog-tiles lays them out. Public: they tell nothing about anyone.

use crate::{AppState, Problem};
use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use dancu_core::Explain;
use std::sync::Arc;

/// One file of the log.
pub(crate) async fn file(
    State(state): State<Arc<AppState>>,
    Path(path): Path<String>,
) -> Result<Response, Problem> {
    let checkpoint = path == "checkpoint";
    let bytes = state.public_log.file(&path).map_err(|error| {
        tracing::error!(code = error.explain().code, %error, "public log");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, &error)
    })?;
    let bytes = bytes.ok_or_else(Problem::not_found)?;
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
