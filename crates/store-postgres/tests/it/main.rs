//! Every port on PostgreSQL: the contract suites, the way to the server, bounds, upgrades, and what happens when the
//! server dies.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod cluster;
mod contracts;
mod faults;
mod limits;
mod nodes;
mod tls;
mod upgrade;
mod work;
