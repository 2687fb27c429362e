//! `POST /v1/commands`: a commune's own node hands over what it took in. `GET /v1/events/{id}`: what became of one.

use crate::{
    AppState, Problem,
    api::{
        asker::{Asker, enter},
        body::collect,
        verify::refusal_problem,
    },
};
use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use dancu_changes::{ChangeError, ChangeReceipt, CommandId, Envelope, Event};
use dancu_core::{Clock, CommuneCode, Explain, Explanation};
use dancu_exchange::{Caller, RefusalReason};
use dancu_handover::{Answer, AnswerState, AnsweredEvent};
use serde_json::json;
use std::sync::Arc;

/// Commands of one request.
const COMMANDS_MAX: usize = 100;
/// A batch with a few portraits in it.
const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A body: one command or several.
enum Sent {
    Many(Vec<Envelope>),
    One(Box<Envelope>),
}

/// Decides commands in their order. One is answered alone, several as a list. The first that cannot be decided now ends
/// the list: those behind it may build on it.
pub(crate) async fn hand_over(
    State(state): State<Arc<AppState>>,
    Asker(caller): Asker,
    body: Body,
) -> Result<Response, Response> {
    let commune = commune_of(&state, &caller)?;
    let _place = enter(&state, &caller)?;
    let bytes = collect(body, BODY_BYTES_MAX).await.map_err(IntoResponse::into_response)?;
    let is_list = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    // The parser's own message may repeat values; its place does not.
    let read = if is_list {
        serde_json::from_slice(&bytes).map(Sent::Many)
    } else {
        serde_json::from_slice(&bytes).map(|one| Sent::One(Box::new(one)))
    };
    let sent = read.map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        Problem::bad_body(&place).into_response()
    })?;
    match sent {
        Sent::One(envelope) => Ok(Json(decide(&state, commune, &envelope).await).into_response()),
        Sent::Many(envelopes) if envelopes.len() > COMMANDS_MAX => {
            Err(too_many(envelopes.len()).into_response())
        }
        Sent::Many(envelopes) => {
            let mut answers = Vec::with_capacity(envelopes.len());
            for envelope in &envelopes {
                let answer = decide(&state, commune, envelope).await;
                let stops = answer.state == AnswerState::Later;
                answers.push(answer);
                if stops {
                    break;
                }
            }
            Ok(Json(json!({ "answers": answers })).into_response())
        }
    }
}

/// An event of the commune.
pub(crate) async fn event(
    State(state): State<Arc<AppState>>,
    Asker(caller): Asker,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    let commune = commune_of(&state, &caller)?;
    let _place = enter(&state, &caller)?;
    let id: CommandId = id.parse().map_err(|_| Problem::not_found().into_response())?;
    let store = state.changes.store();
    let failed = |error: dancu_core::StoreError| Problem::from(error).into_response();
    let found = store.event(id).await.map_err(failed)?;
    let event = found.map(|(event, _)| event).filter(|event| event.actor.commune() == Some(commune));
    let event = event.ok_or_else(|| Problem::not_found().into_response())?;
    let taken_back_by = store.taken_back_by(id).await.map_err(failed)?;
    let headers = [(header::CACHE_CONTROL, "no-store")];
    Ok((headers, Json(json!({ "event": event, "taken_back_by": taken_back_by }))).into_response())
}

/// The commune whose node the client is.
#[expect(clippy::result_large_err, reason = "the error is the response, as of every handler")]
fn commune_of(state: &AppState, caller: &Caller) -> Result<CommuneCode, Response> {
    match caller.contract.commands_for_commune {
        Some(commune) if caller.contract.holds_on(state.clock.today()) => Ok(commune),
        _ => {
            let client = Some(&caller.client.id);
            let reason = RefusalReason::FieldOutsideContract;
            let refusal = state.refusals.note(state.clock.now(), client, reason);
            Err(refusal_problem(refusal).into_response())
        }
    }
}

async fn decide(state: &AppState, commune: CommuneCode, envelope: &Envelope) -> Answer {
    let id = envelope.id;
    if envelope.actor.commune() != Some(commune) {
        let problem = Some(not_of_this_commune().into());
        return Answer { id, state: AnswerState::Refused, event: None, problem };
    }
    match state.changes.alters_identity(&envelope.command).await {
        Ok(false) => {}
        Ok(true) => {
            let problem = Some(second_officer().into());
            return Answer { id, state: AnswerState::Refused, event: None, problem };
        }
        Err(error) => {
            let problem = Some(Problem::from(error).said.into());
            return Answer { id, state: AnswerState::Later, event: None, problem };
        }
    }
    match state.changes.take_over(envelope).await {
        Ok(ChangeReceipt { event, was_known, .. }) => {
            state.looks.forget(&event.persons);
            let state = if was_known { AnswerState::Known } else { AnswerState::Accepted };
            Answer { id, state, event: Some(answered(event)), problem: None }
        }
        Err(error) => {
            let state = match &error {
                ChangeError::Refused(_) => AnswerState::Refused,
                ChangeError::Contended | ChangeError::Store(_) | ChangeError::Sealed(_) => AnswerState::Later,
            };
            // The file's name in a store's error is for the operator's log.
            let said = match error {
                ChangeError::Store(error) => Problem::from(error).said,
                error => error.explain(),
            };
            Answer { id, state, event: None, problem: Some(said.into()) }
        }
    }
}

fn answered(event: Event) -> AnsweredEvent {
    AnsweredEvent { recorded_at: event.recorded_at, issued: event.issued, household: event.household }
}

/// Who somebody is changes by two officers, and so does the taking back of such a change.
pub(crate) fn second_officer() -> Explanation {
    Explanation::new(
        "DANCU-WEB-068",
        "Thay đổi thông tin nhân thân phải qua trang cải chính, có cán bộ thứ hai duyệt. Hãy lập đề nghị tại `/officer/corrections`.",
        "A change of identity goes by way of a correction, which a second officer approves. Propose it at `/officer/corrections`.",
    )
}

fn not_of_this_commune() -> Explanation {
    Explanation::new(
        "DANCU-WEB-066",
        "Hợp đồng của bạn chỉ cho chuyển yêu cầu của cán bộ một xã khác. Hãy kiểm tra mã xã trong `actor`.",
        "Your contract hands over commands of another commune's officers. Check the commune in `actor`.",
    )
}

fn too_many(found: usize) -> Problem {
    Problem {
        status: StatusCode::PAYLOAD_TOO_LARGE,
        said: Explanation::new(
            "DANCU-WEB-067",
            format!("Một lần chỉ chuyển được {COMMANDS_MAX} yêu cầu, lần này có {found}. Hãy chia nhỏ."),
            format!("A request holds at most {COMMANDS_MAX} commands, this one has {found}. Split it."),
        ),
        retry_after_s: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_officer_alone_changes_no_identity() {
        let command = |body: serde_json::Value| {
            serde_json::from_value::<dancu_changes::Command>(body).expect("a command")
        };
        let fields = json!({ "name": "Nguyễn Thị Lan" });
        for body in [
            json!({ "command": "correct_identity", "number": "001192000022", "fields": fields }),
            json!({ "command": "change_identity", "number": "001192000022", "fields": fields, "on": "2026-11-22" }),
        ] {
            assert!(command(body).alters_identity());
        }
        let contact = json!({ "command": "change_contact", "number": "001192000022", "on": "2026-11-22" });
        assert!(!command(contact).alters_identity());
    }
}
