//! Evidence against other people's program: `openssl ts` puts the times on, and the bundle's own script, which knows
//! openssl alone, verifies.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod authority;
mod bundles;
mod replies;
