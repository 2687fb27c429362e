//! `dancu connect`: applies a document of organisations, clients and contracts.

use crate::{failure::Failure, platform::Platform};
use dancu_exchange::{Author, ConnectionsDocument};
use figment::{
    Figment,
    providers::{Format, Json, Toml},
};
use std::path::Path;

/// Reads TOML, or JSON when the file's name says so, and applies all of it or nothing.
pub async fn run(platform: &Platform, path: &Path) -> Result<(), Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file(path, &error))?;
    let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let source =
        if is_json { Figment::from(Json::string(&text)) } else { Figment::from(Toml::string(&text)) };
    let document: ConnectionsDocument = source.extract().map_err(|error| {
        Failure::new(
            "DANCU-CLI-060",
            format!("{} không phải tài liệu kết nối: {error}.", path.display()),
            format!("{} is no document of connections: {error}.", path.display()),
        )
    })?;
    let state = &platform.state;
    let now = state.clock.now();
    Ok(document.apply(state.life.store(), &state.directory, &Author::console(), now).await?)
}
