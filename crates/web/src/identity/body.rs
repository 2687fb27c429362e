//! Bodies of the endpoints here: bounded in size and in time. What is wrong with one is never repeated, for it holds
//! codes and keys.

use super::BODY_BYTES_MAX;
use crate::{Problem, api::body::collect};
use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
};
use serde::de::DeserializeOwned;

/// A whole body.
pub(super) async fn whole(body: Body) -> Result<Bytes, Problem> {
    collect(body, BODY_BYTES_MAX).await
}

/// A passkey's answer in JSON.
pub(super) struct Credential<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Credential<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let bytes = whole(request.into_body()).await?;
        serde_json::from_slice(&bytes).map(Self).map_err(|_| Problem::bad_body("credential"))
    }
}
