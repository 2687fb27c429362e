//! `POST /v1/verify` of a client in the sandbox: the same question, answered from a synthetic country, and marked as that.

use super::verify::failed;
use crate::{AppState, Problem};
use axum::{
    Json,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use dancu_exchange::{Caller, Refusal, SandboxCaller, VerifyAnswer, VerifyError, VerifyRequest};
use serde::Serialize;

/// An answer that holds for nobody.
#[derive(Serialize)]
struct Told<'a> {
    sandbox: bool,
    #[serde(flatten)]
    answer: &'a VerifyAnswer,
}

/// Answers, and notes for the review that the client was answered or took a refusal.
pub(super) async fn answer(
    state: &AppState,
    caller: &Caller,
    inside: &SandboxCaller,
    request: &VerifyRequest,
) -> Result<Response, Response> {
    let problem = |error| Problem::from(error).into_response();
    let sandbox = state.sandbox.sandbox().await.map_err(problem)?;
    let outcome = sandbox.verify(inside, request).await;
    let is_answered = match &outcome {
        Ok(_) => Some(true),
        // What the contract or its limits do not allow shows that the client can be refused.
        Err(
            VerifyError::Refused(Refusal::NotInContract | Refusal::ProductNotInContract | Refusal::TooFast)
            | VerifyError::DailyLimit { .. },
        ) => Some(false),
        Err(_) => None,
    };
    if let Some(is_answered) = is_answered {
        state.life.tried(&caller.contract.id, is_answered).await.map_err(problem)?;
    }
    match outcome {
        Ok(answer) => Ok(marked(Json(Told { sandbox: true, answer: &answer }).into_response())),
        Err(error) => Err(marked(failed(state, error))),
    }
}

fn marked(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("dancu-sandbox"), HeaderValue::from_static("true"));
    response
}
