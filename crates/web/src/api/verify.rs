//! `POST /v1/verify`: does this agree with the register?

use super::{asker::Asker, limits::tell_limits, sandbox};
use crate::{AppState, Problem, api::body::collect};
use axum::{
    body::Body,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use dancu_exchange::{Caller, Refusal, VerifyError, VerifyRequest};
use dancu_ledger::Channel;
use jiff::Timestamp;
use serde::Serialize;
use std::{sync::Arc, time::Instant};

/// A request with every field at its longest stays well below.
pub(super) const BODY_BYTES_MAX: usize = 16 * 1024;

/// Answers per field, with the receipt.
pub(crate) async fn verify(
    State(state): State<Arc<AppState>>,
    Asker(caller): Asker,
    body: Body,
) -> Result<Response, Response> {
    let bytes = collect(body, BODY_BYTES_MAX).await.map_err(IntoResponse::into_response)?;
    answer(&state, &caller, &bytes, None).await
}

/// Answers a client that has proved itself. `reference` stands in the record where the request gives none of its own.
pub(super) async fn answer(
    state: &AppState,
    caller: &Caller,
    bytes: &[u8],
    reference: Option<&str>,
) -> Result<Response, Response> {
    let begun = Instant::now();
    let mut request: VerifyRequest = serde_json::from_slice(bytes).map_err(|error| bad_body(&error))?;
    request.reference = request.reference.or_else(|| reference.map(str::to_owned));
    if let Some(inside) = caller.sandbox() {
        return sandbox::answer(state, caller, inside, &request).await;
    }
    let outcome = state.verify.verify(caller, &request, Channel::Api).await;
    respond(state, caller, (begun, None), outcome)
}

/// An answer as the contract wants it, signed or plain, or the problem; with what is left of the limits. `expires`: until when a
/// signed answer may be shown to others, where that has an end.
#[expect(clippy::result_large_err, reason = "the error is the response, as of every handler")]
pub(super) fn respond<T: Serialize>(
    state: &AppState,
    caller: &Caller,
    (begun, expires): (Instant, Option<Timestamp>),
    outcome: Result<T, VerifyError>,
) -> Result<Response, Response> {
    let answer = match outcome {
        Ok(answer) => answer,
        Err(error) => {
            let mut response = failed(state, error);
            tell_limits(state, caller, response.headers_mut());
            return Err(response);
        }
    };
    let unwritable = || Problem::fault().into_response();
    let (kind, body) = if caller.contract.signed_answers {
        let issuer = state.public_origin.as_str().trim_end_matches('/');
        let times = (state.clock.now(), expires);
        let signed = state.answer_key.sign_answer(issuer, caller.client.id.as_str(), times, &answer);
        ("application/jwt", signed.map_err(|_| unwritable())?.into_bytes())
    } else {
        ("application/json", serde_json::to_vec(&answer).map_err(|_| unwritable())?)
    };
    state.latencies.count(u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX));
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")];
    let mut response = (headers, body).into_response();
    tell_limits(state, caller, response.headers_mut());
    Ok(response)
}

/// A body that is none of ours. The parser's own message may repeat values; its place does not.
pub(super) fn bad_body(error: &serde_json::Error) -> Response {
    let place = format!("line {}, column {}", error.line(), error.column());
    Problem::bad_body(&place).into_response()
}

/// The problem of a refusal, as the API and the desk show it.
pub(crate) fn refusal_problem(refusal: Refusal) -> Problem {
    let status = match refusal {
        Refusal::InvalidClient | Refusal::InvalidToken | Refusal::InvalidProof => StatusCode::UNAUTHORIZED,
        Refusal::NotInContract
        | Refusal::ProductNotInContract
        | Refusal::HouseRule
        | Refusal::NoConsent
        | Refusal::Draft
        | Refusal::SandboxOnly
        | Refusal::Suspended
        | Refusal::Ended
        | Refusal::PilotOver => StatusCode::FORBIDDEN,
        Refusal::DailyLimit | Refusal::TooFast => StatusCode::TOO_MANY_REQUESTS,
        Refusal::UnsupportedGrant | Refusal::InvalidRequest => StatusCode::BAD_REQUEST,
    };
    let problem = Problem::new(status, &refusal);
    if refusal == Refusal::TooFast { problem.retry_after(1) } else { problem }
}

/// The problem of a verification that gave no answer.
pub(crate) fn verify_problem(state: &AppState, error: VerifyError) -> Problem {
    match error {
        VerifyError::Value { field, reason } => Problem {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            said: dancu_core::Explanation::new(
                reason.code,
                format!("{field}: {}", reason.vi),
                format!("{field}: {}", reason.en),
            ),
            retry_after_s: None,
        },
        VerifyError::Refused(refusal) => refusal_problem(refusal),
        VerifyError::DailyLimit { resets_at } => {
            let seconds = resets_at.duration_since(state.clock.now()).as_secs().max(1);
            refusal_problem(Refusal::DailyLimit).retry_after(u32::try_from(seconds).unwrap_or(u32::MAX))
        }
        VerifyError::Store(error) => Problem::from(error),
    }
}

pub(super) fn failed(state: &AppState, error: VerifyError) -> Response {
    verify_problem(state, error).into_response()
}
