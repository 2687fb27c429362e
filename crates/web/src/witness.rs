//! `…/add-checkpoint` and `…/<hash of the origin>/checkpoint`: a witness over HTTP (C2SP tlog-witness). It stands alone,
//! as a process of its own, or below `/witness` of a node among several. It knows nothing of anybody.

use crate::{Problem, api::collect};
use axum::{
    Json, Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use dancu_core::Explain;
use dancu_witness::{BODY_BYTES_MAX, Refusal, Witness};
use serde_json::json;
use std::sync::Arc;

const TEXT: &str = "text/plain; charset=utf-8";

/// The protocol's doors.
pub(crate) fn doors<S: Clone + Send + Sync + 'static>(witness: Arc<Witness>) -> Router<S> {
    Router::new()
        .route("/add-checkpoint", post(add))
        .route("/{origin_hash}/checkpoint", get(last))
        .with_state(witness)
}

/// A witness that stands alone: its doors, and whether it runs.
pub fn witness_router(witness: Arc<Witness>) -> Router {
    let name = witness.verifier().name().to_owned();
    let key = witness.verifier().as_str().to_owned();
    let health = move || async move { Json(json!({ "status": "ok", "name": name, "verifier_key": key })) };
    doors(witness)
        .route("/health", get(health))
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::wrong_method())
}

/// Cosigns a checkpoint.
async fn add(State(witness): State<Arc<Witness>>, body: Body) -> Result<Response, Problem> {
    let body = collect(body, BODY_BYTES_MAX).await?;
    // It writes to the disk before it answers.
    let outcome = tokio::task::spawn_blocking(move || witness.add_checkpoint(&body)).await;
    Ok(match outcome.map_err(|_| Problem::fault())? {
        Ok(line) => (no_store(TEXT), line).into_response(),
        Err(refusal) => refused(refusal),
    })
}

/// The last cosigned checkpoint of a log, for monitors.
async fn last(
    State(witness): State<Arc<Witness>>,
    Path(origin_hash): Path<String>,
) -> Result<Response, Problem> {
    let outcome = tokio::task::spawn_blocking(move || witness.checkpoint(&origin_hash)).await;
    Ok(match outcome.map_err(|_| Problem::fault())? {
        Ok(Some(checkpoint)) => {
            let headers = [(header::CACHE_CONTROL, "no-cache"), (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
            (headers, [(header::CONTENT_TYPE, TEXT)], checkpoint).into_response()
        }
        Ok(None) => Problem::not_found().into_response(),
        Err(refusal) => refused(refusal),
    })
}

fn no_store(kind: &'static str) -> [(header::HeaderName, HeaderValue); 2] {
    let text = HeaderValue::from_static;
    [(header::CONTENT_TYPE, text(kind)), (header::CACHE_CONTROL, text("no-store"))]
}

/// The statuses are those of the protocol; so is the body of 409.
fn refused(refusal: Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    match refusal {
        Refusal::OtherSize { size } => {
            (status, no_store("text/x.tlog.size"), format!("{size}\n")).into_response()
        }
        // Names of files are for the operator's log.
        Refusal::Store(error) => Problem::from(error).into_response(),
        Refusal::Log(error) => {
            tracing::error!(code = error.explain().code, %error, "a log that is witnessed");
            Problem::log_unreadable().into_response()
        }
        Refusal::TooMany | Refusal::NotFollowed => {
            Problem::new(status, &refusal).retry_after(1).into_response()
        }
        refusal => Problem::new(status, &refusal).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;
    use dancu_ledger::{Frontier, LogSigner, generate_key};
    use dancu_testkit::{FakeClock, MemoryTiles, SeededEntropy};
    use dancu_witness::{Cosigner, KnownKeys, Memory, generate_cosigner_key, origin_hash};
    use tower::ServiceExt;

    fn router_and_checkpoint() -> (Router, String) {
        let log = LogSigner::new(&generate_key("dancu.test/log", &SeededEntropy::new(1)).unwrap()).unwrap();
        let keys = KnownKeys::read(log.verifier().as_str()).unwrap();
        let cosigner = generate_cosigner_key("w.test", &SeededEntropy::new(2)).unwrap();
        let memory = Memory::new(Arc::new(MemoryTiles::default()));
        let clock = Arc::new(FakeClock::at("2026-11-22T02:00:00Z"));
        let witness = Witness::new(Cosigner::new(&cosigner).unwrap(), memory, Box::new(keys), clock);
        (witness_router(Arc::new(witness)), log.sign(&Frontier::default()).to_string())
    }

    async fn ask(router: &Router, method: &str, path: &str, body: String) -> (u16, String, String) {
        let request = Request::builder().method(method).uri(path).body(Body::from(body)).unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        let kind = answer.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
        let status = answer.status().as_u16();
        let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, kind, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn the_doors_answer_with_the_statuses_and_types_of_the_protocol() {
        let (router, checkpoint) = router_and_checkpoint();
        let add = |body: String| ask(&router, "POST", "/add-checkpoint", body);
        let path = format!("/{}/checkpoint", origin_hash("dancu.test/log"));
        assert_eq!(ask(&router, "GET", &path, String::new()).await.0, 404);
        let (status, kind, line) = add(format!("old 0\n\n{checkpoint}")).await;
        assert_eq!((status, kind.as_str()), (200, TEXT));
        assert!(line.starts_with("— w.test ") && line.ends_with('\n'));
        let (status, _, held) = ask(&router, "GET", &path, String::new()).await;
        assert_eq!((status, held), (200, format!("{checkpoint}{line}")));
        let (status, kind, size) = add(format!("old 0\nAAAA\n\n{checkpoint}")).await;
        assert_eq!((status, kind.as_str()), (400, "application/problem+json"), "{size}");
        assert_eq!(add(format!("old 1\n\n{checkpoint}")).await.0, 400, "older than the proof goes on from");
        assert_eq!(add("x".repeat(BODY_BYTES_MAX + 1)).await.0, 413);
        assert_eq!(ask(&router, "GET", "/add-checkpoint", String::new()).await.0, 405);
        assert_eq!(ask(&router, "GET", "/elsewhere", String::new()).await.0, 404);
        let (status, _, health) = ask(&router, "GET", "/health", String::new()).await;
        assert!(status == 200 && health.contains("\"name\":\"w.test\""));
    }
}
