//! What every page has around it: the session looked up once, a time limit, problems turned into readable screens,
//! and the remembered language.

use super::{
    reader::{Reader, Wants, html},
    sign_in,
};
use crate::{AppState, Language, Problem, views::ErrorView};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
};
use dancu_identity::Principal;
use std::{any::Any, sync::Arc, time::Duration};
use tower_http::catch_panic::CatchPanicLayer;

/// Time in which a page must be answered.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);
/// How long a browser remembers the language: a year.
const LANGUAGE_COOKIE_S: u32 = 365 * 24 * 60 * 60;

/// Puts the frame around pages and the endpoints that they call.
pub(crate) fn framed(router: Router<Arc<AppState>>, state: &Arc<AppState>) -> Router<Arc<AppState>> {
    router
        .method_not_allowed_fallback(async || Problem::wrong_method())
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(middleware::from_fn_with_state(Arc::clone(state), frame))
}

/// The hook of the program has written the panic's place; its message may hold anything and goes nowhere.
fn after_panic(_message: Box<dyn Any + Send>) -> Response {
    Problem::fault().into_response()
}

async fn frame(State(state): State<Arc<AppState>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let chosen = chosen_language(&parts);
    let asked = Asked { method: parts.method.clone(), path: parts.uri.path().to_owned() };
    let (reader, answer) = match Reader::of(&mut parts, &state).await {
        Ok(reader) => {
            parts.extensions.insert(reader.clone());
            let answer =
                tokio::time::timeout(ANSWER_TIME_MAX, next.run(Request::from_parts(parts, body))).await;
            (reader, answer.unwrap_or_else(|_| Problem::too_slow().into_response()))
        }
        Err(problem) => (Reader::stranger(&parts, &state), problem.into_response()),
    };
    let mut answer = match answer.extensions().get::<Problem>().cloned() {
        Some(problem) if reader.wants == Wants::Html => readable(&reader, &asked, &problem, answer),
        _ => answer,
    };
    let headers = answer.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.append(header::VARY, HeaderValue::from_static("Accept, Cookie"));
    if let Some(language) = chosen {
        let code = language.code();
        let line = format!("{}={code}; Path=/; Max-Age={LANGUAGE_COOKIE_S}; SameSite=Lax", Language::COOKIE);
        if let Ok(line) = HeaderValue::from_str(&line) {
            headers.append(header::SET_COOKIE, line);
        }
    }
    answer
}

struct Asked {
    method: Method,
    path: String,
}

fn chosen_language(parts: &Parts) -> Option<Language> {
    let query = parts.uri.query().unwrap_or_default();
    query.split('&').any(|pair| pair.starts_with("lang=")).then(|| Language::of_request(parts))
}

/// The problem as a page. Whoever could help themselves by signing in is sent there.
fn readable(reader: &Reader, asked: &Asked, problem: &Problem, answer: Response) -> Response {
    if problem.status == StatusCode::UNAUTHORIZED && reader.principal.is_none() {
        return Redirect::to("/sign-in").into_response();
    }
    if problem.status == StatusCode::FORBIDDEN
        && matches!(reader.principal, Some(Principal::Enrolling { .. }))
    {
        return Redirect::to("/sign-in/passkey").into_response();
    }
    let page = if asked.method == Method::POST && asked.path == "/sign-in/code" {
        html(problem.status, &sign_in::wrong_code(reader, problem))
    } else {
        let page = reader.page_at("/");
        html(problem.status, &ErrorView::new(page, problem.status.as_u16(), &problem.said))
    };
    // What the problem set beside its body stays: cookies, the time to wait.
    let (mut parts, _) = answer.into_parts();
    let (head, body) = page.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    if let Some(kind) = head.headers.get(header::CONTENT_TYPE) {
        parts.headers.insert(header::CONTENT_TYPE, kind.clone());
    }
    Response::from_parts(parts, body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::Body, routing::get};
    use tower::ServiceExt;

    #[tokio::test]
    async fn a_panic_ends_as_a_problem_that_tells_nothing_of_it() {
        let faulty = get(async || -> () { panic!("BIMAT") });
        let router: Router = Router::new().route("/", faulty).layer(CatchPanicLayer::custom(after_panic));
        let answer = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(answer.into_body(), 1 << 16).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(text.contains("DANCU-WEB-012") && !text.contains("BIMAT"), "{text}");
    }
}
