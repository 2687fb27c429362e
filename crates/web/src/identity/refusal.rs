//! Refusals of the identity room as HTTP problems.

use crate::Problem;
use axum::http::StatusCode;
use dancu_identity::IdentityError;

/// Seconds after which another try makes sense when too many people sign in at once.
const BUSY_RETRY_S: u32 = 60;

impl From<IdentityError> for Problem {
    fn from(error: IdentityError) -> Self {
        let status = match &error {
            IdentityError::Store(store) => return store.clone().into(),
            IdentityError::TooManyAttempts { retry_after_seconds } => {
                let seconds = u32::try_from(*retry_after_seconds).unwrap_or(u32::MAX);
                return Self::new(StatusCode::TOO_MANY_REQUESTS, &error).retry_after(seconds);
            }
            IdentityError::Busy => {
                return Self::new(StatusCode::SERVICE_UNAVAILABLE, &error).retry_after(BUSY_RETRY_S);
            }
            IdentityError::ReadCode(_)
            | IdentityError::StaffId(_)
            | IdentityError::CodeRefused
            | IdentityError::RegistrationRefused
            | IdentityError::RoleOutOfBounds => StatusCode::UNPROCESSABLE_ENTITY,
            IdentityError::PasskeyRefused => StatusCode::UNAUTHORIZED,
            IdentityError::NotAllowed => StatusCode::FORBIDDEN,
            IdentityError::StaffUnknown => StatusCode::NOT_FOUND,
            IdentityError::CeremonyOver
            | IdentityError::PasskeyKnown
            | IdentityError::PasskeysFull { .. } => StatusCode::CONFLICT,
            IdentityError::RelyingParty => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, &error)
    }
}
