//! Styles, scripts and fonts, embedded in the binary. Their address holds a hash over all of them, so a browser may
//! keep every file for ever.

use crate::{AppState, Problem};
use axum::{
    Router,
    extract::{Path, rejection::PathRejection},
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::RustEmbed;
use std::{borrow::Cow, sync::Arc, sync::LazyLock};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../ui/dist"]
struct Dist;

/// Hash over all files, as the build wrote it.
const VERSION_FILE: &str = "version";

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let bytes = Dist::get(VERSION_FILE).map(|file| file.data).unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim().to_owned()
});

static BASE: LazyLock<String> = LazyLock::new(|| format!("/assets/{}", &*VERSION));

/// `/assets/<version>`, below which pages address the files.
pub(crate) fn base() -> &'static str {
    &BASE
}

/// The files. They are the same for everybody and need no cookie.
pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/assets/{version}/{file}", get(file))
}

async fn file(path: Result<Path<(String, String)>, PathRejection>) -> Result<Response, Problem> {
    let Path((version, name)) = path.map_err(|_| Problem::not_found())?;
    // Another version's address must not be filled with this version's bytes: it would be kept for ever.
    let found = (version == *VERSION && name != VERSION_FILE).then(|| Dist::get(&name)).flatten();
    let bytes = match found.ok_or_else(Problem::not_found)?.data {
        Cow::Borrowed(bytes) => axum::body::Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    };
    let headers = [
        (header::CONTENT_TYPE, content_type(&name)),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, bytes).into_response())
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        // Browsers compile while they download only under this very type.
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_build_has_a_content_type() {
        let names: Vec<_> = Dist::iter().filter(|name| name != VERSION_FILE).collect();
        assert!(names.iter().any(|name| name == "app.css"));
        for name in names {
            assert_ne!(content_type(&name), "application/octet-stream", "{name}");
        }
        assert_eq!(VERSION.len(), 16);
    }
}
