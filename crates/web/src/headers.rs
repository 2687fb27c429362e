//! Security headers of every response.

use axum::{
    Router,
    http::{HeaderName, HeaderValue, header},
};
use tower_http::set_header::SetResponseHeaderLayer;
use url::Url;

/// No inline script or style, nothing from elsewhere, no frames. `wasm-unsafe-eval` is for the QR reader alone.
pub(crate) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
    style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'; media-src 'self' blob:";

/// The same for a page whose form leads on to another site: browsers count where an answer leads as a part of sending it.
pub(crate) fn policy_with_forms_to(origin: &str) -> String {
    CONTENT_SECURITY_POLICY.replace("form-action 'self'", &format!("form-action 'self' {origin}"))
}

/// Only the desk's own page may use the camera.
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// Adds the headers to pages and public files. The machine API under `/v1` and `/oauth` has no use for them.
pub(crate) fn secured<S: Clone + Send + Sync + 'static>(router: Router<S>, origin: &Url) -> Router<S> {
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (PERMISSIONS_POLICY, "camera=(self), microphone=(), geolocation=(), payment=()"),
    ];
    // Browsers keep to HTTPS for a year (RFC 6797). Not for a trial on this machine: other programs share its name.
    let is_abroad = origin.scheme() == "https" && origin.host_str() != Some("localhost");
    let strict = is_abroad.then_some((header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
    fixed.into_iter().chain(strict).fold(router, |router, (name, value)| {
        router.layer(SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value)))
    })
}
