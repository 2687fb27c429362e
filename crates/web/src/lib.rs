//! The doors: JSON API and pages over HTTP. Every screen has a JSON twin from the same logic.
//!
//! Handlers translate; they decide nothing. Who may do what is decided in `dancu_identity::access`, what a
//! contract allows in `dancu_exchange`.

mod api;
mod headers;
mod language;
mod latency;
mod problem;
mod server;
mod state;

pub use language::Language;
pub use latency::Latencies;
pub use problem::Problem;
pub use server::{ServerLimits, serve};
pub use state::AppState;

use axum::Router;
use std::sync::Arc;

/// All routes over one state.
pub fn router(state: Arc<AppState>) -> Router {
    headers::secured(api::log()).merge(api::machine()).with_state(state)
}
