//! What a form or a JSON body says: the same fields either way.

use crate::{AppState, Problem, api::collect};
use axum::{
    extract::{FromRequest, FromRequestParts, Query, Request},
    http::{HeaderMap, header, request::Parts},
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::sync::Arc;
use url::form_urlencoded;

/// The fields of a form (`application/x-www-form-urlencoded`) or of a JSON object, up to 16 KiB.
pub(crate) struct Fields<T>(pub T);

/// What stands behind the question mark of an address. One that means nothing here is a page that is not there.
pub(crate) struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Query::try_from_uri(&parts.uri).map(|Query(read)| Self(read)).map_err(|_| Problem::not_found())
    }
}

/// Largest body of a page's form.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// Whether a body is JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

impl<T: DeserializeOwned> FromRequest<Arc<AppState>> for Fields<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &Arc<AppState>) -> Result<Self, Problem> {
        let is_json = is_json(request.headers());
        let bytes = collect(request.into_body(), BODY_BYTES_MAX).await?;
        if is_json {
            let read = serde_json::from_slice(&bytes);
            // The parser's own message may repeat values; its place does not.
            return read.map(Self).map_err(|error| {
                Problem::bad_body(&format!("line {}, column {}", error.line(), error.column()))
            });
        }
        let pairs = form_urlencoded::parse(&bytes);
        let fields: Map<String, Value> =
            pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect();
        serde_json::from_value(fields.into()).map(Self).map_err(|_| Problem::bad_body("form"))
    }
}
