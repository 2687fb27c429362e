//! The doors: JSON API and pages over HTTP. Every screen has a JSON twin from the same logic.
//!
//! Handlers translate; they decide nothing. Who may do what is decided in `dancu_identity::access`, what a
//! contract allows in `dancu_exchange`.

mod api;
mod headers;
mod identity;
mod language;
mod latency;
mod problem;
mod same_origin;
mod server;
mod state;

pub use language::Language;
pub use latency::Latencies;
pub use problem::Problem;
pub use server::{ServerLimits, serve};
pub use state::AppState;

use axum::{Router, extract::FromRef};
use std::sync::Arc;

/// All routes over one state.
pub fn router(state: Arc<AppState>) -> Router {
    let entrance = identity::Entrance::from_ref(&state);
    let pages = same_origin::guarded(identity::routes(), entrance);
    headers::secured(pages.merge(api::log())).merge(api::machine()).with_state(state)
}
