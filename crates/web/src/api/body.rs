//! Bodies of bounded size that arrive in bounded time.

use crate::Problem;
use axum::{
    body::{Body, Bytes},
    http::StatusCode,
};
use dancu_core::Explanation;
use std::time::Duration;

/// Time in which a body must have arrived.
const BODY_TIME_MAX: Duration = Duration::from_secs(10);

/// Collects a body, or says why not. A slow sender is told so and costs nothing more.
pub(crate) async fn collect(body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    match tokio::time::timeout(BODY_TIME_MAX, axum::body::to_bytes(body, bytes_max)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => Err(if is_too_large(&error) {
            Problem::body_too_large(bytes_max)
        } else {
            Problem::bad_body("body")
        }),
        Err(_) => Err(Problem {
            status: StatusCode::REQUEST_TIMEOUT,
            said: Explanation::new(
                "DANCU-WEB-007",
                "Nội dung yêu cầu gửi đến quá chậm. Hãy kiểm tra mạng và gửi lại.",
                "The request body arrived too slowly. Check the network and send it again.",
            ),
            retry_after_s: None,
        }),
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    std::error::Error::source(error)
        .is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>)
}
