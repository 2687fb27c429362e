//! The doors over the real store and ledger in a temporary folder, without a network.

mod api;
mod house;
mod matrix;
mod refusals;
mod twins;
