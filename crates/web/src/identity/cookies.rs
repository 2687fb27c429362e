//! The two cookies: the session, and the ceremony that waits for a passkey's answer. Neither is readable by scripts
//! nor sent along from other sites.

use crate::language::cookie;
use axum::http::request::Parts;
use dancu_identity::{CeremonyId, SessionToken};
use jiff::SignedDuration;

const SESSION: &str = "dancu_session";
const CEREMONY: &str = "dancu_ceremony";
/// A challenge is good for five minutes.
const CEREMONY_LENGTH: SignedDuration = SignedDuration::from_mins(5);

/// The session token of a request, if the cookie holds one.
pub(super) fn session_of(parts: &Parts) -> Option<SessionToken> {
    cookie(parts, SESSION).and_then(SessionToken::from_text)
}

/// The ceremony of a request, if the cookie holds one.
pub(super) fn ceremony_of(parts: &Parts) -> Option<CeremonyId> {
    cookie(parts, CEREMONY).and_then(CeremonyId::from_text)
}

/// Sets the session.
pub(super) fn session(token: &SessionToken, length: SignedDuration, is_secure: bool) -> String {
    line(SESSION, &token.to_text(), "/", length, is_secure)
}

/// Removes the session.
pub(super) fn no_session(is_secure: bool) -> String {
    line(SESSION, "", "/", SignedDuration::ZERO, is_secure)
}

/// Sets the ceremony.
pub(super) fn ceremony(id: &CeremonyId, is_secure: bool) -> String {
    line(CEREMONY, &id.to_text(), "/passkey", CEREMONY_LENGTH, is_secure)
}

/// Removes the ceremony.
pub(super) fn no_ceremony(is_secure: bool) -> String {
    line(CEREMONY, "", "/passkey", SignedDuration::ZERO, is_secure)
}

fn line(name: &str, value: &str, path: &str, length: SignedDuration, is_secure: bool) -> String {
    let seconds = length.as_secs().max(0);
    let secure = if is_secure { "; Secure" } else { "" };
    format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}
