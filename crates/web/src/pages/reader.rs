//! Whoever reads a page: who they are, in which language, and whether they want HTML or its JSON twin.

use crate::{
    AppState, Language, Problem,
    identity::{Visitor, permit},
    views::{Page, PageUser, Words},
};
use askama::Template;
use axum::{
    Json,
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{Html, IntoResponse, Response},
};
use dancu_core::PersonalNumber;
use dancu_identity::{
    Principal,
    access::{Operation, allows},
};
use serde::Serialize;
use std::sync::Arc;

/// The shape of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wants {
    /// A page for people.
    Html,
    /// The same values for software.
    Json,
}

impl Wants {
    /// JSON is given to those who ask for it and not for HTML.
    pub fn of(headers: &HeaderMap) -> Self {
        let accepts = |kind: &str| {
            let lines = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
            lines.flat_map(|line| line.split(',')).any(|item| {
                item.split(';').next().is_some_and(|found| found.trim().eq_ignore_ascii_case(kind))
            })
        };
        if accepts("application/json") && !accepts("text/html") { Self::Json } else { Self::Html }
    }
}

/// Whoever reads a page.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    pub wants: Wants,
    pub page: Page,
    pub principal: Option<Principal>,
}

impl Reader {
    /// Somebody of whom nothing is known but what they asked for.
    pub fn stranger(parts: &Parts, state: &AppState) -> Self {
        let page = Page::new(Language::of_request(parts), parts.uri.path(), &state.source_url, None);
        Self { wants: Wants::of(&parts.headers), page, principal: None }
    }

    /// Looks up the session, once a request.
    pub async fn of(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Problem> {
        let Visitor(principal) = Visitor::from_request_parts(parts, state).await?;
        let mut reader = Self::stranger(parts, state);
        reader.page.user = principal.as_ref().map(user);
        reader.principal = principal;
        Ok(reader)
    }

    /// The principal, if there is one and it may do this.
    pub fn may(&self, operation: Operation) -> Result<&Principal, Problem> {
        permit(self.principal.as_ref(), operation)
    }

    /// The citizen who reads, if they may do this.
    pub fn citizen(&self, operation: Operation) -> Result<PersonalNumber, Problem> {
        self.may(operation)?.citizen().ok_or_else(Problem::not_allowed)
    }

    /// The frame under the address to which the language switch and the navigation refer.
    pub fn page_at(&self, path: &str) -> Page {
        Page { path: path.to_owned(), ..self.page.clone() }
    }

    /// The view in the wanted shape.
    pub fn show<V: Template + Serialize>(&self, status: StatusCode, view: &V) -> Response {
        match self.wants {
            Wants::Html => html(status, view),
            Wants::Json => (status, Json(view)).into_response(),
        }
    }
}

/// A page; a template that cannot be written is a fault of ours.
pub(crate) fn html(status: StatusCode, view: &impl Template) -> Response {
    match view.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            Problem::fault().into_response()
        }
    }
}

/// Which pages someone has follows from what they may do.
fn user(principal: &Principal) -> PageUser {
    let name = match principal {
        Principal::Staff { name, .. } => Words::same(name.as_str().to_owned()),
        Principal::Citizen { .. } | Principal::Enrolling { .. } => ("Công dân", "Citizen").into(),
    };
    let may = |operation| allows(Some(principal), operation);
    PageUser {
        name,
        is_citizen: may(Operation::ReadOwnRecord),
        is_receptionist: may(Operation::ScanCard),
        is_officer: may(Operation::PrintEnrolmentCode),
        is_operator: may(Operation::ViewOperations),
        is_agency: may(Operation::ManageOwnConnections),
        may_read_sealed: may(Operation::ReadSealed),
    }
}

impl FromRequestParts<Arc<AppState>> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Problem> {
        match parts.extensions.get::<Self>() {
            Some(reader) => Ok(reader.clone()),
            None => Self::of(parts, state).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn json_is_for_those_who_ask_for_it_alone() {
        for (accept, expected) in [
            ("application/json", Wants::Json),
            ("Application/JSON; q=0.9, */*;q=0.1", Wants::Json),
            ("text/html,application/xhtml+xml,application/json", Wants::Html),
            ("text/html", Wants::Html),
            ("*/*", Wants::Html),
        ] {
            let headers = [(header::ACCEPT, HeaderValue::from_static(accept))].into_iter().collect();
            assert_eq!(Wants::of(&headers), expected, "{accept}");
        }
        assert_eq!(Wants::of(&HeaderMap::new()), Wants::Html);
    }
}
