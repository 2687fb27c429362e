//! Why a door of the provider stays shut: for software by the words of the standards, for people as a page.

use crate::{
    Problem,
    api::{oauth_error, oauth_refused, refusal_problem},
};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use dancu_core::Explain;
use dancu_exchange::{PROOF_ALGORITHMS, Refusal, TokenError, VerifyError};
use dancu_openid::OpenIdError;

/// What went wrong at a door for software.
pub(crate) enum Refused {
    /// The body did not come.
    Body(Problem),
    /// The client did not prove itself.
    Client(TokenError),
    /// The request cannot be granted.
    Request(OpenIdError),
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Body(problem)
    }
}

impl From<TokenError> for Refused {
    fn from(error: TokenError) -> Self {
        Self::Client(error)
    }
}

impl From<OpenIdError> for Refused {
    fn from(error: OpenIdError) -> Self {
        Self::Request(error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Body(problem) => problem.into_response(),
            Self::Client(TokenError::Refused(refusal)) | Self::Request(OpenIdError::Refused(refusal)) => {
                oauth_refused(refusal)
            }
            Self::Client(TokenError::Store(error)) | Self::Request(OpenIdError::Store(error)) => {
                Problem::from(error).into_response()
            }
            Self::Request(OpenIdError::Telling(error)) => telling(error).into_response(),
            Self::Request(error) => standard(&error),
        }
    }
}

/// In the words of the standards.
fn standard(error: &OpenIdError) -> Response {
    let status = match error {
        OpenIdError::Token => StatusCode::UNAUTHORIZED,
        OpenIdError::Defect(_) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    };
    let mut response = oauth_error(status, error.word(), &error.explain());
    if status == StatusCode::UNAUTHORIZED {
        let challenge = format!("DPoP error=\"invalid_token\", algs=\"{PROOF_ALGORITHMS}\"");
        let challenge = HeaderValue::from_str(&challenge).expect("words and quotes");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// What could not be told, as for every other product. When the limit's day ends is told at `/v1/limits`.
fn telling(error: VerifyError) -> Problem {
    match error {
        VerifyError::Refused(refusal) => refusal_problem(refusal),
        VerifyError::Store(error) => error.into(),
        VerifyError::DailyLimit { .. } => refusal_problem(Refusal::DailyLimit),
        VerifyError::Value { reason, .. } => {
            Problem { status: StatusCode::UNPROCESSABLE_ENTITY, said: reason, retry_after_s: None }
        }
    }
}

/// The same for whoever is at the door with a browser.
pub(crate) fn problem(error: OpenIdError) -> Problem {
    match error {
        OpenIdError::Store(error) => error.into(),
        OpenIdError::Telling(error) => telling(error),
        OpenIdError::Defect(what) => {
            tracing::error!(what, "sign-in");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, &error)
        }
        OpenIdError::RequestOver => Problem::new(StatusCode::GONE, &error),
        error => Problem::new(StatusCode::BAD_REQUEST, &error),
    }
}
