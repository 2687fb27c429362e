//! The doors over the real store and ledger in a temporary folder, without a network.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail where they stand")]

mod alarms;
mod api;
mod cohort;
mod cohort_world;
mod consent;
mod corrections;
mod desk;
mod feed;
mod fetch;
mod file_pairs;
mod house;
mod life;
mod limits;
mod matrix;
mod openid;
mod orders;
mod privacy;
mod products;
mod refusals;
mod sandbox;
mod sealed;
mod search;
mod statistics;
mod tls;
mod twins;
mod why;
mod xroad;
