//! What the tests work with: a country on disk, the process, a plain HTTP client, a client's signatures.

pub mod client;
pub mod command;
pub mod country;
pub mod http;
pub mod ledger;
pub mod numbers;
pub mod server;
pub mod small_disk;
