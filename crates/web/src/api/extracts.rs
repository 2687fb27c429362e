//! `POST /v1/extracts`: asks for an extract of a cohort. `GET /v1/extracts/{id}`: how far it is. `GET
//! /v1/extracts/{id}/rows?after=`: its rows, as JSON or CSV.

use super::{
    asker::Asker,
    limits::tell_limits,
    verify::{bad_body, refusal_problem},
};
use crate::{AppState, Problem, api::body::collect};
use axum::{
    Json,
    body::Body,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use dancu_exchange::{CohortError, CohortExtract, CohortRequest, ExtractState, RowsPage};
use serde_json::{Value, json};
use std::sync::Arc;

/// Criteria with as many places as may be stay well below.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// Asks for one. It tells nothing of how many persons it has.
pub(super) async fn ask(
    State(state): State<Arc<AppState>>,
    Asker(caller): Asker,
    body: Body,
) -> Result<Response, Response> {
    let bytes = collect(body, BODY_BYTES_MAX).await.map_err(IntoResponse::into_response)?;
    let request: CohortRequest = serde_json::from_slice(&bytes).map_err(|error| bad_body(&error))?;
    let asked = state.cohorts.ask(&caller, &request).await;
    let extract = asked.map_err(|error| cohort_problem(error).into_response())?;
    let mut response = (StatusCode::ACCEPTED, Json(told(&extract))).into_response();
    let place = HeaderValue::from_str(&format!("/v1/extracts/{}", extract.id));
    response.headers_mut().insert(header::LOCATION, place.map_err(|_| Problem::fault().into_response())?);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    tell_limits(&state, &caller, response.headers_mut());
    Ok(response)
}

/// How far one is.
pub(super) async fn look(
    State(state): State<Arc<AppState>>,
    Asker(caller): Asker,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    let id = id.parse().map_err(|_| Problem::not_found().into_response())?;
    let extract = state.cohorts.look(&caller, id).await;
    let extract = extract.map_err(|error| cohort_problem(error).into_response())?;
    let mut response = Json(told(&extract)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Rows behind one of them.
pub(super) async fn rows(
    State(state): State<Arc<AppState>>,
    Asker(caller): Asker,
    headers: HeaderMap,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let id = id.parse().map_err(|_| Problem::not_found().into_response())?;
    let after = after(query.as_deref()).ok_or_else(|| Problem::not_found().into_response())?;
    let page = state.cohorts.rows(&caller, id, after).await;
    let page = page.map_err(|error| cohort_problem(error).into_response())?;
    let mut response = if wants_csv(&headers) {
        let kind = [(header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present")];
        (kind, csv(&page).ok_or_else(|| Problem::fault().into_response())?).into_response()
    } else {
        Json(&page).into_response()
    };
    if let Some(next) = page.next {
        let link = HeaderValue::from_str(&format!("</v1/extracts/{id}/rows?after={next}>; rel=\"next\""));
        response.headers_mut().insert(header::LINK, link.map_err(|_| Problem::fault().into_response())?);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    tell_limits(&state, &caller, response.headers_mut());
    Ok(response)
}

/// The row behind which a page begins; `None` for a question that means nothing here.
fn after(query: Option<&str>) -> Option<u64> {
    match query.filter(|query| !query.is_empty()) {
        None => Some(0),
        Some(query) => query.strip_prefix("after=")?.parse().ok(),
    }
}

/// Whether whoever asks would rather have a file of commas.
pub(super) fn wants_csv(headers: &HeaderMap) -> bool {
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
    accepts.flat_map(|line| line.split([',', ';'])).any(|kind| kind.trim().eq_ignore_ascii_case("text/csv"))
}

fn csv(page: &RowsPage) -> Option<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&page.columns).ok()?;
    for row in &page.rows {
        writer.write_record(row).ok()?;
    }
    writer.into_inner().ok()
}

/// What a client is told. The number of persons is the extract itself: it is told when there are rows.
fn told(extract: &CohortExtract) -> Value {
    let has_rows = extract.state.has_rows();
    let ended = matches!(
        extract.state,
        ExtractState::Refused | ExtractState::Stopped | ExtractState::Lapsed | ExtractState::Expired
    );
    let ground = extract.moves.last().filter(|last| ended && !last.note.is_empty()).map(|last| &last.note);
    json!({
        "id": extract.id, "state": extract.state, "reference": extract.reference, "criteria": extract.criteria,
        "as_of": extract.as_of, "asked_at": extract.asked_at,
        "rows": has_rows.then_some(extract.rows), "undecided": has_rows.then_some(extract.found.undecided),
        "until": has_rows.then_some(extract.due), "ground": ground,
    })
}

/// The problem of something about an extract that was not done.
pub(crate) fn cohort_problem(error: CohortError) -> Problem {
    let status = match &error {
        CohortError::Refused(refusal) => return refusal_problem(*refusal),
        CohortError::NotFound => StatusCode::NOT_FOUND,
        CohortError::Text | CohortError::Day => StatusCode::UNPROCESSABLE_ENTITY,
        CohortError::Doubled | CohortError::NotNow | CohortError::NoRows => StatusCode::CONFLICT,
        CohortError::TooMany => StatusCode::TOO_MANY_REQUESTS,
        CohortError::NoRules => StatusCode::INTERNAL_SERVER_ERROR,
        CohortError::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    match error {
        CohortError::Store(error) => error.into(),
        error => Problem::new(status, &error),
    }
}
