//! The reception desk: a card is scanned, its data are checked against the register, the visitor is admitted.
//!
//! A sector connection (FACTS.md §1.9). May use `core`, `cards`, `exchange`, `ledger`. Names no store, no web.

mod desk;
mod store;
mod ticket;

pub use desk::{AdmitError, Desk, Scan, ScanError, VISITS_PAGE, Verdict};
pub use store::{NewVisit, ReceptionStore, Visit};
pub use ticket::Tickets;
