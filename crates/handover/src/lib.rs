//! Commands that a commune takes in while the centre may be out of reach: kept durably, handed over in their order, sent
//! again until they are answered, done once thanks to their identifiers.
//!
//! May use `core`, `register`, `changes`. Names no store, no web.

mod answer;
mod entry;
mod seal;
mod service;
mod store;

pub use answer::{Answer, AnswerProblem, AnswerState, AnsweredEvent};
pub use entry::{Entry, EntryState, Taken};
pub use seal::QueueKey;
pub use service::{Centre, Handover, HandoverError, Round, Unreachable, back_off};
pub use store::{HandoverRow, HandoverStore, RowId};
