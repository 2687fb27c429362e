//! `POST /v1/statistics`: numbers of persons by place, sex and age, rounded, as JSON or CSV.

use super::{
    asker::Asker,
    extracts::wants_csv,
    limits::tell_limits,
    verify::{BODY_BYTES_MAX, bad_body, refusal_problem},
};
use crate::{AppState, Problem, api::body::collect};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use dancu_statistics::{StatisticsError, Table, TableRequest};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::Arc;

/// One table.
pub(super) async fn statistics(
    State(state): State<Arc<AppState>>,
    Asker(caller): Asker,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Response> {
    let bytes = collect(body, BODY_BYTES_MAX).await.map_err(IntoResponse::into_response)?;
    // A list would be read as a request that leaves everything out.
    let object: Map<String, Value> = serde_json::from_slice(&bytes).map_err(|error| bad_body(&error))?;
    let request = TableRequest::deserialize(Value::Object(object)).map_err(|error| bad_body(&error))?;
    let table = state.statistics.table(&caller, &request).await;
    let table = table.map_err(|error| statistics_problem(error).into_response())?;
    let mut response = if wants_csv(&headers) {
        let kind = [(header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present")];
        (kind, csv(&table).ok_or_else(|| Problem::fault().into_response())?).into_response()
    } else {
        Json(&table).into_response()
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    tell_limits(&state, &caller, response.headers_mut());
    Ok(response)
}

/// The rows alone, each with the day for which it holds.
fn csv(table: &Table) -> Option<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["day", "province", "commune", "sex", "age", "persons"]).ok()?;
    for row in &table.rows {
        let text = |value: Option<String>| value.unwrap_or_default();
        let cells = [
            table.day.to_string(),
            text(row.province.map(|code| code.to_string())),
            text(row.commune.map(|code| code.to_string())),
            text(row.sex.map(|sex| sex.letter().to_owned())),
            text(row.age.clone()),
            row.persons.to_string(),
        ];
        writer.write_record(cells).ok()?;
    }
    writer.into_inner().ok()
}

/// The problem of a table that is not told.
pub(crate) fn statistics_problem(error: StatisticsError) -> Problem {
    let status = match &error {
        StatisticsError::Refused(refusal) => return refusal_problem(*refusal),
        StatisticsError::NoSuchDay => StatusCode::NOT_FOUND,
        StatisticsError::ProvinceNeeded | StatisticsError::NoSuchProvince => StatusCode::UNPROCESSABLE_ENTITY,
        StatisticsError::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    match error {
        StatisticsError::Store(error) => error.into(),
        error => Problem::new(status, &error),
    }
}
