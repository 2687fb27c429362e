//! The feed over memory stores: what arrives, in which order, and what never does.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod interleavings;
mod pulling;
mod webhooks;
mod world;
