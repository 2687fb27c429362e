//! The binary as an operator and its clients meet it: crashes, faults, overload, refusals, restarts.
//!
//! Every test starts real processes on a data folder of its own, copied from one small country.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod bench;
mod bulk;
mod connections;
mod crash_load;
mod crash_verify;
mod damage;
mod disk;
mod feed;
mod handover;
mod idle;
mod matching;
mod nodes;
mod oauth;
mod overload;
mod partition;
mod postgres;
mod reconcile;
mod restart;
mod sandbox;
mod support;
mod told;
mod witness;
