//! Vietnamese first, English complete: which of the two a page is written in.

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use std::convert::Infallible;

/// The language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Tiếng Việt.
    Vietnamese,
    /// English.
    English,
}

impl Language {
    /// The cookie that remembers the choice.
    pub const COOKIE: &'static str = "lang";

    /// Whether the page is in Vietnamese.
    pub const fn is_vietnamese(self) -> bool {
        matches!(self, Self::Vietnamese)
    }

    /// `vi` or `en`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Vietnamese => "vi",
            Self::English => "en",
        }
    }

    fn of(code: &str) -> Option<Self> {
        match code {
            "vi" => Some(Self::Vietnamese),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// `?lang=` first, then the cookie; Vietnamese otherwise.
    pub fn of_request(parts: &Parts) -> Self {
        let asked = parts.uri.query().and_then(|query| {
            query.split('&').find_map(|pair| pair.strip_prefix("lang=")).and_then(Self::of)
        });
        asked.or_else(|| cookie(parts, Self::COOKIE).and_then(Self::of)).unwrap_or(Self::Vietnamese)
    }
}

/// The value of a cookie of the request.
pub(crate) fn cookie<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    parts
        .headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::of_request(parts))
    }
}
