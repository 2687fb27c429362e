//! The doors: JSON API and pages over HTTP. Every screen has a JSON twin from the same logic.
//!
//! Handlers translate; they decide nothing. Who may do what is decided in `dancu_identity::access`, what a
//! contract allows in `dancu_exchange`.

mod api;
mod approvers;
mod assets;
mod format;
mod headers;
mod identity;
mod language;
mod latency;
mod looks;
mod openid;
mod pages;
mod problem;
mod products;
mod same_origin;
mod server;
mod state;
mod tls;
mod views;
mod witness;

pub use api::breach;
pub use approvers::StaffApprovers;
pub use language::Language;
pub use latency::Latencies;
pub use looks::Looks;
pub use problem::Problem;
pub use server::{ServerLimits, serve};
pub use state::AppState;
pub use tls::{Tls, TlsError, thumbprint_of_file};
pub use witness::witness_router;

use axum::{Router, extract::FromRef};
use std::sync::Arc;

/// All routes over one state.
pub fn router(state: Arc<AppState>) -> Router {
    // What a cookie authorises stands together behind the guard; machines and the public log carry none.
    let guarded = same_origin::guarded(
        Router::new()
            .merge(pages::routes())
            .merge(identity::routes())
            .fallback(async || Problem::not_found()),
        identity::Entrance::from_ref(&state),
    );
    let seen =
        pages::framed(guarded.merge(openid::entries()), &state).merge(assets::routes()).merge(api::log());
    let witness = state
        .witness
        .clone()
        .map_or_else(Router::new, |witness| Router::new().nest("/witness", witness::doors(witness)));
    headers::secured(seen, &state.public_origin)
        .merge(api::machine())
        .merge(openid::machine())
        .merge(witness)
        .method_not_allowed_fallback(async || Problem::wrong_method())
        .with_state(state)
}
