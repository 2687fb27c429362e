//! How many persons there are of an age and a sex in a place, told so that nobody can be made out among them.
//!
//! Once a month the whole register is counted for the month's first day; every table of that day is a sum over these counts
//! and rounded at random, the same each time ([`Tally::rounded`], ADR 27). May use `core`, `places`, `register`, `exchange`. Names no
//! store, no web.

mod age;
mod cube;
mod error;
mod maker;
mod request;
mod rules;
mod service;
mod store;
mod tally;

pub use age::AgeBand;
pub use cube::{Cell, Cube};
pub use error::StatisticsError;
pub use maker::{Making, StatisticsMaker};
pub use request::{Dimension, TableRequest};
pub use rules::rounding_base;
pub use service::{StatisticsService, Table, TableRow};
pub use store::{Census, Counted, StatisticsStore};
pub use tally::{RecordKeys, Tally};
