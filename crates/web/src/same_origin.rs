//! Requests that change something must come from our own pages, and people sign in at the public address: the one
//! place for both. For everything that is authorised by a cookie; the machine API carries none and stands outside.

use crate::{Problem, identity::Entrance};
use axum::{
    Router,
    extract::{FromRef, Request, State},
    http::{HeaderMap, Method, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
};
use url::Url;

/// Puts the guard before every route of a router.
pub(crate) fn guarded<S>(router: Router<S>, entrance: Entrance) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Entrance: FromRef<S>,
{
    router.layer(middleware::from_fn_with_state(entrance, guard))
}

async fn guard(State(entrance): State<Entrance>, request: Request, next: Next) -> Response {
    let (method, headers) = (request.method(), request.headers());
    if !method.is_safe() && !is_from_our_pages(headers, &entrance.public_origin) {
        return Problem::other_site().into_response();
    }
    if let Some(there) = public_address(method, request.uri(), headers, &entrance.public_origin) {
        return Redirect::temporary(&there).into_response();
    }
    next.run(request).await
}

/// Browsers say in `Sec-Fetch-Site` where a request comes from; older ones, and those on plain http, say it in
/// `Origin`. A request with neither comes from no browser, so nobody's cookies are being misused.
fn is_from_our_pages(headers: &HeaderMap, public_origin: &Url) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    headers
        .get(header::ORIGIN)
        .is_none_or(|origin| origin.as_bytes() == public_origin.origin().ascii_serialization().as_bytes())
}

/// Where a sign-in page is to be opened instead, when it was asked for under another host name: passkeys and cookies
/// belong to one host name, and an address of numbers has no passkeys at all.
fn public_address(method: &Method, uri: &Uri, headers: &HeaderMap, public_origin: &Url) -> Option<String> {
    let is_sign_in = uri.path() == "/sign-in" || uri.path().starts_with("/sign-in/");
    if !is_sign_in || !matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    let asked = headers.get(header::HOST)?.to_str().ok()?;
    let is_public = host_name(asked).eq_ignore_ascii_case(public_origin.host_str()?);
    let path = uri.path_and_query()?;
    (!is_public).then(|| format!("{}{path}", public_origin.origin().ascii_serialization()))
}

/// The host name of a `Host` header, without its port.
fn host_name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    fn origin() -> Url {
        "http://localhost:8080".parse().unwrap()
    }

    #[test]
    fn only_our_own_pages_change_something() {
        for (pairs, expected) in [
            (&[("sec-fetch-site", "same-origin")][..], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "http://localhost:8080")], false),
            (&[("origin", "http://localhost:8080")], true),
            (&[("origin", "http://localhost:8081")], false),
            (&[("origin", "https://localhost:8080")], false),
            (&[("origin", "http://localhost:8080.evil.example")], false),
            (&[("origin", "null")], false),
            (&[], true),
        ] {
            assert_eq!(is_from_our_pages(&headers(pairs), &origin()), expected, "{pairs:?}");
        }
    }

    #[test]
    fn sign_in_pages_are_opened_at_the_public_address() {
        let there = |method: Method, uri: &str, host: &'static str| {
            public_address(&method, &uri.parse().unwrap(), &headers(&[("host", host)]), &origin())
        };
        let code_page = Some("http://localhost:8080/sign-in/code?lang=en".to_owned());
        for host in ["127.0.0.1:8080", "127.0.0.1", "[::1]:8080", "dancu.example"] {
            assert_eq!(there(Method::GET, "/sign-in/code?lang=en", host), code_page, "{host}");
        }
        assert_eq!(there(Method::GET, "/sign-in", "localhost:8080"), None);
        assert_eq!(there(Method::GET, "/sign-in", "LOCALHOST"), None);
        assert_eq!(there(Method::POST, "/sign-in/code", "127.0.0.1:8080"), None);
        assert_eq!(there(Method::GET, "/", "127.0.0.1:8080"), None);
        assert_eq!(there(Method::GET, "/sign-input", "127.0.0.1:8080"), None);
        assert_eq!(there(Method::GET, "//evil.example/sign-in", "127.0.0.1:8080"), None);
    }
}
