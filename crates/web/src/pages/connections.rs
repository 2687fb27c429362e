//! `/operator/connections`: connects organisations and their clients while the server runs. Takes a document as JSON,
//! or the same text from the form on the operator's page.

use super::{
    fields::is_json,
    life::author,
    operator::{self, PageNumbers},
    reader::{Reader, Wants},
};
use crate::{
    AppState, Problem,
    api::collect,
    views::{PageProblem, Words},
};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use dancu_core::{Explain, Explanation};
use dancu_exchange::{Author, ConnectionsDocument, DocumentError};
use dancu_identity::access::Operation;
use serde_json::json;
use std::sync::Arc;
use url::form_urlencoded;

/// Some thousand connections.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// Applies a document: all of it, or nothing.
pub(super) async fn apply(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let author = author(reader.may(Operation::ManageConnections)?)?;
    let bytes = collect(body, BODY_BYTES_MAX).await?;
    let text = if is_json(&headers) { bytes.to_vec() } else { field(&bytes, "document").unwrap_or_default() };
    let outcome = match read(&text) {
        Ok(document) => keep(&state, document, &author).await,
        Err(problem) => Err(problem),
    };
    if reader.wants == Wants::Json {
        return outcome.map(|counts| Json(counts.json()).into_response());
    }
    let mut view = operator::view(&state, &reader, PageNumbers::default()).await?;
    let status = match outcome {
        Ok(counts) => {
            view.applied = Some(counts.words());
            StatusCode::OK
        }
        Err(problem) => {
            view.problem = Some(PageProblem::at("document", problem.said));
            view.document = String::from_utf8_lossy(&text).into_owned();
            problem.status
        }
    };
    Ok(reader.show(status, &view))
}

fn field(bytes: &[u8], wanted: &str) -> Option<Vec<u8>> {
    form_urlencoded::parse(bytes)
        .find_map(|(name, value)| (name == wanted).then(|| value.into_owned().into_bytes()))
}

/// How much was connected.
struct Counts {
    organisations: usize,
    clients: usize,
    contracts: usize,
}

impl Counts {
    fn json(&self) -> serde_json::Value {
        json!({ "organisations": self.organisations, "clients": self.clients, "contracts": self.contracts })
    }

    fn words(&self) -> Words {
        let Self { organisations, clients, contracts } = self;
        (
            format!("Đã kết nối: {organisations} tổ chức, {clients} phần mềm, {contracts} hợp đồng."),
            format!("Connected: {organisations} organisations, {clients} clients, {contracts} contracts."),
        )
            .into()
    }
}

fn read(text: &[u8]) -> Result<ConnectionsDocument, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let document = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let place = error.path().to_string();
        unreadable(&place, error.inner())
    })?;
    reader.end().map_err(|error| unreadable(".", &error))?;
    Ok(document)
}

/// Names the place, and the field that is missing or unknown; values are not repeated.
fn unreadable(place: &str, error: &serde_json::Error) -> Problem {
    let message = error.to_string();
    let named = ["missing field `", "unknown field `"].into_iter().find_map(|kind| {
        let name = message.strip_prefix(kind)?.split('`').next()?;
        let is_plain =
            name.len() <= 40 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        is_plain.then(|| format!("{kind}{name}`"))
    });
    let detail = named.map_or_else(String::new, |named| format!(", {named}"));
    let place = if place == "." { "document" } else { place };
    let (line, column) = (error.line(), error.column());
    Problem {
        status: StatusCode::BAD_REQUEST,
        said: Explanation::new(
            "DANCU-WEB-024",
            format!(
                "Không đọc được {place}{detail} (dòng {line}, cột {column}). Chưa có gì thay đổi; hãy sửa rồi gửi lại."
            ),
            format!(
                "{place} cannot be read{detail} (line {line}, column {column}). Nothing was changed; correct it and send it again."
            ),
        ),
        retry_after_s: None,
    }
}

async fn keep(state: &AppState, document: ConnectionsDocument, author: &Author) -> Result<Counts, Problem> {
    let counts = Counts {
        organisations: document.organisations.len(),
        clients: document.clients.len(),
        contracts: document.contracts.len(),
    };
    match document.apply(state.life.store(), &state.directory, author, state.clock.now()).await {
        Ok(()) => {
            tracing::info!(
                organisations = counts.organisations,
                clients = counts.clients,
                "connections changed"
            );
            Ok(counts)
        }
        Err(DocumentError::Store(error)) => Err(error.into()),
        Err(error) => {
            let mut problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, &error);
            problem.said = error.explain();
            Err(problem)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_named_by_its_place_and_never_by_its_value() {
        let contract = r#"{"contracts":[{"id":"c-1","client":"a1","legal_basis":"x","purpose_vi":"x","purpose_en":"x",
            "fields":["name"],"daily_limit":"SECRET","per_second_max":1,"valid_from":"2026-01-01"}]}"#;
        let said = read(contract.as_bytes()).unwrap_err().said;
        assert!(said.en.starts_with("contracts[0].daily_limit cannot be read (line 2,"), "{}", said.en);
        assert!(!said.en.contains("SECRET") && !said.vi.contains("SECRET"));
        for (text, expected) in [
            (
                r#"{"organisations":[{"id":"bank"}]}"#,
                "organisations[0] cannot be read, missing field `name_vi` (line 1",
            ),
            (r#"{"organisation":[]}"#, "organisation cannot be read, unknown field `organisation` (line 1"),
            ("", "document cannot be read (line 1"),
            ("{} {}", "document cannot be read (line 1"),
        ] {
            let said = read(text.as_bytes()).unwrap_err().said.en;
            assert!(said.starts_with(expected), "{said}");
        }
    }
}
